"""Is writing cut off by an edge of the picture?"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks
from digitize.turning import turn

Side = Literal["left", "top", "right", "bottom"]

#: Turn, degrees clockwise, that brings each side to the right.
_TO_THE_RIGHT: dict[Side, int] = {"left": 180, "top": 90, "right": 0, "bottom": 270}
#: Ink this near to the edge, in millimetres, runs into it.
_TOUCH_MM = 0.35
#: Lines that must run into the edge at a side, and letters above and below.
_LINES, _LETTERS = 2, 5
#: A line of this many letters this near, in millimetres, to the upper or lower edge of a
#: sheet at least as large as A5 has lost what stood beyond it: cards and receipts have no
#: margins, a page's number stands alone.
_LINE, _MARGIN_MM, _A5_MM = 10, 2.5, 140.0
#: A cut letter is at most this wide and high, in millimetres; rules and frames are longer.
_LETTER_MM = 9.0
#: The next two letters of a line stand this near, as a multiple of their height: those
#: around a seal leave the line.
_NEAR = 4.0
#: Share of an edge beyond which a lid beside it proves that the sheet's own edge is seen.
_LID = 0.3


def cut_sides(marks: Marks) -> tuple[Side, ...]:
    """The sides on which writing runs out of the picture, on the sheet as it stands.

    Several letters that touch the edge: at the left and right each with two more beside it
    in a line of its own, above and below in one row. What the paper's
    own edge cuts, with the lid to be seen beyond it, is not the scanner's doing.
    """
    return tuple(side for side, degrees in _TO_THE_RIGHT.items() if _cut(marks, degrees, side))


def _cut(marks: Marks, degrees: int, side: Side) -> bool:
    lid = turn(marks.lid, degrees)
    if lid[:, -1].mean() > _LID:
        return False
    width = lid.shape[1]
    boxes, letters = (
        _turned(b, degrees, marks.ink.shape) for b in (marks.boxes, marks.round_letters)
    )
    touching = _touching(boxes, width)
    upright = side in ("left", "right")
    if not upright and min(marks.gray.shape) >= _A5_MM * MM and _no_margin(letters, width):
        return True
    if len(touching) < _LINES or not len(letters):
        return False
    inner = letters[letters[:, 0] + letters[:, 2] < width - _TOUCH_MM * MM]
    if upright:
        cut = [box for box in touching if _beside(box, inner)]
        return _rows(cut) >= _LINES
    cut = [box for box in touching if _in_a_row(box, touching)]
    return len(cut) >= _LETTERS


def _turned(boxes: NDArray[np.int32], degrees: int, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Boxes (x, y, w, h, ...) on the picture turned clockwise."""
    rows, columns = shape
    x, y, w, h = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    match degrees:
        case 90:
            parts = (rows - y - h, x, h, w)
        case 180:
            parts = (columns - x - w, rows - y - h, w, h)
        case 270:
            parts = (y, columns - x - w, h, w)
        case _:
            parts = (x, y, w, h)
    return np.column_stack(parts)


def _no_margin(letters: NDArray[np.int32], width: int) -> bool:
    """Whether a line of writing stands along the right edge with no margin left."""
    return int((letters[:, 0] + letters[:, 2] > width - _MARGIN_MM * MM).sum()) >= _LINE


def _touching(boxes: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    """Boxes of the size of a letter or a piece of one that reach the right edge."""
    x, _y, w, h = boxes.T
    keep = (x + w >= width - _TOUCH_MM * MM) & (w <= _LETTER_MM * MM) & (h <= _LETTER_MM * MM)
    keep &= np.maximum(w, h) >= 0.5 * MM
    return np.asarray(boxes[keep], dtype=np.int32)


def _beside(box: NDArray[np.int32], letters: NDArray[np.int32]) -> bool:
    """Whether letters of like height stand in the same line, just inside."""
    x, y, _w, h = (int(v) for v in box)
    lx, ly, lw, lh = letters.T
    tall = np.maximum(lh, max(h, MM))
    overlap = np.minimum(ly + lh, y + h) - np.maximum(ly, y)
    gap = x - (lx + lw)
    like = (lh < 3 * max(h, MM)) & (overlap > 0.5 * np.minimum(lh, h))
    return int((like & (gap > -0.5 * tall) & (gap < _NEAR * tall)).sum()) >= 2


def _in_a_row(box: NDArray[np.int32], others: NDArray[np.int32]) -> bool:
    """Whether another piece that touches the edge stands next to it along the edge."""
    _x, y, _w, h = (int(v) for v in box)
    _ox, oy, _ow, oh = others.T
    gap = np.maximum(oy - (y + h), y - (oy + oh))
    return int((gap < 3 * MM).sum()) >= 3  # itself and two more


def _rows(boxes: list[NDArray[np.int32]]) -> int:
    """How many lines of writing the boxes stand in: 2 mm and more apart."""
    middles = sorted(float(y + h / 2) for _x, y, _w, h in boxes)
    return sum(1 for a, b in zip([-np.inf, *middles], middles, strict=False) if b - a > 2 * MM)
