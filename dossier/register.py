"""A register of papers, as offices keep them: read row by row, with all that is wrong with it.

    register = read_register(Path("so-dang-ky.xlsx"))
    for row in register.rows: ...
    print(*report_lines(register.name, register.columns, len(register.rows), register.problems))

A register of a million rows need not be held at once: :func:`open_register` gives the rows as
they come and counts its problems on the way.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date as Day  # noqa: N812  a field of rows is named date
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path

from digitize.slips import slip_key
from dossier.legacy_text import (
    ENCODINGS,
    Encoding,
    Guess,
    guess_encoding,
    is_vietnamese,
    to_unicode,
)
from dossier.register_columns import (
    ColumnAway,
    ColumnsUnknown,
    Header,
    field_of,
    find_header,
    headings_seen,
    wish_not_met,
)
from dossier.register_file import Cell, Formula, Row, Table, open_tables, texts_of
from dossier.register_values import (
    read_born,
    read_date,
    read_number,
    read_owner_id,
    read_pages,
    text_of,
)
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_text
from foundation.times import today as this_day
from ocr.labels import bare

#: Rows by whose words the encoding of each column is told.
_SAMPLE = 500
#: Lines named of each kind of problem.
NAMED = 5
#: What a totals row begins with, bare of marks.
_TOTALS = re.compile(r"(tong(cong|so|ket)?|cong(tong)?)(\d|so|cong|trang|hoso|giayto|$)")
#: Below this a column's encoding is said to be unsure.
_SURE = 0.5
_TEXTS = ("number", "owner_name", "type", "place")


class NoPapers(SohoaError):
    """A register has headings and nothing below them."""

    exit_code = ExitCode.INPUT
    message = N_("{file} has headings but no paper below them. Is it the whole file?")


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One paper of the register.

    Attributes:
        line: its line in the file, from 1.
        number: the paper's own number as the register has it, NFC; may be empty.
        date: its day; None where it is missing or no day.
        owner_id: 12-digit number, 9-digit card number or tax code; may be empty.
        type: what paper it is, in the register's words.
        pages_expected: None where the register does not say.
        place: shelf, box, folder.
        born: the owner's day or year of birth, ISO 8601.
        file: name of a file that holds the paper already.
        doubts: kinds of the problems of this row.
    """

    line: int
    number: str
    date: Day | None = None
    owner_id: str = field(default="", repr=False)
    owner_name: str = field(default="", repr=False)
    type: str = ""
    pages_expected: int | None = None
    place: str = ""
    born: str = field(default="", repr=False)
    file: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One kind of thing that is wrong, and where.

    Attributes:
        kind: stable word, a key of :data:`dossier.register_report.KINDS`.
        count: rows it was found in.
        lines: the first of them.
    """

    kind: str
    count: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Columns:
    """How the file was understood.

    Attributes:
        sheet: of a workbook; empty for CSV.
        encoding: of the file's bytes.
        header: where the headings stand.
        written: the encoding of each field's words.
    """

    sheet: str
    encoding: str
    header: Header
    written: Mapping[str, Guess]


@dataclass(frozen=True)
class Register:
    """A register as a whole."""

    name: str
    columns: Columns
    rows: tuple[RegisterRow, ...]
    problems: tuple[Problem, ...]


@dataclass
class OpenRegister:
    """Rows as they come; its problems are complete once the last row was taken."""

    name: str
    columns: Columns
    _rows: Iterator[Row]
    _today: Day
    _tally: dict[str, list[int]] = field(default_factory=dict)
    _numbers: set[int] = field(default_factory=set)
    _whole: set[int] = field(default_factory=set)

    def __iter__(self) -> Iterator[RegisterRow]:
        for line, cells in self._rows:
            if row := self._row(line, cells):
                yield row

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong so far, a kind each, the commonest first."""
        found = [Problem(kind, tally[0], tuple(tally[1:])) for kind, tally in self._tally.items()]
        return tuple(sorted(found, key=lambda one: (-one.count, one.kind)))

    def note(self, kind: str, line: int = 0) -> None:
        """Count a problem."""
        tally = self._tally.setdefault(kind, [0])
        tally[0] += 1
        if line and len(tally) <= NAMED:
            tally.append(line)

    def _row(self, line: int, cells: tuple[Cell, ...]) -> RegisterRow | None:
        if skipped := _is_no_paper(cells, self.columns.header):
            if skipped != "blank":
                self.note(skipped, line)
            return None
        doubts: list[str] = []
        texts = {name: self._text(name, cells, doubts) for name in self.columns.header.columns}
        row = self._paper(line, texts, doubts)
        self._look_for_twins(row, doubts)
        for kind in doubts:
            self.note(kind, line)
        return replace(row, doubts=tuple(doubts))

    def _paper(self, line: int, cells: Mapping[str, Cell], doubts: list[str]) -> RegisterRow:
        number, fault = read_number(cells.get("number"))
        _add(doubts, fault)
        day = None
        if "date" in cells:
            day, fault = read_date(cells["date"], self._today)
            _add(doubts, fault)
        pages, fault = read_pages(cells.get("pages_expected"))
        _add(doubts, fault)
        owner_id, fault = read_owner_id(cells.get("owner_id"))
        _add(doubts, fault if "owner_id" in cells else "")
        born, fault = read_born(cells.get("born"), self._today)
        _add(doubts, fault)
        name = text_of(cells.get("owner_name"))
        if not owner_id and not name:
            _add(doubts, "owner-missing")
        kept = {one: sys.intern(text_of(cells.get(one))) for one in ("type", "place")}
        return RegisterRow(
            line, number, day, owner_id, name, kept["type"], pages, kept["place"], born,
            text_of(cells.get("file")),
        )  # fmt: skip

    def _text(self, name: str, cells: tuple[Cell, ...], doubts: list[str]) -> Cell:
        """A field's cell, its words turned to Unicode."""
        place = self.columns.header.columns[name]
        cell = cells[place] if place < len(cells) else None
        if isinstance(cell, Formula):
            _add(doubts, "formula")
            return cell
        if not isinstance(cell, str) or cell.isascii():
            return cell
        written: Encoding = self.columns.written[name].encoding
        text = to_unicode(cell, written)
        if name in _TEXTS and not _reads(text):
            other = guess_encoding([cell])
            if other.encoding != written and other.confidence > _SURE:
                _add(doubts, "encoding-mixed")
                text, written = to_unicode(cell, other.encoding), other.encoding
        # The font of small letters has no capital "Á": names begin with one.
        if name == "owner_name" and written == "tcvn3":
            text = " ".join(word[:1].upper() + word[1:] for word in text.split())
        return text

    def _look_for_twins(self, row: RegisterRow, doubts: list[str]) -> None:
        """Note a number that was there before. Numbers begin anew each year, for each type."""
        if not row.number:
            return
        year = row.date.year if row.date else 0
        number = _digest(slip_key(row.number), bare(row.type), year)
        whole = _digest(number, row.date, row.owner_id, bare(row.owner_name), row.pages_expected)
        if whole in self._whole:
            _add(doubts, "row-twice")
        elif number in self._numbers:
            _add(doubts, "number-twice")
        self._numbers.add(number)
        self._whole.add(whole)


