"""Words put in rows as the eye sees them: what labels and values are looked for in.

A recogniser parts a form into blocks as it likes; what stands side by side on the paper is
one row here. Words are cut where print joins what belongs apart (``sinh:14/07/1979``), and
dotted leaders go.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from statistics import median

from ocr.words import Word

#: What is written over: a leader of dots, dashes or rules.
_LEADER = r"[.…_·‥]{3,}|…|‥"
#: A leader; else writing up to and with a colon after a letter, or a slash between two words.
_PIECES = re.compile(
    rf"{_LEADER}|(?:(?!{_LEADER}).)+?(?:(?<=[^\W\d]):|(?<=[^\W\d])/(?=\w)|(?={_LEADER})|$)"
)
_IS_LEADER = re.compile(_LEADER)


@dataclass(frozen=True)
class Piece:
    """A word, or the part of one that stands for itself.

    Attributes:
        text: NFC.
        left, top, right, bottom: in pixels of the page.
        glued: it follows the piece before without a space.
        led: a dotted leader stood between it and the piece before.
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    glued: bool = False
    led: bool = False

    @cached_property
    def bare(self) -> str:
        """Letters and figures in lower case without marks: what a misread tone cannot change."""
        return "".join(c for c in folded(self.text) if c.isalnum())


@dataclass(frozen=True)
class Row:
    """Pieces side by side, left to right; ``height`` is that of its print in pixels."""

    pieces: tuple[Piece, ...]
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Height of the row's print in pixels."""
        return max(1.0, self.bottom - self.top)

    def gap(self, place: int) -> float:
        """White before a piece in heights of the row; endless before the first and last."""
        if not 0 < place < len(self.pieces):
            return float("inf")
        return (self.pieces[place].left - self.pieces[place - 1].right) / self.height


def folded(text: str) -> str:
    """The text in lower case without marks, sign for sign: places in it stay the same."""
    return "".join(_FOLDS.get(sign) or _fold(sign) for sign in text)


def _fold(sign: str) -> str:
    bare = unicodedata.normalize("NFD", sign.lower())[:1]
    return {"đ": "d", "ø": "o", "ı": "i"}.get(bare, bare)


_FOLDS = {chr(code): _fold(chr(code)) for code in range(32, 127)}


def joined(pieces: Sequence[Piece]) -> str:
    """The pieces as text, with spaces where the paper has them."""
    return "".join(
        ("" if number == 0 or piece.glued else " ") + piece.text
        for number, piece in enumerate(pieces)
    )


def rows_of(words: Iterable[Word]) -> list[Row]:
    """The words of a page in rows from top to bottom."""
    lines = [_row(list(line)) for _key, line in groupby(words, key=lambda word: word.line)]
    rows: list[Row] = []
    for line in sorted(lines, key=lambda row: row.top + row.bottom):
        beside = next((n for n, row in enumerate(rows[-6:]) if _side_by_side(row, line)), None)
        if beside is None:
            rows.append(line)
        else:
            place = max(0, len(rows) - 6) + beside
            rows[place] = _merged(rows[place], line)
    return [row for row in rows if row.pieces]


def _row(words: list[Word]) -> Row:
    words.sort(key=lambda word: word.left)
    pieces = tuple(piece for word in words for piece in _pieces(word))
    return Row(
        _without_marks_of_leaders(pieces),
        median(word.top for word in words),
        median(word.bottom for word in words),
    )


def _pieces(word: Word) -> Iterable[Piece]:
    text = unicodedata.normalize("NFC", word.text)
    glued = False
    for found in _PIECES.finditer(text):
        left, right = (
            word.left + word.width * place // len(text) for place in (found.start(), found.end())
        )
        yield Piece(
            found.group(), left, word.top, max(left + 1, right), word.bottom, word.confidence, glued
        )
        glued = True


def _without_marks_of_leaders(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    kept: list[Piece] = []
    led = False
    for piece in pieces:
        if _IS_LEADER.fullmatch(piece.text):
            led = True
            continue
        kept.append(replace(piece, led=led, glued=piece.glued and not led))
        led = False
    return tuple(kept)


def _side_by_side(one: Row, other: Row) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    if overlap < 0.5 * min(one.height, other.height) or not (one.pieces and other.pieces):
        return False
    return one.pieces[-1].right <= other.pieces[0].left or (
        other.pieces[-1].right <= one.pieces[0].left
    )


def _merged(one: Row, other: Row) -> Row:
    pieces = tuple(sorted((*one.pieces, *other.pieces), key=lambda piece: piece.left))
    weights = len(one.pieces), len(other.pieces)
    top, bottom = (
        (a * weights[0] + b * weights[1]) / sum(weights)
        for a, b in ((one.top, other.top), (one.bottom, other.bottom))
    )
    return Row(pieces, top, bottom)
