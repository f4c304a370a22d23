"""The verbs of ``sohoa batch``, and ``sohoa watch``: short functions like those of ``cli.py``.

Import it once the language is chosen: help texts are translated as the verbs are made.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from foundation.messages import _
from terminal.answers import BARE, Answer, verb
from terminal.options import Operator
from terminal.progress import Screen
from terminal.register_verbs import Columns, SheetName

batch_app = typer.Typer(**BARE)

Batch = Annotated[
    Path | None,
    typer.Option("--batch", envvar="SOHOA_BATCH", help=_("The backlog's folder, ledger in it.")),
]
Station = Annotated[
    str, typer.Option(envvar="SOHOA_STATION", help=_("Name of this station; else the machine's."))
]
Jobs = Annotated[int, typer.Option(min=0, help=_("Pages worked on at once; 0: one a core."))]
PaperName = Annotated[
    str, typer.Option("--profile", help=_("What paper they are, where no register says so."))
]
Lot = Annotated[
    str, typer.Option(help=_("What they are accepted or sent back with; else today's."))
]


@verb(batch_app, "plan", _("Enter what is to be done, from a register or a folder of scans."))
def plan(
    screen: Screen,
    source: Annotated[
        Path,
        typer.Argument(
            help=_("Register (CSV, XLSX), or folder: each file or subfolder is one document.")
        ),
    ],
    profile: PaperName = "",
    scans: Annotated[
        Path | None,
        typer.Option(help=_("With a register: its files, or a stack with separators.")),
    ] = None,
    split: Annotated[
        Literal["separators", "pages", "headings", "files"] | None,
        typer.Option(
            help=_(
                "How papers are told in scans that the register does not name: separators, the "
                "register's page counts, headings, or each file is one. But for separators, the "
                "pages are read first, to find the rows."
            )
        ),
    ] = None,
    column: Columns = None,
    sheet: SheetName = "",
    lot: Lot = "",
    batch: Batch = None,
    station: Station = "",
    operator: Operator = "",
) -> Answer:
    """Plan a backlog."""
    from dossier.batch import Where, plan_folder
    from terminal import batch_reports

    where = Where(batch, operator, station)
    if scans is None:
        return batch_reports.planned_answer(plan_folder(where, source, profile, lot))
    from dossier.register_columns import parse_wishes
    from dossier.register_plan import FromRegister, plan_register

    wishes = parse_wishes(column or ())
    with screen.progress(_("Reading the scans")) as advance:
        order = FromRegister(
            source, scans, profile, lot, wishes, sheet, split, lambda count: advance(count, "")
        )
        planned = plan_register(where, order)
    return batch_reports.planned_answer(planned)


@verb(batch_app, "run", _("Work on the backlog; run it again after whatever stopped it."))
def run(
    screen: Screen,
    jobs: Annotated[
        int, typer.Option(min=0, help=_("Pages worked on at once; 0: one a core."))
    ] = 0,
    cluster: Annotated[str, typer.Option(help=_("Work on a Dask cluster: tcp://HOST:8786."))] = "",
    no_sign: Annotated[
        bool, typer.Option("--no-sign", help=_("Up to the seal; the station with the token signs."))
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help=_("Wait for more documents when all are done."))
    ] = False,
    pin_fd: Annotated[
        int | None,
        typer.Option(
            "--pin-fd", min=0, help=_("Read PINs, a line each, from this file descriptor.")
        ),
    ] = None,
    level: Annotated[
        Literal["b-b", "b-t", "b-lt", "b-lta"] | None, typer.Option(help=_("PAdES level."))
    ] = None,
    batch: Batch = None,
    station: Station = "",
    operator: Operator = "",
) -> Answer:
    """Run a backlog."""
    from dossier.batch import Running, Where, run_backlog, step_aside
    from terminal import batch_reports

    step_aside()
    running = Running(jobs, cluster, not no_sign, wait, pin_fd, level or "")
    with screen.progress(_("Working on the backlog")) as advance:
        ran = run_backlog(
            Where(batch, operator, station), running, batch_reports.teller(screen, advance)
        )
    return batch_reports.ran_answer(ran)


@verb(batch_app, "status", _("How far the backlog is, and what is set aside and why."))
def status(
    all_: Annotated[bool, typer.Option("--all", help=_("Name every document."))] = False,
    batch: Batch = None,
) -> Answer:
    """Show how a backlog stands."""
    from dossier.batch import Where
    from dossier.batch import status as status_of
    from terminal import batch_reports

    return batch_reports.status_answer(status_of(Where(batch), everything=all_))


@verb(batch_app, "retry", _("Try again what was set aside: by number, by reason, or all of it."))
def retry(
    documents: Annotated[
        list[str] | None, typer.Argument(help=_("Numbers of documents; none: all."))
    ] = None,
    reason: Annotated[str, typer.Option(help=_("Only what was set aside for this."))] = "",
    rescanned: Annotated[
        bool,
        typer.Option("--rescanned", help=_("Their sheets were scanned again: begin anew.")),
    ] = False,
    as_is: Annotated[
        bool, typer.Option("--as-is", help=_("Somebody looked at them: they are right so."))
    ] = False,
    batch: Batch = None,
    station: Station = "",
    operator: Operator = "",
) -> Answer:
    """Let documents be tried again."""
    from dossier.batch import Where
    from dossier.deciding import retry as try_again

    where = Where(batch, operator, station)
    tried = try_again(where, documents or [], reason, rescanned=rescanned, as_is=as_is)
    if not tried:
        return Answer(
            [], _("No document can be tried again. What is set aside and why: sohoa batch status")
        )
    text = _("{count} documents will be tried again by: sohoa batch run")
    return Answer([one.id for one in tried], text.format(count=len(tried)))


@verb(batch_app, "assign", _("Say which row of a register a document is, after looking at it."))
def assign(
    document: Annotated[str, typer.Argument(help=_("Number of the document."))],
    register: Annotated[Path, typer.Argument(help=_("The register: CSV or XLSX."))],
    line: Annotated[int, typer.Option(min=1, help=_("Line of its row, as in the file."))],
    column: Columns = None,
    sheet: SheetName = "",
    batch: Batch = None,
    station: Station = "",
    operator: Operator = "",
) -> Answer:
    """Give a document its row."""
    from dossier.batch import Where
    from dossier.deciding import OneRow, assign_row
    from dossier.register_columns import parse_wishes

    row = OneRow(register, line, parse_wishes(column or ()), sheet)
    assigned = assign_row(Where(batch, operator, station), document, row)
    text = _("{count} documents will be tried again by: sohoa batch run")
    return Answer([assigned.id], text.format(count=1))


@verb(batch_app, "withdraw", _("Take what was set aside out for good, as a supervisor."))
def withdraw(
    documents: Annotated[list[str], typer.Argument(help=_("Numbers of documents."))],
    reason: Annotated[str, typer.Option(help=_("Why; it is put on record."))] = "",
    batch: Batch = None,
    station: Station = "",
    operator: Operator = "",
) -> Answer:
    """Take documents out of a backlog."""
    from dossier.batch import Where
    from dossier.withdrawing import withdraw as take_out

    taken = take_out(Where(batch, operator, station), documents, reason)
    text = _("{count} documents were taken out for good.")
    return Answer([one.id for one in taken], text.format(count=len(taken)))


def watch(
    screen: Screen,
    folder: Annotated[Path, typer.Argument(help=_("Folder that scans are put into."))],
    profile: Annotated[str, typer.Option("--profile", help=_("What paper they are."))],
    lot: Lot = "",
    settle: Annotated[
        float, typer.Option(min=0.1, help=_("Seconds a file must keep still to be finished."))
    ] = 5.0,
    batch: Batch = None,
    station: Station = "",
    operator: Operator = "",
) -> Answer:
    """Take over what is put into a folder, until Ctrl+C."""
    import threading

    from dossier.batch import Where
    from dossier.watching import Watch, watch_folder
    from terminal import batch_reports

    where, watched = Where(batch, operator, station), Watch(folder, profile, lot, settle)
    told = batch_reports.taken_teller(screen)
    count = watch_folder(where, watched, told, threading.Event())
    return Answer({"taken": count})


def training_office(
    screen: Screen,
    folder: Annotated[Path, typer.Argument(help=_("Folder to keep it in; it may be there."))],
) -> Answer:
    """Serve an office to practise in, until Ctrl+C."""
    from dossier.practice import PracticeOffice, serve_practice_office
    from terminal import batch_reports

    told: dict[str, str] = {}

    def started(office: PracticeOffice) -> None:
        told.update(batch_reports.practice_data(office))
        for line in batch_reports.practice_lines(office):
            screen.say(line)

    serve_practice_office(folder, started)
    return Answer(told)
