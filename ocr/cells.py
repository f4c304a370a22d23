"""Words of ruled tables: read cell by cell and put in the order of the rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, ink_level, u8
from ocr.second_look import Line, look_again
from ocr.tables import Cell, Table
from ocr.words import Word

#: Share of the darkness of the page's darkest print that print has, and the brightness on even
#: paper at least and at most below which it is print.
_PRINT = (0.45, 150.0, 200.0)
#: Bare rows between lines of print, at least, millimetres; tone marks stand closer.
_LEADING = 0.3
#: Print is larger than this one way or the other, millimetres; a dash is.
_SPECK = 0.6
#: Height of a line with stacked tone marks and descenders, and from line to line, in heights
#: of an ordinary one, which in a table of figures is that of a figure.
_FULL, _PITCH = 1.4, 1.6
#: Gaps wider than this part a line into two, heights of a line's ink: rules lost to dirt.
_GAP = 1.3
#: A word of letters lower than this share of its line is a tone mark read alone.
_MARK = 0.3
#: Most confidence, 0-100, in a word that was read across the edge of its line.
_ACROSS = 40.0
#: First part of the line key of words in tables: no other words have it.
_KEY = 1_000_000


def by_cells(page: Gray, dpi: float, tables: Sequence[Table], words: Sequence[Word]) -> list[Word]:
    """The page's words, those in tables parted by cells, checked, and row by row.

    Args:
        page: H×W uint8, flattened, without the tables' rules.
        tables: from the top of the page.
        words: of the whole page in reading order, boxes in its pixels.
    """
    result = list(words)
    ink = u8(page < ink_level(page, *_PRINT))
    for number, table in enumerate(tables):
        held, outside = _by_place(table, result)
        inside = _read(page, ink, dpi, table, (_KEY, number), held)
        place = next((n for n, word in enumerate(outside) if word.top >= table.top), len(outside))
        while 0 < place < len(outside) and outside[place].line == outside[place - 1].line:
            place -= 1
        result = [*outside[:place], *inside, *outside[place:]]
    return result


def _by_place(table: Table, words: Sequence[Word]) -> tuple[dict[Cell, list[Word]], list[Word]]:
    """The words of each cell, by where their middles lie, and those outside the table."""
    across, along = (
        np.array([(word.left + word.width / 2, word.top + word.height / 2) for word in words])
        .reshape(-1, 2)
        .T
    )
    outside = np.ones(len(words), bool)
    held: dict[Cell, list[Word]] = {}
    for cell in (cell for row in table.rows for cell in row):
        inside = (cell.left <= across) & (across < cell.right)
        inside &= (cell.top <= along) & (along < cell.bottom)
        outside &= ~inside
        held[cell] = list(compress(words, inside))
    return held, list(compress(words, outside))


def _read(
    page: Gray,
    ink: Gray,
    dpi: float,
    table: Table,
    key: tuple[int, ...],
    held: Mapping[Cell, Sequence[Word]],
) -> list[Word]:
    """The words of one table in reading order: a line for each row whose cells have one line."""
    bands = [[list(_bands(ink, cell, dpi)) for cell in row] for row in table.rows]
    heights = [box.bottom - box.top for row in bands for cell in row for box in cell]
    if not heights:
        return []
    height = round(float(np.median(heights)))
    keys: list[tuple[int, ...]] = []
    lines: list[Line] = []
    for r, (row, found) in enumerate(zip(table.rows, bands, strict=True)):
        parted = [[part for box in cell for part in _parts(ink, box, height)] for cell in found]
        single = all(len(boxes) <= 1 for boxes in parted)
        for c, (cell, boxes) in enumerate(zip(row, parted, strict=True)):
            shares = _shared_out(held[cell], boxes, height)
            for n, (box, share) in enumerate(zip(boxes, shares, strict=True)):
                keys.append((*key, r) if single else (*key, r, c, n))
                lines.append(Line(box.left, box.top, box.right, box.bottom, tuple(share), height))
    read = zip(keys, look_again(page, lines), strict=True)
    return [replace(word, line=line) for line, found in read for word in found.words]


def _bands(ink: Gray, cell: Cell, dpi: float) -> Iterator[Cell]:
    """The boxes of ink in a cell, parted where whole rows of pixels are bare."""
    millimetre = dpi / 25.4
    marks = _without_specks(ink[cell.top : cell.bottom, cell.left : cell.right])
    rows = np.flatnonzero(marks.any(axis=1))
    if not len(rows):
        return
    breaks = np.flatnonzero(np.diff(rows) > max(2.0, _LEADING * millimetre)) + 1
    for band in np.split(rows, breaks):
        top, bottom = int(band[0]), int(band[-1]) + 1
        columns = np.flatnonzero(marks[top:bottom].any(axis=0))
        left, right = int(columns[0]), int(columns[-1]) + 1
        if max(bottom - top, right - left) >= _SPECK * millimetre:
            yield Cell(cell.left + left, cell.top + top, cell.left + right, cell.top + bottom)


def _without_specks(ink: Gray) -> Gray:
    """Ink in pieces of more than 3 pixels either way; a full stop of 8 points has 4 at 300 dpi."""
    _count, labels, stats, _middles = cv2.connectedComponentsWithStats(ink)
    large = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > 3
    large[0] = False
    return u8(large[labels])


def _parts(ink: Gray, box: Cell, height: int) -> Iterator[Cell]:
    """The lines in a box of ink, cut where there is least of it, and parted at wide gaps."""
    ink = ink[box.top : box.bottom, box.left : box.right]
    tall = box.bottom - box.top
    count = max(1, 1 + round((tall - _FULL * height) / (_PITCH * height)))
    profile = ink.sum(axis=1)
    cuts = [_thinnest(profile, n * tall / count, 0.3 * height) for n in range(1, count)]
    for top, bottom in pairwise([0, *cuts, tall]):
        columns = np.flatnonzero(ink[top:bottom].any(axis=0))
        breaks = np.flatnonzero(np.diff(columns) > _GAP * height) + 1
        for piece in np.split(columns, breaks):
            if len(piece):
                left, right = box.left + int(piece[0]), box.left + int(piece[-1]) + 1
                yield Cell(left, box.top + top, right, box.top + bottom)


def _thinnest(profile: NDArray[np.int64], row: float, reach: float) -> int:
    first = max(0, round(row - reach))
    return first + int(profile[first : round(row + reach) + 1].argmin())


def _shared_out(words: Sequence[Word], lines: Sequence[Cell], height: int) -> list[list[Word]]:
    """The words of a cell for each of its lines, every word given to the nearest.

    One that reaches beyond its line was read across a rule or a gap, so it is not trusted. Tone
    marks read as a line of their own, beside cells of two lines, are left out.
    """
    result: list[list[Word]] = [[] for _ in lines]
    for word in sorted(words, key=lambda word: word.left):
        if lines:
            nearest = min(range(len(lines)), key=lambda n: _away(word, lines[n]))
            line = lines[nearest]
            if word.height < _MARK * (line.bottom - line.top) and any(map(str.isalnum, word.text)):
                continue
            beyond = max(line.left - word.left, word.right - line.right)
            trust = min(word.confidence, _ACROSS if beyond > 0.6 * height else 100.0)
            result[nearest].append(replace(word, confidence=trust))
    return result


def _away(word: Word, line: Cell) -> float:
    """How far the middle of a word lies from a line, pixels."""
    across, along = word.left + word.width / 2, word.top + word.height / 2
    sideways = max(line.left - across, across - line.right, 0)
    return sideways + max(line.top - along, along - line.bottom, 0)
