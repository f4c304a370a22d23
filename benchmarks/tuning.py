"""What chose the numbers: each is tried at other values on drawn sheets, and the table kept.

    python -m benchmarks tune tilt-peak --docs docs     # the table into docs/tuning.md

A sweep names the constant as the code has it; the value in the code is marked in its table.
"""

import importlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import cv2
import numpy as np

from benchmarks.scores import f1
from benchmarks.sheets import Delivery, draw_sheet
from digitize.ink import Marks, find_marks
from digitize.reading import reading_dpi
from digitize.tilt import find_skew
from digitize.upright import lies_sideways, stands_on_head
from dossier.sample_wear import Pixels
from ocr.engine import recognise, single_threaded
from ocr.words import reading_text


@dataclass(frozen=True)
class Drawn:
    """A drawn sheet in grey, its resolution and the truth about it."""

    gray: Pixels
    dpi: float
    truth: dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """A constant, the values to try, on which sheets, and what is measured.

    Attributes:
        constant: ``module.NAME``, patched while a value is tried.
        sheets: kinds of sheets and what was done to them, a seed apart each.
        measure: names of figures and the figures, over all the sheets.
        why: what the figures say.
    """

    constant: str
    values: tuple[float, ...]
    sheets: Callable[[Random], Iterator[tuple[str, Delivery]]]
    measure: Callable[[Sequence[Drawn]], dict[str, float]]
    why: str


def tune(names: Sequence[str], docs: Path | None) -> None:
    """Try the values of the sweeps named, all without a name, and print their tables."""
    single_threaded()
    cv2.setNumThreads(1)
    for name in names or SWEEPS:
        section = "\n".join(_section(name, SWEEPS[name])) + "\n"
        print(section, flush=True)
        if docs:
            _write(docs / "tuning.md", name, section)


def _section(name: str, sweep: Sweep) -> Iterator[str]:
    chance = Random(f"tune {name}")
    with tempfile.TemporaryDirectory() as work:
        sheets = [
            _drawn(Path(work) / "sheet.jpg", kind, 7_000 + number, delivery)
            for number, (kind, delivery) in enumerate(sweep.sheets(chance))
        ]
    yield f"## {name}\n"
    yield f"`{sweep.constant}`, {len(sheets)} sheets. {sweep.why}\n"
    chosen = _constant(sweep.constant)
    for number, value in enumerate(sorted({*sweep.values, chosen})):
        with _patched(sweep.constant, value):
            began = _cpu()
            figures = sweep.measure(sheets) | {"CPU seconds here": _cpu() - began}
        if number == 0:
            yield "| value | " + " | ".join(figures) + " |"
            yield "|---" * (len(figures) + 1) + "|"
        shown = f"**{value:g}**" if value == chosen else f"{value:g}"
        yield f"| {shown} | " + " | ".join(f"{figure:.4g}" for figure in figures.values()) + " |"


def _cpu() -> float:
    """Seconds of the processor that this process and the recogniser's have taken."""
    return sum(os.times()[:4])


def _drawn(path: Path, kind: str, seed: int, delivery: Delivery) -> Drawn:
    truth = draw_sheet(path, kind, seed, delivery)
    gray = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
    return Drawn(gray, float(delivery.dpi), truth)


def _constant(dotted: str) -> float:
    module, _dot, name = dotted.rpartition(".")
    return float(getattr(importlib.import_module(module), name))


@contextmanager
def _patched(dotted: str, value: float) -> Iterator[None]:
    module, _dot, name = dotted.rpartition(".")
    home = importlib.import_module(module)
    before = getattr(home, name)
    setattr(home, name, type(before)(value))
    try:
        yield
    finally:
        setattr(home, name, before)


