"""The programs compared, each run as its users run it, with time and memory measured."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HERE = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """One tool's run: seconds on the wall, peak memory of all its processes in MB."""

    seconds: float
    peak_mb: float


def measured(
    command: Sequence[str],
    environment: dict[str, str] | None = None,
    *,
    allowed: Sequence[int] = (0,),
) -> Run:
    """Run a command in a session of its own, sampling its processes' memory."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            start_new_session=True,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        peak, done = [0.0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
        watcher.start()
        code = process.wait()
        done.set()
        watcher.join()
        said.seek(0)
        if code not in allowed:
            sys.exit(f"{command[0]}: exit {code}\n{said.read().decode(errors='replace')[-2000:]}")
    return Run(time.monotonic() - began, peak[0])


#: Seconds between two looks at the memory: each holds the watched processes up, those with much
#: memory most. At 0.1 s a run took a seventh longer than by itself.
_LOOK = 0.5


def _watch(session: int, peak: list[float], done: threading.Event) -> None:
    while not done.wait(_LOOK):
        peak[0] = max(peak[0], _session_memory(session))


def _session_memory(session: int) -> float:
    """Proportional set size of a session's processes in MB: shared pages are counted once."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                rollup = (folder / "smaps_rollup").read_text()
                total += int(rollup.partition("\nPss:")[2].split()[0])
        except (OSError, IndexError, ValueError):
            continue  # the process ended while it was looked at
    return total / 1024


def sohoa(files: Sequence[Path], out: Path, *options: str) -> Run:
    """``sohoa digitize`` with its defaults but for ``options``; report and fields beside the PDF.

    Pages below the profile's bar, or lost, are for the scores to tell.
    """
    with tempfile.TemporaryDirectory() as home:
        command = [str(HERE / "sohoa"), "digitize", *map(str, files), "-o", str(out)]
        command += ["--report", str(out.with_suffix(".json"))]
        command += ["--fields", str(out.with_suffix(".fields.json")), *options]
        return measured(command, {"SOHOA_HOME": home}, allowed=(0, 4, 12))


def sohoa_compact(files: Sequence[Path], out: Path) -> Run:
    """The same with pages in layers."""
    return sohoa(files, out, "--layers", "compact")


def ocrmypdf(files: Sequence[Path], out: Path) -> Run:
    """OCRmyPDF on the sheets laid together by img2pdf, turning and straightening."""
    together = out.with_suffix(".in.pdf")
    subprocess.run([HERE / "img2pdf", *files, "-o", together], check=True)
    options = ["-l", "vie", "--deskew", "--rotate-pages", "-j", "2", "--output-type", "pdf"]
    return measured([str(HERE / "ocrmypdf"), *options, str(together), str(out)])


def bare_tesseract(files: Sequence[Path], out: Path) -> Run:
    """Tesseract alone, two processes of one thread each, no cleaning; a PDF a page."""
    began, folder = time.monotonic(), out.with_suffix("")
    folder.mkdir()

    def read(file: Path) -> Run:
        command = ["tesseract", str(file), str(folder / file.stem), "-l", "vie", "pdf"]
        return measured(command, {"OMP_THREAD_LIMIT": "1"})

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(read, files))
    pages = sorted(folder.glob("*.pdf"))
    subprocess.run(["pdfunite", *pages, out], check=True)
    return Run(time.monotonic() - began, 2 * max(run.peak_mb for run in runs))


@dataclass(frozen=True)
class Tool:
    """A program that makes one PDF of many sheets; ``words`` say how it is called."""

    name: str
    words: str
    run: Callable[[Sequence[Path], Path], Run]


#: The first is the one that all are compared with.
TOOLS = (
    Tool("sohoa", "sohoa digitize", sohoa),
    Tool("sohoa compact", "sohoa digitize `--layers compact`", sohoa_compact),
    Tool("OCRmyPDF", "OCRmyPDF `-l vie --deskew --rotate-pages -j 2`", ocrmypdf),
    Tool("bare Tesseract", "bare Tesseract, two processes", bare_tesseract),
)


def machine() -> str:
    """What it ran on, and how busy that was."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[2]
    return f"{cores} cores, load of the last quarter of an hour {load:.1f}"


def versions() -> str:
    """What was compared, for the record."""
    said = subprocess.run(["tesseract", "--version"], capture_output=True, check=True, text=True)
    own, other = metadata.version("sohoa"), metadata.version("ocrmypdf")
    return f"sohoa {own}, OCRmyPDF {other}, {said.stdout.splitlines()[0]}"
