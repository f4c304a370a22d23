"""Sheets small enough to scan quickly, a training scanner, and SANE's own test scanner."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from digitize.scanner import Device, ScannedSheet, ScannerError
from digitize.training import TrainingScanner, sane_config, serve_training_scanner
from foundation.messages import set_language

#: A6 at 75 dots per inch: every picture is a few kilobytes.
SHEET_SIZE = (310, 437)
SHEET_DPI = 75

TEST_BACKEND = """\
number_of_devices 1
mode Color
depth 8
resolution_min 1.0
resolution_max 600.0
resolution_quant 1.0
resolution 30.0
geometry_min 0.0
geometry_max 300.0
geometry_quant 1.0
br_x 210.0
br_y 297.0
enable-test-options true
test-picture "Color pattern"
"""

PaperMaker = Callable[[int], list[Path]]


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture
def paper(tmp_path: Path) -> PaperMaker:
    """Make sheets, each a shade darker than the one before, so that order can be proven."""

    def make(count: int) -> list[Path]:
        folder = tmp_path / "paper"
        folder.mkdir(exist_ok=True)
        paths = []
        for index in range(count):
            path = folder / f"sheet-{index + 1:02d}.png"
            picture = Image.new("RGB", SHEET_SIZE, (240 - 20 * index,) * 3)
            picture.save(path, dpi=(SHEET_DPI, SHEET_DPI))
            paths.append(path)
        return paths

    return make


def sheet_number(path: Path) -> int:
    """Which of the ``paper`` sheets a scanned page shows, from 1; 0 for blank white."""
    with Image.open(path) as picture:
        shade = picture.convert("L").crop((40, 40, 41, 41)).getextrema()[0]
    assert not isinstance(shade, tuple)
    return 0 if shade > 250 else round((240 - shade) / 20) + 1


@pytest.fixture
def office(paper: PaperMaker) -> Iterator[TrainingScanner]:
    """A training scanner with five sheets in it."""
    with serve_training_scanner(paper(5)) as scanner:
        yield scanner


@pytest.fixture
def device(office: TrainingScanner, tmp_path: Path) -> Device:
    """The training scanner as SANE knows it."""
    return Device(office.device_name, config=sane_config(tmp_path / "sane", [office]))


@pytest.fixture
def test_device(tmp_path: Path) -> Device:
    """The scanner SANE's developers test frontends with."""
    folder = tmp_path / "sane-test"
    folder.mkdir()
    (folder / "dll.conf").write_text("test\n")
    (folder / "test.conf").write_text(TEST_BACKEND)
    return Device("test:0", config=folder)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "pages"


def scan_until_fault(
    sheets: Iterable[ScannedSheet], each: Callable[[], object] = lambda: None
) -> tuple[list[ScannedSheet], ScannerError]:
    """The pages that came before the fault, and the fault; ``each`` is called after each page."""
    pages = []
    try:
        for sheet in sheets:
            pages.append(sheet)
            each()
    except ScannerError as fault:
        return pages, fault
    pytest.fail("the scan ended without a fault")


def workers() -> list[int]:
    """The scanner workers this process has started and that still run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == os.getpid() and b"digitize.scanner_worker" in command:
            found.append(int(status.parent.name))
    return found
