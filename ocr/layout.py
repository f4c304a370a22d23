"""A page's words as files of text and places want them: within the page, fit for XML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ocr.words import Word

#: Signs XML 1.0 does not allow even as references (section 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; ``right`` and ``bottom`` are the first outside."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class TextPage:
    """A page with its words.

    Attributes:
        number: from 1, in the document written.
        label: file name of the sheet it was made of.
        width, height: of its picture in pixels; 0 for a page that has none.
        words: in reading order.
    """

    number: int
    label: str
    width: int
    height: int
    dpi: float
    words: Sequence[Word]


@dataclass(frozen=True)
class PlacedWord:
    """A word as it is written: its box within the page, confidence 0-100."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True)
class Line:
    """Words of one line, and the key the recogniser gave it: block, paragraph, line."""

    key: tuple[int, ...]
    box: Box
    words: tuple[PlacedWord, ...]


def lines_of(page: TextPage) -> list[Line]:
    """The page's lines in reading order."""
    lines = []
    for key, line in groupby(page.words, key=lambda word: word.line):
        words = tuple(_placed(word, page) for word in line)
        lines.append(Line(key, box_around([word.box for word in words]), words))
    return lines


def box_around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds them all."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _placed(word: Word, page: TextPage) -> PlacedWord:
    left, top = min(max(0, word.left), page.width), min(max(0, word.top), page.height)
    box = Box(
        left, top, max(left, min(word.right, page.width)), max(top, min(word.bottom, page.height))
    )
    confidence = min(100.0, max(0.0, word.confidence))
    return PlacedWord(_NOT_XML.sub("\ufffd", word.text), box, confidence)
