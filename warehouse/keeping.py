"""On what ground each paper is kept: asked for at the door, noted, ended, looked up again."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from foundation.times import utc_now
from warehouse import audit
from warehouse.consent_schema import bases
from warehouse.ground_errors import ConsentNotInForce, NoBasis
from warehouse.grounds import CONSENT, Basis
from warehouse.ledger import put
from warehouse.records import get
from warehouse.schema import records
from warehouse.values import Actor, Record

if TYPE_CHECKING:
    from warehouse.grounds import Consent


def require_basis(
    tx: Connection, owner_identifier: str, paper: str, title: str, asked: Basis | None, day: date
) -> Basis:
    """The ground on which a paper may be taken in.

    Args:
        asked: a law, or one consent by its id; None: whichever consent of the owner covers it.

    Raises:
        NoBasis: nobody agreed.
        ConsentNotInForce, ConsentNotFound: the consent named does not cover it.
    """
    from warehouse import consent

    if asked is not None and asked.kind == "law":
        return asked
    if asked is not None:
        one = consent.get(tx, asked.consent_id)
        its_own = one.owner_identifier == owner_identifier and one.covers(paper, "keep")
        if not its_own or one.state(day) not in ("in-force", "spent"):
            raise ConsentNotInForce(consent=one.id)
        return asked
    found = consent.best(consent.of_owner(tx, owner_identifier), paper, "keep", "", day)
    if found is None:
        raise NoBasis(title=title)
    return Basis("consent", CONSENT, consent_id=found.id)


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
    query = select(bases).where(bases.c.record_id == record.id, bases.c.version == record.version)
    return tx.execute(query).one_or_none()


def end_or_rest_on_law(
    tx: Connection,
    consent: "Consent",
    laws: Mapping[str, Basis],
    actor: Actor,
    pseudonym: str,
) -> tuple[list[str], list[str]]:
    """Take a consent away from under the papers kept on it: records kept on by law, and ended."""
    query = select(records.c.paper_type, bases)
    query = query.join_from(
        bases,
        records,
        (records.c.id == bases.c.record_id) & (records.c.version == bases.c.version),
    ).where(bases.c.consent_id == consent.id, bases.c.ended_at.is_(None))
    kept: list[str] = []
    ended: list[str] = []
    for row in tx.execute(query.order_by(bases.c.record_id, bases.c.version)).all():
        law = laws.get(row.paper_type)
        _move(tx, row, law)
        (kept if law else ended).append(row.record_id)
        audit.append(
            tx,
            "kept-by-law" if law else "keeping-ended",
            actor,
            record=row.record_id,
            version=row.version,
            owner=pseudonym,
            details={"consent": consent.id, "basis": str(law or "")},
        )
    return sorted(set(kept)), sorted(set(ended))


def _move(tx: Connection, row: Any, law: Basis | None) -> None:
    now = utc_now()
    changed: dict[str, Any] = {"ended_at": now}
    if law is not None:
        changed = {"kind": "law", "name": law.name, "rule": law.rule, "since": now}
    kept = {column.name: row._mapping[column] for column in bases.c}
    put(tx, bases, kept | changed)


def kept_only(tx: Connection, found: list[Record]) -> list[Record]:
    """Those of some records whose keeping has not ended."""
    ids = {record.id for record in found}
    query = select(bases.c.record_id, bases.c.version)
    query = query.where(bases.c.record_id.in_(ids), bases.c.ended_at.is_not(None))
    ended = {(row.record_id, row.version) for row in tx.execute(query)}
    return [record for record in found if (record.id, record.version) not in ended]


def due_for_erasure(tx: Connection) -> list[Record]:
    """The records none of whose versions is kept on any ground any more, by their last version."""
    still_kept = select(bases.c.record_id).where(bases.c.ended_at.is_(None))
    ended = select(bases.c.record_id).where(
        bases.c.ended_at.is_not(None), bases.c.record_id.not_in(still_kept)
    )
    found = (get(tx, name) for name in tx.execute(ended.distinct()).scalars().all())
    return [record for record in found if record.status != "erased"]
