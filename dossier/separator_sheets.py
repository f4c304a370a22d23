"""Separator sheets to print: one before each paper of a stack, used again and again.

A4, black on white: the patch T at the head and, upside down, at the foot (a sheet may be fed
either way), the same QR code twice in different places (a roller's streak or a stain spoils
one), and the number large enough to find it by in a pile. No name and no personal number is on
it: these sheets lie about.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import segno

from digitize.patch import BARS_MM, NARROW_MM
from digitize.separators import CODE_MM
from digitize.slips import Slip, parse_separator, separator_text
from dossier.drawn_codes import draw_code
from dossier.lettering import lettered
from dossier.making import SourceOverwritten
from dossier.register import (
    NAMED,
    NoPapers,
    OpenRegister,
    Problem,
    RegisterRow,
    open_register,
)
from dossier.shelf import keep_out_of_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import real, require_folder, write_atomic
from foundation.messages import N_, _
from foundation.privacy import mask_number, mask_text, printable
from ocr.idcard import is_personal_number

if TYPE_CHECKING:
    from fpdf import FPDF

_WIDTH, _HEIGHT, _MARGIN = 210.0, 297.0, 20.0
#: The bars begin so far from the edge: scanners that read patches look 6 to 94 mm from it, and
#: printers leave 5 mm white.
_BARS_TOP = 12.0
#: Where the number's line and the two codes stand, from the top.
_NUMBER_TOP, _FIRST_TOP, _SECOND_TOP = 44.0, 88.0, 180.0
#: Sizes of the number in points, the largest that fits is taken.
_SIZES = (96, 84, 72, 60, 52, 44, 36, 30, 25, 21, 17, 14)
#: Problems of a row that keep its number off a sheet; and one that is told beside it.
_UNPRINTED = ("number-missing", "number-personal", "number-is-date", "number-damaged", "row-twice")
_TOLD = "number-twice"
#: Sheets of one file: 5,000 are ten reams.
MOST_SHEETS = 5_000
#: Rows held at once: those of as many sheets, and as many again that get none.
_MOST_ROWS = 2 * MOST_SHEETS


class NothingToPrint(SohoaError):
    """No number was given, or none of the rows has one."""

    exit_code = ExitCode.USAGE
    message = N_(
        "No numbers to print: name a register whose rows have one (see: sohoa register FILE), or "
        "give numbers with --number."
    )


class TooManySheets(SohoaError):
    """More sheets than a printer should be given at once."""

    exit_code = ExitCode.USAGE
    message = N_(
        "That would be {count} sheets, more than {most} in one file. "
        "Choose lines of the register, such as --lines 2-1000."
    )


class NumberTooLong(SohoaError):
    """The number does not fit a code that can be read off paper."""

    exit_code = ExitCode.INPUT
    message = N_("The number “{number}” is too long for a separator sheet.")


class NumberUnfit(SohoaError):
    """A number that is empty, or holds what no number does."""

    exit_code = ExitCode.USAGE
    message = N_("“{number}” is no number of a register. Write it as it stands there.")


class NumberPersonal(SohoaError):
    """A number that is somebody's, not a paper's: separators lie about."""

    exit_code = ExitCode.USAGE
    message = N_(
        "“{number}” is somebody's personal number, and separator sheets lie about for all to see. "
        "Give the number the paper bears."
    )


class LinesAway(SohoaError):
    """No paper of the register stands on the lines chosen."""

    exit_code = ExitCode.USAGE
    message = N_("--lines {lines}: the papers of {file} stand on lines {first} to {last}.")


class LinesWithout(SohoaError):
    """Lines were chosen of no register."""

    exit_code = ExitCode.USAGE
    message = N_("--lines {lines} chooses from a register: name it, or leave --lines out.")


class LinesWrong(SohoaError):
    """A range of lines that is none."""

    exit_code = ExitCode.USAGE
    message = N_("--lines {lines}: give a line or a range of lines, such as 2-1000.")


@dataclass(frozen=True)
class SeparatorSheet:
    """What one sheet says.

    Attributes:
        notes: short lines beside the code: type, pages, place.
    """

    slip: Slip
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Printed:
    """What was printed.

    Attributes:
        left_out: rows without a sheet, by what is wrong with their number.
        doubtful: rows that have one, though their number stands in another row too.
    """

    sheets: int
    left_out: tuple[Problem, ...] = ()
    doubtful: tuple[Problem, ...] = ()


def sheets_of(rows: Iterable[RegisterRow]) -> Iterator[SeparatorSheet]:
    """A sheet for each row whose number can stand on one."""
    for row in rows:
        if _unprinted(row):
            continue
        told = (
            (N_("Line {value}"), row.line),
            (N_("Date {value}"), f"{row.date:%d/%m/%Y}" if row.date else ""),
            (N_("Type: {value}"), row.type),
            (N_("Pages: {value}"), row.pages_expected or ""),
            (N_("Place: {value}"), row.place),
        )
        notes = tuple(_(text).format(value=value) for text, value in told if value)
        yield SeparatorSheet(Slip(row.number, row.line), notes)


def print_for(
    register: Path | None,
    numbers: Sequence[str],
    out: Path,
    lines: str = "",
    copies: int = 1,
    *,
    wishes: Mapping[str, str] | None = None,
    sheet: str = "",
) -> Printed:
    """Print separators for a register's rows, and for numbers given.

    Args:
        lines: of the register, such as ``2-1000``; all without.
        wishes, sheet: see :func:`dossier.register.open_register`.

    Raises:
        LinesWrong, LinesAway, LinesWithout: ``lines`` is no such range, or has no papers.
        NoPapers: nor has the register. Else what :func:`print_separators` and
            :func:`open_register` raise.
    """
    first, last = _range(lines)
    keep_out_of_store(out)
    require_folder(out)
    if register is not None and real(register) == real(out):
        raise SourceOverwritten(file=out)
    given = [SeparatorSheet(Slip(_fit(number))) for number in numbers]
    if register is None:
        if lines:
            raise LinesWithout(lines=lines)
        return Printed(print_separators(given, out, copies=copies))
    with open_register(register, wishes, sheet=sheet) as opened:
        ends, rows = _chosen(opened, first, last)
    if not ends:
        raise NoPapers(file=register.name)
    if not rows:
        raise LinesAway(lines=lines, file=register.name, first=ends[0], last=ends[1])
    pages = print_separators(chain(given, sheets_of(rows)), out, copies=copies)
    left_out = _problems((kind, row.line) for row in rows if (kind := _unprinted(row)))
    doubtful = _problems(
        (_TOLD, row.line) for row in rows if _TOLD in row.doubts and not _unprinted(row)
    )
    return Printed(pages, left_out, doubtful)


def _chosen(
    opened: OpenRegister, first: int, last: int
) -> tuple[tuple[int, ...], list[RegisterRow]]:
    """Lines of a register's first and last paper, and the rows from one line to another."""
    ends: tuple[int, ...] = ()
    rows: list[RegisterRow] = []
    for row in opened:
        ends = (*ends[:1], row.line) if ends else (row.line, row.line)
        if first <= row.line <= last:
            rows.append(row)
        if len(rows) > _MOST_ROWS:
            raise TooManySheets(count=f"> {MOST_SHEETS}", most=MOST_SHEETS)
    return ends, rows


