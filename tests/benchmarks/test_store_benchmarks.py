"""The store's benchmarks still run: each from end to end, with next to nothing to do."""

from pathlib import Path

import pytest

from benchmarks.http import measure_http
from benchmarks.outbox import measure_outbox
from benchmarks.reuse import measure_reuse
from benchmarks.store import measure_store


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_deposits_checks_and_rebuilding(capsys: pytest.CaptureFixture[str]) -> None:
    measure_store(deposits=1)
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        "deposits of 100 KB, one thread",
        "the same, four threads",
        "codes reserved",
        "records checked",
        "keys wrapped anew",
        "a record",
        "records rebuilt",
    ]


def test_finding_and_planning_among_many(capsys: pytest.CaptureFixture[str]) -> None:
    measure_reuse([10], looks=4, seed=1, databases=["SQLite"])
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("SQLite, 10 records")
    assert [line.split()[0] for line in others] == ["find:", "plan:"]


def test_telling_of_events(capsys: pytest.CaptureFixture[str]) -> None:
    measure_outbox(count=20, told=16)
    assert "each" in capsys.readouterr().out


def test_deposits_and_questions_over_http(capsys: pytest.CaptureFixture[str]) -> None:
    measure_http(deposits=2, questions=2, clients=2)
    assert capsys.readouterr().out.count("a second") == 3
