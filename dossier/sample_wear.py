"""What life and a scanner do to a printed sheet: tint, shade, dirt, tilt, noise, JPEG."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dossier.sample_paper import DPI, Colour

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Wear:
    """How a side looks when it has been lived with and scanned.

    Attributes:
        tint: colour of the paper.
        shade: how much darker the darkest edge is, 0-1.
        skew: tilt in degrees counter-clockwise.
        upside_down: fed with the foot first.
        dirt: specks on the sheet.
        streak: a line down the sheet from a dirty roller.
    """

    tint: Colour = (252, 250, 245)
    shade: float = 0.06
    skew: float = 0.0
    upside_down: bool = False
    dirt: int = 6
    streak: bool = False


LID = (58, 57, 60)  # the dark underside of a feeder's lid, seen beside a tilted sheet


def scanned(ink: Image.Image, wear: Wear, seed: int, behind: Image.Image | None = None) -> Pixels:
    """The side as a scanner delivers it: paper, shade, what shines through, dirt, tilt, noise.

    Returns RGB pixels, uint8, shape (3508, 2480, 3).
    """
    chance = np.random.default_rng(seed)
    page: Pixels = _bytes(cv2.GaussianBlur(np.asarray(ink), (3, 3), 0.55))
    if behind is not None:
        page = _bytes(cv2.multiply(page, _shining_through(behind), scale=1 / 255))
    paper = _paper(page.shape[1], page.shape[0], wear, chance)
    page = _bytes(cv2.multiply(page, paper, scale=1 / 255))
    _soil(page, wear, chance)
    if wear.skew:
        height, width = page.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), wear.skew, 1.0)
        page = _bytes(cv2.warpAffine(page, turn, (width, height), borderValue=LID))
    page = _with_noise(page, chance)
    return np.ascontiguousarray(page[::-1, ::-1]) if wear.upside_down else page


def write_jpeg(path: Path, pixels: Pixels) -> None:
    """The pixels as a JPEG of quality 85 that says 300 dpi."""
    Image.fromarray(pixels).save(path, "JPEG", quality=85, dpi=(DPI, DPI))


def _bytes(pixels: NDArray[Any]) -> Pixels:
    """OpenCV keeps the type of its input; its annotations do not say so."""
    return pixels.astype(np.uint8, copy=False)


def _shining_through(front: Image.Image) -> Pixels:
    """The other side's print, mirrored, blurred and nearly gone."""
    small = front.convert("L").reduce(4).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    faint = cv2.GaussianBlur(255 - np.asarray(small), (0, 0), 1.5)
    faint = 255 - (faint * 0.05).astype(np.uint8)
    grey = cv2.resize(faint, front.size, interpolation=cv2.INTER_LINEAR)
    return _bytes(cv2.merge([grey, grey, grey]))


def _paper(width: int, height: int, wear: Wear, chance: np.random.Generator) -> Pixels:
    """Tinted paper under a lamp that is weaker towards one corner, with cloudy fibre."""
    y, x = np.mgrid[0:1:45j, 0:1:32j].astype(np.float32)
    angle = chance.uniform(0, 2 * np.pi)
    fall = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.5
    light = 1 - wear.shade * np.clip(fall, 0, 1) ** 2 + chance.normal(0, 0.003, x.shape)
    small = np.clip(light[..., None] * np.array(wear.tint), 0, 255).astype(np.uint8)
    return _bytes(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def _soil(page: Pixels, wear: Wear, chance: np.random.Generator) -> None:
    height, width = page.shape[:2]
    for _ in range(wear.dirt):
        centre = (int(chance.integers(60, width - 60)), int(chance.integers(60, height - 60)))
        grey = int(chance.integers(90, 200))
        cv2.circle(
            page, centre, int(chance.integers(1, 5)), (grey, grey, grey - 10), -1, cv2.LINE_AA
        )
    if wear.streak:
        x = int(chance.integers(width // 8, width // 4))
        page[:, x : x + 2] = (page[:, x : x + 2] * 0.88).astype(np.uint8)


def _with_noise(page: Pixels, chance: np.random.Generator) -> Pixels:
    """Sensor noise of about two grey levels, from one tile laid again and again."""
    tile = np.clip(chance.normal(8, 2.2, (440, 310, 3)), 0, 255).astype(np.uint8)
    height, width = page.shape[:2]
    noise = np.tile(tile, (-(-height // 440), -(-width // 310), 1))[:height, :width]
    return _bytes(cv2.subtract(cv2.add(page, noise), np.full(4, 8.0)))
