"""How straight sheets leave that were laid in crooked: the tilt left, and the turn found."""

import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import fmean

import cv2

from benchmarks.layouts import LAYOUTS
from benchmarks.sheets import Delivery, draw_sheet
from digitize.clean import clean
from digitize.ink import find_marks
from digitize.reading import settle_turn
from digitize.tilt import find_skew
from digitize.upright import guess_turn
from ocr.background import u8

#: Far tilts show the lid or more of their own paper; none is cut off.
_LIDS = (None, 25, 60, 95)


def measure_straight(count: int, seed: int) -> None:
    """Draw sheets tilted by up to 15° and fed in all directions; print what is left of it.

    The tilt left is what the page was laid in with, less what it was turned back by.
    """
    chance = Random(f"straight {seed}")
    kinds = [kind for kind in LAYOUTS if kind != "blank"]
    left, wrong, unsure = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path, kind = Path(folder) / "sheet.jpg", kinds[number % len(kinds)]
            delivery = _crooked(chance)
            draw_sheet(path, kind, seed * 1000 + number, delivery)
            gray = u8(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
            dpi = float(delivery.dpi)
            marks = find_marks(gray, dpi)
            guess = guess_turn(marks)
            degrees, skew, sure = guess.degrees, guess.skew, guess.sure
            if not sure:
                degrees, sure = settle_turn(gray, dpi, marks, guess, "vie")
                skew = find_skew(marks.turned(degrees))
            page = clean(gray, dpi, marks, degrees, skew)
            unsure += not sure
            name = f"{kind}, fed turned {delivery.turn}°, tilted {delivery.skew}°"
            if page.rotation != delivery.turn:
                wrong.append(f"{name}: turned {page.rotation}°")
                continue
            left.append((abs(page.skew - delivery.skew), name))
    worst = max(left)
    print(f"{count} sheets, {len(wrong)} turned wrong, {unsure} unsure of their turn")
    print(f"tilt left: {fmean(tilt for tilt, _name in left):.3f}° mean, {worst[0]:.2f}° worst")
    print(f"worst: {worst[1]}", *wrong, sep="\n")


def _crooked(chance: Random) -> Delivery:
    lid = chance.choice(_LIDS)
    plain = Delivery(
        shade=chance.choice((0.05, 0.2)),
        dirt=chance.randrange(20),
        faint=chance.choice((0.0, 0.0, 0.4)),
        skew=round(chance.uniform(-14.5, 14.5), 2),
        turn=chance.choice((0, 90, 180, 270)),
        lid=lid,
        margin=round(chance.uniform(2, 14), 1),
        dpi=chance.choice((200, 300)),
        gray=True,
    )
    return plain if chance.random() < 0.7 else replace(plain, skew=round(plain.skew / 10, 2))
