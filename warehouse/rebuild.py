"""Making the catalogue anew from the objects and the journal beside them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Table, func, select, update

from warehouse import objects, records
from warehouse.audit import GARBLED, event_of
from warehouse.catalog import Catalog, made_anew
from warehouse.cipher import Unauthentic
from warehouse.engine import put_row, reachable
from warehouse.errors import DamagedObject, JournalDamaged, MissingObject, RecordErased
from warehouse.keys import OfficeKey
from warehouse.ocfl import Inventory, object_path
from warehouse.outbox import refill
from warehouse.schema import (
    UtcDateTime,
    audit,
    audit_head,
    inventories,
    journal_head,
    metadata,
)
from warehouse.schema import records as rows
from warehouse.values import Event, Fault, RebuildReport


def rebuild(folder: Path, token: OfficeKey | None = None) -> RebuildReport:
    """Make the catalogue anew; see :func:`warehouse.store.rebuild_catalogue`."""
    faults: list[Fault] = []
    with made_anew(folder, token) as (catalog, tx):
        with reachable(catalog.place.shown):
            catalog.keys.destroy_erased()
            faults += _replay(catalog, tx)
            erased = _bury(catalog, tx)
            for record_id, digests in _heads(tx):
                if record_id not in erased:
                    faults += _take_back(catalog, tx, record_id, digests)
        entries = tx.execute(select(func.count()).select_from(audit)).scalar_one()
        count = tx.execute(select(func.count()).select_from(rows)).scalar_one()
    return RebuildReport(count, entries, len(erased), tuple(faults))


def _replay(catalog: Catalog, tx: Connection) -> Iterator[Fault]:
    """Put back what the journal tells: audit, codes, digests, and whatever else was noted."""
    length = catalog.journal.length()
    for number in range(1, length + 1):
        try:
            facts = catalog.journal.read(number)
        except JournalDamaged:
            yield Fault("journal-damaged", str(number))
            continue
        for name, row in facts:
            table = metadata.tables[name]
            put_row(tx, table, _typed(table, row), replace=table is not audit)
    tx.execute(update(journal_head).values(number=length))
    refill(tx, _events(tx))
    last = tx.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))
    if (head := last.one_or_none()) is not None:
        tx.execute(update(audit_head).values(seq=head.seq, hash=head.hash))


def _events(tx: Connection) -> Iterator[Event]:
    """The audit's entries that can be read; “audit verify” names the others."""
    query = select(audit.c.entry).order_by(audit.c.seq)
    for entry in tx.execute(query, execution_options={"yield_per": 1000}).scalars():
        with suppress(*GARBLED):
            yield event_of(entry)


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """JSON's texts as the moments and days they were."""
    typed = dict(row)
    for column in table.columns:
        value = typed.get(column.name)
        if value is not None and isinstance(column.type, UtcDateTime):
            typed[column.name] = datetime.fromisoformat(value)
        elif value is not None and isinstance(column.type, Date):
            typed[column.name] = date.fromisoformat(value)
    return typed


def _bury(catalog: Catalog, tx: Connection) -> set[str]:
    """Put back what is kept of erased records; their ids."""
    erased = set()
    for record_id, sealed in catalog.keys.erased():
        try:
            held = json.loads(catalog.journal.unseal(f"erased/{record_id}", sealed))
        except Unauthentic as error:
            raise DamagedObject(record=record_id) from error
        for row in held:
            records.put(tx, records.from_json(row))
        erased.add(record_id)
    return erased


def _heads(tx: Connection) -> Iterator[tuple[str, list[str]]]:
    """Every record's id and the digests of its inventories."""
    query = select(inventories).order_by(inventories.c.record_id, inventories.c.number)
    current = ""
    digests: list[str] = []
    for row in tx.execute(query).all():
        if row.record_id != current:
            if current:
                yield current, digests
            current, digests = row.record_id, []
        digests.append(row.sha512)
    if current:
        yield current, digests


def _take_back(
    catalog: Catalog, tx: Connection, record_id: str, digests: list[str]
) -> Iterator[Fault]:
    """Put a record back as its object says; undo what lies beyond the last version told of."""
    head = len(digests)
    try:
        data = catalog.blobs.get(f"{object_path(record_id)}/v{head}/inventory.json")
        inventory = Inventory(head, data)
        if inventory.sha512 == digests[-1]:
            for row in objects.read_state(catalog, record_id, inventory):
                records.put(tx, records.from_json(row))
        else:
            yield Fault("object-damaged", record_id)
        if next(catalog.blobs.paths(f"{object_path(record_id)}/v{head + 1}"), None):
            objects.roll_back(catalog, record_id, head)
    except (FileNotFoundError, MissingObject):
        yield Fault("object-missing", record_id)
    except (DamagedObject, RecordErased):
        yield Fault("object-damaged", record_id)
