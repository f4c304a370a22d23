"""Words with their places, and the tidying that Vietnamese asks for."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby


@dataclass(frozen=True)
class Word:
    """One recognised word.

    Attributes:
        text: NFC, without white space.
        left, top, width, height: box in pixels of the picture that was recognised.
        confidence: 0-100 as the recogniser gives it.
        line: words with the same line key stand in one line, in reading order.
    """

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    line: tuple[int, ...]

    @property
    def right(self) -> int:
        """First pixel right of the word."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First pixel below the word."""
        return self.top + self.height

    def scaled(self, factor: float, left: int = 0, top: int = 0) -> "Word":
        """The word on the same picture enlarged by ``factor`` and then moved."""
        return replace(
            self,
            left=left + round(self.left * factor),
            top=top + round(self.top * factor),
            width=max(1, round(self.width * factor)),
            height=max(1, round(self.height * factor)),
        )


def overlap(one: Word, other: Word) -> bool:
    """Whether two words share more than a fifth of the smaller one's box."""
    across = min(one.right, other.right) - max(one.left, other.left)
    along = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or along <= 0:
        return False
    smaller = min(one.width * one.height, other.width * other.height)
    return across * along > 0.2 * smaller


#: What rules and dirt are read as. Alone, such a word is not writing.
_DEBRIS = "|¦_—–―‾`´ˆ~„‚“”'\"°•·"
#: Signs without a letter or figure count as writing when read with this confidence, 0-100.
_DOUBTFUL = 60.0
#: A single letter alone in its line is writing only when the reader is this sure, 0-100:
#: page numbers and list letters come with 85 and more, smudges and photos with 80 at most.
_SURE = 82.0


def tidy(words: Iterable[Word]) -> Iterator[Word]:
    """Words in NFC, freed of what rules, dirt and photos are read as, parted at lost gaps."""
    for _key, line in groupby(words, key=lambda word: word.line):
        kept = [word for word in map(_stripped, line) if not _is_debris(word)]
        if _is_writing(kept):
            for word in kept:
                yield from _part(word)


def _stripped(word: Word) -> Word:
    text = unicodedata.normalize("NFC", word.text).strip("|¦_")
    return word if text == word.text else replace(word, text=text)


def _is_debris(word: Word) -> bool:
    """Whether a word is a rule, a speck, or signs that stand alone and were read without trust."""
    if any(c.isalnum() for c in word.text):
        return False
    return word.text != "-" and (not word.text.strip(_DEBRIS) or word.confidence < _DOUBTFUL)


def _is_writing(line: Sequence[Word]) -> bool:
    """Whether a line holds letters or figures: one alone must have been read with confidence."""
    readable = [(c, word) for word in line for c in word.text if c.isalnum()]
    if len(readable) == 1:
        return readable[0][1].confidence >= _SURE
    return bool(readable)


def _part(word: Word) -> Iterator[Word]:
    pieces = part_at_lost_gaps(word.text)
    if len(pieces) == 1:
        yield word
        return
    start, letters = 0, len(word.text)
    for piece in pieces:
        left = word.left + word.width * start // letters
        start += len(piece)
        right = word.left + word.width * start // letters
        yield replace(word, text=piece, left=left, width=max(1, right - left))


#: What of a date the recogniser ran together: "04năm", "tháng04năm".
_GLUED_DATE = re.compile(r"(?=.*\d)(?:\d{1,4}|ngày|tháng|năm)+[,.;]?")


def _meet(text: str, n: int) -> bool:
    """Whether figures meet letters before sign ``n``."""
    return text[n - 1].isdigit() != text[n].isdigit()


def part_at_lost_gaps(text: str) -> list[str]:
    """The text cut where a capital follows a small letter, and a date's figures meet words.

    No Vietnamese syllable holds one, so a word that does is two words whose gap the
    recogniser lost, as it does in narrow table cells.

    >>> part_at_lost_gaps("XãHòaAn"), part_at_lost_gaps("04năm")
    (['Xã', 'Hòa', 'An'], ['04', 'năm'])
    """
    cuts = [
        n
        for n in range(1, len(text) - 1)
        if text[n - 1].islower() and text[n].isupper() and text[n + 1].islower()
    ]
    if _GLUED_DATE.fullmatch(text):
        cuts = [n for n in range(1, len(text)) if text[n - 1 : n + 1].isalnum() and _meet(text, n)]
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def reading_text(words: Iterable[Word]) -> str:
    """The words as text, a row for every line."""
    lines = groupby(words, key=lambda word: word.line)
    return "\n".join(" ".join(word.text for word in line) for _key, line in lines)


def mean_confidence(words: Iterable[Word]) -> float | None:
    """Mean confidence weighted by length, 0-100; None without words."""
    weights = [(len(word.text), word.confidence) for word in words]
    total = sum(length for length, _ in weights)
    return sum(length * value for length, value in weights) / total if total else None
