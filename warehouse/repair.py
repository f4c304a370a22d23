"""Mending what is damaged or missing from a copy of the store."""

import hashlib
from collections.abc import Iterator
from tempfile import TemporaryFile

from sqlalchemy import select

from warehouse import fixity, ocfl
from warehouse.blobs import Blobs, open_blobs
from warehouse.catalog import INCOMING, Catalog
from warehouse.engine import reachable
from warehouse.errors import JournalDamaged, KeyDamaged, NothingToRepairFrom, RecordErased
from warehouse.keys import Keys
from warehouse.schema import inventories
from warehouse.values import CheckReport, Fault, RepairReport

_CHUNK = 1 << 20
_MENDABLE = {"object-missing", "object-damaged", "key-damaged"}


def repair(catalog: Catalog, replica: str, endpoint: str = "") -> RepairReport:
    """Mend from a copy; see :meth:`warehouse.store.Warehouse.repair`."""
    with reachable(replica):
        copy = open_blobs(catalog.folder, replica, endpoint)
        if not copy.exists(f"{ocfl.ROOT}/0=ocfl_1.1"):
            raise NothingToRepairFrom(replica=replica)
        report = fixity.check(catalog)
        mended: list[str] = []
        for fault in report.faults:
            if fault.cause in _MENDABLE:
                record_id = fault.where.split()[0]
                mended += _mend_object(catalog, copy, record_id)
                mended += _mend_key(catalog, copy, record_id)
            elif fault.cause == "journal-damaged":
                mended += _mend_journal(catalog, copy, int(fault.where))
        left = fixity.check(catalog) if report.faults else report
        copy.close()
    return RepairReport(tuple(mended), tuple(_all_faults(left)))


def _all_faults(report: CheckReport) -> Iterator[Fault]:
    yield from report.faults
    yield from report.audit.faults


def _mend_object(catalog: Catalog, copy: Blobs, record_id: str) -> Iterator[str]:
    """Take over each file that the copy has as the catalogue's digests want it, and we have not."""
    with catalog.reading() as tx:
        digests = list(
            tx.execute(
                select(inventories.c.sha512)
                .where(inventories.c.record_id == record_id)
                .order_by(inventories.c.number)
            ).scalars()
        )
    place, newest = ocfl.object_path(record_id), None
    for number, digest in enumerate(digests, 1):
        path = f"{place}/v{number}/inventory.json"
        data = _sound(catalog.blobs, path, digest) or _sound(copy, path, digest)
        if data is None:
            return
        newest = ocfl.Inventory(number, data)
        yield from _put_right(catalog, ocfl.version_files(record_id, newest))
    if newest is None:
        return
    yield from _put_right(catalog, ocfl.head_files(record_id, newest))
    for digest, paths in newest.content["manifest"].items():
        for name in paths:
            path = f"{place}/{name}"
            if not _is_sound(catalog.blobs, path, digest) and _is_sound(copy, path, digest):
                _take_over(catalog, copy, path)
                yield path


def _take_over(catalog: Catalog, copy: Blobs, path: str) -> None:
    # By way of a file: obstore cannot send to one store while it is read from another.
    with TemporaryFile(dir=catalog.folder / INCOMING) as between:
        for chunk in copy.chunks(path):
            between.write(chunk)
        between.seek(0)
        catalog.blobs.put(path, iter(lambda: between.read(_CHUNK), b""))
    catalog.blobs.flush([path])


def _put_right(catalog: Catalog, files: dict[str, bytes]) -> Iterator[str]:
    """Write those that are not as they must be."""
    held = catalog.blobs.get_all(files)
    wrong = {
        path: data for (path, data), now in zip(files.items(), held, strict=True) if now != data
    }
    catalog.blobs.put_all(wrong)
    yield from wrong


def _sound(blobs: Blobs, path: str, sha512: str) -> bytes | None:
    (data,) = blobs.get_all([path])
    return data if data and hashlib.sha512(data).hexdigest() == sha512 else None


def _is_sound(blobs: Blobs, path: str, sha512: str) -> bool:
    digest = hashlib.sha512()
    try:
        for chunk in blobs.chunks(path):
            digest.update(chunk)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == sha512


def _mend_key(catalog: Catalog, copy: Blobs, record_id: str) -> Iterator[str]:
    """Take a wrapped key over, if it unwraps; never that of an erased record."""
    if catalog.keys.is_erased(record_id):
        return
    try:
        catalog.keys.open(record_id)
    except KeyDamaged:
        theirs = Keys(catalog.keys.folder, copy, catalog.keys.shown, catalog.keys.token)
        try:
            key = theirs.open(record_id)
        except (KeyDamaged, RecordErased):
            return
        catalog.keys.take_over(record_id, key)
        yield f"sealed-keys/{record_id}"


def _mend_journal(catalog: Catalog, copy: Blobs, number: int) -> Iterator[str]:
    try:
        facts = catalog.journal.at(copy).read(number)
    except JournalDamaged:
        return
    catalog.journal.write(number, facts)
    yield f"journal/{number}"
