"""Small print alone on a large page, such as a copied ID card."""

import cv2
import numpy as np

from ocr.background import Gray, u8
from ocr.components import components

#: A patch of print smaller than this share of the page in both directions is an island.
_ISLAND_SHARE = 0.6


#: Ink of print fills less than this share of its box; a punch hole, a disc, fills 0.78.
_SOLID = 0.65
#: A punch hole is at most this wide and high, pixels at 75 dpi: ISO 838 has holes of 6 mm.
_HOLE = 24


def _is_print(ink: Gray) -> bool:
    """Whether ink is more than a speck, and no punch hole in a margin far from the print."""
    area = int(ink.sum())
    _x, _y, width, height = cv2.boundingRect(ink)
    return area >= 40 and (max(width, height) > _HOLE or area < _SOLID * width * height)


def find_island(flat: Gray, dpi: float) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the only patch of print on a mostly empty page, or None."""
    scale = dpi / 75.0
    small = cv2.resize(flat, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    ink = u8(small < 190)
    joined = cv2.dilate(ink, np.ones((9, 15), np.uint8))
    labels, stats, _centres = components(joined)
    boxes = [
        tuple(int(v) for v in stats[n, :4])
        for n in range(1, len(stats))
        # At least 5 mm wide and 3 mm high after joining, and truly inked: not a speck or streak.
        if stats[n, 2] >= 18 and stats[n, 3] >= 12 and _is_print(u8(ink & (labels == n)))
    ]
    boxes = [(x, y, w, h) for x, y, w, h in boxes if w >= 0.05 * h]
    if not boxes:
        return None
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    height, width = small.shape
    if right - left > _ISLAND_SHARE * width or bottom - top > _ISLAND_SHARE * height:
        return None
    return (
        max(0, int(left * scale)),
        max(0, int(top * scale)),
        min(flat.shape[1], int(right * scale)),
        min(flat.shape[0], int(bottom * scale)),
    )
