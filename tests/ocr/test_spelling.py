"""Tone marks stand one way; nothing but their place changes, in Vietnamese syllables alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.spelling import in_one_spelling, with_tone_marks
from ocr.words import Word

_SYLLABLES = """
hoà hòa HOÀ Hòa thuỷ Thủy uỷ ỦY quý Quỳ khoẻ khỏe loè xoá hoàn thuý thúy quà giá mùa của tuỳ
luỹ nguỵ huỷ bảy tỏa toả đoá doạ đọa ngoài khuya thuế Xuân
"""
SYLLABLES = st.sampled_from(_SYLLABLES.split())
WAYS = st.sampled_from(["old", "new"])


def letters(text: str) -> list[str]:
    """Base letters and marks, wherever the marks stand."""
    return sorted(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"), ("HÒA", "HOÀ"), ("Tỏa", "Toả"), ("khỏe", "khoẻ"), ("Ủy", "Uỷ"),
        ("thủy", "thuỷ"), ("đọa", "đoạ"), ("ngụy", "nguỵ"), ("Lũy", "Luỹ"), ("tùy", "tuỳ"),
    ],
)  # fmt: skip
def test_open_syllables_are_placed_either_way(old, new):
    for text in (old, new):
        assert with_tone_marks(text, "old") == old
        assert with_tone_marks(text, "new") == new


@pytest.mark.parametrize(
    "text",
    [
        "Quý quỳ quà quả quẻ", "hoàn hoàng thoải khoét tuyết Thuyền", "mùa của tía nghĩa",
        "QĐ-UBND 806/QĐ", "hoà1 CS0Á2", "thuỷ@sonla.gov.vn http://hoà.vn",
        "soàa hOÀ òaò wuỳ", "Niê Kđăm K'Brơi", "", "oa uy oe",
    ],
)  # fmt: skip
def test_other_words_codes_and_addresses_stay(text):
    assert with_tone_marks(text, "old") == text
    assert with_tone_marks(text, "new") == text


@given(st.lists(SYLLABLES, max_size=6), WAYS)
def test_placing_is_done_once_and_for_all_and_keeps_the_letters(syllables, way):
    text = " ".join(syllables)
    placed = with_tone_marks(text, way)
    assert with_tone_marks(placed, way) == placed
    assert letters(placed) == letters(text)
    assert len(placed) == len(text)


@given(st.text(), WAYS)
def test_any_text_keeps_its_letters_and_comes_out_composed(text, way):
    placed = with_tone_marks(text, way)
    assert letters(placed) == letters(text)
    assert placed == unicodedata.normalize("NFC", placed)
    assert with_tone_marks(placed, way) == placed


@given(SYLLABLES)
def test_there_and_back_is_where_it_was(syllable):
    old = with_tone_marks(syllable, "old")
    assert with_tone_marks(with_tone_marks(old, "new"), "old") == old


def test_words_keep_their_places_and_may_be_left_as_printed():
    words = [Word("hoá", 1, 2, 3, 4, 90.0, (1,)), Word("xã", 9, 2, 3, 4, 80.0, (1,))]
    assert [word.text for word in in_one_spelling(words)] == ["hóa", "xã"]
    assert [word.left for word in in_one_spelling(words)] == [1, 9]
    assert list(in_one_spelling(words, "as-printed")) == words
