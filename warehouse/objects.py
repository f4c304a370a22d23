"""The papers' bytes: one immutable file each, whole and durable before the catalogue knows it.

A deposit is copied to ``incoming/ID.pdf``, flushed and read back; then, while the
catalogue is locked, linked to ``objects/XX/ID.pdf`` and both folders flushed; then the
catalogue commits; then the name in ``incoming`` goes. A name still there when no
deposit is running was left by a crash: :func:`recover` asks the catalogue which.

Plain files and not obstore's LocalStore, which renames but flushes nothing to the
disk (0.12, watched with strace) and makes files everybody may read.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foundation.files import sync_file
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from warehouse.catalog import INCOMING, OBJECTS, locked, reachable
from warehouse.errors import DamagedObject, DiskUnsound, EmptyFile, MissingObject, UnreadableFile
from warehouse.values import Record, new_id

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Staged:
    """A copy waiting in ``incoming``: not yet part of the warehouse. ``size`` in bytes."""

    id: str
    path: Path
    sha256: str
    size: int


@contextmanager
def staged(folder: Path, source: Path) -> Iterator[Staged]:
    """A flushed and verified copy of ``source``, which goes away again if the block fails.

    Raises:
        UnreadableFile, EmptyFile: ``source`` cannot be taken in.
        DiskUnsound: the disk does not give back what was written.
        WarehouseUnreachable: the copy cannot be written.
    """
    object_id = new_id()
    waiting = folder / INCOMING / f"{object_id}.pdf"
    with reachable(folder), locked(folder, fcntl.LOCK_SH):
        try:
            yield _stage(folder, source, object_id, waiting)
        finally:
            # A file that was placed but whose fate is open stays for recover() to judge.
            if not _path(folder, object_id).exists():
                waiting.unlink(missing_ok=True)


def _stage(folder: Path, source: Path, object_id: str, waiting: Path) -> Staged:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(waiting, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w+b") as copy:
        for chunk in _source_chunks(source):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
        # Drop the cached pages, so that what is read back comes from the disk.
        os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        copy.seek(0)
        if hashlib.file_digest(copy, "sha256").digest() != digest.digest():
            raise DiskUnsound(folder=folder)
    if size == 0:
        raise EmptyFile(file=mask_text(str(source)))
    return Staged(object_id, waiting, digest.hexdigest(), size)


def _source_chunks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise UnreadableFile(file=mask_text(str(source)), detail=reason_of(error)) from error


def place(folder: Path, paper: Staged) -> None:
    """Make a staged copy an object, durably. Call it in the transaction that records it."""
    target = _path(folder, paper.id)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    sync_file(target.parent.parent)  # even if it was there: its maker may have crashed just then
    sync_file(paper.path.parent)  # the note for recover() first, then what it is about
    os.link(paper.path, target)
    sync_file(target.parent)


def settle(paper: Staged) -> None:
    """The catalogue has committed: the name in ``incoming`` has done its duty."""
    paper.path.unlink()


def recover(folder: Path, is_known: Callable[[str], bool]) -> int:
    """Clear what crashed deposits left behind; how many there were.

    Only files still named in ``incoming`` are touched, never other unknown objects: after
    a catalogue was restored from an older backup these may be the only copies there are.
    Does nothing while a deposit is running.
    """
    incoming = folder / INCOMING
    with reachable(folder):
        if not any(incoming.iterdir()):
            return 0
        try:
            with locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                left = sorted(incoming.iterdir())
                for waiting in left:
                    if not is_known(waiting.stem):
                        _path(folder, waiting.stem).unlink(missing_ok=True)
                    waiting.unlink()
                return len(left)
        except BlockingIOError:
            return 0


def verified_chunks(folder: Path, record: Record) -> Iterator[bytes]:
    """The object's bytes in chunks; the last comes only if all of them are as deposited.

    Raises:
        MissingObject: the file is gone.
        DamagedObject: the digest differs, or the disk cannot read the file.
    """
    digest, held = hashlib.sha256(), b""
    try:
        with _path(folder, record.object_id).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                if held:
                    yield held
                held = chunk
    except FileNotFoundError as error:
        raise MissingObject(record=record.id) from error
    except OSError as error:
        raise DamagedObject(record=record.id) from error
    if digest.hexdigest() != record.sha256:
        raise DamagedObject(record=record.id)
    yield held


def verify(folder: Path, record: Record) -> None:
    """Read the object through. Raises as :func:`verified_chunks`."""
    for _chunk in verified_chunks(folder, record):
        pass


def all_names(folder: Path) -> Iterator[str]:
    """The names of all stored objects; of a file that is no object, its path instead."""
    root = folder / OBJECTS
    for entry in root.rglob("*"):
        if not entry.is_dir():
            ours = entry == _path(folder, entry.stem)
            yield entry.stem if ours else entry.relative_to(root).as_posix()


def _path(folder: Path, object_id: str) -> Path:
    # The last two characters are random: 1,024 folders fill evenly.
    return folder / OBJECTS / object_id[-2:] / f"{object_id}.pdf"
