"""A page that was photographed at an angle: found by its four corners and made flat.

Promise: a scanner's sheet is never touched. What counts is a quadrilateral of paper well
inside the picture, with straight sides that stand out from the table all along and that
are not those of a rectangle; a sheet on a scanner's lid is one, however it lies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.turning import Pixels, to_gray
from ocr.background import resized, u8

#: Longer side of the copy on which the page is looked for, in pixels.
_LOOK = 700
#: Share of the picture the page must cover, and of its quadrilateral the paper must fill.
_LEAST, _MOST, _FILLED = 0.15, 0.96, 0.96
#: No corner lies nearer to the picture's edge than this share of its longer side.
_INSIDE = 0.004
#: Share of each side along which the paper must stand out from the table, by this many levels.
_ALONG, _STEP = 0.8, 10.0
#: A side may bend by this share of its length: more is a crumpled or bound page.
_BEND = 0.008
#: A quadrilateral is a rectangle, and a scanner's doing, while its angles are right within
#: this many degrees and its opposite sides equal within this share. Rounded feeds shear by 0.5°.
_ANGLE, _SIDES = 1.5, 0.02
#: Ratios of the long to the short side of papers a picture is taken of, and the short side
#: in millimetres: the A series, identity cards (ISO 7810 ID-1).
_PAPERS = ((2**0.5, 210.0), (85.6 / 53.98, 53.98))
#: How far, as a share, the ratio measured may be from the nearest of these.
_RATIO = 0.15
#: Focal length as a multiple of the picture's longer side: telephones have 0.7 to 0.8, with
#: their longer lens up to 2. What a view says beyond these it says by chance.
_FOCAL, _FOCALS = 0.75, (0.55, 2.0)


@dataclass(frozen=True)
class Flattened:
    """A photographed page.

    Attributes:
        pixels: the page alone, flat; the picture as it was where the page was not found.
        dpi: its resolution if its paper's size is known; else None.
        found: ``no`` photograph, a page that was ``flattened``, or one that is ``unsure``.
    """

    pixels: Pixels
    dpi: float | None
    found: Literal["no", "flattened", "unsure"]


def flatten_photo(pixels: Pixels) -> Flattened:
    """Find a page photographed at an angle and make it flat.

    Args:
        pixels: H×W×3 (BGR) or H×W uint8.
    """
    nothing = Flattened(pixels, None, "no")
    height, width = pixels.shape[:2]
    if min(height, width) < 200:
        return nothing
    scale = _LOOK / max(height, width)
    small = resized(pixels, min(1.0, scale))
    unsure = False
    for paper in _papers(small):
        corners = _corners(paper)
        if corners is None or not _in_perspective(corners):
            continue
        if _stands_out(small, corners):
            exact = corners / np.array(small.shape[1::-1]) * np.array((width, height))
            return _made_flat(pixels, exact)
        unsure = True
    return Flattened(pixels, None, "unsure") if unsure else nothing


def _papers(small: Pixels) -> Iterator[NDArray[np.uint8]]:
    """Masks of what may be paper: what is lighter or greyer than the rest, or not like the edge."""
    colour = small if small.ndim == 3 else u8(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))
    calm = u8(cv2.medianBlur(colour, 5))
    lab = cv2.cvtColor(calm, cv2.COLOR_BGR2LAB).astype(np.float32)
    around = np.concatenate([lab[:4].reshape(-1, 3), lab[-4:].reshape(-1, 3)])
    around = np.concatenate([around, lab[:, :4].reshape(-1, 3), lab[:, -4:].reshape(-1, 3)])
    unlike = np.linalg.norm(lab - np.median(around, axis=0), axis=2)
    gray = to_gray(calm)
    grey = 255 - cv2.cvtColor(calm, cv2.COLOR_BGR2HSV)[:, :, 1]
    for layer in (gray, u8(np.clip(unlike * 2, 0, 255)), u8(grey)):
        _level, mask = cv2.threshold(layer, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        if (part := _largest(u8(mask))) is not None:
            yield part


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The largest piece with its print filled in, if it has the size of a page."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    outlines, _tree = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    share = cv2.contourArea(outline) / mask.size
    if not _LEAST <= share <= _MOST:
        return None
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, [outline], -1, (255,), cv2.FILLED)
    return filled


def _corners(paper: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """The four corners, clockwise from the upper left, where the sides' middles lead; or None."""
    outlines, _tree = cv2.findContours(paper, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    hull = np.asarray(cv2.convexHull(outline), dtype=np.int32)
    rough = _four(hull)
    if rough is None:
        return None
    points = outline.reshape(-1, 2).astype(np.float64)
    lines = []
    for start, end in zip(rough, np.roll(rough, -1, axis=0), strict=True):
        line = _side(points, start, end)
        if line is None:
            return None
        lines.append(line)
    corners = [np.cross(a, b) for a, b in zip([lines[-1], *lines[:-1]], lines, strict=True)]
    if min(abs(c[2]) for c in corners) < 1e-9:
        return None
    found = np.array([c[:2] / c[2] for c in corners])
    height, width = paper.shape
    least = _INSIDE * max(height, width)
    inside = (found > least).all() and (found < np.array((width, height)) - 1 - least).all()
    area = cv2.contourArea(found.astype(np.float32))
    if not inside or area <= 0 or not _FILLED <= cv2.contourArea(outline) / area <= 1.03:
        return None
    return _clockwise(found)


def _four(hull: NDArray[np.int32]) -> NDArray[np.float64] | None:
    around = cv2.arcLength(hull, True)
    for share in (0.01, 0.02, 0.03, 0.05):
        rough = cv2.approxPolyDP(hull, share * around, True).reshape(-1, 2)
        if len(rough) == 4:
            return rough.astype(np.float64)
    return None


def _side(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """A side's line as a, b, c of ax + by + c = 0, from its middle four fifths; None if bent."""
    along = end - start
    length = float(np.hypot(*along))
    unit = along / length
    offset = points - start
    place, aside = offset @ unit, offset @ np.array((-unit[1], unit[0]))
    near = points[(place > 0.1 * length) & (place < 0.9 * length) & (abs(aside) < 0.03 * length)]
    if len(near) < 0.5 * length:
        return None
    dx, dy, x, y = cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
    away = np.abs((near[:, 0] - x) * -dy + (near[:, 1] - y) * dx)
    if np.percentile(away, 90) > max(1.5, _BEND * length):
        return None
    return np.array((-dy, dx, dy * x - dx * y), dtype=np.float64)


def _clockwise(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = corners.mean(axis=0)
    angles = np.arctan2(*(corners - middle).T[::-1])
    ordered = corners[np.argsort(angles)]  # y grows downwards: clockwise, from the left
    first = int(np.argmin(ordered.sum(axis=1)))
    return np.asarray(np.roll(ordered, -first, axis=0), dtype=np.float64)


def _in_perspective(corners: NDArray[np.float64]) -> bool:
    """Whether the corners are those of no rectangle, however it is turned."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(*sides.T)
    before = -np.roll(sides, 1, axis=0)
    cosines = (sides * before).sum(axis=1) / (lengths * np.roll(lengths, 1))
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    unlike = [abs(np.log(lengths[i] / lengths[i + 2])) for i in (0, 1)]
    sane = bool((angles > 50).all() and (angles < 130).all())
    return sane and (float(abs(angles - 90).max()) > _ANGLE or max(unlike) > _SIDES)


def _stands_out(small: Pixels, corners: NDArray[np.float64]) -> bool:
    """Whether the paper differs from the table along all four sides."""
    calm = u8(cv2.medianBlur(small, 5)).astype(np.float32)
    calm = calm[:, :, None] if calm.ndim == 2 else calm
    middle = corners.mean(axis=0)
    rows, columns = small.shape[:2]
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        line = start + np.linspace(0.05, 0.95, 60)[:, None] * (end - start)
        inwards = (middle - (start + end) / 2) / np.hypot(*(middle - (start + end) / 2))
        inner, outer = (
            np.clip(np.round(line + step * inwards), 0, (columns - 1, rows - 1)).astype(int)
            for step in (5, -5)
        )
        step = np.abs(calm[inner[:, 1], inner[:, 0]] - calm[outer[:, 1], outer[:, 0]]).max(axis=1)
        if (step > _STEP).mean() < _ALONG:
            return False
    return True


def _made_flat(pixels: Pixels, corners: NDArray[np.float64]) -> Flattened:
    """The page cut out along its corners, in the shape of its paper."""
    height, width = pixels.shape[:2]
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    across, down = max(sides[0], sides[2]), max(sides[1], sides[3])
    ratio = _true_ratio(corners, width, height)
    long, short_mm = _paper_of(max(ratio, 1 / ratio))
    ratio = long if ratio > 1 else 1 / long
    # As many pixels as the picture has where it has most.
    wide = round(max(across, down * ratio))
    high = round(wide / ratio)
    target = np.array(((0, 0), (wide, 0), (wide, high), (0, high)), np.float32)
    # Half a pixel of the search copy inside, so that no table is seen.
    inset = corners + (corners.mean(axis=0) - corners) * (1.0 / _LOOK)
    matrix = cv2.getPerspectiveTransform(inset.astype(np.float32), target)
    page = u8(cv2.warpPerspective(pixels, matrix, (wide, high), flags=cv2.INTER_CUBIC))
    dpi = min(wide, high) / short_mm * 25.4 if short_mm else None
    return Flattened(page, dpi, "flattened")


def _paper_of(ratio: float) -> tuple[float, float | None]:
    """The ratio and the shorter side, in millimetres, of the paper that is so long; or as is."""
    known, short = min(_PAPERS, key=lambda paper: abs(np.log(ratio / paper[0])))
    return (known, short) if abs(ratio / known - 1) < _RATIO else (ratio, None)


def _true_ratio(corners: NDArray[np.float64], width: int, height: int) -> float:
    """Width over height of the rectangle seen.

    Zhang and He, "Whiteboard scanning and image enhancement" (2007), section 3.2: of a
    camera with square pixels and its axis through the picture's middle.
    """
    centred = corners - np.array((width / 2, height / 2))
    m1, m2, m4, m3 = (np.array((*corner, 1.0)) for corner in centred)
    k2 = np.dot(np.cross(m1, m4), m3) / np.dot(np.cross(m2, m4), m3)
    k3 = np.dot(np.cross(m1, m4), m2) / np.dot(np.cross(m3, m4), m2)
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    longer = max(width, height)
    focal = _FOCAL * longer
    if abs(n2[2] * n3[2]) > 1e-6:
        seen = -(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2])
        low, high = (share * longer for share in _FOCALS)
        if low**2 <= seen <= high**2:
            focal = float(np.sqrt(seen))
    one, other = ((n[0] ** 2 + n[1] ** 2) / focal**2 + n[2] ** 2 for n in (n2, n3))
    return float(np.sqrt(one / other))
