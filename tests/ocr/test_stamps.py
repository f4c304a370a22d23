"""Seals and pen strokes are lifted off black print for the recogniser; coloured print stays."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from ocr.engine import recognise
from ocr.stamps import without_stamps
from ocr.words import reading_text

FONT = "/usr/share/fonts/truetype/croscore/Tinos-Bold.ttf"
DPI = 300
MM = DPI / 25.4
RED, BLUE = (205, 50, 60), (30, 50, 150)


def page(ink=(20, 20, 20), seal: bool = True, paper=(250, 248, 240)) -> np.ndarray:
    """A signature block, BGR, under a round seal and a pen stroke if asked for."""
    sheet = Image.new("RGB", (round(120 * MM), round(70 * MM)), paper)
    pen = ImageDraw.Draw(sheet)
    for y, text in ((15, "TM. ỦY BAN NHÂN DÂN"), (21, "CHỦ TỊCH"), (48, "Vừ Thùy Giang")):
        pen.text((60 * MM, y * MM), text, ink, ImageFont.truetype(FONT, 50), anchor="ms")
    if seal:
        over = Image.new("RGB", sheet.size, "white")
        marks = ImageDraw.Draw(over)
        for radius in (17, 13):
            box = [(46 - radius) * MM, (28 - radius) * MM, (46 + radius) * MM, (28 + radius) * MM]
            marks.ellipse(box, outline=RED, width=8)
        stroke = [(50, 40), (55, 12), (62, 30), (66, 10), (72, 44), (84, 38)]
        marks.line([(x * MM, y * MM) for x, y in stroke], BLUE, 7)
        sheet = ImageChops.multiply(sheet, over)
    return cv2.GaussianBlur(np.asarray(sheet)[:, :, ::-1], (0, 0), 0.8)


def test_print_under_a_seal_and_a_signature_is_read():
    text = reading_text(recognise(page(), DPI))
    assert text == "TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH\nVừ Thùy Giang"


def test_what_is_lifted_is_as_pale_as_the_paper_and_the_print_below_stays_dark():
    with_seal = without_stamps(page(), DPI).page
    without = without_stamps(page(seal=False), DPI).page
    assert (with_seal[without > 200] > 140).mean() > 0.995
    assert (with_seal[without < 60] < 110).mean() > 0.98


@pytest.mark.parametrize("ink", [(170, 20, 40), (20, 40, 150)])
def test_coloured_print_stays(ink):
    printed = page(ink, seal=False)
    gray = cv2.cvtColor(printed, cv2.COLOR_BGR2GRAY)
    assert (without_stamps(printed, DPI).page == gray).all()


def test_a_tinted_sheet_and_a_grey_one_stay_as_they_are():
    tinted = page(seal=False, paper=(240, 200, 190))
    assert (without_stamps(tinted, DPI).page == cv2.cvtColor(tinted, cv2.COLOR_BGR2GRAY)).all()
    gray = np.full((40, 30), 200, np.uint8)
    assert without_stamps(gray, DPI).page is gray


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 500, 3), (500, 2, 3)])
def test_any_size_is_taken(shape):
    assert without_stamps(np.full(shape, 120, np.uint8), 600).page.shape == shape[:2]


def test_on_a_grey_scan_the_name_under_a_round_seal_is_read():
    gray = cv2.cvtColor(page(), cv2.COLOR_BGR2GRAY)
    assert "Vừ Thùy Giang" in reading_text(recognise(gray, DPI))
    ring = np.s_[: round(20 * MM), round(29 * MM) : round(34 * MM)]
    assert (gray[ring] < 140).any()
    assert (without_stamps(gray, DPI).page[ring] > 140).all()


def test_a_grey_ring_as_dark_as_the_print_stays():
    gray = np.full((round(80 * MM), round(80 * MM)), 250, np.uint8)
    cv2.circle(gray, (round(40 * MM), round(40 * MM)), round(18 * MM), 20, 8)
    assert without_stamps(gray, DPI).page is gray


def test_it_is_told_where_a_seal_was_lifted_in_colour_and_in_grey():
    for pixels in (page(), cv2.cvtColor(page(), cv2.COLOR_BGR2GRAY)):
        marks = without_stamps(pixels, DPI).marks
        left, top = (min(box[side] for box in marks) for side in (0, 1))
        assert left < 31 * MM
        assert top < 13 * MM
    assert without_stamps(page(seal=False), DPI).marks == ()
