"""Side by side on the same sheets, in the same run: sohoa, OCRmyPDF and bare Tesseract.

python -m benchmarks FOLDER [--truth TRUTH.json]    time, ratio, word F1, bytes a page, memory
python -m benchmarks                                the same on sheets drawn for it
python -m benchmarks memory                         peak memory on 20 and on 200 sheets

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
from importlib import metadata
from pathlib import Path
from statistics import fmean

import pikepdf.pdfa

Truth = dict[str, dict[str, object]]
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


def page_scores(pages: Sequence[Sequence[str]], truth: Truth) -> dict[str, float]:
    """Word F1 of every written sheet, 0 for one that is lost.

    Pages are matched to sheets in order, so that the sum is largest: blanks may have been
    left out, and a lost page must not shift all that follow.
    """
    sheets = [(name, str(sheet["text"]).split()) for name, sheet in truth.items()]
    best: list[list[tuple[float, tuple[tuple[str, float], ...]]]]
    best = [[(0.0, ())] * (len(pages) + 1) for _ in range(len(sheets) + 1)]
    for i, (name, words) in enumerate(sheets):
        for j, page in enumerate(pages):
            found = f1(page, words)
            total, pairs = best[i][j]
            both = (total + found, (*pairs, (name, found)))
            best[i + 1][j + 1] = max(both, best[i][j + 1], best[i + 1][j], key=lambda one: one[0])
    matched = dict(best[-1][-1][1])
    return {name: matched.get(name, 0.0) for name in truth if not truth[name]["blank"]}


def approved(pdf: Path) -> bool:
    """Whether ``pikepdf.pdfa`` takes the file for PDF/A-2b."""
    return bool(pikepdf.pdfa.validate_written(pdf, "2b").passed)


TOOLS: dict[str, Callable[[Sequence[Path], Path], Run]] = {
    "sohoa": sohoa,
    "OCRmyPDF": ocrmypdf,
    "bare Tesseract": bare_tesseract,
}


def compare(folder: Path, truth_file: Path | None) -> None:
    """Run all tools on a folder and print what came of it, as a Markdown table."""
    files = sorted(folder.glob("*.jpg"))
    truth: Truth = json.loads(truth_file.read_text(encoding="utf-8")) if truth_file else {}
    print(f"{len(files)} sheets, {len(os.sched_getaffinity(0))} cores, {versions()}\n")
    print("| tool | seconds | × sohoa | word F1, mean | worst | KB a page | peak MB | PDF/A |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    by_kind: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as work:
        base = 0.0
        for name, tool in TOOLS.items():
            out = Path(work) / f"{name.split()[-1].lower()}.pdf"
            run = tool(files, out)
            base = base or run.seconds
            pages = pages_of(out)
            scores = page_scores(pages, truth)
            mean = f"{fmean(scores.values()):.4f}" if scores else ""
            worst = f"{min(scores.values()):.3f}" if scores else ""
            size = out.stat().st_size / 1024 / max(1, len(pages))
            verdict = "yes" if approved(out) else "no"
            print(
                f"| {name} | {run.seconds:.1f} | {run.seconds / base:.2f} | {mean} | {worst} "
                f"| {size:.0f} | {run.peak_mb:.0f} | {verdict} |",
                flush=True,
            )
            by_kind[name] = kinds(scores, truth)
    if any(by_kind.values()):
        print_kinds(by_kind)


def kinds(scores: dict[str, float], truth: Truth) -> dict[str, float]:
    """Mean word F1 of each kind of sheet, where the truth names kinds."""
    found: dict[str, list[float]] = {}
    for name, value in scores.items():
        if kind := str(truth[name].get("kind", "")):
            found.setdefault(kind, []).append(value)
    return {kind: fmean(values) for kind, values in sorted(found.items())}


def print_kinds(by_kind: dict[str, dict[str, float]]) -> None:
    """A Markdown table of word F1 by kind."""
    names = next(iter(by_kind.values()))
    print("\n| word F1 | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for tool, values in by_kind.items():
        print(f"| {tool} | " + " | ".join(f"{value:.4f}" for value in values.values()) + " |")


def versions() -> str:
    """What was compared, for the record."""
    said = subprocess.run(["tesseract", "--version"], capture_output=True, check=True, text=True)
    own, other = metadata.version("sohoa"), metadata.version("ocrmypdf")
    return f"sohoa {own}, OCRmyPDF {other}, {said.stdout.splitlines()[0]}"


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
    parser.add_argument("folder", nargs="?", type=Path, help="or the word memory")
    parser.add_argument("--truth", type=Path)
    options = parser.parse_args()
    if options.folder == Path("memory"):
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
