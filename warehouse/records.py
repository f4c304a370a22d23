"""Records as rows: reading them, finding them, and what keeps one from being reused."""

from collections.abc import Collection
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, case, select

from foundation.privacy import mask_text
from foundation.times import vietnam_time
from warehouse.errors import RecordExpired, RecordNotFound, RecordRevoked, RecordSuperseded
from warehouse.schema import records
from warehouse.values import Owner, Record, Status, clean_identifier, is_id


def find(
    tx: Connection,
    owner_identifier: str,
    paper_type: str | None,
    on: date,
    status: Status | Literal["any"],
) -> list[Record]:
    """An owner's records as they stand on ``on``, the latest deposit first."""
    query = select(records).where(records.c.owner_identifier == clean_identifier(owner_identifier))
    if paper_type is not None:
        query = query.where(records.c.paper_type == paper_type)
    query = query.order_by(
        records.c.deposited_at.desc(), records.c.id.desc(), records.c.version.desc()
    )
    found = (from_row(row).on(on) for row in tx.execute(query).mappings())
    return [record for record in found if status in ("any", record.status)]


def get(tx: Connection, id_or_code: str) -> Record:
    """The version a code stands for, or by id the version in force, else the latest.

    Raises:
        RecordNotFound: there is none.
    """
    name = id_or_code.strip()
    if is_id(name.upper()):
        in_force_first = case((records.c.status == "active", 0), else_=1)
        query = select(records).where(records.c.id == name.upper())
        query = query.order_by(in_force_first, records.c.version.desc()).limit(1)
    else:
        query = select(records).where(records.c.code == name)
    row = tx.execute(query).mappings().first()
    if row is None:
        shown = name.upper() if is_id(name.upper()) else mask_text(name)
        raise RecordNotFound(record=shown)
    return from_row(row)


def versions(tx: Connection, record_id: str) -> list[Record]:
    """All versions of a record, the first one first; none if there is no such record."""
    query = select(records).where(records.c.id == record_id).order_by(records.c.version)
    return [from_row(row) for row in tx.execute(query).mappings()]


def known_objects(tx: Connection, object_ids: Collection[str]) -> set[str]:
    """Those of the object names that belong to a record."""
    query = select(records.c.object_id).where(records.c.object_id.in_(object_ids))
    return set(tx.execute(query).scalars())


def require_reusable(record: Record, day: date) -> None:
    """Refuse what is not in force on ``day``.

    Raises:
        RecordExpired, RecordRevoked, RecordSuperseded: the subclass of NotReusable says why.
    """
    status = record.on(day).status
    since = vietnam_time(record.status_at).date().isoformat()
    if status == "expired":
        raise RecordExpired(record=record.id, day=record.valid_until)
    if status == "revoked":
        raise RecordRevoked(record=record.id, day=since)
    if status == "superseded":
        raise RecordSuperseded(record=record.id, day=since)


def from_row(row: Any) -> Record:
    """A row of the records table as a value."""
    values = dict(row)
    owner = Owner(
        identifier=values.pop("owner_identifier"),
        name=values.pop("owner_name"),
        kind=values.pop("owner_kind"),
    )
    return Record(owner=owner, **values)


def to_row(record: Record) -> dict[str, Any]:
    """A record as a row of the records table."""
    row = dict(vars(record))
    owner: Owner = row.pop("owner")
    return row | {
        "owner_identifier": owner.identifier,
        "owner_name": owner.name,
        "owner_kind": owner.kind,
    }
