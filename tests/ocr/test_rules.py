"""Underlines and dotted leaders go, letters stay as they are, whatever they stand on."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr.engine import recognise
from ocr.rules import without_rules
from ocr.words import reading_text

TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
DPI = 200
MM = DPI / 25.4
LINES = (
    "Họ và tên: LÒ THỊ XUYẾN",
    "Nơi cư trú: thôn Hạ, xã Tịnh Kỳ",
    "Số: 806/QĐ-UBND i.i.i. ị ạ ọ ẹ",
)


def page(lines=LINES, points: float = 13, width: int = 120) -> np.ndarray:
    picture = Image.new("L", (round(width * MM), round((15 + 12 * len(lines)) * MM)), 255)
    font = ImageFont.truetype(TINOS, round(points * DPI / 72))
    for row, text in enumerate(lines):
        ImageDraw.Draw(picture).text((10 * MM, (15 + 12 * row) * MM), text, 20, font, anchor="ls")
    return np.asarray(picture)


def dotted(picture: np.ndarray, pitch: float, size: float, below: float) -> np.ndarray:
    drawn = picture.copy()
    for y in np.arange(15, picture.shape[0] / MM - 3, 12):
        for x in np.arange(5, picture.shape[1] / MM - 5, pitch):
            place = (round(x * MM * 16), round((y + below) * MM * 16))
            cv2.circle(drawn, place, round(size / 2 * MM * 16), 20, -1, cv2.LINE_AA, 4)
    return drawn


def underlined(picture: np.ndarray, thick: int, below: float) -> np.ndarray:
    drawn = picture.copy()
    for y in np.arange(15, picture.shape[0] / MM - 3, 12):
        level = round((y + below) * MM)
        cv2.line(drawn, (40, level), (picture.shape[1] - 40, level), 20, thick)
    return drawn


@pytest.mark.parametrize("points", [8, 13, 26])
def test_print_without_rules_is_left_alone(points):
    plain = page(points=points, width=220)
    assert without_rules(plain, DPI) is plain


@pytest.mark.parametrize(("pitch", "size"), [(1.0, 0.4), (1.5, 0.6), (2.2, 0.5)])
def test_dotted_leaders_go_and_letters_stay(pitch, size):
    plain = page()
    clean = without_rules(dotted(plain, pitch, size, 1.6), DPI)
    letters = plain < 128
    assert (clean[letters] < 128).all()
    added = (clean < 128) & ~letters
    assert added.sum() < 0.1 * ((dotted(plain, pitch, size, 1.6) < 128) & ~letters).sum()


@pytest.mark.parametrize("level", [20, 190, 205])
def test_leaders_of_dots_two_pixels_wide_go_dark_and_pale(level):
    plain = page()
    fine = plain.copy()
    for y in np.arange(15, plain.shape[0] / MM - 3, 12):
        row = round((y + 1.8) * MM)
        for column in range(40, plain.shape[1] - 40, 9):
            fine[row : row + 2, column : column + 2] = level
    clean = without_rules(fine, DPI)
    dots = (fine != plain) & (plain == 255)
    assert dots.sum() > 200
    assert (clean[dots] == 255).mean() > 0.9
    assert (clean[plain < 128] < 128).all()


@pytest.mark.parametrize("thick", [1, 3, 5])
def test_underlines_go_where_nothing_touches_them(thick):
    plain = page()
    ruled = underlined(plain, thick, 2.2)
    clean = without_rules(ruled, DPI)
    letters = plain < 128
    assert (clean[letters] < 128).all()
    left = ((clean < 128) & ~letters).sum()
    assert left < 0.2 * ((ruled < 128) & ~letters).sum()


def test_an_ellipsis_and_a_colon_stay():
    plain = page(("Kính gửi: Công an xã ...", "Tên: ...", "gồm: a, b, c, v.v..."))
    assert without_rules(plain, DPI) is plain
    clean = without_rules(dotted(plain, 1.0, 0.4, -0.2), DPI)
    assert (clean[plain < 128] < 128).mean() > 0.97


def test_a_form_on_dark_leaders_is_read():
    lines = ("Họ, chữ đệm, tên: LÒ THỊ XUYẾN", "Nơi cư trú: thôn Hạ, xã Hòa An", "Dân tộc: Kinh")
    form = dotted(page(lines), 1.1, 0.45, 0.9)
    assert reading_text(recognise(without_rules(form, DPI), DPI)) == "\n".join(lines)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([75, 200, 400]))
def test_nothing_is_ever_made_darker(seed, dpi):
    noise = np.random.default_rng(seed)
    picture = (255 * (noise.random((200, 150)) > 0.05)).astype(np.uint8)
    assert (without_rules(picture, dpi) >= picture).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (30, 30)])
def test_any_size_and_all_black_will_do(shape):
    assert without_rules(np.zeros(shape, np.uint8), 300).shape == shape
