"""Words with their places, and the tidying that Vietnamese asks for."""

import unicodedata
from collections.abc import Iterable, Iterator
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


#: What rules and dirt are read as. Alone, such a word is not writing.
_DEBRIS = "|¦_—–―‾`´ˆ~„‚“”'\"°•·"


def tidy(words: Iterable[Word]) -> Iterator[Word]:
    """Words in NFC, freed of rule debris, and parted where a gap was lost."""
    for word in words:
        text = unicodedata.normalize("NFC", word.text).strip("|¦_")
        if not text.strip(_DEBRIS) and text not in {"-"}:
            continue
        yield from _part(replace(word, text=text))


def _part(word: Word) -> Iterator[Word]:
    start, letters = 0, len(word.text)
    for piece in part_at_lost_gaps(word.text):
        left = word.left + word.width * start // letters
        start += len(piece)
        right = word.left + word.width * start // letters
        yield replace(word, text=piece, left=left, width=max(1, right - left))


def part_at_lost_gaps(text: str) -> list[str]:
    """The text cut wherever a capital follows a small letter.

    No Vietnamese syllable holds one, so a word that does is two words whose gap the
    recogniser lost, as it does in narrow table cells.

    >>> part_at_lost_gaps("XãHòaAn")
    ['Xã', 'Hòa', 'An']
    """
    cuts = [
        n
        for n in range(1, len(text) - 1)
        if text[n - 1].islower() and text[n].isupper() and text[n + 1].islower()
    ]
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
