"""Killed with SIGKILL at any instant: what was acknowledged is there, nothing is half there."""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import ocfl
import pytest

from warehouse import open_warehouse
from warehouse.errors import RecordErased

CHILD = Path(__file__).with_name("child.py")
LAST_WORD = {
    "deposited": {"active", "superseded", "revoked", "erased"},
    "revoked": {"revoked", "erased"},
    "erased": {"erased"},
}
#: SOHOA_KILLS=200 for the whole of it; these are a sample.
KILLS = int(os.environ.get("SOHOA_KILLS", "0"))


def start(folder, pdfs, *more):
    command = [sys.executable, str(CHILD), "work", str(folder), str(pdfs), *map(str, more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(lines) -> list[tuple[str, str, int, str]]:
    """What whole lines say: what was done, to which record and version, with which digest."""
    words = [line.split() for line in lines if line.endswith("\n") and line != "ready\n"]
    return [(done, record, int(version), sha256) for done, record, version, sha256 in words]


def judge(folder, acks) -> None:
    with open_warehouse(folder) as kho:
        kho.recover()
        assert not list((folder / "incoming").iterdir())
        assert len(list((folder / "running").glob("*.lock"))) == 1  # our own
        report = kho.check()
        assert report.ok, [str(fault) for fault in (*report.faults, *report.audit.faults)]
        for done, record_id, version, sha256 in acks:
            record = kho.versions(record_id)[version - 1]
            assert record.sha256 == sha256
            assert record.status in LAST_WORD[done]
            if record.status == "erased":
                with pytest.raises(RecordErased):
                    kho.read(record)
            else:
                kho.read(record)
    if (folder / "objects").exists():
        root = ocfl.StorageRoot(root=str(folder / "objects"))
        assert root.validate(log_warnings=False), root.errors


@pytest.fixture
def papers(pdf, tmp_path):
    def make(count, offset=0):
        folder = tmp_path / f"papers-{offset}"
        folder.mkdir()
        for i in range(count):
            pdf(f"paper {offset + i}", padding=20_000).rename(folder / f"{i:04d}.pdf")
        return folder

    return make


# The first paper is a deposit, the second and the fourth are kept under a number, the first
# and the fourth are revoked, the fourth is erased: its tenth object version is the eighth.
@pytest.mark.parametrize(
    ("point", "count", "deposits"),
    [
        ("claimed", 1, 0),
        ("key-made", 2, 1),
        ("object-written", 1, 0),
        ("object-written", 2, 1),  # of the revocation
        ("journal-written", 2, 0),  # of the deposit; the first is of its code
        ("journal-written", 3, 1),
        ("erased-in-catalogue", 1, 4),
    ],
)
def test_killed_at_a_point(folder, papers, point, count, deposits) -> None:
    with start(folder, papers(5), point, count) as child:
        lines = child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    acks = acknowledged(lines)
    assert len([ack for ack in acks if ack[0] == "deposited"]) == deposits
    judge(folder, acks)
    with open_warehouse(folder) as kho:
        assert kho.check().records == deposits


@pytest.mark.on_disk
def test_killed_while_the_warehouse_is_being_made(folder, papers) -> None:
    program = (
        f"import sys; sys.argv[1:] = []; sys.path.insert(0, {str(CHILD.parent)!r})\n"
        "import child, os, signal\nfrom pathlib import Path\n"
        "Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"child.work(Path({str(folder)!r}), Path())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (folder / "catalogue.sqlite").exists()
    judge(folder, [])


@pytest.mark.timeout(60 + 20 * KILLS)
def test_killed_at_random_instants(folder, papers, backend) -> None:
    seed, kills = secrets.randbits(32), KILLS or {"disk": 16, "served": 4}[backend]
    dice, acks, killed = random.Random(seed), [], 0  # noqa: S311  dice, not keys
    for turn in range(kills):
        with start(folder, papers(60, offset=turn * 1000)) as child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0, 0.6))
            child.kill()
            acks += acknowledged(child.stdout.readlines())
        killed += child.returncode == -signal.SIGKILL
        if turn % 5 == 4:
            judge(folder, acks[-200:])
    judge(folder, acks)
    assert killed >= kills * 3 // 4, f"seed {seed}: the kills came too late to prove anything"
    assert acks, f"seed {seed}: the kills came too early to prove anything"


def test_a_running_deposit_is_not_mistaken_for_a_crashed_one(folder, put, pdf, kho) -> None:
    from warehouse.claims import claimed

    with claimed(kho._catalog, "01JD0000000000000000000000"), open_warehouse(folder) as other:
        assert other.recover() == 0
    with open_warehouse(folder) as other:
        assert other.recover() == 0
