"""What the ledger, the queue and the scheduling of a backlog cost beside the bare work.

Bare: the same documents digitised, read and sealed by the same workers, with nothing kept of
it. What starting and doing nothing takes is taken off. Bars: 5 % of its processor time, 12 % on
a cluster.
"""

import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import backlog
from benchmarks.backlog import PAPER, Lab
from benchmarks.runs import machine

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall, and of the processor by all processes together."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def measure_batch(
    count: int, most: int, seed: int, *, size: str = "a6", on_cluster: bool = True
) -> None:
    """Print what a backlog costs, bare, by its run here and on a cluster."""
    # What a killed or ended command leaves behind becomes our child, and its time is counted.
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with office_lab() as (work, lab):
        scans = work / "scans"
        pages = backlog.draw_scans(scans, count, most, seed, size)
        print(f"{count} documents, {pages} pages of {size.upper()}; {machine()}", flush=True)
        (work / "none").mkdir()
        plain = _bare(lab, scans) - _bare(lab, work / "none")
        _tell("bare", plain, plain, pages)
        lab.plan(scans)
        order = ("run", "--no-sign", "--jobs", "2")
        whole = _cost(lambda: backlog.end(lab.start(*order, sign=False), 0))
        start = _cost(lambda: backlog.end(lab.start(*order, sign=False), 0))  # nothing is left
        _tell("run", whole - start, plain, pages)
        print(f"starting a run takes {start.wall:.1f} s, {start.cpu:.1f} s of the processor")
        if on_cluster:
            other = Lab(work / "other", lab.environ, lab.pins)
            other.plan(scans)
            whole = _cost(lambda: _on_cluster(other))
            start = _cost(lambda: _on_cluster(other))
            _tell("run on Dask, 2 workers", whole - start, plain, pages)


def bare(scans: str, out: str) -> None:
    """The same documents with nothing but the work itself; a process of its own calls this."""
    from digitize.pipeline import Options, digitize
    from digitize.sheet import FinishedPage
    from digitize.sources import read_sources
    from digitize.workers import worker_pool
    from dossier.desk import Desk, provenance
    from dossier.facts import read_paper
    from dossier.people import actor_at
    from dossier.seals import Filing, seal_document
    from profiles import load_office, load_paper
    from signing import PinPrompt

    office, paper, folder = load_office(), load_paper(PAPER), Path(out)
    desk = Desk(office, actor_at(office), pins=lambda _role: PinPrompt())
    origin = provenance(paper, desk.actor)
    folder.mkdir(parents=True, exist_ok=True)
    guard = threading.Lock()
    with worker_pool(2) as schedule, ThreadPoolExecutor(3) as threads:

        def guarded(*task: object) -> object:
            with guard:
                return schedule(*task)  # type: ignore[arg-type]

        def make(source: Path) -> None:
            pages: list[FinishedPage] = []
            plain = folder / f"{source.stem}.plain.pdf"
            options = Options(paper, 2, work=folder, schedule=guarded)
            digitize(read_sources([source]), plain, options, origin, pages.append)
            read_paper(paper, pages)
            filing = Filing(f"CODE.{source.stem}", "")
            seal_document(desk, paper, filing, plain, pages[0].words, folder / f"{source.stem}.pdf")

        for _done in threads.map(make, sorted(Path(scans).iterdir())):
            pass


def _bare(lab: Lab, scans: Path) -> Cost:
    out = str(lab.home.with_name("bare"))
    code = f"from benchmarks.batch import bare; bare({str(scans)!r}, {out!r})"
    command = [sys.executable, "-c", code]
    environ = dict(lab.environ) | {"SOHOA_HOME": out}
    return _cost(lambda: subprocess.run(command, env=environ, check=True))


def _on_cluster(lab: Lab) -> None:
    from distributed import Client

    with backlog.cluster(lab, 2) as cluster:
        with Client(cluster.address, timeout=120, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        order = ("run", "--no-sign", "--cluster", cluster.address)
        backlog.end(lab.start(*order, sign=False), 0)


def _cost(do: Callable[[], object]) -> Cost:
    began, before = time.monotonic(), _children()
    do()
    with suppress(ChildProcessError):  # orphans that are still ending
        while os.waitpid(-1, 0):
            pass
    return Cost(time.monotonic() - began, _children() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tell(name: str, cost: Cost, plain: Cost, pages: int) -> None:
    more = (cost.cpu / plain.cpu - 1) * 100
    print(
        f"{name:24} {cost.wall:7.1f} s   processor {cost.cpu:7.1f} s, "
        f"{cost.cpu / pages * 1000:5.0f} ms a page, {more:+5.1f} %",
        flush=True,
    )


@contextmanager
def office_lab() -> Iterator[tuple[Path, Lab]]:
    """An office with the rehearsal's tokens, in a folder that goes afterwards."""
    import profiles
    from signing import rehearsal_pki

    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        with rehearsal_pki(work / "pki") as pki:
            shipped = Path(profiles.__file__).parent / "offices" / "office.toml"
            office = work / "profiles" / "offices" / "office.toml"
            office.parent.mkdir(parents=True)
            signers = "".join(
                f'\n[signers.{role}]\nrole = "{role}"\nmodule = "{one.module}"\n'
                f'token_serial = "{one.token_serial}"\nkey_id = "{one.key_id}"\n'
                for role, one in pki.signers.items()
            )
            text = shipped.read_text("utf-8") + signers + "\n[batch]\nniceness = 0\n"
            office.write_text(text, "utf-8")
            environ = dict(os.environ) | dict(pki.environ)
            environ |= {"SOHOA_PROFILES": str(work / "profiles"), "SOHOA_LANG": "en"}
            pins = "".join(pki.pin_for(role).reveal() + "\n" for role in ("clerk", "agency"))
            yield work, Lab(work / "home", environ, pins)
