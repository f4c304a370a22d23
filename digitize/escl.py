"""The texts of eSCL, the protocol network scanners speak (AirScan, Mopria).

Only what a scanner answers and what it is asked: no sockets, no pictures. Lengths
are in three-hundredths of an inch, the unit eSCL fixes for every region. The element
names follow the Mopria Alliance's eSCL Technical Specification 2.97.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

Mode = Literal["color", "gray"]
AdfState = Literal["ScannerAdfLoaded", "ScannerAdfEmpty", "ScannerAdfJam", "ScannerAdfDoorOpen"]
JobState = Literal["Processing", "Completed", "Canceled", "Aborted"]

#: Dots per inch offered; the values office machines commonly have.
RESOLUTIONS = (75, 100, 150, 200, 300, 400, 600)
#: Glass: A4. Feeder: Letter's width and Legal's length, the widest office feeders take.
GLASS = (2550, 3508)
FEEDER = (2550, 4200)
#: Smallest region: 10 mm a side.
SMALLEST = 118

_COLOR_MODES: dict[str, Mode] = {"RGB24": "color", "Grayscale8": "gray"}
_NAMESPACES = (
    'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" '
    'xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
)


class JobRefused(ValueError):
    """A scan job that asks for what the device does not offer, or is no scan job."""


@dataclass(frozen=True)
class ScanJob:
    """What a client asks for.

    Attributes:
        source: the glass or the feeder.
        duplex: both sides; feeder only.
        dpi: dots per inch, one of :data:`RESOLUTIONS`.
        mode: colour or gray, eight bits a channel.
        region: left, top, width, height in three-hundredths of an inch.
    """

    source: Literal["Platen", "Feeder"]
    duplex: bool
    dpi: int
    mode: Mode
    region: tuple[int, int, int, int]


@dataclass(frozen=True)
class JobRecord:
    """A job as the device's status tells of it; ``images`` = pages delivered."""

    path: str
    state: JobState
    images: int


def capabilities(name: str) -> bytes:
    """The answer to ``GET ScannerCapabilities``: glass, feeder, feeder for both sides."""
    text = (
        f"<scan:ScannerCapabilities {_NAMESPACES}><pwg:Version>2.0</pwg:Version>"
        f"<pwg:MakeAndModel>{escape(name)}</pwg:MakeAndModel>"
        f"<scan:Platen><scan:PlatenInputCaps>{_input_caps(*GLASS)}</scan:PlatenInputCaps>"
        "</scan:Platen><scan:Adf>"
        f"<scan:AdfSimplexInputCaps>{_input_caps(*FEEDER)}</scan:AdfSimplexInputCaps>"
        f"<scan:AdfDuplexInputCaps>{_input_caps(*FEEDER)}</scan:AdfDuplexInputCaps>"
        "</scan:Adf></scan:ScannerCapabilities>"
    )
    return _document(text)


def status(*, busy: bool, adf: AdfState, jobs: Iterable[JobRecord]) -> bytes:
    """The answer to ``GET ScannerStatus``.

    Clients come here to learn *why* something was refused, so ``adf`` is the true cause.
    """
    rows = "".join(
        f"<scan:JobInfo><pwg:JobUri>{escape(job.path)}</pwg:JobUri>"
        f"<pwg:ImagesCompleted>{job.images}</pwg:ImagesCompleted>"
        f"<pwg:JobState>{job.state}</pwg:JobState></scan:JobInfo>"
        for job in jobs
    )
    text = (
        f"<scan:ScannerStatus {_NAMESPACES}><pwg:Version>2.0</pwg:Version>"
        f"<pwg:State>{'Processing' if busy else 'Idle'}</pwg:State>"
        f"<scan:AdfState>{adf}</scan:AdfState><scan:Jobs>{rows}</scan:Jobs></scan:ScannerStatus>"
    )
    return _document(text)


def read_job(body: bytes) -> ScanJob:
    """The job in the body of ``POST ScanJobs``.

    Raises:
        JobRefused: no XML, or a value the device does not offer.
    """
    if b"<!" in body:  # no document type, hence no entities that could blow up
        raise JobRefused("a document type is not accepted")
    try:
        values = {
            element.tag.rpartition("}")[2]: (element.text or "").strip()
            for element in ET.fromstring(body).iter()  # noqa: S314  entities are refused above
        }
        source = values["InputSource"]
        dpi, dpi_y = int(values["XResolution"]), int(values["YResolution"])
        mode = _COLOR_MODES[values["ColorMode"]]
        region = tuple(int(values[key]) for key in ("XOffset", "YOffset", "Width", "Height"))
    except (ET.ParseError, KeyError, ValueError) as error:
        raise JobRefused(f"not a scan job: {error}") from error
    if source not in ("Platen", "Feeder") or dpi not in RESOLUTIONS or dpi != dpi_y:
        raise JobRefused(f"not offered: {source} at {dpi} x {dpi_y} dpi")
    left, top, width, height = region
    most_wide, most_high = GLASS if source == "Platen" else FEEDER
    if not (0 <= left <= most_wide - width and 0 <= top <= most_high - height):
        raise JobRefused(f"outside the scan area: {region}")
    if width < 1 or height < 1:
        raise JobRefused(f"an empty area: {region}")
    return ScanJob(
        source="Platen" if source == "Platen" else "Feeder",
        duplex=source == "Feeder" and values.get("Duplex") in ("true", "1"),
        dpi=dpi,
        mode=mode,
        region=(left, top, width, height),
    )


def _input_caps(width: int, height: int) -> str:
    modes = "".join(f"<scan:ColorMode>{mode}</scan:ColorMode>" for mode in _COLOR_MODES)
    resolutions = "".join(
        f"<scan:DiscreteResolution><scan:XResolution>{dpi}</scan:XResolution>"
        f"<scan:YResolution>{dpi}</scan:YResolution></scan:DiscreteResolution>"
        for dpi in RESOLUTIONS
    )
    return (
        f"<scan:MinWidth>{SMALLEST}</scan:MinWidth><scan:MaxWidth>{width}</scan:MaxWidth>"
        f"<scan:MinHeight>{SMALLEST}</scan:MinHeight><scan:MaxHeight>{height}</scan:MaxHeight>"
        f"<scan:SettingProfiles><scan:SettingProfile><scan:ColorModes>{modes}</scan:ColorModes>"
        "<scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat>"
        "</scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>"
        f"{resolutions}</scan:DiscreteResolutions></scan:SupportedResolutions>"
        "</scan:SettingProfile></scan:SettingProfiles>"
    )


def _document(text: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode()
