"""Words, text layers and the facts read out of them."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.idcard import is_personal_number, number_doubts, parse_payload
from ocr.textlayer import GLYPH_WIDTH, text_layer
from ocr.words import Word, mean_confidence, part_at_lost_gaps, reading_text, tidy

LETTERS = st.text(st.sampled_from("aăâđêôơưbcghÁẦỆỶĐXZ019/"), min_size=1, max_size=12)


def word(text: str, left: int = 0, line: int = 0, confidence: float = 90.0) -> Word:
    return Word(text, left, 100 * line, 20 * len(text), 40, confidence, (line,))


def line(text: str, number: int = 0) -> list[Word]:
    words, left = [], 0
    for part in text.split():
        words.append(word(part, left, number))
        left += 20 * len(part) + 20
    return words


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("XãHòaAn", ["Xã", "Hòa", "An"]),
        ("TânTây", ["Tân", "Tây"]),
        ("UBND", ["UBND"]),
        ("QĐ-UBND", ["QĐ-UBND"]),
        ("Nguyễn", ["Nguyễn"]),
        ("đường", ["đường"]),
        ("ĐộcLập", ["Độc", "Lập"]),
    ],
)
def test_a_lost_gap_is_found_where_a_capital_follows_a_small_letter(
    read: str, meant: list[str]
) -> None:
    assert part_at_lost_gaps(read) == meant


@given(LETTERS)
def test_parting_loses_no_letter(text: str) -> None:
    assert "".join(part_at_lost_gaps(text)) == text


def test_rule_debris_is_not_writing_but_a_dash_is() -> None:
    read = [word("|"), word("—"), word("___"), word("-"), word("|Xã"), word("“")]
    assert [w.text for w in tidy(read)] == ["-", "Xã"]


@given(st.lists(LETTERS, min_size=1, max_size=6))
def test_tidy_words_are_in_nfc_and_stay_within_their_box(texts: list[str]) -> None:
    for text in texts:
        decomposed = unicodedata.normalize("NFD", text)
        for part in tidy([word(decomposed)]):
            assert unicodedata.is_normalized("NFC", part.text)
            assert part.left >= 0
            assert part.right <= 20 * len(decomposed) + 1


def test_text_is_read_line_by_line() -> None:
    assert reading_text([*line("Họ và tên", 0), *line("Giới tính", 1)]) == "Họ và tên\nGiới tính"


def test_confidence_is_weighted_by_length_and_unknown_without_words() -> None:
    assert mean_confidence([]) is None
    assert mean_confidence([word("a", confidence=0), word("bbb", confidence=80)]) == 60


def test_the_text_layer_stretches_each_word_to_its_box() -> None:
    layer = text_layer([word("Đất", left=300)], dpi=300, page_height=3508).decode("ascii")
    size, stretch = 40 * 72 / 300, 100 * 60 * 72 / 300 / (3 * GLYPH_WIDTH * 40 * 72 / 300)
    assert f"/Glyphless {size:.2f} Tf" in layer
    assert f"{stretch:.2f} Tz 1 0 0 1 72.00" in layer
    assert "<" + "Đất".encode("utf-16-be").hex() + "> Tj" in layer
    assert layer.startswith("q BT 3 Tr")


def test_no_words_make_no_layer() -> None:
    assert text_layer([], dpi=300, page_height=3508) == b""


PAYLOAD = "001087000084|123456789|Trần Văn Mẫu|08101987|Nam|thôn Trung|06052024"


def test_a_card_is_read_with_what_it_says() -> None:
    card = parse_payload(PAYLOAD)
    assert card is not None
    assert (card.number, card.full_name, card.birth_date) == (
        "001087000084",
        "Trần Văn Mẫu",
        date(1987, 10, 8),
    )
    assert card.issued == date(2024, 5, 6)
    assert card.doubts == ()


def test_further_fields_of_a_newer_card_are_tolerated() -> None:
    assert parse_payload(PAYLOAD + "|x|y") is not None


@pytest.mark.parametrize(
    "text", ["", "https://example.vn", "1|2|3|4|5|6", "a" * 12 + "||N|1|N|r|1"]
)
def test_other_codes_are_not_cards(text: str) -> None:
    assert parse_payload(text) is None


def test_a_number_that_contradicts_sex_or_year_is_doubted() -> None:
    assert list(number_doubts("001087000084", "Nữ", date(1987, 1, 1))) == ["sex"]
    assert list(number_doubts("001087000084", "Nam", date(1988, 1, 1))) == ["birth-year"]
    assert list(number_doubts("001204000084", "Nam", date(2004, 1, 1))) == []


@given(st.text(max_size=14))
def test_only_twelve_plain_digits_make_a_number(text: str) -> None:
    assert is_personal_number(text) == (len(text) == 12 and all(c in "0123456789" for c in text))
