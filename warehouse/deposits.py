"""Taking a paper in, replacing it by a newer version, withdrawing it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from foundation.privacy import mask_text
from foundation.times import utc_now, vietnam_time
from warehouse import audit, keeping, objects
from warehouse.catalog import Catalog
from warehouse.errors import (
    CodeTaken,
    ContentWithdrawn,
    NotAPdf,
    NotInForce,
    OwnerMissing,
    ProtectedPdf,
    ReasonMissing,
    RecordConflict,
)
from warehouse.grounds import Basis
from warehouse.records import from_row, get, to_row
from warehouse.schema import codes, records
from warehouse.values import Actor, Owner, Record, Status, clean_identifier, today


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


def deposit(catalog: Catalog, source: Path, paper: Deposit, actor: Actor) -> Record:
    """Take a PDF in, byte for byte; see :meth:`warehouse.store.Warehouse.deposit`."""
    paper = _tidy(paper)
    owner = catalog.pseudonym(paper.owner.identifier)
    with audit.refusals(catalog, "deposit", actor, owner=owner, procedure=paper.procedure):
        if not paper.owner.identifier:
            raise OwnerMissing
        with objects.staged(catalog.folder, source) as copy:
            _require_pdf(copy.path, source)
            with catalog.writing() as tx:
                basis = keeping.require_basis(
                    tx,
                    paper.owner.identifier,
                    paper.paper_type,
                    paper.title,
                    paper.basis,
                    today(),
                )
                record = _known(tx, paper, copy)
                if record is None:
                    record = _take_in(catalog, tx, paper, copy, actor)
                    action = "deposit"
                else:
                    action = "deposit-again"
                audit.append(
                    tx,
                    action,
                    actor,
                    record=record.id,
                    version=record.version,
                    owner=owner,
                    details={
                        "sha256": record.sha256,
                        "procedure": paper.procedure,
                        "basis": basis.rule or basis.name,
                        "consent": basis.consent_id,
                    },
                )
                keeping.note_basis(tx, record, basis)
            if record.object_id == copy.id:
                objects.settle(copy)
    return record


def revoke(catalog: Catalog, id_or_code: str, reason: str, actor: Actor) -> Record:
    """Withdraw what is in force; see :meth:`warehouse.store.Warehouse.revoke`."""
    with audit.refusals(catalog, "revoke", actor):
        if not reason.strip():
            raise ReasonMissing
        with catalog.writing() as tx:
            record = get(tx, id_or_code)
            if record.status != "active":
                since = vietnam_time(record.status_at).date().isoformat()
                raise NotInForce(record=record.id, version=record.version, day=since)
            revoked = _set_status(tx, record, "revoked", utc_now(), reason.strip())
            audit.append(
                tx,
                "revoke",
                actor,
                record=record.id,
                version=record.version,
                owner=catalog.pseudonym(record.owner.identifier),
                details={"reason": reason.strip()},
            )
    return revoked


def _tidy(paper: Deposit) -> Deposit:
    owner = replace(paper.owner, identifier=clean_identifier(paper.owner.identifier))
    return replace(paper, owner=owner, number=" ".join(paper.number.split()))


def _require_pdf(copy: Path, source: Path) -> None:
    """Refuse what is no whole PDF. Recovery is off: a truncated paper must not pass as one."""
    import pikepdf

    shown = mask_text(str(source))
    try:
        with pikepdf.open(copy, attempt_recovery=False) as pdf:
            pages = len(pdf.pages)
    except pikepdf.PasswordError as error:
        raise ProtectedPdf(file=shown) from error
    except pikepdf.PdfError as error:
        raise NotAPdf(file=shown) from error
    if not pages:
        raise NotAPdf(file=shown)


def _known(tx: Connection, paper: Deposit, copy: objects.Staged) -> Record | None:
    """The record that already holds these bytes for this owner and type."""
    query = select(records).where(
        records.c.owner_identifier == paper.owner.identifier,
        records.c.paper_type == paper.paper_type,
        records.c.sha256 == copy.sha256,
    )
    row = tx.execute(query).mappings().first()
    if row is None:
        return None
    record = from_row(row)
    if record.status != "active":
        raise ContentWithdrawn(record=record.id, version=record.version)
    return record


def _take_in(
    catalog: Catalog, tx: Connection, paper: Deposit, copy: objects.Staged, actor: Actor
) -> Record:
    now = utc_now()
    _claim_code(tx, paper.code, now)
    old = _same_number(tx, paper)
    if old is not None and not paper.supersede:
        raise RecordConflict(title=paper.title, number=mask_text(paper.number), record=old.id)
    if old is not None:
        _set_status(tx, old, "superseded", now)
        audit.append(
            tx,
            "supersede",
            actor,
            record=old.id,
            version=old.version,
            owner=catalog.pseudonym(old.owner.identifier),
        )
    record = Record(
        id=old.id if old else copy.id,
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
        object_id=copy.id,
        status_at=now,
    )
    tx.execute(insert(records).values(to_row(record)))
    objects.place(catalog.folder, copy)
    return record


def _claim_code(tx: Connection, code: str, now: datetime) -> None:
    taken = tx.execute(select(records.c.id).where(records.c.code == code)).scalar()
    if taken is not None:
        raise CodeTaken(record=taken)
    # A code from elsewhere is noted too, so that it is never given out here.
    tx.execute(upsert(codes).values(code=code, reserved_at=now).on_conflict_do_nothing())


def _same_number(tx: Connection, paper: Deposit) -> Record | None:
    if not paper.number:
        return None
    query = select(records).where(
        records.c.owner_identifier == paper.owner.identifier,
        records.c.paper_type == paper.paper_type,
        records.c.number == paper.number,
        records.c.status == "active",
    )
    row = tx.execute(query).mappings().first()
    return None if row is None else from_row(row)


def _set_status(
    tx: Connection, record: Record, status: Status, at: datetime, reason: str = ""
) -> Record:
    changed = {"status": status, "status_at": at, "status_reason": reason}
    tx.execute(
        update(records)
        .where(records.c.id == record.id, records.c.version == record.version)
        .values(changed)
    )
    return replace(record, status=status, status_at=at, status_reason=reason)
