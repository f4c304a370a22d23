"""How long after the last sheet left the feeder its document is on disk.

The bar: 3 seconds where the cores recognise as fast as the feeder feeds; where they do not,
1.1 × the time that recognition alone takes for the same sheets.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runs import HERE
from benchmarks.sheets import draw_sheets
from digitize.pipeline import Options, outcomes, work_folder
from digitize.sources import read_sources
from digitize.training import sane_config, serve_training_scanner
from profiles import load_paper

#: Seconds after the last sheet, and share of the time of recognition alone, that are allowed.
AFTER_LAST, SHARE = 3.0, 1.1


@dataclass(frozen=True)
class Streamed:
    """When things happened, in seconds from the start of the command.

    Attributes:
        last_sheet: the last sheet was whole on disk. written: so was the document.
        alone: seconds that recognition takes for the same sheets, without scanner and writer.
    """

    last_sheet: float
    written: float
    alone: float

    @property
    def keeps_up(self) -> bool:
        """Whether the cores recognise at least as fast as the feeder feeds."""
        return self.alone <= self.last_sheet

    @property
    def good(self) -> bool:
        """Whether the bar of the case that holds is reached."""
        if self.keeps_up:
            return self.written - self.last_sheet <= AFTER_LAST
        return self.written <= SHARE * self.alone


def measure_stream(count: int, seed: int, per_minute: float) -> None:
    """Feed sheets through the training scanner and print when the document is on disk."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "sheets"
        draw_sheets(folder, count, seed=seed)
        found = _streamed(Path(work), folder, count, 60 / per_minute)
    cores = len(os.sched_getaffinity(0))
    print(f"{count} sheets at {per_minute:.0f} a minute, {cores} cores")
    print(f"last sheet left the feeder   {found.last_sheet:6.1f} s")
    print(f"document on disk             {found.written:6.1f} s", end="")
    print(f"   {found.written - found.last_sheet:.1f} s after the last sheet")
    print(f"recognition alone            {found.alone:6.1f} s", end="")
    print(f"   {found.written / found.alone:.2f} × of it for the whole")
    case = f"keep up: within {AFTER_LAST:.0f} s" if found.keeps_up else (
        f"do not keep up: within {SHARE} × recognition alone"
    )  # fmt: skip
    print(f"the cores {case}: {'yes' if found.good else 'no'}")


def _streamed(work: Path, folder: Path, count: int, seconds_a_page: float) -> Streamed:
    home, out = work / "home", work / "out.pdf"
    alone = _recognition_alone(folder, work)
    with serve_training_scanner(folder, slow=seconds_a_page) as scanner:
        config = sane_config(work / "sane", [scanner])
        environ = os.environ | {"SOHOA_HOME": str(home), "SANE_CONFIG_DIR": str(config)}
        command = [str(HERE / "sohoa"), "digitize", "scanner:", "-o", str(out), "--quiet"]
        began, last = time.monotonic(), 0.0
        with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not out.exists():
                if not last and list(home.glob(f"work/sheets-*/page-{count:04d}.jpg")):
                    last = time.monotonic() - began
                time.sleep(0.02)
            written = time.monotonic() - began
            process.wait()
    if not out.exists():
        sys.exit(f"sohoa: exit {process.returncode}")
    return Streamed(last, written, alone)


def _recognition_alone(folder: Path, work: Path) -> float:
    """Seconds until all sheets are finished pages, from the moment they are asked for."""
    sheets = list(read_sources([folder]))
    with work_folder(work) as pages:
        began = time.monotonic()
        with closing(outcomes(sheets, Options(load_paper("giay-to")), pages)) as stream:
            lost = [outcome for outcome in stream if outcome.error]
        seconds = time.monotonic() - began
    if lost:
        sys.exit(f"{len(lost)} pages were lost: {lost[0].error}")
    return seconds
