"""``sohoa sign``, ``queue``, ``verify`` and ``print-copy``.

Named in ``cli.py``, and like its verbs: a short function each; imported once the language is set.
"""

from pathlib import Path
from typing import Annotated

import typer

from foundation.messages import _
from terminal.answers import Answer
from terminal.options import Known, Level, Operator, PinFd, Trust
from terminal.progress import Screen


def sign(
    screen: Screen,
    files: Annotated[
        list[Path] | None, typer.Argument(help=_("PDF files."), show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help=_("Signed file, or folder for many."))
    ] = None,
    signer: Annotated[str, typer.Option(help=_("Which key of the office profile."))] = "agency",
    level: Level = None,
    kind: Annotated[str, typer.Option(help=_("Kind of copy named in the text."))] = "SAO Y",
    pin_fd: PinFd = None,
    last_try: Annotated[
        bool, typer.Option("--last-try", help=_("Go on though a wrong PIN would lock the token."))
    ] = False,
    upgrade: Annotated[
        bool,
        typer.Option(
            "--upgrade",
            help=_("Lift signed files, folders, or without any what waits; no PIN. Run it daily."),
        ),
    ] = False,
    warehouse: Annotated[
        bool,
        typer.Option("--warehouse", help=_("With --upgrade: lift the papers in the store.")),
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help=_("Sign without a timestamp now, to be lifted later.")),
    ] = False,
) -> Answer:
    from dossier.signing_desk import lift_documents, sign_documents
    from profiles import load_office
    from terminal import reports, store_reports

    if warehouse:
        from dossier.renewing import StoreAlone, lift_store

        if not upgrade:
            raise StoreAlone
        with screen.progress(_("Lifting")) as advance:
            in_store = lift_store(load_office(), files or [], out, level, advance)
        return store_reports.lifted_answer(in_store)
    if upgrade:
        with screen.progress(_("Lifting")) as advance:
            lifted = lift_documents(load_office(), files or [], out, level, advance)
        return reports.signed_answer(lifted, lifted=True)

    with screen.progress(_("Signing"), len(files or [])) as advance:
        results = sign_documents(
            load_office(), signer, files or [], out, level=level or "", offline=offline,
            kind=kind, pin_fd=pin_fd, last_try=last_try, advance=advance,
        )  # fmt: skip
    return reports.signed_answer(results)


def queue(
    drop: Annotated[
        list[Path] | None, typer.Option(help=_("Take this file off the list; may be repeated."))
    ] = None,
) -> Answer:
    from dossier.waiting import drop as drop_from_list
    from dossier.waiting import standings
    from profiles import load_office
    from terminal import reports

    drop_from_list(drop or [])
    return reports.queue_answer(standings(load_office()))


def verify(
    screen: Screen,
    files: Annotated[list[Path], typer.Argument(help=_("PDF files; with --qr also pictures."))],
    trust: Trust = None,
    known: Known = None,
    qr: Annotated[
        bool, typer.Option("--qr", help=_("Check the QR seal on a paper: a scan or a photograph."))
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help=_("Ask no service; accept revocation unchecked."))
    ] = False,
    policy: Annotated[Path | None, typer.Option(help=_("What to demand: a policy file."))] = None,
    years: Annotated[
        int, typer.Option(min=0, max=100, help=_("Also: will it hold in so many years?"))
    ] = 0,
    report: Annotated[
        Path | None, typer.Option(help=_("Validation report as XML (ETSI TS 119 102-2)."))
    ] = None,
) -> Answer:
    from dossier.checking import check_files, check_papers, demanding, reliance
    from profiles import load_office
    from terminal import reports

    relied = reliance(load_office(), trust or [], known or [])
    relied = demanding(relied, policy, offline=offline, years=years)
    with screen.progress(_("Verifying"), len(files)) as advance:
        if qr:
            verdicts = check_papers(files, relied, advance)
        else:
            verdicts = check_files(files, relied, advance, report)
    return reports.verified_answer(verdicts)


def print_copy(
    file: Annotated[Path, typer.Argument(help=_("PDF file."))],
    out: Annotated[Path, typer.Option("-o", "--out", help=_("The PDF to write."))],
    code: Annotated[str, typer.Option(help=_("Look-up code; else that of the QR seal."))] = "",
    trust: Trust = None,
    known: Known = None,
    operator: Operator = "",
) -> Answer:
    from dossier.checking import reliance
    from dossier.print_copy import print_copy as make_copy
    from profiles import load_office

    office = load_office()
    relied = reliance(office, trust or [], known or [])
    made = make_copy(file, out, office, relied, code=code, operator=operator)
    text = _("{file}: {count} pages to print, look-up code {code}")
    return Answer(made.as_dict(), text.format(file=out, count=made.pages, code=made.code_shown))
