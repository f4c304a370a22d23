"""The scanner's dark lid: where it shows around the paper, and what to show in its place.

Promise: the lid is what lies outside the paper's convex hull, so that neither the thin end
of a wedge is left over nor a stamp, a word or a frame cut by the paper's edge is taken.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, u8
from ocr.components import components

#: A pixel darker than this share of the brightest paper may be lid; paper in shade is not.
_DARK_SHARE = 0.5
#: Bright spots smaller than this, in square millimetres, are dust on the lid, not paper.
_DUST_MM2 = 20.0
#: A lid runs along the picture's edge for this long, in millimetres; a stamp or a letter
#: in the corner does not.
_RUN_MM = 15.0
#: Beside a lid that is sure, a sliver of this length, in millimetres, is lid too.
_SLIVER_MM = 3.0
#: So many slivers, each in a corner of its own, are a lid although none is sure by itself: a
#: sheet that leans by a tenth of a degree shows one on every side, two pixels thick.
_SLIVERS = 3
#: A wedge of lid is thinner than this, in millimetres, where it seems to end.
_THIN_MM = 2.5
#: Share of the lid's inner edge that must border on bright paper; a photo that fills the
#: corner of a sheet has none there, for its hull cuts across it.
_SUPPORT = 0.5
#: How much of the brightest paper's value the lid may vary by (10th to 90th percentile):
#: more is a photo, or the shadow of a bound book that may hold writing.
_UNEVEN = 0.25
#: Share of the paper's brightness 5 mm away from the lid that it has 1 mm away: the lid
#: ends at once, a shadow does not.
_SHARP = 0.85
#: How far beside a dark part it is looked for the paper, in millimetres.
_FURTHER_MM = 6.0
#: Share of a dark part that must be darker strokes for it to be paper in the shade.
_WRITTEN = 0.01
#: Paper next to the lid that is dimmed by it and counted as lid, in millimetres.
FRINGE_MM = 0.5


def find_lid(gray: Gray, dpi: float) -> NDArray[np.uint8]:
    """Where the scanner's dark lid shows around the paper: H×W uint8 of 0 and 1.

    A sheet is convex, so a lid that shows beside it reaches a corner of the picture and
    ends in straight lines. What is dark but does not fit this is left alone.

    Args:
        gray: H×W uint8.
        dpi: its resolution; 150 is enough.
    """
    mm = dpi / 25.4
    none = np.zeros_like(gray)
    brightest = float(np.percentile(gray[::2, ::2], 99))
    smooth = cv2.blur(gray, (3, 3), borderType=cv2.BORDER_REPLICATE)
    dark = u8(smooth < _DARK_SHARE * brightest)
    at_corners = _reaching_corners(dark)
    if not at_corners.any():
        return none
    paper = _hull(u8(1 - at_corners), _DUST_MM2 * mm * mm)
    outside = u8(1 - paper)
    lid = np.zeros_like(gray)
    labels, stats, _centres = components(outside)
    wedges = []
    for number, box in enumerate(stats[1:].tolist(), 1):
        about = _about(box, round(_FURTHER_MM * mm) + 1)
        part = u8(labels[about] == number)
        if _is_lid(part, gray[about], dark[about], brightest, mm):
            lid[about] |= part
        elif _is_thin_wedge(part, mm):
            wedges.append((about, part))
    # What shows beside a leaning sheet on one side shows on the others.
    if lid.any() or len(wedges) >= _SLIVERS:
        for about, part in wedges:
            lid[about] |= part
    if not lid.any() or _is_dark_sheet(lid, dark, mm):
        return none
    reach = round(FRINGE_MM * mm)
    _follow_edges(lid, mm)
    return u8(cv2.dilate(lid, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)))


def _follow_edges(lid: NDArray[np.uint8], mm: float) -> None:
    """Carry a wedge on to the end of the side it lies along: its last part is too thin to see."""
    for turned in (lid, lid[::-1], lid.T, lid.T[::-1]):
        for side in (turned, turned[:, ::-1]):
            end = int(np.argmin(side[0])) if side[0, 0] else 0
            # A band of lid along the next side ends here too, as thick as it is long.
            if end >= _SLIVER_MM * mm and side[:, end - round(mm)].sum() < _THIN_MM * mm:
                side[0] = 1


def _reaching_corners(dark: NDArray[np.uint8]) -> NDArray[np.uint8]:
    labels, boxes, _centres = components(dark)
    corners = (labels[:3, :3], labels[:3, -3:], labels[-3:, :3], labels[-3:, -3:])
    reaching = np.zeros(len(boxes), np.uint8)
    for corner in corners:
        reaching[corner] = 1
    reaching[0] = 0
    return u8(reaching[labels])


def _hull(paper: NDArray[np.uint8], least: float) -> NDArray[np.uint8]:
    """The convex hull, as a mask, of all parts of the paper larger than ``least`` pixels."""
    whole = cv2.morphologyEx(paper, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    outlines, _tree = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = [outline for outline in outlines if cv2.contourArea(outline) >= least]
    mask = np.zeros_like(paper)
    if large:
        cv2.fillConvexPoly(mask, cv2.convexHull(np.concatenate(large)), (1,))
    return mask


def _about(box: Sequence[int], margin: int) -> tuple[slice, slice]:
    """The rows and columns of a box, x, y, width, height, and so much around it."""
    x, y, w, h = box[:4]
    return slice(max(0, y - margin), y + h + margin), slice(max(0, x - margin), x + w + margin)


def _is_lid(
    part: NDArray[np.uint8], gray: Gray, dark: NDArray[np.uint8], brightest: float, mm: float
) -> bool:
    edges = (part[0], part[-1], part[:, 0], part[:, -1])
    if max(int(edge.sum()) for edge in edges) < _RUN_MM * mm:
        return False
    low, high = np.percentile(gray[part > 0], (10, 90))
    if high - low > _UNEVEN * brightest:
        return False
    if _is_written_on(part, gray, mm):
        return False
    beside, further = _band(part, 0.5, 1.5, mm), _band(part, 4.0, _FURTHER_MM, mm)
    if not beside.any() or not further.any():
        return False
    if float(1 - dark[beside].mean()) < _SUPPORT:
        return False
    bright = [float(np.percentile(gray[band], 75)) for band in (beside, further)]
    return bright[0] > _SHARP * bright[1]


def _is_thin_wedge(part: NDArray[np.uint8], mm: float) -> bool:
    """Whether a dark part is a sliver along one edge of the picture, too short to be sure of."""
    rows, columns = (np.flatnonzero(part.any(axis=axis)) for axis in (1, 0))
    sides = sorted((len(rows), len(columns)))
    return sides[0] <= _THIN_MM * mm and sides[1] >= 2 * sides[0] and sides[1] >= _SLIVER_MM * mm


def _band(part: NDArray[np.uint8], start: float, end: float, mm: float) -> NDArray[np.bool_]:
    """What lies from ``start`` to ``end`` millimetres away from a part."""
    near, far = (cv2.dilate(part, np.ones((2 * round(r * mm) + 1,) * 2)) for r in (start, end))
    return np.asarray((far > 0) & (near == 0), dtype=np.bool_)


def _is_written_on(part: NDArray[np.uint8], gray: Gray, mm: float) -> bool:
    """Whether there are strokes darker than the part itself: paper in a deep shadow."""
    inside = cv2.erode(part, np.ones((2 * round(mm) + 1,) * 2, np.uint8)) > 0
    if not inside.any():
        return False
    level = float(np.median(gray[inside]))
    alone = np.where(inside, cv2.blur(gray, (3, 3)), level).astype(np.uint8)
    strokes = cv2.morphologyEx(alone, cv2.MORPH_BLACKHAT, np.ones((round(3 * mm),) * 2, np.uint8))
    return float((strokes[inside] > max(8.0, 0.2 * level)).mean()) > _WRITTEN


def _is_dark_sheet(lid: NDArray[np.uint8], dark: NDArray[np.uint8], mm: float) -> bool:
    """Whether the "lid" is a dark cover: most of the picture, with bright marks on it."""
    if lid.mean() < 0.5:
        return False
    if (1 - lid).sum() < 30 * 20 * mm * mm:  # smaller than any card
        return True
    marks = u8((dark == 0) & (cv2.erode(lid, np.ones((9, 9), np.uint8)) > 0))
    _labels, stats, _centres = components(marks)
    return int((stats[1:, cv2.CC_STAT_AREA] > 0.3 * mm * mm).sum()) > 10


def extend_paper(
    picture: NDArray[np.uint8], known: NDArray[np.bool_], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The paper's own colour everywhere, guessed from the nearest paper where it is not known.

    Args:
        picture: H×W or H×W×3 uint8, at a low resolution.
        known: H×W, True where ``picture`` shows bare paper.
        size: width and height of the result.

    Returns:
        uint8 of that size, smooth; white when no paper is known at all.
    """
    weight = known.astype(np.float32)
    colour = picture.astype(np.float32)
    weights = weight if picture.ndim == 2 else weight[:, :, None]
    spread = _spread(colour * weights, weight)
    return u8(cv2.resize(np.clip(spread, 0, 255).astype(np.uint8), size))


def _spread(sums: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted means; where the weight is nought those of ever coarser surroundings."""
    weights = weight if sums.ndim == 2 else weight[:, :, None]
    own = sums / np.maximum(weights, 1e-6)
    if (weight > 0).all():
        return np.asarray(own, dtype=np.float32)
    height, width = weight.shape
    if height == 1 and width == 1:
        return np.full_like(own, 255.0)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _spread(
        np.asarray(cv2.resize(sums, half, interpolation=cv2.INTER_AREA), dtype=np.float32),
        np.asarray(cv2.resize(weight, half, interpolation=cv2.INTER_AREA), dtype=np.float32),
    )
    around = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(weights > 0, own, around).astype(np.float32)
