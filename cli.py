"""The ``sohoa`` command: one short function a verb; parses, calls, prints; no logic.

Rooms are imported inside the verbs, so that ``sohoa --help`` need not load them.
"""
# ruff: noqa: E402  what is set up here must be before the rest is imported

import gc
import signal

from foundation.interrupts import heed_between_imports

heed_between_imports(signal.SIGINT)
# A start makes half a million objects and drops none: to look for some takes 0.2 s of 1.2.
gc.set_threshold(10_000)

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from foundation.messages import _, choose_language, set_language
from terminal import BARE, Answer, Screen, run_app, verb

set_language(choose_language(sys.argv))

# Their texts are in the language that is set when they are imported.
from terminal.batch_verbs import training_office, watch
from terminal.exchange_verbs import exchange_app, outbox_app
from terminal.ledger_verbs import audit_app, consent_app
from terminal.lot_verbs import batch_app
from terminal.options import (
    Authority,
    CoOwner,
    Delegate,
    ForOwner,
    Guardian,
    Level,
    Operator,
    OwnerId,
    PinFd,
    Witness,
    day_option,
)
from terminal.register_verbs import register_app
from terminal.report_verbs import counter_report
from terminal.serving_verbs import add_serve
from terminal.signing_verbs import print_copy, queue, sign, verify
from terminal.store_verbs import warehouse_app
from terminal.trust_verbs import trust_app

_TEXT = _("Digitise a paper once, provably, so that it is never asked for again.")
app = typer.Typer(help=_TEXT, add_completion=False, **BARE)
profile_app = typer.Typer(**BARE)
app.add_typer(profile_app, name="profile", help=_("What papers, procedures and offices are."))
app.add_typer(warehouse_app, name="warehouse", help=_("The store itself."))
app.add_typer(consent_app, name="consent", help=_("What owners agreed to."))
app.add_typer(audit_app, name="audit", help=_("Who did what with the papers."))
app.add_typer(outbox_app, name="outbox", help=_("Who is told of what happens in the store."))
app.add_typer(batch_app, name="batch", help=_("A backlog of papers: planned, run, resumed."))
app.add_typer(register_app)  # verbs of the command itself
app.add_typer(trust_app, name="trust", help=_("Root certificates: none is trusted unless added."))

verb(app, "watch", _("Take what is put into a folder into the backlog, until Ctrl+C."))(watch)

Device = Annotated[str, typer.Option("-d", "--device", help=_("Scanner; see: sohoa devices."))]
Jobs = Annotated[int, typer.Option(min=0, help=_("Pages worked on at once; 0: one a core."))]
Feed = Annotated[
    Literal["adf", "adf-duplex", "flatbed"],
    typer.Option("--source", help=_("Feeder, feeder for both sides, or glass.")),
]
Dpi = Annotated[int, typer.Option(min=75, max=1200, help=_("Dots per inch."))]
Mode = Annotated[Literal["color", "gray"], typer.Option(help=_("Colour or gray."))]


@verb(app, "demo", _("The whole walk on a training scanner, software tokens and a local store."))
def demo(
    screen: Screen,
    out: Annotated[Path | None, typer.Option(help=_("Folder to leave everything in."))] = None,
    guided: Annotated[bool, typer.Option("--guided", help=_("Practise the counter."))] = False,
    jobs: Jobs = 0,
) -> Answer:
    from dossier.demo import practise, run_demo
    from terminal import reports

    if guided:
        from dossier.counter import ended
        from terminal.talk import TerminalTalk

        folder = reports.demo_folder(out)
        return Answer(
            *ended(practise(folder, TerminalTalk(screen), screen.say, jobs), practice=True)
        )
    result = run_demo(reports.demo_folder(out), screen.say, jobs)
    return Answer(reports.demo_data(result), reports.demo_text(result))


@verb(app, "doctor", _("What is installed, what is missing, and the command that mends it."))
def doctor() -> Answer:
    from dossier.doctor import examine
    from terminal import reports

    return reports.examined_answer(examine())


@verb(app, "devices", _("Scanners and signing tokens found."))
def devices(
    screen: Screen,
    options: Annotated[
        bool, typer.Option("--options", help=_("Show scanner options too."))
    ] = False,
) -> Answer:
    from dossier.devices import find_devices
    from terminal import reports

    with screen.progress(_("Looking for devices")):
        found = find_devices(options)
    return Answer(found.as_dict(), reports.devices_text(found))


@verb(app, "scan", _("Scan sheets into picture files. Run it again to go on after a fault."))
def scan(
    screen: Screen,
    out: Annotated[Path, typer.Option("-o", "--out", help=_("Folder for the pictures."))],
    device: Device = "",
    source: Feed = "adf",
    dpi: Dpi = 300,
    mode: Mode = "color",
) -> Answer:
    from digitize.scanner import ScanSettings
    from dossier.scanning import scan_into
    from terminal import reports

    with screen.progress(_("Scanning")) as advance:
        sheets = scan_into(out, device, ScanSettings(source, dpi, mode), advance)
    return Answer([reports.sheet_data(sheet) for sheet in sheets], reports.sheets_text(sheets, out))


