"""Separator sheets: what their QR code says, and whether a scanned sheet is one.

A sheet is a separator when it carries our own QR code, large, or the patch T. Other QR codes
(identity cards, seals, payments) never are: ours begins with its own word, ends in a check
over the rest, and stands on the sheet at least 40 mm wide, so that neither a foreign code nor
a picture of a separator on some page splits a document.

Looking costs little: the sheet is read at 75 dpi (a JPEG is decoded at a quarter of its size),
where a module of the code is four pixels wide. Only a sheet that looks like a separator whose
code cannot be read is looked at again at full size.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from digitize.patch import find_patch
from digitize.sheet import Sheet
from digitize.slips import Slip, parse_separator
from digitize.sources import load_measured
from digitize.turning import to_gray
from ocr.background import Gray, resized, u8
from ocr.codes import find_codes

#: Side of the code as printed; how small it may come out (copies shrink, resolutions are
#: guessed): a seal has 22 mm, an identity card 9 mm.
CODE_MM, LEAST_CODE_MM = 70.0, 40.0
#: Resolution looked at first, and at which a code that did not read is looked at again.
_LOOK_DPI, _AGAIN_DPI = 75.0, 150.0
#: Contrast, 0-255, below which a code is the other side's shining through.
_LEAST_CONTRAST = 30


@dataclass(frozen=True)
class Separator:
    """A sheet that parts documents.

    Attributes:
        slip: None where only the bars were found: a bought patch sheet, or a spoilt code.
        by: what told it.
    """

    slip: Slip | None
    by: Literal["code", "patch"]


def sheet_separator(sheet: Sheet) -> Separator | None:
    """Whether a scanned sheet is a separator; a born-digital page never is.

    Raises:
        BrokenSheet: its file cannot be decoded.
    """
    if sheet.kind == "pdf-text":
        return None
    if (small := _small_jpeg(sheet)) is not None:
        gray, dpi = small
        found, again = _look(gray, dpi)
        if not again:
            return found
    pixels, dpi = load_measured(sheet)
    return find_separator(to_gray(pixels), dpi)


def find_separator(gray: Gray, dpi: float) -> Separator | None:
    """Whether a picture of a sheet is a separator.

    Args:
        gray: H×W uint8, any way round.
        dpi: its resolution, or as it was guessed.
    """
    found, again = _look(resized(gray, min(1.0, _LOOK_DPI / dpi)), min(dpi, _LOOK_DPI))
    if not again:
        return found
    larger, scale = resized(gray, min(1.0, _AGAIN_DPI / dpi)), min(dpi, _AGAIN_DPI)
    for codes in find_codes(larger):
        for code in codes:
            if slip := _slip_of(code.text, code.corners, larger, scale):
                return Separator(slip, "code")
    return found


def _look(gray: Gray, dpi: float) -> tuple[Separator | None, bool]:
    """What a small picture shows, and whether a larger one may show more."""
    codes = zxingcpp.read_barcodes(
        gray,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        return_errors=True,
    )
    unread = False
    for code in codes:
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        outline = np.array([(corner.x, corner.y) for corner in corners], np.float64)
        if slip := _slip_of(code.text, outline, gray, dpi):
            return Separator(slip, "code"), False
        unread |= not code.text and _side_mm(outline, dpi) >= LEAST_CODE_MM
    patch = find_patch(gray, dpi)
    return (Separator(None, "patch") if patch else None), unread or patch is not None


def _slip_of(text: str, corners: NDArray[np.float64], gray: Gray, dpi: float) -> Slip | None:
    slip = parse_separator(text)
    if slip is None or _side_mm(corners, dpi) < LEAST_CODE_MM:
        return None
    return slip if _contrast(gray, corners) >= _LEAST_CONTRAST else None


def _side_mm(corners: NDArray[np.float64], dpi: float) -> float:
    """The shorter of the code's sides."""
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    return float(sides.min()) / dpi * 25.4


def _contrast(gray: Gray, corners: NDArray[np.float64]) -> float:
    left, top = np.maximum(corners.min(axis=0), 0).astype(int)
    right, bottom = corners.max(axis=0).astype(int)
    low, high = np.percentile(gray[top : bottom + 1, left : right + 1], (10, 90))
    return float(high - low)


#: How much smaller OpenCV's JPEG decoder can make a picture while it reads it.
_REDUCED = ((4, cv2.IMREAD_REDUCED_GRAYSCALE_4), (2, cv2.IMREAD_REDUCED_GRAYSCALE_2))


def _small_jpeg(sheet: Sheet) -> tuple[Gray, float] | None:
    """A JPEG at about the resolution to look at; None where that is not to be had quickly."""
    if sheet.kind != "image" or sheet.path.suffix.lower() not in {".jpg", ".jpeg"}:
        return None
    dpi = sheet.dpi or 0.0
    for factor, flag in _REDUCED:
        if dpi / factor >= 0.9 * _LOOK_DPI:
            pixels = cv2.imread(str(sheet.path), flag)
            if pixels is None:
                return None
            scale = dpi / factor
            wanted = min(1.0, _LOOK_DPI / scale)
            return resized(u8(pixels), wanted), scale * wanted
    return None
