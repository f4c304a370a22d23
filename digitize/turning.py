"""Pictures turned and rotated; nothing here judges."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import u8

Pixels = NDArray[np.uint8]

#: A tilt smaller than this, in degrees, is not worth resampling a page for.
MIN_SKEW = 0.05
_CODES = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def to_gray(pixels: Pixels) -> Pixels:
    """H×W uint8 brightness of a BGR or gray picture."""
    if pixels.ndim == 2:
        return pixels
    return u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))


def turn(pixels: Pixels, degrees: int) -> Pixels:
    """The picture turned clockwise by 0, 90, 180 or 270 degrees, without loss."""
    if degrees % 360 == 0:
        return pixels
    return u8(cv2.rotate(pixels, _CODES[degrees % 360]))


def rotate(
    picture: Pixels,
    degrees: float,
    fill: int = 0,
    how: int = cv2.INTER_CUBIC,
    part: tuple[int, int, int, int] | None = None,
) -> Pixels:
    """The picture turned clockwise by ``degrees`` on a canvas grown to hold all of it.

    Args:
        fill: brightness of what the picture does not cover.
        how: pixels are made up; masks gain nothing by the cubic way, which takes four times as
            long as the linear one.
        part: left, top, right, bottom of what is wanted of the canvas; all of it if not given.
    """
    height, width = picture.shape[:2]
    if abs(degrees) < MIN_SKEW:
        left, top, right, bottom = part or (0, 0, width, height)
        return picture[top:bottom, left:right]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_width = int(np.ceil(width * cos + height * sin))
    new_height = int(np.ceil(height * cos + width * sin))
    left, top, right, bottom = part or (0, 0, new_width, new_height)
    matrix[0, 2] += (new_width - width) / 2 - left
    matrix[1, 2] += (new_height - height) / 2 - top
    size = (min(right, new_width) - left, min(bottom, new_height) - top)
    return u8(cv2.warpAffine(picture, matrix, size, flags=how, borderValue=(fill, fill, fill)))
