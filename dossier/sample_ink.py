"""Ink that is not print: the round red seal and the pen stroke across it."""

from functools import cache
from itertools import accumulate
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from dossier.sample_paper import Colour, dots, typeface

RED, BLUE = (198, 30, 38), (38, 60, 158)


@cache
def round_seal(around: str, below: str, seed: int) -> Image.Image:
    """A red round seal of 36 mm with a star: ``around`` the top, ``below`` the bottom."""
    size = dots(38)
    seal = Image.new("L", (size, size), 255)
    pen, middle = ImageDraw.Draw(seal), size / 2
    for radius, width in ((18.0, 7), (16.9, 2), (11.6, 2)):
        r = dots(radius)
        pen.ellipse((middle - r, middle - r, middle + r, middle + r), outline=0, width=width)
    _along_circle(seal, around, dots(14.2), 0.0)
    _along_circle(seal, below, dots(14.2), 180.0)
    pen.polygon(_star(middle, dots(7.5)), fill=40)
    return _inked(seal.rotate(Random(seed).uniform(-14, 14), fillcolor=255), RED, seed)  # noqa: S311


def pen_stroke(seed: int, width: float = 42.0, height: float = 22.0) -> Image.Image:
    """A signature nobody has: a looping stroke of a blue pen."""
    chance = np.random.default_rng(seed)
    turns = chance.uniform(2.5, 4.0)
    t = np.linspace(0, 1, 500)
    swing = 0.30 * np.sin(2 * np.pi * turns * t + chance.uniform(0, 6)) * (1 - 0.6 * t)
    x = 0.12 + 0.62 * t + 0.15 * np.sin(2 * np.pi * (turns + 0.5) * t)
    y = 0.5 + swing + 0.12 * np.cos(2 * np.pi * 1.3 * t) - 0.1 * t
    points = np.stack([x * dots(width), y * dots(height)], axis=1)
    sheet = np.full((dots(height), dots(width)), 255, np.uint8)
    for part in range(0, 490, 10):  # the pressure of the hand changes along the way
        thick = int(4 + 2.4 * np.sin(part / 37.0))
        stretch = (points[part : part + 12] * 8).astype(np.int32)
        cv2.polylines(sheet, [stretch], False, 30, thick, cv2.LINE_AA, shift=3)
    return _inked(Image.fromarray(sheet), BLUE, seed, patchy=0.12)


def _along_circle(picture: Image.Image, text: str, radius: float, middle: float) -> None:
    """Letters round a circle about ``middle`` (degrees clockwise from the top), feet inwards.

    About the foot of the circle (180) they stand the other way round, heads inwards.
    """
    font, half = typeface(9.0, "b", "Arimo"), picture.width / 2
    at_foot = middle == 180.0
    widths = [font.getlength(letter) + 4 for letter in text]
    ends = list(accumulate(widths))
    for letter, width, end in zip(text, widths, ends, strict=True):
        share = np.degrees((end - width / 2 - ends[-1] / 2) / radius)
        angle = middle + (-share if at_foot else share)
        tile = Image.new("L", (60, 60), 0)
        ImageDraw.Draw(tile).text((30, 42), letter, 255, font, anchor="ms")
        tile = tile.rotate((180 if at_foot else 0) - angle, resample=Image.Resampling.BILINEAR)
        x = half + radius * np.sin(np.radians(angle))
        y = half - radius * np.cos(np.radians(angle))
        picture.paste(0, (round(x - 30), round(y - 30)), tile)


def _star(middle: float, radius: float) -> list[tuple[float, float]]:
    reach = [radius if point % 2 == 0 else radius * 0.382 for point in range(10)]
    turn = [np.pi * point / 5 for point in range(10)]
    return [
        (float(middle + r * np.sin(a)), float(middle - r * np.cos(a)))
        for r, a in zip(reach, turn, strict=True)
    ]


def _inked(shape: Image.Image, ink: Colour, seed: int, patchy: float = 0.45) -> Image.Image:
    """The shape (0 = inked) in a colour, thinner in places, as a hand presses it."""
    chance = np.random.default_rng(seed)
    coarse = chance.random((shape.height // 12 + 1, shape.width // 12 + 1), np.float32)
    spots = cv2.resize(coarse, (shape.width, shape.height), interpolation=cv2.INTER_CUBIC)
    cover = (1 - np.asarray(shape, np.float32) / 255) * (1 - patchy * np.clip(spots, 0, 1))
    colour = 255 - cover[..., None] * (255 - np.array(ink, np.float32))
    return Image.fromarray(colour.astype(np.uint8))
