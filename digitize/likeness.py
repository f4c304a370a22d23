"""How much a page in layers looks like the page it was made of, where there is something to see.

Structural similarity: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from
error visibility to structural similarity", IEEE Transactions on Image Processing 13 (4), 2004.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.shrink import shrunk, whole_factor
from digitize.turning import Pixels, to_gray
from ocr.background import resized

Plane = NDArray[np.float32]

#: Resolution of the comparison, dots per inch: what an eye sees of a page at arm's length,
#: and coarse enough that soft edges and hard ones are the same.
ARMS_LENGTH = 150.0
#: The paper's window (11 × 11, deviation 1.5) and constants for eight bits: (0.01 × 255)²
#: and (0.03 × 255)².
_WINDOW, _DEVIATION, _C1, _C2 = (11, 11), 1.5, 6.5025, 58.5225
#: Standard deviation of brightness within the window from which there is something to see:
#: the grain of the sample sheets stays below 4.
_SEEN = 8.0
#: The worst is looked for among tiles of 5 mm, a word or two, this full of what is plainly
#: seen: so that a speck of dirt or a faint streak of the scanner's rollers does not count.
_TILE_MM, _FULL, _PLAIN = 5.0, 0.25, 36.0
#: Distance in the a*b* plane of CIELAB from the page's paper from which ink is coloured, and
#: the share of it by which it may be off.
_COLOURED, _OFF = 25.0, 0.5


@dataclass(frozen=True)
class Likeness:
    """How alike two pictures of a page are; 1 is the same.

    Attributes:
        mean: structural similarity over all that is seen on either.
        worst: the least of any tile of 5 mm that holds print or the like.
        colour: share of coloured ink that kept its colour, and of black that stayed black.
    """

    mean: float
    worst: float
    colour: float


def compare(original: Pixels, copy: Pixels, dpi: float) -> Likeness:
    """Compare a page with its copy, both H×W or H×W×3 (BGR) uint8 of ``dpi``."""
    first, second = at_arms_length(original, dpi), at_arms_length(copy, dpi)
    similarity, spread = _similarity(_plane(first), _plane(second))
    seen = spread > _SEEN
    return Likeness(
        mean=float(similarity[seen].mean()) if seen.any() else 1.0,
        worst=_worst(similarity, (spread > _PLAIN).astype(np.float32), min(dpi, ARMS_LENGTH)),
        colour=_colour(first, second),
    )


def at_arms_length(page: Pixels, dpi: float) -> Pixels:
    """A page, H×W or H×W×3 (BGR) uint8 of ``dpi``, at 150 dpi, or less if it has less."""
    times = whole_factor(dpi, ARMS_LENGTH)
    return resized(shrunk(page, times), min(1.0, ARMS_LENGTH * times / dpi))


def _plane(pixels: Pixels) -> Plane:
    return to_gray(pixels).astype(np.float32)


def _similarity(first: Plane, second: Plane) -> tuple[Plane, Plane]:
    """The similarity about each pixel, and the standard deviation there of the livelier one."""

    def local(plane: Plane) -> Plane:
        return np.asarray(cv2.GaussianBlur(plane, _WINDOW, _DEVIATION), dtype=np.float32)

    # In place where it can be: the planes of a sheet have 9 MB each.
    mean_1, mean_2 = local(first), local(second)
    spread_1, spread_2, common = local(first * first), local(second * second), local(first * second)
    spread_1 -= mean_1 * mean_1
    spread_2 -= mean_2 * mean_2
    spread = np.maximum(spread_1, spread_2)
    np.sqrt(np.maximum(spread, 0, out=spread), out=spread)
    spread_1 += spread_2
    spread_1 += _C2
    product = mean_1 * mean_2
    common -= product
    common += _C2 / 2
    product += _C1 / 2
    common *= product
    common *= 4  # both factors above the line hold twice what was kept of them
    np.square(mean_1, out=mean_1)
    mean_1 += np.square(mean_2, out=mean_2)
    mean_1 += _C1
    common /= np.multiply(mean_1, spread_1, out=mean_1)
    return common, spread


def _worst(similarity: Plane, seen: Plane, dpi: float) -> float:
    """The least mean of what is seen (1, else 0) in any tile."""
    side = _TILE_MM / 25.4 * dpi
    size = tuple(max(1, round(length / side)) for length in seen.shape[::-1])
    full = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(similarity * seen, size, interpolation=cv2.INTER_AREA)
    counted = full >= _FULL
    return float((total[counted] / full[counted]).min()) if counted.any() else 1.0


def _colour(first: Pixels, second: Pixels) -> float:
    """The share of coloured ink, on either, whose colour is the other's too."""
    if first.ndim == 2 or second.ndim == 2:
        return 1.0 if first.ndim == second.ndim else 0.0
    one, other = _ab(first), _ab(second)
    paper = np.median(one[::8, ::8].reshape(-1, 2), axis=0)
    strength = np.maximum(_length(one - paper), _length(other - paper))
    coloured = strength > _COLOURED
    if not coloured.any():
        return 1.0
    kept = _length(one - other)[coloured] < _OFF * strength[coloured]
    return float(kept.mean())


def _ab(pixels: Pixels) -> Plane:
    """The colour of a picture at half its resolution, without its brightness."""
    small = cv2.cvtColor(shrunk(pixels, 2), cv2.COLOR_BGR2LAB)
    return np.asarray(small[..., 1:], dtype=np.float32)


def _length(vectors: Plane) -> Plane:
    return np.asarray(np.hypot(vectors[..., 0], vectors[..., 1]), dtype=np.float32)
