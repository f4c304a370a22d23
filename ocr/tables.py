"""Ruled tables: their rules and cells found on a page, for the recogniser only.

A table is a net of straight rules, drawn through, dashed or dotted, of any weight, with
or without a frame. Its cells are what the rules part, so merged cells come out as they
are. Rules are lifted off the picture that is read, never off the page that is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, ink_level, u8
from ocr.components import components

Mask = NDArray[np.uint8]
#: Resolution at which rules are looked for, dots per inch, and its pixels a millimetre.
_DPI = 150.0
_MM = _DPI / 25.4
#: Share of the page's darkest print that the darkest pixel of a 150-dpi pixel must have to be
#: ink, in brightness on even paper at least and at most. Rules of one pixel at 300 dpi, read at
#: 200 or softened, have a third of the print's own darkness: with one level of 170 for all, 13
#: of 40 drawn tables lacked cells (six had none at all), with shares of 0.37, 0.34, 0.32, 0.3 and
#: 0.28 it was 13, 10, 6, 4 and none, and no other of 60 papers became a table.
_INK = (0.25, 170.0, 215.0)
#: Shortest rule across and down, millimetres; a row of small print is 3 mm high.
_ACROSS, _DOWN = 12.0, 4.5
#: Widest gap in a rule drawn through, and between the dashes or dots of one that is not,
#: and the heaviest rule, millimetres.
_NICK, _GAP, _WEIGHT = 0.3, 1.0, 1.2
#: A rule of dashes or dots is at least this many times longer: rows of letters look like one.
_DASHED = 2.0
#: Paper runs along both sides of a rule: of a strip this far off, from and to millimetres,
#: less than this share is ink. Rows of letters closed to bars fail it.
_BESIDE, _BARE = (0.4, 1.0), 0.3
#: Figures one below the other in low rows are no dashes of a rule down: what they have beside
#: them, rules across left out, came to 0.07 and more, dashes and dots to 0.01 at most.
_BARE_DOWN = 0.05
#: What ends of rules may lack to their crossing, millimetres.
_SHORT = 0.8
#: Smallest cell, millimetres either way.
_CELL = 2.5
#: A number's figures stand in at least so many boxes side by side, this large at most,
#: millimetres, and alike to this factor.
_COMB, _BOX, _ALIKE = 4, 12.0, 1.4
#: A rule down ends at a rule across, or as far off as others do, in a table without a frame
#: at most a row away, millimetres; a streak of the scanner ends anywhere.
_NEAR, _ROW = 2.0, 25.0
#: Columns at 150 dpi within which an upright rule runs.
_UPRIGHT = 5
#: A streak is at least so long, millimetres.
_STREAK = 30.0
#: Sideways drift of a rule to its length; the pages are straight to 0.3°, streaks often not.
_DRIFT = 0.008


@dataclass(frozen=True)
class Cell:
    """What rules enclose: pixels of the page, the rules themselves left out."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Table:
    """Cells of one net of rules, row by row; a cell of several rows stands in its first."""

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def top(self) -> int:
        """Where the first row begins, pixels of the page."""
        return min(cell.top for cell in self.rows[0])


@dataclass(frozen=True)
class Ruling:
    """Tables of a page and the rules they are made of.

    Attributes:
        rules: H×W uint8, 1 where a rule of a table or its ragged edge lies.
        streaks: likewise, lines down the page that are no rules: the scanner's glass.
    """

    tables: tuple[Table, ...]
    rules: Mask | None
    streaks: Mask | None


def find_tables(flat: Gray, dpi: float) -> Ruling:
    """The ruled tables of a page.

    Args:
        flat: H×W uint8, paper 255, upright and straight to about 0.3°.
        dpi: its resolution.
    """
    small = _darkest(flat, dpi / _DPI)
    ink = u8(small < ink_level(small, *_INK))
    solid, dashed = (_with_paper_beside(lines, ink.T, _BARE) for lines in _lines(ink.T, _DOWN))
    if not solid.any() and not dashed.any():
        return Ruling((), None, None)
    across = _with_paper_beside(u8(cv2.bitwise_or(*_lines(ink, _ACROSS))), ink, _BARE)
    alone = u8(ink & (cv2.dilate(across, np.ones((5, 1), np.uint8)) == 0))
    down = u8(solid | _with_paper_beside(dashed, alone.T, _BARE_DOWN)).T
    across, down, streaks = _crossing(across, down)
    net = across | down
    tables, kept = [], np.zeros_like(net)
    if not down.any():
        return Ruling((), None, _on_full(u8(streaks & ink), flat.shape))
    labels, stats, _middles = components(net)
    for number in range(1, len(stats)):
        x, y, width, height, _area = (int(v) for v in stats[number])
        if width < 20 * _MM or height < _DOWN * _MM:
            continue
        part = u8(labels[y : y + height, x : x + width] == number)
        cells = list(_cells(part))
        if not _is_table(cells):
            if _is_comb(cells):
                kept[y : y + height, x : x + width] |= part
            continue
        kept[y : y + height, x : x + width] |= part
        cells = [_on_page(cell, x, y, dpi / _DPI) for cell in cells]
        tables.append(Table(tuple(_rows_of(cells, dpi))))
    tables.sort(key=lambda table: table.top)
    return Ruling(
        tuple(tables), _on_full(u8(kept & ink), flat.shape), _on_full(u8(streaks & ink), flat.shape)
    )


