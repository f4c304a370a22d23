"""How much of what is printed a PDF's text layer gives back."""

import subprocess
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

Truth = dict[str, dict[str, object]]


def pages_of(pdf: Path) -> list[str]:
    """The text of each page, NFC, as a reader finds it."""
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return unicodedata.normalize("NFC", text.stdout.decode()).split("\f")[:-1]


def f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Word F1 without regard to order; 1 where nothing was wanted and nothing found."""
    one, other = Counter(found), Counter(wanted)
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def match_pages(pages: Sequence[Sequence[str]], truth: Truth) -> dict[str, tuple[int, float]]:
    """For each sheet that became a page: which one, and its word F1.

    Pages are matched to sheets in order, so that the sum is largest: blanks may have been
    left out, and a lost page must not shift all that follow.
    """
    sheets = [(name, str(sheet["text"]).split()) for name, sheet in truth.items()]
    # best[i][j]: the largest sum for the first i sheets and j pages, and the pairs that give it.
    best: list[list[tuple[float, tuple[tuple[str, int, float], ...]]]]
    best = [[(0.0, ())] * (len(pages) + 1) for _ in range(len(sheets) + 1)]
    for i, (name, words) in enumerate(sheets):
        for j, page in enumerate(pages):
            found = f1(page, words)
            total, pairs = best[i][j]
            both = (total + found + 1e-6, (*pairs, (name, j, found)))
            best[i + 1][j + 1] = max(both, best[i][j + 1], best[i + 1][j], key=lambda one: one[0])
    return {name: (page, found) for name, page, found in best[-1][-1][1]}


def by_kind(scores: dict[str, float], truth: Truth) -> dict[str, float]:
    """Mean word F1 of each kind of sheet, where the truth names kinds."""
    found: dict[str, list[float]] = {}
    for name, value in scores.items():
        if kind := str(truth[name].get("kind", "")):
            found.setdefault(kind, []).append(value)
    return {kind: fmean(values) for kind, values in sorted(found.items())}


def exact_fields(
    documents: Sequence[dict[str, Any]], sheets: Mapping[int, str], truth: Truth
) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """For each kind of sheet with facts: how many came out exactly, of how many, and which not.

    Upper and lower case count as the same: papers print names in capitals.

    Args:
        documents: what ``--fields`` wrote.
        sheets: the sheet that became each page, by the page's number from 1.
    """
    read = {
        (sheets.get(found["page"]), found["name"]): str(found["value"]).casefold()
        for document in documents
        for found in document["fields"]
    }
    results: dict[str, tuple[int, int, tuple[str, ...]]] = {}
    for name, sheet in truth.items():
        facts: dict[str, str] = sheet.get("fields") or {}  # type: ignore[assignment]
        for key, value in facts.items():
            right = read.get((name, key)) == value.casefold()
            good, total, missed = results.get(str(sheet["kind"]), (0, 0, ()))
            missed = missed if right else (*missed, key)
            results[str(sheet["kind"])] = (good + right, total + 1, missed)
    return results
