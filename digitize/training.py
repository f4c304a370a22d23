"""A training scanner: a network scanner on loopback that serves picture files as sheets.

It speaks eSCL, so clerks, the demo and the tests reach it the way they reach a real
office machine: through SANE's ``airscan`` driver. It can be told to misbehave.

    with serve_training_scanner(Path("sheets")) as scanner:
        config = sane_config(Path("sane"), [scanner])
        scanner.jam(after=2)                       # two more pages, then a jam
        device = Device(scanner.device_name, config=config)

While it runs, ``POST {url}/control`` takes the same orders as JSON: ``{"jam": 2}``,
``{"open_cover": true}``, ``{"clear": true}``, ``{"slow": 0.5}``, ``{"load": ["a.jpg"]}``.
"""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from digitize import escl
from digitize.training_sheets import TrainingSheet, training_sheets
from foundation import N_, ExitCode, SohoaError

NAME = "Training scanner"
#: A job nobody fetches pages from is given up after this many seconds, as real machines do.
JOB_PATIENCE = 60.0


class TrainingPortTaken(SohoaError):
    """Something else already listens on the port."""

    exit_code = ExitCode.SETUP
    message = N_("Port {port} is in use. Choose another one, or 0 for any free port.")


class UnknownOrder(ValueError):
    """An order for the training scanner that it does not know."""


