"""What stands on a sheet: paper, the scanner's dark lid, and the marks that are ink.

Everything here is measured on a copy at 150 dpi: fine enough for the dots of
Vietnamese letters, small enough to look at in a few milliseconds.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, flatten, u8

#: Resolution of the analysis, dots per inch.
DPI = 150.0
#: Pixels per millimetre at that resolution.
MM = DPI / 25.4
#: Flattened brightness (0-255) below which a pixel is ink: show-through and specks of
#: noise stay above it (the show-through of the sample sheets is lighter than 200).
INK_LEVEL = 150


@dataclass(frozen=True)
class Marks:
    """The sheet's ink at 150 dpi.

    Attributes:
        gray: H×W uint8 at 150 dpi.
        flat: the same with its paper evened out.
        ink: H×W uint8, 1 where there is ink on the paper.
        lid: H×W uint8, 1 where the scanner's dark lid shows around the paper.
    """

    gray: Gray
    flat: Gray
    ink: NDArray[np.uint8]
    lid: NDArray[np.uint8]

    @cached_property
    def boxes(self) -> NDArray[np.int32]:
        """Boxes of connected ink: rows of x, y, width, height, area in pixels at 150 dpi."""
        _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(
            self.ink, connectivity=8
        )
        return np.asarray(stats[1:], dtype=np.int32)

    @cached_property
    def letters(self) -> NDArray[np.int32]:
        """Those boxes that have the size of a letter: 1 to 9 mm high, at most 15 mm wide."""
        boxes: NDArray[np.int32] = self.boxes
        _x, _y, width, height, area = boxes.T
        large = np.maximum(width, height)
        keep = (large >= 1.0 * MM) & (height <= 9 * MM) & (width <= 15 * MM)
        keep &= (width <= 9 * MM) | (height <= 9 * MM)
        keep &= area >= 0.12 * width * height  # long thin diagonals are pen strokes or scratches
        keep &= np.minimum(width, height) >= 2  # roller streaks
        return np.asarray(boxes[keep], dtype=np.int32)


def find_marks(gray: Gray, dpi: float) -> Marks:
    """Separate paper, lid and ink on one sheet.

    Args:
        gray: H×W uint8 as scanned.
        dpi: its resolution.
    """
    factor = DPI / dpi
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = u8(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=method))
    lid = find_lid(small)
    paper_only = small
    if lid.any():
        paper_only = small.copy()
        paper_only[lid > 0] = paper_level(small, lid)
    flat = flatten(paper_only, DPI)
    ink = u8(flat < INK_LEVEL)
    ink[lid > 0] = 0
    return Marks(small, flat, ink, lid)


def paper_level(gray: Gray, lid: NDArray[np.uint8]) -> int:
    """Typical brightness (0-255) of the paper outside the lid."""
    paper = gray[lid == 0]
    return int(np.percentile(paper, 75)) if paper.size else 255


def find_lid(gray: Gray) -> NDArray[np.uint8]:
    """Where the scanner's dark lid shows around the paper: H×W uint8 of 0 and 1.

    The lid is dark, even, and touches the picture's edge. It is told from a dark
    sheet by what it leaves: if less than a tenth of the picture would remain as
    paper, there is no lid.
    """
    height, width = gray.shape
    bright = np.percentile(gray, 90)
    dark = u8(cv2.blur(gray, (5, 5)) < 0.5 * bright)
    opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    _count, labels = cv2.connectedComponents(opened)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    length = np.bincount(edge, minlength=2)
    # A lid runs along an edge for at least 15 mm; a letter or a stamp cut by it does not.
    candidates = [n for n in range(1, len(length)) if length[n] >= 15 * MM]
    lid = u8(cv2.dilate(u8(np.isin(labels, candidates)), np.ones((9, 9), np.uint8)))
    if lid.sum() > 0.9 * height * width:
        return np.zeros_like(lid)
    return lid
