"""``sohoa report`` and ``sohoa batch report``: figures as one page, a workbook, CSV or JSON.

The page is one file: no script, nothing from the network, charts drawn in it. No owner stands
in any form of a report, and no cell of one begins a formula (CSV injection).
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from dossier.figures import Figures
from dossier.report_charts import caption_of, chart_of
from dossier.report_tables import Table, tables_of
from dossier.report_words import Cell, harmless, number, shown
from dossier.report_workbook import write_workbook
from dossier.shelf import keep_out_of_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import write_atomic
from foundation.messages import LANGUAGES, N_, _, current_language, said_in
from foundation.privacy import mask_text
from foundation.times import iso_utc, vietnam_time

if TYPE_CHECKING:
    from markupsafe import Markup

_PAGE = Path(__file__).parent / "report_page"
#: Headings of CSV reports.
_CSV_HEAD = (N_("table"), N_("row"), N_("column"), N_("value"))
FORMS = (".html", ".xlsx", ".csv", ".json")


class UnknownForm(SohoaError):
    """A file was named whose ending tells of no form a report has."""

    exit_code = ExitCode.USAGE
    message = N_("{file}: a report is written as .html, .xlsx, .csv or .json. Name the file so.")


@dataclass(frozen=True)
class Tile:
    """One number at the head of the page; ``tone``: good, warn or nothing."""

    what: str
    value: str
    more: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """A table on the page, its cells as text, and the chart beside it."""

    table: Table
    rows: list[list[str]]
    chart: "Markup | str" = ""
    caption: str = ""

    @property
    def wide(self) -> bool:
        """Whether the table needs the page's whole width, with the chart above it."""
        return len(self.table.columns) > 5


def write_report(figures: Figures, outputs: Sequence[Path]) -> None:
    """Write a report in the form each file's ending names, each whole or not at all.

    Raises:
        UnknownForm: before anything is written.
        StoreIsNoPlace, OSError: it cannot be written there.
    """
    check_outputs(outputs)
    for output in outputs:
        match output.suffix.lower():
            case ".html":
                write_atomic(output, as_html(figures).encode())
            case ".csv":
                # The mark tells spreadsheets that it is UTF-8.
                write_atomic(output, b"\xef\xbb\xbf" + as_csv(figures).encode())
            case ".json":
                text = json.dumps(as_data(figures), ensure_ascii=False, indent=1)
                write_atomic(output, text.encode() + b"\n")
            case _:
                write_workbook(title_of(figures), tables_of(figures), output)


class NotAReport(SohoaError):
    """A report would take the place of another file: of the register, for one."""

    exit_code = ExitCode.USAGE
    message = N_("{file} is there already and is no report of ours. Choose another place for -o.")


def _is_report(file: Path) -> bool:
    """Whether a CSV file or a workbook, which a register may be too, is an earlier report."""
    with file.open("rb") as stream:
        head = stream.read(1 << 16)
    if file.suffix.lower() == ".csv":
        first = head.decode("utf-8-sig", "replace").partition("\n")[0].strip()
        return any(
            first == ",".join(said_in(language, word) for word in _CSV_HEAD)
            for language in LANGUAGES
        )
    return file.suffix.lower() != ".xlsx" or b"sohoa" in _properties(file)


def _properties(workbook: Path) -> bytes:
    try:
        with ZipFile(workbook) as parts:
            return parts.read("docProps/core.xml")
    except (BadZipFile, KeyError):
        return b""


def check_outputs(outputs: Sequence[Path]) -> None:
    """See that each output can be a report. Raises UnknownForm, NotAReport, StoreIsNoPlace."""
    for output in outputs:
        if output.suffix.lower() not in FORMS:
            raise UnknownForm(file=output)
        if output.is_file() and not _is_report(output):
            raise NotAReport(file=output)
    keep_out_of_store(*outputs)


def title_of(figures: Figures) -> str:
    """What the report is called."""
    backlog = figures.source == "backlog"
    return _("Report on the backlog") if backlog else _("Report on the counter's work")


def in_short(figures: Figures) -> list[str]:
    """The numbers at the head of the page, as lines of text."""
    lines = [f"{title_of(figures)}: {_period(figures)}"]
    lines += [f"  {one.what}: {one.value}{_aside(one.more)}" for one in _tiles(figures)]
    return lines


def _aside(more: str) -> str:
    return f" ({more})" if more else ""


def as_data(figures: Figures) -> dict[str, Any]:
    """The report for programs: every table with its columns and rows; dates in ISO 8601."""
    return {
        "report": figures.source,
        "office": figures.office,
        "drawn_at": iso_utc(figures.drawn_at),
        "first": figures.first.isoformat() if figures.first else None,
        "last": figures.last.isoformat() if figures.last else None,
        "audit": {"entries": figures.whole[0], "whole": figures.whole[1]}
        if figures.whole
        else None,
        "tables": {
            table.id: {
                "title": table.title,
                "columns": [column.title for column in table.columns],
                "rows": [[_plain(cell) for cell in row] for row in table.rows],
                "note": table.note,
            }
            for table in tables_of(figures)
        },
    }


