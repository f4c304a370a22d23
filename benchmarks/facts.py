"""Facts read off pictures of papers: each against what was printed, by paper and field."""

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.forms import FORMS
from benchmarks.sheets import draw_sheet
from digitize.page import PageSettings, finish_page
from digitize.sources import read_sources
from ocr.engine import single_threaded
from ocr.fields import FieldValue, read_fields
from profiles import PageRules, load_paper

#: The profile that each kind of sheet is read with.
PAPERS = {"birth": "khai-sinh", "decision": "quyet-dinh"} | {
    kind: paper for kind, (_draw, paper) in FORMS.items()
}


def measure_facts(count: int, seed: int, kinds: Sequence[str] = ()) -> None:
    """Draw papers, read them as a dossier does, and print how many facts came out exactly.

    Args:
        count: sheets of each kind.
        kinds: only these of :data:`PAPERS`; all without a wish.
    """
    jobs = [
        (kind, Random(f"{kind} {seed} {n}").randrange(10**8))
        for kind in kinds or PAPERS
        for n in range(count)
    ]
    right, total, missed = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=single_threaded) as pool:
        for (kind, number), (facts, found) in zip(jobs, pool.map(read_sheet, jobs), strict=True):
            for name, value in facts.items():
                total[kind] += 1
                if found[name].value.casefold() == value.casefold():
                    right[kind] += 1
                    continue
                missed.setdefault(kind, Counter())[name] += 1
                read = f"{found[name].value!r} {found[name].fault}".strip()
                print(f"{kind} {number}: {name}: {value!r} read as {read}", flush=True)
    print("\n| paper | facts right | of | share | missed most |\n|---|---|---|---|---|")
    for kind in total:
        worst = missed.get(kind, Counter()).most_common(3)
        names = ", ".join(f"{name} {times}" for name, times in worst)
        share = f"{right[kind] / total[kind]:.1%}"
        print(f"| {kind} | {right[kind]} | {total[kind]} | {share} | {names} |")


def read_sheet(job: tuple[str, int]) -> tuple[dict[str, str], dict[str, FieldValue]]:
    """What one sheet says, and what was read on it."""
    kind, seed = job
    paper = load_paper(PAPERS[kind])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.jpg"
        truth: dict[str, Any] = draw_sheet(path, kind, seed)
        (sheet,) = read_sources([path])
        page = finish_page(sheet, PageSettings(PageRules(), Path(folder)))
    values = read_fields([page.words], paper.fields, paper.labels)
    return truth["fields"], {value.name: value for value in values}
