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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from digitize.assemble import write_pdf
from digitize.sheet import FinishedPage
from dossier.closing import put_on_record
from dossier.desk import Desk, provenance
from dossier.facts import read_paper
from dossier.grounds import agreement, by_consent, kept_papers, terms_of, wanted_by
from dossier.seals import Filing, seal_document
from dossier.secrecy import is_secret
from dossier.shelf import judge
from dossier.signing_order import Made, sign_in_order
from dossier.values import Dossier, DossierUnreadable, Hold, Part, load, save, unfinished
from foundation.files import sha256_file
from foundation.messages import _
from foundation.privacy import mask_number
from foundation.times import utc_now
from profiles import (
    Procedure,
    UnknownProfile,
    load_paper,
    load_procedure,
)
from warehouse import Owner
from warehouse.errors import SecretPaper
from warehouse.grounds import Evidence, Giver
from warehouse.values import new_id

if TYPE_CHECKING:
    from signing import SignResult
    from warehouse import Warehouse

#: Why a paper is scanned that needs no saying.
_AS_USUAL = frozenset({"not-held", "asked-anew"})

#: Folder of a dossier for sheets on their way to documents.
SHEETS = "sheets"


def start(desk: Desk, procedure: Procedure, owner: Owner) -> Dossier:
    """Open a dossier: its code, and for each component whether the store holds it already."""
    with desk.store() as store:
        code = store.new_dossier_code(desk.office.dossier_code, desk.office.code)
    dossier = Dossier(
        id=new_id(),
        code=code,
        procedure=procedure.name,
        owner=owner,
        actor=desk.actor,
        started_at=utc_now().isoformat(),
        parts=tuple(Part(component.paper) for component in procedure.components),
    )
    return look_up(desk, dossier)


def start_or_go_on(desk: Desk, procedure: Procedure, owner: Owner, hold: Hold) -> Dossier:
    """The dossier of this owner and procedure that was left unfinished, else a new one.

    It is taken in hold; one that another program works on meanwhile is left to it.
    """
    hold.release()
    for left in unfinished():
        if isinstance(left, DossierUnreadable) or left.procedure != procedure.name:
            continue
        if left.owner.identifier == owner.identifier and hold.take(left):
            desk.tell(_("Going on with the unfinished dossier"), left.code)
            # Read again, now that nobody else can change it.
            return look_up(desk, load(left.id))
    dossier = start(desk, procedure, owner)
    hold.take(dossier)
    return dossier


def look_up(desk: Desk, dossier: Dossier) -> Dossier:
    """Note for each component not yet made whether the store holds it now, or why it does not."""
    procedure = load_procedure(dossier.procedure)
    owner = dossier.owner.identifier
    with desk.store() as store:
        planned = {
            one.wanted.paper: one for one in store.plan(owner, procedure.code, wanted_by(procedure))
        }
        found = sum(one.record is not None for one in planned.values())
        seen = {"procedure": procedure.code, "found": str(found), "dossier": dossier.code}
        store.account.note("look-up", owner, desk.actor, seen)
    for part in dossier.at("needed", "held"):
        one = planned.get(part.paper)
        if one is not None and one.record is not None:
            record = one.record
            changed = replace(part, stage="held", record_id=record.id, code=record.code, advice=())
        else:
            causes = one.why if one else ()
            changed = replace(
                part,
                stage="needed",
                record_id="",
                code="",
                advice=tuple(str(why) for why in causes if why.cause not in _AS_USUAL),
            )
        dossier = dossier.with_part(changed)
    return save(dossier)


def tell_held(desk: Desk, dossier: Dossier) -> None:
    """Say which components need not be handed in."""
    found = ", ".join(load_paper(part.paper).title for part in dossier.at("held")) or _("nothing")
    desk.tell(_("Already in the store"), found)


def give_up(dossier: Dossier) -> Dossier:
    """Close a dossier nobody will go on with.

    Its scanned sheets go, and so does every document of a sensitive paper (NĐ 356/2025);
    the other documents stay in its folder.
    """
    _remove_sheets(dossier)
    for part in dossier.parts:
        if part.file and _is_sensitive(part.paper):
            (dossier.folder / part.file).unlink(missing_ok=True)
    return save(replace(dossier, given_up=True))


def _is_sensitive(paper: str) -> bool:
    try:
        return load_paper(paper).sensitive
    except UnknownProfile:
        return True  # nobody can say any more, so it is taken to be


def _remove_sheets(dossier: Dossier) -> None:
    sheets = dossier.folder / SHEETS
    if sheets.exists():
        shutil.rmtree(sheets)


