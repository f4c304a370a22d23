"""What an owner need not hand in again for a procedure, what must be scanned, and why."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select

from foundation.times import vietnam_time
from warehouse import consent
from warehouse.consent_schema import bases
from warehouse.grounds import Consent, Planned, Wanted, Why
from warehouse.records import from_row
from warehouse.schema import holders, records
from warehouse.values import Record, clean_identifier

#: Papers held that are named where none of them serves; of a type somebody has rarely more.
_NAMED = 3
_HELD = (
    select(records, bases.c.kind.label("ground"), bases.c.ended_at)
    .join(
        holders,
        and_(holders.c.record_id == records.c.id, holders.c.version == records.c.version),
    )
    .outerjoin(bases, and_(bases.c.record_id == records.c.id, bases.c.version == records.c.version))
    .where(
        holders.c.owner_identifier == bindparam("owner"),
        holders.c.paper_type.in_(bindparam("papers", expanding=True)),
    )
    .order_by(records.c.deposited_at.desc(), records.c.id.desc())
)


def plan(
    tx: Connection,
    owner_identifier: str,
    procedure: str,
    wanted: Sequence[Wanted],
    day: date,
) -> list[Planned]:
    """For each component a procedure asks for: the record to reuse, or why it must be scanned.

    Args:
        procedure: its code, as consents name it.
        day: on which the papers must be in force.
    """
    owner = clean_identifier(owner_identifier)
    held = _held(tx, owner, [one.paper for one in wanted])
    agreed = consent.of_owner(tx, owner)
    return [_decide(one, held.get(one.paper, []), agreed, procedure, day) for one in wanted]


def _held(tx: Connection, owner: str, papers: Sequence[str]) -> dict[str, list[tuple[Record, Any]]]:
    """The owner's records of these types with their grounds, the latest deposit first."""
    found: dict[str, list[tuple[Record, Any]]] = {}
    for row in tx.execute(_HELD, {"owner": owner, "papers": papers}):
        values = dict(row._mapping)
        del values["ground"], values["ended_at"]
        record = from_row(values)
        found.setdefault(record.paper_type, []).append((record, row))
    return found


def _decide(
    wanted: Wanted,
    held: Sequence[tuple[Record, Any]],
    agreed: list[Consent],
    procedure: str,
    day: date,
) -> Planned:
    if not wanted.reusable:
        return Planned(wanted, None, (Why("asked-anew"),))
    reasons = []
    for record, ground in held:
        why = _unfit(record, ground, agreed, procedure, day)
        if why is None:
            since = vietnam_time(record.deposited_at).date().isoformat()
            return Planned(wanted, record.on(day), (Why("held", {"day": since}),))
        reasons.append(why)
    return Planned(wanted, None, tuple(reasons[:_NAMED]) or (Why("not-held"),))


def _unfit(
    record: Record, ground: Any, agreed: list[Consent], procedure: str, day: date
) -> Why | None:
    """Why a held paper cannot be reused; None where it can."""
    status = record.on(day).status
    if status == "expired":
        return Why("expired", {"day": record.valid_until})
    if status != "active":
        return Why(status, {"day": vietnam_time(record.status_at).date().isoformat()})
    if ground.ended_at is not None:
        return Why("withdrawn", {"day": vietnam_time(ground.ended_at).date().isoformat()})
    if ground.ground == "law":
        return None
    if consent.best(agreed, record.paper_type, "reuse", procedure, day) is not None:
        return None
    return Why("no-basis" if ground.ground is None else "no-consent")
