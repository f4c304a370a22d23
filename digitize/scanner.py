"""Scanners through SANE: list them, ask what they can do, scan.

    device = list_devices()[0]
    for page in scan(device, ScanSettings(source="adf", dpi=300), into=Path("pages")):
        print(page.number, page.path, page.sha256)     # while later sheets are still fed

Every scan runs in a process of its own, because drivers crash and hang. Each page is a
whole file on disk before it is told of; whatever goes wrong is raised only after every
page that came has been given out, and the error says where to go on.
"""

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from digitize.scanner_errors import (
    BadScanOption,
    CoverOpen,
    DeviceGone,
    FeederEmpty,
    FeederJammed,
    NoScannerFound,
    NoScanOption,
    SaneMissing,
    ScannerBusy,
    ScannerCrashed,
    ScannerDenied,
    ScannerError,
    ScannerHung,
    ScannerNotFound,
    ScanNotStored,
    ScanStopped,
    ScanStorageFull,
    TruncatedPage,
    UnsafePicture,
    error_for,
)
from digitize.scanner_process import WorkerDied, WorkerSilent, worker
from digitize.sheet import Side
from foundation.reasons import reason_of

__all__ = [
    "BadScanOption",
    "CoverOpen",
    "Device",
    "DeviceGone",
    "DeviceOption",
    "FeederEmpty",
    "FeederJammed",
    "NoScanOption",
    "NoScannerFound",
    "SaneMissing",
    "ScanNotStored",
    "ScanProgress",
    "ScanSettings",
    "ScanStopped",
    "ScanStorageFull",
    "ScannedSheet",
    "ScannerBusy",
    "ScannerCrashed",
    "ScannerDenied",
    "ScannerError",
    "ScannerHung",
    "ScannerNotFound",
    "TruncatedPage",
    "UnsafePicture",
    "choose_device",
    "list_devices",
    "list_options",
    "scan",
]

Source = Literal["adf", "adf-duplex", "flatbed"]
OptionValue = str | int | float | bool
#: Seconds network scanners get to be found; WS-Discovery alone takes up to five.
LIST_TIMEOUT = 30.0
#: Seconds of silence after which a scanner counts as hung: more than warming a lamp takes
#: (up to 60 s on office machines) plus one 600-dpi page.
PAGE_TIMEOUT = 120.0


@dataclass(frozen=True)
class Device:
    """A scanner.

    Attributes:
        name: SANE's name for it, e.g. ``airscan:e0:Training scanner``.
        vendor, model, kind: as SANE tells them; empty where only the name is known.
        config: folder with the SANE configuration it is found by; None for the machine's.
    """

    name: str
    vendor: str = ""
    model: str = ""
    kind: str = ""
    config: Path | None = None


@dataclass(frozen=True)
class DeviceOption:
    """One of a scanner's options.

    Attributes:
        name: SANE's name with underscores.
        kind: ``bool``, ``int``, ``fixed`` or ``string``.
        unit: ``mm``, ``dpi``, ``pixel``, ``percent``... or empty.
        value: as set now; None while the option is not active.
        allowed: the values allowed, for people; empty where anything goes.
    """

    name: str
    title: str
    kind: str
    unit: str
    value: OptionValue | None
    allowed: str
    active: bool
    settable: bool


@dataclass(frozen=True)
class ScanSettings:
    """How to scan.

    Attributes:
        source: feeder, feeder for both sides, or glass (one page a scan).
        dpi: dots per inch; refused where the device does not have it exactly.
        mode: 8-bit colour or gray.
        area_mm: width and height from the top left corner, millimetres; None for A4 (or as
            much of it as the device can take).
        limit: pages (sides) to take at most; None for all there are.
        extra: further SANE options by name, set in this order.
    """

    source: Source = "adf"
    dpi: int = 300
    mode: Literal["color", "gray"] = "color"
    area_mm: tuple[float, float] | None = None
    limit: int | None = None
    extra: Mapping[str, OptionValue] = field(default_factory=dict)


@dataclass(frozen=True)
class ScannedSheet:
    """One side of paper, whole and on disk.

    Attributes:
        path: JPEG file ``page-NNNN.jpg`` with its resolution in the header.
        number: place in the order scanned, from 1.
        side: front or back of the physical sheet.
        dpi: dots per inch. width, height: pixels.
        device: SANE's name of the scanner.
        sha256: of the file's bytes, lower-case hexadecimal.
    """

    path: Path
    number: int
    side: Side
    dpi: float
    width: int
    height: int
    device: str
    sha256: str


@dataclass(frozen=True)
class ScanProgress:
    """How far the page under way is: its number, and the part of it that came (0-1) if known."""

    number: int
    part: float | None


