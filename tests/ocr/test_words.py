"""Words: tidied, parted where a gap was lost, nothing of them made up."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ocr.words import Word, mean_confidence, part_at_lost_gaps, reading_text, tidy


def word(text: str, confidence: float = 90.0, line: int = 0, left: int = 0) -> Word:
    return Word(text, left, 10, 10 * max(1, len(text)), 20, confidence, (line,))


def texts(*words: Word) -> list[str]:
    return [one.text for one in tidy(words)]


def test_letters_come_out_composed():
    assert texts(word(unicodedata.normalize("NFD", "Nguyễn"))) == ["Nguyễn"]


def test_rules_and_specks_are_no_words():
    assert texts(word("|"), word("——"), word("Xã|"), word("_Hòa"), word("''")) == ["Xã", "Hòa"]


def test_a_dash_between_words_is_kept():
    assert texts(word("Độc"), word("lập"), word("-"), word("Tự")) == ["Độc", "lập", "-", "Tự"]


def test_signs_read_without_trust_are_dropped_and_those_read_well_kept():
    assert texts(word("Sinh"), word("/"), word("]", 20.0)) == ["Sinh", "/"]


def test_a_lone_letter_in_a_line_must_have_been_read_well():
    assert texts(word("ý", 63.0), word("12", 40.0, line=1), word("3", 95.0, line=2)) == ["12", "3"]


def test_a_line_without_letters_or_figures_is_no_writing():
    assert texts(word("+"), word(":")) == []


def test_lost_gaps_are_found_again():
    assert part_at_lost_gaps("XãHòaAn") == ["Xã", "Hòa", "An"]
    assert part_at_lost_gaps("UBND") == ["UBND"]
    assert part_at_lost_gaps("QĐ-UBND") == ["QĐ-UBND"]


@given(st.text())
def test_parting_loses_no_letter(text):
    assert "".join(part_at_lost_gaps(text)) == text


@given(st.lists(st.tuples(st.text("aăâáạ BCĐ12", min_size=1), st.floats(0, 100)), max_size=8))
def test_tidied_words_stay_inside_their_own_boxes(found):
    words = [word(text.strip() or "x", sure, left=200 * n) for n, (text, sure) in enumerate(found)]
    for one in tidy(words):
        assert any(w.left <= one.left and one.right <= w.right + 1 for w in words)


@given(st.floats(0.1, 8), st.integers(0, 500), st.integers(0, 500))
def test_a_word_scaled_and_moved_keeps_its_size(factor, left, top):
    scaled = word("Hòa").scaled(factor, left, top)
    assert abs(scaled.width - 30 * factor) <= 1
    assert scaled.left == left
    assert scaled.height >= 1


def test_text_reads_line_by_line():
    words = [word("Giấy"), word("khai"), word("Số", line=1)]
    assert reading_text(words) == "Giấy khai\nSố"


def test_confidence_is_weighed_by_length():
    assert mean_confidence([word("a", 0.0), word("bcd", 100.0)]) == 75.0
    assert mean_confidence([]) is None
