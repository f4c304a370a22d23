"""A run that is broken off is gone on with: no finished page is made twice, or kept for ever."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from digitize.kept import DAYS, Shelf
from digitize.page import PageSettings
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.sources import read_sources
from ocr.words import Word
from profiles import load_paper

RULES = load_paper("giay-to").pages


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "kept", {"sohoa": "1"})


@pytest.fixture
def settings(tmp_path: Path) -> PageSettings:
    return PageSettings(RULES, tmp_path / "work")


@pytest.fixture
def finished(tmp_path: Path) -> FinishedPage:
    """A page as a worker leaves it."""
    (tmp_path / "work").mkdir()
    picture = tmp_path / "work" / "page-000003.jpg"
    picture.write_bytes(b"a picture")
    sheet = Sheet(3, tmp_path / "a.png", 0, "image", "a.png", "ab" * 32, 300.0)
    words = (Word("Hộ", 10, 20, 30, 40, 91.5, (1, 2, 3)),)
    finding = Finding(3, "a.png", rotation=90, skew=0.25, confidence=91.5, flags=("turn-unsure",))
    return FinishedPage(sheet, finding, picture, 210.0, 297.0, b"BT \xff\x00 ET", "Hộ", words)


def test_a_page_comes_back_as_it_was_for_another_place_in_the_stack(
    shelf, settings, finished, tmp_path: Path
) -> None:
    shelf.keep(finished, settings)
    finished.picture.unlink()
    sheet = replace(finished.sheet, index=7, path=tmp_path / "renamed.png", label="renamed.png")
    folder = tmp_path / "next"
    folder.mkdir()
    found = shelf.take(sheet, replace(settings, folder=folder), folder)
    assert found.picture.read_bytes() == b"a picture"
    finding = replace(finished.finding, index=7, source="renamed.png")
    assert found == replace(finished, sheet=sheet, finding=finding, picture=found.picture)


def test_what_makes_another_page_of_it_is_told_apart(shelf, settings, finished) -> None:
    shelf.keep(finished, settings)
    sheet, folder = finished.sheet, settings.folder
    grey = RULES.model_copy(update={"jpeg_quality": 61})
    newer = replace(shelf, made_by={"sohoa": "2"})
    assert shelf.take(sheet, settings, folder)
    assert shelf.take(replace(sheet, frame=1), settings, folder) is None
    assert shelf.take(replace(sheet, sha256="cd" * 32), settings, folder) is None
    assert shelf.take(sheet, replace(settings, rules=grey), folder) is None
    assert shelf.take(sheet, replace(settings, keep_blank=True), folder) is None
    assert newer.take(sheet, settings, folder) is None


def test_a_page_that_could_not_be_recognised_is_tried_again(shelf, settings, finished) -> None:
    flags = ("not-recognised",)
    shelf.keep(replace(finished, finding=replace(finished.finding, flags=flags)), settings)
    assert not shelf.holds(finished.sheet, settings)


@pytest.mark.parametrize("damage", [b"", b"other bytes"])
def test_what_a_power_cut_left_in_part_is_not_taken(shelf, settings, finished, damage) -> None:
    for ending in (".jpg", ".json"):
        shelf.keep(finished, settings)
        (file,) = shelf.folder.glob(f"*{ending}")
        file.unlink()
        file.write_bytes(damage)
        assert shelf.take(finished.sheet, settings, settings.folder) is None
        finished.picture.write_bytes(b"a picture")


def test_a_shelf_is_private_and_tells_no_file_s_name(shelf, settings, finished) -> None:
    shelf.keep(finished, settings)
    assert shelf.folder.stat().st_mode & 0o077 == 0
    for file in shelf.folder.iterdir():
        assert b"a.png" not in file.read_bytes()


def test_pages_go_when_the_document_is_safe_and_when_nobody_comes_back(
    shelf, settings, finished
) -> None:
    shelf.keep(finished, settings)
    shelf.forget([finished.sheet], settings)
    assert not shelf.folder.exists()
    shelf.keep(finished, settings)
    shelf.sweep()
    assert shelf.holds(finished.sheet, settings)
    shelf.sweep(now=time.time() + (DAYS + 1) * 86400)
    assert not any(shelf.folder.iterdir())


# --- The real command, stopped by real signals --------------------------------------------


@pytest.fixture
def stack(tmp_path: Path, drawn, saved) -> Path:
    """Six small sheets, one of them blank."""
    folder = tmp_path / "sheets"
    folder.mkdir()
    for number in range(6):
        lines = [f"Trang {number} của hồ sơ gồm nhiều trang giấy."] * 4 if number != 4 else []
        saved(drawn(lines, (105.0, 74.0)), folder / f"{number}.png")
    return folder


@pytest.fixture
def command(tmp_path: Path, stack: Path) -> Callable[[], subprocess.Popen[str]]:
    """``sohoa digitize`` on the stack, with a recogniser that writes down that it was called."""
    real, programs = shutil.which("tesseract"), tmp_path / "bin"
    programs.mkdir()
    counting = programs / "tesseract"
    log = f'case "$*" in *page.pgm*) echo page >>"{tmp_path}/calls" ;; esac'
    counting.write_text(f'#!/bin/sh\n{log}\nexec "{real}" "$@"\n')
    counting.chmod(0o755)
    environ = os.environ | {
        "SOHOA_HOME": str(tmp_path / "home"),
        "SOHOA_LANG": "en",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    arguments = ["digitize", stack, "-o", tmp_path / "out.pdf", "--report", tmp_path / "r.json"]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *map(str, arguments), "--text", str(tmp_path / "t.txt")],
            env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


def finished_pages(home: Path) -> int:
    return len(list(home.glob("work/kept/*.json")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_stopped_by_a_signal_goes_on_from_its_finished_pages(
    tmp_path: Path, command, stack, number: signal.Signals
) -> None:
    home, calls = tmp_path / "home", tmp_path / "calls"
    first = command()
    deadline = time.monotonic() + 60
    while finished_pages(home) < 2 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(number)
    _out, said = first.communicate(timeout=30)
    there = finished_pages(home)
    assert there >= 2
    if number == signal.SIGKILL:
        assert first.returncode == -number
    else:
        assert first.returncode == 130
        assert said == (
            f"sohoa: Stopped. {there} finished pages are kept for {DAYS} days: "
            "run the same command again to go on from there.\n"
        )
        assert not list(tmp_path.rglob("*.part"))
        assert list((home / "work").iterdir()) == [home / "work" / "kept"]
    assert not any((tmp_path / name).exists() for name in ("out.pdf", "r.json", "t.txt"))

    written = [path.read_text().count('"blank":false') for path in home.glob("work/kept/*.json")]
    calls.unlink()
    _out, said = (second := command()).communicate(timeout=60)
    # A page of print is read in one call; a blank sheet in none.
    assert second.returncode in (0, 4), said
    assert len(calls.read_text().split()) == 5 - sum(written)
    assert list((home / "work").iterdir()) == []
    pages = json.loads((tmp_path / "r.json").read_text())["pages"]
    assert [page["source"] for page in pages] == [sheet.label for sheet in read_sources([stack])]
    assert [page["blank"] for page in pages] == [n == 4 for n in range(6)]
    texts = (tmp_path / "t.txt").read_text().split("\f")[:-1]
    assert [text.split()[1] for text in texts] == [str(n) for n in range(6) if n != 4]