@contextmanager
def open_register(
    path: Path,
    wishes: Mapping[str, str] | None = None,
    *,
    sheet: str = "",
    today: Day | None = None,
) -> Iterator[OpenRegister]:
    """A register to be gone through once.

    Args:
        wishes: for fields whose column is not known by its heading: the heading, or the
            column's number from 1; see :func:`dossier.register_columns.parse_wishes`.
        sheet: of a workbook; else the first one with headings that are known.
        today: later days are doubted.

    Raises:
        RegisterUnreadable, RegisterTooLarge, SheetUnknown: see :mod:`dossier.register_file`.
        ColumnsUnknown: there are no headings, or none for the number.
        ColumnAway: a column that was wished for is not there.
    """
    wishes = wishes or {}
    with open_tables(path, sheet) as tables:
        table, header, rows = _first_known(path, tables, wishes)
        ahead = list(islice(rows, _SAMPLE))
        written = _written(ahead, header)
        columns = Columns(table.name, table.encoding, header, written)
        day = today or this_day()
        opened = OpenRegister(path.name, columns, chain(ahead, rows), day)
        for name, guess in written.items():
            if name in _TEXTS and guess.encoding != "unicode" and guess.confidence < _SURE:
                opened.note("encoding-unsure")
        for _heading in header.twice:
            opened.note("column-twice")
        for name in ("date", "owner_name", "type"):
            if name not in header.columns:
                opened.note(f"no-{name.replace('_', '-')}-column")
        yield opened


