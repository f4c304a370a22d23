"""Files that are there whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(target: Path, *, mode: int = 0o644) -> Iterator[Path]:
    """A temporary path beside ``target`` that becomes it when the block ends well.

    The file is flushed to the disk before it is renamed and the folder after, so
    that a power cut leaves the old file or the new one, never a part. When the
    block raises, the temporary file is removed and ``target`` is untouched.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        part.chmod(mode)
        sync_file(part)
        part.replace(target)
        sync_file(target.parent)
    finally:
        part.unlink(missing_ok=True)


def write_atomic(target: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``target`` whole or not at all."""
    with atomic_path(target, mode=mode) as part:
        part.write_bytes(data)


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
