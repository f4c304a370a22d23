"""The training scanner seen from the network: what it answers, refuses and survives."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from digitize import escl
from digitize.padding import without_padding
from digitize.training import (
    TrainingPortTaken,
    TrainingScanner,
    run_training_scanner,
    sane_config,
    serve_training_scanner,
)
from digitize.training_sheets import (
    NoTrainingSheets,
    TrainingSheet,
    TrainingSheetUnreadable,
    render,
    training_sheets,
)
from foundation import ExitCode

from .conftest import PaperMaker, sheet_number

ROOT = Path(__file__).resolve().parents[2]
JOB = """<?xml version="1.0"?>
<scan:ScanSettings xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03"
 xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:Version>2.0</pwg:Version>
<pwg:ScanRegions><pwg:ScanRegion><pwg:XOffset>0</pwg:XOffset><pwg:YOffset>0</pwg:YOffset>
<pwg:Width>{width}</pwg:Width><pwg:Height>{height}</pwg:Height></pwg:ScanRegion></pwg:ScanRegions>
<pwg:InputSource>{source}</pwg:InputSource><scan:ColorMode>{mode}</scan:ColorMode>
<scan:XResolution>{dpi}</scan:XResolution><scan:YResolution>{dpi}</scan:YResolution>
<scan:Duplex>{duplex}</scan:Duplex></scan:ScanSettings>"""


def job_text(**changes: object) -> bytes:
    asked = {"width": 2480, "height": 3508, "source": "Feeder", "mode": "RGB24", "dpi": 75}
    return JOB.format(**asked | {"duplex": "false"} | changes).encode()


def ask(
    office: TrainingScanner, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes, str]:
    """One HTTP exchange: status, body, Location."""
    connection = http.client.HTTPConnection("127.0.0.1", office.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("Location", "")
    finally:
        connection.close()


def order(office: TrainingScanner, **orders: object) -> tuple[int, bytes, str]:
    body = json.dumps(orders).encode()
    return ask(office, "POST", "/eSCL/control", body, **{"Content-Type": "application/json"})


def start(office: TrainingScanner, **changes: object) -> str:
    status, _, location = ask(office, "POST", "/eSCL/ScanJobs", job_text(**changes))
    assert status == 201
    return location.removeprefix(f"http://127.0.0.1:{office.port}")


def scanner_status(office: TrainingScanner) -> str:
    return ask(office, "GET", "/eSCL/ScannerStatus")[1].decode()


def asked(
    dpi: int = 75, mode: escl.Mode = "gray", width: int = 600, height: int = 900
) -> escl.ScanJob:
    return escl.ScanJob("Feeder", False, dpi, mode, (0, 0, width, height))


def picture(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_a_job_runs_until_the_feeder_is_empty_and_its_state_is_told(
    office: TrainingScanner,
) -> None:
    job = start(office)
    assert "<pwg:State>Processing</pwg:State>" in scanner_status(office)
    for _ in range(5):
        status, data, _ = ask(office, "GET", f"{job}/NextDocument")
        assert status == 200
        assert picture(data).size == (620, 877)
        assert picture(data).info["dpi"] == (75, 75)
    assert ask(office, "GET", f"{job}/NextDocument")[0] == 404
    told = scanner_status(office)
    assert "<pwg:State>Idle</pwg:State>" in told
    assert "<scan:AdfState>ScannerAdfEmpty</scan:AdfState>" in told
    assert "<pwg:ImagesCompleted>5</pwg:ImagesCompleted>" in told
    assert "<pwg:JobState>Completed</pwg:JobState>" in told


def test_a_second_client_is_refused_until_the_first_has_ended(office: TrainingScanner) -> None:
    job = start(office)
    assert ask(office, "POST", "/eSCL/ScanJobs", job_text())[0] == 503
    assert ask(office, "DELETE", job)[0] == 200
    assert "<pwg:JobState>Canceled</pwg:JobState>" in scanner_status(office)
    assert ask(office, "GET", f"{job}/NextDocument")[0] == 404
    assert ask(office, "DELETE", job)[0] == 404
    start(office)


@pytest.mark.parametrize(
    "changes",
    [
        {"dpi": 301},
        {"dpi": "many"},
        {"source": "Drum"},
        {"mode": "BlackAndWhite1"},
        {"width": 9999},
        {"height": 0},
        {"source": "Platen", "height": 4200},
    ],
)
def test_a_job_it_does_not_offer_is_refused(
    office: TrainingScanner, changes: dict[str, object]
) -> None:
    assert ask(office, "POST", "/eSCL/ScanJobs", job_text(**changes))[0] == 400


def test_requests_that_are_too_large_or_dangerous_are_refused(office: TrainingScanner) -> None:
    assert ask(office, "POST", "/eSCL/ScanJobs", b"x" * 70_000)[0] == 413
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert ask(office, "POST", "/eSCL/ScanJobs", bomb)[0] == 400
    assert ask(office, "GET", "/etc/passwd")[0] == 404
    # A web page in a browser can send a plain form here, but no JSON.
    assert ask(office, "POST", "/eSCL/control", b'{"empty": true}')[0] == 415
    assert office.state()["sheets_left"] == 5


def test_it_listens_on_loopback_only(office: TrainingScanner) -> None:
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in own - {"127.0.0.1"}:
        with socket.socket() as probe:
            assert probe.connect_ex((address, office.port)) != 0 or str(address).startswith("127.")
    assert ask(office, "GET", "/eSCL/ScannerCapabilities")[0] == 200


def test_it_obeys_orders_while_it_runs(office: TrainingScanner) -> None:
    assert order(office, open_cover=True)[0] == 200
    assert "ScannerAdfDoorOpen" in scanner_status(office)
    assert ask(office, "POST", "/eSCL/ScanJobs", job_text())[0] == 409
    assert order(office, clear=True, jam=1)[0] == 200
    job = start(office)
    assert ask(office, "GET", f"{job}/NextDocument")[0] == 200
    assert ask(office, "GET", f"{job}/NextDocument")[0] == 409
    assert "ScannerAdfJam" in scanner_status(office)
    status, state, _ = order(office, load=["sheet-03.png", "sheet-01.png"], slow=0.01)
    assert status == 200
    assert json.loads(state) == office.state()
    assert office.state() | {"sheets_left": 2, "feeder": "ScannerAdfLoaded"} == office.state()
    assert office.state()["seconds_a_page"] == 0.01
    assert order(office, empty=True)[0] == 200
    assert order(office, reload=True)[0] == 200
    assert office.state()["sheets_left"] == 5


@pytest.mark.parametrize(
    "orders",
    [
        {"dance": True},
        {"jam": -1},
        {"jam": True},
        {"slow": "much"},
        {"clear": "yes"},
        {"load": ["/etc/passwd"]},
        {"load": "sheet-01.png"},
        {"load": [["sheet-01.png"]]},
        {"empty": True, "dance": True},
    ],
)
def test_an_order_it_does_not_know_changes_nothing(
    office: TrainingScanner, orders: dict[str, object]
) -> None:
    before = office.state()
    assert order(office, **orders)[0] == 400
    assert office.state() == before


def test_a_client_that_goes_away_does_not_keep_the_scanner(
    office: TrainingScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitize.training.JOB_PATIENCE", 0.05)
    start(office)
    for _ in range(200):
        if not office.state()["busy"]:
            break
        time.sleep(0.02)
    assert "<pwg:JobState>Aborted</pwg:JobState>" in scanner_status(office)


def test_a_taken_port_and_an_empty_folder_are_said(
    office: TrainingScanner, tmp_path: Path, paper: PaperMaker
) -> None:
    with pytest.raises(TrainingPortTaken) as taken, serve_training_scanner([], port=office.port):
        pass
    assert taken.value.exit_code is ExitCode.SETUP
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoTrainingSheets):
        training_sheets(tmp_path / "empty")
    (tmp_path / "bad.png").write_text("no picture")
    with pytest.raises(TrainingSheetUnreadable, match=r"bad\.png"):
        training_sheets([tmp_path / "bad.png"])


def test_it_can_be_run_until_told_to_stop(tmp_path: Path, paper: PaperMaker) -> None:
    folder = paper(2)[0].parent
    seen: list[int] = []
    stop = threading.Event()

    def started(scanner: TrainingScanner) -> None:
        seen.append(scanner.state()["sheets_left"])
        stop.set()

    run_training_scanner(folder, started=started, stop=stop)
    assert seen == [2]


def test_the_sane_configuration_knows_these_scanners_only(
    office: TrainingScanner, tmp_path: Path
) -> None:
    folder = sane_config(tmp_path / "new" / "sane", [office])
    assert (folder / "dll.conf").read_text() == "airscan\n"
    text = (folder / "airscan.conf").read_text()
    assert f'"Training scanner" = http://127.0.0.1:{office.port}/eSCL, eSCL' in text
    assert "discovery = disable" in text


def test_a_sheet_is_scaled_from_its_own_resolution(tmp_path: Path) -> None:
    path = tmp_path / "a5.png"
    Image.new("L", (583, 827), 90).save(path, dpi=(100, 100))  # A5 at 100 dots per inch
    page = picture(render(TrainingSheet(path, 0), asked(dpi=200, width=2480, height=3508)))
    assert page.size == (1653, 2339)
    paper_seen = ImageOps.invert(page.point(lambda value: 255 if value > 170 else 0)).getbbox()
    assert paper_seen == pytest.approx((0, 0, 1166, 1654), abs=3)
    short = picture(
        render(TrainingSheet(path, 0), asked(dpi=200, width=2480, height=3508), fill_area=False)
    )
    assert short.size == pytest.approx((1166, 1654), abs=2)


def test_a_scan_of_exactly_the_file_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.jpg"
    Image.new("L", (150, 225), 120).save(path, dpi=(75, 75))
    assert render(TrainingSheet(path, 0), asked()) == path.read_bytes()
    assert render(TrainingSheet(path, 0), asked(mode="color")) != path.read_bytes()


def test_turned_transparent_deep_and_multi_page_pictures_are_sheets(tmp_path: Path) -> None:
    turned, clear, deep = (tmp_path / name for name in ("1.jpg", "2.png", "3.tif"))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned 90 degrees clockwise to be seen upright
    Image.new("RGB", (400, 200), "gray").save(turned, dpi=(75, 75), exif=exif)
    Image.new("RGBA", (200, 400), (0, 0, 0, 0)).save(clear, dpi=(75, 75))
    Image.new("I;16", (200, 400), 128 * 256).save(deep, dpi=(75, 75))
    Image.new("L", (200, 400), 50).save(
        tmp_path / "4.tif", save_all=True, append_images=[Image.new("CMYK", (200, 400))]
    )
    sheets = training_sheets(tmp_path)
    assert [sheet.frame for sheet in sheets] == [0, 0, 0, 0, 1]
    shown = [picture(render(sheet, asked(height=1600))).convert("L") for sheet in sheets]
    assert shown[0].getpixel((100, 350)) == pytest.approx(128, abs=3)
    assert shown[1].getextrema() == (255, 255)
    assert shown[2].getpixel((100, 100)) == pytest.approx(128, abs=2)
    assert shown[3].getpixel((20, 20)) == pytest.approx(50, abs=2)


def test_a_file_that_goes_bad_ends_the_job_not_the_scanner(
    office: TrainingScanner, tmp_path: Path
) -> None:
    (tmp_path / "paper" / "sheet-01.png").write_text("spoiled")
    job = start(office)
    assert ask(office, "GET", f"{job}/NextDocument")[0] == 500
    assert ask(office, "GET", f"{job}/NextDocument")[0] == 200


@given(
    source=st.sampled_from(["Platen", "Feeder"]),
    dpi=st.sampled_from(escl.RESOLUTIONS),
    mode=st.sampled_from(["RGB24", "Grayscale8"]),
    duplex=st.booleans(),
    width=st.integers(1, 2550),
    height=st.integers(1, 3508),
)
def test_every_job_the_capabilities_allow_is_understood(
    source: str, dpi: int, mode: str, duplex: bool, width: int, height: int
) -> None:
    text = job_text(
        source=source, dpi=dpi, mode=mode, duplex=str(duplex).lower(), width=width, height=height
    )
    job = escl.read_job(text)
    assert (job.source, job.dpi, job.region) == (source, dpi, (0, 0, width, height))
    assert job.duplex == (duplex and source == "Feeder")


@given(st.binary(max_size=200))
def test_what_is_no_job_is_refused_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(escl.JobRefused):
        escl.read_job(body)


@given(
    paper_width=st.integers(150, 300),
    paper_height=st.integers(150, 300),
    right=st.integers(0, 60),
    below=st.integers(0, 60),
    tone=st.integers(200, 253),
)
def test_padding_goes_and_paper_stays(
    paper_width: int, paper_height: int, right: int, below: int, tone: int
) -> None:
    area = Image.new("L", (paper_width + right, paper_height + below), 255)
    area.paste(tone, (0, 0, paper_width, paper_height))
    assert without_padding(area, 75).size == (paper_width, paper_height)


def test_a_short_sheet_loses_the_white_below_it() -> None:
    area = Image.new("RGB", (200, 400), "white")
    area.paste((250, 248, 244), (0, 0, 200, 250))
    area.paste("white", (20, 240, 60, 250))  # a glint at the edge is not the end of the sheet
    assert without_padding(area, 75).size == (200, 250)


@given(ink=st.integers(1, 60), left=st.integers(0, 100), top=st.integers(0, 200))
def test_a_page_with_white_margins_of_its_own_keeps_them(ink: int, left: int, top: int) -> None:
    page = Image.new("RGB", (200, 300), "white")
    page.paste("black", (left, top, left + ink, top + 4))
    assert without_padding(page, 75).size == (200, 300)


def test_a_worker_does_not_outlive_its_parent(office: TrainingScanner, tmp_path: Path) -> None:
    office.slow(0.5)
    config = sane_config(tmp_path / "sane", [office])
    program = (
        "from pathlib import Path; from digitize.scanner import *\n"
        f"device = Device({office.device_name!r}, config=Path({str(config)!r}))\n"
        f"for page in scan(device, ScanSettings(dpi=75), Path({str(tmp_path / 'pages')!r})):\n"
        "    print(page.path, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        first = Path(parent.stdout.readline().strip())
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        os.kill(parent.pid, signal.SIGKILL)
    assert sheet_number(first) == 1
    assert len(children) == 1
    for _ in range(500):
        if not Path(f"/proc/{children[0]}/cmdline").exists():
            break
        time.sleep(0.02)
    else:
        pytest.fail("the worker still runs")