def _on_full(mask: Mask, shape: tuple[int, ...]) -> Mask | None:
    """A mask at 150 dpi on the page, a little grown; None when it is empty."""
    if not mask.any():
        return None
    grown = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return u8(cv2.resize(grown, shape[1::-1], interpolation=cv2.INTER_NEAREST))


def _darkest(flat: Gray, factor: float) -> Gray:
    """The page at 150 dpi, every pixel as dark as the darkest it stands for."""
    height, width = flat.shape
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    # Rounded up: a rule of one pixel would else fall between the samples at 200 dpi.
    reach = max(1, ceil(factor))
    # Anchored at its own first pixel, so that the mask laid back on the page covers the rule.
    dark = cv2.erode(flat, np.ones((reach, reach), np.uint8), anchor=(0, 0))
    return u8(cv2.resize(dark, size, interpolation=cv2.INTER_NEAREST))


def _lines(ink: Mask, shortest: float) -> tuple[Mask, Mask]:
    """Straight thin lines across, drawn through, and of dashes or dots, 1.

    For lines down give the ink transposed, and take the lines so.
    """
    ink = np.ascontiguousarray(ink)
    return _joined(ink, _NICK, shortest), _joined(ink, _GAP, _DASHED * shortest)


def _joined(ink: Mask, gap: float, shortest: float) -> Mask:
    """Lines across without gaps wider than ``gap``, both in millimetres."""
    length, weight = round(shortest * _MM), round(_WEIGHT * _MM)
    # Closing turns dashes and dots into lines, but rows of letters into bars as well.
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, _odd(gap)), np.uint8))
    long = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    heavy = cv2.morphologyEx(long, cv2.MORPH_OPEN, np.ones((weight, 1), np.uint8))
    thin = u8(np.where(heavy, 0, long))
    if not thin.any():
        return thin
    return u8(cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)))


