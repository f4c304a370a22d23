"""The account of everything that happened: an append-only chain of entries.

Each row holds its entry as canonical JSON (RFC 8785 for the strings and whole numbers
used here) and ``SHA-256(previous hash ‖ entry)``, hashes as 64 hexadecimal digits, the
first over 64 zeros. Whoever alters, drops or reorders a row breaks the chain;
``audit_head`` shows a cut-off end.

Entries name records by id and owners by a keyed pseudonym, never by number: the audit is
shown to auditors and quoted to citizens, and it outlives the erasure of a record. Texts
people type are masked. Clerks stand in it by name, as those who answer for what was done.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from foundation.errors import SohoaError
from foundation.privacy import mask_text
from foundation.times import iso_utc, utc_now
from warehouse.catalog import Catalog
from warehouse.errors import AuditAltered, WarehouseUnreachable
from warehouse.journal import note
from warehouse.schema import audit, audit_head
from warehouse.values import Actor, AuditReport, Event, Fault, is_id, new_id

_GENESIS = "0" * 64
#: What reading an entry raises that :func:`append` did not write.
_GARBLED = (ValueError, LookupError, TypeError)


def append(
    tx: Connection,
    action: str,
    actor: Actor,
    *,
    record: str = "",
    version: int = 0,
    owner: str = "",
    details: Mapping[str, str] | None = None,
) -> Event:
    """Add an entry to the chain, inside the transaction of what it tells.

    Args:
        record: the record's id, empty where there is none.
        owner: the owner's pseudonym.
        details: further facts; personal numbers in them are masked.
    """
    seq, previous = tx.execute(select(audit_head.c.seq, audit_head.c.hash)).one()
    masked = {key: _masked(key, value) for key, value in (details or {}).items()}
    event = Event(new_id(), seq + 1, utc_now(), action, record, version, owner, actor, masked)
    entry = _canonical(event)
    digest = _link(previous, entry)
    row = {"seq": event.seq, "record_id": record, "entry": entry, "hash": digest}
    tx.execute(audit.insert().values(row))
    note(tx, "audit", **row)
    tx.execute(update(audit_head).values(seq=event.seq, hash=digest))
    return event


@contextmanager
def refusals(
    catalog: Catalog, attempt: str, actor: Actor, *, owner: str = "", procedure: str = ""
) -> Iterator[None]:
    """Put on record what was refused within the block, and why, and let the error pass.

    What cannot be put on record is a warehouse that cannot be reached.
    """
    try:
        yield
    except WarehouseUnreachable:
        raise
    except SohoaError as error:
        record = str(error.facts.get("record", ""))
        facts = {"attempt": attempt, "cause": error.message_id, "procedure": procedure}
        with catalog.writing() as tx:
            known = record if is_id(record) else ""
            append(tx, "refusal", actor, record=known, owner=owner, details=facts)
        raise


def events_of(tx: Connection, record_id: str) -> list[Event]:
    """All entries about a record, the oldest first. Raises AuditAltered for a garbled one."""
    rows = select(audit.c.entry).where(audit.c.record_id == record_id).order_by(audit.c.seq)
    try:
        return [_event(entry) for entry in tx.execute(rows).scalars()]
    except _GARBLED as error:
        raise AuditAltered(record=record_id) from error


def verify(tx: Connection) -> AuditReport:
    """Walk the whole chain from its first entry to its head."""
    faults: list[Fault] = []
    expected, previous = 1, _GENESIS
    for row in _rows(tx):
        if row.seq != expected:
            faults.append(Fault("audit-missing", str(row.seq)))
        elif _link(previous, row.entry) != row.hash or not _agrees(row):
            faults.append(Fault("audit-altered", str(row.seq)))
        # Go on from what the row claims, so that one altered entry is one fault.
        expected, previous = row.seq + 1, row.hash
    head = tx.execute(select(audit_head.c.seq, audit_head.c.hash)).one_or_none()
    if head is None or head.seq >= expected:
        faults.append(Fault("audit-cut", str(expected - 1)))
    elif (head.seq, head.hash) != (expected - 1, previous):
        faults.append(Fault("audit-altered", str(expected - 1)))
    return AuditReport(expected - 1, previous, tuple(faults))


def _rows(tx: Connection) -> Iterator[Any]:
    query = select(audit).order_by(audit.c.seq)
    return iter(tx.execution_options(yield_per=1000).execute(query))


def _agrees(row: Any) -> bool:
    """Whether the row's own columns say what its entry says."""
    try:
        event = _event(row.entry)
    except _GARBLED:
        return False
    return (event.seq, event.record_id) == (row.seq, row.record_id)


def _masked(key: str, value: str) -> str:
    # A digest may well hold nine digits in a row; it is no one's number.
    return value if key == "sha256" else mask_text(value)


def _link(previous: str, entry: str) -> str:
    return hashlib.sha256((previous + entry).encode()).hexdigest()


def _canonical(event: Event) -> str:
    entry = {
        "id": event.id,
        "seq": event.seq,
        "at": iso_utc(event.at),
        "action": event.action,
        "record": event.record_id,
        "version": event.version,
        "owner": event.owner,
        "actor": {
            "name": event.actor.name,
            "role": event.actor.role,
            "office": event.actor.office,
        },
        "details": event.details,
    }
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _event(text: str) -> Event:
    entry = json.loads(text)
    return Event(
        id=entry["id"],
        seq=entry["seq"],
        at=datetime.fromisoformat(entry["at"]),
        action=entry["action"],
        record_id=entry["record"],
        version=entry["version"],
        owner=entry["owner"],
        actor=Actor(**entry["actor"]),
        details=entry["details"],
    )
