"""Papers whose signatures were renewed: the longer file in the place of the one deposited.

A signature's proof is kept alive by evidence and timestamps that are put behind what was signed.
The paper stays what it is: same record and version, same code, owners, fields and grounds. Its
object gets an OCFL version with the longer file beside the shorter one.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, select

from foundation.times import vietnam_time
from warehouse import audit, objects, records
from warehouse.catalog import Catalog
from warehouse.claims import claimed
from warehouse.errors import NotARenewal, NotInForce
from warehouse.objects import Staged
from warehouse.schema import records as rows
from warehouse.values import Actor, Record

#: Records read in one transaction: small enough never to hold SQLite's log for long.
_BATCH = 500


def active(catalog: Catalog, after: str = "") -> Iterator[Record]:
    """Every record in force or expired, in the order of their ids, those after ``after``."""
    query = select(rows).where(rows.c.status == "active").order_by(rows.c.id).limit(_BATCH)
    while True:
        with catalog.reading() as tx:
            batch = tx.execute(query.where(rows.c.id > after)).mappings().all()
        if not batch:
            return
        yield from map(records.from_row, batch)
        after = batch[-1]["id"]


def renew(catalog: Catalog, was: Record, source: Path, actor: Actor) -> Record:
    """Take in a renewed file; see :meth:`warehouse.store.Warehouse.renew`."""
    with (
        audit.refusals(catalog, "renew", actor),
        objects.staged(catalog, source) as copy,
    ):
        if copy.sha256 == was.sha256:
            return was
        if not _goes_on(copy, was):
            raise NotARenewal(record=was.id)
        with claimed(catalog, was.id) as claim:
            with catalog.reading() as tx:
                held = records.get(tx, was.id)
            _require_in_force(held, was)
            if held.sha256 != was.sha256:
                return held  # somebody else has renewed it meanwhile
            renewed = replace(held, sha256=copy.sha256, size=copy.size)
            made = objects.add_version(
                catalog,
                catalog.keys.open(held.id),
                held.id,
                objects.trusted_inventory(catalog, held.id),
                {
                    objects.renewed_name(renewed): copy,
                    f"{held.version}/record.json": records.to_json(renewed),
                },
                "renewed",
            )
            with catalog.writing() as tx:
                records.put(tx, renewed)
                objects.note_version(tx, held.id, made)
                said = {"sha256": renewed.sha256}
                audit.append_for(catalog, tx, "renew", actor, held, said)
                claim.release(tx)
    return renewed


def before_renewal(tx: Connection, candidates: list[Record], sha256: str) -> Record | None:
    """Which of some records held these bytes before it was renewed, as the audit tells."""
    for record in candidates:
        for event in audit.events_of(tx, record.id):
            told = event.action in ("deposit", "renew") and event.version == record.version
            if told and event.details.get("sha256") == sha256:
                return record
    return None


def _goes_on(copy: Staged, was: Record) -> bool:
    """Whether the copy begins with the record's paper, byte for byte, and goes on after it."""
    digest, left = hashlib.sha256(), was.size
    for chunk in copy.chunks():
        digest.update(chunk[:left])
        left -= len(chunk[:left])
    return copy.size > was.size and digest.hexdigest() == was.sha256


def _require_in_force(held: Record, was: Record) -> None:
    if held.status != "active" or held.version != was.version:
        since = vietnam_time(held.status_at).date().isoformat()
        raise NotInForce(record=was.id, version=was.version, day=since)
