"""Peak memory of the whole command, on few sheets and on many."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.runs import sohoa
from benchmarks.sheets import draw_sheets

#: Sheets drawn; more are the same ones again.
_DRAWN = 20


def measure_memory(counts: Sequence[int]) -> None:
    """Print peak memory of ``sohoa digitize`` for each number of sheets."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "sheets"
        sheets = [folder / name for name in draw_sheets(folder, _DRAWN)]
        for count in counts:
            many = (sheets * (count // _DRAWN + 1))[:count]
            run = sohoa(many, Path(work) / "out.pdf")
            print(f"{count:4} sheets: {run.peak_mb:6.0f} MB, {run.seconds:6.1f} s", flush=True)
