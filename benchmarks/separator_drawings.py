"""What separators and what may be taken for them look like, before any dirt is on them."""

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
import segno
from PIL import Image, ImageDraw

from benchmarks.forms import FORMS
from benchmarks.layouts import LAYOUTS
from benchmarks.sheets import random_look
from digitize.patch import BARS_MM, NARROW_MM, WIDE_MM
from digitize.seal import rendered
from digitize.slips import Slip, separator_text
from dossier.sample_paper import Draft, Type, dots
from dossier.sample_people import card_qr, invent_family
from dossier.separator_sheets import SeparatorSheet, print_separators

#: Drawings of ordinary papers kept by each process: the dirt is new on every sheet.
_DRAWINGS = 60
Draw = Callable[[Random, str], Image.Image]
#: Patches that are neither T nor T upside down: 1, 4 and 6, and bars all alike.
_OTHERS = (
    (WIDE_MM, WIDE_MM, NARROW_MM, NARROW_MM),
    (NARROW_MM, WIDE_MM, WIDE_MM, NARROW_MM),
    (NARROW_MM, NARROW_MM, WIDE_MM, WIDE_MM),
    (NARROW_MM,) * 4,
    (WIDE_MM,) * 4,
)


@lru_cache(maxsize=40)
def _printed(number: str, line: int | None) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "separator.pdf"
        notes = ("Dòng 7", "Loại: Giấy khai sinh", "Số trang: 2")
        print_separators([SeparatorSheet(Slip(number, line), notes)], path)
        page = Image.fromarray(rendered(path, 0, 300)).convert("RGB")
        return page.crop((0, 0, dots(210), dots(297)))


def separator(chance: Random, number: str) -> Image.Image:
    """A separator as it is printed, with or without the line of the register."""
    return _printed(number, chance.choice((None, 7, 812_345))).copy()


def stained(chance: Random, number: str) -> Image.Image:
    """Coffee, a stamp's ink, pen strokes, a corner torn off: over anything but both codes."""
    page = separator(chance, number)
    pen = ImageDraw.Draw(page, "RGBA")
    for _ in range(chance.randrange(1, 4)):
        x, y = chance.randrange(page.width), chance.randrange(page.height)
        size = dots(chance.uniform(10, 45))
        colour = chance.choice(((150, 100, 40, 90), (200, 30, 30, 120), (40, 60, 160, 110)))
        pen.ellipse((x - size, y - size * 0.8, x + size, y + size * 0.8), fill=colour)
    for _ in range(chance.randrange(4)):
        ends = [(chance.randrange(page.width), chance.randrange(page.height)) for _end in range(2)]
        pen.line(ends, fill=(30, 40, 140, 255), width=dots(chance.uniform(0.4, 1.5)))
    if chance.random() < 0.4:
        pen.polygon(
            [(0, 0), (dots(chance.uniform(30, 90)), 0), (0, dots(chance.uniform(30, 90)))],
            fill="white",
        )
    return page


def struck_out(chance: Random, number: str) -> Image.Image:
    """Both codes made useless with a thick pen; the bars still say what the sheet is."""
    page = separator(chance, number)
    pen = ImageDraw.Draw(page)
    for left, top in ((28, 96), (128, 188)):
        for way in range(0, 60, 12):
            pen.line(
                (dots(left), dots(top + way), dots(left + 56), dots(top + way)), "black", dots(5)
            )
            pen.line(
                (dots(left + way), dots(top), dots(left + way), dots(top + 54)), "black", dots(5)
            )
    return page


def patch_only(chance: Random, _number: str) -> Image.Image:
    """A bought sheet: the bars alone, at the head, as wide as the page or in two pieces."""
    draft = Draft()
    top = chance.uniform(8, 60)
    left, right = chance.choice(((15, 195), (30, 90), (60, 150)))
    for bar in BARS_MM:
        draft.pen.rectangle((dots(left), dots(top), dots(right), dots(top + bar)), "black")
        if (left, right) == (30, 90):
            draft.pen.rectangle((dots(120), dots(top), dots(180), dots(top + bar)), "black")
        top += bar + NARROW_MM
    draft.write(105, 160, "PATCH T", Type(28, "b"), anchor="m")
    return draft.picture


