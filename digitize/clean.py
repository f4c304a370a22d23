"""Turn, straighten and crop a sheet; say whether it is blank.

Promise: what is shown stays the paper. A page is at most turned, straightened and
freed of the scanner's lid; ink is never cut, and a sheet whose tilt or turn is in
doubt is left as it came and flagged.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitize.ink import DPI, MM, Marks, paper_level
from ocr.background import u8

Pixels = NDArray[np.uint8]

#: Tilts are looked for within ±15°; beyond that a sheet was laid in wrong.
MAX_SKEW = 15.0
#: A tilt smaller than this, in degrees, is not worth resampling the page for.
MIN_SKEW = 0.05


@dataclass(frozen=True)
class Cleaned:
    """A sheet made upright.

    Attributes:
        pixels: H×W×3 or H×W uint8.
        rotation: degrees clockwise by which it had been fed turned.
        skew: tilt found after turning, degrees counter-clockwise.
        touched: False when the pixels are those of the sheet.
        turn_sure: False when nothing told top from bottom.
    """

    pixels: Pixels
    rotation: int
    skew: float
    touched: bool
    turn_sure: bool


def to_gray(pixels: Pixels) -> Pixels:
    """H×W uint8 brightness of a BGR or gray picture."""
    if pixels.ndim == 2:
        return pixels
    return u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))


def clean(pixels: Pixels, dpi: float, marks: Marks) -> Cleaned:
    """Turn, straighten and crop one sheet, given the marks found on it.

    Whether it stands on its head is judged from its marks alone here; where that is
    unsure (``turn_sure`` False) the recogniser has the last word.
    """
    sideways = lies_sideways(marks)
    if sideways:
        pixels = turn(pixels, 90)
        marks = turn_marks(marks, 90)
    skew = find_skew(marks)
    up, sure = stands_upright(marks, skew)
    if not up:
        pixels = turn(pixels, 180)
        marks = turn_marks(marks, 180)
    rotation = (90 if sideways else 0) + (0 if up else 180)
    # Turning the picture by 90° clockwise undoes a feed of 270° clockwise.
    fed = (360 - rotation) % 360
    straight, touched = straighten_and_crop(pixels, dpi, marks, skew)
    return Cleaned(straight, fed, skew, touched or fed != 0, sure)


def turn(pixels: Pixels, degrees: int) -> Pixels:
    """The picture turned clockwise by 0, 90, 180 or 270 degrees, without loss."""
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    if degrees % 360 == 0:
        return pixels
    return u8(cv2.rotate(pixels, codes[degrees % 360]))


def turn_marks(marks: Marks, degrees: int) -> Marks:
    """The same marks on the sheet turned clockwise by a quarter or a half."""
    return Marks(
        *(turn(layer, degrees) for layer in (marks.gray, marks.flat, marks.ink, marks.lid))
    )


def lies_sideways(marks: Marks) -> bool:
    """Whether the lines of writing run up or down the sheet.

    A letter's nearest neighbour of like size stands in its own line, so the directions
    to it vote; columns of a table do not mislead them as they do a projection.
    """
    boxes = marks.letters
    if len(boxes) < 8:
        return False
    boxes = boxes[np.random.default_rng(0).permutation(len(boxes))[:1500]]
    centre = boxes[:, :2] + boxes[:, 2:4] / 2.0
    size = np.maximum(boxes[:, 2], boxes[:, 3]).astype(np.float64)
    dx = centre[None, :, 0] - centre[:, None, 0]
    dy = centre[None, :, 1] - centre[:, None, 1]
    far = dx * dx + dy * dy
    ratio = size[None, :] / size[:, None]
    far[(ratio < 0.6) | (ratio > 1.67)] = np.inf
    np.fill_diagonal(far, np.inf)
    nearest = far.argmin(axis=1)
    rows = np.arange(len(boxes))
    close = far[rows, nearest] < (3 * size) ** 2
    flat = np.abs(dx[rows, nearest]) > np.abs(dy[rows, nearest])
    across, along = int((flat & close).sum()), int((~flat & close).sum())
    return along > 1.5 * across


def find_skew(marks: Marks) -> float:
    """Tilt of the lines of writing, degrees counter-clockwise; 0.0 when there are none.

    The angle whose rows of ink are most unevenly filled (largest sum of squared
    differences between neighbouring rows; Bloomberg, Kopec & Dasari 1995), searched
    coarsely over ±15° and then finely, on letters and ruled lines alike.
    """
    points = _skew_points(marks)
    if len(points) < 200:
        return 0.0
    coarse = np.arange(-MAX_SKEW, MAX_SKEW + 0.25, 0.5)
    best = _sharpest(points, coarse)
    best = _sharpest(points, best + np.arange(-0.5, 0.51, 0.1))
    best = _sharpest(points, best + np.arange(-0.1, 0.101, 0.02))
    if abs(best) >= MAX_SKEW or _sharpness(points, best) < 1.05 * _sharpness(points, 0.0):
        return 0.0
    return round(float(best), 2)


def _skew_points(marks: Marks) -> NDArray[np.float64]:
    """Ink that tells the tilt, as N×2 x, y: letters and rules, not seals, photos or dirt."""
    boxes = marks.boxes
    _x, _y, width, height, _area = boxes.T
    rules = ((width > 20 * MM) & (height < 0.3 * width)) | (
        (height > 20 * MM) & (width < 0.3 * height)
    )
    keep = np.zeros_like(marks.ink)
    for x, y, w, h, _a in (*marks.letters, *boxes[rules & (width > height)]):
        keep[y : y + h, x : x + w] = 1
    ys, xs = np.nonzero(keep & marks.ink)
    step = max(1, len(xs) // 60_000)
    return np.column_stack([xs[::step], ys[::step]]).astype(np.float64)


def _sharpness(points: NDArray[np.float64], degrees: float) -> float:
    radians = np.deg2rad(degrees)
    rows = points[:, 1] * np.cos(radians) + points[:, 0] * np.sin(radians)
    filled = np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(filled)).sum())


def _sharpest(points: NDArray[np.float64], angles: NDArray[np.float64]) -> float:
    return float(max(angles, key=lambda angle: _sharpness(points, float(angle))))


def stands_upright(marks: Marks, skew: float) -> tuple[bool, bool]:
    """Whether the writing stands on its feet, and whether that is sure.

    Vietnamese carries most of its marks and all its tall letters above the line of
    small letters and few below, so the ink above each line's body outweighs the ink
    below it; on a sheet upside down the other way round.
    """
    above, below = _ink_about_lines(marks, skew)
    total = above + below
    if total < 60:
        return True, False
    balance = (above - below) / total
    return balance >= -0.05, abs(balance) > 0.15


def _ink_about_lines(marks: Marks, skew: float) -> tuple[float, float]:
    """Pixels of ink above and below the bodies of all lines of writing."""
    keep = np.zeros_like(marks.ink)
    for x, y, w, h, _a in marks.letters:
        keep[y : y + h, x : x + w] = 1
    letters = rotate(keep & marks.ink, skew, 0)
    filled = letters.sum(axis=1).astype(np.float64)
    above = below = 0.0
    for top, bottom in _bands(filled > max(2.0, 0.02 * filled.max())):
        line = filled[top:bottom]
        if not 1.2 * MM <= len(line) <= 12 * MM:
            continue
        body = np.flatnonzero(line > 0.5 * line.max())
        # Round letters and figures overshoot the line by a row or two: no evidence.
        above += line[: max(0, body[0] - 2)].sum()
        below += line[body[-1] + 3 :].sum()
    return above, below


def _bands(filled: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as (start, end) pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], filled.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def rotate(picture: Pixels, degrees: float, fill: int | tuple[int, ...]) -> Pixels:
    """The picture turned clockwise by ``degrees`` on a canvas grown to hold all of it."""
    if abs(degrees) < MIN_SKEW:
        return picture
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_w, new_h = (
        int(np.ceil(width * cos + height * sin)),
        int(np.ceil(height * cos + width * sin)),
    )
    matrix[0, 2] += (new_w - width) / 2
    matrix[1, 2] += (new_h - height) / 2
    value = fill if isinstance(fill, tuple) else (fill, fill, fill)
    return cv2.warpAffine(
        picture, matrix, (new_w, new_h), flags=cv2.INTER_CUBIC, borderValue=value
    ).astype(np.uint8, copy=False)


def straighten_and_crop(
    pixels: Pixels, dpi: float, marks: Marks, skew: float
) -> tuple[Pixels, bool]:
    """The page without tilt and lid, and whether it was touched at all."""
    tilted = abs(skew) >= MIN_SKEW
    if not tilted and not marks.lid.any():
        return pixels, False
    scale = dpi / DPI
    shown = fill_lid(pixels, marks)
    fill = paper_colour(pixels, marks)
    straight = rotate(shown, skew, fill)
    box = page_box(marks, skew)
    x0, y0, x1, y1 = (round(edge * scale) for edge in box)
    height, width = straight.shape[:2]
    return straight[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)], True


def fill_lid(pixels: Pixels, marks: Marks) -> Pixels:
    """The sheet with the lid painted in the paper's colour, so that no wedge is left of it."""
    if not marks.lid.any():
        return pixels
    height, width = pixels.shape[:2]
    lid = cv2.resize(marks.lid, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    shown = pixels.copy()
    shown[lid] = paper_colour(pixels, marks)
    return shown


def paper_colour(pixels: Pixels, marks: Marks) -> tuple[int, ...]:
    """The paper's typical colour: one value for a gray picture, else blue, green, red."""
    if pixels.ndim == 2:
        return (paper_level(marks.gray, marks.lid),)
    small = cv2.resize(pixels, marks.gray.shape[::-1], interpolation=cv2.INTER_NEAREST)
    paper = small[(marks.lid == 0) & (marks.ink == 0)][::7]
    if not len(paper):
        return (255, 255, 255)
    return tuple(int(channel) for channel in np.median(paper, axis=0))


def page_box(marks: Marks, skew: float) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the page on the straightened canvas, pixels at 150 dpi.

    The paper where a lid shows its edges; else the sheet's own size about the middle;
    always grown to hold every mark.
    """
    height, width = marks.gray.shape
    paper = rotate(u8(1 - marks.lid) * 255, skew, 0)
    if marks.lid.any():
        inside = _extent(paper > 127, share=0.25)
    else:
        left, top = (paper.shape[1] - width) // 2, (paper.shape[0] - height) // 2
        inside = (left, top, left + width, top + height)
    ink = u8(rotate(marks.ink * 255, skew, 0) > 127)
    ink = u8(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))
    if not ink.any():
        return inside
    x, y, w, h = cv2.boundingRect(ink)
    return (
        min(inside[0], x),
        min(inside[1], y),
        max(inside[2], x + w),
        max(inside[3], y + h),
    )


def _extent(mask: NDArray[np.bool_], share: float) -> tuple[int, int, int, int]:
    """Box of the rows and columns of which at least ``share`` of the fullest is set."""
    rows, columns = mask.sum(axis=1), mask.sum(axis=0)
    ys = np.flatnonzero(rows >= share * rows.max())
    xs = np.flatnonzero(columns >= share * columns.max())
    return int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1


def is_blank(marks: Marks) -> bool:
    """Whether nobody wrote on the sheet: show-through, dirt and holes are not writing.

    A mark counts when it is at least 1.5 mm in size, darker than show-through, away
    from the outermost 3 mm, and neither a full-length streak nor a round punch hole
    near an edge. One such mark of letter size that is not alone, or one large mark, is enough.
    """
    height, width = marks.gray.shape
    x, y, w, h, area = marks.boxes.T
    size = np.maximum(w, h)
    real = size >= 1.5 * MM
    real &= (np.minimum(w, h) >= 3) | (size < 0.5 * height)
    border = 3 * MM
    real &= (x > border) & (y > border) & (x + w < width - border) & (y + h < height - border)
    real &= ~_punch_holes(marks.boxes, width, height)
    streak = (np.minimum(w, h) < 0.8 * MM) & (size > 40 * MM)
    real &= ~streak
    return int(area[real].sum()) < 4 * MM


def _punch_holes(boxes: NDArray[np.int32], width: int, height: int) -> NDArray[np.bool_]:
    x, y, w, h, area = boxes.T
    round_ = (w > 3 * MM) & (w < 9 * MM) & (np.abs(w - h) < 0.2 * w) & (area > 0.6 * w * h)
    near = (x < 20 * MM) | (x + w > width - 20 * MM) | (y < 20 * MM) | (y + h > height - 20 * MM)
    return np.asarray(round_ & near, dtype=np.bool_)


def upside_down(cleaned: Cleaned) -> Cleaned:
    """The same page turned by a half, when the recogniser found that it stands on its head."""
    return replace(
        cleaned,
        pixels=turn(cleaned.pixels, 180),
        rotation=(cleaned.rotation + 180) % 360,
        touched=True,
        turn_sure=True,
    )


def settled(cleaned: Cleaned) -> Cleaned:
    """The same page, when the recogniser found that it stands upright."""
    return replace(cleaned, turn_sure=True)
