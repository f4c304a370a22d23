"""How much the lines of writing lean."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks

#: Tilts are looked for within ±15°; beyond that a sheet was laid in wrong.
MAX_SKEW = 15.0
#: How much sharper the rows must be at the tilt found than as the sheet came.
_GAIN = 1.05
#: Pixels of ink below which there is nothing to measure a tilt by.
_LEAST_INK = 200
#: Points of ink looked at in the coarse and the fine search: more give the same angle.
_COARSE_POINTS, _FINE_POINTS = 15_000, 60_000


def find_skew(marks: Marks) -> float:
    """Tilt of the lines of writing, degrees counter-clockwise; 0.0 when there are none.

    The angle whose rows of ink are most unevenly filled (largest sum of squared
    differences between neighbouring rows; Bloomberg, Kopec & Dasari 1995), searched
    coarsely over ±15° and then finely, on letters and ruled lines alike.
    """
    points = _skew_points(marks)
    if len(points) < _LEAST_INK:
        return 0.0
    coarse = np.arange(-MAX_SKEW, MAX_SKEW + 0.25, 0.5)
    best = _sharpest(points[:_COARSE_POINTS], coarse)
    best = _sharpest(points, best + np.arange(-0.5, 0.51, 0.1))
    best = _sharpest(points, best + np.arange(-0.1, 0.101, 0.02))
    if abs(best) >= MAX_SKEW or _sharpness(points, best) < _GAIN * _sharpness(points, 0.0):
        return 0.0
    return round(float(best), 2)


def _skew_points(marks: Marks) -> NDArray[np.float64]:
    """Ink that tells the tilt, as N×2 x, y: letters and rules, not seals, photos or dirt."""
    boxes = marks.boxes
    _x, _y, width, height, _area = boxes.T
    rules = (width > 20 * MM) & (height < 0.3 * width)
    keep = np.zeros_like(marks.ink)
    for x, y, w, h, _a in (*marks.letters, *boxes[rules]):
        keep[y : y + h, x : x + w] = 1
    ys, xs = np.nonzero(cv2.bitwise_and(keep, marks.ink))
    # Taken at random: every n-th point in order would draw stripes of its own.
    chosen = np.random.default_rng(0).permutation(len(xs))[:_FINE_POINTS]
    return np.column_stack([xs[chosen], ys[chosen]]).astype(np.float64)


def _sharpness(points: NDArray[np.float64], degrees: float) -> float:
    radians = np.deg2rad(degrees)
    rows = points[:, 1] * np.cos(radians) + points[:, 0] * np.sin(radians)
    filled = np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(filled)).sum())


def _sharpest(points: NDArray[np.float64], angles: NDArray[np.float64]) -> float:
    return float(max(angles, key=lambda angle: _sharpness(points, float(angle))))
