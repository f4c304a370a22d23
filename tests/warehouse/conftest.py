"""A warehouse of its own for each test, a clerk, and PDFs out of nothing.

Every test that opens its warehouse through ``folder`` runs twice: on the default, SQLite and
the disk, and on PostgreSQL and an S3 server that the tests start. A test of what only the
default has is marked ``on_disk``.
"""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pikepdf
import pytest

from foundation.messages import set_language
from warehouse import Actor, Owner, Record, Warehouse, open_warehouse
from warehouse.grounds import Basis

# ocfl-py imports pairtree for layouts we do not use; the real one installs a package named
# "tests" that hides ours from worker processes (see [tool.uv] in pyproject.toml).
_unused_pairtree = ModuleType("pairtree")
_unused_pairtree.id_encode = _unused_pairtree.id_decode = str  # type: ignore[attr-defined]
sys.modules.setdefault("pairtree", _unused_pairtree)

_spec = spec_from_file_location("warehouse_servers", Path(__file__).with_name("servers.py"))
assert _spec
assert _spec.loader
servers = module_from_spec(_spec)
_spec.loader.exec_module(servers)

AN = Owner("001087000084", "Nguyễn Văn An")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture
def clerk() -> Actor:
    return Actor("Trần Thị Bình", "clerk", "H99.01")


@pytest.fixture
def owner() -> Owner:
    return AN


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        only_disk = metafunc.definition.get_closest_marker("on_disk")
        metafunc.parametrize("backend", ["disk"] if only_disk else ["disk", "served"])


@pytest.fixture(scope="session")
def _services() -> Iterator["Callable[[], servers.Servers]"]:
    """The servers, started when a test first asks for them."""
    with ExitStack() as stack:
        started: list[servers.Servers] = []

        def start() -> servers.Servers:
            if not started:
                started.append(stack.enter_context(servers.running()))
            return started[0]

        yield start


@pytest.fixture
def new_folder(backend: str, tmp_path: Path, request, monkeypatch) -> Callable[[str], Path]:
    """Name a folder of a new warehouse, with its settings."""

    def make(name: str) -> Path:
        path = tmp_path / name
        if backend == "served":
            service = request.getfixturevalue("_services")()
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", servers.ACCESS)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", servers.SECRET)
            monkeypatch.setenv("AWS_REGION", "us-east-1")
            own = f"t{secrets.token_hex(8)}"
            service.sql(f"CREATE SCHEMA {own}")
            path.mkdir(mode=0o700)
            (path / "warehouse.toml").write_text(service.settings(own))
            (path / "warehouse.toml").chmod(0o600)
        return path

    return make


@pytest.fixture
def folder(new_folder: Callable[[str], Path]) -> Path:
    return new_folder("kho")


class Store:
    """What a warehouse keeps under its URL, seen from outside: to look at, and to damage."""

    def __init__(self, folder: Path) -> None:
        from warehouse.blobs import open_blobs
        from warehouse.places import place_of

        self.place = place_of(folder)
        self.blobs = open_blobs(folder, self.place.objects, self.place.endpoint)

    def paths(self, prefix: str = "objects", end: str = "") -> list[str]:
        return sorted(path for path in self.blobs.paths(prefix) if path.endswith(end))

    def papers(self) -> list[str]:
        return self.paths(end="-paper.pdf")

    def of(self, record: Record) -> str:
        from warehouse import ocfl

        return ocfl.object_path(record.id)

    def read(self, path: str) -> bytes:
        return self.blobs.get(path)

    def write(self, path: str, data: bytes) -> None:
        self.blobs.put(path, data)

    def remove(self, *paths: str) -> None:
        self.blobs.delete(paths)

    def sql(self, *statements: str) -> None:
        """What someone with the catalogue in hand can do to it."""
        from warehouse.engine import postgresql_engine, sqlite_engine

        if self.place.catalogue:
            engine = postgresql_engine(self.place.catalogue, "")
        else:
            engine = sqlite_engine(self.place.folder / "catalogue.sqlite")
        try:
            with engine.begin() as tx:
                for statement in statements:
                    tx.exec_driver_sql(statement)
        finally:
            engine.dispose()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        from sqlalchemy import text

        from warehouse.catalog import open_catalog

        catalog = open_catalog(self.place.folder)
        try:
            with catalog.reading() as tx:
                return [tuple(row) for row in tx.execute(text(query))]
        finally:
            catalog.close()

    def allow_changes(self) -> None:
        """The triggers that keep the audit append-only out of the way."""
        on = " ON audit" if self.place.catalogue else ""
        self.sql(
            f"DROP TRIGGER IF EXISTS audit_no_update{on}",
            f"DROP TRIGGER IF EXISTS audit_no_delete{on}",
        )


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


@pytest.fixture
def kho(folder: Path) -> Iterator[Warehouse]:
    with open_warehouse(folder) as warehouse:
        yield warehouse


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """Write a one-page PDF that says ``text`` and is ``padding`` bytes larger than it need be."""

    def write(text: str = "", padding: int = 0) -> Path:
        path = tmp_path / f"paper-{text.encode().hex()}-{padding}.pdf"
        with pikepdf.new() as new:
            new.add_blank_page()
            new.Root.Said = pikepdf.Stream(new, text.encode() + bytes(padding))
            new.save(path, compress_streams=False, deterministic_id=True)
        return path

    return write


class Put(Protocol):
    def __call__(self, path: Path, **changes: object) -> Record: ...


@pytest.fixture
def put(kho: Warehouse, clerk: Actor) -> Put:
    """Deposit with everything said that need not be said in the test."""

    def deposit(path: Path, **changes: object) -> Record:
        given: dict[str, object] = {
            "owner": AN,
            "paper_type": "khai-sinh",
            "type_code": "KQ.G15.000031",
            "title": "Giấy khai sinh",
            "code": f"{path.stem}-{changes.get('number', '')}",
            "actor": clerk,
            "basis": LAW,
        }
        return kho.deposit(path, **(given | changes))  # type: ignore[arg-type]

    return deposit
