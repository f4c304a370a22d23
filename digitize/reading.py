"""A sheet read the right way up: the recogniser confirms the turn, or settles it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.clean import Cleaned, clean
from digitize.ink import DPI, MM, Marks
from digitize.tilt import find_skew
from digitize.turning import Pixels, rotate, to_gray, turn
from digitize.upright import Guess, guess_turn
from ocr.background import flatten, resized
from ocr.engine import RecogniserFailed, read_words, recognise
from ocr.words import Word, mean_confidence, tidy

#: The recogniser is trained on print at about this many dots per inch.
READING_DPI = 300.0
#: A sheet whose marks left doubt stands right if it reads with this mean confidence, 0-100.
_READS_WELL = 80.0
#: A sheet that reads with less than this may lie wrong although its marks said otherwise.
_READS_BADLY = 60.0
#: Letters that must have been read before confidence means anything.
_ENOUGH = 20
#: How much more must be read one way up than any other way.
_CLEARLY = 1.3
#: Side of the part of the sheet that is read to settle the turn, in millimetres.
_SAMPLE_MM = 90.0
#: Seconds its reading may take; print takes less than one.
_SAMPLE_TIMEOUT = 5.0


@dataclass(frozen=True)
class Reading:
    """A cleaned page and its words.

    Attributes:
        turn_sure: False when neither marks nor words told top from bottom.
    """

    cleaned: Cleaned
    words: list[Word]
    turn_sure: bool


def read_page(pixels: Pixels, dpi: float, marks: Marks, language: str) -> Reading:
    """Clean and recognise a sheet; one whose turn is in doubt is tried the other ways.

    Raises:
        RecogniserFailed, RecogniserMissing: see :func:`ocr.engine.recognise`.
    """
    if marks.are_noise:  # the recogniser takes minutes over it, and finds nothing
        return Reading(clean(pixels, dpi, marks, 0), [], False)
    guess = guess_turn(marks)
    cleaned = clean(pixels, dpi, marks, guess.degrees)
    words = words_of(cleaned.pixels, dpi, language)
    confidence = mean_confidence(words) or 0.0
    if guess.sure and confidence >= _READS_BADLY:
        return Reading(cleaned, words, True)
    if confidence >= _READS_WELL and sum(len(word.text) for word in words) >= _ENOUGH:
        return Reading(cleaned, words, True)
    degrees, sure = settle_turn(pixels, dpi, marks, guess, language)
    if degrees != guess.degrees:
        cleaned = clean(pixels, dpi, marks, degrees)
        words = words_of(cleaned.pixels, dpi, language)
    return Reading(cleaned, words, sure)


def settle_turn(
    pixels: Pixels, dpi: float, marks: Marks, guess: Guess, language: str
) -> tuple[int, bool]:
    """The turn by which the fullest part of the sheet reads best, and whether clearly so.

    Where nothing tells, the sheet stays as it was fed, but for lines that surely lie sideways.
    """
    sample = _fullest_part(to_gray(pixels), dpi, marks)
    others = guess.others or ((guess.degrees + 180) % 360,)
    skews = {axis: find_skew(marks.turned(axis)) for axis in {d % 180 for d in others}}
    found = {}
    for degrees in (guess.degrees, *others):
        skew = skews.get(degrees % 180, 0.0)
        upright = rotate(turn(sample, degrees), skew, 255)
        found[degrees] = _evidence(_words_of_sample(upright, language))
    best, second = sorted(found, key=lambda degrees: -found[degrees])[:2]
    if found[best] > _CLEARLY * found[second]:
        return best, True
    axis_sure = len(found) == 2
    return (guess.degrees if axis_sure else 0), guess.sure


def _words_of_sample(flat: Pixels, language: str) -> list[Word]:
    """One plain reading, line by line: page analysis (3) would itself turn what lies sideways.

    What takes long is noise or a photo; it tells nothing.
    """
    try:
        return list(
            tidy(read_words(flat, READING_DPI, language, segmentation=6, timeout=_SAMPLE_TIMEOUT))
        )
    except RecogniserFailed:
        return []


def _evidence(words: list[Word]) -> float:
    """How much was read with confidence: letters and figures times confidence above chance."""
    return sum(
        sum(c.isalnum() for c in word.text) * max(0.0, word.confidence - 40) for word in words
    )


def words_of(pixels: NDArray[np.uint8], dpi: float, language: str) -> list[Word]:
    """Recognise at the reading resolution, with boxes back on the page that is shown."""
    factor = READING_DPI / dpi
    if 0.8 <= factor <= 1.25:
        return recognise(pixels, dpi, language)
    words = recognise(resized(pixels, factor), READING_DPI, language)
    return [word.scaled(1 / factor) for word in words]


def _fullest_part(gray: Pixels, dpi: float, marks: Marks) -> Pixels:
    """The square of the sheet with most letters, evened out, at the reading resolution."""
    side = round(_SAMPLE_MM * MM)
    height, width = marks.gray.shape
    letters = np.zeros((height, width), np.float32)
    for x, y, w, h, _a in marks.letters:
        letters[y + h // 2, x + w // 2] = 1
    within = cv2.boxFilter(
        letters, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    y, x = np.unravel_index(int(np.argmax(within)), within.shape)
    scale = dpi / DPI
    top, left = (max(0, round((int(c) - side // 2) * scale)) for c in (y, x))
    part = gray[top : top + round(side * scale), left : left + round(side * scale)]
    return flatten(resized(part, READING_DPI / dpi), READING_DPI)
