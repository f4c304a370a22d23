"""QR codes on a picture: what they say, and where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from ocr.background import Gray, resized, u8
from ocr.components import components

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
#: How a patch that looks like a code is sharpened, as strength and width in pixels, and
#: enlarged: of 120 ways the best. On copies of cards blurred by 2-2.6 px at 300 dpi, or pale
#: and blurred by about 1 px at 150 dpi, it read 19 of the 21 codes that the ways above missed.
_STRENGTH, _WIDTH, _PATCH_SCALE = 8.0, 1.5, 4.0
#: Side of the smallest and the largest code looked for, as shares of the picture's width: an
#: identity card's is 9 mm (A4 copy), a seal's 22 mm, and a picture may be of the card alone.
_LEAST_SIDE, _MOST_SIDE = 0.03, 0.3
#: Patches looked at.
_MOST_PLACES = 3

#: Share of a code that is dark: about half; of a page of print a tenth, of bold print a fifth.
_DENSE = 0.3


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
    """The readable codes on a BGR or gray picture, once for every way to look, the best first.

    First the whole picture, then what looks like a code, cut out, sharpened and enlarged.
    """
    gray = pixels if pixels.ndim == 2 else u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    for scale, binarizer in _WAYS:
        if scale <= 1.0 or gray.size * scale * scale <= _MOST_PIXELS:
            yield [code for code in _codes(gray, scale, binarizer) if code.text]
    found: list[Code] = []
    for left, top, right, bottom in _likely_places(gray):
        patch = _sharpened(gray[top:bottom, left:right])
        for code in _codes(patch, _PATCH_SCALE, zxingcpp.Binarizer.LocalAverage):
            if code.text:
                found.append(Code(code.text, code.corners + np.array((left, top))))
    yield found


def without_codes(gray: Gray) -> Gray:
    """The picture with white in place of its QR codes: the recogniser reads words into them."""
    found = list(_codes(gray, *_WAYS[0], broken_too=True))
    if not found:
        return gray
    blank = gray.copy()
    for code in found:
        middle = code.corners.mean(axis=0)
        grown = middle + 1.04 * (code.corners - middle)  # half a module more on every side
        if code.text or _is_dense(gray, grown):
            cv2.fillConvexPoly(blank, grown.round().astype(np.int32), (255,))
    return blank


def _is_dense(gray: Gray, corners: NDArray[np.float64]) -> bool:
    """Whether as much is dark as in a code: print and ruled cells are taken for broken ones."""
    inside = cv2.fillConvexPoly(np.zeros_like(gray), corners.round().astype(np.int32), (1,)) > 0
    return bool(inside.any()) and float((gray[inside] < 128).mean()) > _DENSE


def _likely_places(gray: Gray) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, right, bottom of squarish patches full of edges in both directions."""
    scale = min(1.0, 800 / max(1, gray.shape[1]))
    small = resized(gray, scale)
    width = small.shape[1]
    across = np.abs(cv2.Sobel(small, cv2.CV_32F, 1, 0))
    along = np.abs(cv2.Sobel(small, cv2.CV_32F, 0, 1))
    side = max(5, round(_LEAST_SIDE * width)) | 1
    # Print has white between its lines, a code none: the lesser direction tells them apart.
    busy = np.minimum(cv2.blur(across, (side, side)), cv2.blur(along, (side, side)))
    marked = u8(busy > 0.5 * busy.max()) if busy.max() > 0 else u8(busy)
    _labels, boxes, _centres = components(marked)
    found = []
    for x, y, w, h, _area in boxes[1:]:
        grown = side // 2 + 2  # the blur above ate the rim
        if max(w, h) <= _MOST_SIDE * width and 0.4 <= w / h <= 2.5:
            found.append((float(busy[y : y + h, x : x + w].mean()), x, y, w, h, grown))
    for _busy, x, y, w, h, grown in sorted(found, reverse=True)[:_MOST_PLACES]:
        yield (
            max(0, int((x - grown) / scale)),
            max(0, int((y - grown) / scale)),
            min(gray.shape[1], int((x + w + grown) / scale)),
            min(gray.shape[0], int((y + h + grown) / scale)),
        )


def _sharpened(patch: Gray) -> Gray:
    """The patch with all its contrast, and what a blur took from its edges given back."""
    low, high = int(patch.min()), int(patch.max())
    wide = (patch - np.float32(low)) * np.float32(255 / max(1, high - low))
    soft = cv2.GaussianBlur(wide, (0, 0), _WIDTH)
    return u8(np.clip(wide + _STRENGTH * (wide - soft), 0, 255))


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
        # What is taken for a broken code may "say" something: a table read as text by its errors.
        text = code.text if code.valid else ""
        yield Code(text, np.array([(c.x / scale, c.y / scale) for c in corners]))
