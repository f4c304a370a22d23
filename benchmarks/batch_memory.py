"""Memory of a backlog's run, from its first page to its last: it must not grow."""

import time
from collections.abc import Iterator

import psutil

from benchmarks import backlog
from benchmarks.backlog import Lab
from benchmarks.batch import office_lab
from benchmarks.runs import machine
from dossier.ledger import open_ledger

#: Seconds between two looks at the memory.
_LOOK = 1.0
#: Beginning of the command line of a recogniser, which lives for a page.
_READER = "tesseract"


def measure_batch_memory(pages: int, most: int) -> None:
    """Print the most memory that run and workers held in each quarter of a backlog's pages."""
    with office_lab() as (work, lab):
        scans = work / "scans"
        drawn = backlog.draw_scans(scans, max(round(pages * 2 / (most + 1)), 1), most)
        lab.plan(scans)
        print(f"{drawn} pages in {len(list(scans.iterdir()))} documents; {machine()}", flush=True)
        began = time.monotonic()
        peaks = [(0.0, 0.0)] * 4
        for done, run, workers in _watched(lab):
            quarter = min(done * 4 // drawn, 3)
            peaks[quarter] = (max(peaks[quarter][0], run), max(peaks[quarter][1], workers))
        for number, (run, workers) in enumerate(peaks, 1):
            print(f"quarter {number}: run {run:6.1f} MB, each worker at most {workers:6.1f} MB")
        print(f"{time.monotonic() - began:.0f} s")


def _watched(lab: Lab) -> Iterator[tuple[int, float, float]]:
    """Pages recognised so far, memory of the run, and of its largest worker, in MB; looked at
    again and again while a backlog is worked on."""
    process = lab.start("run", "--no-sign", "--jobs", "2", sign=False)
    with open_ledger(lab.place) as ledger:
        while process.poll() is None:
            time.sleep(_LOOK)
            try:
                parent = psutil.Process(process.pid)
                run = _megabytes(parent)
                below = [one for one in parent.children(recursive=True) if one.name() != _READER]
                workers = max(map(_megabytes, below), default=0.0)
            except psutil.Error:
                continue  # it has just ended
            done = sum(one.pages for one in ledger.documents())
            yield done, run, workers
    backlog.end(process, 0)


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20
