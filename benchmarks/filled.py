"""Stores of many records: the rows that real deposits left, copied for owner after owner.

Five papers an owner, one of them kept on a consent; one paper in twenty is revoked, one past.
There are no papers behind the rows, and neither checkpoints (two for a hundred entries of the
audit) nor outbox (emptied as it is told).
"""

import json
import random
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks.store import CLERK, LAW, new_code, write_paper
from foundation.times import today
from warehouse import Owner, Warehouse, open_warehouse
from warehouse.grounds import Agreement, Evidence, Told

PAPERS = ("khai-sinh", "ket-hon", "quyet-dinh", "quyen-su-dung-dat", "ban-sao-chung-thuc")
_ON_CONSENT = PAPERS[-1]
_TABLES = (
    "records", "holders", "inventories", "bases", "consents", "codes", "serials", "audit",
    "audit_owners",
)  # fmt: skip
#: Ids, digests, keyed hashes, the owner's number: each owner has their own.
_OWN = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{32,128}|001087000000)\b")
_ALL = "SELECT * FROM {}"
_ID = 26
_BATCH = 1_000

#: Of each table its rows, as SQLite holds them.
Rows = dict[str, list[dict[str, Any]]]


def number_of(owner: int) -> str:
    """The personal number of the ``owner``-th owner."""
    return f"001087{owner:06d}"


@contextmanager
def empty_store(database: str) -> Iterator[Warehouse]:
    """A store with its catalogue in SQLite, or in a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as work:
        folder = Path(work) / "kho"
        if database == "SQLite":
            with open_warehouse(folder) as kho:
                yield kho
            return
        folder.mkdir(mode=0o700)
        with _servers().postgresql() as url:
            settings = folder / "warehouse.toml"
            settings.write_text(f'catalogue = "{url}"\n')
            settings.chmod(0o600)
            with open_warehouse(folder) as kho:
                yield kho


def size_of(kho: Warehouse) -> int:
    """Bytes of the catalogue with its indexes."""
    file = kho.folder / "catalogue.sqlite"
    if file.exists():
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.stat().st_size
    with kho._catalog.reading() as tx:
        return int(tx.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def fill(kho: Warehouse, owners: int, seed: int) -> None:
    """Put in the papers of so many owners."""
    copies = _copies(_model(), owners, kho.service.pseudonym, random.Random(seed))
    while batch := list(islice(copies, _BATCH)):
        with kho._catalog.writing() as tx:
            for table in _TABLES:
                _load(tx, table, [row for copy in batch for row in copy[table]])
    with kho._catalog.writing() as tx:
        tx.exec_driver_sql("ANALYZE")  # what a database does by itself within the hour


def _model() -> Rows:
    """What the catalogue holds when one owner has deposited all their papers."""
    owner = Owner(number_of(0), "Nguyễn Văn An")
    told = Told("giữ và dùng lại giấy tờ", "vi", "0" * 64)
    agreement = Agreement(
        owner, (_ON_CONSENT,), told, Evidence("witness", CLERK.name), "UBND", adult_age=18
    )
    with tempfile.TemporaryDirectory() as work, open_warehouse(Path(work) / "kho") as kho:
        kho.consents.grant(agreement, CLERK)
        for paper in PAPERS:
            code = new_code(kho, owner.identifier, paper)
            kho.deposit(
                write_paper(Path(work) / "paper.pdf", 1000),
                owner=owner,
                paper_type=paper,
                type_code=paper,
                title="Giấy khai sinh",
                code=code,
                actor=CLERK,
                fields={"ho_ten": owner.name, "ngay_sinh": "1987-01-01", "gioi_tinh": "Nam"},
                procedure="1.004222",
                basis=None if paper == _ON_CONSENT else LAW,
            )
        with kho._catalog.reading() as tx:
            return {
                table: [dict(row) for row in tx.exec_driver_sql(_ALL.format(table)).mappings()]
                for table in _TABLES
            }


def _copies(
    model: Rows, owners: int, pseudonym: Callable[[str], str], dice: random.Random
) -> Iterator[Rows]:
    """The model's rows for one owner after the other."""
    text, yesterday = json.dumps(model), str(today() - timedelta(days=1))
    (name,) = {row["owner"] for row in model["audit_owners"]}
    for owner in range(owners):
        number = number_of(owner)
        rows = _as(text, {number_of(0): number, name: pseudonym(number)}, dice)
        for row in (*rows["audit"], *rows["audit_owners"]):
            row["seq"] += owner * len(model["audit"])
        for row in rows["records"]:
            chance = dice.random()
            if chance < 0.1:
                row.update({"status": "revoked"} if chance < 0.05 else {"valid_until": yesterday})
        yield rows


def _as(text: str, own: dict[str, str], dice: random.Random) -> Rows:
    """The rows in a text with everybody's own in the place of the model's."""

    def other(found: re.Match[str]) -> str:
        if found[0] not in own:
            own[found[0]] = _like(found[0], dice)
        return own[found[0]]

    rows: Rows = json.loads(_OWN.sub(other, text))
    return rows


def _like(token: str, dice: random.Random) -> str:
    if len(token) == _ID:
        return f"{dice.getrandbits(100):0{_ID}X}"
    return f"{dice.getrandbits(4 * len(token)):0{len(token)}x}"


def _load(tx: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    values = (tuple(row[name] for name in names) for row in rows)
    raw: Any = tx.connection.driver_connection
    if tx.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        raw.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608
        return
    with raw.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _servers() -> Any:
    path = Path(__file__).parent.parent / "tests" / "warehouse" / "servers.py"
    spec = spec_from_file_location("warehouse_servers", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module
