"""Underlines and leaders taken off a page, for the recogniser's picture only.

Forms are filled in over dotted leaders and underlines. A recogniser takes them for letters,
or takes a whole line for a picture and leaves it out. What is erased here is sure to be no
letter: long level strokes where no other ink touches them, and rows of like dots at like
distances. Rules of tables and streaks are found by :mod:`ocr.tables`.

On twelve made forms filled in over dots, typed full stops, underlines and boxes word F1 went
from 0.57 to 0.95, on those over dots from 0.11 to 0.98; forms without any stayed as they were.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.background import Gray, u8
from ocr.components import components

#: Brightness on evened-out paper (255) below which a pixel is ink.
_INK = 170
#: The same for the dots of leaders: fine ones come out pale, at 200 dpi and below above all.
_DOT_INK = 215
#: A stroke at least this long, in millimetres, is a rule: the bar of a T set in 26 points is
#: 6 mm, and dashes are shorter.
_RULE_MM = 9.0
#: A rule is at most this thick; a bar of a seal, a photo's edge or a heavy box stays.
_THICK_MM = 1.0
#: Largest side of a leader's dot, and widest distance from dot to dot.
_DOT_MM, _PITCH_MM = 0.95, 2.6
#: Ink of fewer square millimetres is a speck, not a dot: 3 pixels at 300 dpi. Fine dots there are
#: 2 pixels wide and high, so 4 must be one.
_SPECK_MM2 = 0.02
#: Fewest dots in a leader: an ellipsis has three, and is text.
_DOTS = 7
#: Distances of a leader's dots are alike to this share of them.
_ALIKE = 0.35
#: A dot so much larger than its row's are is a letter's.
_LARGER = 3.0
#: Dots beyond what is written over a leader are on its line to this, and in step with it to this
#: share of the distance: the dot of an ị is 0.6 mm lower.
_LEVEL_MM, _IN_STEP = 0.15, 0.2
#: Two dots of a colon are at most this far apart.
_COLON_MM = 3.0

Dots = NDArray[np.intp]


def without_rules(flat: Gray, dpi: float) -> Gray:
    """The picture with its level rules and dotted leaders erased where they touch nothing else.

    Args:
        flat: H×W uint8, evened out: paper 255, ink dark; upright and straight to 0.5°.
        dpi: its resolution.

    Returns:
        H×W uint8; ``flat`` itself, uncopied, where there is nothing to erase.
    """
    ink = u8(flat < _INK)
    marked = _rules(ink, dpi) | _leaders(ink, dpi) | _leaders(u8(flat < _DOT_INK), dpi)
    if not marked.any():
        return flat
    # The soft rim of what is erased goes with it, but no ink beside it.
    rim = cv2.dilate(u8(marked), np.ones((3, 3), np.uint8)).astype(bool)
    clean = flat.copy()
    clean[marked | (rim & (ink == 0))] = 255
    return clean


def _rules(ink: Gray, dpi: float) -> NDArray[np.bool_]:
    """Pixels of level rules, but where other ink touches them.

    A column of a rule belongs to it where the run of ink across it is as thick as the rule
    is elsewhere; where a letter stands on it the run is longer.
    """
    length = max(3, round(_RULE_MM / 25.4 * dpi))
    thick = max(2, round(_THICK_MM / 25.4 * dpi))
    # Strokes longer than those of letters, joined over small breaks: a worn rule is one still.
    strokes = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length * 2 // 5), np.uint8))
    marked = np.zeros(ink.shape, bool)
    rows = strokes.any(axis=1)
    if not rows.any():
        return marked
    joined = cv2.morphologyEx(strokes[rows], cv2.MORPH_CLOSE, np.ones((1, max(3, thick)), np.uint8))
    level = np.zeros_like(ink)
    level[rows] = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    labels, boxes, _centres = components(level)
    for number, (x, y, w, h, area) in enumerate(boxes[1:], 1):
        stroke = area / w  # mean thickness: a rule leans by less than it is long
        if stroke > thick or h > 3 * thick:
            continue
        top, bottom = max(0, y - thick), min(len(ink), y + h + thick)
        window = ink[top:bottom, x : x + w] > 0
        own = labels[top:bottom, x : x + w] == number
        marked[top:bottom, x : x + w] |= _alone(window, own, stroke)
    return marked


def _alone(window: NDArray[np.bool_], own: NDArray[np.bool_], stroke: float) -> NDArray[np.bool_]:
    """The rule's ink in those columns of the window where the ink across it is only the rule."""
    # Ink joined to the rule from pixel to pixel along the column.
    reached = own & window
    most = int(np.ceil(stroke)) + 2
    for _step in range(most + 1):
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        reached = grown & window
    touched = reached.sum(axis=0) > most
    # Two pixels more beside a letter: its stroke widens where it meets the rule.
    touched = cv2.dilate(u8(touched)[None, :], np.ones((1, 5), np.uint8))[0].astype(bool)
    return np.asarray(reached & ~touched[None, :], bool)


