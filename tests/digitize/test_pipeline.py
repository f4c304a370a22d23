"""The stream of pages: order, isolation of faults, and nothing left running or lying about."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from digitize.assemble import Provenance
from digitize.pipeline import Options, Outcome, digitize, outcomes, work_folder
from digitize.quality import AllBlank
from digitize.sheet import Sheet
from digitize.source_errors import BrokenSheet
from digitize.sources import read_sources
from ocr.engine import RecogniserMissing
from profiles import Paper, load_paper

PROVENANCE = Provenance(
    operator="Nguyễn Thị Hòa",
    office="Ủy ban nhân dân xã Hòa An",
    at=datetime(2026, 11, 22, tzinfo=UTC),
    device="",
    profile="giay-to",
    profile_code="",
    versions={},
    title="Giấy tờ",
)


@pytest.fixture
def paper() -> Paper:
    paper = load_paper("giay-to")
    rules = paper.pages.model_copy(update={"min_dpi": 100})
    return paper.model_copy(update={"pages": rules})


@pytest.fixture
def sheets(tmp_path: Path, drawn, saved) -> Callable[..., list[Sheet]]:
    """Sheets from words: one page of print a word, a blank for each empty string."""

    def make(*words: str) -> list[Sheet]:
        folder = tmp_path / "sheets"
        folder.mkdir()
        for number, word in enumerate(words):
            lines = [f"Trang {word} của hồ sơ gồm nhiều trang giấy."] * 4 if word else []
            saved(drawn(lines, (105.0, 74.0)), folder / f"{number:03d}.jpg")
        return list(read_sources([folder]))

    return make


def processes_under(pid: int) -> dict[int, str]:
    """Living descendants of a process and what each of them runs."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :]
        state, parent = rest.split()[:2]
        if state != "Z":
            parents[int(stat.parent.name)] = (int(parent), name)
    found: dict[int, str] = {}
    reached = {pid}
    while new := {p for p, (parent, _) in parents.items() if parent in reached} - reached:
        reached |= new
        found |= {p: parents[p][1] for p in new}
    return found


def reading(pid: int) -> Iterator[int]:
    """Workers below ``pid`` that have the recogniser running."""
    for child, name in processes_under(pid).items():
        if name == "tesseract":
            stat = Path(f"/proc/{child}/stat").read_text()
            yield int(stat[stat.rindex(")") + 2 :].split()[1])


def strike(action: signal.Signals) -> threading.Thread:
    """Send a signal to the first worker seen reading a page."""

    def run() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                worker = next(reading(os.getpid()), None)
            except FileNotFoundError:
                worker = None
            if worker and worker != os.getpid():
                os.kill(worker, action)
                return
            time.sleep(0.005)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def workers() -> set[int]:
    """Processes below this one, but the server they are forked from and its tracker."""
    return {p for p in processes_under(os.getpid()) if p not in _servers()}


