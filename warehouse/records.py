"""Records as rows: reading them, finding them, and what keeps one from being reused."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Select,
    bindparam,
    case,
    delete,
    false,
    insert,
    or_,
    select,
)

from foundation.privacy import mask_text
from foundation.times import vietnam_time
from warehouse import codes
from warehouse.errors import (
    RecordErased,
    RecordExpired,
    RecordNotFound,
    RecordRevoked,
    RecordSuperseded,
)
from warehouse.schema import UtcDateTime, holders, records
from warehouse.values import Owner, Record, Status, clean_identifier, is_id

# Statements stand ready: to put one together takes SQLAlchemy longer than to carry it out.
_ADD, _ADD_HOLDER = insert(records), insert(holders)
_VERSION: BindParameter[Any] = bindparam("version")
_OWN = (records.c.id == bindparam("id"), records.c.version == _VERSION)
_ONE, _REMOVE = select(records).where(*_OWN), delete(records).where(*_OWN)
_REMOVE_HOLDERS = delete(holders).where(
    holders.c.record_id == bindparam("id"), holders.c.version == _VERSION
)
_BY_CODE = select(records).where(records.c.code == bindparam("code"))
_VERSIONS = select(records).where(records.c.id == bindparam("id")).order_by(records.c.version)
_IN_FORCE_FIRST = (
    select(records)
    .where(records.c.id == bindparam("id"))
    .order_by(case((records.c.status == "active", 0), else_=1), records.c.version.desc())
    .limit(1)
)
#: What is asked of the records of some owners and a type.
_ASKED = {
    "content": (records.c.sha256 == bindparam("sha256"), records.c.status != "erased"),
    "longer": (records.c.size > bindparam("size"), records.c.status != "erased"),
    "number": (records.c.number == bindparam("number"), records.c.status == "active"),
}


def find(
    tx: Connection,
    owner_identifier: str,
    paper_type: str | None,
    on: date,
    status: Status | Literal["any"],
) -> list[Record]:
    """An owner's records as they stand on ``on``, the latest deposit first."""
    asked = {"owner": clean_identifier(owner_identifier)}
    if paper_type is not None:
        asked["paper_type"] = paper_type
    rows = tx.execute(_held_by(of_type=paper_type is not None), asked).mappings()
    found = (from_row(row).on(on) for row in rows)
    return [record for record in found if status in ("any", record.status)]


@cache
def _held_by(*, of_type: bool) -> Select[Any]:
    same = (holders.c.record_id == records.c.id) & (holders.c.version == records.c.version)
    query = select(records).join(holders, same)
    query = query.where(holders.c.owner_identifier == bindparam("owner"))
    if of_type:
        query = query.where(holders.c.paper_type == bindparam("paper_type"))
    return query.order_by(
        records.c.deposited_at.desc(), records.c.id.desc(), records.c.version.desc()
    )


def get(tx: Connection, id_or_code: str, hide: codes.Hide | None = None) -> Record:
    """The version a code stands for, or by id the version in force, else the latest.

    Args:
        hide: finds a version by the code it had before its owner was bound, too.

    Raises:
        RecordNotFound: there is none.
    """
    name = id_or_code.strip()
    if is_id(name.upper()):
        found = tx.execute(_IN_FORCE_FIRST, {"id": name.upper()})
    else:
        found = tx.execute(_BY_CODE, {"code": name})
    row = found.mappings().first()
    if row is None and hide and (led := codes.led_to(tx, hide(name))):
        row = tx.execute(_ONE, {"id": led[0], "version": led[1]}).mappings().first()
    if row is None:
        shown = name.upper() if is_id(name.upper()) else mask_text(name)
        raise RecordNotFound(record=shown)
    return from_row(row)


def as_it_stands(tx: Connection, record: Record) -> Record:
    """The same version as it is now, whatever its code has become."""
    own = (records.c.id == record.id) & (records.c.version == record.version)
    return from_row(tx.execute(select(records).where(own)).mappings().one())


def in_dossier(tx: Connection, dossier_code: str) -> list[Record]:
    """What is in force of a dossier's papers, in the order in which they were deposited."""
    query = select(records).where(
        records.c.dossier_code == dossier_code,
        records.c.dossier_code != "",
        records.c.status == "active",
    )
    query = query.order_by(records.c.deposited_at, records.c.id)
    return [from_row(row) for row in tx.execute(query).mappings()]


def versions(tx: Connection, record_id: str) -> list[Record]:
    """All versions of a record, the first one first; none if there is no such record."""
    return [from_row(row) for row in tx.execute(_VERSIONS, {"id": record_id}).mappings()]


def same_content(
    tx: Connection, owners: Sequence[Owner], paper_type: str, sha256: str
) -> Record | None:
    """The record that holds these bytes, as this type, for one of these owners or for nobody."""
    return next(_of(tx, "content", owners, paper_type, sha256=sha256), None)


def longer(tx: Connection, owners: Sequence[Owner], paper_type: str, size: int) -> list[Record]:
    """These owners' records of a type whose paper is larger; none of those whose owner is unknown.

    Nobody's papers may be millions, and are told apart by their own bytes only.
    """
    known = [one for one in owners if one.identifier]
    return list(_of(tx, "longer", known, paper_type, size=size))


