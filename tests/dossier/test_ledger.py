"""The ledger of a backlog: one state a document, every step on record once, whatever happens."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import exc, text

from dossier import ledger_steps
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_errors import (
    AlreadyRunning,
    ClaimLost,
    NewerLedger,
    NoLedger,
    NotALedger,
    SheetsTwice,
)
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import WALK, Document, Plan, Who, Work
from dossier.ledger_work import LEASE_SECONDS, Working
from foundation.times import utc_now
from warehouse.values import Owner, new_id

WHO = Who("Lò Thị Hạnh", "UBND xã Hòa An", "trạm 1")
OTHER = replace(WHO, station="trạm 2")


def plans(count: int, lot: str = "lô 1") -> list[Plan]:
    return [
        Plan(Path(f"/scans/{lot}/{n}.tif"), "quyet-dinh", lot, Owner("001087000084", "Hải"))
        for n in range(count)
    ]


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    from tests.warehouse.servers import postgresql

    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerPlace:
    if request.param == "sqlite":
        return LedgerPlace(tmp_path / "batch")
    url, schema = request.getfixturevalue("database"), f"l{new_id().lower()}"
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    folder = tmp_path / "batch"
    folder.mkdir()
    return LedgerPlace(folder, f"{url}&options=-csearch_path%3D{schema}")


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with open_ledger(place, create=True) as opened:
        yield opened


def walked(ledger: Ledger, document: Document) -> list[tuple[str, str]]:
    return [(one.from_state, one.to_state) for one in ledger.transitions(document.id)]


def test_a_document_walks_from_plan_to_store_and_every_step_is_on_record(ledger: Ledger) -> None:
    assert ledger.plan(plans(2), WHO) == (2, 0)
    assert ledger.plan(plans(3), WHO) == (1, 2)  # what is planned already stays as it is
    with ledger.running(WHO) as run:
        document = run.claim("planned")
        assert document is not None
        assert document.plan == plans(1)[0]
        for state in WALK[1:]:
            document = run.advance(document, state, Work(1.5, 3, "ab" * 32))
        assert (document.state, document.steps) == ("deposited", len(WALK))
    assert walked(ledger, document) == list(zip(("", *WALK[:-1]), WALK, strict=True))
    last = list(ledger.transitions(document.id))[-1]
    assert (last.operator, last.office, last.station) == ("Lò Thị Hạnh", "UBND xã Hòa An", "trạm 1")
    assert last.work == Work(1.5, 3, "ab" * 32)
    assert ledger.counts() == {"planned": 2, "deposited": 1}
    assert ledger.document(document.id) == replace(document, holder="")


def test_a_step_is_refused_where_the_document_is_not_as_it_was_read(ledger: Ledger) -> None:
    ledger.plan(plans(1), WHO)
    with ledger.running(WHO) as run:
        document = run.claim("planned")
        assert document is not None
        run.advance(document, "scanned", Work())
        with pytest.raises(ClaimLost):
            run.advance(document, "scanned", Work())
        assert run.claim("planned", "scanned") is None  # held
    assert walked(ledger, document) == [("", "planned"), ("planned", "scanned")]


def test_a_record_of_a_step_can_neither_be_changed_nor_removed(ledger: Ledger) -> None:
    ledger.plan(plans(1), WHO)
    for statement in ("UPDATE transitions SET pages = 9", "DELETE FROM transitions"):
        with pytest.raises(exc.IntegrityError, match="append-only"), ledger.writing() as tx:
            tx.execute(text(statement))


def test_what_a_dead_run_held_is_taken_over_and_its_late_step_is_refused(ledger: Ledger) -> None:
    ledger.plan(plans(1), WHO)
    with ledger.running(WHO) as run, ledger.running(OTHER) as other:
        document = run.claim("planned")
        assert document is not None
        other.beat_once(0.0)
        run.beat_once(0.0)
        other.beat_once(LEASE_SECONDS + 1)  # it has shown signs of life
        assert other.claim("planned") is None
        other.beat_once(3 * LEASE_SECONDS)  # it has shown none
        mine = other.claim("planned")
        assert mine is not None
        assert mine.attempt == document.attempt + 1
        with pytest.raises(ClaimLost):
            run.advance(document, "scanned", Work())
        other.advance(mine, "scanned", Work())


def test_a_run_killed_at_work_leaves_nothing_held_for_the_next(
    place: LedgerPlace, ledger: Ledger
) -> None:
    ledger.plan(plans(1), WHO)
    code = (
        "import sys, time; from pathlib import Path;"
        "from dossier.ledger import open_ledger; from dossier.ledger_place import LedgerPlace;"
        "from dossier.ledger_values import Who;"
        "place = LedgerPlace(Path(sys.argv[1]), sys.argv[2])\n"
        "with open_ledger(place) as ledger, ledger.running(Who('a', 'b', 'trạm 1')) as run:\n"
        "    print(run.claim('planned').id, flush=True); time.sleep(60)"
    )
    order = [sys.executable, "-c", code, str(place.folder), place.url]
    with subprocess.Popen(order, stdout=subprocess.PIPE) as killed:
        assert killed.stdout
        assert killed.stdout.readline()
        with pytest.raises(AlreadyRunning), ledger.running(WHO):
            pass
        os.kill(killed.pid, signal.SIGKILL)
    with ledger.running(WHO) as run:
        assert run.claim("planned") is not None


def test_runs_of_one_station_refuse_each_other_and_of_two_share_the_work(ledger: Ledger) -> None:
    ledger.plan(plans(30), WHO)
    taken: dict[str, list[str]] = {"a": [], "b": []}

    with ledger.running(WHO) as first, ledger.running(OTHER) as second:
        with pytest.raises(AlreadyRunning), ledger.running(WHO):
            pass

        def work(name: str, run) -> None:
            while document := run.claim("planned"):
                taken[name].append(document.id)
                run.advance(document, "scanned", Work(), keep=False)

        threads = [threading.Thread(target=work, args=one) for one in (("a", first), ("b", second))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(taken["a"]) | set(taken["b"])) == len(taken["a"]) + len(taken["b"]) == 30
    assert ledger.counts() == {"scanned": 30}


def test_a_clock_that_jumps_back_does_no_harm(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.plan(plans(2), WHO)
    now = utc_now()
    with ledger.running(WHO) as run:
        document = run.claim("planned")
        assert document is not None
        put_off = run.put_off(document, Work(error_kind="no-answer"), timedelta(minutes=5))
        assert put_off.failures == 1
        second = run.claim("planned")
        assert second is not None
        for year in (365, 3650):
            monkeypatch.setattr(
                ledger_steps, "utc_now", lambda days=year: now - timedelta(days=days)
            )
            again = run.claim("planned")  # put off for minutes, not for the years of the jump
            assert again is not None
            run.let_go(again)
        for state in WALK[1:4]:
            second = run.advance(second, state, Work())
    times = [one.at for one in ledger.transitions(second.id)]
    assert times == sorted(times)
    assert times[-1] >= times[0]


def test_what_was_set_aside_goes_on_where_it_was_and_with_new_sheets_from_the_start(
    ledger: Ledger,
) -> None:
    ledger.plan(plans(1), WHO)
    with ledger.running(WHO) as run:
        document = run.claim("planned")
        assert document is not None
        document = run.advance(document, "scanned", Work(), changes={"sheets_sha256": "cd" * 32})
        document = run.set_aside(document, Work(error_kind="page-count"), None)
        assert (document.state, document.reason, document.holder) == ("set-aside", "page-count", "")
        assert run.claim("planned", "scanned") is None
        document = ledger.retry(document, WHO)
        assert document.state == "scanned"
        document = run.set_aside(document, Work(error_kind="page-count"), None)
        document = ledger.retry(document, WHO, rescanned=True)
        assert (document.state, document.sheets_sha256, document.rescans) == ("planned", "", 1)
    last = list(ledger.transitions(document.id))[-1]
    assert (last.work.rescans, last.work.reasons) == (1, ("page-count",))


def test_the_same_sheets_are_not_made_into_two_documents(ledger: Ledger) -> None:
    ledger.plan(plans(2), WHO)
    with ledger.running(WHO) as run:
        first, second = run.claim("planned"), run.claim("planned")
        assert first is not None
        assert second is not None
        same = {"sheets_sha256": "ef" * 32}
        run.advance(first, "scanned", Work(), changes=same)
        with pytest.raises(SheetsTwice, match=first.id):
            run.advance(second, "scanned", Work(), changes=same)


def test_what_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    place = LedgerPlace(tmp_path)
    with pytest.raises(NoLedger), open_ledger(place):
        pass
    place.file.write_bytes(b"some other file" * 100)
    with pytest.raises(NotALedger), open_ledger(place, create=True):
        pass
    assert place.file.read_bytes() == b"some other file" * 100
    place.file.unlink()
    with open_ledger(place, create=True) as ledger, ledger.writing() as tx:
        tx.execute(text("UPDATE ledger_version SET version_num = '9999'"))
    with pytest.raises(NewerLedger), open_ledger(place):
        pass
    with closing(sqlite3.connect(place.file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert place.file.stat().st_mode & 0o077 == 0


def act(ledger: Ledger, run: Working, mine: Document | None, what: str) -> Document | None:
    """One thing a run may do; what it holds afterwards."""
    if what == "bury":
        ledger.bury([run.run_id])
        return mine
    if what == "retry":
        for one in ledger.documents("set-aside", limit=1):
            ledger.retry(one, WHO)
        return mine
    if mine is None:
        return run.claim(*WALK[:-1]) if what == "claim" else None
    if what == "advance" and mine.state != "deposited":
        return run.advance(mine, WALK[WALK.index(mine.state) + 1], Work())
    if what == "fail":
        run.put_off(mine, Work(error_kind="x"), timedelta(0))
    elif what == "aside":
        run.set_aside(mine, Work(error_kind="x"), None)
    else:
        run.let_go(mine)
    return None


ACTS = ("claim", "advance", "fail", "aside", "retry", "go", "bury")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(ACTS)), max_size=40))
def test_whatever_runs_do_in_whatever_order_steps_and_states_agree(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    """Three stations claim, advance, fail, set aside, retry, let go, and are thought dead."""
    with ExitStack() as stack:
        place = LedgerPlace(tmp_path_factory.mktemp("ledger"))
        ledger = stack.enter_context(open_ledger(place, create=True))
        ledger.plan(plans(2), WHO)
        runs = {
            name: stack.enter_context(ledger.running(replace(WHO, station=name))) for name in "abc"
        }
        held: dict[str, Document | None] = dict.fromkeys("abc")
        for name, what in steps:
            mine, held[name] = held[name], None
            with suppress(ClaimLost):
                held[name] = act(ledger, runs[name], mine, what)
        for document in ledger.documents():
            taken = list(ledger.transitions(document.id))
            assert [one.number for one in taken] == list(range(1, document.steps + 1))
            assert taken[-1].to_state == document.state
            for before, after in pairwise(taken):
                assert after.from_state == before.to_state