def list_devices(timeout: float = LIST_TIMEOUT, config: Path | None = None) -> list[Device]:
    """The scanners SANE knows of, in SANE's order; empty where there are none.

    Args:
        timeout: seconds the search may take.
        config: folder with the SANE configuration to use; None for the machine's own.

    Raises:
        SaneMissing: SANE is not installed.
        ScannerHung, ScannerCrashed: a driver hung or died while searching.
    """
    answer = _ask({"do": "list"}, Device("SANE", config=config), timeout)
    return [
        Device(name, vendor, model, kind, config) for name, vendor, model, kind in answer["devices"]
    ]


def list_options(device: Device | str, timeout: float = LIST_TIMEOUT) -> list[DeviceOption]:
    """What can be set on a scanner, with the values it has now.

    Raises:
        ScannerNotFound, NoScannerFound, ScannerBusy, DeviceGone, ...: see
            :mod:`digitize.scanner_errors`.
    """
    device = _as_device(device)
    answer = _ask({"do": "options", "device": device.name}, device, timeout)
    return [DeviceOption(**option) for option in answer["options"]]


def choose_device(name: str = "", config: Path | None = None) -> Device:
    """The scanner of that name, or the only one there is when no name is given.

    Raises:
        NoScannerFound: there is none.
        ScannerNotFound: none of that name, or several and no name.
    """
    devices = list_devices(config=config)
    if not devices:
        raise NoScannerFound()
    found = [device for device in devices if name in ("", device.name)]
    if len(found) != 1:
        raise ScannerNotFound(device=name, known=", ".join(device.name for device in devices))
    return found[0]


def scan(
    device: Device | str,
    settings: ScanSettings,
    into: Path,
    *,
    start_number: int = 1,
    on_progress: Callable[[ScanProgress], None] | None = None,
    cancel: threading.Event | None = None,
    page_timeout: float = PAGE_TIMEOUT,
) -> Generator[ScannedSheet, None, None]:
    """Scan sheet after sheet, giving each page out as soon as it is whole on disk.

    The scan begins when the first page is asked for. After an error, call again with
    ``start_number`` set to the error's ``facts["page"]`` to go on. In duplex that is always
    a front: a sheet whose back did not come is scanned again from its front, and comes
    with the number its front had before (the earlier file is kept, as ``*.replaced``).

    Args:
        device: a :class:`Device`, or its SANE name.
        settings: how to scan.
        into: folder for the pages; made if missing.
        start_number: number of the first page.
        on_progress: called in this thread while pages come.
        cancel: set it from any thread to stop; the page under way is broken off.
        page_timeout: seconds without any sign of life after which the scanner is let go.

    Raises:
        ScanStopped: ``cancel`` was set or the scan was stopped at the machine (exit code 130).
        FeederEmpty: not a single page came.
        ScannerError: any other fault, see :mod:`digitize.scanner_errors`.
    """
    device = _as_device(device)
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = reason_of(error)
        facts = _facts(device, start_number, 0, False)
        raise ScanNotStored(folder=str(into), detail=detail, **facts) from error
    request = {
        "do": "scan",
        "device": device.name,
        "settings": asdict(settings),
        "into": str(into.absolute()),
        "start_number": start_number,
    }
    kept = 0

    def so_far() -> dict[str, Any]:
        return _facts(device, start_number, kept, settings.source == "adf-duplex")

    with worker(request, device.config) as process:
        try:
            for message in process.messages(page_timeout, cancel):
                if message["event"] == "page":
                    kept += 1
                    yield _sheet(message, device)
                elif message["event"] == "progress" and on_progress:
                    on_progress(ScanProgress(message["number"], message["part"]))
                elif message["event"] == "stopped":
                    raise ScanStopped(**so_far())
                elif message["event"] == "fault":
                    raise error_for(message, **so_far())
        except WorkerSilent:
            raise ScannerHung(seconds=round(page_timeout), **so_far()) from None
        except WorkerDied as death:
            raise ScannerCrashed(detail=death.detail, **so_far()) from death


def _facts(device: Device, start_number: int, kept: int, duplex: bool) -> dict[str, Any]:
    """What every error of a scan tells: the device, pages kept, the page to go on from."""
    whole = kept - kept % 2 if duplex else kept
    return {"device": device.name, "kept": kept, "page": start_number + whole}


def _sheet(message: dict[str, Any], device: Device) -> ScannedSheet:
    return ScannedSheet(
        path=Path(message["path"]),
        number=message["number"],
        side=message["side"],
        dpi=message["dpi"],
        width=message["width"],
        height=message["height"],
        device=device.name,
        sha256=message["sha256"],
    )


def _ask(request: dict[str, Any], device: Device, timeout: float) -> dict[str, Any]:
    """The worker's one answer to a question."""
    facts = _facts(device, 1, 0, False)
    with worker(request, device.config) as process:
        try:
            answer = next(process.messages(timeout))
        except WorkerSilent:
            raise ScannerHung(seconds=round(timeout), **facts) from None
        except WorkerDied as death:
            raise ScannerCrashed(detail=death.detail, **facts) from death
    if answer["event"] == "fault":
        raise error_for(answer, **facts)
    return answer


def _as_device(device: Device | str) -> Device:
    return Device(device) if isinstance(device, str) else device
