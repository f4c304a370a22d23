"""``sohoa report``, ``sohoa batch report`` and ``sohoa batch retention``.

As in ``cli.py``: one short function a verb; imported once the language is set.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from foundation.messages import _
from terminal.answers import Answer, verb
from terminal.batch_verbs import Batch, batch_app
from terminal.options import Operator, day_option
from terminal.progress import Screen

Outputs = Annotated[
    list[Path] | None,
    typer.Option("-o", "--out", help=_("File to write: .html, .xlsx, .csv, .json; repeatable.")),
]
Since = Annotated[date | None, day_option(_("First day; else all."))]
Until = Annotated[date | None, day_option(_("Last day; else all."))]


@verb(batch_app, "report", _("Figures of the backlog: progress, forecast, people, errors, lots."))
def batch_report(
    screen: Screen,
    out: Outputs = None,
    since: Since = None,
    until: Until = None,
    batch: Batch = None,
) -> Answer:
    """Report on a backlog."""
    from dossier.supervising import report_backlog
    from terminal import lot_reports

    with screen.progress(_("Counting")):
        figures = report_backlog(batch, out or [], since, until)
    return lot_reports.figures_answer(figures, out or [])


def counter_report(
    screen: Screen, out: Outputs = None, since: Since = None, until: Until = None
) -> Answer:
    """Report on the counter's work."""
    from dossier.supervising import report_counter
    from terminal import lot_reports

    with screen.progress(_("Counting")):
        figures = report_counter(out or [], since, until)
    return lot_reports.figures_answer(figures, out or [])


@verb(batch_app, "retention", _("Drop scans whose time is over, with a signed list of them."))
def retention(
    screen: Screen,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Only say what would be dropped."))
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help=_("Where to write the signed list."))
    ] = None,
    batch: Batch = None,
    operator: Operator = "",
) -> Answer:
    """Drop scans."""
    from dossier.supervising import drop_scans
    from terminal import lot_reports

    with screen.progress(_("Looking through the scans")):
        done = drop_scans(batch, operator, out, dry_run=dry_run)
    return lot_reports.retention_answer(done, dry_run=dry_run)