def agree(desk: Desk, dossier: Dossier, agreed: bool, giver: Giver | None = None) -> Dossier:
    """Put on record what the owner said when asked whether the papers may be kept in their store.

    A consent that covers these papers already serves. Whoever says no after yes takes back
    what was agreed in this dossier, and nothing that was agreed before it.

    Args:
        giver: the guardian or delegate who spoke for the owner.

    Raises:
        MinorNeedsGuardian, AuthorityMissing: it is not for them to say.
    """
    heard = Evidence("witness", desk.actor.name)
    with desk.store() as store:
        if agreed:
            consent_id = dossier.consent_id or _consent(desk, store, dossier, heard, giver)
        else:
            _take_back(desk, store, dossier, heard, giver)
            consent_id = ""
    return save(replace(dossier, agreed=agreed, consent_id=consent_id))


def _consent(
    desk: Desk, store: "Warehouse", dossier: Dossier, heard: Evidence, giver: Giver | None
) -> str:
    """The consent that covers a dossier's papers: an earlier one, else a new one; its id."""
    procedure = load_procedure(dossier.procedure)
    papers = kept_papers(procedure)
    names = tuple(paper.name for paper in papers)
    if not names:
        return ""
    earlier = store.consents.covering(dossier.owner.identifier, names, procedure.code)
    if earlier is not None:
        return earlier.id
    asked = agreement(desk.office, dossier.owner, papers, heard, giver=giver)
    return store.consents.grant(asked, desk.actor).id


def _take_back(
    desk: Desk, store: "Warehouse", dossier: Dossier, heard: Evidence, giver: Giver | None
) -> None:
    if not dossier.consent_id:
        return
    consent = store.consents.get(dossier.consent_id)
    if consent.given_at.isoformat() >= dossier.started_at:
        store.consents.withdraw(consent.id, desk.actor, heard, giver=giver)


def make_part(
    desk: Desk, dossier: Dossier, paper_name: str, pages: Sequence[FinishedPage]
) -> Dossier:
    """Assemble the pages of one component as PDF/A, read its fields, seal it.

    Raises:
        SecretPaper: it bears a mark of state secrecy; nothing is left of it.
    """
    paper = load_paper(paper_name)
    with desk.store() as store:
        code = store.new_code(
            desk.office.record_code, dossier.owner.identifier, paper.code, desk.office.code
        )
    folder = dossier.folder / "parts"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain, sealed = folder / f"{paper.name}.plain.pdf", folder / f"{paper.name}.pdf"
    device = pages[0].sheet.device
    origin = provenance(paper, dossier.actor, device=device, record_code=code, station=desk.station)
    procedure = load_procedure(dossier.procedure).code
    filing = Filing(code, dossier.owner.identifier, dossier.code, procedure)
    try:
        write_pdf(iter(pages), plain, origin)
        if is_secret(plain):
            raise SecretPaper(file=paper.title)
        seal_document(desk, paper, filing, plain, pages[0].words, sealed)
    finally:
        plain.unlink(missing_ok=True)
    values = read_paper(paper, pages)
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
                terms=terms_of(procedure, desk.office),
                owner=dossier.owner.identifier,
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
    made = dossier.at("made")
    files = [(dossier.folder / part.file, load_paper(part.paper)) for part in made]

    def told(one: Made, result: "SignResult") -> None:
        if result.error:
            raise result.error
        who = result.signature.signer if result.signature else _("signed before")
        desk.tell(_("Signed: {paper}").format(paper=one[1].title), who)

    sign_in_order(desk, files, told)
    for part in made:
        digest = sha256_file(dossier.folder / part.file)
        dossier = dossier.with_part(replace(part, stage="signed", sha256=digest))
    return save(dossier)


def deposit_parts(desk: Desk, dossier: Dossier) -> Dossier:
    """Put the signed components into the store, where owner and profile allow it."""
    procedure = load_procedure(dossier.procedure)
    if dossier.agreed and not dossier.consent_id:  # begun by a sohoa that kept only the yes
        dossier = agree(desk, dossier, True)
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
                basis=by_consent(dossier.consent_id),
                judgement=judge(dossier.folder / part.file, paper),
            )
        changed = replace(part, stage="deposited", record_id=record.id)
        dossier = save(dossier.with_part(changed))
        desk.tell(_("Deposited: {paper}").format(paper=paper.title), record.id)
    return dossier


def finish(desk: Desk, dossier: Dossier) -> tuple[Dossier, Path]:
    """Write the receipt and close the dossier; its scanned sheets go, its documents stay."""
    from dossier.receipt import write_receipt

    path = write_receipt(desk, dossier)
    put_on_record(desk, dossier)
    _remove_sheets(dossier)
    desk.tell(_("Receipt"), path.name)
    return save(replace(dossier, finished=True)), path


def summary(dossier: Dossier) -> dict[str, object]:
    """The dossier for ``--json``: what became of each component; the owner's number masked."""
    return {
        "dossier": dossier.id,
        "folder": str(dossier.folder),
        "procedure": dossier.procedure,
        "owner": mask_number(dossier.owner.identifier),
        "agreed": dossier.agreed,
        "consent": dossier.consent_id,
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
