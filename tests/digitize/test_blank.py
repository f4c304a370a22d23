"""Faint writing is writing; what shines through, staples and folds are not."""

import cv2
import numpy as np
import pytest

from digitize.blank import faint_writing, is_blank
from digitize.ink import find_marks

DPI = 150.0


def counts_as_blank(sheet: np.ndarray) -> bool:
    gray = sheet if sheet.ndim == 2 else cv2.cvtColor(sheet, cv2.COLOR_BGR2GRAY)
    marks = find_marks(gray, DPI)
    return is_blank(marks) and faint_writing(sheet, marks) is None


def paper(drawn, seed: int = 1, lines=()) -> np.ndarray:
    """A tinted sheet with the grain of a scanner, BGR."""
    gray = drawn(lines).astype(float)
    tinted = np.dstack([gray * 0.92, gray * 0.96, gray])
    tinted += np.random.default_rng(seed).normal(0, 2, tinted.shape)
    return np.clip(tinted, 0, 255).astype(np.uint8)


def _pale_red_stamp(sheet: np.ndarray) -> None:
    ink = sheet.copy()
    cv2.circle(ink, (500, 700), 100, (150, 160, 245), 5)
    cv2.putText(ink, "UBND", (440, 715), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (150, 160, 245), 3)
    sheet[:] = ink


def _embossed_stamp(sheet: np.ndarray) -> None:
    for shift, level in ((0, -45), (2, 15)):
        ring = np.zeros(sheet.shape[:2], np.uint8)
        cv2.circle(ring, (400 + shift, 700 + shift), 100, 1, 3)
        cv2.putText(ring, "CONG AN", (330, 705), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1, 3)
        sheet[:] = np.clip(sheet + level * ring[:, :, None].astype(int), 0, 255)


def _thin_pencil(sheet: np.ndarray) -> None:
    for y, text in ((500, "xem lai ho so"), (560, "ngay 12/3")):
        cv2.putText(sheet, text, (250, y), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.2, (205,) * 3, 2)


@pytest.mark.parametrize("mark", [_pale_red_stamp, _embossed_stamp, _thin_pencil])
def test_a_faint_lone_mark_is_not_blank(drawn, mark):
    sheet = paper(drawn)
    mark(sheet)
    assert not counts_as_blank(sheet)


def test_a_page_of_print_at_its_last_toner_is_not_blank(drawn):
    sheet = paper(drawn, lines=("Ủy ban nhân dân xã Hòa An cấp giấy này",) * 12)
    faded = np.clip(235 + (sheet.astype(int) - 235) * 0.15, 0, 255).astype(np.uint8)
    assert not counts_as_blank(faded)


def _staple(sheet: np.ndarray) -> None:
    cv2.line(sheet, (60, 90), (115, 60), (90, 90, 90), 4)


def _fold(sheet: np.ndarray) -> None:
    cv2.line(sheet, (0, 620), (sheet.shape[1], 632), (185, 190, 195), 4)


def _shining_through(sheet: np.ndarray) -> None:
    other = np.full(sheet.shape[:2], 255, np.uint8)
    for y in range(150, 1100, 45):
        cv2.putText(other, "Xa Hoa An cap ngay", (120, y), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 0, 3)
    faint = cv2.GaussianBlur(255 - other[:, ::-1], (0, 0), 2.5) * 0.12
    sheet[:] = np.clip(sheet - faint[:, :, None], 0, 255)


def _dirt(sheet: np.ndarray) -> None:
    for x, y in np.random.default_rng(3).integers(60, 800, (25, 2)):
        cv2.circle(sheet, (int(x), int(y)), 2, (90, 95, 95), -1)


def _nothing(_sheet: np.ndarray) -> None:
    pass


@pytest.mark.parametrize("soil", [_staple, _fold, _shining_through, _dirt, _nothing])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_sheet_nobody_wrote_on_stays_blank(drawn, soil, seed):
    sheet = paper(drawn, seed)
    soil(sheet)
    assert counts_as_blank(sheet)


def test_an_all_white_sheet_is_blank():
    assert counts_as_blank(np.full((1240, 874, 3), 255, np.uint8))
