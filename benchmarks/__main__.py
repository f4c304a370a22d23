"""Side by side on the same sheets, in the same run: sohoa, OCRmyPDF and bare Tesseract.

python -m benchmarks FOLDER [--truth TRUTH.json]    time, ratio, word F1, bytes a page, memory
python -m benchmarks --memory                       peak memory on 20 and on 200 sheets

``TRUTH.json`` maps file names to ``{"text", "blank", "kind"}``. Word F1 is free of order
and taken page by page over the pages that are not blank.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """One tool's run: seconds on the wall, peak memory of all its processes in MB."""

    seconds: float
    peak_mb: float


def measured(command: Sequence[str], environment: dict[str, str] | None = None) -> Run:
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
        if code:
            sys.exit(f"{command[0]}: exit {code}\n{said.read().decode(errors='replace')[-2000:]}")
    return Run(time.monotonic() - began, peak[0])


def _watch(session: int, peak: list[float], done: threading.Event) -> None:
    while not done.wait(0.1):
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


def sohoa(files: Sequence[Path], out: Path) -> Run:
    """``sohoa digitize`` with its defaults."""
    with tempfile.TemporaryDirectory() as home:
        command = [str(HERE / "sohoa"), "digitize", *map(str, files), "-o", str(out)]
        return measured(command, {"SOHOA_HOME": home})


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


def pages_of(pdf: Path) -> list[list[str]]:
    """The words of each page, as a reader finds them."""
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    pages = unicodedata.normalize("NFC", text.stdout.decode()).split("\f")[:-1]
    return [page.split() for page in pages]


def f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Word F1 without regard to order."""
    one, other = Counter(found), Counter(wanted)
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def score(pdf: Path, truth: dict[str, dict[str, object]]) -> float:
    """Mean word F1; blank pages may be in the file or not."""
    wanted = [str(sheet["text"]).split() for sheet in truth.values() if not sheet["blank"]]
    pages = pages_of(pdf)
    if len(pages) == len(truth):
        pages = [p for p, sheet in zip(pages, truth.values(), strict=True) if not sheet["blank"]]
    scores = [f1(page, words) for page, words in zip(pages, wanted, strict=False)]
    return sum(scores) / len(wanted)


TOOLS: dict[str, Callable[[Sequence[Path], Path], Run]] = {
    "sohoa": sohoa,
    "OCRmyPDF": ocrmypdf,
    "bare Tesseract": bare_tesseract,
}


def compare(folder: Path, truth_file: Path | None) -> None:
    """Run all tools on a folder and print what came of it."""
    files = sorted(folder.glob("*.jpg"))
    truth = json.loads(truth_file.read_text(encoding="utf-8")) if truth_file else {}
    print(f"{len(files)} sheets")
    print(f"{'tool':<16}{'seconds':>9}{'ratio':>8}{'word F1':>9}{'KB/page':>9}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as work:
        runs: dict[str, Run] = {}
        for name, tool in TOOLS.items():
            out = Path(work) / f"{name.split()[-1].lower()}.pdf"
            runs[name] = run = tool(files, out)
            size = out.stat().st_size / 1024 / max(1, len(pages_of(out)))
            quality = f"{score(out, truth):9.4f}" if truth else "        -"
            ratio = run.seconds / runs["sohoa"].seconds
            print(f"{name:<16}{run.seconds:9.1f}{ratio:8.2f}{quality}{size:9.0f}{run.peak_mb:9.0f}")


def memory() -> None:
    """Peak memory of ``sohoa digitize`` on 20 and on 200 sheets."""
    from dossier.samples import write_text_sheets

    with tempfile.TemporaryDirectory() as work:
        sheets = [sheet.path for sheet in write_text_sheets(Path(work) / "sheets", 20)]
        for times in (1, 10):
            run = sohoa(sheets * times, Path(work) / "out.pdf")
            print(f"{len(sheets) * times:4} sheets: {run.peak_mb:6.0f} MB, {run.seconds:6.1f} s")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.memory:
        memory()
    elif options.folder:
        compare(options.folder, options.truth)
    else:
        from dossier.samples import write_text_sheets

        with tempfile.TemporaryDirectory() as work:
            sheets = write_text_sheets(Path(work) / "sheets", 12)
            facts = {s.path.name: {"text": s.text, "blank": s.blank} for s in sheets}
            truth = Path(work) / "truth.json"
            truth.write_text(json.dumps(facts), encoding="utf-8")
            compare(Path(work) / "sheets", truth)


if __name__ == "__main__":
    main()
