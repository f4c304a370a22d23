"""Named bytes in an object store: a folder here, or S3, through obstore.

obstore's LocalStore renames but flushes nothing to the disk (0.12, watched with strace)
and makes files everybody may read; :meth:`Blobs.flush` adds both for folders. Flushing
file by file costs one journal commit of the file system each, 54 ms for a deposit's eleven
names; from a pool of threads they share commits: 2 to 4 ms (ext4, shared 2-core machine).
"""

import os
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_CHUNK = 1 << 20
#: Flushes and uploads of one version of a record that are under way at once.
_AT_ONCE = 16
#: Up to this size, bytes, a blob is sent in one request; beyond, in parts.
_ONE_REQUEST = 8 << 20


@dataclass(frozen=True)
class Blobs:
    """A store of blobs by path (``a/b/c``). What is not there raises FileNotFoundError."""

    root: Path | None
    _store: "ObjectStore" = field(repr=False)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_AT_ONCE), repr=False, compare=False
    )

    def put(self, path: str, data: bytes | Iterator[bytes]) -> None:
        """Store whole or not at all, replacing what was there; durable once :meth:`flush`-ed."""
        import obstore

        whole: Any = data
        many = not isinstance(data, bytes)
        obstore.put(self._store, path, whole, use_multipart=many)

    def put_all(self, blobs: dict[str, bytes]) -> None:
        """Store several at once and durably."""
        with self.stored(blobs):
            pass

    @contextmanager
    def stored(self, blobs: dict[str, bytes]) -> Iterator[None]:
        """Store several at once for the block; they are durable when it has ended."""
        list(self._pool.map(self.put, blobs.keys(), blobs.values()))
        flushed = self._flushing(blobs)
        try:
            yield
        finally:
            list(flushed)

    def get(self, path: str) -> bytes:
        """A blob's bytes."""
        import obstore

        return bytes(obstore.get(self._store, path).bytes())

    def get_all(self, paths: Iterable[str]) -> list[bytes | None]:
        """Several at once; None for what is not there."""
        return list(self._pool.map(self._get_or_none, paths))

    def _get_or_none(self, path: str) -> bytes | None:
        try:
            return self.get(path)
        except FileNotFoundError:
            return None

    def chunks(self, path: str) -> Iterator[bytes]:
        """A blob's bytes, a mebibyte or so at a time."""
        import obstore

        for chunk in obstore.get(self._store, path).stream(min_chunk_size=_CHUNK):
            yield bytes(chunk)

    def exists(self, path: str) -> bool:
        """Whether it is there."""
        import obstore

        try:
            obstore.head(self._store, path)
        except FileNotFoundError:
            return False
        return True

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of all blobs under a prefix, in no order."""
        import obstore

        for batch in obstore.list(self._store, prefix):
            for meta in batch:
                yield meta["path"]

    def folders(self, prefix: str) -> list[str]:
        """The names right under a prefix that have blobs under them."""
        import obstore

        found = obstore.list_with_delimiter(self._store, prefix)["common_prefixes"]
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove for good; what is not there is left so."""
        import obstore

        gone = list(paths)
        for path in gone:
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                continue
        self._tidy(gone)

    def delete_under(self, prefix: str) -> None:
        """Remove all blobs under a prefix."""
        self.delete(list(self.paths(prefix)))
        if self.root is None:
            return
        # What a killed put left, which the store does not list, and the empty folders.
        for path in sorted((self.root / prefix).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        with suppress(OSError):  # as far up as they are empty; below the top
            for depth in range(len(Path(prefix).parts), 1, -1):
                self.root.joinpath(*Path(prefix).parts[:depth]).rmdir()

    def sweep(self, prefix: str) -> None:
        """Remove what killed puts left right under a prefix, which the store does not list."""
        if self.root is not None:
            for path in (self.root / prefix).glob("*#*"):
                path.unlink(missing_ok=True)

    def flush(self, paths: Iterable[str]) -> None:
        """Make blobs durable and private: on S3 they are already."""
        list(self._flushing(paths))

    def _flushing(self, paths: Iterable[str]) -> Iterator[None]:
        """Begin to flush; done when all of it has been read."""
        if self.root is None:
            return iter(())
        named = dict.fromkeys(paths, 0o600) | {"": 0o700}
        named |= {above: 0o700 for path in list(named) for above in _above(path)}
        root = str(self.root)
        return self._pool.map(lambda one: _settle(f"{root}/{one}", named[one]), named)

    def _tidy(self, paths: list[str]) -> None:
        if self.root is None:
            return
        folders = {(self.root / path).parent for path in paths}
        list(self._pool.map(lambda one: _settle(one, 0o700), filter(Path.exists, folders)))

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown()


def open_blobs(folder: Path, url: str, endpoint: str = "") -> Blobs:
    """The store at a URL (``s3://bucket/prefix``, ``file:///folder``), or in ``folder``."""
    from obstore.store import LocalStore, S3Store

    parts = urlsplit(url)
    if parts.scheme == "s3":
        more: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        plain = (endpoint or os.environ.get("AWS_ENDPOINT_URL", "")).startswith("http://")
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            client_options={"allow_http": plain},
            **more,
        )
        return Blobs(None, store)
    root = Path(parts.path) if parts.scheme == "file" else Path(url) if url else folder
    return Blobs(root, LocalStore(root))


def _above(path: str) -> Iterator[str]:
    """The folders on the way to a blob, the nearest first; the root is not named."""
    while path := path.rpartition("/")[0]:
        yield path


def _settle(path: str | Path, mode: int) -> None:
    """Private and on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # A change would be one more to flush.
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
