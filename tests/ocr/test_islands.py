"""Small print alone on a sheet is found, whatever else the sheet went through."""

import cv2
import numpy as np

from ocr.islands import find_island

DPI = 300


def sheet_with_a_card() -> np.ndarray:
    """Lines of small strokes on a patch of 60 by 30 mm of an A4 sheet."""
    sheet = np.full((3508, 2480), 255, np.uint8)
    for row in range(10):
        for column in range(40):
            x, y = 1000 + 18 * column, 600 + 36 * row
            cv2.rectangle(sheet, (x, y), (x + 7, y + 16), (20,), 2)
    return sheet


def test_punch_holes_in_the_margin_do_not_hide_that_a_card_stands_alone():
    sheet = sheet_with_a_card()
    island = find_island(sheet, DPI)
    assert island is not None
    for y in (1280, 2230):
        cv2.circle(sheet, (140, y), 33, (60,), -1)
    assert find_island(sheet, DPI) == island


def test_print_beside_the_card_is_no_hole():
    sheet = sheet_with_a_card()
    cv2.putText(sheet, "Sao y", (140, 3000), cv2.FONT_HERSHEY_SIMPLEX, 4, (40,), 6)
    assert find_island(sheet, DPI) is None
