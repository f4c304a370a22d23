"""Where the ledger lies, opened; made or upgraded where need be. SQLite, or PostgreSQL by URL."""

import fcntl
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, exc, make_url, text

from dossier.ledger_errors import (
    AlreadyRunning,
    BadLedgerUrl,
    LedgerBusy,
    LedgerFull,
    LedgerUnreachable,
    NewerLedger,
    NoLedger,
    NotALedger,
)
from dossier.ledger_schema import APPLICATION_ID, REVISION, VERSION_TABLE
from foundation.places import home
from foundation.reasons import reason_of
from warehouse.engine import postgresql_engine, sqlite_engine, table_names, transaction, upgrade
from warehouse.errors import BadSettings

_FILE = "ledger.sqlite"
#: Seconds that a server may take to see that the process behind a connection was killed.
_DYING = 3.0
#: By the beginning of SQLite's name of the error or of PostgreSQL's SQLSTATE.
_CAUSES = {
    "SQLITE_BUSY": LedgerBusy,
    "SQLITE_LOCKED": LedgerBusy,
    "SQLITE_FULL": LedgerFull,
    "SQLITE_NOTADB": NotALedger,
    "SQLITE_CORRUPT": NotALedger,
    "55P03": LedgerBusy,  # lock_not_available
    "53100": LedgerFull,  # disk_full
}


@dataclass(frozen=True)
class LedgerPlace:
    """The folder of a backlog: its pages in the making, and the ledger where no URL names it."""

    folder: Path
    url: str = ""

    @property
    def file(self) -> Path:
        """The ledger's file, where it is one."""
        return self.folder / _FILE

    @property
    def shown(self) -> str:
        """What the ledger is called in messages; never a password."""
        if not self.url:
            return str(self.file)
        try:
            return make_url(self.url).render_as_string(hide_password=True)
        except exc.ArgumentError:
            return "SOHOA_LEDGER"

    def work_of(self, document_id: str) -> Path:
        """Folder of a document in the making."""
        return self.folder / "work" / document_id


def ledger_place(folder: Path | None = None) -> LedgerPlace:
    """The backlog in a folder: that one, else ``SOHOA_BATCH``, else under sohoa's home.

    ``SOHOA_LEDGER`` is the URL of a PostgreSQL database that several stations share.
    """
    named = folder or Path(os.environ.get("SOHOA_BATCH") or home() / "batch")
    return LedgerPlace(named.absolute(), os.environ.get("SOHOA_LEDGER", ""))


@contextmanager
def reachable(place: LedgerPlace) -> Iterator[None]:
    """Turn what disk and database raise into the error that says what to do."""
    try:
        yield
    except exc.IntegrityError:
        raise  # a broken invariant is a fault of ours, not of the disk
    except exc.DatabaseError as error:
        name = str(getattr(error.orig, "sqlite_errorname", getattr(error.orig, "sqlstate", "")))
        cause = next((c for start, c in _CAUSES.items() if name.startswith(start)), None)
        detail = (str(error.orig).splitlines() or [""])[0]
        raise (cause or LedgerUnreachable)(ledger=place.shown, detail=detail) from error


def open_engine(place: LedgerPlace, *, create: bool = False) -> Engine:
    """The engine of a ledger that is there and up to date.

    Args:
        create: make it where there is none.

    Raises:
        NoLedger: there is none.
        LedgerUnreachable: or the subclass that names the cause.
        BadLedgerUrl.
    """
    if place.url:
        engine = _postgresql(place)
    else:
        if not place.file.exists() and not create:
            raise NoLedger(folder=place.folder)
        engine = _sqlite(place)
    try:
        with reachable(place):
            _bring_up_to_date(engine, place, create=create)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def only_run(place: LedgerPlace, engine: Engine, station: str) -> Iterator[None]:
    """Be the one run of this station on this ledger; the lock goes with the process.

    Runs of other stations join: what each works on, it claims.

    Raises:
        AlreadyRunning: another run of this station is at work.
    """
    # A name may hold anything; two that meet in 32 bits refuse each other, which harms nobody.
    mark = zlib.crc32(station.encode())
    if place.url:
        with reachable(place), _locked_in_database(engine, mark - (1 << 31), station):
            yield
        return
    lock = os.open(place.folder / f"run-{mark:08x}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunning(station=station) from None
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _locked_in_database(engine: Engine, mark: int, station: str) -> Iterator[None]:
    """A lock that ends with its connection, be it that the process or its machine dies."""
    with engine.connect() as connection:
        # A machine that lost its power is noticed within two minutes, not within two hours.
        for name, value in (("idle", 60), ("interval", 15), ("count", 4)):
            connection.exec_driver_sql(f"SET tcp_keepalives_{name} = {value}")
        query = text("SELECT pg_try_advisory_lock(:ours, :mark)")
        until = time.monotonic() + _DYING
        while not connection.execute(query, {"ours": APPLICATION_ID, "mark": mark}).scalar_one():
            connection.commit()
            if time.monotonic() > until:
                raise AlreadyRunning(station=station)
            time.sleep(0.2)
        connection.commit()
        try:
            yield
        finally:
            connection.invalidate()  # back in the pool it would still hold the lock


def _postgresql(place: LedgerPlace) -> Engine:
    try:
        return postgresql_engine(place.url, place.shown)
    except BadSettings as error:
        raise BadLedgerUrl from error


def _sqlite(place: LedgerPlace) -> Engine:
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(place.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(place.file)) as connection:
            _claim_file(connection, place)
    except sqlite3.OperationalError as error:  # locked, full, not to be written to
        raise LedgerUnreachable(ledger=place.shown, detail=error) from error
    except sqlite3.DatabaseError as error:
        raise NotALedger(ledger=place.shown) from error
    except OSError as error:
        raise LedgerUnreachable(ledger=place.shown, detail=reason_of(error)) from error
    return sqlite_engine(place.file)


def _claim_file(connection: sqlite3.Connection, place: LedgerPlace) -> None:
    """Mark an empty file as a ledger; refuse one that is something else."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    if mark == APPLICATION_ID:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if mark or tables:
        raise NotALedger(ledger=place.shown)
    # WAL first: a file that bears our mark has both.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _bring_up_to_date(engine: Engine, place: LedgerPlace, *, create: bool) -> None:
    with transaction(engine) as tx:
        there = VERSION_TABLE in table_names(tx)
        if not there and not create:
            raise NoLedger(folder=place.folder)
        if there and _revision(tx) == REVISION:
            return
    with transaction(engine, writes=True) as tx:
        from alembic.util import CommandError

        try:
            upgrade(tx, Path(__file__).parent / "migrations")
        except CommandError as error:  # a revision this sohoa has never heard of
            raise NewerLedger(ledger=place.shown) from error


def _revision(tx: Connection) -> str:
    statement = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608  a name of ours
    return str(tx.execute(text(statement)).scalar_one_or_none() or "")
