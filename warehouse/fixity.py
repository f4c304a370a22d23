"""Is everything still there, unaltered, and as audit and journal tell it?"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select, union, update

from foundation.times import utc_now
from warehouse import audit, objects, ocfl
from warehouse.catalog import Catalog
from warehouse.engine import reachable
from warehouse.errors import (
    AuditAltered,
    DamagedObject,
    JournalDamaged,
    KeyDamaged,
    MissingObject,
    RecordErased,
)
from warehouse.receipts import known_keys
from warehouse.records import from_json, versions
from warehouse.schema import audit as audit_rows
from warehouse.schema import check_state, inventories, journal_head, pending, records
from warehouse.values import AuditReport, CheckReport, Event, Fault, Record

#: Records read in one transaction: small enough never to hold SQLite's log for long.
_BATCH = 500
_AFTER = {
    "deposit": "active",
    "supersede": "superseded",
    "revoke": "revoked",
    "erase": "erased",
}


@dataclass
class _Tally:
    records: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)


def check(
    catalog: Catalog, limit: int | None = None, not_since: datetime | None = None
) -> CheckReport:
    """Read every object, compare every record with object and audit, walk journal and audit.

    Where it has come is kept in the catalogue: a run with a limit goes on where the last one
    ended or was cut short, and after the last record begins with the first.

    Args:
        limit: records to look at; None for all of them, from the first.
        not_since: do nothing if a whole check ended after this moment.
    """
    with catalog.reading() as tx:
        state = tx.execute(select(check_state)).one()
        if not_since and state.ended_at and state.ended_at > not_since:
            return CheckReport(0, 0, AuditReport(0, ""))
    tally, last, left = _Tally(), "" if limit is None else state.last_record, limit
    while left is None or left > 0:
        batch = _stories(catalog, last, min(_BATCH, left or _BATCH))
        for record_id, held, events in batch:
            _examine(catalog, tally, record_id, held, events)
        if not batch:
            return _finish(catalog, tally)
        last = batch[-1][0]
        left = left - len(batch) if left is not None else None
        _keep_place(catalog, last, begun=not state.last_record or limit is None)
    return CheckReport(
        tally.records, tally.bytes, AuditReport(0, ""), tuple(tally.faults), whole=False
    )


def _finish(catalog: Catalog, tally: _Tally) -> CheckReport:
    """What is looked at only when all records have been: strangers, journal, audit."""
    tally.faults += [Fault("object-unknown", name) for name in unknown_objects(catalog)]
    tally.faults += [Fault("journal-damaged", str(number)) for number in journal_faults(catalog)]
    with catalog.reading() as tx:
        report = audit.verify(tx, known_keys(catalog.folder))
    with catalog.writing() as tx:
        tx.execute(update(check_state).values(last_record="", ended_at=utc_now()))
    return CheckReport(tally.records, tally.bytes, report, tuple(tally.faults))


def _keep_place(catalog: Catalog, last: str, *, begun: bool) -> None:
    values: dict[str, object] = {"last_record": last}
    if begun:
        values["begun_at"] = utc_now()
    with catalog.writing() as tx:
        tx.execute(update(check_state).values(values))


def _stories(
    catalog: Catalog, last: str, count: int
) -> list[tuple[str, list[Record], list[Event]]]:
    """The next records named in the catalogue or in the audit: versions and entries of each."""
    # Bounded on both sides of the union: SQLite then merges two indexes and stops early.
    ids = union(
        select(records.c.id).where(records.c.id > last),
        select(audit_rows.c.record_id.label("id")).where(audit_rows.c.record_id > last),
    )
    with catalog.reading() as tx:
        batch = list(tx.execute(ids.order_by("id").limit(count)).scalars())
        return [(name, versions(tx, name), _events(tx, name)) for name in batch]


def _events(tx: Connection, record_id: str) -> list[Event]:
    try:
        return audit.events_of(tx, record_id)
    except AuditAltered:
        return []  # so its record counts as unaudited; audit.verify() names the row


def _examine(
    catalog: Catalog, tally: _Tally, record_id: str, held: list[Record], events: list[Event]
) -> None:
    found = list(_told_otherwise(held, events))
    if held:
        found += _object_faults(catalog, record_id, held)
    if found and _changed(catalog, held, record_id):
        # Somebody was writing while we looked: look again, now that they have done.
        with catalog.reading() as tx:
            held, events = versions(tx, record_id), _events(tx, record_id)
        found = [*_told_otherwise(held, events), *_object_faults(catalog, record_id, held)]
    tally.faults += found
    tally.records += len(held)
    tally.bytes += sum(record.size for record in held)


def _changed(catalog: Catalog, held: list[Record], record_id: str) -> bool:
    with catalog.reading() as tx:
        return versions(tx, record_id) != held


def _told_otherwise(record_versions: list[Record], events: list[Event]) -> Iterator[Fault]:
    """The versions whose content or status is not what the audit's entries lead to."""
    told: dict[int, tuple[str, str, str]] = {}
    for event in events:
        if event.action == "deposit":
            told[event.version] = (event.record_id, event.details.get("sha256", ""), "active")
        elif event.action == "renew" and event.version in told:
            record_id, _sha256, status = told[event.version]
            told[event.version] = (record_id, event.details.get("sha256", ""), status)
        elif event.action in _AFTER and event.version in told:
            told[event.version] = (*told[event.version][:2], _AFTER[event.action])
    held = {r.version: (r.id, r.sha256, r.status) for r in record_versions}
    for version in sorted(told.keys() | held.keys()):
        if told.get(version) != held.get(version):
            record_id, *_rest = told.get(version) or held[version]
            yield Fault("record-unaudited", f"{record_id} v{version}")