def _unprinted(row: RegisterRow) -> str:
    """What is wrong with a row's number that keeps it off a sheet; empty where nothing is."""
    return next((kind for kind in _UNPRINTED if kind in row.doubts), "")


def _problems(found: Iterable[tuple[str, int]]) -> tuple[Problem, ...]:
    lines: dict[str, list[int]] = {}
    for kind, line in found:
        lines.setdefault(kind, []).append(line)
    return tuple(Problem(kind, len(some), tuple(some[:NAMED])) for kind, some in lines.items())


def _range(lines: str) -> tuple[int, int]:
    if not lines:
        return 0, sys.maxsize
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", lines.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise LinesWrong(lines=lines)
    return first, last


def _fit(number: str) -> str:
    """A number as it is given, blanks evened out. Raises NumberUnfit, NumberPersonal."""
    plain = " ".join(number.split())
    if not plain or printable(plain) != plain:
        raise NumberUnfit(number=mask_text(printable(plain)))
    if is_personal_number(re.sub(r"[\s.]", "", plain)):
        raise NumberPersonal(number=mask_number(re.sub(r"[\s.]", "", plain)))
    return plain


def print_separators(sheets: Iterable[SeparatorSheet], out: Path, *, copies: int = 1) -> int:
    """Write the sheets as a PDF to print, the copies of one after each other; how many pages.

    Raises:
        NothingToPrint, TooManySheets, NumberTooLong: see there.
        TinosMissing: the font is not installed.
    """
    chosen: list[SeparatorSheet] = []
    for sheet in sheets:
        chosen.append(sheet)
        if len(chosen) * copies > MOST_SHEETS:
            raise TooManySheets(count=f"≥ {len(chosen) * copies}", most=MOST_SHEETS)
    if not chosen:
        raise NothingToPrint
    write_atomic(out, _draw(chosen, copies))
    return len(chosen) * copies


