"""How much of what is printed a PDF's text layer gives back."""

import subprocess
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

Truth = dict[str, dict[str, object]]


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


def kinds(scores: dict[str, float], truth: Truth) -> dict[str, float]:
    """Mean word F1 of each kind of sheet, where the truth names kinds."""
    found: dict[str, list[float]] = {}
    for name, value in scores.items():
        if kind := str(truth[name].get("kind", "")):
            found.setdefault(kind, []).append(value)
    return {kind: fmean(values) for kind, values in sorted(found.items())}
