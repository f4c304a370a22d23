"""The catalogue: opened, created or upgraded, and its transactions.

An SQLite catalogue is built under another name and renamed into place, so that nobody ever
opens half of one; on PostgreSQL, and for every upgrade, one transaction does the same.
"""

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
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text, update

from foundation.files import sync_file, write_atomic
from warehouse import journal, ocfl
from warehouse.blobs import Blobs, open_blobs
from warehouse.engine import (
    postgresql_engine,
    reachable,
    sqlite_engine,
    table_names,
    transaction,
    upgrade,
)
from warehouse.errors import (
    CatalogueMissing,
    KeyMissing,
    NewerWarehouse,
    NotAWarehouse,
    ObjectsMissing,
    PlainWarehouse,
)
from warehouse.journal import Journal
from warehouse.keys import JOURNAL, Keys, OfficeKey
from warehouse.places import SETTINGS, Place, place_of
from warehouse.schema import APPLICATION_ID, REVISION, journal_head, metadata
from warehouse.values import clean_identifier, new_id

if TYPE_CHECKING:
    from warehouse.receipts import Signer

CATALOGUE = "catalogue.sqlite"
_MIGRATIONS = Path(__file__).parent / "migrations"
KEYS = "keys"
PSEUDONYM_KEY = Path(KEYS) / "pseudonym.key"
INCOMING, RUNNING = "incoming", "running"
_LOCK, _UNBORN = "lock", "unborn.sqlite"
_UNBORN_FILES = tuple(_UNBORN + end for end in ("", "-journal", "-wal", "-shm"))
_BLOBS = {ocfl.ROOT, "journal", "sealed-keys", "erased"}
#: Counts a transaction that the journal tells of.
_ONE_MORE = (
    update(journal_head).values(number=journal_head.c.number + 1).returning(journal_head.c.number)
)
_OURS = {INCOMING, RUNNING, KEYS, _LOCK, SETTINGS, CATALOGUE, *_BLOBS, *_UNBORN_FILES}


@dataclass(frozen=True)
class Catalog:
    """An open catalogue and what it speaks of. Readers never wait; writers take turns.

    Attributes:
        holder: this opening's name; its lock file shows the others that it lives.
    """

    place: Place
    blobs: Blobs
    keys: Keys
    journal: Journal
    holder: str
    _engine: Engine
    _key: bytes = field(repr=False)
    #: Who signs checkpoints and receipts of what is written.
    signer: "Signer | None" = None
    #: Under which request what is written is noted as done, see :mod:`warehouse.once`.
    request: str = ""

    @property
    def folder(self) -> Path:
        """Where its keys and its temporary files are."""
        return self.place.folder

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one unchanging state of the catalogue."""
        with reachable(self.place.shown), transaction(self._engine) as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is alone in writing, and on the disk when the block has ended.

        What the block noted for the journal is there before the catalogue commits.
        """
        with reachable(self.place.shown), transaction(self._engine, writes=True) as tx:
            tx.execution_options(sohoa_signer=self.signer, sohoa_request=self.request)
            journal.begin(tx)
            yield tx
            if facts := journal.told(tx):
                self.journal.write(tx.execute(_ONE_MORE).scalar_one(), facts)

    def pseudonym(self, identifier: str) -> str:
        """The owner's name in the audit: HMAC-SHA256 (RFC 2104) of the number, 32 hex digits.
        Nobody has none.

        A bare hash would hide nothing: there are few enough 12-digit numbers to try them
        all. Whoever holds the warehouse's key can still find an owner's entries.
        """
        number = clean_identifier(identifier)
        return self._hmac(number)[:32] if number else ""

    def hidden(self, words: str) -> str:
        """A text that holds an owner's number as it stands where it is only compared."""
        return self._hmac("hidden:" + words)

    def derived_key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return bytes.fromhex(self._hmac("key:" + purpose))

    def _hmac(self, words: str) -> str:
        return hmac.new(self._key, words.encode(), hashlib.sha256).hexdigest()

    def close(self) -> None:
        """Let go of everything."""
        self._engine.dispose()
        self.blobs.close()


def open_catalog(folder: Path, token: OfficeKey | None = None) -> Catalog:
    """Open the catalogue of the warehouse in ``folder``, creating or upgrading it where need be.

    Raises:
        WarehouseUnreachable: or the subclass that names the cause.
        BadSettings: ``warehouse.toml`` is not right.
    """
    place = place_of(folder)
    with reachable(place.shown), ExitStack() as on_failure:
        _make_room(place)
        blobs = open_blobs(place.folder, place.objects, place.endpoint)
        on_failure.callback(blobs.close)
        keys = Keys(place.folder / KEYS, blobs, place.shown, token)
        engine = _born(place, blobs, keys)
        on_failure.callback(engine.dispose)
        _bring_up_to_date(place, engine)
        if not blobs.exists(f"{ocfl.ROOT}/0=ocfl_1.1"):
            raise ObjectsMissing(folder=place.shown)
        catalog = _catalog(place, blobs, keys, engine)
        on_failure.pop_all()
        return catalog


