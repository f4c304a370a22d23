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
from dossier.register import RegisterRow, open_register
from dossier.shelf import keep_out_of_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import real, write_atomic
from foundation.messages import N_, _
from foundation.privacy import printable

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
#: Sheets of one file: 5,000 are ten reams.
MOST_SHEETS = 5_000


class NothingToPrint(SohoaError):
    """No number was given, or none of the rows has one."""

    exit_code = ExitCode.USAGE
    message = N_("No numbers to print. Name a register, or give numbers with --number.")


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


def sheets_of(rows: Iterable[RegisterRow]) -> Iterator[SeparatorSheet]:
    """A sheet for each row that has a number."""
    for row in rows:
        if not row.number:
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
) -> int:
    """Print separators for a register's rows, and for numbers given; how many pages.

    Args:
        lines: of the register, such as ``2-1000``; all without.
        wishes, sheet: see :func:`dossier.register.open_register`.

    Raises:
        LinesWrong: ``lines`` is no such range. Else what :func:`print_separators` and
            :func:`open_register` raise.
    """
    first, last = _range(lines)
    keep_out_of_store(out)
    if register is not None and real(register) == real(out):
        raise SourceOverwritten(file=out)
    given = [SeparatorSheet(Slip(_fit(number))) for number in numbers]
    if register is None:
        return print_separators(given, out, copies=copies)
    with open_register(register, wishes, sheet=sheet) as opened:
        rows = (row for row in opened if first <= row.line <= last)
        return print_separators(chain(given, sheets_of(rows)), out, copies=copies)


def _range(lines: str) -> tuple[int, int]:
    if not lines:
        return 0, sys.maxsize
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", lines.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise LinesWrong(lines=lines)
    return first, last


def _fit(number: str) -> str:
    """A number as it is given, blanks evened out. Raises NumberUnfit."""
    plain = " ".join(number.split())
    if not plain or printable(plain) != plain:
        raise NumberUnfit(number=printable(plain))
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
