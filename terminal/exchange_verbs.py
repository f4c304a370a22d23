"""``sohoa export``, ``sohoa import`` and ``sohoa outbox …``: exchange with other offices.

As in ``cli.py``: one short function a verb; imported once the language is set.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from foundation.messages import _
from terminal.answers import BARE, Answer, verb
from terminal.options import ForOwner, Operator, Trust
from terminal.progress import Screen

#: Its verbs stand beside those of ``cli.py``.
exchange_app = typer.Typer(**BARE)
outbox_app = typer.Typer(**BARE)


@verb(exchange_app, "export", _("Hand papers out as a signed package for another office."))
def export(
    screen: Screen,
    records: Annotated[
        list[str], typer.Argument(help=_("Record ids, or codes of dossiers."), show_default=False)
    ],
    for_: Annotated[str, typer.Option("--for", help=_("The procedure."))],
    out: Annotated[Path, typer.Option("-o", "--out", help=_("The package: a file or a folder."))],
    form: Annotated[
        Literal["json", "bagit", "asic"],
        typer.Option(help=_("National records, BagIt or ASiC-E.")),
    ] = "asic",
    reason: Annotated[str, typer.Option(help=_("Why; else the procedure's name."))] = "",
    signer: Annotated[str, typer.Option(help=_("Which key of the office profile."))] = "agency",
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help=_("For systems that ask for no signature."))
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help=_("Sign without a timestamp."))
    ] = False,
    pin_fd: Annotated[
        int | None,
        typer.Option("--pin-fd", min=0, help=_("Read PINs, a line each, from this descriptor.")),
    ] = None,
    owner: ForOwner = "",
    operator: Operator = "",
) -> Answer:
    from dossier.exporting import Packing, export_records
    from terminal import exchange_reports

    packing = Packing(form, "" if unsigned else signer, offline, pin_fd)
    with screen.progress(_("Packing")):
        done = export_records(records, out, for_, packing, reason, operator, owner)
    return exchange_reports.exported_answer(done)


@verb(exchange_app, "import", _("Check a package of another office and take its papers in."))
def import_(
    screen: Screen,
    file: Annotated[Path, typer.Argument(help=_("The package: a file or a folder."))],
    only_check: Annotated[
        bool, typer.Option("--check", help=_("Only check it; store nothing."))
    ] = False,
    supersede: Annotated[
        bool,
        typer.Option("--supersede", help=_("Replace papers held under the same numbers.")),
    ] = False,
    trust: Trust = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(help=_("More certificates, of issuers, not trusted as such.")),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help=_("Ask no service; accept revocation unchecked."))
    ] = False,
    operator: Operator = "",
) -> Answer:
    from dossier.checking import demanding, reliance
    from dossier.importing import import_package
    from profiles import load_office
    from terminal import exchange_reports

    relied = reliance(load_office(), trust or [], known or [])
    relied = demanding(relied, None, offline=offline, years=0)
    with screen.progress(_("Checking")):
        done = import_package(file, relied, operator, only_check=only_check, supersede=supersede)
    return exchange_reports.imported_answer(done)


@verb(outbox_app, "deliver", _("Tell all that is due. Run it every minute, by cron."))
def deliver(screen: Screen) -> Answer:
    from dossier.announcing import deliver_events
    from terminal import exchange_reports

    with screen.progress(_("Telling")):
        done = deliver_events()
    return exchange_reports.delivered_answer(done)


@verb(outbox_app, "status", _("What is still to be told to whom, and what nobody took."))
def status() -> Answer:
    from dossier.announcing import outbox_status
    from terminal import exchange_reports

    return exchange_reports.outbox_answer(outbox_status())


@verb(outbox_app, "retry", _("Tell again what nobody took, and at once what waits."))
def retry(
    events: Annotated[
        list[str] | None, typer.Argument(help=_("Event ids; else all."), show_default=False)
    ] = None,
) -> Answer:
    from dossier.announcing import retry_events

    count = retry_events(events or [])
    text = _("{count} events will be told again: sohoa outbox deliver").format(count=count)
    return Answer({"again": count}, text)


@verb(outbox_app, "forget", _("Drop somebody the office profile names no more."))
def forget(name: Annotated[str, typer.Argument(help=_("Their name."))]) -> Answer:
    from dossier.announcing import forget_subscriber

    forget_subscriber(name)
    return Answer({"forgotten": name}, _("{name} is told nothing any more.").format(name=name))
