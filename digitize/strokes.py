"""What on a page is stroke and what is picture: print, pen and seals against all the rest.

A stroke is thin; or it is a spot, small and of one colour, as the star of a seal is.
Photographs, shade, the lid, a banner and what shows through from the other side are neither.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digitize.shrink import shrunk, whole_factor
from digitize.turning import Pixels
from ocr.background import channels, resized, u8
from ocr.components import components

#: Resolution, dots per inch, at which the ground under the strokes is estimated.
GROUND_DPI = 50.0
_MM = GROUND_DPI / 25.4
#: Strokes up to this many millimetres are thin: print of 36 points has stems of 1.8 mm.
_STROKE_MM = 3.5
#: What holds a square of this many millimetres is ground: an ID card, a slip glued on.
_OBJECT_MM = 40.0
#: Dark parts this near to each other are parts of one thing.
_PART_MM = 6.0
#: A spot is at most so large, and of one colour within so many levels (standard deviation):
#: the star of a seal has 8 to 12 mm, and 3 levels on the sample sheets.
_SPOT_MM, _ONE_COLOUR = 20.0, 16.0
#: Share of the ground's brightness by which ink must differ from it: somewhere in a stroke, at
#: its core everywhere, and at its edge. Show-through on the sample sheets reaches 0.20, their
#: faintest stroke differs by 0.45; one between the first two is ink or paper as a whole.
_SOMEWHERE, _CORE, _EDGE = 0.36, 0.30, 0.16
#: A pixel is of its stroke from this share of the core's contrast: half its profile's height
#: is a stroke's true width.
_WIDTH = 0.5
#: How much contrast is sharpened, and over how many millimetres, that hairlines beside heavy
#: stems are not lost: similarity 0.971 where it was 0.9695 without, for 1 KB.
_SHARPEN, _NEAR_MM = 0.5, 0.17
#: Ink shows its own colour from this share of the core's contrast. More leaves print paler or
#: darker by places (similarity 0.964 at 0.93), less mixes paper into seals (colour kept on
#: 0.82 of a seal at 0.65 where it is 0.86).
_PURE = 0.75
#: Lone marks smaller than this many square millimetres, and farther than so many millimetres
#: from any other, are dirt: the dot of an 8-point i has 0.1 mm2.
_SPECK_MM2, _ALONE_MM = 0.09, 1.2
#: Dirt is looked for among at most so many marks (the type of their labels).
_MOST_MARKS = 65535


@dataclass(frozen=True)
class Strokes:
    """What was found.

    Attributes:
        mask: H×W uint8, 1 where there is ink.
        core: H×W uint8, 1 where that ink shows its own colour, unmixed with paper.
        picture: h×w uint8 at 50 dpi, 1 where there is a photograph or other wide darkness.
    """

    mask: Pixels
    core: Pixels
    picture: Pixels


def find_strokes(pixels: Pixels, dpi: float) -> Strokes:
    """Find the strokes of a page.

    Args:
        pixels: H×W or H×W×3 (BGR) uint8.
        dpi: its resolution.
    """
    ground, picture = _find_ground(pixels, dpi)
    contrast = _contrast(pixels, ground)
    peak = _peaks(contrast, dpi)
    paper = u8(cv2.resize(_brightness(ground), contrast.shape[1::-1]))
    ink = _find_ink(contrast, peak, paper, dpi)
    ink &= u8(cv2.resize(1 - picture, ink.shape[1::-1], interpolation=cv2.INTER_NEAREST))
    ink = _whole_strokes(ink, _reaches(contrast, paper, _SOMEWHERE), dpi)
    return Strokes(ink, ink & _reaches(contrast, peak, _PURE), picture)


def square(side_mm: float, dpi: float) -> Pixels:
    """A structuring element of so many millimetres, odd in pixels."""
    side = 2 * round(side_mm * dpi / 25.4 / 2) + 1
    return np.ones((side, side), np.uint8)


def _find_ground(pixels: Pixels, dpi: float) -> tuple[Pixels, Pixels]:
    """The page without its strokes at 50 dpi, and where it shows pictures.

    A grey closing takes away what is dark and thinner than its element, and leaves the
    edges of all else where they are (Serra, "Image Analysis and Mathematical Morphology").
    """
    times = whole_factor(dpi, 2 * GROUND_DPI)
    small = resized(shrunk(pixels, times), GROUND_DPI / dpi * times)
    ground = _closed(small, _STROKE_MM)
    paper = _closed(ground, _OBJECT_MM)
    dark = _reaches(_darker(paper, ground), _brightness(paper), _SOMEWHERE)
    picture = np.zeros_like(dark)
    labels, stats, _centres = components(_closed(dark, _PART_MM))
    for number in range(1, len(stats)):
        part = u8(labels == number)
        extent = max(stats[number, cv2.CC_STAT_WIDTH], stats[number, cv2.CC_STAT_HEIGHT])
        if extent <= _SPOT_MM * _MM and _is_of_one_colour(ground, part & dark):
            around = cv2.dilate(part, square(2 * _STROKE_MM, GROUND_DPI)) > 0
            ground[around] = paper[around]
        else:
            picture |= u8(cv2.dilate(part, square(2.0, GROUND_DPI)))
    return u8(cv2.medianBlur(ground, 5)), picture


def _closed(pixels: Pixels, side_mm: float) -> Pixels:
    return u8(cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, square(side_mm, GROUND_DPI)))


def _brightness(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 2 else u8(channels(pixels)[1])


def _darker(ground: Pixels, pixels: Pixels) -> Pixels:
    """By how much pixels are darker than their ground, whatever its resolution, in the channel
    that tells most.

    So red and blue ink stand out as black does.
    """
    if pixels.ndim == 2:
        return u8(cv2.subtract(_as_large(ground, pixels), pixels))
    gap = np.zeros(pixels.shape[:2], np.uint8)
    for channel in range(3):  # one at a time: the three of a sheet have 26 MB
        of_it = u8(cv2.extractChannel(pixels, channel))
        below = _as_large(u8(cv2.extractChannel(ground, channel)), of_it)
        cv2.max(gap, cv2.subtract(below, of_it), dst=gap)
    return gap


def _as_large(ground: Pixels, pixels: Pixels) -> Pixels:
    if ground.shape == pixels.shape:
        return ground
    return u8(cv2.resize(ground, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def _is_of_one_colour(ground: Pixels, part: Pixels) -> bool:
    inner = u8(cv2.erode(part, np.ones((3, 3), np.uint8)))
    _mean, deviation = cv2.meanStdDev(ground, mask=inner if inner.any() else part)
    return bool(np.max(deviation) <= _ONE_COLOUR)


def _contrast(pixels: Pixels, ground: Pixels) -> Pixels:
    """By how much each pixel is darker than its ground, H×W uint8.

    A little smoothed: the noise of edges costs a tenth of the mask's bytes and shows nothing.
    """
    return u8(cv2.GaussianBlur(_darker(ground, pixels), (5, 5), 0.7))


def _peaks(contrast: Pixels, dpi: float) -> Pixels:
    """The greatest contrast within 0.35 mm: that of the core of the stroke a pixel is in."""
    return u8(cv2.dilate(contrast, square(0.7, dpi)))


def _find_ink(contrast: Pixels, peak: Pixels, paper: Pixels, dpi: float) -> Pixels:
    """Where ink is, H×W uint8 of 0 and 1: dark enough for the stroke it is in."""
    blurred = cv2.GaussianBlur(contrast, (0, 0), _NEAR_MM / 25.4 * dpi)
    sharp = u8(cv2.addWeighted(contrast, 1 + _SHARPEN, blurred, -_SHARPEN, 0))
    ink = _reaches(sharp, peak, _WIDTH) & _reaches(peak, paper, _CORE)
    return ink & _reaches(contrast, paper, _EDGE)


def _reaches(pixels: Pixels, other: Pixels, share: float) -> Pixels:
    """1 where pixels are at least so great a share of the others'."""
    bar = u8(cv2.convertScaleAbs(other, alpha=share))
    return u8(cv2.compare(pixels, bar, cv2.CMP_GE)) & np.uint8(1)


def _whole_strokes(ink: Pixels, strong: Pixels, dpi: float) -> Pixels:
    """The strokes that are plain somewhere, without small marks that stand alone."""
    labels, stats, _centres = components(ink)
    if len(stats) >= _MOST_MARKS:
        return ink & strong
    keep = np.zeros(len(stats), np.uint8)
    keep[labels[(ink & strong) > 0]] = 1
    large = keep & u8(stats[:, cv2.CC_STAT_AREA] >= _SPECK_MM2 * (dpi / 25.4) ** 2)
    if (large == keep).all():
        return u8(keep[labels])
    near = cv2.dilate(large[labels], square(2 * _ALONE_MM, dpi))
    return u8(keep[labels]) & u8(near)
