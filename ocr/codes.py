"""QR codes on a picture: what they say, and where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from ocr.background import Gray, resized, u8

#: Ways to look, best first, as enlargement and threshold: zxing misses small codes at first.
_WAYS = (
    (1.0, zxingcpp.Binarizer.LocalAverage),
    (0.5, zxingcpp.Binarizer.LocalAverage),
    (2.0, zxingcpp.Binarizer.LocalAverage),
    (1.0, zxingcpp.Binarizer.GlobalHistogram),
    (1.5, zxingcpp.Binarizer.GlobalHistogram),
    (3.0, zxingcpp.Binarizer.LocalAverage),
)
#: Pixels beyond which a picture is not enlarged: 80 MB.
_MOST_PIXELS = 80_000_000


@dataclass(frozen=True)
class Code:
    """A QR code found on a picture.

    Attributes:
        text: what it says; empty when it was found but could not be read.
        corners: 4×2 pixels of the picture.
    """

    text: str
    corners: NDArray[np.float64]


def find_codes(pixels: NDArray[np.uint8]) -> Iterator[list[Code]]:
    """The readable codes on a BGR or gray picture, once for every way to look, the best first."""
    gray = pixels if pixels.ndim == 2 else u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    for scale, binarizer in _WAYS:
        if scale <= 1.0 or gray.size * scale * scale <= _MOST_PIXELS:
            yield [code for code in _codes(gray, scale, binarizer) if code.text]


def without_codes(gray: Gray) -> Gray:
    """The picture with white in place of its QR codes: the recogniser reads words into them."""
    found = list(_codes(gray, *_WAYS[0], broken_too=True))
    if not found:
        return gray
    blank = gray.copy()
    for code in found:
        middle = code.corners.mean(axis=0)
        grown = middle + 1.04 * (code.corners - middle)  # half a module more on every side
        cv2.fillConvexPoly(blank, grown.round().astype(np.int32), (255,))
    return blank


def _codes(
    gray: Gray, scale: float, binarizer: zxingcpp.Binarizer, *, broken_too: bool = False
) -> Iterator[Code]:
    found = zxingcpp.read_barcodes(
        resized(gray, scale),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        binarizer=binarizer,
        return_errors=broken_too,
    )
    for code in found:
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        yield Code(code.text, np.array([(c.x / scale, c.y / scale) for c in corners]))
