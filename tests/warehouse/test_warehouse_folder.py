import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from foundation import ExitCode
from warehouse import WarehouseUnreachable, engine, open_warehouse, schema
from warehouse.errors import (
    CatalogueMissing,
    KeyMissing,
    NewerWarehouse,
    NotAWarehouse,
    WarehouseBusy,
    WarehouseFull,
)


def run_sql(folder, statement) -> None:
    with closing(sqlite3.connect(folder / "catalogue.sqlite")) as db:
        db.execute(statement)
        db.commit()


@pytest.mark.on_disk
def test_a_new_warehouse_is_private_whatever_the_umask(folder, put, pdf, kho) -> None:
    put(pdf("a"))
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.fixture(autouse=True)
def _generous_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_file_names_carry_no_personal_data(folder, put, pdf, owner, kho, store) -> None:
    put(pdf("a"), code=f"{owner.identifier}.KQ.1", number=owner.identifier)
    names = [*map(str, folder.rglob("*")), *store.paths("")]
    assert not any(owner.identifier in name for name in names)


def test_a_warehouse_opens_again_with_all_that_was_in_it(folder, owner, put, pdf) -> None:
    record = put(pdf("a"))
    with open_warehouse(folder) as again:
        assert again.find(owner.identifier) == [record]


def test_a_path_with_odd_characters_is_just_a_path(tmp_path) -> None:
    with open_warehouse(tmp_path / "kho số 1?mode=ro#%20") as kho:
        assert kho.check().ok
    assert (tmp_path / "kho số 1?mode=ro#%20" / "catalogue.sqlite").exists()


@pytest.mark.on_disk
def test_commits_survive_a_power_cut(folder, kho) -> None:
    with kho._catalog.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.on_disk
def test_the_migrations_make_exactly_the_tables_the_code_uses(folder, kho) -> None:
    database = create_engine(f"sqlite:///{folder / 'catalogue.sqlite'}")
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.REVISION
    database.dispose()


def cannot_open(folder, error) -> None:
    with pytest.raises(error) as caught, open_warehouse(folder):
        pass
    assert caught.value.exit_code == ExitCode.WAREHOUSE
    assert str(folder) in str(caught.value)


def test_somebody_elses_folder_is_left_alone(tmp_path) -> None:
    (tmp_path / "letter.txt").write_text("private")
    before = tmp_path.stat().st_mode
    cannot_open(tmp_path, NotAWarehouse)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert tmp_path.stat().st_mode == before


@pytest.mark.on_disk
def test_a_file_is_not_a_warehouse(tmp_path) -> None:
    (tmp_path / "kho").write_text("?")
    cannot_open(tmp_path / "kho", NotAWarehouse)


@pytest.mark.on_disk
def test_a_catalogue_that_is_no_database_is_not_touched(folder) -> None:
    folder.mkdir()
    (folder / "catalogue.sqlite").write_text("this is not SQLite, and long enough to be sure" * 9)
    cannot_open(folder, NotAWarehouse)


@pytest.mark.on_disk
def test_another_programs_database_is_not_touched(folder) -> None:
    folder.mkdir()
    run_sql(folder, "CREATE TABLE theirs (x)")
    cannot_open(folder, NotAWarehouse)


@pytest.mark.on_disk
def test_a_newer_warehouse_asks_for_a_newer_sohoa(folder) -> None:
    with open_warehouse(folder):
        pass
    run_sql(folder, "UPDATE alembic_version SET version_num = '9999'")
    cannot_open(folder, NewerWarehouse)


@pytest.mark.on_disk
def test_papers_without_their_catalogue_are_not_covered_by_an_empty_one(
    folder, put, pdf, kho
) -> None:
    put(pdf("a"))
    for path in folder.glob("catalogue.sqlite*"):
        path.unlink()
    cannot_open(folder, CatalogueMissing)


def test_a_lost_key_is_asked_for_by_name(folder) -> None:
    with open_warehouse(folder):
        pass
    (folder / "keys" / "pseudonym.key").unlink()
    cannot_open(folder, KeyMissing)


def test_a_place_where_nothing_can_be_made_is_named() -> None:
    cannot_open(Path("/proc/kho"), WarehouseUnreachable)


@pytest.mark.on_disk
def test_a_writer_that_waited_too_long_is_told_who_it_waited_for(
    folder, monkeypatch, pdf, clerk, owner
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.05)
    with open_warehouse(folder) as kho, closing(
        sqlite3.connect(folder / "catalogue.sqlite", isolation_level=None)
    ) as other:  # fmt: skip
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WarehouseBusy):
            kho.new_dossier_code("{serial}", "H99", date(2026, 11, 20))
        assert kho.find(owner.identifier) == []  # readers do not wait


@pytest.mark.on_disk
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_full(folder, number) -> None:
    with pytest.raises(WarehouseFull), engine.reachable(folder):
        raise OSError(number, os.strerror(number))


@pytest.mark.on_disk
def test_a_write_that_fails_halfway_leaves_nothing(folder, pdf, owner) -> None:
    program = f"""
import resource
from pathlib import Path
from warehouse import Actor, Owner, open_warehouse
from warehouse.grounds import Basis
with open_warehouse(Path({str(folder)!r})) as kho:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    kho.deposit(Path({str(pdf("a", padding=1_000_000))!r}), owner=Owner("1"), paper_type="k",
                type_code="K", title="K", code="c", actor=Actor("A", "clerk", "O"),
                basis=Basis("law", "ket-qua"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "WarehouseUnreachable" in done.stderr
    with open_warehouse(folder) as kho:
        assert not list((folder / "incoming").iterdir())
        assert (kho.check().ok, kho.check().records) == (True, 0)


def test_importing_the_room_does_not_load_its_heavy_parts() -> None:
    program = "import sys, warehouse; print('sqlalchemy' in sys.modules, 'pikepdf' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["False", "False"], done.stderr