@contextmanager
def made_anew(folder: Path, token: OfficeKey | None = None) -> Iterator[tuple[Catalog, Connection]]:
    """An empty catalogue to be filled in the block; only when that ends well it takes its place.

    An SQLite catalogue that was there is kept as ``keys/before-rebuild-…``. Nobody else may
    work with the warehouse meanwhile.
    """
    place = place_of(folder)
    with reachable(place.shown), ExitStack() as stack:
        _make_room(place)
        blobs = open_blobs(place.folder, place.objects, place.endpoint)
        stack.callback(blobs.close)
        keys = Keys(place.folder / KEYS, blobs, place.shown, token)
        if not blobs.exists(f"{ocfl.ROOT}/0=ocfl_1.1"):
            raise ObjectsMissing(folder=place.shown)
        stack.enter_context(locked(place.folder, fcntl.LOCK_EX))
        engine = _engine(place) if place.catalogue else _new_sqlite(place.folder)
        stack.callback(engine.dispose)
        with transaction(engine, writes=True) as tx:
            if place.catalogue:
                _drop_tables(tx)
            upgrade(tx, _MIGRATIONS)
            yield _catalog(place, blobs, keys, engine), tx
        engine.dispose()
        if not place.catalogue:
            _set_aside(place.folder)
            _name_sqlite(place.folder)


def _drop_tables(tx: Connection) -> None:
    for name in (*metadata.tables, "alembic_version"):
        tx.exec_driver_sql(f"DROP TABLE IF EXISTS {name} CASCADE")
    tx.exec_driver_sql("DROP FUNCTION IF EXISTS audit_append_only CASCADE")


def _set_aside(folder: Path) -> None:
    for end in ("", "-wal", "-shm"):
        file = folder / (CATALOGUE + end)
        if file.exists():
            file.replace(folder / KEYS / f"before-rebuild-{file.name}")


def _catalog(place: Place, blobs: Blobs, keys: Keys, engine: Engine) -> Catalog:
    pseudonym_key = _read_key(place)
    journal_key = keys.open(JOURNAL)
    return Catalog(place, blobs, keys, Journal(blobs, journal_key), new_id(), engine, pseudonym_key)


@contextmanager
def locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the warehouse's lock file (flock) while it is made.

    The kernel lets it go when a process dies, so a crash never leaves it held.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _make_room(place: Place) -> None:
    """A private folder with nothing in it but our own; a foreign one is left alone."""
    folder = place.folder
    if folder.exists() and not folder.is_dir():
        raise NotAWarehouse(folder=folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / CATALOGUE).exists():
        if {entry.name for entry in folder.iterdir()} - _OURS:
            raise NotAWarehouse(folder=folder)
        folder.chmod(0o700)
    for name in (INCOMING, RUNNING, KEYS):
        (folder / name).mkdir(mode=0o700, exist_ok=True)


def _engine(place: Place) -> Engine:
    if place.catalogue:
        return postgresql_engine(place.catalogue, place.shown)
    return sqlite_engine(place.folder / CATALOGUE)


def _born(place: Place, blobs: Blobs, keys: Keys) -> Engine:
    """The engine of a catalogue that is there, made if the warehouse is new."""
    if not place.catalogue:
        if not (place.folder / CATALOGUE).exists():
            with locked(place.folder, fcntl.LOCK_EX):
                if not (place.folder / CATALOGUE).exists():
                    _prepare(place, blobs, keys)
                    _create_sqlite(place.folder)
        return _engine(place)
    engine = _engine(place)
    with ExitStack() as on_failure:
        on_failure.callback(engine.dispose)
        with transaction(engine) as tx:
            there = "records" in table_names(tx)
        if not there:
            with locked(place.folder, fcntl.LOCK_EX), transaction(engine, writes=True) as tx:
                if "records" not in table_names(tx):
                    _prepare(place, blobs, keys)
                    upgrade(tx, _MIGRATIONS)
        on_failure.pop_all()
    return engine


def _prepare(place: Place, blobs: Blobs, keys: Keys) -> None:
    """Keys and the objects' root; refuses where papers lie already."""
    known = set(ocfl.root_files())
    if any(path not in known for path in blobs.paths(ocfl.ROOT)):
        raise CatalogueMissing(folder=place.shown)
    if not (place.folder / PSEUDONYM_KEY).exists():
        write_atomic(place.folder / PSEUDONYM_KEY, secrets.token_bytes(32), mode=0o600)
    keys.create()
    blobs.put_all(ocfl.root_files())


def _create_sqlite(folder: Path) -> None:
    engine = _new_sqlite(folder)
    with transaction(engine, writes=True) as tx:
        upgrade(tx, _MIGRATIONS)
    engine.dispose()
    _name_sqlite(folder)


def _new_sqlite(folder: Path) -> Engine:
    """An empty database under a name nobody opens."""
    unborn = folder / _UNBORN
    for name in _UNBORN_FILES:
        (folder / name).unlink(missing_ok=True)
    os.close(os.open(unborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(unborn)) as connection:  # both are kept in the file's header
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
    return sqlite_engine(unborn)


def _name_sqlite(folder: Path) -> None:
    """Give it its name, once it is closed and its WAL folded into it."""
    sync_file(folder / _UNBORN)
    (folder / _UNBORN).rename(folder / CATALOGUE)
    sync_file(folder)


def _bring_up_to_date(place: Place, engine: Engine) -> None:
    with transaction(engine) as tx:
        if tx.dialect.name == "sqlite" and (
            tx.exec_driver_sql("PRAGMA application_id").scalar_one() != APPLICATION_ID
        ):
            raise NotAWarehouse(folder=place.folder)
        if "inventories" not in table_names(tx):
            raise PlainWarehouse(folder=place.folder)
        if _revision(tx) == REVISION:
            return
    with transaction(engine, writes=True) as tx:
        from alembic.util import CommandError

        try:
            upgrade(tx, _MIGRATIONS)
        except CommandError as error:  # a revision this sohoa has never heard of
            raise NewerWarehouse(folder=place.shown) from error


def _revision(tx: Connection) -> str:
    return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _read_key(place: Place) -> bytes:
    file = place.folder / PSEUDONYM_KEY
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(folder=place.shown, file=file) from error
