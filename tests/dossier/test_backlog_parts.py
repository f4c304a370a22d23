"""The parts of a backlog's run: whose turn it is, what becomes of errors, watched folders."""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from digitize.pipeline import PageFailed
from digitize.source_errors import EmptyFile
from digitize.workers import WorkersGone
from dossier.batch import Where, plan_folder
from dossier.fate import (
    MOST_TRIES,
    DiskFullHere,
    Patience,
    SourceAway,
    StepFault,
    Weather,
    as_ours,
    fate_of,
)
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Document
from dossier.planning import NothingToPlan, Trouble, look_through
from dossier.pools import Closed, Gate, Pool
from dossier.turns import counter_at_work, counter_waits, in_office_hours, pages_at_once
from dossier.watching import TAKEN, Watch, watch_folder
from foundation.times import VIETNAM
from profiles import BatchRules
from signing.errors import NoRoomForText, TimestampUnavailable, WrongPin
from warehouse.errors import WarehouseUnreachable
from warehouse.ground_errors import NoBasis

# --- whose turn it is ---------------------------------------------------------------------


def at(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)


def test_office_hours_are_those_of_the_profile_on_its_days() -> None:
    rules = BatchRules(office_hours="07:30-17:00")
    inside = [at(23, "07:30"), at(27, "16:59")]  # a Monday, a Friday
    outside = [at(23, "07:29"), at(23, "17:00"), at(28, "10:00"), at(29, "10:00")]
    assert all(in_office_hours(rules, moment) for moment in inside)
    assert not any(in_office_hours(rules, moment) for moment in outside)
    assert not in_office_hours(BatchRules(), at(23, "10:00"))


def test_the_backlog_waits_while_any_counter_of_the_machine_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    rules = BatchRules()
    assert pages_at_once(rules, 4) == 4
    with counter_at_work():
        with counter_at_work():
            assert pages_at_once(rules, 4) == 0
        assert counter_waits()  # the other one still is
        assert pages_at_once(BatchRules(yield_to_counter=False), 4) == 4
    assert pages_at_once(rules, 4) == 4


class _Hand:
    """A pool that works when it is told to."""

    def __init__(self) -> None:
        self.given: list[Future[int]] = []

    def schedule(self, _function: object, _args: object, _timeout: float) -> "Future[int]":
        self.given.append(Future())
        return self.given[-1]


def bring(gate: Gate, count: int) -> list[threading.Thread]:
    def one() -> None:
        with pytest.raises(Closed) if count < 0 else _nothing():
            gate.schedule(len, ((),), 1.0)

    threads = [threading.Thread(target=one) for _number in range(abs(count))]
    for thread in threads:
        thread.start()
    return threads


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def soon(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


def test_pages_pass_the_gate_as_workers_become_free_and_none_while_it_is_shut() -> None:
    hand, allowed = _Hand(), [0]
    gate = Gate(Pool(hand.schedule, lambda: 2), lambda workers: min(workers, allowed[0]))
    threads = bring(gate, 6)
    time.sleep(0.3)
    assert not hand.given
    allowed[0] = 1
    assert soon(lambda: len(hand.given) == 1)
    allowed[0] = 2  # all workers: one page waits at each beside the one it works on
    assert soon(lambda: len(hand.given) == 4)
    for future in list(hand.given):
        future.set_result(0)
    assert soon(lambda: len(hand.given) == 6)
    for thread in threads:
        thread.join()


def test_a_gate_that_closes_lets_nobody_wait_and_takes_pages_back() -> None:
    hand = _Hand()
    gate = Gate(Pool(hand.schedule, lambda: 1), lambda workers: workers)
    through = bring(gate, 2)
    assert soon(lambda: len(hand.given) == 2)
    waiting = bring(gate, -2)
    gate.close()
    for thread in (*through, *waiting):
        thread.join(30)
        assert not thread.is_alive()
    assert all(future.cancelled() for future in hand.given)


# --- what becomes of errors ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (WarehouseUnreachable(folder="x", detail="y"), "later"),
        (TimestampUnavailable(detail="x", urls="y"), "later"),
        (SourceAway(folder="x"), "later"),
        (WorkersGone(), "later"),
        (OSError(errno.EIO, "x", "y"), "later"),
        (OSError(errno.ENOSPC, "x", "y"), "stop"),
        (WrongPin(token="x"), "stop"),  # noqa: S106  the name of a token
        (EmptyFile(file="x"), "aside"),
        (NoBasis(title="x"), "aside"),
        (NoRoomForText(file="x"), "aside"),
        (PageFailed(source="x"), "again"),
        (ValueError("x"), "again"),
        (Closed(), "back"),
    ],
)
def test_the_class_of_an_error_tells_what_becomes_of_the_document(
    error: Exception, fate: str
) -> None:
    assert fate_of(as_ours(error, "here"), 0) == fate
    if fate == "again":
        assert fate_of(as_ours(error, "here"), MOST_TRIES - 1) == "aside"


def test_errors_of_the_system_become_ours_without_personal_numbers() -> None:
    full = as_ours(OSError(errno.ENOSPC, "x", "/scans/001087000084.tif"), "here")
    assert isinstance(full, DiskFullHere)
    assert "001087000084" not in str(full)
    fault = as_ours(KeyError("001087000084"), "here")
    assert isinstance(fault, StepFault)
    assert "001087000084" not in str(fault)


