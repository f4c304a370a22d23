"""One dossier, from the reuse check to the receipt: the steps, each safe to repeat.

    dossier = start(desk, procedure, Owner("001087000084"))
    for part in dossier.at("needed"):
        dossier = make_part(desk, dossier, part.paper, pages_of(part))
    dossier = sign_parts(desk, dossier)
    dossier = deposit_parts(desk, dossier)
    dossier = finish(desk, dossier)

Every step saves the dossier before it returns; a walk that was cut off is loaded and
goes on with the first step that is not done.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from digitize.assemble import write_pdf
from digitize.seal import seal_pdf
from digitize.sheet import FinishedPage
from dossier.desk import Desk, provenance
from dossier.values import Dossier, Part, save
from foundation.errors import SohoaError
from foundation.files import sha256_file
from foundation.messages import _
from foundation.privacy import mask_number
from foundation.times import utc_now, vietnam_time
from ocr.fields import read_fields
from profiles import Component, Paper, Procedure, SignatureRules, load_paper, load_procedure
from warehouse import Owner, Record
from warehouse.values import new_id

#: Room kept for the agency's text at the top right of page 1: its lines at 1.2 times the
#: font's size, twice as many for long names that wrap.
_LINE_MM = 1.2 / 72 * 25.4


def start(desk: Desk, procedure: Procedure, owner: Owner) -> Dossier:
    """Open a dossier: its code, and for each component whether the store holds it already."""
    with desk.store() as store:
        code = store.new_dossier_code(
            desk.office.dossier_code, desk.office.code, vietnam_time(utc_now()).date()
        )
        parts = []
        for component in procedure.components:
            record = held(component, store.find(owner.identifier, component.paper))
            parts.append(
                Part(component.paper, "held", record_id=record.id, code=record.code)
                if record
                else Part(component.paper)
            )
    dossier = Dossier(
        id=new_id(),
        code=code,
        procedure=procedure.name,
        owner=owner,
        actor=desk.actor,
        started_at=utc_now().isoformat(),
        parts=tuple(parts),
    )
    found = ", ".join(load_paper(part.paper).title for part in dossier.at("held")) or _("nothing")
    desk.tell(_("Already in the store"), found)
    return save(dossier)


def agree(dossier: Dossier, agreed: bool) -> Dossier:
    """Note what the owner said when asked whether the papers may be kept in their store."""
    return save(replace(dossier, agreed=agreed))


def held(component: Component, records: Sequence[Record]) -> Record | None:
    """The record that serves for a component: the latest in force, if it may be reused."""
    return records[0] if component.reusable and records else None


def make_part(
    desk: Desk, dossier: Dossier, paper_name: str, pages: Sequence[FinishedPage]
) -> Dossier:
    """Assemble the pages of one component as PDF/A, read its fields, seal it."""
    paper = load_paper(paper_name)
    with desk.store() as store:
        code = store.new_code(
            desk.office.record_code,
            dossier.owner.identifier,
            paper.code,
            office=desk.office.code,
            date=vietnam_time(utc_now()).date(),
        )
    folder = dossier.folder / "parts"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain, sealed = folder / f"{paper.name}.plain.pdf", folder / f"{paper.name}.pdf"
    device = pages[0].sheet.device
    write_pdf(iter(pages), plain, provenance(paper, dossier.actor, device=device, record_code=code))
    seal = paper.seal or desk.office.seal
    fields = seal_fields(desk, dossier, paper, code)
    seal_pdf(plain, sealed, fields, seal, keep_free=room_for_text(desk.signatures(paper)))
    plain.unlink()
    values = read_fields([page.words for page in pages], paper.fields)
    part = replace(
        dossier.part(paper.name),
        stage="made",
        file=f"parts/{sealed.name}",
        code=code,
        pages=len(pages),
        sha256=sha256_file(sealed),
        fields={value.name: value.value for value in values if value.value and not value.fault},
    )
    desk.tell(_("Digitised and sealed: {paper}").format(paper=paper.title), _pages(len(pages)))
    return save(dossier.with_part(part))


def seal_fields(desk: Desk, dossier: Dossier, paper: Paper, code: str) -> dict[str, str]:
    """All the seal may say; the profile chooses (TT 01/2023 Điều 26)."""
    return {
        "record_code": code,
        "dossier_code": dossier.code,
        "procedure_code": load_procedure(dossier.procedure).code,
        "owner": dossier.owner.identifier,
        "paper_name": paper.title,
        "system": desk.office.system,
        "issued_at": vietnam_time(utc_now()).isoformat(),
    }


def room_for_text(signatures: Iterable[SignatureRules]) -> tuple[float, float] | None:
    """Width and height in millimetres that visible text at the top right may need."""
    shown = [rules for rules in signatures if rules.visible and rules.place == "top-right"]
    if not shown:
        return None
    heights = [2 * len(r.text.splitlines()) * r.font_size_pt * _LINE_MM for r in shown]
    return max(rules.width_mm for rules in shown), sum(heights)


def reuse_parts(desk: Desk, dossier: Dossier) -> Dossier:
    """Take the components the store holds out of it, each with its reason on record."""
    procedure = load_procedure(dossier.procedure)
    for part in dossier.at("held"):
        paper = load_paper(part.paper)
        file = f"parts/{paper.name}.reused.pdf"
        (dossier.folder / "parts").mkdir(parents=True, exist_ok=True, mode=0o700)
        with desk.store() as store:
            release = store.reuse(
                part.record_id,
                procedure=procedure.code,
                reason=procedure.title,
                actor=desk.actor,
                out=dossier.folder / file,
            )
        changed = replace(part, stage="reused", file=file, sha256=release.sha256)
        dossier = save(dossier.with_part(changed))
        desk.tell(_("Reused, not scanned: {paper}").format(paper=paper.title), part.record_id)
    return dossier


def sign_parts(desk: Desk, dossier: Dossier) -> Dossier:
    """Sign every made component in the order of roles the profile asks for, one PIN a token.

    Raises:
        TokenError, TimestampUnavailable, ...: see :func:`signing.sign_files`. What was signed
            stays, all PINs are forgotten, and the walk goes on from there next time.
    """
    from signing import SignJob, sign_files
    from signing.errors import AlreadySigned

    made = dossier.at("made")
    for rules in _all_rules(desk, made):
        parts = [part for part in made if rules in desk.signatures(load_paper(part.paper))]
        request = desk.request(rules, load_paper(parts[0].paper).copy_kind)
        jobs = [SignJob(dossier.folder / part.file, dossier.folder / part.file) for part in parts]
        try:
            results = sign_files(jobs, request, desk.pins(rules.role))
            for result in results:
                if result.error and not isinstance(result.error, AlreadySigned):
                    raise result.error
        except SohoaError:
            desk.forget_pins()
            raise
        for part, result in zip(parts, results, strict=True):
            paper = load_paper(part.paper)
            who = result.signature.signer if result.signature else ""
            desk.tell(_("Signed: {paper}").format(paper=paper.title), who)
    for part in made:
        digest = sha256_file(dossier.folder / part.file)
        dossier = dossier.with_part(replace(part, stage="signed", sha256=digest))
    return save(dossier)


def _all_rules(desk: Desk, parts: Iterable[Part]) -> list[SignatureRules]:
    """Every signature rule any part asks for, clerk before agency, without repetition."""
    found: dict[SignatureRules, None] = {}
    for part in parts:
        found.update(dict.fromkeys(desk.signatures(load_paper(part.paper))))
    return sorted(found, key=lambda rules: rules.role != "clerk")


def deposit_parts(desk: Desk, dossier: Dossier) -> Dossier:
    """Put the signed components into the store, where owner and profile allow it."""
    procedure = load_procedure(dossier.procedure)
    for part in dossier.at("signed"):
        paper = load_paper(part.paper)
        if not (dossier.agreed and paper.keep):
            dossier = save(dossier.with_part(replace(part, stage="kept")))
            why = _("only handed in with the dossier")
            desk.tell(_("Not put into the store: {paper}").format(paper=paper.title), why)
            continue
        with desk.store() as store:
            record = store.deposit(
                dossier.folder / part.file,
                owner=dossier.owner,
                paper_type=paper.name,
                type_code=paper.code,
                title=paper.title,
                code=part.code,
                actor=dossier.actor,
                fields=part.fields,
                procedure=procedure.code,
                dossier_code=dossier.code,
            )
        changed = replace(part, stage="deposited", record_id=record.id)
        dossier = save(dossier.with_part(changed))
        desk.tell(_("Deposited: {paper}").format(paper=paper.title), record.id)
    return dossier


def finish(desk: Desk, dossier: Dossier) -> tuple[Dossier, Path]:
    """Write the receipt and close the dossier; its scanned sheets go, its documents stay."""
    from dossier.receipt import write_receipt

    path = write_receipt(desk, dossier)
    shutil.rmtree(dossier.folder / "sheets", ignore_errors=True)
    desk.tell(_("Receipt"), str(path.name))
    return save(replace(dossier, finished=True)), path


def summary(dossier: Dossier) -> dict[str, object]:
    """The dossier for ``--json``: what became of each component; the owner's number masked."""
    return {
        "dossier": dossier.id,
        "folder": str(dossier.folder),
        "procedure": dossier.procedure,
        "owner": mask_number(dossier.owner.identifier),
        "agreed": dossier.agreed,
        "finished": dossier.finished,
        "parts": [
            {
                "paper": part.paper,
                "stage": part.stage,
                "file": str(dossier.folder / part.file) if part.file else "",
                "record": part.record_id,
                "pages": part.pages,
                "sha256": part.sha256,
                "fields": sorted(part.fields),
            }
            for part in dossier.parts
        ],
    }


def _pages(count: int) -> str:
    return _("{count} pages").format(count=count)
