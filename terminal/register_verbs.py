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
    from dossier.register import open_register
    from dossier.register_columns import parse_wishes
    from dossier.register_report import report_data, report_lines, stops

    with open_register(register, parse_wishes(column or ()), sheet=sheet) as opened:
        rows = sum(1 for _row in opened)
        problems = opened.problems
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
    from dossier.separator_sheets import print_for

    wishes = parse_wishes(column or ())
    pages = print_for(register, number or (), out, lines, copies, wishes=wishes, sheet=sheet)
    text = _("{file}: {count} separator sheets. Print them at 100 %, on one side.")
    return Answer({"file": str(out), "sheets": pages}, text.format(file=out, count=pages))
