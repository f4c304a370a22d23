"""A sheet read the right way up: the recogniser confirms the turn, or settles it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitize.clean import Cleaned, clean
from digitize.ink import DPI, MM, Marks
from digitize.tilt import find_skew
from digitize.turning import Pixels, rotate, to_gray, turn
from digitize.upright import Guess, guess_turn
from ocr.background import flatten, resized, u8
from ocr.engine import RecogniserFailed, read_words, recognise
from ocr.words import Word, mean_confidence, tidy

#: The finest resolution at which the recogniser is asked, dots per inch.
_FINEST = 300.0
#: Height in pixels of the small letters (25th percentile) at which a sheet is read, and the
#: coarsest resolution: Tesseract brings lines to 36 pixels itself, and layout, thresholds and
#: its own coding of every line cost by the pixel. On 13 pages of prose at 300 dpi, reduced to
#: 1, 0.85, 0.75, 0.65, 0.6: 24.1, 21.6, 19.5, 18.0, 17.2 s and word F1 0.986, 0.991, 0.994,
#: 0.994, 0.994; below 200 dpi the rules of tables grow too pale to be found.
_LETTER, _COARSEST = 13.0, 200.0
#: A sheet with fewer letters is read as finely as any: a copied card has 100 to 200 small ones.
_MUCH = 200
#: A sheet whose marks left doubt stands right if it reads with this mean confidence, 0-100.
_READS_WELL = 80.0
#: A sheet that reads with less than this may lie wrong although its marks said otherwise.
_READS_BADLY = 60.0
#: Letters that must have been read before confidence means anything.
_ENOUGH = 20
#: How much more must be read one way up than any other way.
_CLEARLY = 1.3
#: Less than this is read into scribbles, see :func:`_evidence`: they came to 30 to 100, a column of
#: figures to 860, print to 3,000 and more.
_LEAST = 200.0
#: Side of the part of the sheet that is read to settle the turn, in millimetres.
_SAMPLE_MM = 70.0
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


@dataclass(frozen=True)
class Upright:
    """A sheet set upright as its marks say.

    Attributes:
        dpi: its resolution.
        marks: what was found on it as it came.
    """

    cleaned: Cleaned
    guess: Guess
    dpi: float
    marks: Marks


def set_upright(pixels: Pixels, dpi: float, marks: Marks) -> Upright:
    """Turn, straighten and crop a sheet as its marks say; noise is left as it lies."""
    guess = Guess(0, 0.0, (90, 180, 270)) if marks.are_noise else guess_turn(marks)
    cleaned = clean(pixels, dpi, marks, guess.degrees, guess.skew)
    return Upright(cleaned, guess, dpi, marks)


def read_page(page: Upright, language: str, again: Callable[[], Pixels]) -> Reading:
    """Recognise a sheet; one whose turn is in doubt is tried the other ways.

    Args:
        again: loads the sheet's pixels once more, for the few in doubt: kept in hand while all
            others are read, they would be a worker's largest piece of memory.

    Raises:
        RecogniserFailed, RecogniserMissing: see :func:`ocr.engine.recognise`.
    """
    cleaned, guess, dpi, marks = page.cleaned, page.guess, page.dpi, page.marks
    if marks.are_noise:  # the recogniser takes minutes over it, and finds nothing
        return Reading(cleaned, [], False)
    wanted = reading_dpi(marks)
    words = recognise(cleaned.pixels, dpi, language, reading_dpi=wanted)
    confidence = mean_confidence(words) or 0.0
    if guess.sure and confidence >= _READS_BADLY:
        return Reading(cleaned, words, True)
    if confidence >= _READS_WELL and sum(len(word.text) for word in words) >= _ENOUGH:
        return Reading(cleaned, words, True)
    pixels = again()
    degrees, sure = settle_turn(pixels, dpi, marks, guess, language)
    if degrees != guess.degrees:
        cleaned = clean(pixels, dpi, marks, degrees, find_skew(marks.turned(degrees)))
        words = recognise(cleaned.pixels, dpi, language, reading_dpi=wanted)
    return Reading(cleaned, words, sure)


def settle_turn(
    pixels: Pixels, dpi: float, marks: Marks, guess: Guess, language: str
) -> tuple[int, bool]:
    """The turn by which the fullest part of the sheet reads best, and whether clearly so.

    Where nothing tells, the sheet stays as it was fed, but for lines that surely lie sideways.
    """
    others, wanted = guess.others or ((guess.degrees + 180) % 360,), reading_dpi(marks)
    found = {
        degrees: _evidence(_words_of_sample(upright, wanted, language))
        for degrees, upright in _samples(pixels, dpi, marks, (guess.degrees, *others))
    }
    best, second = sorted(found, key=lambda degrees: -found[degrees])[:2]
    if found[best] > max(_LEAST, _CLEARLY * found[second]):
        return best, True
    axis_sure = len(found) == 2
    return (guess.degrees if axis_sure else 0), guess.sure


def reads_mirrored(pixels: Pixels, dpi: float, marks: Marks, language: str) -> bool:
    """Whether the fullest part of the sheet clearly reads better in a mirror than as it is: it is
    the print of the other side that shines through. Where neither reads, nothing is told."""
    guess, wanted = guess_turn(marks), reading_dpi(marks)
    plain = mirrored = 0.0
    for _degrees, upright in _samples(pixels, dpi, marks, (guess.degrees, *guess.others)):
        plain = max(plain, _evidence(_words_of_sample(upright, wanted, language)))
        mirror = u8(cv2.flip(upright, 1))
        mirrored = max(mirrored, _evidence(_words_of_sample(mirror, wanted, language)))
    return mirrored > max(_LEAST, _CLEARLY * plain)


def _samples(
    pixels: Pixels, dpi: float, marks: Marks, turns: Sequence[int]
) -> Iterator[tuple[int, Pixels]]:
    """The fullest part of the sheet turned clockwise by each of ``turns`` and straightened."""
    sample = _fullest_part(to_gray(pixels), dpi, marks)
    skews = {axis: find_skew(marks.turned(axis)) for axis in {d % 180 for d in turns}}
    for degrees in turns:
        yield degrees, rotate(turn(sample, degrees), skews[degrees % 180], 255)


def _words_of_sample(flat: Pixels, dpi: float, language: str) -> list[Word]:
    """One plain reading, line by line: page analysis (3) would itself turn what lies sideways.

    What takes long is noise or a photo; it tells nothing.
    """
    try:
        return list(tidy(read_words(flat, dpi, language, segmentation=6, timeout=_SAMPLE_TIMEOUT)))
    except RecogniserFailed:
        return []


def _evidence(words: list[Word]) -> float:
    """How much was read with confidence: letters and figures times confidence above chance."""
    return sum(
        sum(c.isalnum() for c in word.text) * max(0.0, word.confidence - 40) for word in words
    )


def reading_dpi(marks: Marks) -> float:
    """The resolution at which the sheet's letters have the size that is read best and soonest."""
    letters = marks.round_letters
    if len(letters) < _MUCH:
        return _FINEST
    height = float(np.percentile(letters[:, 2:4].max(axis=1), 25)) / DPI
    return min(max(_LETTER / height, _COARSEST), _FINEST)


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
    wanted = reading_dpi(marks)
    return flatten(resized(part, wanted / dpi), wanted)
