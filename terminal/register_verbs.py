"""``sohoa separators`` and ``sohoa register``: what is done before the first sheet of a backlog."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from foundation.errors import ExitCode
from foundation.messages import _
from terminal.answers import BARE, Answer, verb

register_app = typer.Typer(**BARE)

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", help=_("FIELD=HEADING, or =NUMBER of the column, where headings are unusual.")
    ),
]
SheetName = Annotated[str, typer.Option("--sheet", help=_("Sheet of a workbook."))]


@verb(register_app, "register", _("What of a register will not work, before the first sheet."))
def check_register(
    register: Annotated[Path, typer.Argument(help=_("The register: CSV or XLSX."))],
    column: Columns = None,
    sheet: SheetName = "",
) -> Answer:
    """Read a register and report."""
    from dossier.register import NoPapers, open_register
    from dossier.register_columns import parse_wishes
    from dossier.register_report import report_data, report_lines, stops

    with open_register(register, parse_wishes(column or ()), sheet=sheet) as opened:
        rows = sum(1 for _row in opened)
        problems = opened.problems
    if not rows:
        raise NoPapers(file=register.name)
    lines = report_lines(register.name, opened.columns, rows, problems)
    answer = Answer(report_data(opened.columns, rows, problems), "\n".join(lines))
    if not stops(problems):
        return answer
    why = _("Some rows of {file} will not work. Put them right, or set them aside.")
    return replace(answer, code=ExitCode.PARTIAL, because=why.format(file=register.name))


@verb(register_app, "separators", _("Separator sheets to print, for a register or some numbers."))
def separators(
    out: Annotated[Path, typer.Option("-o", "--out", help=_("The PDF to write."))],
    register: Annotated[
        Path | None, typer.Argument(help=_("The register: CSV or XLSX."), show_default=False)
    ] = None,
    number: Annotated[
        list[str] | None, typer.Option(help=_("A paper's number; may be repeated."))
    ] = None,
    lines: Annotated[str, typer.Option(help=_("Lines of the register, such as 2-1000."))] = "",
    copies: Annotated[int, typer.Option(min=1, max=20, help=_("Sheets of each."))] = 1,
    column: Columns = None,
    sheet: SheetName = "",
) -> Answer:
    """Print separators."""
    from dossier.register_columns import parse_wishes
    from dossier.register_report import in_words
    from dossier.separator_sheets import print_for

    wishes = parse_wishes(column or ())
    printed = print_for(register, number or (), out, lines, copies, wishes=wishes, sheet=sheet)
    text = _("{file}: {count} separator sheets. Print them at 100 %, on one side.")
    told = [text.format(file=out, count=printed.sheets)]
    if printed.left_out:
        told += [_("Rows without a sheet:"), *map(in_words, printed.left_out)]
    if printed.doubtful:
        told += [_("Have a sheet each, told apart by their line only:")]
        told += map(in_words, printed.doubtful)
    data = {
        "file": str(out),
        "sheets": printed.sheets,
        "left_out": {one.kind: one.count for one in printed.left_out},
        "doubtful": {one.kind: one.count for one in printed.doubtful},
    }
    answer = Answer(data, "\n".join(told))
    if not printed.left_out and not printed.doubtful:
        return answer
    because = _("Some rows have no sheet, or share their number; put the register right first.")
    return replace(answer, code=ExitCode.PARTIAL, because=because)
