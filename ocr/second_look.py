"""Doubtful print read once more by the second reader, the two voting word by word."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby

import numpy as np

from ocr.background import Gray
from ocr.reader import Piece, read_lines
from ocr.words import Word

#: How often a line is right that was read with a confidence, of 2,796 lines of table cells
#: in seven typefaces at 8 to 12 points, rules lifted: Tesseract's model `vie`, its least
#: sure word; the second reader, its least sure letter.
_FIRST = ((0, 50, 70, 80, 85, 93, 96, 100), (0.03, 0.5, 0.72, 0.82, 0.87, 0.94, 0.99, 0.997))
_SECOND = (
    (0, 50, 70, 90, 95, 98, 99, 99.7, 100),
    (0, 0.2, 0.55, 0.75, 0.85, 0.92, 0.96, 0.98, 0.999),
)
#: First readings with at least this confidence stand, in tables that read badly and in others.
#: A table reads badly where more than this share of its lines lack the lower one: of 24 drawn
#: tables these gained 0.7 points of word F1 by the higher, the others 0.02 for twice the time.
_SURE, _SURE_ENOUGH, _BADLY = 93.5, 85.0, 0.2
#: How likely it is that nothing stands where only one of the readers found something.
_NOTHING = 0.6
#: Margin around the print that the second reader gets, of the line's height: of 0.05, 0.12,
#: 0.2 and 0.3 the one with the most words right.
_MARGIN = 0.22
#: Signs that the second reader does not know, as it writes them.
_ALIKE = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "."})


#: Words of running print below this confidence are looked at alone. Of 8,426 words of letters,
#: forms and cards 198 were, of which 35 came out right instead of wrong and one the other way
#: round.
_DOUBTFUL = 90.0
#: The second reading of such a word is taken from this confidence on: 37 of 38 were right.
_WINS = 95.0
#: Words of a line this many line heights away tell how high the line is.
_NEARBY = 12


@dataclass(frozen=True)
class Line:
    """One line of print.

    Attributes:
        left, top, right, bottom: box of its ink, pixels of the page.
        words: what was read there, from left to right; they share a line key.
        height: of an ordinary line beside it, pixels: a dash alone is lower.
        between: columns, from and to, beyond which something else stands.
    """

    left: int
    top: int
    right: int
    bottom: int
    words: tuple[Word, ...]
    height: int
    between: tuple[int, int] = (0, 1_000_000)


def look_again(page: Gray, lines: Sequence[Line]) -> list[Line]:
    """The lines, those that were read with doubt or not wholly as both readers vote.

    Args:
        page: H×W uint8, flattened, without rules.
    """
    weak = sum(_least_sure(line) < _SURE_ENOUGH for line in lines)
    sure = _SURE if weak > _BADLY * len(lines) else _SURE_ENOUGH
    doubtful = [n for n, line in enumerate(lines) if _is_doubtful(line, sure)]
    readings = read_lines([_cut_out(page, lines[n]) for n in doubtful])
    result = list(lines)
    for n, pieces in zip(doubtful, readings, strict=True):
        result[n] = _vote(lines[n], pieces)
    return result


def look_at_words(page: Gray, words: Sequence[Word]) -> list[Word]:
    """Words of running print, those in doubt read once more, each for itself.

    Args:
        page: H×W uint8, flattened.
        words: in reading order, boxes in pixels of ``page``.
    """
    lines = [list(line) for _key, line in groupby(words, key=lambda word: word.line)]
    places = [
        (row, n)
        for row, line in enumerate(lines)
        for n, word in enumerate(line)
        if word.confidence < _DOUBTFUL and any(c.isalnum() for c in word.text)
    ]
    alone = [_alone(lines[row], n) for row, n in places]
    readings = read_lines([_cut_out(page, line) for line in alone])
    again = {
        place: _better(line, pieces)
        for place, line, pieces in zip(places, alone, readings, strict=True)
    }
    return [
        found
        for row, line in enumerate(lines)
        for n, word in enumerate(line)
        for found in again.get((row, n), (word,))
    ]


def _alone(line: Sequence[Word], n: int) -> Line:
    """One word as a line of its own, as high as what stands near it in its line."""
    word = line[n]
    near = [w for w in line if abs(w.left - word.left) < _NEARBY * max(w.height, word.height)]
    top, bottom = min(w.top for w in near), max(w.bottom for w in near)
    before = max((w.right for w in line if w.right <= word.left), default=0)
    after = min((w.left for w in line if w.left >= word.right), default=1_000_000)
    return Line(word.left, top, word.right, bottom, (word,), bottom - top, (before, after))


def _better(alone: Line, pieces: Sequence[Piece]) -> tuple[Word, ...]:
    (word,) = alone.words
    second = _as_words(alone, pieces, word.line)
    text = "".join(found.text for found in second)
    sure = min((found.confidence for found in second), default=0.0)
    if text.translate(_ALIKE) == word.text.translate(_ALIKE) and len(second) == 1:
        return (replace(word, confidence=max(word.confidence, sure)),)
    if sure < _WINS:
        return (word,)
    if len(second) == 1:
        return (replace(word, text=text, confidence=sure),)
    return tuple(replace(found, top=word.top, height=word.height) for found in second)


def _least_sure(line: Line) -> float:
    return min((word.confidence for word in line.words), default=0.0)


def _is_doubtful(line: Line, sure: float) -> bool:
    if _least_sure(line) < sure:
        return True
    bare = 0.6 * line.height
    return line.words[0].left > line.left + bare or line.words[-1].right < line.right - bare


def _box(line: Line) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what the second reader gets."""
    height = max(line.bottom - line.top, line.height)
    margin = round(_MARGIN * height)
    top = (line.top + line.bottom - height) // 2 - margin
    return (
        max(line.between[0], line.left - 2 * margin),
        max(0, top),
        min(line.between[1], line.right + 2 * margin),
        top + height + 2 * margin,
    )


