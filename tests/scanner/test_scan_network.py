"""Scanning over the network: python-sane, sane-airscan, HTTP, the whole way."""

import hashlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from digitize.scanner import (
    BadScanOption,
    CoverOpen,
    Device,
    DeviceGone,
    FeederEmpty,
    FeederJammed,
    NoScannerFound,
    ScannerCrashed,
    ScannerHung,
    ScannerNotFound,
    ScanProgress,
    ScanSettings,
    ScanStopped,
    choose_device,
    list_devices,
    list_options,
    scan,
)
from digitize.training import TrainingScanner, sane_config, serve_training_scanner
from foundation import ExitCode

from .conftest import PaperMaker, scan_until_fault, sheet_number, workers

QUICK = ScanSettings(dpi=75, area_mm=(105, 148))
DUPLEX = ScanSettings(source="adf-duplex", dpi=75, area_mm=(105, 148))


@contextmanager
def no_worker_left() -> Iterator[None]:
    yield
    assert workers() == []


def test_a_stack_comes_out_in_order_as_whole_files(device: Device, into: Path) -> None:
    with no_worker_left():
        pages = list(scan(device, QUICK, into))
    assert [sheet_number(page.path) for page in pages] == [1, 2, 3, 4, 5]
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    assert {page.side for page in pages} == {"front"}
    assert sorted(into.iterdir()) == [page.path for page in pages]
    for page in pages:
        assert hashlib.sha256(page.path.read_bytes()).hexdigest() == page.sha256
        with Image.open(page.path) as picture:
            picture.load()
            assert picture.size == (page.width, page.height) == (310, 437)
            assert picture.info["dpi"] == (75, 75)


