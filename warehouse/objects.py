"""Records' papers as encrypted files of OCFL objects: written, read back, verified.

What is read is checked against the digests the catalogue keeps, never against the object's
own word: an object altered together with its inventory is found as well.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, bindparam, insert, select

from foundation.privacy import mask_text
from foundation.reasons import reason_of
from warehouse import journal, ocfl
from warehouse.catalog import INCOMING, Catalog
from warehouse.cipher import Unauthentic, decrypt, encrypt
from warehouse.engine import reachable
from warehouse.errors import (
    DamagedObject,
    DiskUnsound,
    EmptyFile,
    MissingObject,
    UnreadableFile,
)
from warehouse.ocfl import Inventory
from warehouse.records import from_row, tombstones
from warehouse.schema import inventories, pending, records
from warehouse.values import Record

_CHUNK = 1 << 20
#: Files up to this size, bytes, are encrypted in memory and sent beside the others.
_IN_MEMORY = 8 << 20
_ADD = insert(inventories)
_CLAIM = select(pending.c.holder).where(pending.c.record_id == bindparam("record"))
_DIGESTS = (
    select(inventories.c.sha512)
    .where(inventories.c.record_id == bindparam("record"))
    .order_by(inventories.c.number)
)


@dataclass(frozen=True)
class Staged:
    """A private copy of a file to take in: it can no longer change. ``size`` in bytes."""

    stream: BinaryIO = field(repr=False)
    sha256: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        """Its bytes from the start."""
        self.stream.seek(0)
        while chunk := self.stream.read(_CHUNK):
            yield chunk


@contextmanager
def staged(catalog: Catalog, source: Path) -> Iterator[Staged]:
    """A copy of ``source`` in a file without a name, which goes with the block or the process.

    Raises:
        UnreadableFile, EmptyFile: ``source`` cannot be taken in.
        WarehouseUnreachable: the copy cannot be written.
    """
    digest, size = hashlib.sha256(), 0
    with (
        reachable(catalog.place.shown),
        TemporaryFile(dir=catalog.folder / INCOMING) as copy,
    ):
        for chunk in _source_chunks(source):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        if size == 0:
            raise EmptyFile(file=mask_text(str(source)))
        copy.flush()
        yield Staged(cast("BinaryIO", copy), digest.hexdigest(), size)


def _source_chunks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise UnreadableFile(file=mask_text(str(source)), detail=reason_of(error)) from error


def add_version(
    catalog: Catalog,
    key: bytes,
    record_id: str,
    previous: Inventory | None,
    files: Mapping[str, bytes | Staged],
    message: str,
    beside: Mapping[str, bytes] | None = None,
) -> Inventory:
    """Write a version of an object, durably, and read it back. Claim the record before.

    Args:
        files: by logical path; encrypted here.
        beside: further blobs to be made durable in the same go: the record's wrapped key.

    Raises:
        DiskUnsound: the store does not give back what was written.
    """
    number = previous.number + 1 if previous else 1
    place = ocfl.object_path(record_id)
    digests: dict[str, str] = {}
    small: dict[str, bytes] = {}
    for logical, content in files.items():
        path = f"{place}/{ocfl.content_path(number, logical)}"
        name = _name(record_id, ocfl.content_path(number, logical))
        plain = iter([content]) if isinstance(content, bytes) else content.chunks()
        if isinstance(content, bytes) or content.size <= _IN_MEMORY:
            small[path] = b"".join(encrypt(key, name, plain))
            digests[logical] = hashlib.sha512(small[path]).hexdigest()
        else:
            digest = hashlib.sha512()
            catalog.blobs.put(path, _hashed(encrypt(key, name, plain), digest))
            catalog.blobs.flush([path])
            digests[logical] = digest.hexdigest()
    made = ocfl.next_inventory(record_id, previous, digests, message)
    small |= ocfl.version_files(record_id, made) | ocfl.head_files(record_id, made)
    with catalog.blobs.stored(small | dict(beside or {})):
        _read_back(catalog, key, record_id, made, files)
    return made


def _hashed(chunks: Iterator[bytes], digest: Any) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _read_back(
    catalog: Catalog,
    key: bytes,
    record_id: str,
    made: Inventory,
    files: Mapping[str, bytes | Staged],
) -> None:
    state = made.state()
    for logical, content in files.items():
        wanted = (
            hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else content.sha256
        )
        found = hashlib.sha256()
        try:
            for chunk in _decrypted(catalog, key, record_id, state[logical][1]):
                found.update(chunk)
        except (Unauthentic, FileNotFoundError) as error:
            raise DiskUnsound(folder=catalog.place.shown) from error
        if found.hexdigest() != wanted:
            raise DiskUnsound(folder=catalog.place.shown)


def note_version(tx: Connection, record_id: str, made: Inventory) -> None:
    """Keep an inventory's digest outside the object, in the transaction that commits it."""
    row = {"record_id": record_id, "number": made.number, "sha512": made.sha512}
    tx.execute(_ADD, row)
    journal.note(tx, "inventories", **row)


def trusted_inventory(catalog: Catalog, record_id: str) -> Inventory:
    """An object's newest committed inventory, itself and all beside it as the catalogue says.

    Raises:
        MissingObject: some of it is gone.
        DamagedObject: some of it was altered.
    """
    while True:
        digests, claimed = _digests(catalog, record_id)
        try:
            return _inventory(catalog, record_id, digests, head_may_be_newer=claimed)
        except DamagedObject:
            # Not damaged if a version was committed while we looked.
            if (digests, claimed) == _digests(catalog, record_id):
                raise


def _digests(catalog: Catalog, record_id: str) -> tuple[list[str], bool]:
    with catalog.reading() as tx:
        digests = list(tx.execute(_DIGESTS, {"record": record_id}).scalars())
        return digests, is_claimed(tx, record_id)


