"""How the light fell: is the sheet too dark, does a shadow or a hand lie on it, is it streaked?"""

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import MM, Marks
from digitize.turning import Pixels
from ocr.background import channels, resized, u8
from ocr.components import components

#: Resolution, dots per inch, at which paper is looked at behind the print.
_PAPER_DPI = 25.0
#: Pixels per millimetre at that resolution.
_PAPER_MM = _PAPER_DPI / 25.4
#: Print is closed by taking the brightest within this many millimetres.
_CLOSE_MM = 3.0
#: Share of the sheet that must follow the same smooth light for it to be paper at all.
_MOSTLY_PAPER = 0.55
#: Loss of light, 0-1, beyond what the lamp's own unevenness leaves.
_LEAST_LOSS = 0.12
#: A hand or a shadow covers at least this much, in square millimetres.
_HAND_MM2, _SHADOW_MM2 = 90.0, 1500.0
#: How much of its box a photo, a filled field or a bar of print fills; a finger less.
_RECTANGLE = 0.9
#: Straight fingers fill their box too, but are at most this long, in millimetres.
_FINGER_MM = 45.0
#: A shadow's border is at least this wide, in millimetres; print begins at once.
_SOFT_MM = 1.5
#: A straight rim of what shows beside a sheet, pale as it may be, is at least this long and bends
#: by less than this, in millimetres; its border is sharp: this far inside it is as dark as
#: anywhere to this share, this far outside it has no more than this share of that.
_RIM_MM, _BENT_MM = 30.0, 1.5
_INSIDE_MM, _AS_DARK, _OUTSIDE_MM, _AS_BRIGHT = 2.0, 0.85, 2.0, 0.3
#: Points along a streak that must show it, and which of the rows between them are looked at.
_CHUNKS, _EVERY = 12, 3


@dataclass(frozen=True)
class Light:
    """What the light did to a sheet.

    Attributes:
        brightness: of the paper, 0-1 of white, by its brightest colour: a red cover is not dark.
        hand: how much darker than the paper a finger or another thing that reaches over the
            edge is, 0-1; 0.0 when there is none.
        shadow: the same of the darkest shadow.
        streak: how much darker than beside it the darkest streak through the whole sheet is.
    """

    brightness: float
    hand: float
    shadow: float
    streak: float


def look_at_light(pixels: Pixels, marks: Marks) -> Light:
    """Brightness, shadows and streaks of a sheet as scanned.

    Args:
        pixels: H×W×3 or H×W uint8, in the direction of ``marks``.
        marks: what was found on it.
    """
    bare = _bare(marks)
    if not bare.any():
        return Light(0.0, 0.0, 0.0, 0.0)
    small = resized(pixels, 2 * bare.shape[1] / pixels.shape[1])
    darkest, brightest = (
        _closed(u8(light), bare.shape)
        for light in ((small, small) if small.ndim == 2 else channels(small))
    )
    brightness = float(np.percentile(brightest[bare], 75)) / 255
    hand, shadow = _what_lies_over(darkest, bare)
    return Light(round(brightness, 3), round(hand, 3), round(shadow, 3), round(_streak(marks), 3))


def _bare(marks: Marks) -> NDArray[np.bool_]:
    """Where the sheet and no lid is seen, at the paper's resolution, the lid's fringe left out."""
    lid = cv2.dilate(marks.lid, np.ones((2 * round(MM) + 1,) * 2, np.uint8))
    return np.asarray(resized(u8(255 * lid), _PAPER_DPI / 25.4 / MM) == 0, dtype=np.bool_)