def _draw(sheets: Sequence[SeparatorSheet], copies: int) -> bytes:
    from fpdf import FPDF

    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_title(_("Separator sheets"))
    with lettered(pdf):
        for sheet in sheets:
            code = _code(sheet.slip)
            for copy in range(1, copies + 1):
                pdf.add_page()
                _draw_bars(pdf)
                _draw_number(pdf, sheet.slip.number)
                draw_code(pdf, code, _MARGIN, _FIRST_TOP, CODE_MM)
                draw_code(pdf, code, _WIDTH - _MARGIN - CODE_MM, _SECOND_TOP, CODE_MM)
                counted = _("Copy {number} of {count}").format(number=copy, count=copies)
                notes = (*sheet.notes, counted) if copies > 1 else sheet.notes
                _draw_notes(pdf, notes, (_MARGIN + CODE_MM + 4, _FIRST_TOP + 6))
                _draw_notes(pdf, _advice(), (_MARGIN, _SECOND_TOP + 6))
        return bytes(pdf.output())


def _code(slip: Slip) -> segno.QRCode:
    """The code, with the most error correction: these sheets get dirty."""
    text = separator_text(slip)
    try:
        code = segno.make_qr(text, error="h", boost_error=False)
    except segno.DataOverflowError as error:
        raise NumberTooLong(number=slip.number[:40]) from error
    if int(code.version) > 10 or parse_separator(text) is None:
        raise NumberTooLong(number=slip.number[:40])
    return code


def _draw_bars(pdf: "FPDF") -> None:
    """The patch T across the head, and across the foot as it is for who looks from there."""
    pdf.set_fill_color(0)
    top = _BARS_TOP
    for bar in BARS_MM:
        pdf.rect(_MARGIN, top, _WIDTH - 2 * _MARGIN, bar, style="F")
        pdf.rect(_MARGIN, _HEIGHT - top - bar, _WIDTH - 2 * _MARGIN, bar, style="F")
        top += bar + NARROW_MM


def _draw_number(pdf: "FPDF", number: str) -> None:
    room = _WIDTH - 2 * _MARGIN
    for size in _SIZES:
        pdf.set_font("Tinos", "B", size)
        if pdf.get_string_width(number) <= room:
            break
    pdf.set_xy(_MARGIN, _NUMBER_TOP)
    if pdf.get_string_width(number) <= room:
        pdf.cell(room, _FIRST_TOP - _NUMBER_TOP - 4, number, align="C")
    else:
        pdf.multi_cell(room, size * 0.4, number, align="C")


def _advice() -> tuple[str, ...]:
    return (
        _("SEPARATOR SHEET"),
        _("Lay it before the first sheet of this paper."),
        _("It is no part of the paper and can be used again."),
    )


def _draw_notes(pdf: "FPDF", lines: Sequence[str], corner: tuple[float, float]) -> None:
    left, top = corner
    width = _WIDTH - 2 * _MARGIN - CODE_MM - 6
    pdf.set_xy(left, top)
    for line in lines:
        pdf.set_font("Tinos", "", 15)
        pdf.set_x(left)
        pdf.multi_cell(width, 7.2, line, align="L", new_x="LEFT", new_y="NEXT")
