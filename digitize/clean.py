"""Turn, straighten and crop a sheet.

Promise: what is shown stays the paper. A page is at most turned, straightened and
freed of the scanner's lid; ink is never cut, and a sheet without a tilt that can be
measured is left as it came.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import DPI, FAINT_LEVEL, MM, Marks
from digitize.lid import FRINGE_MM, extend_paper
from digitize.turning import MIN_SKEW, Pixels, rotate, to_gray, turn
from ocr.background import resized, u8
from ocr.components import components

#: Resolution at which the paper's colour is carried into what the lid hid.
_PAPER_DPI = 12.5
#: Rows and columns of the page at a time.
_TILE = 256
#: Area in square millimetres of a faint mark worth growing the page for; smaller is dirt.
_MARK_MM2 = 1.0


@dataclass(frozen=True)
class Cleaned:
    """A sheet made upright.

    Attributes:
        pixels: H×W×3 or H×W uint8.
        rotation: degrees clockwise by which it had been fed turned.
        skew: tilt found after turning, degrees counter-clockwise.
        touched: False when the pixels are those of the sheet.
    """

    pixels: Pixels
    rotation: int
    skew: float
    touched: bool


def clean(pixels: Pixels, dpi: float, marks: Marks, degrees: int, skew: float) -> Cleaned:
    """Turn a sheet clockwise by ``degrees`` (0, 90, 180, 270), then straighten and crop it.

    Args:
        pixels: H×W×3 or H×W uint8 as scanned.
        dpi: its resolution.
        marks: what :func:`digitize.ink.find_marks` found on it.
        degrees, skew: see :class:`digitize.upright.Guess`.
    """
    upright, marks = turn(pixels, degrees), marks.turned(degrees)
    # Turning the picture by 90° clockwise undoes a feed of 270° clockwise.
    fed = (360 - degrees) % 360
    if abs(skew) < MIN_SKEW and not marks.lid.any():
        return Cleaned(upright, fed, 0.0, fed != 0)
    return Cleaned(_straighten_and_crop(upright, dpi, marks, skew), fed, skew, True)


def _straighten_and_crop(pixels: Pixels, dpi: float, marks: Marks, skew: float) -> Pixels:
    """The page without tilt and lid."""
    bare = u8(_rotated_mask(1 - marks.lid, skew))
    left, top, right, bottom = page_box(marks, skew, bare)
    scale = dpi / DPI
    part = (round(left * scale), round(top * scale), round(right * scale), round(bottom * scale))
    page = rotate(pixels, skew, part=part)
    bare = bare[top:bottom, left:right]
    if not bare.all():
        page = page.copy() if np.may_share_memory(page, pixels) else page
        _fill(page, bare)
    return page


def _rotated_mask(mask: NDArray[Any], degrees: float) -> NDArray[np.bool_]:
    turned = rotate(u8(mask) * np.uint8(255), degrees, how=cv2.INTER_LINEAR)
    return np.asarray(turned > 127, dtype=np.bool_)


def _fill(page: Pixels, bare: NDArray[np.uint8]) -> None:
    """Carry the paper on where ``bare`` (at 150 dpi) is 0, in the page itself: no wedge is seen."""
    height, width = page.shape[:2]
    # What was seen beside the paper's edge mixes lid and paper.
    bare = u8(cv2.erode(bare, np.ones((3, 3), np.uint8), borderValue=1))
    mask = cv2.resize(1 - bare, (width, height), interpolation=cv2.INTER_NEAREST)
    low = resized(page, _PAPER_DPI / DPI * bare.shape[1] / width)
    whole = cv2.resize(255 * bare, low.shape[1::-1], interpolation=cv2.INTER_AREA) == 255
    paper = extend_paper(low, whole & _bright(to_gray(low), whole), low.shape[1::-1])
    # A whole sheet of paper would be as large as the page, and most of it is not wanted.
    for top, left in itertools.product(range(0, height, _TILE), range(0, width, _TILE)):
        part = np.s_[top : top + _TILE, left : left + _TILE]
        if mask[part].any():
            page[part] = cv2.copyTo(_tile_of(paper, page, top, left), mask[part], page[part])


def _tile_of(low: Pixels, page: Pixels, top: int, left: int) -> Pixels:
    """What the low-resolution picture enlarged to the page shows from ``top``, ``left`` on."""
    height, width = page[top : top + _TILE, left : left + _TILE].shape[:2]
    across, down = low.shape[1] / page.shape[1], low.shape[0] / page.shape[0]
    # From pixel middle to pixel middle, as cv2.resize has it.
    back = np.array([[across, 0, (left + 0.5) * across - 0.5], [0, down, (top + 0.5) * down - 0.5]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return u8(
        cv2.warpAffine(low, back, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    )


def _bright(low: Pixels, whole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a low-resolution picture shows bare paper: as bright as any nearby, 25 mm about."""
    paper = np.where(whole, low, 0).astype(np.uint8)
    nearby = cv2.dilate(paper, np.ones((13, 13), np.uint8))
    return np.asarray(low > 0.85 * nearby, dtype=np.bool_)


def page_box(marks: Marks, skew: float, bare: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the page on the straightened canvas, pixels at 150 dpi.

    The paper where a lid shows its edges; else the sheet's own size about the middle;
    always grown to hold every mark.

    Args:
        bare: the straightened canvas at 150 dpi, 1 where it shows the sheet and no lid.
    """
    rows, columns = bare.shape
    if marks.lid.any():
        fringe = round(FRINGE_MM * MM)
        left, top, right, bottom = _extent(bare, share=0.25)
        box = (left - fringe, top - fringe, right + fringe, bottom + fringe)
    else:
        height, width = marks.gray.shape
        left, top = (columns - width) // 2, (rows - height) // 2
        box = (left, top, left + width, top + height)
    found = _box_of_marks(marks, skew) or box
    return (
        max(0, min(box[0], found[0])),
        max(0, min(box[1], found[1])),
        min(columns, max(box[2], found[2])),
        min(rows, max(box[3], found[3])),
    )


def _box_of_marks(marks: Marks, skew: float) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of all that is written, once straightened."""
    faint = u8((marks.flat < FAINT_LEVEL) & (marks.lid == 0))
    labels, stats, _centres = components(faint)
    large = stats[:, cv2.CC_STAT_AREA] >= _MARK_MM2 * MM * MM
    large[0] = False
    if not large.any():
        return None
    written = _rotated_mask(large[labels], skew)
    if not written.any():
        return None
    x, y, width, height = cv2.boundingRect(u8(written))
    return x, y, x + width, y + height


def _extent(mask: NDArray[np.uint8], share: float) -> tuple[int, int, int, int]:
    """Box of the rows and columns of which at least ``share`` of the fullest is set."""
    rows, columns = mask.sum(axis=1), mask.sum(axis=0)
    ys = np.flatnonzero(rows >= share * rows.max())
    xs = np.flatnonzero(columns >= share * columns.max())
    return int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1