def test_pages_come_while_later_sheets_are_still_being_fed(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.slow(0.2)
    pages = scan(device, QUICK, into)
    assert next(pages).path.exists()
    assert office.state()["sheets_left"] > 0
    assert len(list(pages)) == 4


@pytest.mark.parametrize("dpi", [150, 300])
@pytest.mark.parametrize("mode", ["color", "gray"])
def test_resolution_mode_and_a4_by_default_are_honoured(
    office: TrainingScanner, device: Device, into: Path, tmp_path: Path, dpi: int, mode: str
) -> None:
    small = tmp_path / "small.png"
    Image.new("L", (310, 437), 255).save(small, dpi=(75, 75))
    office.load([small])
    settings = ScanSettings(dpi=dpi, mode="gray" if mode == "gray" else "color", limit=1)
    page = next(scan(device, settings, into))
    with Image.open(page.path) as picture:
        assert picture.mode == ("L" if mode == "gray" else "RGB")
        assert picture.info["dpi"] == (dpi, dpi)
        assert picture.width == pytest.approx(210 / 25.4 * dpi, abs=2)
        assert picture.height == pytest.approx(297 / 25.4 * dpi, abs=2)


def test_the_glass_gives_one_page_a_scan_and_the_next_sheet_next_time(
    device: Device, into: Path
) -> None:
    glass = ScanSettings(source="flatbed", dpi=75, area_mm=(86, 54))
    first, second = (list(scan(device, glass, into, start_number=n)) for n in (1, 2))
    assert [sheet_number(page.path) for page in first + second] == [1, 2]
    assert (first[0].width, first[0].height) == pytest.approx((254, 159), abs=2)


def test_duplex_tells_fronts_from_backs(device: Device, into: Path) -> None:
    pages = list(scan(device, DUPLEX, into))
    assert [page.side for page in pages] == ["front", "back"] * 3
    # Five pictures are three sheets; the last back is blank paper.
    assert [sheet_number(page.path) for page in pages] == [1, 2, 3, 4, 5, 0]


def test_a_limit_ends_the_scan_early(device: Device, into: Path) -> None:
    settings = ScanSettings(dpi=75, area_mm=(105, 148), limit=2)
    assert len(list(scan(device, settings, into))) == 2


def test_after_a_jam_every_page_is_kept_and_the_scan_goes_on(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.jam(after=2)
    pages, fault = scan_until_fault(scan(device, QUICK, into))
    assert isinstance(fault, FeederJammed)
    assert fault.exit_code is ExitCode.SCANNER
    assert fault.facts["kept"] == 2
    assert "page 3" in str(fault)
    office.clear()
    pages += scan(device, QUICK, into, start_number=fault.facts["page"])
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    assert [sheet_number(page.path) for page in pages] == [1, 2, 3, 4, 5]


def test_a_jam_between_front_and_back_scans_that_sheet_again_from_its_front(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.jam(after=3)
    pages, fault = scan_until_fault(scan(device, DUPLEX, into))
    assert [page.side for page in pages] == ["front", "back", "front"]
    assert fault.facts["page"] == 3
    earlier = pages[2].path.read_bytes()
    office.clear()
    pages[2:] = scan(device, DUPLEX, into, start_number=3)
    assert [page.side for page in pages] == ["front", "back"] * 3
    assert [sheet_number(page.path) for page in pages] == [1, 2, 3, 4, 5, 0]
    assert (into / "page-0003.jpg.replaced").read_bytes() == earlier


def test_an_empty_feeder_is_an_error_only_when_no_page_came(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.empty()
    pages, fault = scan_until_fault(scan(device, QUICK, into))
    assert pages == []
    assert isinstance(fault, FeederEmpty)


def test_an_open_cover_says_so(office: TrainingScanner, device: Device, into: Path) -> None:
    office.open_cover()
    _, fault = scan_until_fault(scan(device, QUICK, into))
    assert isinstance(fault, CoverOpen)


def test_a_scanner_switched_off_in_the_middle_is_gone_and_what_came_is_kept(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.slow(0.2)
    pages, fault = scan_until_fault(scan(device, QUICK, into), office.switch_off)
    assert isinstance(fault, DeviceGone)
    assert fault.facts["kept"] == len(pages) >= 1
    assert all(page.path.exists() for page in pages)


def test_a_broken_connection_is_not_the_end_of_the_scan(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.drop(after=2)
    pages, fault = scan_until_fault(scan(device, QUICK, into))
    assert isinstance(fault, DeviceGone)
    office.clear()
    pages += scan(device, QUICK, into, start_number=fault.facts["page"])
    assert [sheet_number(page.path) for page in pages] == [1, 2, 3, 4, 5]


def test_a_silent_scanner_is_let_go_and_can_be_used_again(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.hang(after=2)
    with no_worker_left():
        pages, fault = scan_until_fault(scan(device, QUICK, into, page_timeout=1.5))
    assert isinstance(fault, ScannerHung)
    assert "page 3" in str(fault)
    office.clear()
    pages += scan(device, QUICK, into, start_number=3)
    assert [sheet_number(page.path) for page in pages] == [1, 2, 3, 4, 5]


def test_the_user_stops_a_scan_and_keeps_what_came(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.slow(0.3)
    cancel = threading.Event()
    with no_worker_left():
        pages, fault = scan_until_fault(scan(device, QUICK, into, cancel=cancel), cancel.set)
    assert isinstance(fault, ScanStopped)
    assert fault.exit_code is ExitCode.STOPPED
    assert 1 <= len(pages) < 5
    assert sorted(into.iterdir()) == [page.path for page in pages]


def test_the_user_can_stop_a_scanner_that_hangs(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.hang(after=1)
    cancel = threading.Event()
    with no_worker_left():
        pages, fault = scan_until_fault(scan(device, QUICK, into, cancel=cancel), cancel.set)
    assert isinstance(fault, ScanStopped)
    assert [sheet_number(page.path) for page in pages] == [1]


def test_giving_up_on_the_pages_ends_the_worker(device: Device, into: Path) -> None:
    pages = scan(device, QUICK, into)
    next(pages)
    pages.close()
    assert workers() == []


def test_a_driver_that_crashes_loses_nothing_that_came(
    office: TrainingScanner, device: Device, into: Path
) -> None:
    office.slow(0.2)

    def crash() -> None:
        for worker in workers():
            os.kill(worker, signal.SIGSEGV)

    pages, fault = scan_until_fault(scan(device, QUICK, into), crash)
    assert isinstance(fault, ScannerCrashed)
    assert "SIGSEGV" in str(fault)
    assert [sheet_number(page.path) for page in pages] == list(range(1, len(pages) + 1))
    assert 1 <= len(pages) < 5


def test_progress_names_the_page_under_way(test_device: Device, into: Path) -> None:
    heard: list[ScanProgress] = []
    settings = ScanSettings(
        dpi=30,
        limit=1,
        extra={"read_limit": True, "read_limit_size": 8000, "read_delay": True}
        | {"read_delay_duration": 50000},
    )
    list(scan(test_device, settings, into, on_progress=heard.append))
    assert {progress.number for progress in heard} == {1}
    parts = [progress.part for progress in heard if progress.part is not None]
    assert parts == sorted(parts)
    assert 0 < parts[0] <= parts[-1] <= 1


def test_what_the_scanner_cannot_do_is_said_with_what_it_can(device: Device, into: Path) -> None:
    with pytest.raises(BadScanOption) as refused:
        list(scan(device, ScanSettings(dpi=120), into))
    assert refused.value.exit_code is ExitCode.USAGE
    assert "75, 100, 150, 200, 300, 400, 600" in str(refused.value)
    with pytest.raises(BadScanOption, match="216 mm"):
        list(scan(device, ScanSettings(area_mm=(400, 100)), into))


def test_devices_and_their_options_are_listed(device: Device) -> None:
    assert [found.name for found in list_devices(config=device.config)] == [device.name]
    options = {option.name: option for option in list_options(device)}
    assert options["source"].allowed == "Flatbed, ADF, ADF Duplex"
    assert options["resolution"].unit == "dpi"
    assert options["br_x"].unit == "mm"


def test_an_unknown_scanner_is_told_with_those_there_are(device: Device, into: Path) -> None:
    stranger = Device("airscan:e0:Nobody", config=device.config)
    with pytest.raises(ScannerNotFound, match="Training scanner"):
        list(scan(stranger, QUICK, into))
    with pytest.raises(ScannerNotFound, match="Training scanner"):
        choose_device("Nobody", config=device.config)
    assert choose_device(config=device.config).name == device.name


def test_no_scanner_at_all_says_what_to_do(tmp_path: Path, into: Path) -> None:
    nothing = sane_config(tmp_path / "none", [])
    assert list_devices(config=nothing) == []
    with pytest.raises(NoScannerFound, match="sohoa devices"):
        list(scan(Device("airscan:e0:Any", config=nothing), QUICK, into))
    with pytest.raises(NoScannerFound):
        choose_device(config=nothing)


def test_a_scanner_that_is_switched_off_does_not_answer(tmp_path: Path, paper: PaperMaker) -> None:
    with serve_training_scanner(paper(1)) as scanner:
        config = sane_config(tmp_path / "sane", [scanner])
    with pytest.raises(DeviceGone):
        list(scan(Device(scanner.device_name, config=config), QUICK, tmp_path / "pages"))


def test_short_sheets_lose_the_white_the_driver_adds_but_not_their_own(
    tmp_path: Path, paper: PaperMaker
) -> None:
    white = tmp_path / "white.png"
    Image.new("L", (310, 437), 255).save(white, dpi=(75, 75))
    with serve_training_scanner([*paper(1), white], fill_area=False) as scanner:
        device = Device(scanner.device_name, config=sane_config(tmp_path / "sane", [scanner]))
        short, blank = scan(device, ScanSettings(dpi=75), tmp_path / "pages")
    assert (short.width, short.height) == (310, 437)
    assert blank.width == pytest.approx(620, abs=2)  # A4: no seam to be sure of
