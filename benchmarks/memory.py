"""Peak memory of the whole command, on few sheets and on many."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.runs import sohoa
from benchmarks.sheets import draw_sheets

#: Sheets drawn; more are the same ones again, in files that differ: a sheet that was seen before
#: would be taken from the finished pages.
_DRAWN = 20
#: Of a JPEG file: its start, and a comment of four bytes.
_START, _COMMENT = 2, b"\xff\xfe\x00\x06"


def measure_memory(counts: Sequence[int]) -> None:
    """Print peak memory of ``sohoa digitize`` for each number of sheets."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "sheets"
        sheets = [folder / name for name in draw_sheets(folder, _DRAWN)]
        for count in counts:
            many = [_copy(sheets[number % _DRAWN], number) for number in range(count)]
            run = sohoa(many, Path(work) / "out.pdf")
            print(f"{count:4} sheets: {run.peak_mb:6.0f} MB, {run.seconds:6.1f} s", flush=True)


def _copy(sheet: Path, number: int) -> Path:
    """The same picture in a file of its own bytes."""
    copy = sheet.with_name(f"copy-{number:05}.jpg")
    data = sheet.read_bytes()
    comment = _COMMENT + number.to_bytes(4, "big")
    copy.write_bytes(data[:_START] + comment + data[_START:])
    return copy