@verb(app, "digitize", _("Make one searchable PDF/A of pictures, PDF files or a scanner's sheets."))
def digitize(
    screen: Screen,
    sources: Annotated[
        list[str], typer.Argument(help=_("Files, a folder, or scanner:DEVICE."), show_default=False)
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help=_("The PDF to write."))],
    profile: Annotated[str, typer.Option(help=_("What paper it is."))] = "giay-to",
    layers: Annotated[
        Literal["faithful", "compact"] | None, typer.Option(help=_("How pages are compressed."))
    ] = None,
    jobs: Jobs = 0,
    report: Annotated[Path | None, typer.Option(help=_("Findings as JSON."))] = None,
    text: Annotated[Path | None, typer.Option(help=_("The text as a file."))] = None,
    fields: Annotated[
        Path | None, typer.Option(help=_("What the papers say, field by field, as JSON."))
    ] = None,
    hocr: Annotated[Path | None, typer.Option(help=_("Words and their places as hOCR."))] = None,
    alto: Annotated[Path | None, typer.Option(help=_("Words and their places as ALTO 4."))] = None,
    keep_blank: Annotated[bool, typer.Option("--keep-blank", help=_("Keep blank pages."))] = False,
    expect: Annotated[
        int | None, typer.Option(min=1, help=_("How many written pages there must be."))
    ] = None,
    source: Feed = "adf",
    operator: Operator = "",
) -> Answer:
    from digitize.workers import prepare

    prepare()  # the workers load while this process does
    from dossier.making import Making, compressed_as, make_document, settings_of
    from dossier.people import actor_at
    from dossier.results import Results
    from profiles import load_office, load_paper
    from terminal import reports

    paper = compressed_as(load_paper(profile), layers)
    making = Making(paper, actor_at(load_office(), operator), jobs, keep_blank)
    making = settings_of(making, source)
    with screen.progress(_("Digitising")) as advance:
        wanted = Results(report, text, fields, hocr, alto)
        made = make_document(sources, out, making, wanted, on_done=advance)
    return reports.digitized_answer(made, paper, screen, expect)


verb(app, "sign", _("Sign PDF files with a token; many files need the PIN only once."))(sign)
verb(app, "queue", _("Files signed without a timestamp that wait to be lifted."))(queue)
verb(app, "verify", _("Check signatures: 0 only if all are valid, trusted, and nothing changed."))(
    verify
)
verb(
    app, "print-copy", _("Make the paper form of a signed PDF, to be printed and signed by hand.")
)(print_copy)


@verb(app, "intake", _("One dossier from reuse check to receipt. Without options: guided."))
def intake(
    screen: Screen,
    profile: Annotated[str, typer.Option("--profile", "-p", help=_("The procedure."))] = "",
    owner: OwnerId = "",
    owner_name: Annotated[str, typer.Option(help=_("The owner's name."))] = "",
    scanner: Annotated[str, typer.Option(help=_("Scanner holding the whole stack."))] = "",
    source: Feed = "adf-duplex",
    sheets: Annotated[
        list[str] | None, typer.Option(help=_("PAPER=FILE instead of a scanner; may be repeated."))
    ] = None,
    agreed: Annotated[
        bool,
        typer.Option("--agreed", help=_("The owner agreed to keep the papers in their store.")),
    ] = False,
    guardian: Guardian = "",
    delegate: Delegate = "",
    authority: Authority = "",
    pin_fd: PinFd = None,
    level: Level = None,
    jobs: Jobs = 0,
    operator: Operator = "",
) -> Answer:
    from dossier.agreeing import Said
    from dossier.counter import Order, open_counter, run_intake
    from terminal.talk import TerminalTalk

    giver = Said(guardian=guardian, delegate=delegate, authority=authority).giver()
    order = Order(profile, owner, owner_name, scanner, source, tuple(sheets or ()), agreed, giver)
    with open_counter(operator, pin_fd, level or "", jobs, screen.say) as desk:
        return Answer(*run_intake(desk, order, TerminalTalk(screen)))


@verb(app, "deposit", _("Put a PDF into the owner's store."))
def deposit(
    file: Annotated[Path, typer.Argument(help=_("PDF file."))],
    owner: OwnerId,
    type_: Annotated[str, typer.Option("--type", help=_("What paper it is."))],
    owner_name: Annotated[str, typer.Option(help=_("The owner's name."))] = "",
    number: Annotated[str, typer.Option(help=_("The paper's own number."))] = "",
    co_owner: CoOwner = None,
    dossier: Annotated[
        str, typer.Option(help=_("Code of the dossier it belongs to, or whose result it is."))
    ] = "",
    supersede: Annotated[
        bool, typer.Option("--supersede", help=_("Replace the paper held under this number."))
    ] = False,
    agreed: Annotated[
        bool, typer.Option("--agreed", help=_("The owner agreed that it is kept and reused."))
    ] = False,
    witness: Witness = "",
    master: Annotated[
        list[Path] | None, typer.Option(help=_("Image it was made of, kept with it; repeatable."))
    ] = None,
    operator: Operator = "",
) -> Answer:
    from dossier.shelf import deposit_file
    from terminal import store_reports

    record = deposit_file(
        file, owner, type_, owner_name,
        number=number, dossier=dossier, co_owners=co_owner or (), supersede=supersede,
        agreed=agreed, witness=witness, operator=operator, masters=master or (),
    )  # fmt: skip
    return Answer(store_reports.record_data(record), store_reports.records_text([record]))


