"""Is everything still there, unaltered, and as the audit tells it?"""

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection, select, union

from warehouse import audit, objects
from warehouse.catalog import Catalog
from warehouse.errors import AuditAltered, DamagedObject, MissingObject
from warehouse.receipts import known_keys
from warehouse.records import known_objects, versions
from warehouse.schema import audit as audit_rows
from warehouse.schema import records
from warehouse.values import CheckReport, Event, Fault, Record

#: Records read in one transaction: small enough never to hold SQLite's log for long.
_BATCH = 500
_AFTER = {"deposit": "active", "supersede": "superseded", "revoke": "revoked"}


def check(catalog: Catalog) -> CheckReport:
    """Read every object, compare every record with the audit, walk the audit's chain."""
    faults: list[Fault] = []
    count = size = 0
    for record_versions, events in _stories(catalog):
        faults += _told_otherwise(record_versions, events)
        for record in record_versions:
            count, size = count + 1, size + record.size
            faults += _object_faults(catalog, record)
    faults += [Fault("object-unknown", name) for name in _unknown_objects(catalog)]
    with catalog.reading() as tx:
        return CheckReport(count, size, audit.verify(tx, known_keys(catalog.folder)), tuple(faults))


def _stories(catalog: Catalog) -> Iterator[tuple[list[Record], list[Event]]]:
    """Every record named in the catalogue or in the audit: its versions and its entries."""
    last = ""
    while True:
        # Bounded on both sides of the union: SQLite then merges two indexes and stops early.
        ids = union(
            select(records.c.id).where(records.c.id > last),
            select(audit_rows.c.record_id.label("id")).where(audit_rows.c.record_id > last),
        )
        with catalog.reading() as tx:
            batch = list(tx.execute(ids.order_by("id").limit(_BATCH)).scalars())
            stories = [(versions(tx, name), _events(tx, name)) for name in batch]
        if not batch:
            return
        yield from stories
        last = batch[-1]


def _events(tx: Connection, record_id: str) -> list[Event]:
    try:
        return audit.events_of(tx, record_id)
    except AuditAltered:
        return []  # so its record counts as unaudited; audit.verify() names the row


def _told_otherwise(record_versions: list[Record], events: list[Event]) -> Iterator[Fault]:
    """The versions whose content or status is not what the audit's entries lead to."""
    told: dict[int, tuple[str, str, str]] = {}
    for event in events:
        if event.action == "deposit":
            told[event.version] = (event.record_id, event.details.get("sha256", ""), "active")
        elif event.action in _AFTER and event.version in told:
            told[event.version] = (*told[event.version][:2], _AFTER[event.action])
    held = {r.version: (r.id, r.sha256, r.status) for r in record_versions}
    for version in sorted(told.keys() | held.keys()):
        if told.get(version) != held.get(version):
            record_id, *_rest = told.get(version) or held[version]
            yield Fault("record-unaudited", f"{record_id} v{version}")


def _object_faults(catalog: Catalog, record: Record) -> Iterator[Fault]:
    where = f"{record.id} v{record.version}"
    try:
        objects.verify(catalog.folder, record)
    except MissingObject:
        yield Fault("object-missing", where)
    except DamagedObject:
        yield Fault("object-damaged", where)


def _unknown_objects(catalog: Catalog) -> Iterator[str]:
    names = objects.all_names(catalog.folder)
    while batch := set(islice(names, _BATCH)):
        with catalog.reading() as tx:
            strangers = batch - known_objects(tx, batch)
        if strangers:
            # A deposit links and commits under the write lock: while we hold it, there is
            # no object that is about to become known.
            with catalog.writing() as tx:
                strangers -= known_objects(tx, strangers)
        yield from sorted(strangers)
