"""Did anybody write on the sheet?"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks
from digitize.sharpness import edge_spread
from digitize.turning import Pixels
from ocr.background import channels, flatten, resized, u8

#: Ink fainter than print: pencil, a pale stamp, toner at its end. At least this much darker
#: than the paper, 0-1, and than this many times its grain.
_FAINT, _GRAIN = 0.06, 6.0
#: Faint marks are writing only if their edges are smeared by less than this, in
#: millimetres: what shines through comes to 0.35 and more, pencil to 0.27 at most.
_SHARP_MM = 0.30
#: What is fainter than this is writing only in company: a few such marks are dirt.
_LONE = 0.10
#: Fewer sharp marks than this are a note, a stamp or a number; more are a page of print.
FEW = 30


def is_blank(marks: Marks) -> bool:
    """Whether nobody wrote on the sheet: show-through, dirt and holes are not writing.

    A mark counts when it is at least 1.5 mm in size, darker than show-through, away
    from the outermost 3 mm, and neither a streak, a fold, a staple nor a round punch hole
    near an edge. One such mark of letter size that is not alone, or one large mark, is enough.
    """
    return int(_real(marks)[:, 4].sum()) < 4 * MM


def faint_writing(pixels: Pixels, marks: Marks) -> Marks | None:
    """The marks of a sheet that seems blank but carries faint, sharp ones; else None.

    Looked at in the darkest of the colours: pale red ink hides from brightness. What shines
    through from the other side is as faint, but blurred by the paper.

    Args:
        pixels: H×W×3 or H×W uint8 as scanned.
        marks: what was found on it.
    """
    small = resized(pixels, marks.gray.shape[1] / pixels.shape[1])
    darkest = u8(small if small.ndim == 2 else channels(small)[0])
    if darkest.shape != marks.gray.shape:
        darkest = u8(cv2.resize(darkest, marks.gray.shape[::-1]))
    flat = np.where(marks.lid > 0, 255, flatten(darkest, 150.0)).astype(np.uint8)
    calm = u8(cv2.GaussianBlur(flat, (0, 0), 0.7))
    grain = float(np.median(np.abs(calm.astype(np.int16) - int(np.median(calm))))) * 1.48
    depth = max(_FAINT * 255, _GRAIN * grain)
    found = replace(marks, flat=calm, ink=u8((calm < 255 - depth) & (marks.lid == 0)))
    boxes = _real(found)
    sharp = [box for box in boxes if edge_spread(calm, box) < _SHARP_MM]
    dark = [box for box in sharp if calm[_within(box)].min() < 255 * (1 - _LONE)]
    enough = len(sharp) >= FEW or sum(int(box[4]) for box in dark) >= 8 * MM
    return found if enough and len(sharp) >= 0.5 * len(boxes) else None


def _within(box: NDArray[np.int32]) -> tuple[slice, slice]:
    x, y, w, h = (int(v) for v in box[:4])
    return slice(y, y + h), slice(x, x + w)


def _real(marks: Marks) -> NDArray[np.int32]:
    """The boxes that may be writing."""
    height, width = marks.gray.shape
    x, y, w, h, _area = marks.boxes.T
    size = np.maximum(w, h)
    # Two dots (0.3 mm) wide and straight: a piece of a roller's streak, not of a letter.
    real = (size >= 1.5 * MM) & (np.minimum(w, h) >= 3)
    border = 3 * MM
    real &= (x > border) & (y > border) & (x + w < width - border) & (y + h < height - border)
    real &= ~_punch_holes(marks.boxes, width, height)
    streak = (np.minimum(w, h) < 0.8 * MM) & (size > 40 * MM)
    boxes = np.asarray(marks.boxes[real & ~streak], dtype=np.int32)
    if not len(boxes) or len(boxes) > FEW:
        return boxes
    lines = [_is_staple_or_fold(marks, box) for box in boxes]
    return np.asarray(boxes[~np.array(lines)], dtype=np.int32)


def _is_staple_or_fold(marks: Marks, box: NDArray[np.int32]) -> bool:
    """A straight thin line: as long as a staple and near the top or a side, or longer."""
    width = marks.gray.shape[1]
    ys, xs = np.nonzero(marks.ink[_within(box)])
    _middle, size, _angle = cv2.minAreaRect(np.column_stack([xs, ys]).astype(np.float32))
    thin, long = min(size), max(size)
    if thin > 1.3 * MM or len(xs) < 0.45 * long:
        return False
    x, y, w = (int(v) for v in box[:3])
    near = min(x, y, width - x - w) < 30 * MM
    return bool(long > 40 * MM or (5 * MM < long < 20 * MM and near))


def _punch_holes(boxes: NDArray[np.int32], width: int, height: int) -> NDArray[np.bool_]:
    x, y, w, h, area = boxes.T
    round_ = (w > 3 * MM) & (w < 9 * MM) & (np.abs(w - h) < 0.2 * w) & (area > 0.6 * w * h)
    near = (x < 20 * MM) | (x + w > width - 20 * MM) | (y < 20 * MM) | (y + h > height - 20 * MM)
    return np.asarray(round_ & near, dtype=np.bool_)
