"""The database under the catalogue: SQLite or PostgreSQL, made to behave alike.

Readers see one unchanging state and never wait. Writers take turns for the whole of a
transaction: SQLite's BEGIN IMMEDIATE, PostgreSQL's advisory lock of the schema.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, exc, make_url, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.pool import ConnectionPoolEntry

from foundation.reasons import reason_of
from warehouse.errors import (
    BadSettings,
    CatalogueDamaged,
    NotAWarehouse,
    WarehouseBusy,
    WarehouseFull,
    WarehouseUnreachable,
)
from warehouse.schema import APPLICATION_ID

#: How long a writer waits for its turn. Writers hold the lock for milliseconds each.
PATIENCE_SECONDS = 60
#: By SQLite's name of the error or PostgreSQL's SQLSTATE.
_CAUSES = {
    "SQLITE_BUSY": WarehouseBusy,
    "SQLITE_LOCKED": WarehouseBusy,
    "SQLITE_FULL": WarehouseFull,
    "SQLITE_NOTADB": NotAWarehouse,
    "SQLITE_CORRUPT": CatalogueDamaged,
    "55P03": WarehouseBusy,  # lock_not_available
    "53100": WarehouseFull,  # disk_full
    "XX001": CatalogueDamaged,  # data_corrupted
    "XX002": CatalogueDamaged,  # index_corrupted
}


@contextmanager
def reachable(shown: object) -> Iterator[None]:
    """Turn what disk, network and database raise into the error that says what to do.

    Args:
        shown: what to call the warehouse.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except exc.IntegrityError:
        raise  # a broken invariant is a fault of ours, not of the disk
    except exc.NoResultFound as error:  # a row that is always there: the audit's head, our revision
        raise CatalogueDamaged(folder=shown) from error
    except exc.DatabaseError as error:
        raise _of_database(error, shown) from error
    except BaseError as error:
        if "No space left" in str(error) or "quota" in str(error).lower():
            raise WarehouseFull(folder=shown) from error
        detail = (str(error).splitlines() or [""])[0]
        raise WarehouseUnreachable(folder=shown, detail=detail) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WarehouseFull(folder=shown) from error
        detail = (reason_of(error).splitlines() or [""])[0]
        raise WarehouseUnreachable(folder=shown, detail=detail) from error


def _of_database(error: exc.DatabaseError, shown: object) -> WarehouseUnreachable:
    name = str(getattr(error.orig, "sqlite_errorname", getattr(error.orig, "sqlstate", "")))
    for prefix, cause in _CAUSES.items():
        if name.startswith(prefix):
            return cause(folder=shown)
    detail = (str(error.orig).splitlines() or [""])[0]
    return WarehouseUnreachable(folder=shown, detail=detail)


def sqlite_engine(path: Path) -> Engine:
    """An engine for an SQLite file that is there."""
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": PATIENCE_SECONDS})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        # FULL: in WAL mode only this makes a commit survive a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def postgresql_engine(url: str, shown: object) -> Engine:
    """An engine for a PostgreSQL database. Raises BadSettings for a URL that is none."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise BadSettings(file=shown, detail="catalogue") from error
    if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
        raise BadSettings(file=shown, detail=f"catalogue: {parsed.drivername}")
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
    )


@contextmanager
def transaction(engine: Engine, *, writes: bool = False) -> Iterator[Connection]:
    """A transaction that sees one unchanging state, or that is alone in writing.

    Begun here and not by a listener: an engine with listeners looks for them at every statement,
    a third of what a statement costs.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as tx:
        if writes and not sqlite:
            # Once the lock is held everything committed before must be seen: no snapshot from
            # before it.
            tx.execution_options(isolation_level="READ COMMITTED")
        with tx.begin():
            if sqlite:
                # IMMEDIATE takes the write lock at once: a reader that turned writer halfway
                # could only fail when another has written meanwhile.
                tx.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
            elif writes:
                tx.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
                lock = f"{APPLICATION_ID}, hashtext(current_schema())"
                tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
            yield tx


def put_row(tx: Connection, table: Table, row: dict[str, Any], *, replace: bool = True) -> bool:
    """Insert a row; where its primary key is there already, replace it, or leave it.

    Returns whether it was written.
    """
    done = tx.execute(_put(tx.dialect.name, table, tuple(row), replace), row)
    return bool(done.rowcount)


@cache
def _put(dialect: str, table: Table, names: tuple[str, ...], replace: bool) -> Any:
    """Made once: putting a statement together takes SQLAlchemy longer than carrying it out."""
    keys = [column.name for column in table.primary_key]
    insert: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    statement = insert(table)
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    if rest and replace:
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return statement.on_conflict_do_nothing()


def upgrade(tx: Connection, migrations: Path) -> None:
    """Bring tables to this sohoa's revision with the Alembic scripts of a folder; from nothing,
    make them."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def table_names(tx: Connection) -> set[str]:
    """The tables of the catalogue's schema."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if tx.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    return set(tx.execute(text(query)).scalars())
