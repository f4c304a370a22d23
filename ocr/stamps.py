"""Seals and pen strokes in colour lifted off black print, for the recogniser only."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, resized, u8

#: Resolution at which coloured ink is looked for, dots per inch, and its pixels a millimetre.
_DPI = 75.0
_MM = _DPI / 25.4
#: Difference of the channels, 0-255 and the paper's own tint taken off, of coloured ink.
_COLOURFUL = 40
#: A mark at least so high and wide is a seal or a signature and no print, millimetres; the
#: capitals of the largest titles are 8 mm high.
_LARGE = 9.0
#: Within the box of a mark up to this large all coloured ink belongs to it: the letters
#: around a seal. Larger marks are frames, which may hold coloured print, millimetres.
_SEAL = 60.0
#: A mark that fills more than this share of its box is a picture or a tinted field.
_FILLED = 0.5


def without_stamps(pixels: NDArray[np.uint8], dpi: float) -> Gray:
    """The page in grey with coloured seals and signatures as pale as their paper.

    Such ink is dark in two channels at most; the third shows the black below. Print in
    colour stays.

    Args:
        pixels: H×W×3 BGR or H×W uint8.
        dpi: its resolution.

    Returns:
        H×W uint8; the picture itself when it is grey.
    """
    if pixels.ndim == 2:
        return pixels
    gray = u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    coloured = _coloured(pixels, dpi)
    height, width = gray.shape
    for (x, y, w, h), mask in _marks(coloured):
        scale = dpi / _DPI
        left, top = max(0, int((x - 1) * scale)), max(0, int((y - 1) * scale))
        right, bottom = min(width, int((x + w + 1) * scale)), min(height, int((y + h + 1) * scale))
        grown = cv2.dilate(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), _AROUND)
        here = cv2.resize(grown, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
        part = gray[top:bottom, left:right]
        part[:] = np.where(here, _without_ink(pixels[top:bottom, left:right], u8(here)), part)
    return gray


def _without_ink(pixels: NDArray[np.uint8], here: Gray) -> Gray:
    """The brightest channel, made so much brighter that coloured ink where ``here`` is 1 is white.

    Black below stays dark, for every ink by its own brightest channel: red, green or blue.
    """
    brightest, which = u8(pixels.max(axis=2)), pixels.argmax(axis=2)
    ink = (brightest.astype(np.int16) - pixels.min(axis=2) > _COLOURFUL) & (here > 0)
    result = brightest.astype(np.float32)
    for channel in range(3):
        of_it = which == channel
        if (ink & of_it).any():
            result[of_it] *= 255.0 / max(1.0, float(np.median(brightest[ink & of_it])))
    return u8(np.minimum(result, 255))


_AROUND = np.ones((3, 3), np.uint8)


def _coloured(pixels: NDArray[np.uint8], dpi: float) -> Gray:
    """Where ink of a colour lies, 1, at 75 dpi."""
    small = resized(pixels, _DPI / dpi).astype(np.int16)
    chroma = small.max(axis=2) - small.min(axis=2)
    # Tinted paper differs in its channels too, evenly so.
    tint = cv2.medianBlur(u8(np.clip(resized(u8(chroma), 0.25), 0, 255)), 31)
    tint = cv2.resize(tint, chroma.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return u8(chroma - tint.astype(np.int16) > _COLOURFUL)


def _marks(coloured: Gray) -> list[tuple[tuple[int, int, int, int], Gray]]:
    """Boxes at 75 dpi of seals, signatures and frames, with the ink to lift in each."""
    if not coloured.any():
        return []
    joined = cv2.dilate(coloured, _AROUND)
    _count, labels, stats, _middles = cv2.connectedComponentsWithStats(joined)
    found = []
    for number, (x, y, w, h, area) in enumerate(stats[1:].tolist(), 1):
        if min(w, h) < _LARGE * _MM or area > _FILLED * w * h:
            continue
        here = coloured[y : y + h, x : x + w]
        if max(w, h) > _SEAL * _MM:
            here = u8(here & (labels[y : y + h, x : x + w] == number))
        found.append(((x, y, w, h), here))
    return found
