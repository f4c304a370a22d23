"""A backlog to work on: scans drawn, the real command run, its processes killed, the end compared.

Used by ``python -m benchmarks batch`` at full size and by the tests on a few papers.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from dossier.ledger import open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import WALK
from warehouse import open_warehouse

PAPER = "quyet-dinh"
_TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
_ROOT = Path(__file__).resolve().parent.parent
#: By the paper's name: pixels at 300 dpi, and lines of text. A6 is the smallest paper that seal
#: and text fit on, A4 what an office writes on.
SIZES = {"a6": ((1240, 1748), 2), "a4": ((2480, 3508), 28)}
#: What a cluster's processes are told, as docs/backlog.md advises.
_QUIET_DASK = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
}
_CLAUSES = (
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
    "theo đề nghị của Chánh Văn phòng Ủy ban nhân dân xã,",
    "giao công chức tư pháp - hộ tịch phối hợp thực hiện và báo cáo kết quả,",
    "thời hạn giải quyết không quá mười lăm ngày làm việc kể từ ngày nhận,",
    "các ông bà có tên trên và các bộ phận liên quan chịu trách nhiệm thi hành.",
)
#: Seconds without any step in the ledger after which a run is taken to hang.
_PATIENCE = 600.0


def draw_scans(folder: Path, count: int, most: int = 8, seed: int = 1, size: str = "a6") -> int:
    """Draw documents of 1 to ``most`` pages, a file or a folder each; how many pages."""
    chance, pages = random.Random(seed), 0
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        sides = chance.randint(1, most)
        pages += sides
        if sides == 1:
            _draw(folder / f"{number:05d}.png", number, 1, chance, size)
            continue
        place = folder / f"{number:05d}"
        place.mkdir()
        for side in range(1, sides + 1):
            _draw(place / f"{side}.png", number, side, chance, size)
    return pages


def _draw(file: Path, number: int, side: int, chance: random.Random, size: str) -> None:
    regular, title = ImageFont.truetype(_TINOS, 46), ImageFont.truetype(_TINOS, 60)
    (width, height), lines = SIZES[size]
    page = Image.new("L", (width, height), 250)
    pen = ImageDraw.Draw(page)
    if side == 1:
        pen.text((width // 2, 420), "QUYẾT ĐỊNH", 20, title, anchor="mm")
    pen.text((130, 560), f"Số: {number:05d}/QĐ-UBND trang {side}", 20, regular)
    for line in range(lines):
        words = f"Dòng {line + 1}: họ và tên người nhận số {chance.randrange(10**4)}."
        if width > 2000:
            words = f"{words[:-1]}, {chance.choice(_CLAUSES)}"
        pen.text((130, 660 + 90 * line), words, 20, regular)
    page.save(file, dpi=(300, 300))


@dataclass(frozen=True)
class Lab:
    """Where a backlog is worked on: home, environment and PINs of the command."""

    home: Path
    environ: Mapping[str, str] = field(repr=False)
    pins: str = field(repr=False)

    @property
    def place(self) -> LedgerPlace:
        """Where its ledger is."""
        return LedgerPlace(self.home / "batch")

    def start(self, *words: str, sign: bool = True) -> "subprocess.Popen[bytes]":
        """Start ``sohoa batch`` in a session of its own."""
        given = [sys.executable, str(_ROOT / "cli.py"), "batch", *words]
        reading, writing = os.pipe()
        os.write(writing, self.pins.encode())
        os.close(writing)
        if sign:
            given += ["--pin-fd", str(reading)]
        environ = dict(self.environ) | {"SOHOA_HOME": str(self.home), "SOHOA_LANG": "en"}
        try:
            return subprocess.Popen(
                given, env=environ, pass_fds=[reading], start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        finally:
            os.close(reading)

    def plan(self, scans: Path) -> None:
        """Plan a folder of scans."""
        end(self.start("plan", str(scans), "--profile", PAPER, sign=False), 0)

    def steps(self) -> int:
        """How many steps stand in the ledger."""
        with open_ledger(self.place) as ledger:
            return sum(one.steps for one in ledger.documents())


def run_through(lab: Lab, *words: str) -> None:
    """Run the backlog once, undisturbed."""
    end(lab.start("run", "--level", "b-b", *words), 0)


def run_with_kills(lab: Lab, kills: int, seed: int, *words: str, every: int = 2) -> list[str]:
    """Run the backlog while any of its processes is killed at random, again and again.

    Args:
        every: steps on record between two kills, on the average.

    Returns:
        Which processes were killed.
    """
    chance, killed = random.Random(seed), []
    process = lab.start("run", "--level", "b-b", *words)
    while len(killed) < kills and not _done(lab):
        _await_steps(lab, chance.randint(0, 2 * every), process)
        time.sleep(chance.random())
        name = kill_one(process.pid, chance)
        killed += [name] if name else []
        if process.poll() is not None:
            _drain(process)
            process = lab.start("run", "--level", "b-b", *words)
    code = process.wait()
    _drain(process)
    if code != 0:
        run_through(lab, *words)
    return killed


def kill_one(pid: int, chance: random.Random) -> str:
    """Kill a process or any below it, as the power or the memory killer would; its name."""
    try:
        parent = psutil.Process(pid)
        victim = chance.choice([parent, parent, *parent.children(recursive=True)])
        name = " ".join(victim.cmdline()[:4])
        victim.send_signal(signal.SIGKILL)
    except (psutil.Error, OSError):
        return ""
    with contextlib.suppress(psutil.Error, OSError):
        victim.wait(10)
    return name


def _done(lab: Lab) -> bool:
    with open_ledger(lab.place) as ledger:
        return not any(ledger.counts().get(state) for state in WALK[:-1])


def _await_steps(lab: Lab, steps: int, process: "subprocess.Popen[bytes]") -> None:
    wanted, until = lab.steps() + steps, time.monotonic() + _PATIENCE
    while process.poll() is None and lab.steps() < wanted and not _done(lab):
        if time.monotonic() > until:
            sys.exit("the run hangs")
        time.sleep(0.2)


def _drain(process: "subprocess.Popen[bytes]") -> str:
    assert process.stderr
    with process.stderr as stream:
        return stream.read().decode(errors="replace")


def pause() -> None:
    """Wait a moment between looks."""
    time.sleep(0.2)


def end(process: "subprocess.Popen[bytes]", code: int) -> str:
    """Wait for a command; what it said on its error stream."""
    said = _drain(process)
    if process.wait() != code:
        raise RuntimeError(f"exit {process.returncode}: {said[-2000:]}")
    return said


@dataclass
class Cluster:
    """A Dask scheduler and workers, each a process that may be killed."""

    address: str
    environ: Mapping[str, str]
    folder: Path
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def add_worker(self) -> None:
        """Have one more worker join."""
        options = ["--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory"]
        self.workers.append(
            _dask(self.environ, "worker", self.address, *options, str(self.folder / "dask"))
        )

    def kill_worker(self) -> None:
        """Kill one, as the power would."""
        worker = self.workers.pop(0)
        worker.kill()
        worker.wait()


@contextmanager
def cluster(lab: Lab, workers: int) -> Iterator[Cluster]:
    """A scheduler on loopback with some workers, gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    here = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    scheduler = _dask(lab.environ, "scheduler", *here)
    made = Cluster(f"tcp://127.0.0.1:{port}", lab.environ, lab.home)
    try:
        for _number in range(workers):
            made.add_worker()
        yield made
    finally:
        for process in [*made.workers, scheduler]:
            process.kill()
            process.wait()