def is_claimed(tx: Connection, record_id: str) -> bool:
    """Whether somebody is writing to a record's object."""
    return tx.execute(_CLAIM, {"record": record_id}).scalar() is not None


def _inventory(
    catalog: Catalog, record_id: str, digests: list[str], *, head_may_be_newer: bool
) -> Inventory:
    place = ocfl.object_path(record_id)
    paths = [f"{place}/v{number}/inventory.json" for number in range(1, len(digests) + 1)]
    found: list[Inventory] = []
    expected: dict[str, bytes] = {}
    for number, data in enumerate(catalog.blobs.get_all(paths), 1):
        if data is None:
            raise MissingObject(record=record_id)
        found.append(Inventory(number, data))
        if found[-1].sha512 != digests[number - 1]:
            raise DamagedObject(record=record_id)
        expected |= ocfl.version_files(record_id, found[-1])
    if not found:
        raise MissingObject(record=record_id)
    if not head_may_be_newer:
        expected |= ocfl.head_files(record_id, found[-1])
    rest = {path: data for path, data in expected.items() if path not in paths}
    for path, data in zip(rest, catalog.blobs.get_all(rest), strict=True):
        if data is None:
            raise MissingObject(record=record_id)
        if data != rest[path]:
            raise DamagedObject(record=record_id)
    return found[-1]


def verified_chunks(catalog: Catalog, record: Record) -> Iterator[bytes]:
    """The paper's bytes in chunks; the last comes only if all of them are as deposited.

    Raises:
        RecordErased: its key is destroyed.
        MissingObject: it is gone.
        DamagedObject: it, or anything it rests on, was altered.
    """
    with reachable(catalog.place.shown):
        inventory = trusted_inventory(catalog, record.id)
        key = catalog.keys.open(record.id)
        digest, held = hashlib.sha256(), b""
        try:
            path = _paper_path(inventory, record)
            for chunk in _decrypted(catalog, key, record.id, path):
                digest.update(chunk)
                if held:
                    yield held
                held = chunk
        except (FileNotFoundError, KeyError) as error:
            raise MissingObject(record=record.id) from error
        except Unauthentic as error:
            raise DamagedObject(record=record.id) from error
        if digest.hexdigest() != record.sha256:
            raise DamagedObject(record=record.id)
        yield held


def renewed_name(record: Record) -> str:
    """Logical path of a paper that took the place of the one deposited, which stays beside it.

    Named by its size, which grows with every renewal: whoever still holds the record as it was
    before goes on reading the paper as it was before.
    """
    return f"{record.version}/renewed/{record.size}.pdf"


def _paper_path(inventory: Inventory, record: Record) -> str:
    state = inventory.state()
    found = state.get(renewed_name(record)) or state[f"{record.version}/paper.pdf"]
    return found[1]


def verify(catalog: Catalog, record: Record) -> None:
    """Read a paper through. Raises as :func:`verified_chunks`."""
    for _chunk in verified_chunks(catalog, record):
        pass


def read_file(catalog: Catalog, record: Record, name: str) -> bytes:
    """Another file of the version, authenticated. Raises as :func:`verified_chunks`."""
    with reachable(catalog.place.shown):
        state = trusted_inventory(catalog, record.id).state()
        key = catalog.keys.open(record.id)
        try:
            path = state[f"{record.version}/{name}"][1]
            return b"".join(_decrypted(catalog, key, record.id, path))
        except (FileNotFoundError, KeyError) as error:
            raise MissingObject(record=record.id) from error
        except Unauthentic as error:
            raise DamagedObject(record=record.id) from error


def read_state(catalog: Catalog, record_id: str, inventory: Inventory) -> list[dict[str, Any]]:
    """What the object says of each version: the content of its ``record.json`` files.

    Raises:
        RecordErased, MissingObject, DamagedObject.
    """
    key, found = catalog.keys.open(record_id), []
    for logical, (_digest, path) in sorted(inventory.state().items()):
        if logical.endswith("/record.json"):
            try:
                plain = b"".join(_decrypted(catalog, key, record_id, path))
            except FileNotFoundError as error:
                raise MissingObject(record=record_id) from error
            except Unauthentic as error:
                raise DamagedObject(record=record_id) from error
            found.append(json.loads(plain))
    return found


def _decrypted(catalog: Catalog, key: bytes, record_id: str, path: str) -> Iterator[bytes]:
    sealed = catalog.blobs.chunks(f"{ocfl.object_path(record_id)}/{path}")
    return decrypt(key, _name(record_id, path), sealed)


def _name(record_id: str, path: str) -> str:
    return f"{record_id}/{path}"


def roll_back(catalog: Catalog, record_id: str, head: int) -> None:
    """Take an object back to its first ``head`` versions; to none, with its key."""
    place = ocfl.object_path(record_id)
    if head == 0:
        catalog.blobs.delete_under(place)
        catalog.keys.destroy(record_id)
        return
    was = Inventory(head, catalog.blobs.get(f"{place}/v{head}/inventory.json"))
    catalog.blobs.put_all(ocfl.head_files(record_id, was))
    catalog.blobs.delete_under(f"{place}/v{head + 1}")
    catalog.blobs.sweep(place)


def finish_erasing(catalog: Catalog, record_id: str) -> None:
    """Put the tombstone into the register and destroy the key; the catalogue has committed."""
    with catalog.reading() as tx:
        rows = select(records).where(records.c.id == record_id).order_by(records.c.version)
        held = [from_row(row) for row in tx.execute(rows).mappings()]
    name = f"erased/{record_id}"
    catalog.keys.erase(record_id, catalog.journal.seal(name, tombstones(held)))
