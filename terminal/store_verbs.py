"""The verbs of ``sohoa warehouse``: short functions like those of ``cli.py``.

Import it once the language is chosen: help texts are translated as the verbs are made.
"""

from typing import Annotated

import typer

from foundation.messages import _
from terminal.answers import BARE, Answer, verb
from terminal.options import CoOwner, Operator
from terminal.progress import Screen

warehouse_app = typer.Typer(**BARE)

RecordId = Annotated[str, typer.Argument(help=_("Record id."))]
Reason = Annotated[str, typer.Option(help=_("Why; it is put on record."))]


@verb(warehouse_app, "check", _("Whether every stored paper is there and unchanged."))
def check(
    screen: Screen,
    limit: Annotated[
        int | None, typer.Option(min=1, help=_("Only so many records; the next check goes on."))
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--since", min=1, help=_("Nothing to do if checked within so many days.")),
    ] = None,
) -> Answer:
    """Check the store."""
    from dossier.shelf import check_store
    from terminal import store_reports

    with screen.progress(_("Checking")):
        report = check_store(limit, days)
    return store_reports.check_answer(report)


@verb(warehouse_app, "repair", _("Mend what is damaged or missing from a copy of the store."))
def repair(
    screen: Screen,
    replica: Annotated[str, typer.Option("--from", help=_("Folder or s3:// address of the copy."))],
    endpoint: Annotated[str, typer.Option(help=_("Address of the copy's S3 server."))] = "",
) -> Answer:
    """Repair the store."""
    from dossier.shelf import repair_store
    from terminal import store_reports

    with screen.progress(_("Mending")):
        report = repair_store(replica, endpoint)
    return store_reports.repair_answer(report)


@verb(warehouse_app, "rebuild", _("Make the catalogue anew from the papers; nobody else at work."))
def rebuild(screen: Screen) -> Answer:
    """Rebuild the catalogue."""
    from dossier.shelf import rebuild_store
    from terminal import store_reports

    with screen.progress(_("Rebuilding")):
        report = rebuild_store()
    return store_reports.rebuild_answer(report)


@verb(warehouse_app, "recover", _("Clear what killed programs left half done."))
def recover() -> Answer:
    """Recover from crashes."""
    from dossier.shelf import recover_store

    count = recover_store()
    return Answer({"cleared": count}, _("{count} unfinished works cleared.").format(count=count))


@verb(warehouse_app, "rotate-key", _("Replace the office's key; run it again if it was cut short."))
def rotate_key(screen: Screen, operator: Operator = "") -> Answer:
    """Rotate the office's key."""
    from dossier.shelf import rotate_store_key

    with screen.progress(_("Changing keys")):
        count = rotate_store_key(operator)
    return Answer({"keys": count}, _("{count} keys are under the new key.").format(count=count))


@verb(warehouse_app, "revoke", _("Withdraw a paper, for good."))
def revoke(record: RecordId, reason: Reason, operator: Operator = "") -> Answer:
    """Revoke a record."""
    from dossier.shelf import revoke_record
    from terminal import store_reports

    done = revoke_record(record, reason, operator)
    return Answer(store_reports.record_data(done), store_reports.records_text([done]))


@verb(warehouse_app, "erase", _("Destroy a paper: it can never be read again."))
def erase(record: RecordId, reason: Reason, operator: Operator = "") -> Answer:
    """Erase a record."""
    from dossier.shelf import erase_record
    from terminal import store_reports

    done = erase_record(record, reason, operator)
    return Answer(store_reports.record_data(done), store_reports.records_text([done]))


@verb(warehouse_app, "bind", _("Say whose paper it is, where that was not known."))
def bind(
    record: RecordId,
    owner: Annotated[
        str, typer.Option("--owner", help=_("The owner's number; “-” reads it from the input."))
    ],
    owner_name: Annotated[str, typer.Option(help=_("The owner's name."))] = "",
    co_owner: CoOwner = None,
    operator: Operator = "",
) -> Answer:
    """Bind a record to its owner."""
    from dossier.shelf import bind_record
    from terminal import store_reports

    done = bind_record(record, owner, owner_name, operator, co_owner or ())
    return Answer(store_reports.record_data(done), store_reports.records_text([done]))
