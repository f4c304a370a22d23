"""How much the lines of writing lean."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks

#: Tilts are looked for within ±15°; beyond that a sheet was laid in wrong.
MAX_SKEW = 15.0
#: How much sharper the rows must be at the tilt found than as the sheet came, and than at
#: any tilt more than two degrees away. Print came to 1.6 and more of the latter (2.3 and
#: more without a photo beside it; 75-600 dpi), noise, scribbles and photos to 1.5 at most. A
#: copied card that leans by 0.3° gains from 1.02 on; on 35 straight sheets the tilt "found"
#: was 0.04° at most, whatever was gained.
_GAIN, _CLEAR = 1.02, 1.5
#: Pixels of ink below which there is nothing to measure a tilt by.
_LEAST_INK = 200
#: Share of its height above which the peak of sharpness is taken for its middle.
_PEAK = 0.8
#: Points of ink looked at in the coarse and the fine search: more give the same angle.
_COARSE_POINTS, _FINE_POINTS = 30_000, 60_000


def find_skew(marks: Marks) -> float:
    """Tilt of the lines of writing, degrees counter-clockwise; 0.0 when there are none.

    The angle whose rows of ink are most unevenly filled (largest sum of squared
    differences between neighbouring rows; Bloomberg, Kopec & Dasari 1995), searched
    coarsely over ±15° and then finely, on letters and ruled lines alike.
    """
    points = _skew_points(marks)
    if len(points) < _LEAST_INK:
        return 0.0
    some = points[:_COARSE_POINTS]
    coarse = np.arange(-MAX_SKEW, MAX_SKEW + 0.25, 0.5)
    sharp = _sharpness(some, coarse)
    best = float(coarse[sharp.argmax()])
    if abs(best) >= MAX_SKEW:
        return 0.0
    elsewhere = float(sharp[np.abs(coarse - best) > 2.0].max())
    near = best + np.arange(-0.5, 0.51, 0.1)
    fine = float(near[_sharpness(points, near).argmax()]) + np.arange(-0.3, 0.301, 0.03)
    sharp = _sharpness(points, fine)
    top = _sharpness(some, fine[[sharp.argmax()]])[0]
    if top < _CLEAR * elsewhere or sharp.max() < _GAIN * _sharpness(points, np.zeros(1))[0]:
        return 0.0
    # The peak's middle is steadier than its top: 0.02° instead of 0.05° off on ID cards.
    peak = np.maximum(0.0, sharp - _PEAK * sharp.max())
    return round(float((peak * fine).sum() / peak.sum()), 2)


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
    chance = np.random.default_rng(0)
    chosen = chance.permutation(len(xs))[:_FINE_POINTS]
    points = np.column_stack([xs[chosen], ys[chosen]]).astype(np.float64)
    # Off the grid of pixels, whose own rows would speak for 0°.
    return points + chance.uniform(-0.5, 0.5, points.shape)


def _sharpness(points: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """How unevenly the rows are filled when the points are turned back by each angle, degrees."""
    found = []
    for radians in np.deg2rad(angles):
        rows = points[:, 1] * np.cos(radians) + points[:, 0] * np.sin(radians)
        filled = np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64)
        found.append(float(np.square(np.diff(filled)).sum()))
    return np.array(found)
