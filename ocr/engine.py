"""Pages to words, through Tesseract.

One call of Tesseract a page; two only for a small patch of small print, such as a copied
ID card, which is cut out and enlarged for it, and for what stands under a seal. What is in
its way is lifted off the picture it gets: seals, streaks, codes, rules. Cells of tables and
doubtful words are looked at once more by a second reader where that is installed. Pictures
reach Tesseract as grey PGM files in memory-backed storage: encoding a PNG would take longer
than many a page takes to read.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytesseract

from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder
from foundation.messages import N_
from foundation.places import fast_storage
from ocr.background import Gray, flatten, resized, u8, without_streaks
from ocr.cells import by_cells
from ocr.codes import without_codes
from ocr.islands import find_island
from ocr.rules import without_rules
from ocr.second_look import look_at_words
from ocr.stamps import without_stamps
from ocr.tables import Table, find_tables
from ocr.under_seals import Box, joined, patches, scaled
from ocr.words import Word, overlap, tidy

#: Seconds after which one call of Tesseract is given up; a dense A4 page takes 3 s here.
TIMEOUT = 120
#: Enlargement of an island for the recogniser: of 1, 1.5, 2 and 3 the one with the best
#: word F1 on copies of ID cards at 300 dpi.
_ENLARGE = 1.5
#: Paper from this brightness on, of 255, is made white for Tesseract, and all else brighter in
#: step: even paper is coded sooner. On 13 pages of prose 250, 246, 243 and 225 took 5, 9, 8 and
#: 8 % off its time, and word F1 went from 0.9951 to 0.9945, 0.9958, 0.9943 and 0.9927. The fine
#: print of cards loses by it (facts of cards 8 of 8, then 4).
_WHITE = 246.0


class RecogniserMissing(SohoaError):
    """Tesseract or its Vietnamese model is not installed."""

    exit_code = ExitCode.SETUP
    message = N_(
        "Tesseract with the language “{language}” is not installed. "
        "Install it: sudo apt-get install tesseract-ocr tesseract-ocr-vie"
    )


class RecogniserFailed(SohoaError):
    """Tesseract crashed or took too long on one page."""

    message = N_("The recogniser failed on this page: {detail}")


@cache
def version() -> str:
    """Version of the Tesseract installed, such as ``5.3.0``.

    Raises:
        RecogniserMissing: there is none.
    """
    try:
        return str(pytesseract.get_tesseract_version()).split("-")[0]
    except (pytesseract.TesseractNotFoundError, SystemExit) as error:
        raise RecogniserMissing(language="vie") from error


def require(language: str) -> None:
    """Make sure that Tesseract can read ``language``. Raises :class:`RecogniserMissing`."""
    version()
    missing = set(language.split("+")) - set(pytesseract.get_languages())
    if missing:
        raise RecogniserMissing(language="+".join(sorted(missing)))


def recognise(
    pixels: Gray, dpi: float, language: str = "vie", *, reading_dpi: float | None = None
) -> list[Word]:
    """The words on an upright page.

    Args:
        pixels: H×W×3 BGR or H×W uint8, upright and straight, as shown; seals are lifted
            and the paper evened out here.
        dpi: its resolution in dots per inch.
        language: Tesseract's name of the model.
        reading_dpi: the resolution at which it is read; its own if not given.

    Returns:
        Words in reading order, boxes in pixels of ``pixels``.

    Raises:
        RecogniserFailed: Tesseract crashed or ran longer than ``TIMEOUT`` seconds.
        RecogniserMissing: Tesseract is not installed.
    """
    reading_dpi = reading_dpi or dpi
    page, tables, marks = _for_reading(pixels, dpi, reading_dpi)
    if tables:
        words = _with_tables(page, reading_dpi, language, tables)
    elif island := find_island(page, reading_dpi):
        words = _of_island(page, reading_dpi, language, island)
    else:
        words = list(tidy(read_words(_on_white(page), reading_dpi, language)))
        words = _under_seals(page, reading_dpi, language, marks, words)
    words = look_at_words(page, words)
    return [word.scaled(dpi / reading_dpi) for word in words]


def _for_reading(
    pixels: Gray, dpi: float, wanted: float
) -> tuple[Gray, Sequence[Table], Sequence[Box]]:
    """The page at the resolution ``wanted`` in even grey without seals, codes, streaks and rules,
    its ruled tables, and where seals were lifted."""
    lifted = without_stamps(pixels, dpi)
    gray = resized(lifted.page, wanted / dpi)
    flat = without_codes(flatten(gray, wanted))
    ruling = find_tables(flat, wanted)
    if ruling.streaks is not None:
        flat = without_streaks(flat, ruling.streaks, wanted)
    if ruling.rules is not None:
        flat = u8(np.where(ruling.rules, 255, flat))
    marks = [scaled(box, wanted / dpi) for box in lifted.marks]
    return without_rules(flat, wanted), ruling.tables, marks


def _with_tables(page: Gray, dpi: float, language: str, tables: Sequence[Table]) -> list[Word]:
    """The words of a page with ruled tables: read straight across (segmentation 6), as the
    layout that Tesseract itself finds in tables loses a tenth of their words."""
    words = list(tidy(read_words(_on_white(page), dpi, language, segmentation=6)))
    return by_cells(page, dpi, tables, words)


def _on_white(page: Gray) -> Gray:
    """The page with its paper wholly white, for Tesseract, which codes every line as PNG."""
    return u8(cv2.convertScaleAbs(page, alpha=255 / _WHITE))


def _under_seals(
    page: Gray, dpi: float, language: str, marks: Sequence[Box], words: list[Word]
) -> list[Word]:
    """The words of a page, those about lifted seals and signatures read once more."""
    for patch in patches(marks, dpi, page):
        left, top, right, bottom = patch
        cut = page[top:bottom, left:right]
        again = tidy(read_words(cut, dpi, language, segmentation=6))
        words = joined(words, [word.scaled(1, left, top) for word in again], patch, dpi)
    return words


def _of_island(
    page: Gray, dpi: float, language: str, island: tuple[int, int, int, int]
) -> list[Word]:
    """The words of a page whose only print is small: cut out, enlarged, read in two ways."""
    left, top, right, bottom = island
    big = resized(page[top:bottom, left:right], _ENLARGE)
    first = list(tidy(read_words(big, dpi, language)))
    second = tidy(read_words(big, dpi, language, segmentation=6))
    both = in_reading_order([*first, *_in_the_gaps(second, first)])
    return [word.scaled(1 / _ENLARGE, left, top) for word in both]


def read_words(
    picture: Gray,
    dpi: float,
    language: str,
    *,
    segmentation: int = 3,
    timeout: float = TIMEOUT,
) -> Iterator[Word]:
    """One call of Tesseract: raw words with boxes in pixels of ``picture``.

    Args:
        segmentation: Tesseract's page segmentation mode: 3 finds the layout, 6 reads lines.
        timeout: seconds.

    Raises:
        RecogniserFailed, RecogniserMissing: see :func:`recognise`.
    """
    with scratch_folder(fast_storage()) as folder:
        path = folder / "page.pgm"
        path.write_bytes(_pgm(picture))
        try:
            table = pytesseract.image_to_data(
                str(path),
                lang=language,
                config=f"--psm {segmentation} --dpi {round(dpi)}",
                output_type=pytesseract.Output.DICT,
                timeout=timeout,
            )
        except pytesseract.TesseractNotFoundError as error:
            raise RecogniserMissing(language=language) from error
        except (pytesseract.TesseractError, RuntimeError, subprocess.SubprocessError) as error:
            raise RecogniserFailed(detail=_last_line(str(error))) from error
    columns = ("text", "left", "top", "width", "height", "conf", "block_num", "par_num", "line_num")
    for text, left, top, width, height, confidence, *line in zip(
        *(table[name] for name in columns), strict=True
    ):
        if str(text).strip():
            yield Word(str(text).strip(), left, top, width, height, float(confidence), tuple(line))


def single_threaded() -> None:
    """Keep Tesseract to one thread a process: on 2 cores four threads took four times as long."""
    os.environ["OMP_THREAD_LIMIT"] = "1"


def in_reading_order(words: Sequence[Word]) -> list[Word]:
    """Words put in lines by where they stand: top to bottom, then left to right."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.top + w.height / 2):
        middle = word.top + word.height / 2
        if lines and middle < _middle_of(lines[-1]) + 0.5 * _height_of(lines[-1]):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [
        replace(word, line=(number,))
        for number, line in enumerate(lines)
        for word in sorted(line, key=lambda w: w.left)
    ]


def _middle_of(line: Sequence[Word]) -> float:
    return float(np.median([word.top + word.height / 2 for word in line]))


def _height_of(line: Sequence[Word]) -> float:
    return float(np.median([word.height for word in line]))


def _in_the_gaps(found: Iterator[Word], first: Sequence[Word]) -> list[Word]:
    """Words of a second reading where the first found nothing, if the reader is fairly sure."""
    return [
        word
        for word in found
        if word.confidence >= 60 and not any(overlap(word, other) for other in first)
    ]


def _pgm(picture: Gray) -> bytes:
    height, width = picture.shape
    return b"P5 %d %d 255\n" % (width, height) + np.ascontiguousarray(picture).tobytes()


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1][:200] if text.strip() else "no output"