def test_rests_grow_while_all_fail_and_end_with_the_first_success_beyond() -> None:
    weather = Weather(Patience(first=0.01, longest=0.02, most=0.05))
    away = SourceAway(folder="x")
    weather.bad(away, "planned")
    assert weather.rest() > 0
    weather.bad(away, "planned")  # another document that was at work then
    assert weather.failures == 1
    assert soon(lambda: not weather.rest())
    weather.good("planned")
    assert weather.failures == 1
    assert soon(weather.hopeless)
    weather.good("scanned")
    assert not weather.failures
    assert not weather.hopeless()


# --- folders ------------------------------------------------------------------------------


def picture(path: Path, shade: int = 200) -> Path:
    Image.new("L", (300, 400), shade).save(path, dpi=(100, 100))
    return path


def test_what_a_folder_cannot_give_is_told_before_the_first_sheet(tmp_path: Path) -> None:
    with pytest.raises(SourceAway):
        list(look_through(tmp_path / "share"))
    with pytest.raises(NothingToPlan):
        list(look_through(tmp_path))
    picture(tmp_path / "1.png")
    (tmp_path / "001087000084.png").write_bytes(b"no picture")
    good, bad = sorted(look_through(tmp_path), key=lambda one: isinstance(one, Trouble))
    assert good == tmp_path / "1.png"
    assert isinstance(bad, Trouble)
    assert "001087000084" not in bad.place + str(bad.error)


def test_what_would_be_passed_over_beside_pages_is_told_too(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    (scans / "1" / "mặt sau").mkdir(parents=True)
    picture(scans / "1" / "a.png")
    picture(scans / "1" / "mặt sau" / "b.png")
    (scans / "1" / "c.heic").write_bytes(b"HEIC")
    (scans / "2.avif").write_bytes(b"AVIF")
    planned = plan_folder(Where(tmp_path / "batch"), scans, "quyet-dinh")
    assert planned.entered == 1
    told = [(one.place, one.error.message_id) for one in planned.troubles]
    assert told == [
        ("2.avif", "foreign-kind"), ("1/mặt sau", "subfolder-beside"), ("c.heic", "foreign-kind")
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's part for a moment")
def test_a_folder_without_permission_is_refused_by_the_system(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError):
            list(look_through(tmp_path))
    finally:
        os.seteuid(0)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is being watched by a thread of this process."""
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    folder, stop, taken = tmp_path / "in", threading.Event(), list[Document]()
    folder.mkdir()
    watch = Watch(folder, "quyet-dinh", settle=0.4, give_up=6.0)
    thread = threading.Thread(
        target=watch_folder, args=(Where(tmp_path / "batch"), watch, taken.append, stop)
    )
    thread.start()
    yield folder
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


@contextmanager
def ledger_of(folder: Path) -> Iterator[Ledger]:
    with open_ledger(LedgerPlace(folder.parent / "batch")) as ledger:
        yield ledger


def taken_of(folder: Path) -> list[Path]:
    return sorted((folder / TAKEN).glob("*")) if (folder / TAKEN).exists() else []


def test_a_watched_folder_gives_only_what_is_finished_and_each_thing_once(watched: Path) -> None:
    whole = picture(watched.parent / "a.png").read_bytes()
    writing = (watched / "a.png").open("wb")
    writing.write(whole)  # whole, but somebody still has it open
    writing.flush()
    (watched / "half.png").write_bytes(whole[: len(whole) // 2])
    # A name nobody takes, then renamed.
    picture(watched.parent / "scan.png", 90).rename(watched / "scan.png.part")
    (watched / "b").mkdir()
    picture(watched / "b" / "1.png", 10)
    assert soon(lambda: bool(taken_of(watched)))
    time.sleep(0.8)  # twice as long as what is finished must keep still
    assert [one.name.partition("-")[2] for one in taken_of(watched)] == ["b"]
    writing.close()
    picture(watched / "half.png", 70)
    (watched / "scan.png.part").rename(watched / "scan.png")
    assert soon(lambda: len(taken_of(watched)) == 4)
    with ledger_of(watched) as ledger:
        assert ledger.counts() == {"scanned": 4}


def test_a_name_used_again_is_another_paper_and_the_same_sheets_are_not(watched: Path) -> None:
    picture(watched / "0001.png", 50)
    assert soon(lambda: len(taken_of(watched)) == 1)
    picture(watched / "0001.png", 60)  # the scanner's numbers began anew
    assert soon(lambda: len(taken_of(watched)) == 2)
    picture(watched / "again.png", 50)
    assert soon(lambda: len(taken_of(watched)) == 3)
    with ledger_of(watched) as ledger:
        states = sorted(one.state for one in ledger.documents())
        assert states == ["scanned", "scanned", "set-aside"]
        assert ledger.reasons() == {"sheets-twice": 1}


def test_what_is_never_finished_is_set_aside_and_taken_when_it_is_put_there_again(
    watched: Path,
) -> None:
    (watched / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n half")
    place = LedgerPlace(watched.parent / "batch")

    def standing() -> list[str]:
        if not place.file.exists():
            return []
        with open_ledger(place, create=True) as ledger:
            return [one.state for one in ledger.documents()]

    assert soon(lambda: standing() == ["set-aside"])
    picture(watched / "x.png")
    assert soon(lambda: standing() == ["scanned"])
    # So is a folder whose subfolder would be passed over.
    with_more = watched.parent / "y"
    (with_more / "sau").mkdir(parents=True)
    picture(with_more / "1.png", 10)
    picture(with_more / "sau" / "2.png", 20)
    with_more.rename(watched / "y")
    assert soon(lambda: standing() == ["scanned", "set-aside"])
    (watched / "y" / "sau").rename(watched / "z")
    assert soon(lambda: standing() == ["scanned", "scanned", "scanned"])