def _leaders(ink: Gray, dpi: float) -> NDArray[np.bool_]:
    """Pixels of dots that stand in a row of like dots at like distances."""
    side, pitch = _DOT_MM / 25.4 * dpi, round(_PITCH_MM / 25.4 * dpi)
    labels, *about = components(ink)
    boxes, centres = (np.asarray(table, float) for table in about)
    least = max(2.0, _SPECK_MM2 * (dpi / 25.4) ** 2)
    small = (boxes[:, 2] <= side) & (boxes[:, 3] <= side) & (boxes[:, 4] >= least)
    small[0] = False
    dots = np.flatnonzero(small)
    if len(dots) < _DOTS:
        return np.zeros(ink.shape, bool)
    # Dots at half the size of the page: only which of them stand in one row is asked.
    places = (centres[dots] / 2).astype(int)
    points = np.zeros((len(ink) // 2 + 1, ink.shape[1] // 2 + 1), np.uint8)
    points[places[:, 1], places[:, 0]] = 1
    level = cv2.dilate(points, np.ones((3, 1), np.uint8))
    rows = cv2.morphologyEx(level, cv2.MORPH_CLOSE, np.ones((1, max(2, pitch // 2)), np.uint8))
    _count, groups = cv2.connectedComponents(rows)
    group = groups[places[:, 1], places[:, 0]]
    in_leader = np.zeros(len(boxes), bool)
    for number in np.flatnonzero(np.bincount(group) >= _DOTS):
        row = dots[group == number] if number else dots[:0]
        row = row[np.argsort(centres[row, 0])]
        if _is_leader(row, centres, boxes):
            # The dot of an ệ may stand in the row, and is larger.
            in_leader[row[boxes[row, 4] <= _LARGER * np.median(boxes[row, 4])]] = True
            in_leader[_strays(row, dots, centres, boxes, dpi)] = True
    return in_leader[labels] if in_leader.any() else np.zeros(ink.shape, bool)


def _is_leader(row: Dots, centres: NDArray[np.float64], boxes: NDArray[np.float64]) -> bool:
    """Whether most dots of a row are of one size and at one distance from each other."""
    if len(row) < _DOTS:
        return False
    gaps = np.diff(centres[row, 0])
    sizes = boxes[row, 4]
    even = np.abs(gaps - np.median(gaps)) <= _ALIKE * np.median(gaps)
    like = np.abs(sizes - np.median(sizes)) <= 0.6 * np.median(sizes)
    return bool(even.mean() >= 0.7 and like.mean() >= 0.8)


def _strays(
    row: Dots, dots: Dots, centres: NDArray[np.float64], boxes: NDArray[np.float64], dpi: float
) -> Dots:
    """Dots of the same leader parted from the row by what is written over it.

    They stand on its level, in step with it, and are as large. The lower dot of a colon is none.
    """
    x, y = centres[row].T
    pitch = float(np.median(np.diff(x)))
    slope, start = np.polyfit(x, y, 1) if x[-1] - x[0] > 20 / 25.4 * dpi else (0.0, np.median(y))
    dx, dy = centres[dots, 0], centres[dots, 1]
    level = np.abs(dy - (slope * dx + start)) <= _LEVEL_MM / 25.4 * dpi
    off_step = np.abs((dx - x[0]) / pitch - np.round((dx - x[0]) / pitch))
    size = np.median(boxes[row, 4])
    like = np.abs(boxes[dots, 4] - size) <= 0.4 * size
    found = np.flatnonzero(level & like & (off_step <= _IN_STEP))
    under = [
        place
        for place in found
        if np.any(
            (np.abs(dx - dx[place]) < pitch / 3)
            & (dy < dy[place] - size**0.5)
            & (dy > dy[place] - _COLON_MM / 25.4 * dpi)
        )
    ]
    return dots[np.setdiff1d(found, under)]
