"""Killed with SIGKILL at any instant: what was acknowledged is there, nothing is half there."""

import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from warehouse import objects, open_warehouse

CHILD = Path(__file__).with_name("child.py")
LAST_WORD = {"deposited": {"active", "superseded", "revoked"}, "revoked": {"revoked"}}


def start(folder, pdfs, *more):
    command = [sys.executable, str(CHILD), "deposit", str(folder), str(pdfs), *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(lines) -> list[tuple[str, str, int, str]]:
    """What whole lines say: what was done, to which record and version, with which digest."""
    words = [line.split() for line in lines if line.endswith("\n") and line != "ready\n"]
    return [(done, record, int(version), sha256) for done, record, version, sha256 in words]


def judge(folder, acks) -> None:
    with open_warehouse(folder) as kho:
        assert not list((folder / "incoming").iterdir())
        report = kho.check()
        assert report.ok, [str(fault) for fault in (*report.faults, *report.audit.faults)]
        for done, record_id, version, sha256 in acks:
            record = kho.versions(record_id)[version - 1]
            assert record.sha256 == sha256
            assert record.status in LAST_WORD[done]
            kho.read(record)


@pytest.fixture
def papers(pdf, tmp_path):
    def make(count, offset=0):
        folder = tmp_path / f"papers-{offset}"
        folder.mkdir()
        for i in range(count):
            pdf(f"paper {offset + i}", padding=20_000).rename(folder / f"{i:04d}.pdf")
        return folder

    return make


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("point", ["before-link", "before-commit", "after-commit"])
def test_killed_at_a_point_of_the_deposit(folder, papers, point, count) -> None:
    with start(folder, papers(8), point, count) as child:
        lines = child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    acks = acknowledged(lines)
    assert len([ack for ack in acks if ack[0] == "deposited"]) == count - 1
    assert len(list((folder / "incoming").iterdir())) == 1
    judge(folder, acks)
    with open_warehouse(folder) as kho:
        assert kho.check().records == count - (point != "after-commit")


def test_killed_while_the_warehouse_is_being_made(folder, papers) -> None:
    with start(folder, papers(1), "creation", 1) as child:
        child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert not (folder / "catalogue.sqlite").exists()
    judge(folder, [])


def test_killed_at_twenty_random_instants(folder, papers) -> None:
    seed = secrets.randbits(32)
    dice, acks, killed = random.Random(seed), [], 0  # noqa: S311  dice, not keys
    for turn in range(20):
        with start(folder, papers(60, offset=turn * 1000)) as child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0, 0.25))
            child.kill()
            acks += acknowledged(child.stdout.readlines())
        killed += child.returncode == -signal.SIGKILL
        if turn % 5 == 4:
            judge(folder, acks)
    assert killed >= 15, f"seed {seed}: the kills came too late to prove anything"
    assert acks, f"seed {seed}: the kills came too early to prove anything"


def test_a_running_deposit_is_not_mistaken_for_a_crashed_one(folder, put, pdf, kho) -> None:
    with objects.staged(folder, pdf("a")) as copy, open_warehouse(folder) as other:
        assert other.recover() == 0
        assert copy.path.exists()
