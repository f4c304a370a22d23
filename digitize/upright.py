"""Which way up a sheet is, judged from its marks alone.

Where they do not tell, the guess says so and the recogniser has the last word
(:mod:`digitize.reading`).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks
from digitize.tilt import find_skew
from digitize.turning import rotate
from ocr.background import u8

#: Letters that must vote before their vote on the direction of the lines counts.
_QUORUM = 25
#: Share of votes that settles whether lines run across or along the sheet.
_MAJORITY = 0.65
#: Letters whose neighbours are looked for at once: what that takes stays in the processor's cache.
_AT_ONCE = 64
#: When the ink about the lines settles which way up they stand: a page of this many
#: letters, this many pixels of such ink a letter, out of balance by this much (-1 to 1).
#: On 100 made sheets all of running prose passed, and none that was judged wrong:
#: those were tables, figures, receipts, single lines and photos.
_LETTERS, _INK, _BALANCE = 400, 2.0, 0.25


@dataclass(frozen=True)
class Guess:
    """How the sheet must be turned to stand upright.

    Attributes:
        degrees: clockwise; 0, 90, 180 or 270.
        skew: tilt of its lines once turned so, see :func:`digitize.tilt.find_skew`.
        others: turns that may be right instead, the likeliest first; empty when it is sure.
    """

    degrees: int
    skew: float
    others: tuple[int, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether no other turn comes into question."""
        return not self.others


def guess_turn(marks: Marks) -> Guess:
    """How the sheet lies, from the direction of its lines and the marks above and below them."""
    quarter, quarter_sure = lies_sideways(marks)
    across = marks.turned(90 if quarter else 0)
    skew = find_skew(across)
    half, half_sure = stands_on_head(across, skew)
    degrees = (90 if quarter else 0) + (180 if half else 0)
    others: tuple[int, ...] = () if half_sure and quarter_sure else ((degrees + 180) % 360,)
    if not quarter_sure:
        others += ((degrees + 90) % 360, (degrees + 270) % 360)
    return Guess(degrees, skew, others)


def lies_sideways(marks: Marks) -> tuple[bool, bool]:
    """Whether the lines of writing run up or down the sheet, and whether that is sure.

    A letter's nearest neighbour of like size stands in its own line, so the directions
    to it vote; columns of a table do not mislead them as they do a projection.
    """
    boxes = marks.letters
    if len(boxes) < 2:
        return False, False
    boxes = boxes[np.random.default_rng(0).permutation(len(boxes))[:1500]].astype(np.float32)
    x, y = (boxes[:, side] + boxes[:, side + 2] / 2 for side in (0, 1))
    size = boxes[:, 2:4].max(axis=1)
    votes = along = 0
    for start in range(0, len(boxes), _AT_ONCE):
        some = np.arange(start, min(start + _AT_ONCE, len(boxes)))
        dx, dy, ratio = x - x[some, None], y - y[some, None], size / size[some, None]
        far = dx * dx + dy * dy
        far[(ratio < 0.6) | (ratio > 1.67)] = np.inf
        far[some - start, some] = np.inf  # itself
        nearest = some - start, far.argmin(axis=1)
        close = far[nearest] < (3 * size[some]) ** 2
        votes += int(close.sum())
        along += int((close & (np.abs(dx[nearest]) <= np.abs(dy[nearest]))).sum())
    sure = votes >= _QUORUM and max(along, votes - along) >= _MAJORITY * votes
    return 2 * along > votes, sure


def stands_on_head(marks: Marks, skew: float) -> tuple[bool, bool]:
    """Whether the writing stands on its head, and whether that is sure.

    Vietnamese carries most of its marks and all its tall letters above the line of
    small letters and few below, so the ink above each line's body outweighs the ink
    below it; on a sheet upside down the other way round.
    """
    above, below = _ink_about_lines(marks, skew)
    total, letters = above + below, len(marks.letters)
    balance = (above - below) / max(1.0, total)
    telling = letters >= _LETTERS and total >= _INK * letters
    return balance < -_BALANCE, telling and abs(balance) > _BALANCE


def _ink_about_lines(marks: Marks, skew: float) -> tuple[float, float]:
    """Pixels of ink above and below the bodies of all lines of writing."""
    keep = np.zeros_like(marks.ink)
    for x, y, w, h, _a in marks.letters:
        keep[y : y + h, x : x + w] = 1
    letters = rotate(u8(cv2.bitwise_and(keep, marks.ink)), skew, how=cv2.INTER_LINEAR)
    filled = letters.sum(axis=1).astype(np.float64)
    above = below = 0.0
    for top, bottom in _bands(filled > max(2.0, 0.02 * filled.max())):
        line = filled[top:bottom]
        if not 1.2 * MM <= len(line) <= 12 * MM:
            continue
        body = np.flatnonzero(line > 0.5 * line.max())
        # Round letters and figures overshoot the line by a row or two: no evidence.
        above += line[: max(0, body[0] - 2)].sum()
        below += line[body[-1] + 3 :].sum()
    return above, below


def _bands(filled: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as (start, end) pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], filled.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
