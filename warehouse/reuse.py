"""Handing a paper out again, on a ground, with the reason on record before it leaves."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, func, select

from foundation.files import atomic_path
from foundation.privacy import mask_number, mask_text
from foundation.reasons import reason_of
from foundation.times import iso_utc, utc_now, vietnam_time
from warehouse import audit, consent, keeping, objects
from warehouse.catalog import Catalog
from warehouse.checkpoints import signer_of
from warehouse.consent_schema import releases
from warehouse.errors import CannotWrite, ReasonMissing
from warehouse.ground_errors import (
    BasisUnrecorded,
    ConsentLacking,
    KeepingEnded,
    NotForProcedure,
    ProcedureUnknown,
    TooOften,
)
from warehouse.grounds import CONSENT, Basis, Limits, Terms
from warehouse.ledger import put
from warehouse.receipts import issue
from warehouse.records import get, require_reusable
from warehouse.values import Actor, Event, Record, Release

RELEASED = "release-receipt"


def reuse(
    catalog: Catalog,
    id_or_code: str,
    *,
    procedure: str,
    reason: str,
    actor: Actor,
    out: Path | None,
    day: date,
    terms: Terms,
) -> Release:
    """Release a record; see :meth:`warehouse.store.Warehouse.reuse`.

    The order matters. The paper is read through first, so that a damaged one is never on
    record as released; then the release is committed; only then does the file appear. A
    crash in between leaves a release on record that nobody received, never the reverse.
    """
    purpose = (procedure.strip(), reason.strip())
    with audit.refusals(catalog, "reuse", actor, procedure=purpose[0]):
        (one,) = release_all(catalog, [id_or_code], purpose, actor, day, terms)
        if out is not None:
            copy_out(catalog, one.record, out)
    return one


def release_all(
    catalog: Catalog,
    names: Sequence[str],
    purpose: tuple[str, str],
    actor: Actor,
    day: date,
    terms: Terms,
    details: Mapping[str, str] = MappingProxyType({}),
) -> list[Release]:
    """Put on record that papers leave, all of them or none.

    Args:
        names: ids or codes.
        purpose: the procedure, and why.
        details: more for the audit's entries.
    """
    procedure, reason = purpose
    if not (procedure and reason):
        raise ReasonMissing
    with catalog.reading() as tx:
        asked = {record.id: record for record in (get(tx, name, catalog.hidden) for name in names)}
    for record in asked.values():
        if not (terms.known or terms.explicit):
            raise ProcedureUnknown(procedure=mask_text(procedure), record=record.id)
        require_reusable(record, day)
        _require_asked_for(record, procedure, terms)
        objects.verify(catalog, record)
    releases_made = []
    with catalog.writing() as tx:
        for record in asked.values():
            # Once more, now that nobody else can write: it may just have been revoked.
            require_reusable(get(tx, record.code, catalog.hidden), day)
            _require_measure(tx, record, actor, terms.limits)
            basis = _ground(tx, record, procedure, terms, day)
            pseudonym = catalog.pseudonym(record.owner.identifier)
            made = _note(tx, record, purpose, actor, basis, pseudonym, details)
            releases_made.append(made)
    return releases_made


def _require_asked_for(record: Record, procedure: str, terms: Terms) -> None:
    asked_for = terms.papers is None or record.paper_type in terms.papers
    if not (asked_for or terms.explicit):
        raise NotForProcedure(record=record.id, title=record.title, procedure=mask_text(procedure))


def _require_measure(tx: Connection, record: Record, actor: Actor, limits: Limits | None) -> None:
    """Whether operator and record are within the office's measure."""
    if limits is None:
        return
    now = utc_now()
    by_actor = (
        releases.c.office == actor.office,
        releases.c.actor == actor.name,
        releases.c.at > now - timedelta(hours=1),
    )
    of_record = (releases.c.record_id == record.id, releases.c.at > now - timedelta(days=1))
    for where, most, name in (
        (by_actor, limits.operator_an_hour, "operator_an_hour"),
        (of_record, limits.record_a_day, "record_a_day"),
    ):
        count = select(func.count()).select_from(releases).where(*where)
        if tx.execute(count).scalar_one() >= most:
            raise TooOften(limit=f"{name} = {most}", record=record.id)


