"""Sheets spoilt on purpose, and how many of them the quality verdict catches.

Every fault is what happens at a counter: a lens out of focus, a sheet that moved, a sheet
laid in crooked so that the glass ends before the writing does, a lamp too weak or too
strong, toner at its end, a finger, the shadow of a lid left open, a dirty roller. Their
strengths run from what just hurts reading to plain to see.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.sheets import draw_sheets
from digitize.ink import DPI, MM, find_marks
from digitize.page import PageSettings, finish_page
from digitize.quality import ADVICE
from digitize.sheet import Finding
from digitize.sources import read_sources
from digitize.turning import Pixels, to_gray
from ocr.engine import single_threaded
from profiles import PageRules

Chance = np.random.Generator


@dataclass(frozen=True)
class Fault:
    """A way to spoil a sheet.

    Attributes:
        spoil: takes BGR pixels, their dots per inch, and chance; None where it cannot apply.
        caught_as: flags of which any one catches it.
    """

    spoil: Callable[[Pixels, float, Chance], Pixels | None]
    caught_as: frozenset[str]


def out_of_focus(page: Pixels, dpi: float, chance: Chance) -> Pixels:
    """Gaussian blur of 0.34 to 0.55 mm: 4 to 6.5 pixels at 300 dpi."""
    return _u8(cv2.GaussianBlur(page, (0, 0), chance.uniform(0.34, 0.55) / 25.4 * dpi))


def moved(page: Pixels, dpi: float, chance: Chance) -> Pixels:
    """Moved by 1.0 to 2.2 mm in any direction while it was scanned."""
    length, angle = chance.uniform(1.0, 2.2) / 25.4 * dpi, chance.uniform(0, np.pi)
    size = round(length) | 1
    path = np.zeros((size, size), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(int(v) for v in np.round(16 * (size // 2 + s * reach))) for s in (-1, 1)]
    cv2.line(path, ends[0], ends[1], (1.0,), 1, cv2.LINE_AA, 4)
    return _u8(cv2.filter2D(page, -1, path / path.sum(), borderType=cv2.BORDER_REPLICATE))


def cut_off(side: str) -> Callable[[Pixels, float, Chance], Pixels | None]:
    """The picture ends 4 to 25 mm inside the writing on that side, through several letters."""

    def spoil(page: Pixels, dpi: float, chance: Chance) -> Pixels | None:
        turns = {"right": 0, "bottom": 1, "left": 2, "top": 3}[side]
        turned = np.ascontiguousarray(np.rot90(page, turns))
        cut = _through_writing(turned, dpi, chance)
        return None if cut is None else np.ascontiguousarray(np.rot90(turned[:, :cut], -turns))

    return spoil


def too_dark(page: Pixels, _dpi: float, chance: Chance) -> Pixels:
    """A lamp that gives 15 to 40 % of its light."""
    return _u8(page * chance.uniform(0.15, 0.40))


def washed_out(page: Pixels, _dpi: float, chance: Chance) -> Pixels:
    """Overexposed: ink comes out at three quarters of white and more."""
    lift = chance.uniform(0.72, 0.85)
    return _u8(np.clip(page * (1.15 - lift) + 255 * lift, 0, 255))


def faded(page: Pixels, _dpi: float, chance: Chance) -> Pixels:
    """Only 12 to 25 % of the contrast is left."""
    level = float(np.percentile(page, 90))
    return _u8(np.clip(level + (page - level) * chance.uniform(0.12, 0.25), 0, 255))


def finger(page: Pixels, dpi: float, chance: Chance) -> Pixels:
    """A finger's tip, 14 to 20 mm wide, reaching 15 to 45 mm in from an edge."""
    wide, deep = (chance.uniform(*mm) / 25.4 * dpi for mm in ((14, 20), (15, 45)))
    turns = int(chance.integers(4))
    turned = np.ascontiguousarray(np.rot90(page, turns))
    x = int(chance.uniform(0.15, 0.85) * turned.shape[1])
    mask = np.zeros(turned.shape[:2], np.uint8)
    tip = int(deep - wide / 2)
    half = int(wide / 2)
    slant = int(chance.uniform(-0.4, 0.4) * deep)
    cv2.line(mask, (x + slant, -half), (x, tip), (255,), 2 * half)
    cv2.circle(mask, (x, tip), half, (255,), -1)
    skin = np.array(chance.choice([(150, 175, 225), (105, 135, 190), (70, 95, 150), (45, 45, 50)]))
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.4 / 25.4 * dpi).astype(np.float32)[:, :, None] / 255
    shade = cv2.GaussianBlur(mask, (0, 0), 3 / 25.4 * dpi).astype(np.float32)[:, :, None] / 255
    lit = turned * (1 - 0.25 * shade)
    return _u8(np.ascontiguousarray(np.rot90(lit * (1 - alpha) + skin * alpha, -turns)))


def shadow(page: Pixels, dpi: float, chance: Chance) -> Pixels:
    """A soft-edged band or a hand's shadow that takes 45 to 75 % of the light."""
    height, width = page.shape[:2]
    mask = np.zeros((height // 8, width // 8), np.float32)
    y, x = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]].astype(np.float32)
    if chance.random() < 0.6:
        angle, deep = chance.uniform(0, 2 * np.pi), chance.uniform(0.15, 0.3) * width / 8
        across = (x - mask.shape[1] / 2) * np.cos(angle) + (y - mask.shape[0] / 2) * np.sin(angle)
        mask[across > across.max() - deep] = 1
    else:
        at = (chance.uniform(0, mask.shape[1]), chance.uniform(0, mask.shape[0]))
        size = chance.uniform(25, 50) / 25.4 * dpi / 8
        mask[(x - at[0]) ** 2 + ((y - at[1]) / 1.5) ** 2 < size**2] = 1
    soft = cv2.GaussianBlur(mask, (0, 0), chance.uniform(1.5, 6) / 25.4 * dpi / 8)
    loss = cv2.resize(soft, (width, height)) * chance.uniform(0.45, 0.75)
    return _u8(page * (1 - loss[:, :, None]))


