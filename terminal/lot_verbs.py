"""The verbs of ``sohoa batch`` by which a supervisor judges what hired hands have made.

As in ``cli.py``: one short function a verb; imported once the language is set.
"""

from pathlib import Path
from typing import Annotated

import typer

from foundation.messages import _
from terminal.answers import Answer, verb
from terminal.batch_verbs import Batch, batch_app
from terminal.options import Operator
from terminal.progress import Screen

__all__ = ["batch_app"]

LotName = Annotated[str, typer.Argument(help=_("The lot; see: sohoa batch lots."))]


@verb(batch_app, "lots", _("Lots: how far each has come, and who decided what."))
def lots(batch: Batch = None) -> Answer:
    """List lots."""
    from dossier.supervising import list_lots
    from terminal import lot_reports

    return lot_reports.lots_answer(list_lots(batch))


@verb(batch_app, "sample", _("Close a lot and draw the documents to be checked (ISO 2859-1)."))
def sample(
    lot: LotName,
    resume: Annotated[
        str, typer.Option(help=_("What was put right, where inspection had been stopped."))
    ] = "",
    batch: Batch = None,
    operator: Operator = "",
) -> Answer:
    """Draw a sample."""
    from dossier.supervising import sample_lot
    from terminal import lot_reports

    return lot_reports.sample_answer(*sample_lot(batch, lot, operator, resume))


@verb(batch_app, "check", _("Type the identifiers of drawn documents again, as a second person."))
def check(
    screen: Screen,
    lot: LotName,
    entries: Annotated[
        Path | None, typer.Option(help=_("Second entries as JSON; “-” reads the input."))
    ] = None,
    batch: Batch = None,
    operator: Operator = "",
) -> Answer:
    """Check a sample."""
    from dossier.supervising import check_lot
    from terminal import lot_reports
    from terminal.talk import TerminalTalk

    return lot_reports.checked_answer(
        *check_lot(batch, lot, operator, TerminalTalk(screen), entries)
    )


@verb(batch_app, "accept", _("Accept a lot: its documents may go into the store."))
def accept(
    lot: LotName,
    reason: Annotated[str, typer.Option(help=_("A remark; it is put on record."))] = "",
    batch: Batch = None,
    operator: Operator = "",
) -> Answer:
    """Accept a lot."""
    from dossier.lot_values import Decision
    from dossier.supervising import judge_lot
    from terminal import lot_reports

    return lot_reports.judged_answer(judge_lot(batch, lot, Decision("accepted", reason), operator))


@verb(batch_app, "reject", _("Send a lot back: all of it is made anew, or what was wrong."))
def reject(
    lot: LotName,
    reason: Annotated[str, typer.Option(help=_("Why; it is put on record."))] = "",
    rework: Annotated[
        bool, typer.Option("--rework", help=_("Only what was found wrong is made anew."))
    ] = False,
    batch: Batch = None,
    operator: Operator = "",
) -> Answer:
    """Send a lot back."""
    from dossier.lot_values import Decision
    from dossier.supervising import judge_lot
    from terminal import lot_reports

    decision = Decision("rework" if rework else "rejected", reason)
    return lot_reports.judged_answer(judge_lot(batch, lot, decision, operator))
