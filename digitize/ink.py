"""What stands on a sheet: paper, the scanner's dark lid, and the marks that are ink.

Everything here is measured on a copy at 150 dpi: fine enough for the dots of
Vietnamese letters, small enough to look at in a few milliseconds.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.lid import extend_paper, find_lid
from digitize.turning import turn
from ocr.background import Gray, flatten, ink_level, resized, u8
from ocr.components import components

#: Resolution of the analysis, dots per inch.
DPI = 150.0
#: Pixels per millimetre at that resolution.
MM = DPI / 25.4
#: Flattened brightness (0-255) below which a pixel is ink: half-way between white and the
#: sheet's darkest print, within these bounds. Pencil and blurred or faded print come to
#: 150-190, the other side shining through to 205 and more (204-251 on sample sheets).
INK_LEVEL, FAINT_LEVEL = 150, 200
#: Marks on a square centimetre beyond which a sheet is noise: dense print has 8, noise 250.
_NOISE = 60


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
        _labels, stats, _centres = components(self.ink, connectivity=8)
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

    @cached_property
    def round_letters(self) -> NDArray[np.int32]:
        """Those letters that are no thin strokes: pieces of a rule broken by noise are."""
        letters: NDArray[np.int32] = self.letters
        return np.asarray(letters[letters[:, 2:4].min(axis=1) >= 0.7 * MM], dtype=np.int32)

    @property
    def are_noise(self) -> bool:
        """Whether the sheet is all specks, from which nothing can be read."""
        return len(self.boxes) > _NOISE * self.ink.size / (10 * MM) ** 2

    def turned(self, degrees: int) -> "Marks":
        """The same marks on the sheet turned clockwise by 0, 90, 180 or 270 degrees."""
        layers = (self.gray, self.flat, self.ink, self.lid)
        return Marks(*(turn(layer, degrees) for layer in layers)) if degrees % 360 else self


def find_marks(gray: Gray, dpi: float) -> Marks:
    """Separate paper, lid and ink on one sheet.

    Args:
        gray: H×W uint8 as scanned.
        dpi: its resolution.
    """
    small = resized(gray, DPI / dpi)
    lid = find_lid(small, DPI)
    paper_only = small
    if lid.any():
        around = _paper_around(small, lid)
        paper_only = np.where(lid > 0, around, small)
    flat = flatten(paper_only, DPI)
    ink = u8(flat < ink_level(flat, 0.5, INK_LEVEL, FAINT_LEVEL))
    ink[lid > 0] = 0
    return Marks(small, flat, ink, lid)


def _paper_around(gray: Gray, lid: NDArray[np.uint8]) -> Gray:
    """The brightness the paper would have under the lid: that of the paper nearest to it."""
    height, width = gray.shape
    low = resized(gray, 0.1)
    bare = cv2.resize(u8(255 * lid), low.shape[::-1], interpolation=cv2.INTER_AREA) == 0
    return extend_paper(low, bare, (width, height))
