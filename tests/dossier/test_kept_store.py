"""A run's store stays open from one document to the next; sheets taken over again are counted."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from dossier.batch_steps import take_over
from dossier.kept_store import KeptStore
from dossier.ledger import open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Document, Plan, Work
from dossier.ledger_work import Working
from tests.dossier.backlog_made import HANH
from warehouse import Warehouse


class Opened:
    """Counts how often a store was opened and closed."""

    def __init__(self) -> None:
        self.opened = self.closed = 0

    @contextmanager
    def open(self) -> Iterator[Warehouse]:
        self.opened += 1
        try:
            yield cast(Warehouse, object())
        finally:
            self.closed += 1


def test_a_store_is_opened_when_it_is_wanted_kept_and_let_go_of_at_the_end() -> None:
    counts = Opened()
    kept = KeptStore(counts.open)
    assert counts.opened == 0
    with kept.at_hand() as first:
        pass
    with kept.at_hand() as second:
        assert second is first
    assert (counts.opened, counts.closed) == (1, 0)
    kept.close()
    assert counts.closed == 1
    with kept.at_hand() as third:
        assert third is not first


def test_what_goes_wrong_in_a_store_closes_it_and_the_next_use_opens_it_anew() -> None:
    counts = Opened()
    kept = KeptStore(counts.open)
    with kept.at_hand() as first:
        pass
    with pytest.raises(OSError, match="gone"), kept.at_hand():
        raise OSError("gone")
    assert (counts.opened, counts.closed) == (1, 1)
    with kept.at_hand() as second:
        assert second is not first
    assert (counts.opened, counts.closed) == (2, 1)


def test_threads_have_the_store_one_after_the_other() -> None:
    kept, inside, most = KeptStore(Opened().open), [0], [0]

    def use(_number: int) -> None:
        with kept.at_hand():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.002)
            inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(24)))
    assert most == [1]


def sheet(path: Path, shade: int) -> None:
    Image.new("L", (300, 400), shade).save(path, dpi=(100, 100))


def again(run: Working, document: Document) -> Document:
    """It was signed, its lot came back for rework, and its turn has come anew."""
    changes = {"reason": "lot-rework", "resume": "planned"}
    work = Work(reasons=("lot-rework",), error_kind="lot-rework")
    document = run.ledger.move(document, "set-aside", work, HANH, changes=changes)
    document = run.ledger.retry(document, HANH)
    claimed = run.claim_this(document)
    assert claimed is not None
    return claimed


def test_other_sheets_in_the_same_place_count_as_scanned_again_and_the_same_do_not(
    tmp_path: Path,
) -> None:
    source = tmp_path / "scans" / "1.png"
    source.parent.mkdir()
    sheet(source, 10)
    place = LedgerPlace(tmp_path / "batch")
    with open_ledger(place, create=True) as ledger, ledger.running(HANH) as run:
        ledger.plan([Plan(source, "quyet-dinh", "A")], HANH)
        first = run.claim("planned")
        assert first is not None
        document = take_over(run, first)
        assert (document.state, document.rescans) == ("scanned", 0)
        document = take_over(run, again(run, document))
        assert document.rescans == 0
        sheet(source, 200)
        document = take_over(run, again(run, document))
        assert document.rescans == 1
        *_before, last = ledger.transitions(document.id)
        assert (last.work.rescans, last.work.reasons) == (1, ("lot-rework",))
        taken = place.work_of(document.id) / "sheets"
        assert [one.read_bytes() for one in taken.iterdir()] == [source.read_bytes()]