def _closed(picture: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The paper behind the print, at the paper's resolution, from twice that."""
    size = round(2 * _CLOSE_MM * _PAPER_MM) | 1
    paper = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return u8(cv2.resize(paper, shape[::-1], interpolation=cv2.INTER_AREA))


def _what_lies_over(paper: Pixels, bare: NDArray[np.bool_]) -> tuple[float, float]:
    """How much darker than the light about them the darkest hand and the darkest shadow are."""
    light, follows = _smooth_light(paper, bare)
    if follows < _MOSTLY_PAPER:
        return 0.0, 0.0
    loss = np.where(bare, 1 - paper / np.maximum(light, 1.0), 0.0)
    dark = u8(loss > _LEAST_LOSS)
    _clear_rims(dark, loss)
    dark = u8(cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    beside = np.pad(bare, 1)  # beside it lies the lid or the picture's end
    edge = u8(cv2.erode(u8(beside), np.ones((3, 3), np.uint8)))[1:-1, 1:-1] == 0
    labels, stats, _centres = components(dark)
    hand = shadow = 0.0
    for number, box in enumerate(stats[1:], start=1):
        part = labels == number
        depth = float(np.percentile(loss[part], 60))
        if _is_shadow(box, part, loss):
            shadow = max(shadow, depth)
        elif (part & edge).any() and _is_hand(box):
            hand = max(hand, depth)
    return hand, shadow


def _smooth_light(paper: Pixels, bare: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """The lamp's light as a surface of the second degree, and the share of paper that follows it.

    Fitted again and again to what is not darker than it, so that what lies on the paper
    does not bend it.
    """
    height, width = paper.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].reshape(2, -1)
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y])
    level, seen = paper.ravel().astype(np.float64), bare.ravel()
    bright = float(np.percentile(level[seen], 90))
    surface, keep = np.full(level.shape, bright), seen & (level > 0.5 * bright)
    for _ in range(6):
        if keep.sum() < 50:
            return surface.reshape(paper.shape), 0.0
        kept = terms * keep  # the normal equations of six unknowns
        weights, *_rest = np.linalg.lstsq(kept @ terms.T, kept @ level, rcond=None)
        surface = weights @ terms
        keep = seen & (np.abs(level - surface) < 0.06 * np.maximum(surface, 1.0))
    return surface.reshape(paper.shape), float(keep.sum() / seen.sum())


def _clear_rims(dark: NDArray[np.uint8], loss: NDArray[np.float64]) -> None:
    """Take out of the mask what lies between a straight, sharp edge and the picture's own: a lid
    too pale to be told from paper, beside a sheet that leans."""
    for mask, lost in ((dark, loss), (dark.T, loss.T)):
        for side, depths in ((mask, lost), (mask[:, ::-1], lost[:, ::-1])):
            _clear_rim(side, depths)


def _clear_rim(dark: NDArray[np.uint8], loss: NDArray[np.float64]) -> None:
    depth = (dark == 0).argmax(axis=1)  # of what is dark, from the left; 0 where all of a row is
    rows = np.flatnonzero(depth)
    if len(rows) < _RIM_MM * _PAPER_MM:
        return
    # Medians: where the rim of the next side begins, the depth leaps.
    far = len(rows) // 4
    slope = np.median((depth[rows[far:]] - depth[rows[:-far]]) / (rows[far:] - rows[:-far]))
    aside = depth[rows] - slope * rows
    kept = rows[np.abs(aside - np.median(aside)) < _BENT_MM * _PAPER_MM]
    if len(kept) < _RIM_MM * _PAPER_MM:
        return
    inside, outside = round(_INSIDE_MM * _PAPER_MM), round(_OUTSIDE_MM * _PAPER_MM)
    deep = kept[(depth[kept] > inside) & (depth[kept] + outside < dark.shape[1])]
    if not len(deep):
        return
    darkest = np.array([np.median(loss[row, : depth[row]]) for row in deep])
    within, beyond = loss[deep, depth[deep] - inside], loss[deep, depth[deep] + outside]
    if np.median(within / darkest) > _AS_DARK and np.median(beyond / darkest) < _AS_BRIGHT:
        for row in kept:
            dark[row, : depth[row]] = 0


