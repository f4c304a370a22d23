"""A register as a file: CSV of any delimiter and encoding, or XLSX, row after row.

Nothing is kept but the row at hand. A file that unpacks to more than a register can hold is
refused before it is unpacked.
"""

import codecs
import csv
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from foundation.reasons import reason_of

if TYPE_CHECKING:
    from openpyxl import Workbook

#: Cells of a row that are looked at; registers have some twenty columns.
MOST_COLUMNS = 64
#: An XLSX of a million rows of twenty columns unpacks to about 1.2 GB, its shared texts to a
#: quarter of that; spreadsheets shrink 5 to 25 times, a bomb a thousand times.
_MOST_UNPACKED, _MOST_TEXTS, _MOST_SHRUNK = 2 << 30, 384 << 20, 150
_SMALL = 4 << 20
#: Bytes at the head of a text file by which its encoding and delimiter are told.
_HEAD = 1 << 20
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})


class RegisterUnreadable(SohoaError):
    """The file is no table, or is damaged."""

    exit_code = ExitCode.INPUT
    message = N_("{file} cannot be read as a register: {reason}. Give a .csv or .xlsx file.")


class RegisterTooLarge(SohoaError):
    """It unpacks to more than any register: an archive made to fill the memory."""

    exit_code = ExitCode.INPUT
    message = N_("{file} unpacks to far more than a register holds and was not opened.")


class SheetUnknown(SohoaError):
    """The workbook has no such sheet."""

    exit_code = ExitCode.USAGE
    message = N_("{file} has no sheet named {sheet}. It has: {sheets}.")


class NoWorkbook(SohoaError):
    """A sheet was named of a file that has none."""

    exit_code = ExitCode.USAGE
    message = N_("{file} is no workbook and has no sheets. Leave out --sheet {sheet}.")


@dataclass(frozen=True)
class Formula:
    """A formula whose result is not in the file, or is an error."""

    text: str


Cell = str | int | float | bool | date | datetime | Formula | None
Row = tuple[int, tuple[Cell, ...]]


@dataclass(frozen=True)
class Table:
    """One table of a file.

    Attributes:
        name: of the sheet; empty for CSV.
        encoding: of the file's bytes: ``utf-8``, ``utf-16``, ``bytes`` (one byte a letter, shown
            as Windows-1252), ``xlsx``.
        rows: line in the file (from 1) and cells.
    """

    name: str
    encoding: str
    rows: Iterator[Row]


@contextmanager
def open_tables(path: Path, sheet: str = "") -> Iterator[Iterator[Table]]:
    """The tables of a file in order, to be read one after the other within the block.

    Args:
        sheet: only this sheet of a workbook.

    Raises:
        RegisterUnreadable, RegisterTooLarge, SheetUnknown, NoWorkbook: see there.
    """
    with ExitStack() as held:
        with _refusals(path):
            stream = held.enter_context(path.open("rb"))
            head = stream.read(8)
            stream.seek(0)
            if head.startswith(b"PK\x03\x04"):
                tables = _sheets(path, held.enter_context(_workbooks(path, stream)), sheet)
            elif head.startswith(b"\xd0\xcf\x11\xe0"):
                raise RegisterUnreadable(file=path.name, reason=_("it is an old .xls file"))
            elif head.startswith(b"%PDF"):
                raise RegisterUnreadable(file=path.name, reason=_("it is a PDF"))
            elif sheet:
                raise NoWorkbook(file=path.name, sheet=sheet)
            else:
                tables = iter([_text_table(path, stream)])
        yield tables


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """What reading a file raises, as the refusal of the file."""
    try:
        yield
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, csv.Error) as error:
        raise RegisterUnreadable(file=path.name, reason=reason_of(error)) from error


