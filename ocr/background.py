"""Even out the paper behind the ink, for analysis and for the recogniser only."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

#: Resolution, dots per inch, at which the background is estimated: paper tint and shade
#: change slowly, print does not, so little is enough.
_BACKGROUND_DPI = 25.0
#: Percentile of a page's pixels taken for its darkest print: specks alone stay below.
_DARKEST = 0.2
#: A streak is finer than this, millimetres, and print is darker than it by this much, 0-255.
_STREAK, _DARKER = 0.45, 40


def u8(array: Any) -> Gray:
    """The array as uint8, uncopied where it is: OpenCV's own types promise less than it keeps."""
    return np.asarray(array, dtype=np.uint8)


def resized(picture: Gray, factor: float) -> Gray:
    """The picture, grey or colour, enlarged by ``factor``; at least one pixel wide and high."""
    height, width = picture.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return picture
    if factor >= 1:
        return u8(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC))
    # By halves first, which OpenCV does in a quarter of the time and just as well; an odd row or
    # column is left out, so twice at most: 3 pixels of a sheet's 2,480 shift nothing.
    for _half in range(2):
        if 2 * size[0] > width or 2 * size[1] > height:
            break
        half = (width // 2, height // 2)
        even = picture[: 2 * half[1], : 2 * half[0]]
        picture = u8(cv2.resize(even, half, interpolation=cv2.INTER_AREA))
        width, height = half
    return u8(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def channels(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The least and the greatest of each pixel's three channels, H×W each.

    A fifteenth of the time of numpy, which looks at the three of every pixel by itself.
    """
    first, second, third = cv2.split(pixels)
    return (
        cv2.min(cv2.min(first, second), third),
        cv2.max(cv2.max(first, second), third),
    )


def flatten(gray: Gray, dpi: float) -> Gray:
    """The sheet as if its paper were evenly white: paper 255, black ink near 0.

    The paper's brightness is estimated as the local maximum (a grey dilation wider than
    a letter's strokes), smoothed by a median, and divided out.

    Args:
        gray: H×W uint8.
        dpi: resolution of ``gray``.

    Returns:
        H×W uint8.
    """
    paper = background(gray, dpi)
    return u8(cv2.divide(gray, paper, scale=255))


def background(gray: Gray, dpi: float) -> Gray:
    """The brightness of the bare paper at every pixel, H×W uint8, at least 1."""
    height, width = gray.shape
    factor = min(1.0, _BACKGROUND_DPI / dpi)
    # 5 px at 50 dpi = 2.5 mm: wider than any stroke of print, narrower than a shadow.
    brightest = u8(cv2.dilate(resized(gray, factor * 2), np.ones((5, 5), np.uint8)))
    smooth = cv2.medianBlur(resized(brightest, 0.5), 21)
    paper = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return u8(np.maximum(paper, 1))


def ink_level(flat: Gray, share: float, least: float, most: float) -> float:
    """The brightness below which a pixel is ink: by how dark the page's print is, faded or black.

    Args:
        flat: H×W uint8, paper 255.
        share: of the darkness of the darkest print that ink has at least, 0-1.
        least, most: bounds of the level.
    """
    darkest = float(np.percentile(flat[::4, ::4], _DARKEST))
    return min(max(255 - share * (255 - darkest), least), most)


def without_streaks(flat: Gray, streaks: Gray, dpi: float) -> Gray:
    """The sheet without the fine lines down it; strokes of letters that cross them go on.

    Args:
        flat: H×W uint8.
        streaks: H×W uint8, 1 on and close about such lines.
        dpi: resolution of both.
    """
    lit = np.where(streaks, flat, 255).min(axis=1)
    # Most of a streak runs over bare paper: what is darker than there is print.
    print_level = float(np.median(lit[lit < 255])) - _DARKER if (lit < 255).any() else 0.0
    finest = np.ones((1, max(3, round(_STREAK * dpi / 25.4))), np.uint8)
    without = cv2.morphologyEx(flat, cv2.MORPH_CLOSE, finest)
    return u8(np.where((streaks > 0) & (flat > print_level), without, flat))
