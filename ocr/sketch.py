"""A few bytes that tell whether a paper in hand says what the sealed paper said.

The sketch of a page holds a hash of 16 bits for each of its figures (numbers, dates, codes:
what a forger changes) and for a sample of its words (which tell one paper from another).
The sample is the words of least hash, so that two readings of the same page pick the same
ones however many a reader gets wrong (bottom-k sketch: Broder, 1997).
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ocr.words import Word

Verdict = Literal["matches", "doubtful", "differs"]

#: Figures and words kept: 112 bytes, so that the seal stays below version 20 of a QR code.
_FIGURES, _WORDS = 40, 16
#: Share of the sampled words found on the same paper read again; bad copies lose a third.
_SAME_WORDS = 0.65
#: Shares below which it is another paper: of the words (another form), and of the figures
#: (the same form of somebody else); between the two a person has to look.
_OTHER_WORDS, _OTHER_FIGURES = 0.4, 0.3
#: Fewer words or figures than this tell no paper from another.
_ENOUGH_WORDS, _ENOUGH_FIGURES = 8, 3
#: Words of print are read with at least this confidence, 0-100; what is no print seldom is.
_READ = 60.0


@dataclass(frozen=True)
class Likeness:
    """How a paper in hand compares with a sketch.

    Attributes:
        verdict: ``matches``: all its sealed figures are there; ``doubtful``: the same paper by
            its words, but figures are missing or read otherwise: look at ``strange``;
            ``differs``: another paper.
        figures, figures_found: sealed, and of these found on the paper.
        words, words_found: likewise.
        strange: figures on the paper that were not sealed, as read; a signature's time is one.
        bare: nothing of what was sealed is there, and too little else to be a paper: a code
            alone in the picture, in whose squares a recogniser sees a sign here and there.
    """

    verdict: Verdict
    figures: int
    figures_found: int
    words: int
    words_found: int
    strange: tuple[str, ...] = ()
    bare: bool = False


def sketch_of(words: Iterable[Word]) -> bytes:
    """The sketch of a page's words, at most 113 bytes."""
    tokens = {_token(word.text) for word in words}
    figures = _least(filter(_is_figure, tokens), _FIGURES)
    names = _least(filter(_is_name, tokens), _WORDS)
    return bytes([len(figures)]) + b"".join(figures) + b"".join(names)


def compare(sketch: bytes, words: Sequence[Word]) -> Likeness | None:
    """How the words read off a paper compare with a sketch; None where it says nothing."""
    figures, names = _parts(sketch)
    if not figures and not names:
        return None
    there = {_token(word.text): word.text for word in words}
    hashes = {_hash(token) for token in there}
    figures_found, words_found = len(figures & hashes), len(names & hashes)
    strange = tuple(
        text for token, text in there.items() if _is_figure(token) and _hash(token) not in figures
    )
    return Likeness(
        _verdict((figures_found, len(figures)), (words_found, len(names))),
        len(figures),
        figures_found,
        len(names),
        words_found,
        strange,
        bare=not figures_found and not words_found and _is_little(words),
    )


def _is_little(words: Sequence[Word]) -> bool:
    sure = {_token(word.text) for word in words if word.confidence >= _READ}
    return sum(_is_name(token) for token in sure) < _ENOUGH_WORDS


def _verdict(figures: tuple[int, int], words: tuple[int, int]) -> Verdict:
    """Judge pairs of how many were found and how many were sealed."""
    (figures_found, all_figures), (words_found, all_words) = figures, words
    other_form = all_words >= _ENOUGH_WORDS and words_found < _OTHER_WORDS * all_words
    if other_form or (
        all_figures >= _ENOUGH_FIGURES and figures_found < _OTHER_FIGURES * all_figures
    ):
        return "differs"
    same = figures_found == all_figures and words_found >= _SAME_WORDS * all_words
    return "matches" if same else "doubtful"


def _parts(sketch: bytes) -> tuple[set[bytes], set[bytes]]:
    count = sketch[0] if sketch else 0
    hashes = [sketch[n : n + 2] for n in range(1, len(sketch) - 1, 2)]
    return set(hashes[:count]), set(hashes[count:])


def _token(text: str) -> str:
    """Letters and figures only, folded: readers differ in the signs between them."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def _is_figure(token: str) -> bool:
    return len(token) >= 2 and any(c.isdigit() for c in token)


def _is_name(token: str) -> bool:
    return len(token) >= 3 and token.isalpha()


def _least(tokens: Iterable[str], count: int) -> list[bytes]:
    return sorted({_hash(token) for token in tokens})[:count]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()[:2]
