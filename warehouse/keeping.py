"""On what ground each paper is kept: asked for at the door, noted, ended, looked up again.

A paper of several owners is kept as soon as one of them agrees, and stands in the store of those
who did; what a law asks for stands in the store of all. Each takes back for themselves alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, bindparam, select

from foundation.times import today, utc_now
from warehouse import audit
from warehouse.consent_schema import bases, consents
from warehouse.ground_errors import ConsentNotInForce, NoBasis
from warehouse.grounds import CONSENT, Basis
from warehouse.ledger import put
from warehouse.records import get
from warehouse.schema import holders, records
from warehouse.values import Actor, Record

if TYPE_CHECKING:
    from warehouse.grounds import Consent

_OF = select(bases).where(
    bases.c.record_id == bindparam("record"), bases.c.version == bindparam("version")
)


def require_basis(
    tx: Connection,
    owners: Sequence[str],
    paper: str,
    title: str,
    asked: Basis | None,
    day: date,
) -> Basis:
    """The ground on which a paper may be taken in.

    Args:
        owners: numbers of all whose paper it is; the consent of one of them is enough.
        asked: a law, or one consent by its id; None: whichever consent of an owner covers it,
            those of the first owner first.

    Raises:
        NoBasis: nobody agreed.
        ConsentNotInForce, ConsentNotFound: the consent named does not cover it.
    """
    from warehouse import consent

    if asked is not None and asked.kind == "law":
        return asked
    if asked is not None:
        one = consent.get(tx, asked.consent_id)
        if one.owner_identifier not in owners or not one.keeps(paper, day):
            raise ConsentNotInForce(consent=one.id)
        return asked
    for owner in owners:
        found = consent.best(consent.of_owner(tx, owner), paper, "keep", "", day)
        if found is not None:
            return Basis("consent", CONSENT, consent_id=found.id)
    raise NoBasis(title=title)


def note_basis(tx: Connection, record: Record, basis: Basis) -> None:
    """Note the ground of a version; the one it is kept on already stays."""
    row = basis_of(tx, record)
    if row is not None and row.ended_at is None:
        return
    values = {
        "kind": basis.kind,
        "name": basis.name,
        "rule": basis.rule,
        "consent_id": basis.consent_id,
        "since": utc_now(),
        "ended_at": None,
    }
    where = {"record_id": record.id, "version": record.version}
    put(tx, bases, where | values)


def basis_of(tx: Connection, record: Record) -> Any:
    """The row of a version's ground; None where none was ever noted."""
    return tx.execute(_OF, {"record": record.id, "version": record.version}).one_or_none()


@dataclass
class Left:
    """What becomes of records whose consent is taken back, by their ids."""

    by_law: list[str] = field(default_factory=list)
    for_others: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)


def end_or_rest_on(
    tx: Connection, consent: "Consent", laws: Mapping[str, Basis], actor: Actor, pseudonym: str
) -> Left:
    """Take a consent away from under the papers kept on it.

    They are kept on by law, or for another owner who agreed as well, or no longer. One that was
    not taken back but has run out makes way for a later one of its own giver too.
    """
    query = select(records.c.paper_type, bases)
    query = query.join_from(
        bases,
        records,
        (records.c.id == bases.c.record_id) & (records.c.version == bases.c.version),
    ).where(bases.c.consent_id == consent.id, bases.c.ended_at.is_(None))
    left = Left()
    for row in tx.execute(query.order_by(bases.c.record_id, bases.c.version)).all():
        law = laws.get(row.paper_type)
        ground = law or _of_owners(tx, row, consent)
        _move(tx, row, ground)
        action, those = (
            ("kept-by-law", left.by_law)
            if law
            else ("kept-for-other", left.for_others)
            if ground
            else ("keeping-ended", left.ended)
        )
        if row.record_id not in those:
            those.append(row.record_id)
        audit.append(
            tx,
            action,
            actor,
            record=row.record_id,
            version=row.version,
            owner=pseudonym,
            details={"consent": consent.id, "basis": str(law or "")},
        )
    return left


def _of_owners(tx: Connection, row: Any, consent: "Consent") -> Basis | None:
    """Another consent of a version's owners, on which it may be kept."""
    from warehouse.consent import of_owner

    of_version = (holders.c.record_id == row.record_id) & (holders.c.version == row.version)
    theirs = select(holders.c.owner_identifier).where(of_version)
    if consent.state(today()) != "expired":
        theirs = theirs.where(holders.c.owner_identifier != consent.owner_identifier)
    for owner in tx.execute(theirs.order_by(holders.c.owner_identifier)).scalars().all():
        for one in of_owner(tx, owner):
            if one.keeps(row.paper_type, today()):
                return Basis("consent", CONSENT, consent_id=one.id)
    return None


def _move(tx: Connection, row: Any, ground: Basis | None) -> None:
    now = utc_now()
    changed: dict[str, Any] = {"ended_at": now}
    if ground is not None:
        changed = {"kind": ground.kind, "name": ground.name, "rule": ground.rule, "since": now}
    if ground is not None and ground.kind == "consent":
        changed["consent_id"] = ground.consent_id
    kept = {column.name: row._mapping[column] for column in bases.c}
    put(tx, bases, kept | changed)


def run_out(tx: Connection) -> list[str]:
    """Ids of the consents whose last day is past and on which papers are still kept."""
    query = select(consents.c.id).where(consents.c.until < today()).distinct()
    query = query.join(bases, bases.c.consent_id == consents.c.id)
    query = query.where(bases.c.ended_at.is_(None), bases.c.kind == "consent")
    return list(tx.execute(query.order_by(consents.c.id)).scalars())


def kept_only(tx: Connection, found: list[Record], owner: str) -> list[Record]:
    """Those of an owner's records that stand in their store: kept by law, or as they agreed."""
    ids = {record.id for record in found}
    shared = {record.id for record in found if len(record.owners) > 1}
    own: ColumnElement[bool] = bases.c.ended_at.is_not(None)
    if shared:
        own |= (bases.c.kind == "consent") & bases.c.record_id.in_(shared)
    query = select(bases.c.record_id, bases.c.version, bases.c.ended_at)
    rows = tx.execute(query.where(bases.c.record_id.in_(ids), own)).all()
    lacking = {(row.record_id, row.version): row.ended_at is not None for row in rows}
    agreed = _papers_agreed(tx, owner) if shared and rows else frozenset()
    return [
        record
        for record in found
        if (ended := lacking.get((record.id, record.version))) is None
        or (not ended and record.paper_type in agreed)
    ]


def _papers_agreed(tx: Connection, owner: str) -> frozenset[str]:
    """Types of papers an owner agreed to have kept and did not take back."""
    from warehouse.consent import of_owner

    agreed = [one for one in of_owner(tx, owner) if one.withdrawn_at is None]
    return frozenset(paper for one in agreed for paper in one.papers if one.covers(paper, "keep"))


def due_for_erasure(tx: Connection) -> list[Record]:
    """The records none of whose versions is kept on any ground any more, by their last version."""
    still_kept = select(bases.c.record_id).where(bases.c.ended_at.is_(None))
    ended = select(bases.c.record_id).where(
        bases.c.ended_at.is_not(None), bases.c.record_id.not_in(still_kept)
    )
    found = (get(tx, name) for name in tx.execute(ended.distinct()).scalars().all())
    return [record for record in found if record.status != "erased"]
