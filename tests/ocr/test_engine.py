"""The recogniser reads Vietnamese where it stands, and its failures have names."""

import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.background import flatten
from ocr.engine import (
    RecogniserFailed,
    RecogniserMissing,
    in_reading_order,
    read_words,
    recognise,
    require,
    version,
)
from ocr.islands import find_island
from ocr.words import Word, reading_text

FONT = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")
DPI = 200


def sheet(*lines: tuple[float, float, float, str], size=(148, 105)) -> np.ndarray:
    """Lines of print at x, y in millimetres, in points."""
    page = Image.new("L", tuple(round(side * DPI / 25.4) for side in size), 240)
    for x, y, points, text in lines:
        font = ImageFont.truetype(str(FONT), round(points * DPI / 72))
        ImageDraw.Draw(page).text((x * DPI / 25.4, y * DPI / 25.4), text, 20, font)
    return np.asarray(page)


def test_print_is_read_with_its_marks_and_places():
    page = sheet((20, 20, 13, "Ủy ban nhân dân xã Hòa An"), (20, 30, 13, "Số: 1862/QĐ-UBND"))
    words = recognise(page, DPI)
    assert reading_text(words) == "Ủy ban nhân dân xã Hòa An\nSố: 1862/QĐ-UBND"
    first = words[0]
    assert first.left == pytest.approx(20 * DPI / 25.4, abs=6)
    assert first.top == pytest.approx(20 * DPI / 25.4, abs=14)
    assert unicodedata.is_normalized("NFC", reading_text(words))


def test_print_in_the_shade_is_read_as_well():
    page = sheet((20, 20, 13, "Giấy chứng nhận kết hôn"), (20, 40, 13, "Nơi cư trú"))
    dim = (page * np.linspace(1, 0.35, page.shape[1])[None, :]).astype(np.uint8)
    assert reading_text(recognise(dim, DPI)) == "Giấy chứng nhận kết hôn\nNơi cư trú"


def test_an_empty_page_has_no_words():
    assert recognise(np.full((800, 600), 250, np.uint8), DPI) == []


def test_small_print_alone_on_a_large_page_is_cut_out_and_read():
    lines = [
        (60 + 0.1 * n, 60 + 4 * n, 6.5, text)
        for n, text in enumerate(["Họ và tên: Trần Văn Hải", "Giới tính: Nam", "Xã Hòa An"])
    ]
    page = sheet(*lines, size=(210, 297))
    left, top, right, bottom = find_island(flatten(page, DPI), DPI) or (0, 0, 0, 0)
    assert left < 60 * DPI / 25.4 < right
    assert top < 60 * DPI / 25.4 < bottom < 100 * DPI / 25.4
    words = recognise(page, DPI)
    assert "Trần Văn Hải" in reading_text(words)
    hai = next(word for word in words if word.text == "Hải")
    assert hai.bottom < 66 * DPI / 25.4


def test_a_full_page_is_no_island():
    page = sheet(
        *[(10, 10 + 9 * n, 13, "Bộ phận Một cửa tiếp nhận hồ sơ từ bảy giờ") for n in range(9)]
    )
    assert find_island(flatten(page, DPI), DPI) is None


def test_flattening_whitens_the_paper_and_keeps_the_ink():
    page = sheet((20, 20, 13, "Hòa An"))
    flat = flatten((page * 0.6).astype(np.uint8), DPI)
    assert np.median(flat) >= 250
    assert flat.min() < 80
    assert flat.shape == page.shape


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9)])
def test_flattening_takes_any_size(shape):
    assert flatten(np.full(shape, 90, np.uint8), 600).shape == shape


def test_words_scattered_over_a_line_come_out_left_to_right():
    def at(text: str, left: int, top: int) -> Word:
        return Word(text, left, top, 40, 20, 90.0, (9,))

    words = [at("hai", 300, 104), at("ba", 0, 200), at("một", 0, 100)]
    assert [word.text for word in in_reading_order(words)] == ["một", "hai", "ba"]
    assert len({word.line for word in in_reading_order(words)}) == 2


def test_a_language_that_is_not_there_is_named():
    require("vie")
    with pytest.raises(RecogniserMissing) as caught:
        require("vie+xyz")
    assert caught.value.facts["language"] == "xyz"


def test_a_recogniser_that_takes_too_long_is_stopped():
    noise = np.random.default_rng(1).integers(0, 256, (1200, 900), dtype=np.uint8)
    with pytest.raises(RecogniserFailed):
        list(read_words(noise, DPI, "vie", timeout=0.05))


def test_nothing_is_left_in_fast_storage(tmp_path, monkeypatch):
    monkeypatch.setenv("SOHOA_FAST_STORAGE", str(tmp_path))
    recognise(sheet((20, 20, 13, "Hòa An")), DPI)
    noise = cv2.randu(np.zeros((300, 300), np.uint8), 0, 255)
    with pytest.raises(RecogniserFailed):
        list(read_words(np.asarray(noise), DPI, "vie", timeout=0.01))
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_a_number():
    assert version().split(".")[0].isdigit()
