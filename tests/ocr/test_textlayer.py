"""The invisible text lies where the words stand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.textlayer import GLYPH_WIDTH, text_layer
from ocr.words import Word

SHOWN = re.compile(rb"([\d.]+) Tz 1 0 0 1 ([\d.-]+) ([\d.-]+) Tm <([0-9a-f]*)> Tj")


def word(text: str, left: int, top: int = 100, width: int = 80, line: int = 0) -> Word:
    return Word(text, left, top, width, 30, 90.0, (line,))


def shown(layer: bytes) -> list[tuple[float, float, float, str]]:
    return [
        (float(stretch), float(x), float(y), bytes.fromhex(codes.decode()).decode("utf-16-be"))
        for stretch, x, y, codes in SHOWN.findall(layer)
    ]


def test_no_words_no_layer():
    assert text_layer([], 300, 3508) == b""


def test_text_is_invisible_and_leaves_the_graphics_state_as_it_was():
    layer = text_layer([word("Hòa", 10)], 300, 3508)
    assert layer.startswith(b"q BT 3 Tr")
    assert layer.endswith(b"ET Q\n")


def test_a_word_starts_where_it_is_printed():
    ((_stretch, x, y, text),) = shown(text_layer([word("Nguyễn", 300, top=600)], 300, 3508))
    assert text == "Nguyễn"
    assert x == pytest.approx(72.0)
    assert y == pytest.approx((3508 - 630) * 72 / 300 + 0.2 * 7.2, abs=0.05)


def test_words_of_a_line_are_parted_by_spaces_and_the_last_is_not():
    found = shown(text_layer([word("Hòa", 10), word("An", 120)], 300, 3508))
    assert [text for *_place, text in found] == ["Hòa ", "An"]


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.text("abăâđêô1", min_size=1)), min_size=1, max_size=9
    ),
    st.sampled_from([75, 150, 300, 600]),
)
def test_every_word_is_stretched_to_its_box(pieces, dpi):
    words, left = [], 0
    for width, text in pieces:
        words.append(Word(text, left, 100, width, 30, 90.0, (0,)))
        left += width + 10
    layer = text_layer(words, dpi, 1000)
    size = float(re.search(rb"/Glyphless ([\d.]+) Tf", layer)[1])
    for (stretch, _x, _y, text), one in zip(shown(layer), words, strict=True):
        width = len(text) * GLYPH_WIDTH * size * stretch / 100
        space = 0 if not text.endswith(" ") else one.width if one is words[-1] else 10
        wanted = (one.width + space) * 72 / dpi
        assert width == pytest.approx(wanted, rel=0.02, abs=0.1)


def test_letters_beyond_the_basic_plane_do_not_break_it():
    ((*_place, text),) = shown(text_layer([word("\U0001f600", 0)], 300, 1000))
    assert text == "\ufffd "
