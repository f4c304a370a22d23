"""sohoa, OCRmyPDF and bare Tesseract on the same sheets in the same run."""

import json
import os
import tempfile
from pathlib import Path
from statistics import fmean

import pikepdf.pdfa

from benchmarks.runs import TOOLS, versions
from benchmarks.scores import Truth, kinds, page_scores, pages_of
from benchmarks.sheets import TRUTH, draw_sheets


def compare(folder: Path | None, truth_file: Path | None, count: int, seed: int) -> None:
    """Compare on a folder of sheets, or on sheets drawn for it."""
    if folder is None:
        with tempfile.TemporaryDirectory() as work:
            draw_sheets(Path(work), count, seed=seed)
            compare(Path(work), None, count, seed)
        return
    truth_file = truth_file or folder / TRUTH
    known = truth_file.is_file()
    truth: Truth = json.loads(truth_file.read_text(encoding="utf-8")) if known else {}
    run_all(folder, truth)


def run_all(folder: Path, truth: Truth) -> None:
    """Run all tools on a folder and print what came of it, as a Markdown table."""
    files = sorted(folder.glob("*.jpg"))
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


def approved(pdf: Path) -> bool:
    """Whether ``pikepdf.pdfa`` takes the file for PDF/A-2b."""
    return bool(pikepdf.pdfa.validate_written(pdf, "2b").passed)


def print_kinds(by_kind: dict[str, dict[str, float]]) -> None:
    """A Markdown table of word F1 by kind."""
    names = next(iter(by_kind.values()))
    print("\n| word F1 | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for tool, values in by_kind.items():
        print(f"| {tool} | " + " | ".join(f"{value:.4f}" for value in values.values()) + " |")
