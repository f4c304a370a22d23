"""The catalogue: one SQLite file, opened, created or upgraded, and its transactions.

A catalogue is built under another name and renamed into place, so that nobody ever
opens half of one; an upgrade is one transaction.
"""

import errno
import fcntl
import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, text
from sqlalchemy.pool import ConnectionPoolEntry

from foundation.files import sync_file, write_atomic
from foundation.reasons import reason_of
from warehouse.errors import (
    CatalogueDamaged,
    CatalogueMissing,
    KeyMissing,
    NewerWarehouse,
    NotAWarehouse,
    WarehouseBusy,
    WarehouseFull,
    WarehouseUnreachable,
)
from warehouse.schema import APPLICATION_ID, REVISION
from warehouse.values import clean_identifier

if TYPE_CHECKING:
    from warehouse.receipts import Signer

CATALOGUE = "catalogue.sqlite"
KEY = Path("keys") / "pseudonym.key"
OBJECTS, INCOMING = "objects", "incoming"
_LOCK, _UNBORN = "lock", "unborn.sqlite"
_UNBORN_FILES = tuple(_UNBORN + end for end in ("", "-journal", "-wal", "-shm"))
_OURS = {OBJECTS, INCOMING, KEY.parent.name, _LOCK, *_UNBORN_FILES}
#: How long a writer waits for its turn. Writers hold the lock for milliseconds each.
_PATIENCE_SECONDS = 60
_CAUSES = {
    "SQLITE_BUSY": WarehouseBusy,
    "SQLITE_LOCKED": WarehouseBusy,
    "SQLITE_FULL": WarehouseFull,
    "SQLITE_NOTADB": NotAWarehouse,
    "SQLITE_CORRUPT": CatalogueDamaged,
}


@dataclass(frozen=True)
class Catalog:
    """An open catalogue. Readers never wait; writers take turns."""

    folder: Path
    _engine: Engine
    _key: bytes = field(repr=False)
    #: Who signs checkpoints and receipts of what is written.
    signer: "Signer | None" = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one unchanging state of the catalogue."""
        with reachable(self.folder), self._engine.begin() as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is alone in writing, and on the disk when the block has ended."""
        writer = self._engine.execution_options(sohoa_writes=True, sohoa_signer=self.signer)
        with reachable(self.folder), writer.begin() as tx:
            yield tx

    def pseudonym(self, identifier: str) -> str:
        """The owner's name in the audit: HMAC-SHA256 (RFC 2104) of the number, 32 hex digits.

        A bare hash would hide nothing: there are few enough 12-digit numbers to try them
        all. Whoever holds the warehouse's key can still find an owner's entries.
        """
        message = clean_identifier(identifier).encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:32]

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def open_catalog(folder: Path) -> Catalog:
    """Open the catalogue in ``folder``, creating or upgrading it first where need be.

    Raises:
        WarehouseUnreachable: or the subclass that names the cause.
    """
    with reachable(folder):
        _make_room(folder)
        path = folder / CATALOGUE
        if not path.exists():
            with locked(folder, fcntl.LOCK_EX):
                if not path.exists():
                    _create(folder)
        engine = _engine(path)
        with ExitStack() as on_failure:
            on_failure.callback(engine.dispose)
            _bring_up_to_date(folder, engine)
            catalog = Catalog(folder, engine, _read_key(folder))
            on_failure.pop_all()
        return catalog


@contextmanager
def locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the warehouse's lock file (flock): depositors share it, creation and recovery do not.

    The kernel lets it go when a process dies, so a crash never leaves it held.
    Raises BlockingIOError with ``LOCK_NB`` when others hold it.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def reachable(folder: Path) -> Iterator[None]:
    """Turn what the disk and SQLite raise into the error that says what to do."""
    try:
        yield
    except exc.IntegrityError:
        raise  # a broken invariant is a fault of ours, not of the disk
    except exc.NoResultFound as error:  # a row that is always there: the audit's head, our revision
        raise CatalogueDamaged(folder=folder) from error
    except exc.DatabaseError as error:
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        for prefix, cause in _CAUSES.items():
            if name.startswith(prefix):
                raise cause(folder=folder) from error
        raise WarehouseUnreachable(folder=folder, detail=error.orig) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WarehouseFull(folder=folder) from error
        raise WarehouseUnreachable(folder=folder, detail=reason_of(error)) from error


def _make_room(folder: Path) -> None:
    """A private folder with nothing in it but our own; a foreign one is left alone."""
    if (folder / CATALOGUE).exists():
        return
    if folder.exists() and not folder.is_dir():
        raise NotAWarehouse(folder=folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if {entry.name for entry in folder.iterdir()} - _OURS - {CATALOGUE}:
        raise NotAWarehouse(folder=folder)
    folder.chmod(0o700)
    for name in (OBJECTS, INCOMING, KEY.parent.name):
        (folder / name).mkdir(mode=0o700, exist_ok=True)


def _create(folder: Path) -> None:
    if any((folder / OBJECTS).iterdir()):
        raise CatalogueMissing(folder=folder)
    write_atomic(folder / KEY, secrets.token_bytes(32), mode=0o600)
    unborn = folder / _UNBORN
    for name in _UNBORN_FILES:
        (folder / name).unlink(missing_ok=True)
    os.close(os.open(unborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(unborn)) as connection:  # both are kept in the file's header
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
    engine = _engine(unborn)
    with engine.execution_options(sohoa_writes=True).begin() as tx:
        _upgrade(tx)
    engine.dispose()  # folds the WAL into the file
    sync_file(unborn)
    unborn.rename(folder / CATALOGUE)
    sync_file(folder)


def _bring_up_to_date(folder: Path, engine: Engine) -> None:
    with engine.begin() as tx:
        if tx.exec_driver_sql("PRAGMA application_id").scalar_one() != APPLICATION_ID:
            raise NotAWarehouse(folder=folder)
        if _revision(tx) == REVISION:
            return
    with engine.execution_options(sohoa_writes=True).begin() as tx:
        from alembic.util import CommandError

        try:
            _upgrade(tx)
        except CommandError as error:  # a revision this sohoa has never heard of
            raise NewerWarehouse(folder=folder) from error


def _revision(tx: Connection) -> str:
    return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _upgrade(tx: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _read_key(folder: Path) -> bytes:
    try:
        return (folder / KEY).read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(folder=folder) from error


def _engine(path: Path) -> Engine:
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _PATIENCE_SECONDS})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        # FULL: in WAL mode only this makes a commit survive a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # IMMEDIATE takes the write lock at once: a reader that turned writer halfway
        # could only fail when another has written meanwhile.
        writes = connection.get_execution_options().get("sohoa_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
