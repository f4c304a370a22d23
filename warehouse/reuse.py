"""Handing a paper out again, on a ground, with the reason on record before it leaves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
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
    NotTheirs,
    OwnerUnnamed,
    ProcedureUnknown,
    TooOften,
)
from warehouse.grounds import CONSENT, Basis, Limits, Terms
from warehouse.ledger import put
from warehouse.receipts import issue
from warehouse.records import as_it_stands, get, require_reusable
from warehouse.values import Actor, Event, Record, Release, clean_identifier

RELEASED = "release-receipt"


@dataclass(frozen=True)
class Asked:
    """What papers are asked for.

    Attributes:
        procedure, reason: what for, and why.
        owner: number of the owner for whose matter; empty: the only one, where there is one.
        details: more for the audit's entries.
    """

    procedure: str
    reason: str
    terms: Terms
    owner: str = ""
    details: Mapping[str, str] = field(default_factory=dict, hash=False)


def reuse(
    catalog: Catalog, id_or_code: str, asked: Asked, actor: Actor, out: Path | None, day: date
) -> Release:
    """Release a record; see :meth:`warehouse.store.Warehouse.reuse`.

    The order matters. The paper is written under a temporary name first, so that one that is
    damaged, or cannot be written where it is wanted, is never on record as released; then the
    release is committed; only then the file gets its name. A crash in between leaves a release
    on record that nobody received, never the reverse.
    """
    with audit.refusals(catalog, "reuse", actor, procedure=asked.procedure), ExitStack() as place:

        def write(records: Sequence[Record]) -> None:
            if out is not None:
                part = place.enter_context(_written_as(out, records[0]))
                _fill(catalog, records[0], part)

        (one,) = release_all(catalog, [id_or_code], asked, actor, day, write)
    return one


def release_all(
    catalog: Catalog,
    names: Sequence[str],
    asked: Asked,
    actor: Actor,
    day: date,
    before: Callable[[Sequence[Record]], None] | None = None,
) -> list[Release]:
    """Put on record that papers leave, all of them or none.

    Args:
        names: ids or codes.
        before: called once they may leave as far as can be told, and before they are on record:
            what it raises ends it.
    """
    if not (asked.procedure and asked.reason):
        raise ReasonMissing
    terms = asked.terms
    with catalog.reading() as tx:
        found = {one.id: one for one in (get(tx, name, catalog.hidden) for name in names)}
        for record in found.values():
            if not (terms.known or terms.explicit):
                raise ProcedureUnknown(procedure=mask_text(asked.procedure), record=record.id)
            require_reusable(record, day)
            _require_asked_for(record, asked.procedure, terms)
            _ground(tx, record, asked, day)
    for record in found.values():
        objects.verify(catalog, record)
    if before is not None:
        before(list(found.values()))
    releases_made = []
    with catalog.writing() as tx:
        for record in found.values():
            # Once more, now that nobody else can write: it may just have been revoked.
            require_reusable(as_it_stands(tx, record), day)
            _require_measure(tx, record, actor, terms.limits)
            basis = _ground(tx, record, asked, day, spend=True)
            releases_made.append(_note(catalog, tx, record, asked, actor, basis))
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


def _for_whom(record: Record, owner: str) -> str:
    """The number of the owner it is for; empty where a paper has several and none was named."""
    theirs = [one.identifier for one in record.owners]
    if owner and owner not in theirs:
        raise NotTheirs(record=record.id)
    return owner or ("" if len(theirs) > 1 else record.owner.identifier)


def _ground(
    tx: Connection, record: Record, asked: Asked, day: date, *, spend: bool = False
) -> Basis:
    """The law or the consent on which a paper may leave.

    What is kept by law is used by law. What is kept on consent leaves for an owner, and only for
    what that very owner agreed to, whoever of them agreed that it is kept.

    Args:
        spend: use a consent for one time up.
    """
    whom, terms = _for_whom(record, clean_identifier(asked.owner)), asked.terms
    row = keeping.basis_of(tx, record)
    if row is not None and row.ended_at is not None:
        day_ended = vietnam_time(row.ended_at).date().isoformat()
        raise KeepingEnded(record=record.id, day=day_ended)
    if row is not None and row.kind == "law":
        return terms.basis or Basis("law", row.name, row.rule)
    if not whom and record.owners:
        raise OwnerUnnamed(record=record.id)
    known = consent.of_owner(tx, whom)
    found = consent.best(known, record.paper_type, "reuse", asked.procedure, day)
    if found is None or (spend and not consent.spend(tx, found)):
        lacking = BasisUnrecorded if row is None else ConsentLacking
        raise lacking(record=record.id, procedure=mask_text(asked.procedure))
    return Basis("consent", CONSENT, consent_id=found.id)


def _note(
    catalog: Catalog, tx: Connection, record: Record, asked: Asked, actor: Actor, basis: Basis
) -> Release:
    whom = clean_identifier(asked.owner) or record.owner.identifier
    told = {
        "procedure": asked.procedure,
        "reason": asked.reason,
        "sha256": record.sha256,
        "basis": basis.rule or basis.name,
        "consent": basis.consent_id,
    }
    more = dict(asked.details)
    event = audit.append_for(catalog, tx, "release", actor, record, told | more, whom)
    said = _said(record, event, basis, whom) | {"audit": audit.anchor(tx)}
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
        reason=asked.reason,
        procedure=asked.procedure,
        requested_by=actor,
        at=event.at,
        sha256=record.sha256,
        basis=str(basis),
        receipt=receipt,
        record=record,
    )


def _said(record: Record, event: Event, basis: Basis, whom: str) -> dict[str, Any]:
    """What a release receipt says: what left, for and to whom, for what, on what ground."""
    return {
        "release": event.id,
        "record": record.id,
        "version": record.version,
        "title": record.title,
        "type": record.paper_type,
        "sha256": record.sha256,
        "valid_until": record.valid_until.isoformat() if record.valid_until else "",
        "owner": mask_number(whom),
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
    with _written_as(target, record) as part:
        _fill(catalog, record, part)


@contextmanager
def _written_as(target: Path, record: Record) -> Iterator[Path]:
    """A file in the making, private from its first byte. Raises CannotWrite."""
    try:
        with atomic_path(target, mode=0o600) as part:
            part.chmod(0o600)
            yield part
    except OSError as error:
        shown = mask_text(str(target))
        raise CannotWrite(file=shown, detail=reason_of(error), record=record.id) from error


def _fill(catalog: Catalog, record: Record, part: Path) -> None:
    with part.open("wb") as stream:
        for chunk in objects.verified_chunks(catalog, record):
            stream.write(chunk)