def streaked(page: Pixels, dpi: float, chance: Chance) -> Pixels:
    """One to three dark lines, 0.3 to 1 mm wide, from the first row to the last."""
    spoilt = page.astype(np.float32)
    for _ in range(int(chance.integers(1, 4))):
        x = int(chance.uniform(0.1, 0.9) * page.shape[1])
        wide = max(2, round(chance.uniform(0.3, 1.0) / 25.4 * dpi))
        spoilt[:, x : x + wide] *= chance.uniform(0.1, 0.45)
    return _u8(spoilt)


def too_few_dots(page: Pixels, dpi: float, chance: Chance) -> Pixels:
    """Scanned at 100 to 150 dpi; the file says so."""
    factor = chance.uniform(100, 150) / dpi
    return _u8(cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


BLURRED = frozenset({"blurred", "low-confidence"})
OVER = frozenset({"covered", "shadow"})
FAULTS: dict[str, Fault] = {
    "out of focus": Fault(out_of_focus, BLURRED),
    "moved": Fault(moved, BLURRED),
    **{
        f"cut at the {side}": Fault(
            cut_off(side), frozenset({"cut-left", "cut-top", "cut-right", "cut-bottom"})
        )
        for side in ("left", "top", "right", "bottom")
    },
    "too dark": Fault(too_dark, frozenset({"dark"})),
    "washed out": Fault(washed_out, frozenset({"faint"})),
    "faded": Fault(faded, frozenset({"faint"})),
    "finger": Fault(finger, OVER),
    "shadow": Fault(shadow, OVER),
    "streaked": Fault(streaked, frozenset({"streaked"})),
    "too few dots": Fault(too_few_dots, frozenset({"low-dpi"})),
}


def measure_faults(count: int, seed: int) -> None:
    """Print how many of the spoilt sheets are caught, by fault, and which good ones refused."""
    with tempfile.TemporaryDirectory() as folder:
        truth = draw_sheets(Path(folder), count, seed=seed)
        names = [name for name, sheet in truth.items() if not sheet["blank"]]
        caught, named, tried, refused = Counter[str](), Counter[str](), Counter[str](), []
        workers = len(os.sched_getaffinity(0))
        with ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=single_threaded
        ) as pool:
            jobs = [(Path(folder) / name, seed * 1000 + n) for n, name in enumerate(names)]
            for (path, _seed), verdicts in zip(jobs, pool.map(_verdicts, jobs), strict=True):
                for fault, finding in verdicts:
                    flags = set(finding.flags) - ADVICE
                    if not fault:
                        if flags or finding.blank:
                            refused.append(f"{path.name} {truth[path.name]['kind']} {flags}")
                        continue
                    tried[fault] += 1
                    caught[fault] += bool(flags)
                    named[fault] += bool(flags & FAULTS[fault].caught_as)
                    if not flags:
                        print(f"missed: {fault}, {path.name} {truth[path.name]}"[:400], flush=True)
    print("| fault | sheets | caught | with the right reason |\n|---|---|---|---|")
    for fault in FAULTS:
        print(f"| {fault} | {tried[fault]} | {caught[fault]} | {named[fault]} |")
    share = caught.total() / max(1, tried.total())
    print(f"| all | {tried.total()} | {caught.total()} ({share:.1%}) | {named.total()} |")
    print(f"\ngood sheets: {len(names)}, refused: {len(refused)}", *refused, sep="\n")


def _verdicts(job: tuple[Path, int]) -> list[tuple[str, Finding]]:
    """Verdicts on a good sheet ("") and on it spoilt in a third of the ways."""
    path, seed = job
    chance = np.random.default_rng(seed)
    page, dpi = _u8(cv2.imread(str(path))), float(Image.open(path).info["dpi"][0])
    found = [("", _verdict(path))]
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, spoilt) in enumerate(_spoilt(page, dpi, chance, seed)):
            target = Path(folder) / f"{number}.jpg"
            said = dpi if name != "too few dots" else dpi * spoilt.shape[1] / page.shape[1]
            picture = Image.fromarray(np.ascontiguousarray(spoilt[:, :, ::-1]))
            picture.save(target, quality=85, dpi=(said, said))
            found.append((name, _verdict(target)))
    return found


def _spoilt(page: Pixels, dpi: float, chance: Chance, seed: int) -> Iterator[tuple[str, Pixels]]:
    for number, (name, fault) in enumerate(FAULTS.items()):
        if number % 3 == seed % 3 and (spoilt := fault.spoil(page, dpi, chance)) is not None:
            yield name, spoilt


def _verdict(path: Path) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        (sheet,) = read_sources([path])
        return finish_page(sheet, PageSettings(PageRules(), Path(folder))).finding


def _through_writing(page: Pixels, dpi: float, chance: Chance) -> int | None:
    """A column near the right end of the writing that goes through four letters and more."""
    letters = find_marks(to_gray(page), dpi).letters
    if not len(letters):
        return None
    x, _y, w, _h, _area = letters.T
    end = int(np.percentile(x + w, 98))
    columns = np.arange(end - round(25 * MM), end - round(4 * MM))
    through = (x < columns[:, None] - 2) & (x + w > columns[:, None] + 2)
    cuts = columns[through.sum(axis=1) >= 4]
    return round(int(chance.choice(cuts)) * dpi / DPI) if len(cuts) else None


def _u8(values: object) -> Pixels:
    return np.asarray(values, dtype=np.uint8)
