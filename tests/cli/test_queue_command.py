"""A counter without a network: files are signed, wait on a list, and are lifted from it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from signing.rehearsal import Rehearsal
from signing.verify import verify_file

DEAD = "http://127.0.0.1:9/tsa"


@pytest.fixture
def papers_to_sign(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "in" / f"{number}.pdf" for number in range(3)]
    files[0].parent.mkdir()
    for file in files:
        pdf = pikepdf.new()
        pdf.add_blank_page(page_size=(420, 595))
        pdf.save(file)
    return files


def queue(counter: Any) -> list[dict[str, Any]]:
    shown = counter.run("queue", "--json")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)  # type: ignore[no-any-return]


def levels(pki: Rehearsal, *files: Path) -> list[str]:
    verdicts = [verify_file(file, [pki.root_pem]) for file in files]
    assert {verdict.verdict for verdict in verdicts} == {"valid"}
    return [verdict.signatures[0].level for verdict in verdicts]


def test_signed_offline_it_waits_and_is_lifted_when_the_network_is_back(
    counter: Any, complains: Callable[..., str], papers_to_sign: list[Path], pki: Rehearsal
) -> None:
    office = counter.office.read_text()
    counter.office.write_text(office.replace(pki.timestamp_url, DEAD))
    words = ("sign", *papers_to_sign, "-o", "out", "--offline", "--json", "--pin-fd")
    done = counter.run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert {one["outcome"] for one in json.loads(done.stdout)} == {"waiting"}
    signed = sorted((counter.folder / "out").iterdir())
    assert levels(pki, *signed) == ["b-b"] * 3
    waiting = queue(counter)
    assert [one["file"] for one in waiting] == [str(file) for file in signed]
    assert {one["level"] for one in waiting} == {"b-t"}
    assert not any(one["urgent"] for one in waiting)  # the rehearsal's certificates last long

    before = [file.read_bytes() for file in signed]
    still_away = counter.run("sign", "--upgrade")
    complains_of_files = still_away.stderr.splitlines()[-1]
    assert still_away.returncode == 9
    assert "No timestamp" in complains_of_files
    assert [file.read_bytes() for file in signed] == before
    assert len(queue(counter)) == 3

    counter.office.write_text(office)
    lifted = counter.run("sign", "--upgrade", "--json")
    assert lifted.returncode == 0, lifted.stderr
    assert levels(pki, *signed) == ["b-t"] * 3
    assert all(file.read_bytes().startswith(b) for file, b in zip(signed, before, strict=True))
    assert queue(counter) == []
    again = counter.run("sign", "--upgrade", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, [])
    assert not counter.leftovers()


def test_where_the_office_allows_it_a_dead_service_makes_files_wait(
    counter: Any, papers_to_sign: list[Path], pki: Rehearsal
) -> None:
    office = counter.office.read_text().replace(pki.timestamp_url, DEAD)
    counter.office.write_text(office + '\n[services]\noffline = "queue"\nrounds = 1\n')
    done = counter.run("sign", *papers_to_sign, "-o", "out", "--json", "--pin-fd")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [one["outcome"] for one in results] == ["waiting"] * 3
    assert {one["waits_for"]["error"] for one in results} == {"timestamp-unavailable"}
    assert len(queue(counter)) == 3
    # Run again, as after a run that was killed: nothing is signed twice, and all still wait.
    before = [(counter.folder / "out" / file.name).read_bytes() for file in papers_to_sign]
    again = counter.run("sign", *papers_to_sign, "-o", "out", "--json", "--pin-fd")
    assert again.returncode == 0, again.stderr
    assert [(counter.folder / "out" / file.name).read_bytes() for file in papers_to_sign] == before
    assert len(queue(counter)) == 3


def test_a_file_that_was_moved_is_told_and_can_be_taken_off_the_list(
    counter: Any, complains: Callable[..., str], papers_to_sign: list[Path], pki: Rehearsal
) -> None:
    out = counter.folder / "signed.pdf"
    counter.run("sign", papers_to_sign[0], "-o", out, "--offline", "--pin-fd")
    moved = out.rename(counter.folder / "moved.pdf")
    complains(counter.run("sign", "--upgrade"), 3, "is not there", "--drop")
    assert counter.run("sign", "--upgrade", moved, "--level", "b-t").returncode == 0
    assert levels(pki, moved) == ["b-t"]
    assert counter.run("queue", "--drop", out).returncode == 0
    assert queue(counter) == []
    complains(counter.run("queue", "--drop", out), 3, "does not wait")


def test_a_folder_is_lifted_where_it_lies_and_only_what_is_signed(
    counter: Any, complains: Callable[..., str], papers_to_sign: list[Path], pki: Rehearsal
) -> None:
    folder = counter.folder / "archive" / "2026"
    first, second, third = papers_to_sign
    counter.run("sign", first, second, "-o", folder, "--level", "b-b", "--pin-fd")
    unsigned = folder / "unsigned.pdf"
    unsigned.write_bytes(third.read_bytes())
    done = counter.run("sign", "--upgrade", counter.folder / "archive", "--json")
    assert done.returncode == 0, done.stderr
    assert [one["outcome"] for one in json.loads(done.stdout)] == ["signed", "signed"]
    files = [folder / first.name, folder / second.name]
    assert levels(pki, *files) == ["b-lta"] * 2
    assert unsigned.read_bytes() == third.read_bytes()
    before = [file.read_bytes() for file in files]
    daily = counter.run("sign", "--upgrade", counter.folder / "archive", "--json")
    assert [one["outcome"] for one in json.loads(daily.stdout)] == ["kept", "kept"]
    assert [file.read_bytes() for file in files] == before
    complains(counter.run("sign", first), 2, "-o")
    complains(counter.run("sign", "-o", "out"), 2, "-o")


def test_a_run_killed_at_any_instant_leaves_no_signed_file_that_nobody_knows_of(
    counter: Any, papers_to_sign: list[Path], pki: Rehearsal
) -> None:
    many = []
    for number in range(40):
        file = counter.folder / "many" / f"{number:02}.pdf"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(papers_to_sign[0].read_bytes())
        many.append(file)
    out = counter.folder / "out"
    out.mkdir()
    reading, writing = os.pipe()
    os.write(writing, counter.pins["clerk"].encode() + b"\n")
    os.close(writing)
    words = ["sign", *map(str, many), "-o", str(out), "--signer", "clerk", "--offline"]
    program = [str(Path(sys.executable).with_name("sohoa")), *words, "--pin-fd", str(reading)]
    with subprocess.Popen(
        program, env=counter.environ, pass_fds=(reading,), stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and len(list(out.glob("*.pdf"))) < 7:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    os.close(reading)
    signed = {str(file) for file in out.glob("[0-9]*.pdf")}
    assert 7 <= len(signed) < 40
    known = {one["file"] for one in queue(counter)}
    assert signed <= known
    assert len(known - signed) <= 1
    assert levels(pki, *map(Path, signed)) == ["b-b"] * len(signed)


def test_an_entry_that_cannot_be_read_keeps_no_other_file_waiting(
    counter: Any, complains: Callable[..., str], papers_to_sign: list[Path], pki: Rehearsal
) -> None:
    done = counter.run("sign", papers_to_sign[0], "-o", "out.pdf", "--offline", "--pin-fd")
    assert done.returncode == 0, done.stderr
    broken = counter.home / "waiting" / "broken.json"
    broken.write_text('{"file": ')
    complains(counter.run("sign", "--upgrade"), 12, str(broken))
    assert levels(pki, counter.folder / "out.pdf") == ["b-t"]
    broken.unlink()
    assert queue(counter) == []