def _write(page: Path, name: str, section: str) -> None:
    """Put a section into the page of tables, in place of its former self."""
    text = page.read_text(encoding="utf-8")
    old = re.compile(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    new = f"{section}\n"
    text = old.sub(lambda _found: new, text) if old.search(text) else text.rstrip() + f"\n\n{new}"
    page.write_text(text.rstrip() + "\n", encoding="utf-8")


# --- What is measured ---------------------------------------------------------------------


def _words(sheets: Sequence[Drawn]) -> dict[str, float]:
    """Word F1 of upright sheets."""
    scores = []
    for sheet in sheets:
        words = recognise(sheet.gray, sheet.dpi, reading_dpi=reading_dpi(_marks(sheet)))
        scores.append(f1(reading_text(words).split(), sheet.truth["text"].split()))
    return {"word F1, mean": fmean(scores), "worst": min(scores)}


def _tilts(sheets: Sequence[Drawn]) -> dict[str, float]:
    """How far the tilt found is from the true one, degrees."""
    errors = [abs(find_skew(_marks(sheet)) - sheet.truth["skew"]) for sheet in sheets]
    return {"error, mean °": fmean(errors), "worst °": max(errors)}


def _sideways(sheets: Sequence[Drawn]) -> dict[str, float]:
    """Whether lines run along the sheet: wrong though sure, and not sure."""
    found = [
        (lies_sideways(_marks(sheet)), sheet.truth["rotation"] % 180 == 90) for sheet in sheets
    ]
    return _judged(found)


def _on_head(sheets: Sequence[Drawn]) -> dict[str, float]:
    """Whether writing stands on its head: wrong though sure, and not sure."""
    found = [
        (stands_on_head(_marks(sheet), sheet.truth["skew"]), sheet.truth["rotation"] == 180)
        for sheet in sheets
    ]
    return _judged(found)


def _judged(found: Sequence[tuple[tuple[bool, bool], bool]]) -> dict[str, float]:
    wrong = sum(sure and judged != true for (judged, sure), true in found)
    unsure = sum(not sure for (_judged, sure), _true in found)
    return {"sure but wrong": wrong, "unsure": unsure}


def _marks(sheet: Drawn) -> Marks:
    return find_marks(sheet.gray, sheet.dpi)


# --- On which sheets ----------------------------------------------------------------------


def _cards(chance: Random) -> Iterator[tuple[str, Delivery]]:
    for dpi in (300, 300, 300, 200, 200, 400):
        yield "cccd", Delivery(shade=0.1, blur=chance.choice((0.0, 0.8)), dpi=dpi)


def _shaded(_chance: Random) -> Iterator[tuple[str, Delivery]]:
    for kind in ("letter", "decision", "birth", "table"):
        yield kind, Delivery(tint=(236, 228, 208), shade=0.45, noise=4.0, quality=75)


def _leaning(chance: Random) -> Iterator[tuple[str, Delivery]]:
    for kind in ("letter", "decision", "birth", "table", "cccd", "note") * 4:
        yield kind, Delivery(skew=round(chance.uniform(-8, 8), 2), dirt=15, noise=2.0)


def _turned(chance: Random) -> Iterator[tuple[str, Delivery]]:
    for kind in ("letter", "decision", "birth", "table", "cccd", "note") * 4:
        turn, skew = chance.choice((0, 90, 180, 270)), chance.uniform(-3, 3)
        yield kind, Delivery(turn=turn, skew=round(skew, 2), dirt=15, noise=2.0)


def _half_turned(chance: Random) -> Iterator[tuple[str, Delivery]]:
    for kind, delivery in _turned(chance):
        yield kind, replace(delivery, turn=delivery.turn // 180 * 180)


def _prose(chance: Random) -> Iterator[tuple[str, Delivery]]:
    for kind in ("letter", "decision", "birth", "letter", "decision", "birth"):
        yield kind, Delivery(shade=0.2, noise=3.0, blur=chance.choice((0.0, 0.7)), quality=80)


def _tables(chance: Random) -> Iterator[tuple[str, Delivery]]:
    for _number in range(5):
        yield "table", Delivery(shade=0.2, noise=3.0, blur=chance.choice((0.0, 0.7)), quality=80)


SWEEPS: dict[str, Sweep] = {
    "reading-letter": Sweep(
        "digitize.reading._LETTER", (10.0, 16.0, 20.0, 30.0), _prose, _words,
        "Height of small letters, pixels, to which a sheet is reduced for the recogniser, from "
        "200 to 300 dpi.",
    ),
    "reading-white": Sweep(
        "ocr.engine._WHITE", (225.0, 240.0, 250.0, 255.0), _prose, _words,
        "Paper from this brightness on is made white for Tesseract.",
    ),
    "table-sure": Sweep(
        "ocr.second_look._SURE", (70.0, 85.0, 95.5), _tables, _words,
        "First readings of cells of tables that read badly are not read again with at least this "
        "confidence.",
    ),
    "table-badly": Sweep(
        "ocr.second_look._BADLY", (0.0, 0.1, 0.3, 1.0), _tables, _words,
        "Share of unsure lines from which a table reads badly.",
    ),
    "tilt-gain": Sweep(
        "digitize.tilt._GAIN", (1.0, 1.05, 1.2, 1.5), _leaning, _tilts,
        "Sheets leaning up to 8°.",
    ),
    "island-enlargement": Sweep(
        "ocr.engine._ENLARGE", (1.0, 1.5, 2.0, 3.0), _cards, _words,
        "Copies of ID cards, upright, 200 to 400 dpi.",
    ),
    "background-dpi": Sweep(
        "ocr.background._BACKGROUND_DPI", (8.0, 12.5, 25.0, 50.0), _shaded, _words,
        "Unevenly lit, tinted, noisy sheets.",
    ),
    "tilt-peak": Sweep(
        "digitize.tilt._PEAK", (0.0, 0.5, 0.8, 0.9, 0.99), _leaning, _tilts,
        "Sheets leaning up to 8°.",
    ),
    "tilt-points": Sweep(
        "digitize.tilt._FINE_POINTS", (5_000, 20_000, 60_000, 200_000), _leaning, _tilts,
        "Sheets leaning up to 8°: what more ink brings, and costs.",
    ),
    "lines-majority": Sweep(
        "digitize.upright._MAJORITY", (0.5, 0.6, 0.65, 0.75, 0.9), _turned, _sideways,
        "Sheets fed any way round. What is unsure costs a reading, what is wrong the page.",
    ),
    "head-balance": Sweep(
        "digitize.upright._BALANCE", (0.0, 0.1, 0.25, 0.4), _half_turned, _on_head,
        "Sheets fed head or foot first. What is unsure costs a reading, what is wrong the page.",
    ),
}  # fmt: skip
