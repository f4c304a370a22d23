"""Pages to words, through Tesseract.

One call of the recogniser a page; a second one only for a small patch of small print,
such as a copied ID card, which is cut out and enlarged for it. Pictures reach Tesseract
as grey PGM files in memory-backed storage: encoding a PNG would take longer than many a
page takes to read.
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
from ocr.rules import without_rules
from ocr.tables import Table, find_tables
from ocr.words import Word, tidy

#: Seconds after which one call of Tesseract is given up; a dense A4 page takes 3 s here.
TIMEOUT = 120
#: A patch of print smaller than this share of the page in both directions is an island.
_ISLAND_SHARE = 0.6
#: Enlargement of an island for the recogniser: of 1, 1.5, 2 and 3 the one with the best
#: word F1 on copies of ID cards at 300 dpi.
_ENLARGE = 1.5
#: Reduction of a page with tables, rules lifted, for Tesseract, which reads its lines straight
#: across then (segmentation 6): of ten pages word F1 was 0.93 so, 0.92 at full size, 0.89 and
#: 0.93 with sparse text (11), and 0.81 and 0.87 with its own layout (3).
_TABLE_SCALE = 0.8


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


def recognise(gray: Gray, dpi: float, language: str = "vie") -> list[Word]:
    """The words on an upright page.

    Args:
        gray: H×W uint8, upright and straight, as shown; it is evened out here.
        dpi: its resolution in dots per inch.
        language: Tesseract's name of the model.

    Returns:
        Words in reading order, boxes in pixels of ``gray``.

    Raises:
        RecogniserFailed: Tesseract crashed or ran longer than ``TIMEOUT`` seconds.
        RecogniserMissing: Tesseract is not installed.
    """
    flat = without_codes(flatten(gray, dpi))
    ruling = find_tables(flat, dpi)
    if ruling.streaks is not None:
        flat = without_streaks(flat, ruling.streaks, dpi)
    if ruling.rules is not None:
        bare = without_rules(u8(np.where(ruling.rules, 255, flat)), dpi)
        return _with_tables(bare, dpi, language, ruling.tables)
    flat = without_rules(flat, dpi)
    island = find_island(flat, dpi)
    if island is None:
        return list(tidy(read_words(flat, dpi, language)))
    left, top, right, bottom = island
    patch = flat[top:bottom, left:right]
    big = u8(cv2.resize(patch, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_CUBIC))
    first = list(tidy(read_words(big, dpi, language)))
    second = tidy(read_words(big, dpi, language, segmentation=6))
    both = in_reading_order([*first, *_in_the_gaps(second, first)])
    return [word.scaled(1 / _ENLARGE, left, top) for word in both]


def _with_tables(bare: Gray, dpi: float, language: str, tables: Sequence[Table]) -> list[Word]:
    """The words of a page with ruled tables whose rules were lifted off."""
    small = resized(bare, _TABLE_SCALE)
    words = tidy(read_words(small, dpi * _TABLE_SCALE, language, segmentation=6))
    placed = [word.scaled(1 / _TABLE_SCALE) for word in words]
    return by_cells(bare, dpi, tables, placed)


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


def find_island(flat: Gray, dpi: float) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the only patch of print on a mostly empty page, or None."""
    scale = dpi / 75.0
    small = cv2.resize(flat, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    ink = u8(small < 190)
    joined = cv2.dilate(ink, np.ones((9, 15), np.uint8))
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(joined)
    boxes = [
        tuple(int(v) for v in stats[n, :4])
        for n in range(1, len(stats))
        # At least 5 mm wide and 3 mm high after joining, and truly inked: not a speck or streak.
        if stats[n, 2] >= 18 and stats[n, 3] >= 12 and (ink[labels == n]).sum() >= 40
    ]
    boxes = [(x, y, w, h) for x, y, w, h in boxes if w >= 0.05 * h]
    if not boxes:
        return None
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    height, width = small.shape
    if right - left > _ISLAND_SHARE * width or bottom - top > _ISLAND_SHARE * height:
        return None
    return (
        max(0, int(left * scale)),
        max(0, int(top * scale)),
        min(flat.shape[1], int(right * scale)),
        min(flat.shape[0], int(bottom * scale)),
    )


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
        if word.confidence >= 60 and not any(_overlap(word, other) for other in first)
    ]


def _overlap(one: Word, other: Word) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    along = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or along <= 0:
        return False
    smaller = min(one.width * one.height, other.width * other.height)
    return across * along > 0.2 * smaller


def _pgm(picture: Gray) -> bytes:
    height, width = picture.shape
    return b"P5 %d %d 255\n" % (width, height) + np.ascontiguousarray(picture).tobytes()


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1][:200] if text.strip() else "no output"
