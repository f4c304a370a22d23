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


def rotate(picture: Pixels, degrees: float, fill: int = 0, how: int = cv2.INTER_CUBIC) -> Pixels:
    """The picture turned clockwise by ``degrees`` on a canvas grown to hold all of it.

    Args:
        fill: brightness of what the picture does not cover.
        how: pixels are made up; masks gain nothing by the cubic way, which takes four times as
            long as the linear one.
    """
    if abs(degrees) < MIN_SKEW:
        return picture
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_width = int(np.ceil(width * cos + height * sin))
    new_height = int(np.ceil(height * cos + width * sin))
    matrix[0, 2] += (new_width - width) / 2
    matrix[1, 2] += (new_height - height) / 2
    size, value = (new_width, new_height), (fill, fill, fill)
    return u8(cv2.warpAffine(picture, matrix, size, flags=how, borderValue=value))