class HasAddress(Protocol):
    """A network scanner's name and eSCL address."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def url(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Feed:
    """What becomes of a client's request for the next page.

    Attributes:
        outcome: ``page`` to deliver it, ``end`` for no more sheets, ``refused`` for a
            jam or an open cover, ``gone`` for no such job, ``drop`` and ``hang`` for a
            connection that breaks or stays silent.
        sheet: the picture; None is an empty glass or a missing last back.
        ready: when the page is through the feeder, seconds of the monotonic clock.
    """

    outcome: str
    job: escl.ScanJob | None = None
    sheet: TrainingSheet | None = None
    ready: float = 0.0


@dataclass(frozen=True)
class _Job:
    """``begins``: when the feeder takes the next sheet, seconds of the monotonic clock."""

    path: str
    asked: escl.ScanJob
    begins: float
    images: int = 0


class TrainingScanner:
    """The machine: its sheets, its one job, and its faults. Safe to use from any thread.

    Attributes:
        name: how it introduces itself.
        url: eSCL address. port: TCP port on 127.0.0.1.
        fill_area: deliver the whole area asked for, white beyond the paper; false for a
            feeder that measures the sheet.
        stopped: set when the machine is switched off.
    """

    def __init__(
        self,
        sheets: Path | Iterable[Path],
        *,
        name: str = NAME,
        slow: float = 0.0,
        fill_area: bool = True,
    ) -> None:
        self.name = name
        self.port = 0
        self.fill_area = fill_area
        self.stopped = threading.Event()
        self._source = sheets if isinstance(sheets, Path) else tuple(sheets)
        self._sheets = training_sheets(self._source)
        self._known = {sheet.path.name: sheet.path for sheet in self._sheets}
        self._next = 0
        self._seconds = slow
        self._pending: dict[str, int] = {}
        self._adf_fault: escl.AdfState | None = None
        self._job: _Job | None = None
        self._past: deque[escl.JobRecord] = deque(maxlen=8)
        self._idle_since = threading.Timer(0, lambda: None)
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        """The address SANE is given."""
        return f"http://127.0.0.1:{self.port}/eSCL"

    @property
    def device_name(self) -> str:
        """The SANE name where this is the first scanner of its :func:`sane_config`."""
        return f"airscan:e0:{self.name}"

    # -- what a person does at the machine ------------------------------------------

    def load(self, sheets: Path | Iterable[Path]) -> None:
        """Lay these sheets in, in place of what was there; a jam is cleared by it."""
        laid = training_sheets(sheets)
        with self._lock:
            self._sheets, self._next, self._adf_fault = laid, 0, None
            self._known |= {sheet.path.name: sheet.path for sheet in laid}

    def empty(self) -> None:
        """Take every sheet out."""
        self.load(())

    def clear(self) -> None:
        """Clear the jam, close the cover, end a stuck job; undelivered sheets lie in again."""
        with self._lock:
            self._adf_fault = None
            self._pending.clear()
            if self._job:
                self.end_job(self._job.path, "Aborted")

    def open_cover(self) -> None:
        """Open the feeder's cover: nothing is fed until :meth:`clear`."""
        with self._lock:
            self._adf_fault = "ScannerAdfDoorOpen"

    def jam(self, after: int = 0) -> None:
        """Jam after ``after`` more pages."""
        self._plan("jam", after)

    def drop(self, after: int = 0) -> None:
        """Break the connection after ``after`` more pages, once."""
        self._plan("drop", after)

    def hang(self, after: int = 0) -> None:
        """Fall silent after ``after`` more pages: the connection stays, no answer comes."""
        self._plan("hang", after)

    def slow(self, seconds: float) -> None:
        """Take this many seconds a page."""
        with self._lock:
            self._seconds = seconds

    def order(self, orders: dict[str, Any]) -> None:
        """Obey orders given as JSON; ``load`` takes names of files it has served before.

        Raises:
            UnknownOrder: an order, a value or a file that is not known; nothing is done then.
        """
        plans: list[Callable[[], None]] = []
        for key, value in orders.items():
            match key, value:
                case ("jam" | "drop" | "hang", bool()):
                    raise UnknownOrder(f"{key}: a number of pages")
                case ("jam" | "drop" | "hang", int()) if value >= 0:
                    plans.append(partial(self._plan, key, value))
                case ("slow", int() | float()) if 0 <= value <= 600:
                    plans.append(partial(self.slow, value))
                case ("clear" | "open_cover" | "empty", True):
                    plans.append(getattr(self, key))
                case ("reload", True):
                    plans.append(partial(self.load, self._source))
                case ("load", list()) if all(self._knows(name) for name in value):
                    plans.append(partial(self.load, [self._known[name] for name in value]))
                case _:
                    raise UnknownOrder(f"{key}: {value!r}")
        for plan in plans:
            plan()

    def _knows(self, name: object) -> bool:
        return isinstance(name, str) and name in self._known

    def state(self) -> dict[str, Any]:
        """What the machine's panel would show."""
        with self._lock:
            return {
                "name": self.name,
                "sheets_left": len(self._sheets) - self._next,
                "feeder": self._adf_state(),
                "busy": self._job is not None,
                "seconds_a_page": self._seconds,
            }

    # -- what the network asks of it --------------------------------------------------

    def status(self) -> bytes:
        """The answer to ``GET ScannerStatus``."""
        with self._lock:
            jobs = list(self._past)
            if self._job:
                jobs.append(escl.JobRecord(self._job.path, "Processing", self._job.images))
            return escl.status(busy=self._job is not None, adf=self._adf_state(), jobs=jobs)

    def start_job(self, asked: escl.ScanJob) -> tuple[int, str]:
        """Take a job: its HTTP status, and its path where it is taken (201).

        503 while another client's job runs; 409 when the feeder cannot feed, and the
        status then tells why.
        """
        with self._lock:
            if self._job is not None:
                return 503, ""
            if asked.source == "Feeder" and self._adf_state() != "ScannerAdfLoaded":
                return 409, ""
            self._job = _Job(f"/eSCL/ScanJobs/{uuid.uuid4()}", asked, time.monotonic())
            self._watch_job()
            return 201, self._job.path

    def end_job(self, path: str, state: escl.JobState = "Canceled") -> bool:
        """End the job at ``path``; false where there is none."""
        with self._lock:
            if self._job is None or self._job.path != path:
                return False
            self._past.append(escl.JobRecord(path, state, self._job.images))
            if state in ("Aborted", "Canceled") and self._job.asked.duplex:
                # The sheet whose back is missing comes out and goes in again from its front.
                self._next -= self._job.images % 2
            self._job = None
            self._idle_since.cancel()
            return True

    def feed(self, path: str) -> Feed:
        """Feed the next sheet of the job at ``path``, or say why not."""
        with self._lock:
            job = self._job
            if job is None or job.path != path:
                return Feed("gone")
            fault = next((name for name, pages in self._pending.items() if pages <= 0), None)
            if fault:
                del self._pending[fault]
            if fault == "jam":
                self._adf_fault = "ScannerAdfJam"
            if job.asked.source == "Feeder" and self._adf_fault:
                self.end_job(path, "Aborted")
                return Feed("refused")
            if fault in ("drop", "hang"):
                return Feed(fault)
            if self._job_is_over(job):
                self.end_job(path, "Completed")
                return Feed("end")
            return self._take(job)

    def _take(self, job: _Job) -> Feed:
        sheet = self._sheets[self._next] if self._next < len(self._sheets) else None
        self._next = min(self._next + 1, len(self._sheets))
        # As a real feeder does, it takes the next sheet while its client fetches this one.
        ready = max(time.monotonic(), job.begins + self._seconds)
        self._job = replace(job, images=job.images + 1, begins=ready)
        self._pending = {name: pages - 1 for name, pages in self._pending.items()}
        self._watch_job()
        return Feed("page", job.asked, sheet, ready)

    def _job_is_over(self, job: _Job) -> bool:
        if job.asked.source == "Platen":
            return job.images >= 1
        back_is_due = job.asked.duplex and job.images % 2 == 1
        return self._next >= len(self._sheets) and not back_is_due

    def _adf_state(self) -> escl.AdfState:
        if self._adf_fault:
            return self._adf_fault
        return "ScannerAdfLoaded" if self._next < len(self._sheets) else "ScannerAdfEmpty"

    def _plan(self, fault: str, after: int) -> None:
        with self._lock:
            self._pending[fault] = after

    def _watch_job(self) -> None:
        """Give the job up when its client stays away."""
        self._idle_since.cancel()
        if self._job:
            self._idle_since = threading.Timer(
                JOB_PATIENCE + self._seconds, self.end_job, (self._job.path, "Aborted")
            )
            self._idle_since.daemon = True
            self._idle_since.start()

    def switch_off(self) -> None:
        """Break off whatever is going on; requests under way get no answer."""
        self.stopped.set()
        with self._lock:
            if self._job:
                self.end_job(self._job.path, "Aborted")