@lru_cache(maxsize=_DRAWINGS)
def _drawing(seed: int) -> Image.Image:
    chance = Random(f"paper {seed}")
    layouts = {**LAYOUTS, **FORMS}
    layout = layouts[chance.choice(sorted(layouts))][0]
    return layout(random_look(chance), chance, invent_family(seed)).draft.picture


def paper(chance: Random, _number: str) -> Image.Image:
    """An ordinary paper."""
    return _drawing(chance.randrange(_DRAWINGS)).copy()


def with_code(
    text: Callable[[Random, str], str], least: float, most: float
) -> Callable[[Random, str], Image.Image]:
    """An ordinary paper with a QR code of that size, in millimetres, somewhere on it."""

    def draw(chance: Random, number: str) -> Image.Image:
        page = paper(chance, number)
        code = segno.make_qr(text(chance, number), error=chance.choice("lmqh"))
        side = dots(chance.uniform(least, most))
        modules = np.array(
            [[0 if bit else 255 for bit in row] for row in code.matrix_iter(border=4)], np.uint8
        )
        drawn = Image.fromarray(modules).resize((side, side), Image.Resampling.NEAREST)
        page.paste(
            drawn, (chance.randrange(page.width - side), chance.randrange(page.height - side))
        )
        return page

    return draw


def seal_text(chance: Random, number: str) -> str:
    """What the seal of a digitised paper says."""
    code = f"000.00.00.G15-KQ{chance.randrange(10**6):06d}"
    return f"SOHOA/1\nrecord_code={code}\nnumber={number}\nowner=099087000084"


def card_text(chance: Random, _number: str) -> str:
    """What an identity card's code says."""
    family = invent_family(chance.randrange(500))
    return card_qr(family.father, family.home, family.card_issued)


def payment_text(chance: Random, _number: str) -> str:
    """What a bank's payment code says."""
    account = f"{chance.randrange(10**12):012d}"
    return f"00020101021238570010A00000072701270006970436{account}0208QRIBFTTA5802VN6304ABCD"


def damaged_text(chance: Random, number: str) -> str:
    """A separator's text with one sign changed: the check must refuse it."""
    text = separator_text(Slip(number, 7))
    place = text.index(number) + chance.randrange(len(number))
    return text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]


def barcodes(chance: Random, number: str) -> Image.Image:
    """Bars of one-dimensional codes, thick and thin, and table rules as thick as patch bars."""
    page = paper(chance, number)
    pen = ImageDraw.Draw(page)
    thin = chance.uniform(0.3, 2.6)
    top, upright = chance.uniform(10, 200), chance.random() < 0.5
    place = chance.uniform(10, 40)
    for bar in range(chance.randrange(8, 40)):
        wide = thin * chance.choice((1, 1, 2, 2.5, 3))
        ends = (
            (place, top, place + wide, top + 60)
            if upright
            else (top, place, top + 60, place + wide)
        )
        pen.rectangle([dots(mm) for mm in ends], "black")
        place += wide + thin * chance.choice((1, 1, 2, 2.5))
        if place > 200 or bar > 60:
            break
    return page


def other_patch(chance: Random, number: str) -> Image.Image:
    """Four bars of another patch."""
    page, top = paper(chance, number), chance.uniform(10, 200)
    for bar in chance.choice(_OTHERS):
        ImageDraw.Draw(page).rectangle((dots(20), dots(top), dots(190), dots(top + bar)), "black")
        top += bar + NARROW_MM
    return page


def in_a_manual(chance: Random, number: str) -> Image.Image:
    """A page of instructions that shows separators, smaller than they are."""
    page, shown = paper(chance, number), separator(chance, number)
    scale = chance.uniform(0.25, 0.5)
    small = shown.resize(
        (round(shown.width * scale), round(shown.height * scale)), Image.Resampling.LANCZOS
    )
    page.paste(
        small,
        (chance.randrange(page.width - small.width), chance.randrange(page.height - small.height)),
    )
    return page


def blank(_chance: Random, _number: str) -> Image.Image:
    """Nothing."""
    return Draft().picture