def none_stays_but(before: set[int]) -> bool:
    """Whether no other process is left; the system may need a moment to bury the last."""
    deadline = time.monotonic() + 5
    while not (gone := workers() <= before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return gone


def _servers() -> set[int]:
    from multiprocessing import forkserver, resource_tracker

    one, other = forkserver._forkserver, resource_tracker._resource_tracker
    return {one._forkserver_pid, other._pid}


@pytest.fixture
def fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fast storage that nobody else uses."""
    folder = tmp_path / "fast"
    folder.mkdir()
    monkeypatch.setenv("SOHOA_FAST_STORAGE", str(folder))
    return folder


def all_of(sheets: list[Sheet], options: Options, folder: Path) -> list[Outcome]:
    with closing(outcomes(sheets, options, folder)) as stream:
        return list(stream)


def test_pages_leave_in_the_order_the_sheets_came(tmp_path, sheets, paper):
    stack = sheets("một", "", "hai", "ba", "", "bốn")
    made = digitize(stack, tmp_path / "out.pdf", Options(paper, jobs=3), PROVENANCE)
    assert [f.index for f in made.findings] == [0, 1, 2, 3, 4, 5]
    assert [f.blank for f in made.findings] == [False, True, False, False, True, False]
    run = ["pdftotext", str(tmp_path / "out.pdf"), "-"]
    text = subprocess.run(run, capture_output=True, check=True, text=True).stdout
    words = [page.split()[1] for page in text.split("\f") if page.strip()]
    assert words == ["một", "hai", "ba", "bốn"]


def test_a_killed_worker_costs_its_page_the_words_only(tmp_path, sheets, paper):
    thread = strike(signal.SIGKILL)
    found = all_of(sheets("một", "hai", "ba"), Options(paper, jobs=1), tmp_path)
    thread.join()
    flags = [outcome.finding.flags for outcome in found]
    assert flags == [("not-recognised",), (), ()]
    assert all(outcome.page and outcome.page.picture for outcome in found)


def test_a_hanging_worker_is_given_up_and_the_next_page_goes_on(tmp_path, sheets, paper):
    thread = strike(signal.SIGSTOP)
    options = Options(paper, jobs=1, page_timeout=6.0)
    found = all_of(sheets("một", "hai"), options, tmp_path)
    thread.join()
    assert [outcome.finding.flags for outcome in found] == [("not-recognised",), ()]


def test_a_broken_page_of_a_tiff_costs_that_page_only(tmp_path, drawn, paper):
    path = tmp_path / "stack.tif"
    pages = [Image.fromarray(drawn([f"Trang {n} của hồ sơ"], (105.0, 74.0))) for n in range(3)]
    pages[0].save(
        path, save_all=True, append_images=pages[1:], compression="tiff_lzw", dpi=(150, 150)
    )
    with Image.open(path) as tiff:
        tiff.seek(1)
        start = tiff.tag_v2[273][0]
    data = bytearray(path.read_bytes())
    data[start : start + 400] = b"\xff" * 400
    path.write_bytes(data)
    found = all_of(list(read_sources([path])), Options(paper, jobs=2), tmp_path)
    assert [type(outcome.error) for outcome in found] == [type(None), BrokenSheet, type(None)]
    assert not found[1].finding.kept


def test_a_fault_of_ours_on_one_page_is_told_and_costs_that_page_only(tmp_path, sheets, paper):
    stack = sheets("một", "hai")
    stack[0].path.unlink()  # as if the disk had lost it between two looks
    found = all_of(stack, Options(paper, jobs=1), tmp_path)
    assert found[0].error is not None
    assert stack[0].label in str(found[0].error)
    assert found[1].error is None


def test_only_a_few_sheets_are_in_the_air(tmp_path, sheets, paper):
    stack, asked = sheets(*["chữ"] * 12), []

    def feed() -> Iterator[Sheet]:
        for sheet in stack:
            asked.append(sheet.index)
            yield sheet

    with closing(outcomes(feed(), Options(paper, jobs=2), tmp_path)) as stream:
        for done, _outcome in enumerate(stream):
            assert len(asked) - done <= 2 * 2 + 1


def test_leaving_early_stops_the_workers(tmp_path, sheets, paper, fast):
    before = workers()
    with closing(outcomes(sheets("một", "hai", "ba"), Options(paper, jobs=2), tmp_path)) as stream:
        next(stream)
        assert len(workers() - before) >= 2
        assert list(fast.iterdir())
    assert none_stays_but(before)
    assert not list(fast.iterdir())


def test_a_writer_that_fails_leaves_no_worker_and_no_file(tmp_path, sheets, paper):
    before = workers()
    options = Options(paper, work=tmp_path / "work")

    def refuse(_page: object) -> None:
        raise PermissionError("the caller's own fault")

    with pytest.raises(PermissionError):
        digitize(sheets("một", "hai"), tmp_path / "out.pdf", options, PROVENANCE, refuse)
    assert none_stays_but(before)
    assert not (tmp_path / "out.pdf").exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_pictures_do_not_pile_up_while_the_document_grows(tmp_path, sheets, paper):
    options, most = Options(paper, jobs=1, work=tmp_path / "work"), []

    def count(_page: object) -> None:
        most.append(len(list((tmp_path / "work").glob("*/*.jpg"))))

    stack = sheets(*["chữ"] * 8)
    for sheet in stack:  # gray PNG: no picture can be taken over as it is
        Image.open(sheet.path).save(sheet.path.with_suffix(".png"), dpi=(150, 150))
        sheet.path.unlink()
    stack = list(read_sources([stack[0].path.parent]))
    digitize(stack, tmp_path / "out.pdf", options, PROVENANCE, count)
    assert max(most) <= 2 + 2


def test_a_stack_of_blanks_says_so_and_writes_nothing(tmp_path, sheets, paper):
    with pytest.raises(AllBlank):
        digitize(sheets("", ""), tmp_path / "out.pdf", Options(paper), PROVENANCE)
    assert not (tmp_path / "out.pdf").exists()


def test_blanks_are_kept_when_asked_for(tmp_path, sheets, paper):
    options = Options(paper, keep_blank=True)
    made = digitize(sheets("", "một"), tmp_path / "out.pdf", options, PROVENANCE)
    assert [f.kept for f in made.findings] == [True, True]
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        assert len(pdf.pages) == 2


def test_a_missing_language_is_told_before_a_sheet_is_touched(tmp_path, paper):
    rules = paper.pages.model_copy(update={"ocr_language": "xyz"})

    def feed() -> Iterator[Sheet]:
        raise AssertionError("a sheet was asked for")
        yield

    with pytest.raises(RecogniserMissing):
        all_of(feed(), Options(paper.model_copy(update={"pages": rules})), tmp_path)


def test_ctrl_c_leaves_no_process_and_no_part_of_the_output(tmp_path, sheets, fast, runs):
    stack = sheets(*["chữ"] * 30)
    out = tmp_path / "out.pdf"
    command = [sys.executable, "-m", "cli", "digitize", str(stack[0].path.parent), "-o", str(out)]
    environ = os.environ | {"SOHOA_HOME": str(tmp_path / "home"), "SOHOA_LANG": "en"}
    run = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while "tesseract" not in processes_under(run.pid).values() and time.monotonic() < deadline:
        time.sleep(0.02)
    started = set(processes_under(run.pid))
    run.send_signal(signal.SIGINT)
    _said, complaint = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "Traceback" not in complaint
    deadline = time.monotonic() + 10
    while (left := {pid for pid in started if runs(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()
    assert not out.exists()
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith((".out", ".sohoa-"))]
    assert not list(fast.iterdir())


def test_a_private_work_folder_goes_with_the_block(tmp_path):
    with work_folder(tmp_path / "work") as folder:
        np.save(folder / "page.npy", np.zeros(3))
        assert folder.stat().st_mode & 0o077 == 0
    assert list((tmp_path / "work").iterdir()) == []


KINDS = ("written", "blank", "torn", "gone")


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(KINDS), min_size=2, max_size=5))
def test_order_and_count_are_kept_for_any_mix_of_blanks_and_faults(drawn, saved, paper, kinds):
    """Torn: the file's data is damaged; gone: the file itself is."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number, kind in enumerate(kinds):
            lines = [] if kind == "blank" else [f"Trang {number} của hồ sơ gồm nhiều trang."] * 4
            saved(drawn(lines, (105.0, 74.0)), folder / f"{number}.png")
        stack = list(read_sources([folder]))
        for sheet, kind in zip(stack, kinds, strict=True):
            if kind == "gone":
                sheet.path.unlink()
            elif kind == "torn":
                data = sheet.path.read_bytes()
                sheet.path.write_bytes(data[:200] + bytes(len(data) - 200))
        found = all_of(stack, Options(paper, jobs=2), folder)
    assert [outcome.finding.index for outcome in found] == list(range(len(kinds)))
    for kind, outcome in zip(kinds, found, strict=True):
        assert (outcome.error is not None) == (kind in ("torn", "gone"))
        assert outcome.finding.blank == (kind == "blank")
