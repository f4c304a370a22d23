"""Separator sheets in the corpus's dirt: how many are found, and whether other sheets split.

Half of the sheets are separators: ours (clean, tilted up to 15°, turned, faint, printed and
scanned twice, stained, with codes struck out) and patch sheets without any code. The other half
are papers of every layout, and what may be taken for a separator: identity cards and seals with
their QR codes, large payment codes, our seal printed large, one-dimensional barcodes, heavy
rules, pictures of a separator in a manual, and backs of separators where the front shines through.

Every sheet is drawn, soiled, saved as JPEG at 150 to 300 dpi and read from that file.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median

import cv2
import numpy as np
from PIL import Image

from benchmarks import separator_drawings as drawn
from benchmarks.sheets import Delivery, delivered, random_delivery
from digitize.separators import sheet_separator
from digitize.sheet import Sheet
from dossier.sample_paper import DPI, dots
from dossier.sample_wear import Pixels
from ocr.engine import single_threaded

_FORMS = ("15/2005", "{n}/2019", "{n}/QĐ-UBND", "{n}/2023/TT-BTP", "KQ.G15.{n:06d}", "BX {n}")


@dataclass(frozen=True)
class Case:
    """One kind of sheet: how it is drawn, and what must be found on it.

    Attributes:
        share: of the 2,000 sheets, in thousandths of each half.
        found: whether it is a separator; ``numbered``: whether its code can be read.
    """

    draw: drawn.Draw
    share: int
    found: bool
    numbered: bool = True


@dataclass(frozen=True)
class Seen:
    """What came of one sheet."""

    case: str
    found: bool
    number: str
    wanted: str
    seconds: float
    what: str


def measure_separators(count: int, seed: int) -> None:
    """Print how many separators were found, how many numbers read, and every false split."""
    jobs = list(_jobs(count, seed))
    workers = max(1, len(os.sched_getaffinity(0)) - 1)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=single_threaded) as pool:
        seen = list(pool.map(look_at, jobs, chunksize=8))
    print("| sheets | drawn | taken for a separator | number read | wrong number |")
    print("|---|---|---|---|---|")
    for name, case in CASES.items():
        own = [one for one in seen if one.case == name]
        found = sum(one.found for one in own)
        read = sum(bool(one.number) for one in own)
        wrong = sum(one.number not in ("", one.wanted) for one in own)
        print(f"| {name} | {len(own)} | {found} | {read if case.numbered else '–'} | {wrong} |")
    wanted = [one for one in seen if CASES[one.case].found]
    others = [one for one in seen if not CASES[one.case].found]
    hit, split = sum(one.found for one in wanted), sum(one.found for one in others)
    print(f"\nfound {hit} of {len(wanted)} ({hit / max(1, len(wanted)):.2%}), ", end="")
    print(f"false splits {split} of {len(others)}")
    for title, group in (("separators", wanted), ("other sheets", others)):
        times = sorted(one.seconds * 1000 for one in group)
        if times:
            high = times[int(0.99 * (len(times) - 1))]
            print(f"{title}: {median(times):.0f} ms a sheet, 99 of 100 within {high:.0f} ms")
    for one in seen:
        if one.found != CASES[one.case].found or one.number not in ("", one.wanted):
            print("wrong:", one.case, repr(one.number), repr(one.wanted), one.what)


def _jobs(count: int, seed: int) -> Iterator[tuple[str, int]]:
    """The kind and the seed of each sheet: half separators, half not, each kind in its share."""
    chance = Random(f"separators {seed}")
    for found in (True, False):
        kinds = [(name, case.share) for name, case in CASES.items() if case.found is found]
        whole = sum(share for _name, share in kinds)
        half, done = count // 2, 0
        for name, share in kinds:
            number = max(1, round(half * share / whole))
            for place in range(number):
                yield name, seed * 1_000_000 + chance.randrange(100_000) * 10 + place % 10
            done += number


def look_at(job: tuple[str, int]) -> Seen:
    """Draw one sheet, soil it, save it, and look for a separator in the file."""
    name, seed = job
    chance = Random(f"separator {seed}")
    number = chance.choice(_FORMS).format(n=chance.randrange(1, 40_000))
    case = CASES[name]
    delivery = _delivery(chance, name)
    behind = drawn.separator(chance, number) if name == "back of a separator" else None
    page = _delivered(case.draw(chance, number), delivery, seed, behind)
    if name == "scanned twice":
        page = _copied(page, chance)
        delivery = _delivery(chance, name)
        page = _delivered(_on_a4(page), delivery, seed + 1)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "sheet.jpg"
        picture = Image.fromarray(page).convert("L" if delivery.gray else "RGB")
        picture.save(path, "JPEG", quality=delivery.quality, dpi=(delivery.dpi, delivery.dpi))
        sheet = Sheet(0, path, 0, "image", "sheet", "", float(delivery.dpi))
        began = time.thread_time()
        separator = sheet_separator(sheet)
        seconds = time.thread_time() - began
    slip = separator.slip if separator else None
    return Seen(
        name,
        separator is not None,
        slip.number if slip else "",
        number,
        seconds,
        f"{seed} {delivery}",
    )


def _delivered(
    ink: Image.Image, delivery: Delivery, seed: int, behind: Image.Image | None = None
) -> Pixels:
    """The sheet soiled at the resolution it is delivered in: specks and blur are of its pixels.

    A third of the time of soiling it at 300 dpi first; the dirt comes out larger, not smaller.
    """
    scale = delivery.dpi / DPI
    behind = _scaled(behind, scale) if behind else None
    clean = replace(delivery, dpi=DPI, noise=0.0)
    page = delivered(_scaled(ink, scale), clean, seed, behind)
    return _grainy(page, delivery.noise, seed) if delivery.noise else page


def _scaled(ink: Image.Image, scale: float) -> Image.Image:
    if scale == 1.0:
        return ink
    size = (round(ink.width * scale), round(ink.height * scale))
    return Image.fromarray(cv2.resize(np.asarray(ink), size, interpolation=cv2.INTER_AREA))


def _grainy(page: Pixels, noise: float, seed: int) -> Pixels:
    """A sensor's noise, from one tile laid again and again."""
    tile = np.random.default_rng(seed).normal(0, noise, (509, 383, page.shape[2]))
    times = (-(-page.shape[0] // 509), -(-page.shape[1] // 383), 1)
    more, less = (
        np.tile(np.clip(part, 0, 255).astype(np.uint8), times)[: page.shape[0], : page.shape[1]]
        for part in (tile, -tile)
    )
    return np.asarray(cv2.subtract(cv2.add(page, more), less), np.uint8)


def _delivery(chance: Random, name: str) -> Delivery:
    """The corpus's dirt, at 150 to 300 dpi, tilted up to 15°."""
    delivery = random_delivery(chance)
    tilt = {"tilted": 15.0, "scanned twice": 5.0}.get(name, abs(delivery.skew))
    return replace(
        delivery,
        skew=round(chance.uniform(-tilt, tilt), 2),
        dpi=chance.choice((150, 150, 200, 200, 240, 300)),
        faint=chance.uniform(0.3, 0.65) if name == "faint" else delivery.faint,
        turn=chance.choice((0, 90, 180, 270)) if name in {"tilted", "ours"} else delivery.turn,
    )


def _on_a4(page: Pixels) -> Image.Image:
    """A scan printed again: on A4, a printer's few per cent smaller."""
    sheet = Image.new("RGB", (dots(210), dots(297)), "white")
    copy = Image.fromarray(page)
    if copy.width > copy.height:
        copy = copy.transpose(Image.Transpose.ROTATE_90)
    scale = min(sheet.width / copy.width, sheet.height / copy.height) * 0.97
    copy = copy.resize((round(copy.width * scale), round(copy.height * scale)))
    sheet.paste(copy, ((sheet.width - copy.width) // 2, (sheet.height - copy.height) // 2))
    return sheet


def _copied(page: Pixels, chance: Random) -> Pixels:
    """What a copier makes of it: hard black and white, ink a little swollen or eaten away."""
    gray = cv2.GaussianBlur(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    paper = float(np.percentile(gray, 70))
    copy = np.where(gray < paper * chance.uniform(0.55, 0.85), 20, 255).astype(np.uint8)
    if chance.random() < 0.5:
        kernel = np.ones((3, 3), np.uint8)
        copy = cv2.erode(copy, kernel) if chance.random() < 0.6 else cv2.dilate(copy, kernel)
    return cv2.cvtColor(copy, cv2.COLOR_GRAY2RGB)


CASES: dict[str, Case] = {
    "ours": Case(drawn.separator, 300, True),
    "tilted": Case(drawn.separator, 200, True),
    "faint": Case(drawn.separator, 120, True),
    "scanned twice": Case(drawn.separator, 150, True),
    "stained": Case(drawn.stained, 120, True),
    "codes struck out": Case(drawn.struck_out, 40, True, numbered=False),
    "patch sheet without a code": Case(drawn.patch_only, 70, True, numbered=False),
    "papers of all layouts": Case(drawn.paper, 480, False),
    "with an identity card's code": Case(drawn.with_code(drawn.card_text, 9, 60), 70, False),
    "with a seal": Case(drawn.with_code(drawn.seal_text, 20, 32), 70, False),
    "with a seal printed large": Case(drawn.with_code(drawn.seal_text, 45, 90), 40, False),
    "with a payment code": Case(drawn.with_code(drawn.payment_text, 25, 80), 60, False),
    "with a damaged separator code": Case(drawn.with_code(drawn.damaged_text, 45, 90), 30, False),
    "with barcodes and thick rules": Case(drawn.barcodes, 90, False),
    "with other patches": Case(drawn.other_patch, 50, False),
    "a separator shown in a manual": Case(drawn.in_a_manual, 50, False),
    "back of a separator": Case(drawn.blank, 60, False),
}
