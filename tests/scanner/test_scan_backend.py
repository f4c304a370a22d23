"""Scanning from SANE's own test scanner, here and over SANE's network protocol."""

import fcntl
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
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
    NoScanOption,
    SaneMissing,
    ScannerBusy,
    ScannerDenied,
    ScannerError,
    ScanNotStored,
    ScanProgress,
    ScanSettings,
    ScanStopped,
    ScanStorageFull,
    TruncatedPage,
    UnsafePicture,
    list_devices,
    list_options,
    scan,
)
from digitize.scanner_options import source_named
from foundation import ExitCode

from .conftest import scan_until_fault

#: 6566/tcp: the port the net driver always calls (IANA "sane-port").
SANE_PORT = 6566


@pytest.fixture
def remote_device(test_device: Device, tmp_path: Path) -> Iterator[Device]:
    """The test scanner served by saned on loopback, reached through the net driver."""
    saned = shutil.which("saned") or shutil.which("saned", path="/usr/sbin")
    if saned is None:
        pytest.skip("saned is not installed (Debian package sane-utils)")
    assert test_device.config is not None
    (test_device.config / "saned.conf").write_text("127.0.0.1\n")
    client = tmp_path / "sane-net"
    client.mkdir()
    (client / "dll.conf").write_text("net\n")
    (client / "net.conf").write_text("connect_timeout = 5\n127.0.0.1\n")
    with (
        (Path(tempfile.gettempdir()) / "sohoa-tests-saned.lock").open("w") as turn,
        socket.socket() as probe,
    ):
        fcntl.flock(turn, fcntl.LOCK_EX)  # one port, perhaps several test runs
        if probe.connect_ex(("127.0.0.1", SANE_PORT)) == 0:
            pytest.skip(f"something else listens on port {SANE_PORT}")
        yield from _served(saned, test_device.config, client)


def _served(saned: str, config: Path, client: Path) -> Iterator[Device]:
    with subprocess.Popen(
        [saned, "-l", "-e", "-d0", "-b", "127.0.0.1"],
        env={"SANE_CONFIG_DIR": str(config)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for_port(SANE_PORT, server)
            yield Device("net:127.0.0.1:test:0", config=client)
        finally:
            server.terminate()


def _wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert server.poll() is None, "saned ended at once: is port 6566 taken?"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("saned does not answer")


def test_ten_sheets_end_the_feeder_without_an_error(test_device: Device, into: Path) -> None:
    pages = list(scan(test_device, ScanSettings(dpi=30), into))
    assert [page.number for page in pages] == list(range(1, 11))
    with Image.open(pages[9].path) as picture:
        picture.load()
        assert picture.mode == "RGB"
        assert picture.size == (248, 350)


def test_the_glass_gives_one_page(test_device: Device, into: Path) -> None:
    settings = ScanSettings(source="flatbed", dpi=30, mode="gray", area_mm=(100, 50))
    (page,) = scan(test_device, settings, into)
    with Image.open(page.path) as picture:
        assert picture.mode == "L"
        assert picture.size == pytest.approx((118, 59), abs=1)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("JAMMED", FeederJammed),
        ("NO_DOCS", FeederEmpty),
        ("COVER_OPEN", CoverOpen),
        ("IO_ERROR", DeviceGone),
        ("DEVICE_BUSY", ScannerBusy),
        ("ACCESS_DENIED", ScannerDenied),
        ("CANCELLED", ScanStopped),
        ("EOF", TruncatedPage),
        ("NO_MEM", ScannerError),
    ],
)
def test_each_status_has_an_error_of_its_own(
    test_device: Device, into: Path, status: str, cause: type[ScannerError]
) -> None:
    settings = ScanSettings(dpi=30, extra={"read_return_value": f"SANE_STATUS_{status}"})
    with pytest.raises(ScannerError) as fault:
        list(scan(test_device, settings, into))
    assert type(fault.value) is cause
    assert list(into.iterdir()) == []


@pytest.mark.parametrize(
    ("extra", "detail"),
    [
        ({"depth": 16}, "16 bits"),
        ({"three_pass": True}, "frames one by one"),
        ({"ppl_loss": 3}, "bytes a line"),
    ],
)
def test_pictures_python_sane_would_damage_are_refused(
    test_device: Device, into: Path, extra: dict[str, int], detail: str
) -> None:
    with pytest.raises(UnsafePicture, match=detail):
        list(scan(test_device, ScanSettings(dpi=30, extra=extra), into))