def _with_paper_beside(lines: Mask, ink: Mask, most: float) -> Mask:
    """Those lines across that have less than this share of ink, 0-1, along both sides."""
    if not lines.any():
        return lines
    kept = lines.copy()
    labels, stats, _middles = components(lines)
    near, far = (round(millimetres * _MM) for millimetres in _BESIDE)
    strips = cv2.boxFilter(
        np.ascontiguousarray(ink),
        cv2.CV_8U,
        (1, far - near),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    for number, (x, y, width, height, _area) in enumerate(stats[1:].tolist(), 1):
        line = labels[y : y + height, x : x + width] == number
        above = y + line.argmax(axis=0) - (near + far) // 2
        below = y + height - 1 - line[::-1].argmax(axis=0) + (near + far) // 2
        columns = np.arange(x, x + width)
        beside = [strips[np.clip(rows, 0, len(ink) - 1), columns] for rows in (above, below)]
        if max(float(strip.mean()) for strip in beside) >= most * (far - near):
            kept[y : y + height, x : x + width][line] = 0
    return kept


def _crossing(across: Mask, down: Mask) -> tuple[Mask, Mask, Mask]:
    """The rules a little longer, so that they meet, and the streaks that are no rules."""
    short = 2 * round(_SHORT * _MM) + 1
    across = u8(cv2.dilate(across, np.ones((3, short), np.uint8)))
    down = u8(cv2.dilate(down, np.ones((short, 3), np.uint8)))
    labels, stats, _middles = components(down)
    lines = [_Line.of(number, stats[number], across) for number in range(1, len(stats))]
    keep = np.zeros(len(stats), bool)
    for line in lines:
        others = [other for other in lines if other is not line]
        keep[line.number] = line.straight and all(line.ends_well(end, others) for end in (0, 1))
    kept = u8(keep[labels])
    for line in lines:
        if not keep[line.number]:
            _keep_rule_beside_streak(kept, np.asarray(labels), stats[line.number], line)
    streak = ~keep & (stats[:, cv2.CC_STAT_HEIGHT] >= _STREAK * _MM)
    streak[0] = False
    return across, kept, u8(streak[labels] & (kept == 0))


def _keep_rule_beside_streak(
    kept: Mask, labels: NDArray[Any], box: NDArray[Any], line: "_Line"
) -> None:
    """Mark the rule in a line that is one grown together with a streak that slants across it."""
    x, y, width, height, _area = (int(v) for v in box)
    if line.out is None or width <= _UPRIGHT or height - sum(line.out) < _DOWN * _MM:
        return
    rows = slice(y + line.out[0], y + height - line.out[1])
    here = labels[rows, x : x + width] == line.number
    wide = cv2.dilate(u8(here), np.ones((1, _UPRIGHT), np.uint8))
    covered = wide.mean(axis=0)
    middle = int(covered.argmax())
    columns = slice(max(0, middle - _UPRIGHT // 2), middle + _UPRIGHT // 2 + 1)
    beyond = here.copy()
    beyond[:, max(0, columns.start - 3) : columns.stop + 3] = False
    # A streak alone may stand as upright, but then nothing stands beside it.
    beside = (here[:, columns].any(axis=1) & beyond.any(axis=1)).mean()
    if covered[middle] >= 0.9 and beside > 0.1:
        kept[rows, x : x + width][:, columns] |= u8(here[:, columns])


@dataclass(frozen=True)
class _Line:
    """A line down the page.

    Attributes:
        ends: rows of its upper and lower end.
        out: pixels by which each end sticks out over the last line across that it meets;
            None where it meets none.
        straight: whether it runs as straight as the page stands.
    """

    number: int
    ends: tuple[int, int]
    out: tuple[int, int] | None
    straight: bool

    @classmethod
    def of(cls, number: int, box: NDArray[Any], across: Mask) -> "_Line":
        x, y, width, height, _area = (int(v) for v in box)
        met = np.flatnonzero(across[y : y + height, x : x + width].any(axis=1))
        out = (int(met[0]), height - 1 - int(met[-1])) if len(met) else None
        straight = width <= _WEIGHT * _MM + 3 + _DRIFT * height
        return cls(number, (y, y + height), out, straight)

    def ends_well(self, end: int, others: list["_Line"]) -> bool:
        """Whether an end, 0 the upper one, meets a line across or is one of a row of ends."""
        if self.out is None or self.out[end] > _ROW * _MM:
            return False
        beside = sum(abs(other.ends[end] - self.ends[end]) <= _NEAR * _MM for other in others)
        return self.out[end] <= _NEAR * _MM or beside >= max(1, min(2, len(others)))


def _cells(part: Mask) -> Iterator[Cell]:
    """What a net of rules parts, its open sides closed at its own box."""
    closed, edge = part.copy(), round(_NEAR * _MM)
    for side in (closed, closed[::-1], closed.T, closed.T[::-1]):
        side[:edge] |= side[edge]
        side[0] = 1
    _labels, stats, _middles = components(1 - closed, connectivity=4)
    for x, y, width, height, area in stats[1:].tolist():
        if min(width, height) >= _CELL * _MM and area >= 0.7 * width * height:
            yield Cell(x, y, x + width, y + height)


def _is_table(cells: list[Cell]) -> bool:
    """Whether there are two rows and two columns at least: a frame or a box is no table."""
    return len(cells) >= 4 and all(
        max(side) - min(side) > 2 * _CELL * _MM
        for side in ([cell.left for cell in cells], [cell.top for cell in cells])
    )


def _is_comb(cells: list[Cell]) -> bool:
    """Whether the cells are one row of small boxes, one for each figure of a number."""
    wide = [cell.right - cell.left for cell in cells]
    high = [cell.bottom - cell.top for cell in cells]
    return (
        len(cells) >= _COMB
        and max(*wide, *high) <= _BOX * _MM
        and max(wide) <= _ALIKE * min(wide)
        and max(high) <= _ALIKE * min(high)
    )


def _rows_of(cells: list[Cell], dpi: float) -> Iterator[tuple[Cell, ...]]:
    """The cells in rows, told by their upper edges, each from the left."""
    row: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: cell.top):
        if row and cell.top - row[0].top > 1.5 * dpi / 25.4:
            yield tuple(sorted(row, key=lambda cell: cell.left))
            row = []
        row.append(cell)
    yield tuple(sorted(row, key=lambda cell: cell.left))


def _on_page(cell: Cell, x: int, y: int, scale: float) -> Cell:
    left, top = round((x + cell.left) * scale), round((y + cell.top) * scale)
    return Cell(left, top, round((x + cell.right) * scale), round((y + cell.bottom) * scale))


def _odd(millimetres: float) -> int:
    return 2 * round(millimetres * _MM / 2) + 1
