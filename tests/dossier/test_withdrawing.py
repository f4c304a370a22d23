"""What was set aside and will never be made is taken out for good, by somebody else."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from dossier import ledger_place
from dossier.backlog_figures import backlog_figures
from dossier.batch import Where
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_errors import NotSetAside, SheetsTwice
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Document, Work
from dossier.lots import close_lot
from dossier.report_tables import tables_of
from dossier.shelf import open_store
from dossier.withdrawing import NoReasonGiven, OwnDocument, withdraw
from profiles import load_office
from tests.dossier.backlog_made import HANH, planned, walk
from warehouse import Actor

CHAU = "Vũ Minh Châu"
WHY = "Quét hai lần tờ 0/QĐ-UBND"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))


def copied_twice(ledger: Ledger) -> tuple[Document, Document]:
    """A document that was signed, and one that turned out to have its sheets."""
    first, copy = planned(ledger, "A", 2)
    (first,) = walk(ledger, [first])
    with pytest.raises(SheetsTwice):
        ledger.move(copy, "scanned", Work(), HANH, changes={"sheets_sha256": first.sheets_sha256})
    work, changes = Work(error_kind="sheets-twice"), {"reason": "sheets-twice"}
    return first, ledger.move(
        copy, "set-aside", work, HANH, changes=changes | {"resume": "planned"}
    )


def test_a_second_copy_is_taken_out_for_good_with_who_did_it_and_why(tmp_path: Path) -> None:
    where = Where(tmp_path / "batch", CHAU)
    with open_ledger(where.place(), create=True) as ledger:
        first, copy = copied_twice(ledger)
        pages = where.place().work_of(copy.id)
        pages.mkdir(parents=True)
        with pytest.raises(NoReasonGiven):
            withdraw(where, [copy.id], " ")
        with pytest.raises(OwnDocument):
            withdraw(replace(where, operator="lo thi hanh"), [copy.id], WHY)
        with pytest.raises(NotSetAside):
            withdraw(where, [copy.id, first.id], WHY)
        assert ledger.counts() == {"signed": 1, "set-aside": 1}

        withdraw(where, [copy.id], f" {WHY} của 001087000084")
        assert ledger.counts() == {"signed": 1, "withdrawn": 1}
        assert not pages.exists()
        *_others, last = ledger.transitions(copy.id)
        assert (last.to_state, last.operator) == ("withdrawn", CHAU)
        assert last.work.reasons == ("withdrawn", "sheets-twice")
        with pytest.raises(NotSetAside):
            withdraw(where, [copy.id], WHY)
        assert ledger.plan([copy.plan], HANH) == (0, 1)  # planned again, it stays out

        figures = backlog_figures(ledger, load_office())
        assert figures.forecast is not None
        assert (figures.forecast.left, figures.set_aside) == (0, {})
        (row,) = next(one.rows for one in tables_of(figures) if one.id == "withdrawn")
        told = f"{WHY} của 001*******84"
        assert row[:1] + row[3:5] == (copy.id, told, CHAU)
        with open_store() as store:
            (event,) = store.account.entries("document-withdrawn")
            assert (event.actor.name, event.details["reason"]) == (CHAU, told)
            boss = Actor(CHAU, "supervisor", "UBND")
            lot = close_lot(ledger, load_office(), store.account, "A", boss)
        assert lot.plan.lot_size == 1
        assert lot.makers == (HANH.operator,)  # so who took the copy out may judge the lot


def test_others_may_have_the_sheets_and_the_row_of_what_was_taken_out(tmp_path: Path) -> None:
    where = Where(tmp_path / "batch", CHAU)
    with open_ledger(where.place(), create=True) as ledger:
        (bad,) = walk(ledger, planned(ledger, "A", 1), "scanned")
        changes = {"reason": "row-differs", "resume": "scanned"}
        ledger.move(bad, "set-aside", Work(error_kind="row-differs"), HANH, changes=changes)
        withdraw(where, [bad.id], "Nhầm sổ")
        assert list(ledger.plans_of([bad.plan.number])) == []
        (again,) = planned(ledger, "B", 1)
        same = {"sheets_sha256": bad.sheets_sha256}
        assert ledger.move(again, "scanned", Work(), HANH, changes=same).state == "scanned"


def test_a_ledger_of_before_takes_it_too_and_keeps_what_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = LedgerPlace(tmp_path / "batch")
    with monkeypatch.context() as before:
        before.setattr(ledger_place, "upgrade", to_revision_2)
        with open_ledger(place, create=True) as ledger:
            first, copy = copied_twice(ledger)
            with pytest.raises(IntegrityError):
                ledger.move(copy, "withdrawn", Work(), HANH)
    with open_ledger(place) as ledger:
        assert ledger.document(first.id) == first
        withdraw(Where(place.folder, CHAU), [copy.id], WHY)
        (other,) = planned(ledger, "B", 1)
        same = {"sheets_sha256": first.sheets_sha256}
        with pytest.raises(SheetsTwice):
            ledger.move(other, "scanned", Work(), HANH, changes=same)
        with pytest.raises(IntegrityError), ledger.writing() as tx:
            tx.exec_driver_sql("UPDATE documents SET sheets_sha256 = 'a'")  # the index is there
        with pytest.raises(IntegrityError), ledger.writing() as tx:
            tx.exec_driver_sql("UPDATE documents SET state = 'lost'")


def to_revision_2(tx: Connection, migrations: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    command.upgrade(config, "0002")
