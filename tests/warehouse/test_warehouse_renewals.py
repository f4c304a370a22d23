"""A paper with renewed signatures takes the place of the shorter one: same record, once."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from foundation.errors import ExitCode
from warehouse import Owner, open_warehouse, rebuild_catalogue
from warehouse.errors import NotARenewal, NotInForce


@pytest.fixture
def longer(tmp_path: Path):
    def write(source: Path, more: bytes = b"\n% renewed\n") -> Path:
        path = tmp_path / f"longer-{source.name}"
        path.write_bytes(source.read_bytes() + more)
        return path

    return write


def test_a_renewed_paper_is_the_same_record_with_a_longer_file(
    kho, folder, pdf, put, clerk, longer
) -> None:
    paper = pdf("khai sinh")
    spouse = Owner("001187000085", "Lê Thị Hoa")
    was = put(paper, number="12/2020", co_owners=(spouse,), fields={"ho-ten": "Nguyễn Văn An"})
    once, twice = longer(paper), longer(longer(paper), b"% again\n")
    now = kho.renew(was, once, clerk)
    assert now == replace(was, sha256=now.sha256, size=once.stat().st_size)
    assert kho.find(spouse.identifier) == [now] == kho.find(was.owner.identifier)
    assert kho.get(was.code) == now
    assert kho.read(now) == once.read_bytes()
    assert kho.read(was) == paper.read_bytes()  # who holds the record as it was is not harmed
    last = kho.renew(now, twice, clerk)
    assert kho.renew(last, twice, clerk) == last
    assert kho.renew(was, twice, clerk) == last
    # Its first file again is still this record.
    assert put(paper, number="12/2020", code="other") == last
    done = ["deposit", "renew", "renew", "deposit-again"]
    assert [one.action for one in kho.history(was.id)] == done
    assert kho.check().ok
    assert list(kho.active()) == [last]
    kho._catalog.close()
    assert rebuild_catalogue(folder).faults == ()
    with open_warehouse(folder) as again:
        assert again.get(was.id) == last
        assert again.read(last) == twice.read_bytes()
        assert again.check().ok


def test_what_does_not_begin_with_the_paper_or_is_withdrawn_is_refused(
    kho, pdf, put, clerk, longer
) -> None:
    paper = pdf("a")
    record = put(paper)
    altered = longer(paper)
    altered.write_bytes(b"?" + altered.read_bytes()[1:])
    cut = longer(pdf("b"))
    cut.write_bytes(paper.read_bytes()[:-1])
    for bad in (altered, cut, pdf("c", padding=5000)):
        with pytest.raises(NotARenewal) as refused:
            kho.renew(record, bad, clerk)
        assert refused.value.exit_code == ExitCode.NOT_ALLOWED
    assert kho.get(record.id) == record
    kho.revoke(record.id, "sai", clerk)
    with pytest.raises(NotInForce):
        kho.renew(record, longer(paper), clerk)
    assert list(kho.active()) == []
    assert kho.check().ok


def test_active_records_come_by_id_and_go_on_after_one(kho, pdf, put) -> None:
    made = sorted((put(pdf(str(n)), owner=Owner(f"00108700009{n}")) for n in range(4)),
                  key=lambda one: one.id)  # fmt: skip
    assert list(kho.active()) == made
    assert list(kho.active(made[1].id)) == made[2:]


def test_of_several_at_once_one_renews(kho, folder, pdf, put, clerk, longer) -> None:
    paper = pdf("a")
    was = put(paper)
    files = []
    for number in range(4):
        file = longer(paper, f"% {number}\n".encode())
        files.append(file.rename(file.with_name(f"{number}.pdf")))
    found = []

    def work(file: Path) -> None:
        with open_warehouse(folder) as own:
            found.append(own.renew(was, file, clerk))

    threads = [Thread(target=work, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(map(repr, found)) == {repr(kho.get(was.id))}
    assert [one.action for one in kho.history(was.id)] == ["deposit", "renew"]
    assert kho.check().ok


@pytest.mark.parametrize("point", ["records.put", "objects.note_version", "audit.append"])
def test_killed_in_the_midst_of_it_the_record_is_as_it_was(
    kho, folder, pdf, put, clerk, longer, point
) -> None:
    paper = pdf("a")
    was, more = put(paper), longer(paper)
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from warehouse import Actor, open_warehouse, renewals\n"
        "die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"renewals.{point} = die\n"
        "with open_warehouse(Path(sys.argv[1])) as kho:\n"
        "    kho.renew(next(kho.active()), Path(sys.argv[2]), Actor('A', 'clerk', 'H99'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, folder, more], check=False)
    assert done.returncode == -signal.SIGKILL
    assert kho.recover() in (0, 1)  # one where nobody had looked since
    assert kho.get(was.id) == was
    assert kho.read(was) == paper.read_bytes()
    assert kho.check().ok
    assert kho.read(kho.renew(was, more, clerk)) == more.read_bytes()
    assert kho.check().ok


def test_interrupted_before_its_commit_nothing_is_renewed_and_the_next_run_does_it(
    kho, pdf, put, clerk, longer, monkeypatch
) -> None:
    from warehouse import renewals

    paper = pdf("a")
    was = put(paper)
    with monkeypatch.context() as patched:
        patched.setattr(
            renewals.records, "put", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            kho.renew(was, longer(paper), clerk)
    assert kho.get(was.id) == was
    assert kho.check().ok
    assert kho.read(kho.renew(was, longer(paper), clerk)) == longer(paper).read_bytes()
    assert kho.check().ok