def in_force(
    tx: Connection, owners: Sequence[Owner], paper_type: str, number: str
) -> Record | None:
    """The active record of a type and number of one of the owners; none without a number."""
    if not number:
        return None
    return next(_of(tx, "number", owners, paper_type, number=number), None)


def _of(
    tx: Connection, asked: str, owners: Sequence[Owner], paper_type: str, **more: Any
) -> Iterator[Record]:
    """Papers of one of these owners; where one of them is unknown, nobody's too."""
    known = sorted({one.identifier for one in owners} - {""})
    query = _asked(asked, known=bool(known), nobodys=not all(one.identifier for one in owners))
    given = more | {"paper_type": paper_type} | ({"owners": known} if known else {})
    yield from map(from_row, tx.execute(query, given).mappings())


@cache
def _asked(asked: str, *, known: bool, nobodys: bool) -> Select[Any]:
    held = select(holders.c.record_id).where(
        holders.c.owner_identifier.in_(bindparam("owners", expanding=True)),
        holders.c.paper_type == bindparam("paper_type"),
    )
    whose: list[ColumnElement[bool]] = [records.c.id.in_(held)] if known else []
    if nobodys:
        whose.append(records.c.owner_identifier == "")
    of_type = records.c.paper_type == bindparam("paper_type")
    return select(records).where(of_type, or_(false(), *whose), *_ASKED[asked])


def require_reusable(record: Record, day: date) -> None:
    """Refuse what is not in force on ``day``.

    Raises:
        RecordExpired, RecordRevoked, RecordErased, RecordSuperseded: the subclass of
            NotReusable says why.
    """
    status = record.on(day).status
    since = vietnam_time(record.status_at).date().isoformat()
    if status == "expired":
        raise RecordExpired(record=record.id, day=record.valid_until)
    if status == "revoked":
        raise RecordRevoked(record=record.id, day=since)
    if status == "erased":
        raise RecordErased(record=record.id)
    if status == "superseded":
        raise RecordSuperseded(record=record.id, day=since)


def put(tx: Connection, record: Record) -> None:
    """Write a version's row and whose paper it is, in place of what stood there."""
    version = {"id": record.id, "version": record.version}
    tx.execute(_REMOVE, version)
    tx.execute(_REMOVE_HOLDERS, version)
    add(tx, record)


def add(tx: Connection, record: Record) -> None:
    """Write a new version's row and whose paper it is."""
    tx.execute(_ADD, to_row(record))
    row = {"paper_type": record.paper_type, "record_id": record.id, "version": record.version}
    for identifier in sorted({one.identifier for one in record.owners}):
        tx.execute(_ADD_HOLDER, row | {"owner_identifier": identifier})


def from_row(row: Mapping[Any, Any]) -> Record:
    """A row of the records table as a value."""
    values = dict(row)
    owner = Owner(
        identifier=values.pop("owner_identifier"),
        name=values.pop("owner_name"),
        kind=values.pop("owner_kind"),
    )
    masters = tuple(values.pop("masters"))
    co_owners = tuple(Owner(**one) for one in values.pop("co_owners"))
    return Record(owner=owner, masters=masters, co_owners=co_owners, **values)


def to_row(record: Record) -> dict[str, Any]:
    """A record as a row of the records table."""
    row = dict(vars(record))
    owner: Owner = row.pop("owner")
    return row | {
        "owner_identifier": owner.identifier,
        "owner_name": owner.name,
        "owner_kind": owner.kind,
        "masters": list(record.masters),
        "co_owners": [vars(one) for one in record.co_owners],
    }


def to_json(record: Record) -> bytes:
    """A record as it stands in its object."""
    row = {name: _plain(value) for name, value in to_row(record).items()}
    return json.dumps(row, ensure_ascii=False, sort_keys=True, indent=1).encode()


def from_json(row: Mapping[str, Any]) -> Record:
    """A record out of its object. Raises what reading anything else raises."""
    values = {"origin": {}} | dict(row)  # objects of earlier revisions do not say
    for column in records.columns:
        if values[column.name] is not None:
            if isinstance(column.type, UtcDateTime):
                values[column.name] = datetime.fromisoformat(values[column.name])
            elif isinstance(column.type, Date):
                values[column.name] = date.fromisoformat(values[column.name])
    return from_row(values)


def tombstone(record: Record, at: datetime, reason: str) -> Record:
    """What stays of an erased version: that it was, not whose and not what."""
    return replace(
        record,
        code=f"erased.{record.id}.{record.version}",
        owner=Owner(""),
        number="",
        status="erased",
        status_at=at,
        status_reason=mask_text(reason),
        fields={},
        co_owners=(),
        masters=(),
        dossier_code="",
        origin={},
    )


def tombstones(erased: Sequence[Record]) -> bytes:
    """An erased record's versions as they stand in the register."""
    return b"[" + b",".join(map(to_json, erased)) + b"]"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
