"""Printed labels found on a page, also where the recogniser read some letters wrongly."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from ocr.rows import Row, folded

#: Letters of a label for each that may be read wrongly, marks apart: one in "Nơi sinh", three
#: in "Họ, chữ đệm, tên người mẹ". Fewer letters than that must all be right.
_LETTERS_A_FAULT = 6
#: White, in heights of the row, that parts a label from what stands beside it.
_COLUMN_GAP = 1.5
#: A label this long is known without a colon where it begins its row.
_LONG = 6
#: Words after a label that may translate it: "Họ và tên / Full name:".
_MOST_TRANSLATION = 6
#: What identity cards translate their labels with; those of 2024 close them with no colon.
_ENGLISH = frozenset(
    (
        *("full", "name", "date", "month", "year", "of", "birth", "sex", "nationality", "place"),
        *("origin", "residence", "personal", "identification", "number", "no", "issue", "expiry"),
    )
)


@dataclass(frozen=True)
class Spot:
    """Where a label stands.

    Attributes:
        label: as the profile spells it, folded to bare letters.
        row: number of its row.
        start, end: its pieces in that row; ``value`` is the first that may be its value.
        doubt: 0 for a label read letter by letter and closed by a colon; more is worse.
    """

    label: str
    row: int
    start: int
    end: int
    value: int
    left: int
    doubt: float


def bare(text: str) -> str:
    """Letters and figures in lower case without marks."""
    return "".join(c for c in folded(text) if c.isalnum())


def find_labels(rows: Sequence[Row], labels: Iterable[str]) -> list[Spot]:
    """Labels on the page, at most one at any place, from top to bottom and left to right.

    Args:
        labels: bare, see :func:`bare`.
    """
    wanted = sorted(set(labels) - {""})
    spots: list[Spot] = []
    for number, row in enumerate(rows):
        found = [spot for label in wanted for spot in _in_row(row, number, label)]
        # The longest first: "tên người mẹ" is not the label "tên" with a value beside it.
        found.sort(key=lambda spot: (-len(spot.label) * (1 - spot.doubt), spot.start))
        kept: list[Spot] = []
        for spot in found:
            if all(spot.start >= one.end or spot.end <= one.start for one in kept):
                kept.append(spot)
        spots += sorted(kept, key=lambda spot: spot.start)
    return spots


def find_anywhere(rows: Sequence[Row], label: str) -> list[Spot]:
    """The label within running text, whatever stands around it."""
    return [
        spot for number, row in enumerate(rows) for spot in _in_row(row, number, label, free=True)
    ]


def find_over_rows(rows: Sequence[Row], label: str) -> list[Spot]:
    """The label within running text, also where it begins one row and ends in the next: its
    pieces are then counted on from the first row into the second."""
    found = []
    for number, row in enumerate(rows):
        below = rows[number + 1].pieces if number + 1 < len(rows) else ()
        both = Row((*row.pieces, *below[: len(label) // 2]), row.top, row.bottom)
        spots = _in_row(both, number, label, free=True)
        found += [spot for spot in spots if spot.start < len(row.pieces)]
    return found


def _in_row(row: Row, number: int, label: str, *, free: bool = False) -> Iterator[Spot]:
    for start, end, faults in _alike(row, label):
        value = _after_translation(row, end)
        closed = value > end or _is_closed(row, end)
        if free:
            doubt = 0.0
        elif not _begins(row, start, closed):
            continue
        elif closed:
            doubt = 0.0
        elif end == len(row.pieces) or row.gap(end) >= _COLUMN_GAP or row.pieces[end].led:
            doubt = 0.1
        elif start == first_word(row) and (len(label) >= _LONG or _is_short_form(row, start, end)):
            doubt = 0.3
        else:
            continue
        # The number of a paragraph stands in the column of its label.
        left = row.pieces[0 if start <= first_word(row) else start].left
        yield Spot(label, number, start, end, value, left, doubt + faults / len(label))


def _alike(row: Row, label: str) -> Iterator[tuple[int, int, int]]:
    """First piece, end and wrong letters of every stretch of the row that reads like a label."""
    most = len(label) // _LETTERS_A_FAULT
    for start, piece in enumerate(row.pieces):
        if not piece.bare:
            continue
        best: tuple[int, int, int] | None = None
        read = ""
        for end in range(start + 1, len(row.pieces) + 1):
            read += row.pieces[end - 1].bare
            if len(read) > len(label) + most:
                break
            if len(read) >= len(label) - most:
                faults = Levenshtein.distance(read, label, score_cutoff=most)
                if faults <= most and (best is None or faults < best[2]):
                    best = (start, end, faults)
        if best:
            yield best


def _is_short_form(row: Row, start: int, end: int) -> bool:
    """Whether the pieces are written with a stroke, as "V/v" is: no word reads like that."""
    return row.pieces[start].text.endswith("/") and end - start > 1


def _is_closed(row: Row, end: int) -> bool:
    """Whether a colon, or what one is misread as, stands after the pieces before ``end``.

    A semicolon at the end of a row ends a part of a list.
    """
    if row.pieces[end - 1].text.endswith(":" if end == len(row.pieces) else (":", ";")):
        return True
    return end < len(row.pieces) and row.pieces[end].text[:1] in {":", ";"}


def _begins(row: Row, start: int, closed: bool) -> bool:
    """Whether a label may begin here: a row, a column, or with a capital before its colon."""
    if start <= first_word(row) or row.gap(start) >= _COLUMN_GAP or row.pieces[start].led:
        return True
    before = row.pieces[start - 1].text
    return closed and (row.pieces[start].text[:1].isupper() or before.endswith((";", ",", ".")))


def first_word(row: Row) -> int:
    """The first piece that is neither a mark nor the number of a paragraph."""
    for place, piece in enumerate(row.pieces):
        if len(piece.bare) > 2 or (piece.bare.isalpha() and not piece.text.endswith((".", ")"))):
            return place
    return 0


def _after_translation(row: Row, end: int) -> int:
    """The first piece after a translation or an explanation in brackets, else ``end``."""
    following = row.pieces[end : end + _MOST_TRANSLATION]
    slashed = row.pieces[end - 1].text.endswith("/")
    if not following or not (slashed or following[0].text[0] in "/("):
        return end
    if row.pieces[end - 1].text.endswith(":"):
        return end
    for place, piece in enumerate(following, end + 1):
        if row.gap(place - 1) >= _COLUMN_GAP:
            break
        if piece.text.endswith((":", "):")) or (
            piece.text.endswith(")") and following[0].text[0] == "("
        ):
            return place
    last = end
    while last < len(row.pieces) and row.gap(last) < _COLUMN_GAP and _is_english(row, last):
        last += 1
    return last


def _is_english(row: Row, place: int) -> bool:
    """Whether a piece belongs to a card's English labels, a letter misread in long words."""
    word = row.pieces[place].bare
    return (
        not word
        or word in _ENGLISH
        or any(
            len(word) > 3 and Levenshtein.distance(word, one, score_cutoff=1) == 1
            for one in _ENGLISH
        )
    )