def _guarded(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; what goes wrong with the file while they come is its refusal."""
    with _refusals(path):
        yield from rows


# --- XLSX ---------------------------------------------------------------------------------


@contextmanager
def _workbooks(path: Path, stream: IO[bytes]) -> Iterator[tuple["Workbook", "Workbook | None"]]:
    """The workbook with its values, and where there are formulas once more with those."""
    from openpyxl import load_workbook

    formulas = _look_inside(path, stream)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of looks and extensions openpyxl does not know
        try:
            values = load_workbook(path, read_only=True, data_only=True)
            other = load_workbook(path, read_only=True) if formulas else None
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise RegisterUnreadable(file=path.name, reason=_("it is no workbook")) from error
        try:
            yield values, other
        finally:
            values.close()
            if other:
                other.close()


def _look_inside(path: Path, stream: IO[bytes]) -> bool:
    """Whether formulas stand in the workbook. Raises RegisterTooLarge before unpacking."""
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if sum(one.file_size for one in members) > _MOST_UNPACKED:
            raise RegisterTooLarge(file=path.name)
        for one in members:
            shrunk = one.file_size / max(1, one.compress_size)
            texts = one.filename.lower().endswith("sharedstrings.xml")
            if (texts and one.file_size > _MOST_TEXTS) or (
                one.file_size > _SMALL and shrunk > _MOST_SHRUNK
            ):
                raise RegisterTooLarge(file=path.name)
        sheets = [one for one in members if one.filename.startswith("xl/worksheets/")]
        return any(_has_formulas(archive, one) for one in sheets)


def _has_formulas(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    if member.is_dir():
        return False
    with archive.open(member) as stream:
        before = b""
        while chunk := stream.read(1 << 20):
            if re.search(rb"<f[ >/]", before + chunk):
                return True
            before = chunk[-3:]
    return False


def _sheets(
    path: Path, books: tuple["Workbook", "Workbook | None"], wanted: str
) -> Iterator[Table]:
    values, formulas = books
    if wanted and wanted not in values.sheetnames:
        raise SheetUnknown(file=path.name, sheet=wanted, sheets=", ".join(values.sheetnames))
    for name in [wanted] if wanted else values.sheetnames:
        if not hasattr(values[name], "iter_rows"):  # a sheet that is a chart
            continue
        rows = _sheet_rows(path, values, formulas, name)
        yield Table(name, "xlsx", _guarded(path, rows))


def _sheet_rows(
    path: Path, values: "Workbook", formulas: "Workbook | None", name: str
) -> Iterator[Row]:
    def rows(book: "Workbook") -> Iterator[tuple[object, ...]]:
        sheet = book[name]
        sheet.reset_dimensions()  # what a file says of its size is often wrong
        return sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)

    try:
        if formulas is None:
            for line, cells in enumerate(rows(values), 1):
                yield line, tuple(_cell(cell) for cell in cells)
            return
        pairs = zip(rows(values), rows(formulas), strict=False)
        for line, (cells, sources) in enumerate(pairs, 1):
            yield line, tuple(map(_cell, cells, sources))
    except (SyntaxError, ValueError, KeyError, TypeError, AttributeError) as error:
        # What openpyxl raises on XML that is damaged; ParseError is a SyntaxError.
        raise RegisterUnreadable(file=path.name, reason=_("it is damaged")) from error


def _cell(value: object, source: object = None) -> Cell:
    if value is None:
        return Formula(str(source)) if source is not None else None
    if isinstance(value, int | float | date):
        return value
    return Formula(str(value)) if value in _ERRORS else str(value)


# --- CSV ----------------------------------------------------------------------------------


def _text_table(path: Path, stream: IO[bytes]) -> Table:
    head = stream.read(_HEAD)
    stream.seek(0)
    if not head.strip(b"\0 \t\r\n"):
        raise RegisterUnreadable(file=path.name, reason=_("it is empty"))
    encoding, codec = _encoding_of(head)
    if encoding == "bytes" and b"\0" in head:
        raise RegisterUnreadable(file=path.name, reason=_("it is no text"))
    # A byte that is no UTF-8 further down is kept, and shown as Windows-1252 has it.
    errors = "surrogateescape" if encoding != "utf-16" else "replace"
    text = codecs.getreader(codec)(stream, errors)
    sample = head.decode(codec, errors)
    delimiter, skip = _delimiter_of(sample)
    return Table("", encoding, _guarded(path, _csv_rows(text, delimiter, skip)))


def _encoding_of(head: bytes) -> tuple[str, str]:
    """The encoding, and the codec that reads it."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8", "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "utf-16"
    if head[1::2].count(0) > len(head) // 8:
        return "utf-16", "utf-16-le"
    if head[::2].count(0) > len(head) // 8:
        return "utf-16", "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "bytes", "latin-1"
    return "utf-8", "utf-8"


def _delimiter_of(sample: str) -> tuple[str, int]:
    """The sign between cells: the one that parts most lines into the same number of them.

    Returns:
        It, and how many lines at the top only name it (Excel's ``sep=;``).
    """
    if named := _SEPARATOR_LINE.match(sample.lstrip("\ufeff")):
        return named.group(1), 1
    lines = sample.splitlines()[:200]
    best, most = ",", 0.0
    for sign in _DELIMITERS:
        try:
            counts = [len(row) for row in islice(csv.reader(lines, delimiter=sign), 100) if row]
        except csv.Error:
            continue
        usual = max(set(counts), key=lambda count: (counts.count(count), count), default=1)
        worth = counts.count(usual) / max(1, len(counts)) * min(usual, 30) if usual > 1 else 0.0
        if worth > most:
            best, most = sign, worth
    return best, 0


def _csv_rows(text: codecs.StreamReader, delimiter: str, skip: int) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter)
    start = 1
    for cells in reader:
        line, start = start, reader.line_num + 1
        if line > skip:
            yield line, tuple(_shown(cell) for cell in cells[:MOST_COLUMNS])


def _shown(cell: str) -> str | Formula:
    if "\udc80" <= max(cell, default="") <= "\udcff":
        cell = "".join(chr(ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c for c in cell)
    if cell.startswith("="):
        # Spreadsheets export numbers with leading zeros as ="0123".
        quoted = re.fullmatch(r'="([^"]*)"', cell.strip())
        return quoted.group(1) if quoted else Formula(cell)
    return Formula(cell) if cell in _ERRORS else cell


def texts_of(rows: Sequence[Row], column: int) -> list[str]:
    """The texts of one column in some rows."""
    cells = (cells[column] for _line, cells in rows if column < len(cells))
    return [cell for cell in cells if isinstance(cell, str)]
