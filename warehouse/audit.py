"""The account of everything that happened: an append-only chain of entries.

Each row holds its entry as canonical JSON (RFC 8785 for the strings and whole numbers
used here) and ``SHA-256(previous hash ‖ entry)``, hashes as 64 hexadecimal digits, the
first over 64 zeros. Whoever alters, drops or reorders a row breaks the chain;
``audit_head`` shows a cut-off end, and signed checkpoints (:mod:`warehouse.checkpoints`)
vouch for every entry from the moment it is committed.

Entries name records by id and owners by a keyed pseudonym, never by number: the audit is
shown to auditors and quoted to citizens, and it outlives the erasure of a record. Texts
people type are masked. Clerks stand in it by name, as those who answer for what was done.
Entries about an owner are numbered, so that an account given to them shows no gaps.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from foundation.errors import SohoaError
from foundation.privacy import mask_text
from foundation.times import iso_utc, utc_now
from warehouse import checkpoints, outbox
from warehouse.catalog import Catalog
from warehouse.consent_schema import audit_owners
from warehouse.errors import AuditAltered, WarehouseUnreachable
from warehouse.journal import note
from warehouse.ledger import put
from warehouse.schema import audit, audit_head, records, requests
from warehouse.values import Actor, AuditReport, Event, Fault, Record, is_id, new_id

_GENESIS = "0" * 64
#: What reading an entry raises that :func:`append` did not write.
GARBLED = (ValueError, LookupError, TypeError)
#: What an owner is told of what was done for another owner of their paper.
SHARED = "co-owner"
#: What a request may come to, see :mod:`warehouse.once`.
_ACTS = frozenset({"deposit", "deposit-again", "release", "revoke", "bind", "erase", "consent"})
#: Details that are digests and ids: they may hold nine digits in a row and are no one's number.
_IDS = frozenset({"sha256", "consent", "receipt", "package", "dossier", "lot", "checks"})
_HEAD = select(audit_head.c.seq, audit_head.c.hash)
# Writers wait here for each other where the database does not make them wait before.
_HEAD_TO_MOVE = _HEAD.with_for_update()
_ADD, _MOVE_HEAD = insert(audit), update(audit_head)
_LAST_NUMBER = select(func.max(audit_owners.c.number)).where(
    audit_owners.c.owner == bindparam("owner")
)


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
    seq, previous = tx.execute(_HEAD_TO_MOVE).one()
    masked = {key: _masked(key, value) for key, value in (details or {}).items()}
    number = _next_number(tx, owner) if owner else 0
    event = Event(
        new_id(), seq + 1, utc_now(), action, record, version, owner, actor, masked, number
    )
    entry = _canonical(event)
    digest = _link(previous, entry)
    row = {"seq": event.seq, "record_id": record, "entry": entry, "hash": digest}
    tx.execute(_ADD, row)
    note(tx, "audit", **row)
    tx.execute(_MOVE_HEAD, {"seq": event.seq, "hash": digest})
    if owner:
        put(tx, audit_owners, {"owner": owner, "number": number, "seq": event.seq})
    outbox.announce(tx, event)
    checkpoints.extend(tx, event.seq, digest, entry)
    if action in _ACTS and (request := tx.get_execution_options().get("sohoa_request")):
        done = update(requests).where(requests.c.key == request).values(done=event.seq)
        tx.execute(done)
    return event


def append_for(
    catalog: Catalog,
    tx: Connection,
    action: str,
    actor: Actor,
    record: Record,
    details: Mapping[str, str],
    whom: str = "",
) -> Event:
    """Add an entry about a record; each of its other owners gets one of their own before it.

    Args:
        whom: number of the owner it was done for; else the first.
    """
    entry = partial(append, tx, actor=actor, record=record.id, version=record.version)
    first = whom or record.owner.identifier
    for other in sorted({one.identifier for one in record.owners} - {first}):
        told = {"did": action} | dict(details)
        entry(SHARED, owner=catalog.pseudonym(other), details=told)
    return entry(action, owner=catalog.pseudonym(first), details=details)


def anchor(tx: Connection) -> dict[str, Any]:
    """Where the chain ends now: what a receipt says so that nobody can cut the audit off before."""
    head = tx.execute(_HEAD).one()
    return {"seq": head.seq, "hash": head.hash}


def _next_number(tx: Connection, owner: str) -> int:
    return int(tx.execute(_LAST_NUMBER, {"owner": owner}).scalar() or 0) + 1


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
            about = owner or _owner_of(catalog, tx, known)
            append(tx, "refusal", actor, record=known, owner=about, details=facts)
        raise


def _owner_of(catalog: Catalog, tx: Connection, record: str) -> str:
    """The pseudonym of a record's owner: they see what was refused of it too."""
    query = select(records.c.owner_identifier).where(records.c.id == record).limit(1)
    identifier = tx.execute(query).scalar()
    return catalog.pseudonym(identifier or "")