def as_csv(figures: Figures) -> str:
    """All tables one below the other: name of the table, row, column, value."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(map(_, _CSV_HEAD))
    for table in tables_of(figures):
        for place, row in enumerate(table.rows, 1):
            for column, cell in zip(table.columns, row, strict=True):
                rows.writerow([table.id, place, harmless(column.title), _in_csv(cell)])
    return out.getvalue()


def as_html(figures: Figures) -> str:
    """The report as one page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined
    )
    tables = [table for table in tables_of(figures) if table.shown]
    sections = [
        Section(
            table,
            [
                [shown(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)]
                for row in table.rows
            ],
            # Made of numbers and escaped text alone, in dossier.charts.
            Markup(chart) if (chart := chart_of(figures, table)) else "",  # noqa: S704
            caption_of(table),
        )
        for table in tables
    ]
    return environment.get_template("report.html.j2").render(
        language=current_language(),
        title=title_of(figures),
        office=figures.office,
        period=_period(figures),
        tiles=_tiles(figures),
        sections=sections,
        empty="" if figures.made or figures.states else _("Nothing was done in this time."),
        foot=_foot(figures),
        style=Markup((_PAGE / "report.css").read_text(encoding="utf-8")),  # noqa: S704  ours
    )


def _plain(cell: Cell) -> str | int | float | None:
    return cell.isoformat() if isinstance(cell, date) else cell


def _in_csv(cell: Cell) -> str | int | float:
    if isinstance(cell, str):
        return harmless(mask_text(cell))
    plain = _plain(cell)
    return "" if plain is None else plain


def _period(figures: Figures) -> str:
    if figures.first is None or figures.last is None:
        return _("No work on record")
    return _("{first:%d/%m/%Y} to {last:%d/%m/%Y}").format(first=figures.first, last=figures.last)


def _tiles(figures: Figures) -> Iterable[Tile]:
    everybody = figures.by("operator")
    yield Tile(_("Dossiers"), number(figures.dossiers, 0))
    yield Tile(
        _("Pages"),
        number(figures.pages, 0),
        _("{count} documents").format(count=number(figures.documents, 0)),
    )
    due = sum(one.pace.due for one in everybody)
    if due:
        share = figures.dossiers / due
        yield Tile(
            _("Of the target"),
            shown(share, "percent"),
            _("{target} dossiers a year each").format(
                target=number(figures.targets.dossiers_a_year, 0)
            ),
            "good" if share >= 1 else "warn",
        )
    if figures.states:
        total = sum(figures.states.values())
        left = figures.forecast.left if figures.forecast else total
        done_on = figures.forecast.done_on if figures.forecast else None
        yield Tile(
            _("Still to be made"),
            number(left, 0),
            _("of {total} documents").format(total=number(total, 0)),
        )
        yield Tile(_("Done on"), shown(done_on, "date"), _("at the pace of the last days"))
        if waiting := figures.states.get("signed", 0):
            yield Tile(
                _("Signed, not in the store"),
                number(waiting, 0),
                _("until their lots are accepted"),
                "warn",
            )
    yield from _tiles_of_reuse(figures)
    if figures.set_aside:
        count = sum(figures.set_aside.values())
        yield Tile(_("Set aside"), number(count, 0), _("wait for a person"), "warn")


def _tiles_of_reuse(figures: Figures) -> Iterable[Tile]:
    if figures.reuse.share is not None:
        good = figures.reuse.share >= figures.targets.not_asked_again
        yield Tile(
            _("Not asked for again"),
            shown(figures.reuse.share, "percent"),
            _("{part} of {whole} papers").format(
                part=number(figures.reuse.part, 0), whole=number(figures.reuse.whole, 0)
            ),
            "good" if good else "warn",
        )
    if figures.in_time and figures.in_time.share is not None:
        yield Tile(
            _("Within {minutes} minutes").format(minutes=f"{figures.targets.waiting_minutes:g}"),
            shown(figures.in_time.share, "percent"),
            _("of the dossiers"),
            "good" if figures.in_time.share == 1 else "warn",
        )


def _foot(figures: Figures) -> list[str]:
    lines = [
        _("Drawn {when} by sohoa.").format(
            when=vietnam_time(figures.drawn_at).strftime("%d/%m/%Y %H:%M")
        )
    ]
    if figures.source == "backlog":
        lines.append(
            _(
                "From the ledger. A document counts once it is signed, for who scanned it last and "
                "on that day; a dossier with its last document."
            )
        )
    else:
        lines.append(
            _(
                "From the store's audit. A dossier counts on the day of its receipt, for who took "
                "it in."
            )
        )
    if figures.whole:
        count, ok = figures.whole
        text = _("The audit was checked: {count} entries, none altered.")
        bad = _("The audit is damaged: see sohoa audit verify. These figures cannot be relied on.")
        lines.append(text.format(count=number(count, 0)) if ok else bad)
    return lines