def _cut_out(page: Gray, line: Line) -> Gray:
    left, top, right, bottom = _box(line)
    return page[top:bottom, left:right]


def _vote(line: Line, pieces: Sequence[Piece]) -> Line:
    """The words of both readings that stand in the same place, the likelier of each."""
    second = _as_words(line, pieces, ())
    chosen = [word for pair in _side_by_side(line.words, second) for word in _likelier(*pair)]
    return replace(line, words=tuple(chosen))


def _as_words(line: Line, pieces: Sequence[Piece], key: tuple[int, ...]) -> list[Word]:
    left, height = _box(line)[0], line.bottom - line.top
    return [
        Word(
            unicodedata.normalize("NFC", piece.text),
            max(line.left, round(left + piece.left)),
            line.top,
            max(1, round(piece.right - piece.left)),
            height,
            piece.confidence,
            key,
        )
        for piece in pieces
    ]


def _side_by_side(
    first: Sequence[Word], second: Sequence[Word]
) -> Iterator[tuple[Sequence[Word], Sequence[Word]]]:
    """The words of two readings of a line, paired where as many differ on both sides."""
    one, two = ([word.text.translate(_ALIKE) for word in words] for words in (first, second))
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    for _what, a, b, c, d in matcher.get_opcodes():
        if b - a == d - c:
            yield from zip(_singly(first[a:b]), _singly(second[c:d]), strict=True)
        else:
            yield first[a:b], second[c:d]


def _singly(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    return ([word] for word in words)


def _likelier(first: Sequence[Word], second: Sequence[Word]) -> list[Word]:
    """The one or the other reading of the same place; one that only a weak one found is dropped."""
    odds = _odds(first, _FIRST), _odds(second, _SECOND)
    texts = [" ".join(word.text for word in words) for words in (first, second)]
    if texts[0].translate(_ALIKE) == texts[1].translate(_ALIKE):
        sure = 1 - (1 - odds[0]) * (1 - odds[1])
        return [replace(word, confidence=100 * sure) for word in first]
    if odds[0] >= odds[1]:
        return [replace(word, confidence=100 * odds[0]) for word in first]
    if len(first) != len(second):
        return [replace(word, confidence=100 * odds[1]) for word in second]
    # The first reader's boxes are the closer ones.
    return [
        replace(box, text=word.text, confidence=100 * odds[1])
        for word, box in zip(second, first, strict=True)
    ]


def _odds(words: Sequence[Word], measured: tuple[Sequence[float], Sequence[float]]) -> float:
    """How likely a reading is right."""
    if not words:
        return _NOTHING
    return float(np.interp(min(word.confidence for word in words), *measured))
