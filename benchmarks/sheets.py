"""Sheets for benchmarks and tuning, as feeders deliver them: drawn, soiled, and the truth told.

    truth = draw_sheets(Path("sheets"), 40, seed=3)    # 000.jpg ... and truth.json

The same seed gives the same sheets with the same fonts and libraries. ``truth.json`` maps
file names to ``kind``, ``text`` (NFC, a line for each line of print), ``blank``,
``rotation`` (degrees clockwise as fed), ``skew`` (degrees counter-clockwise, after
turning), ``qr``, ``fields``, ``family`` and ``points`` of the type, and ``delivery``: what
was done to the sheet.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.faces import families
from benchmarks.forms import FORMS
from benchmarks.layouts import COMMUNES, LAYOUTS, PROVINCES, Drawing, Look, letter
from dossier.sample_paper import DPI, Colour
from dossier.sample_people import invent_family
from dossier.sample_wear import Pixels, Wear, scanned

TRUTH = "truth.json"
#: No layout prints nearer to the edge than this.
_EMPTY_EDGE_MM = 10.0
_TINTS = ((253, 252, 250), (252, 249, 240), (250, 240, 236), (243, 244, 246), (236, 228, 208))


@dataclass(frozen=True)
class Delivery:
    """What age and a scanner made of a sheet.

    Attributes:
        tint: colour of the paper.
        shade: how much darker the darkest edge is, 0-1.
        dirt: specks. streak: a line from a dirty roller.
        behind: the other side shines through.
        faint: share of the ink that has faded, 0-1.
        skew: tilt in degrees counter-clockwise.
        turn: degrees clockwise by which it was fed turned.
        lid: grey of what shows beside the sheet; None where its own colour goes on.
        margin: millimetres of that on every side.
        blur: standard deviation of the lens, pixels at 300 dpi.
        noise: standard deviation of the sensor, grey levels, beside the 2.2 of all.
        dpi, gray, quality: of the JPEG.
    """

    tint: Colour = _TINTS[0]
    shade: float = 0.04
    dirt: int = 4
    streak: bool = False
    behind: bool = False
    faint: float = 0.0
    skew: float = 0.0
    turn: int = 0
    lid: int | None = None
    margin: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    dpi: int = DPI
    gray: bool = False
    quality: int = 85


def draw_sheets(
    folder: Path, count: int, *, seed: int = 1, kinds: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Draw sheets into a folder, with their ``truth.json``; the truth by file name.

    Args:
        kinds: only these of :data:`benchmarks.layouts.LAYOUTS`; all without a wish.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(f"sheets {seed}")
    wanted = _kinds(chance, count, kinds)
    truth = {}
    for number, kind in enumerate(wanted):
        name = f"{number:03d}.jpg"
        truth[name] = draw_sheet(folder / name, kind, seed * 100_000 + number)
    (folder / TRUTH).write_text(json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8")
    return truth


def draw_sheet(
    path: Path, kind: str, seed: int, delivery: Delivery | None = None
) -> dict[str, Any]:
    """Draw one sheet of a kind; the truth about it. A ``delivery`` takes the place of chance."""
    chance = Random(f"sheet {seed}")
    look, family = random_look(chance), invent_family(seed)
    layout = LAYOUTS[kind][0] if kind in LAYOUTS else FORMS[kind][0]
    drawing: Drawing = layout(look, chance, family)
    delivery = delivery or random_delivery(chance)
    if kind == "blank":
        delivery = replace(delivery, behind=chance.random() < 0.6)
    behind = letter(look, chance, family).draft.picture if delivery.behind else None
    page = delivered(drawing.draft.picture, delivery, seed, behind)
    picture = Image.fromarray(page).convert("L" if delivery.gray else "RGB")
    resolution = (delivery.dpi, delivery.dpi)
    picture.save(path, "JPEG", quality=delivery.quality, dpi=resolution)
    return {
        "kind": kind,
        "text": drawing.draft.text,
        "blank": kind == "blank",
        "rotation": delivery.turn,
        "skew": delivery.skew,
        "qr": list(drawing.qr),
        "fields": drawing.fields,
        "family": look.family,
        "points": look.points,
        "delivery": _unusual(delivery),
    }


def delivered(
    picture: Image.Image, delivery: Delivery, seed: int, behind: Image.Image | None = None
) -> Pixels:
    """A drawn side as the scanner gives it: RGB pixels at the delivery's resolution."""
    if delivery.faint:
        picture = Image.blend(picture, Image.new("RGB", picture.size, "white"), delivery.faint)
    wear = Wear(delivery.tint, delivery.shade, dirt=delivery.dirt, streak=delivery.streak)
    page = _tilted(scanned(picture, wear, seed, behind), delivery)
    if delivery.blur:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), delivery.blur), np.uint8)
    if delivery.dpi != DPI:
        size = [round(side * delivery.dpi / DPI) for side in page.shape[1::-1]]
        method = cv2.INTER_AREA if delivery.dpi < DPI else cv2.INTER_CUBIC
        page = np.asarray(cv2.resize(page, size, interpolation=method), np.uint8)
    if delivery.noise:
        grain = np.random.default_rng(seed).normal(0, delivery.noise, page.shape)
        page = np.clip(page + grain, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(page, -delivery.turn // 90))


def _tilted(page: Pixels, delivery: Delivery) -> Pixels:
    """The sheet askew on the lid, or on more of its own paper."""
    height, width = page.shape[:2]
    # What leans far needs a larger glass, or its corners would be cut off.
    least = height / 2 * abs(np.sin(np.radians(delivery.skew))) - _EMPTY_EDGE_MM * DPI / 25.4
    margin = round(max(delivery.margin * DPI / 25.4, least))
    if not (delivery.skew or margin):
        return page
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), delivery.skew, 1.0)
    matrix[:, 2] += margin
    size = (width + 2 * margin, height + 2 * margin)
    beside = [delivery.lid] * 3 if delivery.lid is not None else page[2, 2].tolist()
    return np.asarray(cv2.warpAffine(page, matrix, size, borderValue=beside), np.uint8)