@pytest.mark.parametrize("extra", [{"hand_scanner": True}, {"fuzzy_parameters": True}])
def test_pictures_of_unknown_or_changing_length_come_whole(
    test_device: Device, into: Path, extra: dict[str, bool]
) -> None:
    (page,) = scan(test_device, ScanSettings(dpi=30, limit=1, extra=extra), into)
    assert page.height >= 200


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        (ScanSettings(dpi=601), "1 – 600"),
        (ScanSettings(source="adf-duplex"), "flatbed, adf"),
        (ScanSettings(area_mm=(301.5, 100)), "300 mm"),
        (ScanSettings(extra={"test_picture": "A cat"}), "Solid black, Solid white"),
        (ScanSettings(extra={"read_limit_size": 7, "read_limit": True}), ""),
        (ScanSettings(extra={"int_inexact": 12}), ""),
    ],
)
def test_a_value_the_device_does_not_take_is_refused_before_the_scan(
    test_device: Device, into: Path, settings: ScanSettings, allowed: str
) -> None:
    with pytest.raises((BadScanOption, NoScanOption)) as refused:
        list(scan(test_device, settings, into))
    assert refused.value.exit_code is ExitCode.USAGE
    assert allowed in str(refused.value)


@pytest.mark.parametrize("name", ["nonsense", "bool_hard_select", "int_constraint_array"])
def test_an_option_that_cannot_be_set_is_named(test_device: Device, into: Path, name: str) -> None:
    with pytest.raises(NoScanOption, match=name):
        list(scan(test_device, ScanSettings(dpi=30, extra={name: 1}), into))


def test_options_are_listed_with_what_they_allow(test_device: Device) -> None:
    options = {option.name: option for option in list_options(test_device)}
    assert options["resolution"].allowed == "1 – 600 (1)"
    assert options["test_picture"].value == "Color pattern"
    assert options["read_limit_size"].active is False
    assert options["bool_hard_select"].settable is False


def test_a_page_broken_off_by_the_user_leaves_no_file(test_device: Device, into: Path) -> None:
    cancel = threading.Event()

    def stop(_progress: ScanProgress) -> None:
        cancel.set()

    crawl = {"read_limit": True, "read_limit_size": 744, "read_delay": True}
    settings = ScanSettings(dpi=30, extra=crawl | {"read_delay_duration": 20000})
    with pytest.raises(ScanStopped) as stopped:
        list(scan(test_device, settings, into, cancel=cancel, on_progress=stop))
    assert stopped.value.facts["kept"] == 0
    assert list(into.iterdir()) == []


def test_a_full_disk_keeps_the_pages_that_fitted(test_device: Device, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be made here: mount needs root")
    try:
        white = ScanSettings(dpi=30, mode="gray", extra={"test_picture": "Solid white"})
        pages, fault = scan_until_fault(scan(test_device, white, small))
        assert isinstance(fault, ScanStorageFull)
        assert fault.facts["page"] == len(pages) + 1 >= 2
        assert sorted(small.iterdir()) == [page.path for page in pages]
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_folder_that_is_a_file_is_refused(test_device: Device, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ScanNotStored):
        list(scan(test_device, ScanSettings(dpi=30), tmp_path / "taken"))


def test_a_missing_sane_names_the_command_that_mends_it(
    test_device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = "libsane.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "sane.py").write_text(f"raise ImportError({library!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SaneMissing, match="apt-get install libsane1") as missing:
        list_devices(config=test_device.config)
    assert missing.value.exit_code is ExitCode.SETUP


def test_a_scanner_on_another_machine_is_scanned_through_saned(
    remote_device: Device, into: Path
) -> None:
    assert [d.name for d in list_devices(config=remote_device.config)] == [remote_device.name]
    pages = list(scan(remote_device, ScanSettings(dpi=30), into))
    assert [page.number for page in pages] == list(range(1, 11))
    assert (pages[0].width, pages[0].height) == (248, 350)


def test_a_jam_on_another_machine_is_a_jam(remote_device: Device, into: Path) -> None:
    settings = ScanSettings(dpi=30, extra={"read_return_value": "SANE_STATUS_JAMMED"})
    with pytest.raises(FeederJammed):
        list(scan(remote_device, settings, into))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Flatbed", "ADF", "ADF Duplex"], ("Flatbed", "ADF", "ADF Duplex")),
        (["Flatbed", "Automatic Document Feeder"], ("Flatbed", "Automatic Document Feeder", None)),
        (["ADF Front", "ADF Back", "ADF Duplex"], (None, "ADF Front", "ADF Duplex")),
        (["FlatBed", "Automatic Document Feeder(left aligned)"],
         ("FlatBed", "Automatic Document Feeder(left aligned)", None)),
    ],
)  # fmt: skip
def test_drivers_name_their_sources_differently(
    names: list[str], expected: tuple[str | None, ...]
) -> None:
    wanted = ("flatbed", "adf", "adf-duplex")
    assert tuple(source_named(word, names) for word in wanted) == expected
