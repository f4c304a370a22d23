"""Taking a paper in, or replacing it by a newer version."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection

from foundation.privacy import mask_text
from foundation.times import today, utc_now
from warehouse import audit, codes, keeping, objects, records, renewals
from warehouse.catalog import Catalog
from warehouse.claims import claimed
from warehouse.errors import (
    ContentWithdrawn,
    InvalidSignature,
    NotAPdf,
    OwnerMissing,
    ProtectedPdf,
    RecordConflict,
    SecretPaper,
    UnsignedPaper,
)
from warehouse.grounds import Basis
from warehouse.keys import SealedKey
from warehouse.objects import Staged
from warehouse.ocfl import Inventory
from warehouse.values import Actor, Judgement, Owner, Record, clean_identifier, new_id


@dataclass(frozen=True)
class Deposit:
    """What a depositor says about a paper; its bytes come beside it."""

    owner: Owner
    paper_type: str
    type_code: str
    title: str
    code: str
    number: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    valid_until: date | None = None
    procedure: str = ""
    dossier_code: str = ""
    supersede: bool = False
    basis: Basis | None = None
    co_owners: tuple[Owner, ...] = ()
    owner_unknown: bool = False
    masters: tuple[Path, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)
    judgement: Judgement = field(default_factory=Judgement)


def deposit(catalog: Catalog, source: Path, paper: Deposit, actor: Actor) -> Record:
    """Take a PDF in, byte for byte; see :meth:`warehouse.store.Warehouse.deposit`."""
    paper = _tidy(paper)
    owner = catalog.pseudonym(paper.owner.identifier)
    with audit.refusals(catalog, "deposit", actor, owner=owner, procedure=paper.procedure):
        if not paper.owner.identifier and not paper.owner_unknown:
            raise OwnerMissing
        require_fit(source, paper.judgement)
        with ExitStack() as stack:
            copy = stack.enter_context(objects.staged(catalog, source))
            _require_pdf(copy.stream, source)
            masters = [stack.enter_context(objects.staged(catalog, file)) for file in paper.masters]
            while True:
                record = _attempt(catalog, paper, copy, masters, actor)
                if record is not None:
                    return record


def _attempt(
    catalog: Catalog, paper: Deposit, copy: Staged, masters: Sequence[Staged], actor: Actor
) -> Record | None:
    """Deposit as things stand now; None where they changed before it could be committed."""
    with catalog.reading() as tx:
        _basis(tx, paper)
        known, old = _known(tx, paper, copy), _same_number(tx, paper)
    if known is not None:
        return _again(catalog, paper, copy, actor)
    _refuse_conflict(paper, old)
    with claimed(catalog, old.id if old else new_id()) as claim:
        record = _record(paper, copy, actor, claim.record_id, old)
        sealed = None if old else catalog.keys.new(claim.record_id)
        made = _write(catalog, record, old, sealed, copy, masters)
        with catalog.writing() as tx:
            if _known(tx, paper, copy) is not None or _same_number(tx, paper) != old:
                return None
            basis = _basis(tx, paper)
            codes.require_free(tx, catalog.hidden, paper.code)
            if sealed is not None:
                catalog.keys.settle(sealed)
            if old is not None:
                _replace(catalog, tx, old, record, actor)
            records.add(tx, record)
            objects.note_version(tx, record.id, made)
            _account(catalog, tx, "deposit", record, actor, basis, paper)
            claim.release(tx)
    return record


def _write(
    catalog: Catalog,
    record: Record,
    old: Record | None,
    sealed: SealedKey | None,
    copy: Staged,
    masters: Sequence[Staged],
) -> Inventory:
    files: dict[str, bytes | Staged] = {
        f"{record.version}/paper.pdf": copy,
        f"{record.version}/record.json": records.to_json(record),
    }
    for name, master in zip(record.masters, masters, strict=True):
        files[f"{record.version}/masters/{name}"] = master
    if sealed is not None:
        wrapped = catalog.keys.wrapped(sealed)
        return objects.add_version(
            catalog, sealed.key, record.id, None, files, "deposit", beside=wrapped
        )
    if old is not None:
        files[f"{old.version}/record.json"] = records.to_json(_superseded(old, record))
    previous = objects.trusted_inventory(catalog, record.id)
    key = catalog.keys.open(record.id)
    return objects.add_version(catalog, key, record.id, previous, files, "new version")


def _again(catalog: Catalog, paper: Deposit, copy: Staged, actor: Actor) -> Record | None:
    """The same content again is the same record."""
    with catalog.writing() as tx:
        record = _known(tx, paper, copy)
        if record is not None:
            _account(catalog, tx, "deposit-again", record, actor, _basis(tx, paper), paper)
    return record


def _replace(catalog: Catalog, tx: Connection, old: Record, new: Record, actor: Actor) -> None:
    records.put(tx, _superseded(old, new))
    audit.append_for(catalog, tx, "supersede", actor, old, {})


def _superseded(old: Record, new: Record) -> Record:
    return replace(old, status="superseded", status_at=new.deposited_at, status_reason="")


def _account(
    catalog: Catalog,
    tx: Connection,
    action: str,
    record: Record,
    actor: Actor,
    basis: Basis,
    paper: Deposit,
) -> None:
    more = {"package": record.origin["package"]} if record.origin else {}
    if paper.dossier_code:
        more["dossier"] = paper.dossier_code
    told = {
        "sha256": record.sha256,
        "procedure": paper.procedure,
        "basis": basis.rule or basis.name,
        "consent": basis.consent_id,
    }
    audit.append_for(catalog, tx, action, actor, record, told | more)
    keeping.note_basis(tx, record, basis)


def _basis(tx: Connection, paper: Deposit) -> Basis:
    """On what ground the paper may be kept. Raises NoBasis, ConsentNotInForce."""
    owners = [one.identifier for one in (paper.owner, *paper.co_owners)]
    return keeping.require_basis(tx, owners, paper.paper_type, paper.title, paper.basis, today())


def _tidy(paper: Deposit) -> Deposit:
    clean = [
        replace(one, identifier=clean_identifier(one.identifier))
        for one in (paper.owner, *paper.co_owners)
    ]
    number = " ".join(paper.number.split())
    return replace(paper, owner=clean[0], co_owners=tuple(clean[1:]), number=number)


def require_fit(source: Path, judgement: Judgement) -> None:
    """Refuse what those who judged the paper found unfit."""
    if judgement.secret:
        raise SecretPaper(file=mask_text(source.name))
    if judgement.signature == "broken":
        raise InvalidSignature(file=mask_text(source.name), reason=judgement.reason)
    if judgement.signature_required and judgement.signature == "none":
        raise UnsignedPaper(file=mask_text(source.name))


def _require_pdf(copy: BinaryIO, source: Path) -> None:
    """Refuse what is no whole PDF. Recovery is off: a truncated paper must not pass as one."""
    import pikepdf

    shown = mask_text(str(source))
    try:
        copy.seek(0)
        with pikepdf.open(copy, attempt_recovery=False) as pdf:
            pages = len(pdf.pages)
    except pikepdf.PasswordError as error:
        raise ProtectedPdf(file=shown) from error
    except pikepdf.PdfError as error:
        raise NotAPdf(file=shown) from error
    if not pages:
        raise NotAPdf(file=shown)


def _known(tx: Connection, paper: Deposit, copy: Staged) -> Record | None:
    """The record that already holds these bytes for one of these owners, as this type.

    Raises ContentWithdrawn where that was superseded or revoked.
    """
    record = records.same_content(
        tx, (paper.owner, *paper.co_owners), paper.paper_type, copy.sha256
    )
    if record is None:
        longer = records.longer(tx, (paper.owner, *paper.co_owners), paper.paper_type, copy.size)
        record = renewals.before_renewal(tx, longer, copy.sha256)
    if record is not None and record.status != "active":
        raise ContentWithdrawn(record=record.id, version=record.version)
    return record


def _record(
    paper: Deposit,
    copy: Staged,
    actor: Actor,
    record_id: str,
    old: Record | None,
) -> Record:
    now = utc_now()
    names = [f"{i:04d}{file.suffix.lower()}" for i, file in enumerate(paper.masters, 1)]
    return Record(
        id=record_id,
        code=paper.code,
        version=old.version + 1 if old else 1,
        owner=paper.owner,
        paper_type=paper.paper_type,
        type_code=paper.type_code,
        title=paper.title,
        status="active",
        number=paper.number,
        sha256=copy.sha256,
        size=copy.size,
        deposited_at=now,
        deposited_by=actor.name,
        office=actor.office,
        valid_until=paper.valid_until,
        fields=dict(paper.fields),
        procedure=paper.procedure,
        dossier_code=paper.dossier_code,
        status_at=now,
        masters=tuple(names),
        co_owners=paper.co_owners,
        origin=dict(paper.origin),
    )


def _refuse_conflict(paper: Deposit, old: Record | None) -> None:
    if old is not None and not paper.supersede:
        raise RecordConflict(title=paper.title, number=mask_text(paper.number), record=old.id)


def _same_number(tx: Connection, paper: Deposit) -> Record | None:
    """What is in force under this number for one of these owners."""
    return records.in_force(tx, (paper.owner, *paper.co_owners), paper.paper_type, paper.number)
