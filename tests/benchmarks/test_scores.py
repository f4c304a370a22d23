"""Scores of the benchmarks: pages find their sheets, whatever is missing."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.pictures import draw_worst
from benchmarks.scores import by_kind, exact_fields, f1, match_pages

WORDS = [
    "hộ",
    "khẩu",
    "giấy",
    "khai",
    "sinh",
    "quyết",
    "định",
    "kết",
    "hôn",
    "đăng",
    "ký",
    "đất",
    "đai",
    "công",
    "dân",
]


def test_f1_is_free_of_order_and_counts_every_word() -> None:
    assert f1(["a", "b"], ["b", "a"]) == 1.0
    assert f1([], ["a"]) == 0.0
    assert f1([], []) == 1.0
    assert f1(["a", "a"], ["a"]) == 2 / 3


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), min_size=1, max_size=6),
    st.data(),
)
def test_pages_are_matched_in_order_whichever_are_lost(sheets, data) -> None:
    texts = [[f"trang-{number}", *words] for number, words in enumerate(sheets)]
    truth = {str(n): {"text": " ".join(words), "blank": False} for n, words in enumerate(texts)}
    kept = data.draw(st.lists(st.sampled_from(range(len(texts))), unique=True).map(sorted))
    found = match_pages([texts[number] for number in kept], truth)
    for page, number in enumerate(kept):
        assert found[str(number)] == (page, 1.0)


def test_kinds_have_their_own_means() -> None:
    truth = {"a": {"kind": "x"}, "b": {"kind": "x"}, "c": {"kind": "y"}}
    assert by_kind({"a": 1.0, "b": 0.5, "c": 0.2}, truth) == {"x": 0.75, "y": 0.2}


def test_facts_count_where_they_stand_on_the_sheet_they_are_of() -> None:
    truth = {
        "a.jpg": {"kind": "birth", "fields": {"ho_ten": "LÊ AN", "so": "1/2026"}},
        "b.jpg": {"kind": "blank", "fields": {}},
    }
    named = {"name": "ho_ten", "value": "Lê An", "page": 1}
    documents = [{"fields": [named, {"name": "so", "value": "7/2026", "page": 1}]}]
    assert exact_fields(documents, {1: "a.jpg"}, truth) == {"birth": (1, 2, ("so",))}
    assert exact_fields(documents, {2: "a.jpg"}, truth)["birth"][0] == 0


def test_the_worst_pages_are_shown_small_and_old_ones_go(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    Image.new("RGB", (2480, 3508), "white").save(sheet)
    (tmp_path / "worst-9.jpg").touch()
    (picture,) = draw_worst([(sheet, "Điều 1.\n" * 90)], tmp_path)
    assert [path.name for path in tmp_path.glob("worst-*")] == [picture.name]
    assert picture.stat().st_size < 150_000
