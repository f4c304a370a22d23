"""Keys: each record has its own, wrapped by the office's key; destroying it erases the record.

A record's wrapped key lies in the store under ``sealed-keys/``, beside the objects and never in
them: objects are copied to replicas and backups, and what was erased must not come back with a
copy. The register of what was erased, ``erased/``, is the authority: a key whose record stands
there is never used again and is destroyed wherever it turns up. The office's key is a file of
this machine (0600), or lies in a token; it never goes where the wrapped keys go.

:func:`Keys.rotate` makes a new office key, wraps every record's key anew and destroys the old:
from then on older copies of the wrapped keys are worthless, those of erased records too.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from foundation.files import sync_file, write_atomic
from warehouse.blobs import Blobs
from warehouse.cipher import KEY_SIZE
from warehouse.errors import KeyDamaged, KeyMissing, RecordErased

SEALED, ERASED = "sealed-keys", "erased"
#: The record-like name under which the journal's key is kept.
JOURNAL = "journal"
_CURRENT = "office"
_ID_SIZE = 16
_OFFICE_ID = re.compile(r"[0-9a-f]{16}")


class OfficeKey(Protocol):
    """What wraps records' keys: a file's key, or one that never leaves its token."""

    @property
    def id(self) -> str:
        """16 hexadecimal digits that stand with everything it wrapped."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap a record's key."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap one. Raises ValueError where it was altered or wrapped by another."""


@dataclass(frozen=True)
class FileKey:
    """An office key from a file: AES-256 key wrap (RFC 3394)."""

    id: str
    _key: bytes = field(repr=False)

    def wrap(self, key: bytes) -> bytes:
        """Wrap a record's key."""
        return aes_key_wrap(self._key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap one."""
        try:
            return aes_key_unwrap(self._key, wrapped)
        except InvalidUnwrap as error:
            raise ValueError from error


@dataclass(frozen=True)
class SealedKey:
    """A record's new key: in the clear, and wrapped as it stands in the store."""

    record_id: str
    office_id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """The keys of one warehouse.

    Attributes:
        folder: holds the office's key files and the name of the one in use.
        shown: the warehouse's name in messages.
        token: the office's key in a token, where one is used instead of a file.
    """

    folder: Path
    blobs: Blobs
    shown: str
    token: OfficeKey | None = None

    def create(self) -> None:
        """Make the first office key and the journal's, where there are none."""
        if not (self.folder / _CURRENT).exists():
            self._name_current(self.token or self._new_file_key())
        if not self.blobs.exists(_path(JOURNAL)):
            self._store(self.new(JOURNAL))

    def new(self, record_id: str) -> SealedKey:
        """A new key for a record, for the office key in use; not yet stored: :meth:`wrapped`."""
        return SealedKey(record_id, self._current_id(), secrets.token_bytes(KEY_SIZE))

    def wrapped(self, made: SealedKey) -> dict[str, bytes]:
        """A record's key as the store keeps it: its path and the wrapped key."""
        sealed = self._office_key(made.office_id).wrap(made.key)
        return {_path(made.record_id): made.office_id.encode() + sealed}

    def settle(self, made: SealedKey) -> None:
        """Wrap a new key again if the office's key was changed since. Call while alone in writing.

        So a rotation need only look at the keys of records that were committed before it.
        """
        if made.office_id != (current := self._current_id()):
            self._store(SealedKey(made.record_id, current, made.key))

    def take_over(self, record_id: str, key: bytes) -> None:
        """Store a record's key that was found elsewhere, under the office key in use."""
        self._store(SealedKey(record_id, self._current_id(), key))

    def open(self, record_id: str) -> bytes:
        """A record's key.

        Raises:
            RecordErased: it was destroyed, or must be.
            KeyDamaged: it is gone or altered.
            KeyMissing: the office's key that wraps it is gone.
        """
        if self.is_erased(record_id):
            raise RecordErased(record=record_id)
        try:
            sealed = self.blobs.get(_path(record_id))
        except FileNotFoundError as error:
            raise KeyDamaged(record=record_id) from error
        return self._unwrap(record_id, sealed)

    def _unwrap(self, record_id: str, sealed: bytes) -> bytes:
        office_id = sealed[:_ID_SIZE].decode("ascii", "replace")
        # An id nobody has a key for is a damaged one; that the key in use is gone is said so.
        if not _OFFICE_ID.fullmatch(office_id) or (
            office_id not in (self._current_id(), *self._others())
        ):
            raise KeyDamaged(record=record_id)
        try:
            return self._office_key(office_id).unwrap(sealed[_ID_SIZE:])
        except ValueError as error:
            raise KeyDamaged(record=record_id) from error

    def is_erased(self, record_id: str) -> bool:
        """Whether the register says so."""
        return self.blobs.exists(f"{ERASED}/{record_id}")

    def erase(self, record_id: str, tombstone: bytes) -> None:
        """Enter a record into the register of erased ones, then destroy its key."""
        self.blobs.put_all({f"{ERASED}/{record_id}": tombstone})
        self.destroy(record_id)

    def destroy(self, record_id: str) -> None:
        """Remove a record's wrapped key."""
        self.blobs.delete([_path(record_id)])

    def erased(self) -> Iterator[tuple[str, bytes]]:
        """The register: record ids and what was kept of them."""
        for path in self.blobs.paths(ERASED):
            yield path.rpartition("/")[2], self.blobs.get(path)

    def destroy_erased(self) -> int:
        """Destroy every key whose record the register calls erased; how many there were."""
        back = [_path(name) for name, _row in self.erased() if self.blobs.exists(_path(name))]
        self.blobs.delete(back)
        return len(back)

    def rotate(self, alone: Callable[[Callable[[], None]], None]) -> int:
        """Replace the office's key; how many keys were wrapped anew.

        Goes on where an earlier run was cut short: until all keys are wrapped anew both
        office keys are there.

        Args:
            alone: runs what it is given while nobody else writes.
        """
        if not self._others():
            alone(self._begin_rotation)
        current, count = self._current_id(), 0
        for path in self.blobs.paths(SEALED):
            record_id = path.rpartition("/")[2]
            try:
                sealed = self.blobs.get(path)
            except FileNotFoundError:
                continue  # erased, or given up, meanwhile
            if sealed[:_ID_SIZE].decode("ascii", "replace") != current:
                self._store(SealedKey(record_id, current, self._unwrap(record_id, sealed)))
                count += 1
        self.destroy_erased()
        for office_id in self._others():
            _shred(self._file(office_id))
        return count

    def _begin_rotation(self) -> None:
        self._name_current(self.token or self._new_file_key())

    def _others(self) -> list[str]:
        """Office keys in files that are no longer in use."""
        names = (file.stem for file in self.folder.glob("????????????????.key"))
        return [name for name in names if name != self._current_id()]

    def _store(self, made: SealedKey) -> None:
        self.blobs.put_all(self.wrapped(made))

    def _current_id(self) -> str:
        try:
            return (self.folder / _CURRENT).read_text("ascii").strip()
        except FileNotFoundError as error:
            raise KeyMissing(folder=self.shown, file=self.folder / _CURRENT) from error

    def _name_current(self, key: OfficeKey) -> None:
        write_atomic(self.folder / _CURRENT, key.id.encode(), mode=0o600)

    def _new_file_key(self) -> FileKey:
        key = FileKey(secrets.token_hex(_ID_SIZE // 2), secrets.token_bytes(KEY_SIZE))
        write_atomic(self._file(key.id), key._key, mode=0o600)
        return key

    def _office_key(self, office_id: str) -> OfficeKey:
        if self.token is not None and self.token.id == office_id:
            return self.token
        try:
            return FileKey(office_id, self._file(office_id).read_bytes())
        except FileNotFoundError as error:
            raise KeyMissing(folder=self.shown, file=self._file(office_id)) from error

    def _file(self, office_id: str) -> Path:
        return self.folder / f"{office_id}.key"


def _path(record_id: str) -> str:
    # Two levels of 256 folders, filled evenly.
    digest = hashlib.sha256(record_id.encode()).hexdigest()
    return f"{SEALED}/{digest[:2]}/{digest[2:4]}/{record_id}"


def _shred(file: Path) -> None:
    """Overwrite and remove. On a disk that remaps writes (SSD) the old bytes may survive."""
    with file.open("r+b") as stream:
        stream.write(secrets.token_bytes(file.stat().st_size))
        stream.flush()
        os.fsync(stream.fileno())
    file.unlink()
    sync_file(file.parent)