def read_register(
    path: Path,
    wishes: Mapping[str, str] | None = None,
    *,
    sheet: str = "",
    today: Day | None = None,
) -> Register:
    """A register as a whole; about half a kilobyte of memory a row. See :func:`open_register`."""
    with open_register(path, wishes, sheet=sheet, today=today) as opened:
        rows = tuple(opened)
        return Register(opened.name, opened.columns, rows, opened.problems)


def _written(rows: Sequence[Row], header: Header) -> dict[str, Guess]:
    """The encoding of each column; of the whole file where its own words do not tell."""
    texts = {name: texts_of(rows, place) for name, place in header.columns.items()}
    whole = guess_encoding(chain.from_iterable(texts.values()))
    own = {name: guess_encoding(words) for name, words in texts.items()}
    return {
        name: guess if guess.confidence > _SURE and guess.marked else whole
        for name, guess in own.items()
    }


def _first_known(
    path: Path, tables: Iterable[Table], wishes: Mapping[str, str]
) -> tuple[Table, Header, Iterator[Row]]:
    seen: list[str] = []
    for table in tables:
        head = list(islice(table.rows, 2 * _SAMPLE // 10))
        header = find_header(head, wishes)
        if header:
            if away := wish_not_met(head, header, wishes):
                raise ColumnAway(
                    field=away[0],
                    column=wishes[away[0]],
                    file=path.name,
                    count=away[1],
                    headings=_shown(headings_seen(head)),
                )
            rest = [row for row in head if row[0] > header.line]
            return table, header, chain(rest, table.rows)
        seen = seen or headings_seen(head)
    raise ColumnsUnknown(file=path.name, headings=_shown(seen))


def _shown(headings: Sequence[str]) -> str:
    """Headings for a message; where there are none they are a person's row."""
    return mask_text(", ".join(headings[:12])) or "–"


def _is_no_paper(cells: tuple[Cell, ...], header: Header) -> str:
    """Why a row is no paper: ``blank``, ``totals``, ``heading``; empty when it is one."""
    filled = [cell for cell in cells if not _is_empty(cell)]
    if not filled:
        return "blank"
    places = header.columns
    number = cells[places["number"]] if places["number"] < len(cells) else None
    if len(filled) <= max(4, len(places) // 2):
        texts = [cell for cell in filled if isinstance(cell, str)]
        if any(map(_says_total, texts[:3])):
            return "totals"
    if _counts_columns(filled):
        return "heading"
    if _is_empty(number) and len(filled) == 1:
        return "title"
    if isinstance(number, str) and not any(map(str.isdigit, number)):
        return "heading" if field_of(number) == "number" else ""  # printed again on every page
    return ""


def _says_total(text: str) -> bool:
    """Whether a cell is what totals rows begin with, however it is encoded."""
    return any(_TOTALS.match(bare(to_unicode(text, encoding))) for encoding in ENCODINGS)


def _counts_columns(filled: list[Cell]) -> bool:
    """The row "(1) (2) (3)" that forms have below their headings."""
    if text_of(filled[0]).strip("(). ") != "1":
        return False
    numbers = [re.sub(r"[()\s.]", "", text_of(cell)) for cell in filled]
    return len(numbers) > 2 and numbers == [str(n) for n in range(1, len(numbers) + 1)]


def _is_empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _reads(text: str) -> bool:
    """Whether the marked words of a text are Vietnamese."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    odd = any(ord(sign) in range(0x80, 0xC0) for sign in text)
    return not odd and all(map(is_vietnamese, words))


def _digest(*parts: object) -> int:
    """64 bits: two different rows of a million fall together in one register of 37 million."""
    data = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest())


def _add(doubts: list[str], kind: str) -> None:
    if kind and kind not in doubts:
        doubts.append(kind)