@contextmanager
def serve_training_scanner(
    sheets: Path | Sequence[Path],
    *,
    port: int = 0,
    name: str = NAME,
    slow: float = 0.0,
    fill_area: bool = True,
) -> Iterator[TrainingScanner]:
    """A training scanner that answers on 127.0.0.1 until the block ends.

    Args:
        sheets: a folder, whose JPEG, PNG and TIFF files are the sheets by name, or the
            files in order. In duplex two consecutive pictures are front and back.
        port: TCP port; 0 for any free one.
        name: how it introduces itself; part of its SANE name.
        slow: seconds a page takes.
        fill_area: see :class:`TrainingScanner`.

    Raises:
        NoTrainingSheets, TrainingSheetUnreadable: see :mod:`digitize.training_sheets`.
        TrainingPortTaken: the port is in use.
    """
    from digitize.training_server import open_server

    scanner = TrainingScanner(sheets, name=name, slow=slow, fill_area=fill_area)
    try:
        server = open_server(scanner, port)
    except OSError as error:
        raise TrainingPortTaken(port=port) from error
    scanner.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield scanner
    finally:
        scanner.switch_off()
        server.shutdown()
        server.server_close()
        thread.join()


def run_training_scanner(
    folder: Path,
    port: int = 0,
    *,
    started: Callable[[TrainingScanner], None],
    name: str = NAME,
    slow: float = 0.0,
    stop: threading.Event | None = None,
) -> None:
    """Serve the pictures in ``folder`` until ``stop`` is set or the user presses Ctrl+C.

    ``started`` is called once the scanner answers, with the scanner. Raises as
    :func:`serve_training_scanner` does.
    """
    with serve_training_scanner(folder, port=port, name=name, slow=slow) as scanner:
        started(scanner)
        with suppress(KeyboardInterrupt):  # the way to end it, not a fault
            (stop or threading.Event()).wait()


def sane_config(folder: Path, servers: Iterable[HasAddress]) -> Path:
    """Write a private SANE configuration that knows these network scanners and no other.

    The folder (made if missing) is what ``SANE_CONFIG_DIR`` or ``Device.config`` should
    name; it is returned. The machine's own configuration is neither read nor changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    devices = "".join(f'"{server.name}" = {server.url}, eSCL\n' for server in servers)
    (folder / "dll.conf").write_text("airscan\n", encoding="utf-8")
    (folder / "airscan.conf").write_text(
        f"[devices]\n{devices}[options]\ndiscovery = disable\n", encoding="utf-8"
    )
    return folder