def _kinds(chance: Random, count: int, wanted: Sequence[str]) -> list[str]:
    """Kinds of ``count`` sheets: each in its share, rounded up for the rare, then shuffled."""
    shares = {
        kind: share for kind, (_draw, share) in LAYOUTS.items() if kind in wanted or not wanted
    }
    if unknown := set(wanted) - set(LAYOUTS):
        raise ValueError(f"no such kind: {', '.join(sorted(unknown))}; {', '.join(LAYOUTS)}")
    deck = [kind for kind, share in shares.items() for _ in range(share)]
    chosen: list[str] = []
    while len(chosen) < count:
        chosen += chance.sample(deck, len(deck))
    return chosen[:count]


def random_look(chance: Random) -> Look:
    """Half the papers in the type that NĐ 30/2020 asks for, the rest in any other."""
    others = [name for name in families() if name != "Tinos"]
    family = "Tinos" if chance.random() < 0.5 or not others else chance.choice(others)
    wide = family.startswith("DejaVu") or family == "Cousine"
    points = chance.choice((11.0, 12.0, 13.0, 13.0, 14.0)) - (2.0 if wide else 0.0)
    left = chance.choice((20.0, 25.0, 30.0))
    right = 210.0 - chance.choice((12.0, 15.0, 20.0))
    return Look(family, points, left, right, chance.choice(COMMUNES), chance.choice(PROVINCES))


def random_delivery(chance: Random) -> Delivery:
    """A third of the sheets clean; the others with a few things wrong at once."""
    if chance.random() < 0.33:
        return Delivery(tint=chance.choice(_TINTS[:4]), quality=chance.choice((80, 85, 90)))
    lid = chance.choice((None, None, 25, 60, 95))
    skew = chance.choice((0.0, chance.uniform(-4, 4), chance.uniform(-4, 4), chance.uniform(-9, 9)))
    return Delivery(
        tint=chance.choice(_TINTS),
        shade=chance.choice((0.05, 0.12, 0.25)),
        dirt=chance.randrange(30),
        streak=chance.random() < 0.2,
        behind=chance.random() < 0.2,
        faint=chance.choice((0.0, 0.0, 0.0, 0.25, 0.4)),
        skew=round(skew, 2),
        turn=chance.choice((0, 0, 0, 0, 0, 90, 180, 180, 270)),
        lid=lid,
        margin=round(chance.uniform(2, 14), 1)
        if lid is not None and chance.random() < 0.7
        else 0.0,
        blur=chance.choice((0.0, 0.0, 0.0, 0.7, 1.1)),
        noise=chance.choice((0.0, 0.0, 2.0, 5.0)),
        dpi=chance.choice((300, 300, 300, 300, 200, 400)),
        gray=chance.random() < 0.15,
        quality=chance.choice((60, 75, 85, 92)),
    )


def _unusual(delivery: Delivery) -> dict[str, Any]:
    """What differs from a clean delivery."""
    clean = Delivery()
    found = asdict(delivery)
    return {
        f.name: found[f.name] for f in fields(Delivery) if found[f.name] != getattr(clean, f.name)
    }