def _ground(tx: Connection, record: Record, procedure: str, terms: Terms, day: date) -> Basis:
    """The law or the consent on which a paper may leave; a consent for one time is spent.

    What is kept by law is used by law. What is kept on the owner's consent leaves only for
    what the owner agreed to.
    """
    row = keeping.basis_of(tx, record)
    if row is not None and row.ended_at is not None:
        day_ended = vietnam_time(row.ended_at).date().isoformat()
        raise KeepingEnded(record=record.id, day=day_ended)
    if row is not None and row.kind == "law":
        return terms.basis or Basis("law", row.name, row.rule)
    known = consent.of_owner(tx, record.owner.identifier)
    found = consent.best(known, record.paper_type, "reuse", procedure, day)
    if found is None or not consent.spend(tx, found):
        lacking = BasisUnrecorded if row is None else ConsentLacking
        raise lacking(record=record.id, procedure=mask_text(procedure))
    return Basis("consent", CONSENT, consent_id=found.id)


def _note(
    tx: Connection,
    record: Record,
    purpose: tuple[str, str],
    actor: Actor,
    basis: Basis,
    pseudonym: str,
    details: Mapping[str, str],
) -> Release:
    procedure, reason = purpose
    event = audit.append(
        tx,
        "release",
        actor,
        record=record.id,
        version=record.version,
        owner=pseudonym,
        details={
            "procedure": procedure,
            "reason": reason,
            "sha256": record.sha256,
            "basis": basis.rule or basis.name,
            "consent": basis.consent_id,
        }
        | dict(details),
    )
    said = _said(record, event, basis) | {"audit": audit.anchor(tx)}
    receipt = issue(RELEASED, said, signer_of(tx))
    row = {
        "id": event.id,
        "record_id": record.id,
        "version": record.version,
        "actor": actor.name,
        "office": actor.office,
        "at": event.at,
        "receipt": receipt,
    }
    put(tx, releases, row)
    return Release(
        id=event.id,
        record_id=record.id,
        reason=reason,
        procedure=procedure,
        requested_by=actor,
        at=event.at,
        sha256=record.sha256,
        basis=str(basis),
        receipt=receipt,
        record=record,
    )


def _said(record: Record, event: Event, basis: Basis) -> dict[str, Any]:
    """What a release receipt says: what left, to whom, for what, on what ground."""
    return {
        "release": event.id,
        "record": record.id,
        "version": record.version,
        "title": record.title,
        "type": record.paper_type,
        "sha256": record.sha256,
        "valid_until": record.valid_until.isoformat() if record.valid_until else "",
        "owner": mask_number(record.owner.identifier),
        "pii_principal_id": event.owner,
        "released_to": vars(event.actor),
        "procedure": event.details["procedure"],
        "reason": event.details["reason"],
        "basis": {"kind": basis.kind, "rule": basis.rule, "consent": basis.consent_id},
        "at": iso_utc(event.at),
    }


def copy_out(catalog: Catalog, record: Record, target: Path) -> None:
    """Write a record's PDF to ``target``, whole and verified or not at all, private (0600).

    Raises:
        DamagedObject: the stored paper is not as deposited; nothing is written.
        CannotWrite: ``target`` cannot be written.
    """
    try:
        with atomic_path(target, mode=0o600) as part, part.open("wb") as stream:
            for chunk in objects.verified_chunks(catalog, record):
                stream.write(chunk)
    except OSError as error:
        shown = mask_text(str(target))
        raise CannotWrite(file=shown, detail=reason_of(error), record=record.id) from error