@verb(app, "find", _("Papers held for an owner."))
def find(
    owner: OwnerId,
    type_: Annotated[str, typer.Option("--type", help=_("Only this paper."))] = "",
    all_: Annotated[bool, typer.Option("--all", help=_("Also those no longer in force."))] = False,
    operator: Operator = "",
) -> Answer:
    from dossier.shelf import find_records
    from terminal import store_reports

    records = find_records(owner, type_, everything=all_, operator=operator)
    return Answer(
        [store_reports.record_data(one) for one in records], store_reports.records_text(records)
    )


@verb(app, "plan", _("What an owner need not hand in again for a procedure, and why."))
def plan(
    owner: OwnerId,
    for_: Annotated[str, typer.Option("--for", help=_("The procedure."))],
    on: Annotated[date | None, day_option(_("Day it must be in force; else today."))] = None,
    operator: Operator = "",
) -> Answer:
    from dossier.shelf import plan_reuse
    from terminal import ground_reports

    planned = plan_reuse(owner, for_, on, operator)
    return ground_reports.planned_answer(planned)


@verb(app, "reuse", _("Hand a paper out of the store for a procedure; it is put on record."))
def reuse(
    record: Annotated[str, typer.Argument(help=_("Record id."))],
    for_: Annotated[str, typer.Option("--for", help=_("The procedure."))],
    out: Annotated[Path, typer.Option("-o", "--out", help=_("The file to write."))],
    reason: Annotated[str, typer.Option(help=_("Why; else the procedure's name."))] = "",
    receipt: Annotated[
        Path | None, typer.Option(help=_("Where to write the signed receipt."))
    ] = None,
    fields: Annotated[
        Path | None, typer.Option(help=_("What the paper says, to fill forms in with, as JSON."))
    ] = None,
    owner: ForOwner = "",
    operator: Operator = "",
) -> Answer:
    from dossier.shelf import reuse_record
    from terminal import store_reports

    release = reuse_record(
        record, for_, out, reason, operator, receipt=receipt, fields=fields, owner=owner
    )
    return Answer(
        store_reports.release_data(release, out), store_reports.release_text(release, out)
    )


@verb(profile_app, "list", _("Papers, procedures and offices known here."))
def profile_list() -> Answer:
    from profiles import Office, Paper, Procedure, all_of
    from terminal import reports

    kinds = {kind.__name__.lower(): list(all_of(kind)) for kind in (Paper, Procedure, Office)}
    return Answer(reports.profiles_data(kinds), reports.profiles_text(kinds))


@verb(profile_app, "show", _("One profile, whole."))
def profile_show(name: Annotated[str, typer.Argument(help=_("Its name or code."))]) -> Answer:
    from profiles import load_any
    from terminal import reports

    data = load_any(name).model_dump(mode="json", exclude_none=True)
    return Answer(data, reports.tree_text(data))


@verb(profile_app, "check", _("Whether profile files are right; says which key is not."))
def profile_check(files: Annotated[list[Path], typer.Argument(help=_("TOML files."))]) -> Answer:
    from profiles import check_file

    names = {str(path): check_file(path).name for path in files}
    return Answer(names, "\n".join(_("{file}: good").format(file=file) for file in names))


verb(app, "report", _("Figures of the counter's work: people, times, reuse, indicators."))(
    counter_report
)


@verb(app, "training-scanner", _("A network scanner that serves picture files, until Ctrl+C."))
def training_scanner(
    screen: Screen,
    folder: Annotated[Path, typer.Argument(help=_("Folder with the pictures."))],
    port: Annotated[int, typer.Option(min=0, max=65535, help=_("TCP port; 0: any."))] = 0,
    slow: Annotated[float, typer.Option(min=0, help=_("Seconds a page takes."))] = 0.0,
    config: Annotated[
        Path | None, typer.Option(help=_("Folder to write the SANE configuration to."))
    ] = None,
) -> Answer:
    from dossier.scanning import serve_training

    served = serve_training(folder, port, slow, config, screen.say)
    return Answer(served)


verb(
    app, "training-office", _("Software tokens and scans to practise a backlog with, until Ctrl+C.")
)(training_office)
add_serve(app)
app.add_typer(exchange_app)


def main() -> None:
    """The way in: run the command and leave with its exit code."""
    code = run_app(app, sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends
    gc.freeze()  # else all there is would be looked through once more, for 0.3 s
    sys.exit(code)


if __name__ == "__main__":
    main()
