"""The patch code T on a sheet: four bars that say "a new document begins here".

Kodak's patch codes (publication A-61599, as TWAIN and other scanners read them) are four bars
parted by narrow spaces: narrow 0.08 inch, wide 0.20 inch, the bars two inches long at least.
T is narrow, wide, narrow, wide. A sheet fed upside down shows it the other way round, which is
another of the six patches; no paper carries any of them by itself, so both are taken for T.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, flatten

#: Widths in millimetres of bars and of the spaces between them, and of the whole.
NARROW_MM, WIDE_MM = 2.03, 5.08
BARS_MM = (NARROW_MM, WIDE_MM, NARROW_MM, WIDE_MM)
HEIGHT_MM = sum(BARS_MM) + 3 * NARROW_MM
#: Distances, in narrow widths, from one edge to the next edge of the same kind: ink that
#: spreads or fades makes bars wider or thinner and leaves these as they are.
_RISES = np.array([2.0, 3.5, 2.0])
_FALLS = np.array([3.5, 2.0, 3.5])
#: By how much each may be off, in narrow widths; and how far a bar's width may have moved.
_OFF, _SPREAD = 0.45, 0.75
#: The narrow width may be off by this factor: copies shrink, and the resolution may be guessed.
_SCALE = 1.25
#: White before and after, in narrow widths: on one side at least, and on the other (Kodak has
#: 0.25 inch to the sheet's edge, and nothing else near). The gaps of large barcodes, which else
#: may hold four such bars, are four of their own narrow widths at most.
_QUIET, _QUIETER = 3.0, 5.0
#: Ink is darker than this share of the paper about it.
_INK = 0.72
#: Millimetres the bars must go on for, lines looked at a millimetre, and the share of those
#: lines that must show them. Kodak asks for bars of 50 mm; a torn or stained sheet has less left.
_LEAST_MM, _LINES_A_MM, _SHARE = 30.0, 0.5, 0.6
#: How far, in narrow widths, the bars may stray from a straight line; their steepest tilt.
_STRAY, _STEEPEST = 0.8, 0.4


@dataclass(frozen=True)
class Patch:
    """A patch T: how long its bars go on, in millimetres, and which way they run."""

    length_mm: float
    upright: bool


def find_patch(gray: Gray, dpi: float) -> Patch | None:
    """The patch T on a sheet, fed any way round and tilted by 15° or more; None without one.

    Args:
        gray: H×W uint8; 75 dpi is enough.
        dpi: its resolution.
    """
    ink = flatten(gray, dpi) < 255 * _INK
    for upright, lines in ((True, ink.T), (False, ink)):
        length = _longest(lines, dpi)
        if length >= _LEAST_MM:
            return Patch(round(length, 1), upright)
    return None


def _longest(ink: NDArray[np.bool_], dpi: float) -> float:
    """Millimetres for which rows of the picture, one beside the other, cross the bars."""
    step = max(1, round(dpi / 25.4 / _LINES_A_MM))
    rows = range(step // 2, ink.shape[0], step)
    hits = [(row, *hit) for row in rows for hit in _crossings(ink[row], dpi)]
    best = 0.0
    for way in (True, False):
        points = np.array([(row, middle) for row, middle, forward in hits if forward is way])
        best = max(best, _straightest(points, step, dpi))
    return best


def _crossings(line: NDArray[np.bool_], dpi: float) -> list[tuple[float, bool]]:
    """Where one line of the picture crosses four bars: their middle, and T read forwards."""
    edges = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0))
    rises, falls = edges[::2].astype(float), edges[1::2].astype(float)
    if len(rises) < 4:
        return []
    unit = NARROW_MM / 25.4 * dpi
    windows = len(rises) - 3
    starts = np.stack([rises[n : n + windows] for n in range(4)], axis=1)
    ends = np.stack([falls[n : n + windows] for n in range(4)], axis=1)
    before = np.concatenate([[np.inf], rises[1:] - falls[:-1], [np.inf]])
    found = []
    sides = np.stack([before[:windows], before[4 : 4 + windows]])
    for forward in (True, False):
        rise, fall = (_RISES, _FALLS) if forward else (_FALLS[::-1], _RISES[::-1])
        up, down = np.diff(starts, axis=1), np.diff(ends, axis=1)
        own = (up.sum(axis=1) + down.sum(axis=1)) / (rise.sum() + fall.sum())
        good = (own > unit / _SCALE) & (own < unit * _SCALE)
        good &= (sides.min(axis=0) > _QUIET * own) & (sides.max(axis=0) > _QUIETER * own)
        with np.errstate(divide="ignore", invalid="ignore"):
            good &= np.abs(up / own[:, None] - rise).max(axis=1) < _OFF
            good &= np.abs(down / own[:, None] - fall).max(axis=1) < _OFF
            wide = np.array([1.0, 2.5, 1.0, 2.5] if forward else [2.5, 1.0, 2.5, 1.0])
            good &= np.abs((ends - starts) / own[:, None] - wide).max(axis=1) < _SPREAD
        middles = (starts[:, 0] + ends[:, 3]) / 2
        found += [(float(middle), forward) for middle in middles[good]]
    return found


def _straightest(points: NDArray[np.float64], step: int, dpi: float) -> float:
    """Millimetres covered by the points (row, place) that lie on one straight line."""
    least = int(_LEAST_MM * _LINES_A_MM * _SHARE)
    if len(points) < least:
        return 0.0
    unit = NARROW_MM / 25.4 * dpi
    best = 0.0
    chance = np.random.default_rng(0)
    for _trial in range(24):
        first, second = points[chance.choice(len(points), 2, replace=False)]
        if first[0] == second[0]:
            continue
        slope = (second[1] - first[1]) / (second[0] - first[0])
        if abs(slope) > _STEEPEST:
            continue
        off = np.abs(points[:, 1] - first[1] - slope * (points[:, 0] - first[0]))
        rows = np.unique(points[off < _STRAY * unit, 0])
        span = rows[-1] - rows[0] + step
        if len(rows) * step >= _SHARE * span and len(rows) >= least:
            best = max(best, float(span) / dpi * 25.4 * float(np.hypot(1.0, slope)))
    return best