def _object_faults(catalog: Catalog, record_id: str, held: list[Record]) -> Iterator[Fault]:
    """What is wrong with a record's object, its key, and what it says of itself."""
    with reachable(catalog.place.shown):
        try:
            inventory = objects.trusted_inventory(catalog, record_id)
            for path, digest in _manifest(inventory):
                _verify_file(catalog, record_id, path, digest)
            yield from _strangers(catalog, record_id, inventory)
            said = [from_json(row) for row in objects.read_state(catalog, record_id, inventory)]
        except MissingObject:
            yield Fault("object-missing", record_id)
        except KeyDamaged:
            yield Fault("key-damaged", record_id)
        except DamagedObject:
            yield Fault("object-damaged", record_id)
        except RecordErased:
            if any(record.status != "erased" for record in held):
                yield Fault("record-differs", record_id)
        else:
            if sorted(said, key=lambda one: one.version) != held:
                yield Fault("record-differs", record_id)


def _manifest(inventory: ocfl.Inventory) -> Iterator[tuple[str, str]]:
    for digest, paths in inventory.content["manifest"].items():
        yield from ((path, digest) for path in paths)


def _verify_file(catalog: Catalog, record_id: str, path: str, sha512: str) -> None:
    digest = hashlib.sha512()
    try:
        for chunk in catalog.blobs.chunks(f"{ocfl.object_path(record_id)}/{path}"):
            digest.update(chunk)
    except FileNotFoundError as error:
        raise MissingObject(record=record_id) from error
    if digest.hexdigest() != sha512:
        raise DamagedObject(record=record_id)


def _strangers(catalog: Catalog, record_id: str, inventory: ocfl.Inventory) -> Iterator[Fault]:
    """Files within the object that are none of its own, unless somebody is adding to it."""
    place = ocfl.object_path(record_id)
    own = {f"{place}/{path}" for path, _digest in _manifest(inventory)}
    own |= set(ocfl.head_files(record_id, inventory))
    for number in range(1, inventory.number + 1):
        own |= set(ocfl.version_files(record_id, ocfl.Inventory(number, b"")))
    strange = sorted(set(catalog.blobs.paths(place)) - own)
    with catalog.reading() as tx:
        if strange and not objects.is_claimed(tx, record_id):
            yield from (Fault("object-unknown", name) for name in strange)


def unknown_objects(catalog: Catalog) -> list[str]:
    """What lies among the objects and belongs to no record; never deleted, only named.

    After a catalogue was restored from an older backup these may be the only copies there are.
    """
    known, roots = _known_places(catalog), set(ocfl.root_files())
    strangers: set[str] = set()
    with reachable(catalog.place.shown):
        for path in catalog.blobs.paths(ocfl.ROOT):
            place = "/".join(path.split("/")[:4])
            if place not in known and path not in roots:
                strangers.add(place if path.count("/") > 3 else path)
    # What was put there meanwhile is known by now.
    return sorted(strangers - _known_places(catalog)) if strangers else []


def _known_places(catalog: Catalog) -> set[str]:
    committed, begun = select(inventories.c.record_id).distinct(), select(pending.c.record_id)
    with catalog.reading() as tx:
        ids = [*tx.execute(committed).scalars(), *tx.execute(begun).scalars()]
    return {ocfl.object_path(name) for name in ids}


def journal_faults(catalog: Catalog) -> list[int]:
    """The numbers of the journal's entries that cannot be read."""
    with catalog.reading() as tx:
        last = tx.execute(select(journal_head.c.number)).scalar_one()
    faults = []
    with reachable(catalog.place.shown):
        for number in range(1, last + 1):
            try:
                catalog.journal.read(number)
            except JournalDamaged:
                faults.append(number)
    return faults
