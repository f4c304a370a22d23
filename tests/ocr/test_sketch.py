"""The sketch of a page knows the page again, and sees a changed figure."""

from hypothesis import given
from hypothesis import strategies as st

from ocr.sketch import compare, sketch_of
from ocr.words import Word

HEADING = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập Tự do Hạnh phúc GIẤY KHAI SINH Họ chữ đệm"
LABELS = "Ngày tháng năm sinh Giới tính Dân tộc Quốc tịch Nơi sinh Quê quán Số định danh cá nhân"
FORM = [*HEADING.split(), *LABELS.split()]
CHILD = [*FORM, "Lò", "Văn", "Páo", "12/03/2021", "Nam", "Thái", "011221000123", "Số:", "45/2021"]


def words(texts: list[str]) -> list[Word]:
    return [Word(text, 0, 0, 10, 10, 90.0, (0,)) for text in texts]


def verdict(there: list[str]) -> str:
    likeness = compare(sketch_of(words(CHILD)), words(there))
    assert likeness is not None
    return likeness.verdict


def test_the_same_words_match_in_any_order_and_spelling_of_signs() -> None:
    assert verdict(CHILD[::-1]) == "matches"
    assert verdict([text.upper() + "." for text in CHILD]) == "matches"
    assert verdict([*CHILD, "SAO", "Y", "22/11/2026", "10:15:00"]) == "matches"


def test_a_changed_figure_is_doubtful_and_named() -> None:
    changed = [text.replace("12/03/2021", "12/03/2020") for text in CHILD]
    likeness = compare(sketch_of(words(CHILD)), words(changed))
    assert likeness is not None
    assert (likeness.verdict, likeness.strange) == ("doubtful", ("12/03/2020",))


def test_another_paper_of_the_same_form_differs() -> None:
    other = [*FORM, "Giàng", "A", "Sử", "30/12/1999", "Nam", "H'Mông", "011099000321", "7/1999"]
    assert verdict(other) == "differs"
    assert verdict(["Quyết", "định", "về", "việc", "phê", "duyệt"]) == "differs"


def test_what_is_seen_in_the_squares_of_a_code_alone_is_no_other_paper() -> None:
    squares = [*words(["13", "E5", "4n"]), Word("Ejề", 0, 0, 10, 10, 30.0, (0,))]
    for there, bare in (
        (squares, True),
        ([], True),
        (words([f"từ{c}" for c in "abcdefghijk"]), False),
        (words(CHILD), False),
    ):
        likeness = compare(sketch_of(words(CHILD)), there)
        assert likeness is not None
        assert likeness.bare is bare


def test_a_page_without_words_says_nothing() -> None:
    assert compare(sketch_of([]), words(CHILD)) is None
    assert compare(b"", words(CHILD)) is None


@given(st.lists(st.text(max_size=12), max_size=400))
def test_a_page_always_matches_itself_and_its_sketch_stays_small(texts: list[str]) -> None:
    sketch = sketch_of(words(texts))
    assert len(sketch) <= 113
    likeness = compare(sketch, words(texts))
    assert likeness is None or likeness.verdict == "matches"


@given(st.binary(max_size=200), st.lists(st.text(max_size=5), max_size=20))
def test_any_bytes_are_compared_without_a_fault(sketch: bytes, texts: list[str]) -> None:
    compare(sketch, words(texts))
