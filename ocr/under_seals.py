"""A second look at the patch where a seal or a signature was lifted: who signed stands there.

What is left of a seal, pale as it is, has Tesseract's layout take the patch for a picture: names
that stand clear are dropped, or lose their family name. Cut out and read line by line they
come out whole.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ocr.background import Gray
from ocr.words import Word, overlap

Box = tuple[int, int, int, int]

#: Seals and strokes this close together are one signature, millimetres.
_TOGETHER_MM = 10.0
#: What is read beyond the seal, millimetres: a seal covers a third of the signature on its
#: left (NĐ 30/2020), so that title and name reach far beyond it on the right.
_ABOVE_MM, _BELOW_MM, _BEFORE_MM, _AFTER_MM = 6.0, 14.0, 12.0, 42.0
#: A word this close to the patch's edge is cut off there, millimetres.
_EDGE_MM = 0.6
#: Least confidence, 0-100, of a word taken where the first reading found nothing; of one that
#: takes the place of what was found, and by how much it must be surer.
_FAIRLY_SURE, _SURE, _SURER = 60.0, 90.0, 5.0
#: Gap in heights of a line over which a word still belongs to it.
_WORD_GAP = 1.5
#: First part of the line key of lines found at the second look: no other words have it.
_KEY = 2_000_000


def scaled(box: Box, factor: float) -> Box:
    """The box on the same picture enlarged by ``factor``."""
    left, top, right, bottom = (round(side * factor) for side in box)
    return left, top, right, bottom


def patches(marks: Sequence[Box], dpi: float, page: Gray) -> list[Box]:
    """Left, top, right, bottom of the patches to be looked at once more, pixels of the page.

    Args:
        marks: boxes of what was lifted, see :class:`ocr.stamps.Lifted`.
        dpi: resolution of ``page`` and ``marks``.
        page: H×W uint8.
    """
    height, width = page.shape
    reach = _TOGETHER_MM / 25.4 * dpi
    groups: list[Box] = []
    for mark in marks:
        near = [group for group in groups if _apart(group, mark) <= reach]
        groups = [group for group in groups if group not in near]
        groups.append(_around([mark, *near]))
    before, above, after, below = (
        round(mm / 25.4 * dpi) for mm in (_BEFORE_MM, _ABOVE_MM, _AFTER_MM, _BELOW_MM)
    )
    return [
        (
            max(0, left - before),
            max(0, top - above),
            min(width, right + after),
            min(height, bottom + below),
        )
        for left, top, right, bottom in groups
    ]


def joined(words: Sequence[Word], again: Sequence[Word], patch: Box, dpi: float) -> list[Word]:
    """Both readings as one: words of the second fill gaps and replace what is less sure.

    Args:
        words: of the whole page, in reading order.
        again: of the patch, boxes in pixels of the page.
        patch: what was read once more.
        dpi: resolution of the page.
    """
    edge = _EDGE_MM / 25.4 * dpi
    result = list(words)
    for key, line in groupby(again, key=lambda word: word.line):
        for word in line:
            if word.confidence < _FAIRLY_SURE or _cut_off(word, patch, edge):
                continue
            under = [n for n, other in enumerate(result) if overlap(word, other)]
            if not under:
                _insert(result, word, (_KEY, *patch, *key))
            elif word.confidence >= max(_SURE, _SURER + max(result[n].confidence for n in under)):
                result[under[0]] = replace(word, line=result[under[0]].line)
                for n in reversed(under[1:]):
                    del result[n]
    return result


def _insert(words: list[Word], word: Word, key: tuple[int, ...]) -> None:
    """Put a word into the line it stands in; else into one of its own, below what is above it."""
    beside = [n for n, other in enumerate(words) if _follows(other, word) or _follows(word, other)]
    if beside:
        line = words[beside[0]].line
        places = [n for n, other in enumerate(words) if other.line == line]
        place = next((n for n in places if words[n].left > word.left), places[-1] + 1)
        words.insert(place, replace(word, line=line))
        return
    above = [n for n, other in enumerate(words) if other.bottom <= word.top + word.height // 4]
    nearest = max(above, key=lambda n: _closeness(words[n], word), default=-1)
    place = nearest + 1
    while 0 < place < len(words) and words[place].line == words[place - 1].line:
        place += 1
    words.insert(place, replace(word, line=key))


def _follows(word: Word, other: Word) -> bool:
    """Whether ``other`` stands right of the word in the same line."""
    level = min(word.bottom, other.bottom) - max(word.top, other.top)
    height = min(word.height, other.height)
    return level > 0.5 * height and -0.3 * height <= other.left - word.right <= _WORD_GAP * max(
        word.height, other.height
    )


def _closeness(above: Word, word: Word) -> float:
    """The nearer a word stands above another, the more; what lies beside its column counts less."""
    aside = max(0, above.left - word.right, word.left - above.right)
    return -float(word.top - above.bottom + aside)


def _cut_off(word: Word, patch: Box, edge: float) -> bool:
    left, top, right, bottom = patch
    return (
        word.left < left + edge
        or word.top < top + edge
        or word.right > right - edge
        or word.bottom > bottom - edge
    )


def _apart(one: Box, other: Box) -> int:
    return max(other[0] - one[2], one[0] - other[2], other[1] - one[3], one[1] - other[3], 0)


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
