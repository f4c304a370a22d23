"""Seals and pen strokes in colour lifted off black print, for the recogniser only.

On a grey scan only the seal can be told: a round mark of the size the law gives seals, paler
than the print beside it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, background, channels, flatten, resized, u8
from ocr.components import components

#: Resolution at which coloured ink is looked for, dots per inch, and its pixels a millimetre.
_DPI = 75.0
_MM = _DPI / 25.4
#: Difference of the channels, 0-255 and the paper's own tint taken off, of coloured ink.
_COLOURFUL = 40
#: The same for the paler rest of a mark that is as colourful as that somewhere: a worn seal.
_PALE = 20
#: Percentile of a part's pixels taken for its paper, and the difference of the shares of light
#: that the channels let through from which a pixel is coloured ink.
_PAPER, _TINGED = 80, 0.1
#: A mark at least so high and wide is a seal or a signature and no print, millimetres; the
#: capitals of the largest titles are 8 mm high.
_LARGE = 9.0
#: Within the box of a mark up to this large all coloured ink belongs to it: the letters
#: around a seal. Larger marks are frames, which may hold coloured print, millimetres.
_SEAL = 60.0
#: A mark larger than this is a frame and no signature, nor a seal joined to one, millimetres.
_STROKE = 110.0
#: Radius of the seals of offices, millimetres: about 36 to 42 mm across (the sizes are those of
#: seals seen, not looked up in the rules), and what a frayed rim adds or takes.
_RADIUS_MM = (15.5, 22.0)
#: How far beyond the circle found its rim may lie, millimetres.
_BEYOND_MM = 3.0
#: Votes that a circle needs at 75 dpi, and the steepness that counts as an edge.
_VOTES, _STEEP = 60, 120
#: Percentiles of the ink along the rim taken for the palest ink that is lifted whole, and for
#: proof that a rim is there; the last must be darker than this on paper evened out to 255.
_LIFTED, _THERE, _INKED = 20, 60, 205
#: Percentile of the page's ink taken for print, and how much paler the seal must be, 0-255.
_PRINT, _PALER = 5, 30
#: Share of the rim that must be so much paler.
_MOSTLY_SEAL = 0.75
#: A mark that fills more than this share of its box is a picture or a tinted field.
_FILLED = 0.5


@dataclass(frozen=True)
class Lifted:
    """A page without its seals and signatures.

    Attributes:
        page: H×W uint8.
        marks: left, top, right, bottom of what was lifted, but of no frames, pixels of the page.
    """

    page: Gray
    marks: tuple[tuple[int, int, int, int], ...] = ()


def without_stamps(pixels: NDArray[np.uint8], dpi: float) -> Lifted:
    """The page in grey with coloured seals and signatures as pale as their paper.

    Such ink is dark in two channels at most; the third shows the black below. Print in
    colour stays. On a grey scan round seals are lifted that are paler than print.

    Args:
        pixels: H×W×3 BGR or H×W uint8.
        dpi: its resolution.

    Returns:
        The page and where it was lifted; the picture itself, uncopied, when it is grey and has
        no such seal.
    """
    if pixels.ndim == 2:
        return _without_pale_seals(pixels, dpi)
    gray = u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    coloured = _coloured(pixels, dpi)
    height, width = gray.shape
    lifted = []
    for (x, y, w, h), mask in _marks(coloured):
        scale = dpi / _DPI
        left, top = max(0, int((x - 1) * scale)), max(0, int((y - 1) * scale))
        right, bottom = min(width, int((x + w + 1) * scale)), min(height, int((y + h + 1) * scale))
        grown = cv2.dilate(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), _AROUND)
        here = cv2.resize(grown, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
        about = np.s_[top:bottom, left:right]
        gray[about][here > 0] = _without_ink(pixels[about], here > 0)
        if max(w, h) <= _STROKE * _MM:
            lifted.append((left, top, right, bottom))
    return Lifted(gray, tuple(lifted))


def _without_ink(pixels: NDArray[np.uint8], here: NDArray[np.bool_]) -> Gray:
    """The pixels that are ``here`` in grey, coloured ink made as pale as the paper around it.

    Black below stays dark, for every ink by its own brightest channel: red, green or blue.
    """
    paper = np.percentile(pixels.reshape(-1, 3), _PAPER, axis=0).astype(np.float32)
    through = pixels[here] / np.maximum(paper, 1.0)  # the light that each channel lets through
    brightest, which = through.max(axis=1), through.argmax(axis=1)
    ink = brightest - through.min(axis=1) > _TINGED
    for channel in range(3):
        of_it = which == channel
        if (ink & of_it).any():
            brightest[of_it] *= 1.0 / max(0.05, float(np.median(brightest[ink & of_it])))
    blue, green, red = paper
    level = 0.114 * blue + 0.587 * green + 0.299 * red
    return u8(np.clip(brightest, 0, 1) * level)


def _without_pale_seals(gray: Gray, dpi: float) -> Lifted:
    """A grey scan without the ink of round seals: what is as dark as print stays."""
    small = flatten(resized(gray, _DPI / dpi), _DPI)
    low, high = (round(radius * _MM) for radius in _RADIUS_MM)
    circles = cv2.HoughCircles(
        small, cv2.HOUGH_GRADIENT, 1.5, 2.0 * high, param1=_STEEP, param2=_VOTES,
        minRadius=low, maxRadius=high,
    )  # fmt: skip
    result, lifted = gray, []
    for x, y, radius in [] if circles is None else circles.reshape(-1, 3) * (dpi / _DPI):
        reach = radius + _BEYOND_MM / 25.4 * dpi
        top, left = (max(0, round(middle - reach)) for middle in (y, x))
        about = np.s_[top : round(y + reach) + 1, left : round(x + reach) + 1]
        part = flatten(gray[about], dpi)
        rim = _rim(part, x - left, y - top, radius, dpi)
        ink = part[part < _INKED]
        if not len(ink) or np.percentile(rim, _THERE) > _INKED:
            continue
        dark = float(np.percentile(ink, _PRINT))
        # Print and pen strokes that cross the rim are no measure of the seal's own ink.
        rim = rim[rim >= dark + _PALER]
        if len(rim) < _MOSTLY_SEAL * 360:
            continue
        seal = float(np.percentile(rim, _LIFTED))
        # From half the print's darkness, so that the soft rims of its strokes stay.
        stretched = np.clip((part.astype(np.float32) - dark / 2) / (seal - dark / 2), 0, 1)
        result = gray.copy() if result is gray else result
        middle = int(x - left), int(y - top)
        disc = cv2.circle(np.zeros_like(part), middle, round(reach), (1,), -1)
        cleared = stretched * background(gray[about], dpi)
        result[about] = np.where(disc, cleared, result[about])
        lifted.append((left, top, left + part.shape[1], top + part.shape[0]))
    return Lifted(result, tuple(lifted))


def _rim(part: Gray, x: float, y: float, radius: float, dpi: float) -> Gray:
    """The darkest value within a millimetre of the circle, at every degree around it."""
    angles = np.radians(np.arange(360))
    radii = np.arange(radius - dpi / 25.4, radius + dpi / 25.4)
    columns = np.rint(x + np.outer(np.cos(angles), radii)).astype(int)
    rows = np.rint(y + np.outer(np.sin(angles), radii)).astype(int)
    height, width = part.shape
    return u8(part[rows.clip(0, height - 1), columns.clip(0, width - 1)].min(axis=1))


_AROUND = np.ones((3, 3), np.uint8)


def _coloured(pixels: NDArray[np.uint8], dpi: float) -> Gray:
    """Where ink of a colour lies, 1, at 75 dpi."""
    least, most = channels(resized(pixels, _DPI / dpi))
    chroma = u8(cv2.subtract(most, least))
    # Tinted paper differs in its channels too, evenly so.
    tint = cv2.medianBlur(resized(chroma, 0.25), 31)
    tint = cv2.resize(tint, chroma.shape[::-1], interpolation=cv2.INTER_LINEAR)
    above = cv2.subtract(chroma, u8(tint))
    pale, sure = u8(above > _PALE), above > _COLOURFUL
    labels, boxes, _centres = components(pale)
    kept = np.zeros(len(boxes), np.uint8)
    kept[labels[sure]] = 1
    kept[0] = 0
    return u8(kept[labels])


def _marks(coloured: Gray) -> list[tuple[tuple[int, int, int, int], Gray]]:
    """Boxes at 75 dpi of seals, signatures and frames, with the ink to lift in each."""
    if not coloured.any():
        return []
    joined = cv2.dilate(coloured, _AROUND)
    labels, stats, _middles = components(joined)
    found = []
    for number, (x, y, w, h, area) in enumerate(stats[1:].tolist(), 1):
        if min(w, h) < _LARGE * _MM or area > _FILLED * w * h:
            continue
        here = coloured[y : y + h, x : x + w]
        if max(w, h) > _SEAL * _MM:
            here = u8(here & (labels[y : y + h, x : x + w] == number))
        found.append(((x, y, w, h), here))
    return found