def event_at(tx: Connection, seq: int) -> Event:
    """The entry of that number. Raises AuditAltered for one that is garbled or not there."""
    entry = tx.execute(select(audit.c.entry).where(audit.c.seq == seq)).scalar()
    try:
        return event_of(entry or "")
    except GARBLED as error:
        raise AuditAltered(record=seq) from error


def events_of(tx: Connection, record_id: str) -> list[Event]:
    """All entries about a record, the oldest first. Raises AuditAltered for a garbled one."""
    rows = select(audit.c.entry).where(audit.c.record_id == record_id).order_by(audit.c.seq)
    try:
        return [event_of(entry) for entry in tx.execute(rows).scalars()]
    except GARBLED as error:
        raise AuditAltered(record=record_id) from error


def events_about(tx: Connection, owner: str) -> list[Event]:
    """All entries about an owner, by their pseudonym, the oldest first. Raises AuditAltered."""
    query = select(audit.c.entry).join(audit_owners, audit_owners.c.seq == audit.c.seq)
    query = query.where(audit_owners.c.owner == owner).order_by(audit.c.seq)
    try:
        return [event_of(entry) for entry in tx.execute(query).scalars()]
    except GARBLED as error:
        raise AuditAltered(record=owner) from error


def events_of_kinds(tx: Connection, actions: Collection[str]) -> Iterator[Event]:
    """All entries with one of these actions, the oldest first. Raises AuditAltered."""
    query = select(audit.c.seq, audit.c.entry).order_by(audit.c.seq)
    for row in tx.execute(query, execution_options={"yield_per": 1000}):
        try:
            event = event_of(row.entry)
        except GARBLED as error:
            raise AuditAltered(record=row.seq) from error
        if event.action in actions:
            yield event


def verify(tx: Connection, keys: checkpoints.Keys) -> AuditReport:
    """Walk the whole chain from its first entry to its head, and check what was signed of it.

    Args:
        keys: those that may sign checkpoints.
    """
    faults: list[Fault] = []
    expected, previous = 1, _GENESIS
    for row in _rows(tx):
        if row.seq != expected:
            faults.append(Fault("audit-missing", str(row.seq)))
        elif _link(previous, row.entry) != row.hash or not _agrees(row):
            faults.append(Fault("audit-altered", str(row.seq)))
        elif not _listed(row):
            faults.append(Fault("audit-unlisted", str(row.seq)))
        # Go on from what the row claims, so that one altered entry is one fault.
        expected, previous = row.seq + 1, row.hash
    head = tx.execute(_HEAD).one_or_none()
    if head is None or head.seq >= expected:
        faults.append(Fault("audit-cut", str(expected - 1)))
    elif (head.seq, head.hash) != (expected - 1, previous):
        faults.append(Fault("audit-altered", str(expected - 1)))
    faults += checkpoints.verify(tx, keys)
    return AuditReport(expected - 1, previous, tuple(faults), checkpoints.count(tx))


def _rows(tx: Connection) -> Iterator[Any]:
    """Every entry with what the owners' list says of it."""
    query = select(audit, audit_owners.c.owner, audit_owners.c.number)
    query = query.outerjoin(audit_owners, audit_owners.c.seq == audit.c.seq).order_by(audit.c.seq)
    return iter(tx.execute(query, execution_options={"yield_per": 1000}))


def _agrees(row: Any) -> bool:
    """Whether the row's own columns say what its entry says."""
    try:
        event = event_of(row.entry)
    except GARBLED:
        return False
    return (event.seq, event.record_id) == (row.seq, row.record_id)


def _listed(row: Any) -> bool:
    """Whether the owners' list has the entry where the entry says; older ones say no number."""
    event = event_of(row.entry)
    return event.owner == (row.owner or "") and event.owner_number in (0, row.number)


def _masked(key: str, value: str) -> str:
    return value if key in _IDS else mask_text(value)


def _link(previous: str, entry: str) -> str:
    return hashlib.sha256((previous + entry).encode()).hexdigest()


def _canonical(event: Event) -> str:
    entry: dict[str, Any] = {
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
    if event.owner_number:
        entry["owner_number"] = event.owner_number
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def event_of(text: str) -> Event:
    """An entry's text as a value. Raises ValueError, LookupError or TypeError for another text."""
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
        owner_number=entry.get("owner_number", 0),
    )