def _dask(environ: Mapping[str, str], *words: str) -> "subprocess.Popen[bytes]":
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [str(Path(sys.executable).parent / "dask"), *words]
    told = dict(environ) | _QUIET_DASK
    return subprocess.Popen(command, env=told, cwd=_ROOT, **quiet)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Made:
    """A record of the store as it came from a source: what it is, its pages, their text."""

    paper: str
    pages: tuple[str, ...]


def whats_there(lab: Lab) -> dict[str, Made]:
    """Each source with the record made of it, after all has been seen to agree.

    Raises:
        AssertionError: a document is missing or there twice; ledger and store differ; the audit
            is not whole; something was left behind.
    """
    found: dict[str, Made] = {}
    with open_ledger(lab.place) as ledger, open_warehouse(lab.home / "warehouse") as store:
        records = {record.id: record for record in store.active()}
        for document in ledger.documents():
            steps = ledger.transitions(document.id)
            taken = [one.to_state for one in steps if one.from_state != one.to_state]
            assert taken == list(WALK), f"{document.plan.source.name}: {taken}"
            record = records.pop(document.record_id)
            assert (record.sha256, record.code) == (document.sha256, document.code)
            pages = _texts(store.read(record))
            assert len(pages) == document.pages
            found[document.plan.source.name] = Made(record.paper_type, pages)
        assert not records, f"{len(records)} records of no document"
        assert store.account.verify().ok
        assert store.check().ok
    assert not list((lab.place.folder / "work").iterdir())
    return found


def _texts(pdf: bytes) -> tuple[str, ...]:
    with pypdfium2.PdfDocument(pdf) as document:
        return tuple(page.get_textpage().get_text_range() for page in document)
