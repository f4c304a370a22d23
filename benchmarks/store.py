"""What the store costs: deposits a second, bytes a record, checking, rebuilding, finding.

Rows for the search are loaded in bulk, without papers behind them.
"""

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pikepdf

from warehouse import Actor, Owner, Warehouse, open_warehouse, rebuild_catalogue

_CLERK = Actor("Trần Thị Bình", "clerk", "H99.01")
_TYPES = ("khai-sinh", "ket-hon", "dat-dai", "can-cuoc")
_LOOKS = 2000


def measure_store(records: int, deposits: int) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        _walk(Path(name), deposits)
    for count in (records // 10, records):
        for database in ("SQLite", "PostgreSQL"):
            _look(database, count)


def _walk(folder: Path, count: int) -> None:
    papers = [_paper(folder / f"{i}.pdf", 100_000) for i in range(4 * count)]
    with open_warehouse(folder / "kho") as kho:
        _put(kho, _paper(folder / "warm.pdf", 1000))
        alone = _rate(count, lambda: [_put(kho, paper) for paper in papers[:count]])
        with ThreadPoolExecutor(4) as pool:
            together = _rate(
                3 * count, lambda: list(pool.map(lambda p: _put(kho, p), papers[count:]))
            )
        total = 4 * count + 1
        size = sum(path.stat().st_blocks * 512 for path in (folder / "kho").rglob("*"))
        catalogue = (folder / "kho" / "catalogue.sqlite").stat().st_size
        checked = _rate(total, kho.check)
    rebuilt = _rate(total, lambda: rebuild_catalogue(folder / "kho"))
    print(f"deposits of 100 KB: {alone:.0f}/s from one thread, {together:.0f}/s from four")
    print(f"on the disk {size / total / 1000:.0f} KB a record, catalogue {catalogue / total:.0f} B")
    print(f"check {checked:.0f} records/s, rebuild {rebuilt:.0f} records/s")


def _rate(count: int, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def _paper(path: Path, size: int) -> Path:
    with pikepdf.new() as new:
        new.add_blank_page()
        new.Root.Said = pikepdf.Stream(new, random.randbytes(size))
        new.save(path, compress_streams=False)
    return path


def _put(kho: Warehouse, paper: Path) -> object:
    return kho.deposit(
        paper,
        owner=Owner("001087000084"),
        paper_type="khai-sinh",
        type_code="KQ.G15.000031",
        title="Giấy khai sinh",
        code=paper.stem,
        actor=_CLERK,
    )


def _look(database: str, count: int) -> None:
    """How long ``find`` takes among so many records."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "kho").mkdir(mode=0o700)
        if database == "PostgreSQL":
            url = stack.enter_context(_servers().postgresql())
            (folder / "kho" / "warehouse.toml").write_text(f'catalogue = "{url}"\n')
        kho = stack.enter_context(open_warehouse(folder / "kho"))
        loading = _rate(count, lambda: _load(kho, count))
        times = sorted(_look_once(kho, count) for _look in range(_LOOKS))
        middle, worst = times[_LOOKS // 2] * 1000, times[_LOOKS * 99 // 100] * 1000
        print(
            f"{database:10} {count:9,} records: find p50 {middle:.2f} ms, p99 {worst:.2f} ms"
            f" (loaded at {loading:,.0f}/s)"
        )


def _look_once(kho: Warehouse, count: int) -> float:
    owner = _owner(random.randrange(count // 4))
    start = time.perf_counter()
    found = kho.find(owner)
    seconds = time.perf_counter() - start
    assert len(found) == 4
    return seconds


def _owner(number: int) -> str:
    return f"0{number:011d}"


def _load(kho: Warehouse, count: int) -> None:
    from sqlalchemy import text

    from warehouse.schema import holders, records

    with kho._catalog.writing() as tx:
        for table, rows in ((records, _records(count)), (holders, _holders(count))):
            names = [column.name for column in table.columns]
            raw: Any = tx.connection.driver_connection
            if tx.dialect.name == "sqlite":
                marks = ", ".join("?" * len(names))
                raw.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)  # noqa: S608
                continue
            with raw.cursor().copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        tx.execute(text("ANALYZE"))


def _records(count: int) -> Iterator[tuple[Any, ...]]:
    moment = datetime(2026, 11, 20, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S.000000")
    for i in range(count):
        kind = _TYPES[i % 4]
        yield (
            f"{i:026d}", 1, f"{_owner(i // 4)}.{kind}.{i:06d}", _owner(i // 4), "Nguyễn Văn An",
            "person", kind, "KQ.G15.000031", "Giấy khai sinh", str(i), "active", moment, "",
            f"{i:064x}", 100_000, moment, "Trần Thị Bình", "H99.01", None,
            '{"ho_ten": "Nguyễn Văn An", "ngay_sinh": "1987-01-01"}', "1.004222", "", "[]", "[]",
        )  # fmt: skip


def _holders(count: int) -> Iterator[tuple[Any, ...]]:
    for i in range(count):
        yield _owner(i // 4), _TYPES[i % 4], f"{i:026d}", 1


def _servers() -> Any:
    path = Path(__file__).parent.parent / "tests" / "warehouse" / "servers.py"
    spec = spec_from_file_location("warehouse_servers", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module
