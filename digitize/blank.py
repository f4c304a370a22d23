"""Did anybody write on the sheet?"""

import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks


def is_blank(marks: Marks) -> bool:
    """Whether nobody wrote on the sheet: show-through, dirt and holes are not writing.

    A mark counts when it is at least 1.5 mm in size, darker than show-through, away
    from the outermost 3 mm, and neither a full-length streak nor a round punch hole
    near an edge. One such mark of letter size that is not alone, or one large mark, is enough.
    """
    height, width = marks.gray.shape
    x, y, w, h, area = marks.boxes.T
    size = np.maximum(w, h)
    # Two dots (0.3 mm) wide and straight: a piece of a roller's streak, not of a letter.
    real = (size >= 1.5 * MM) & (np.minimum(w, h) >= 3)
    border = 3 * MM
    real &= (x > border) & (y > border) & (x + w < width - border) & (y + h < height - border)
    real &= ~_punch_holes(marks.boxes, width, height)
    streak = (np.minimum(w, h) < 0.8 * MM) & (size > 40 * MM)
    real &= ~streak
    return int(area[real].sum()) < 4 * MM


def _punch_holes(boxes: NDArray[np.int32], width: int, height: int) -> NDArray[np.bool_]:
    x, y, w, h, area = boxes.T
    round_ = (w > 3 * MM) & (w < 9 * MM) & (np.abs(w - h) < 0.2 * w) & (area > 0.6 * w * h)
    near = (x < 20 * MM) | (x + w > width - 20 * MM) | (y < 20 * MM) | (y + h > height - 20 * MM)
    return np.asarray(round_ & near, dtype=np.bool_)
