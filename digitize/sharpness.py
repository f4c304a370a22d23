"""How sharp the print is, and how black: judged at the edges of its strokes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks

#: Letters looked at: more give the same figures.
_LETTERS = 300
#: Fewer letters than this say nothing of a page's sharpness.
_FEWEST = 8
#: The steepest slope of an edge blurred by a Gaussian is its height over sigma times this.
_GAUSS = float(np.sqrt(2 * np.pi))
#: Twice the distance, in pixels, of a pixel from its neighbours across, down and aslant.
_APART = np.array((2.0, 2.0, 2 * np.sqrt(2.0), 2 * np.sqrt(2.0)))
#: Percentile of the slopes about a letter taken for its edges.
_STEEP = 97.0


@dataclass(frozen=True)
class Print:
    """What the strokes of the letters look like.

    Attributes:
        spread: standard deviation by which edges are smeared, in millimetres, in the
            direction in which they are smeared most. Sheets at 300 dpi come to 0.19-0.21,
            blurred by 2, 3, 4, 5 pixels to 0.26, 0.33, 0.43, 0.52; the picture at 150 dpi
            that is looked at accounts for the first 0.19.
        smear: that over the spread across it: 1.0 out of focus, 1.2 and more moved.
        contrast: how much darker than the paper the middle of strokes is, 0-1.
    """

    spread: float
    smear: float
    contrast: float


def look_at_print(marks: Marks) -> Print | None:
    """Sharpness and contrast of a sheet's letters; None where there are too few of them."""
    letters = marks.round_letters
    if len(letters) < _FEWEST:
        return None
    chosen = np.random.default_rng(0).permutation(len(letters))[:_LETTERS]
    spreads, depths = [], []
    for x, y, w, h, _area in letters[chosen].tolist():
        about = marks.flat[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1]
        depth = 255.0 - float(about.min())
        spreads.append(depth / (_GAUSS * np.maximum(_steepest(about), 1e-3)))
        depths.append(depth / 255.0)
    each = np.median(np.array(spreads), axis=0)
    across, down, falling, rising = (float(one) for one in each)
    worst = float(np.median(np.array(spreads).max(axis=1)))
    smear = max(falling / rising, rising / falling, _corrected(across, down))
    return Print(round(worst / MM, 3), round(smear, 2), round(float(np.median(depths)), 3))


def edge_spread(flat: NDArray[np.uint8], box: NDArray[np.int32]) -> float:
    """Spread of the edges of one mark, in millimetres, in the direction smeared least.

    Args:
        flat: H×W uint8 at 150 dpi, its paper evened out.
        box: x, y, width, height of the mark in pixels.
    """
    x, y, w, h = (int(v) for v in box[:4])
    about = flat[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
    steep = float(_steepest(about).max())
    return (255.0 - float(about.min())) / (_GAUSS * max(steep, 1e-3)) / MM


def _corrected(across: float, down: float) -> float:
    """How unlike horizontal and vertical edges are beyond what is usual of type.

    Serifs and bars are thinner than stems, which makes level edges seem up to 1.3 times
    as soft in sharp or evenly blurred print.
    """
    return max(down / across / 1.3, across / down)


def _steepest(about: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Steepness of the edges across, down and along both diagonals: 4 float64, levels a pixel."""
    level = cv2.copyMakeBorder(about, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    pairs = (
        (level[1:-1, 2:], level[1:-1, :-2]),
        (level[2:, 1:-1], level[:-2, 1:-1]),
        (level[2:, 2:], level[:-2, :-2]),
        (level[2:, :-2], level[:-2, 2:]),
    )
    place = round((about.size - 1) * _STEEP / 100)
    edges = [np.partition(cv2.absdiff(a, b), place, axis=None)[place] for a, b in pairs]
    return np.asarray(np.array(edges, np.float64) / _APART, np.float64)
