"""Files that are there whole or not at all."""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

#: A name nobody gives a folder of their own: what is called so may be swept.
_SCRATCH = ".sohoa-scratch-"
_SCRATCH_NAME = re.escape(_SCRATCH) + "[0-9a-f]{16}"
#: What a file is called until it is whole.
_PART_NAME = r"\.[0-9a-f]{16}\.part"


class NotAFile(SohoaError):
    """A device, a pipe or a socket stands where a file is to be written."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is a device or a pipe, not a file. Give the name of a file.")


@contextmanager
def atomic_path(target: Path, *, mode: int | None = None) -> Iterator[Path]:
    """A temporary path beside ``target`` that becomes it when the block ends well.

    The file is flushed to the disk before it is renamed and the folder after, so
    that a power cut leaves the old file or the new one, never a part. When the
    block raises, the temporary file is removed and ``target`` is untouched. A link is
    followed: the file it points at is replaced.

    Args:
        target: the file to be; missing folders above it are made.
        mode: its permissions; without one what the user's umask leaves of 0666.

    Raises:
        OSError: it cannot be written there; named by ``target``, before the block begins.
        NotAFile: what stands there is no regular file.
    """
    file = real(target)
    try:
        part, lock = _new_part(file)
    except FileExistsError as error:  # a file stands where the folder should be
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target)) from error
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    try:
        yield part
        if mode is not None:
            part.chmod(mode)
        sync_file(part)
        part.replace(file)
        sync_file(file.parent)
    finally:
        part.unlink(missing_ok=True)
        os.close(lock)


def require_folder(target: Path) -> None:
    """See that the folder a file is to be written into is there: a slip of the pen makes none.

    Raises:
        FileNotFoundError: it is not.
    """
    if not real(target).parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target.parent))


def real(path: Path) -> Path:
    """Where a path leads, links followed; one that runs in a circle is left as it is."""
    return Path(os.path.realpath(path))


def sweep_parts(folder: Path) -> None:
    """Remove what killed processes left in ``folder`` of files in the making, and nothing else."""
    for part in folder.glob(".*.part"):
        if re.fullmatch(_PART_NAME, part.name):
            _sweep_one(part, os.O_RDONLY, part.unlink)


def _new_part(target: Path) -> tuple[Path, int]:
    """An empty file of an unguessable name beside ``target``, and the lock on it."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if os.path.lexists(target) and not stat.S_ISREG(target.lstat().st_mode):
        raise NotAFile(file=target)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.parent / f".new-{secrets.token_hex(8)}"
    lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with suppress(OSError):  # a file system without locks: nobody can sweep there either
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Locked before it has the name by which it may be swept.
    return new.rename(target.parent / f".{secrets.token_hex(8)}.part"), lock


def write_atomic(target: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write ``data`` to ``target`` whole or not at all; ``mode`` as in :func:`atomic_path`."""
    with atomic_path(target, mode=mode) as part:
        part.write_bytes(data)


@contextmanager
def scratch_folder(base: Path | None = None) -> Iterator[Path]:
    """A private folder for things in the making, gone at the end of the block.

    It is locked while it is in use, and the kernel lets go of the locks of the dead: what
    killed processes left there is removed first.

    Args:
        base: where to make it; without one the system's folder for temporary files.
    """
    base = base or Path(tempfile.gettempdir())
    _sweep(base)
    folder = Path(tempfile.mkdtemp(dir=base, prefix=".new-"))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Locked before it has the name by which it may be swept.
        folder = folder.rename(base / f"{_SCRATCH}{secrets.token_hex(8)}")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _sweep(base: Path) -> None:
    """Remove the scratch folders nobody holds the lock of, and nothing else that lies there."""
    for folder in base.glob(f"{_SCRATCH}*"):
        if re.fullmatch(_SCRATCH_NAME, folder.name):
            remove = partial(shutil.rmtree, folder, ignore_errors=True)
            _sweep_one(folder, os.O_RDONLY | os.O_DIRECTORY, remove)


def _sweep_one(path: Path, flags: int, remove: Callable[[], None]) -> None:
    with suppress(OSError):  # another user's, in use, or swept by somebody else
        lock = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove()
        finally:
            os.close(lock)


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever this process and its children write in the block, only this user can read.

    The umask belongs to the whole process: for commands, not for libraries.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def sync_file(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes (FIPS 180-4), in lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def begins_with(new: Path, old: Path) -> bool:
    """Whether the bytes of ``old`` stand unchanged at the start of ``new``."""
    with new.open("rb") as longer, old.open("rb") as shorter:
        blocks = iter(partial(shorter.read, 1 << 20), b"")
        return all(longer.read(len(block)) == block for block in blocks)