def _is_hand(box: NDArray[np.int32]) -> bool:
    """Whether something at the edge has a finger's size and is no rectangle."""
    _x, _y, w, h, area = (int(v) for v in box)
    if area < _HAND_MM2 * _PAPER_MM**2 or min(w, h) < 6 * _PAPER_MM:
        return False
    return area < _RECTANGLE * w * h or max(w, h) < _FINGER_MM * _PAPER_MM


def _is_shadow(box: NDArray[np.int32], part: NDArray[np.bool_], loss: NDArray[np.float64]) -> bool:
    """Something large whose border is soft, or that runs along a whole side."""
    _x, _y, w, h, area = (int(v) for v in box)
    if area < _SHADOW_MM2 * _PAPER_MM**2:
        return False
    rows, columns = part.shape
    if (h >= 0.9 * rows and w < 0.5 * columns) or (w >= 0.9 * columns and h < 0.5 * rows):
        return True
    core = part & (loss > 0.75 * float(np.percentile(loss[part], 75)))
    border = int(part.sum() - core.sum())
    outline = max(1, int(part.sum() - cv2.erode(u8(part), np.ones((3, 3), np.uint8)).sum()))
    return border / outline >= _SOFT_MM * _PAPER_MM


def _streak(marks: Marks) -> float:
    """The darkest line that runs through the whole sheet, along or across, as a loss of light."""
    return max(
        _streak_down(marks.flat, marks.lid),
        _streak_down(np.ascontiguousarray(marks.flat.T), np.ascontiguousarray(marks.lid.T)),
    )


def _streak_down(flat: NDArray[np.uint8], lid: NDArray[np.uint8]) -> float:
    rows = np.flatnonzero(lid.mean(axis=1) < 0.5)
    margin, reach = round(4 * MM), round(1.5 * MM)
    if len(rows) < 20 * _CHUNKS or flat.shape[1] < 4 * reach:
        return 0.0
    top, bottom = int(rows[0]) + reach, int(rows[-1]) + 1 - reach
    inner = np.linspace(top + margin, bottom - margin, _CHUNKS + 1).astype(int)
    chunks = list(itertools.pairwise([top, *inner, bottom]))
    bare = np.array([_bare_columns(lid[start:end], reach) for start, end in chunks])
    # A streak shows in both margins, where hardly a column is darker than those beside it.
    columns = np.arange(reach, flat.shape[1] - reach)
    for end in (0, -1):
        loss = _loss(flat[slice(*chunks[end])], columns, reach)
        columns = columns[~bare[end, columns] | (loss > 0)]
    # Where the lid is seen a streak is not; the rest must show it, margins included.
    seen = bare[:, columns]
    depth = np.array([_loss(flat[slice(*chunk)], columns, reach) for chunk in chunks])
    depth[~seen] = 1.0
    # Through print a streak is lost in a chunk or two; a rule of a table leaves the margins.
    through = np.minimum(np.percentile(depth, 25, axis=0), np.minimum(depth[0], depth[-1]))
    through[seen.mean(axis=0) < 0.6] = 0.0
    return float(through.max(initial=0.0))


def _bare_columns(lid: NDArray[np.uint8], reach: int) -> NDArray[np.bool_]:
    """Columns of a chunk about which no lid is seen."""
    near = cv2.dilate(lid.max(axis=0), np.ones(2 * reach + 1, np.uint8))
    return np.asarray(near.ravel() == 0, dtype=np.bool_)


def _loss(chunk: NDArray[np.uint8], columns: NDArray[np.intp], reach: int) -> NDArray[np.float64]:
    """How much darker, 0-1, each of the columns is than the darker one of those beside it."""
    rows = chunk[::_EVERY]
    level, left, right = (
        np.median(rows[:, columns + aside], axis=0) for aside in (0, -reach, reach)
    )
    return np.asarray((np.minimum(left, right) - level) / 255, np.float64)
