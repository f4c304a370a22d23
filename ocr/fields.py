"""Words to fields (bóc tách dữ liệu): the facts a profile asks for, with where and how sure.

A value stands after its label in the same row, in the column beside it, or below it, and
may run over several rows; it ends where the next label begins. Labels are known although
some letters are misread (:mod:`ocr.labels`); what a value must look like is told by its
kind (:mod:`ocr.kinds`). A value that cannot be right is returned with the reason, never
silently dropped, and never put right where two readings are possible.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from foundation.messages import N_, _
from ocr.dates import is_date_line
from ocr.idcard import number_doubts
from ocr.kinds import born_in, read_value
from ocr.labels import Spot, bare, find_anywhere, find_labels
from ocr.rows import Piece, Row, joined, rows_of
from ocr.signatures import names_alone, signers_under
from ocr.words import Word
from profiles import FieldRules

#: White, in heights of the row, at which a value that has begun ends: another column begins.
_COLUMN_GAP = 4.0
#: White, in heights of the row, between two rows of one value at most. Rows of a form stand
#: 1 to 1.5 heights apart where lines are set 1.5 apart.
_ROW_GAP = 1.6
#: White, in heights of the row, between a label and a value below it at most.
_FIRST_GAP = 3.0
#: How far left of its column a row may begin and still belong to it, in heights of the row.
_SLACK = 1.5
#: How much further right than its first row a value's next one may begin, in heights.
_INDENT = 4.0
#: White before a paper's date line, in heights of the row, and the share of the print's width
#: right of which its middle lies: the last row of a paragraph may read like one.
_DATE_GAP, _DATED = 1.0, 0.4
#: Rows a value in running text may run over.
_SENTENCE_ROWS = 3


@dataclass(frozen=True)
class FieldValue:
    """One fact read off the paper.

    Attributes:
        value: as printed, NFC; empty when not found.
        confidence: 0-100, the least sure of its words.
        box: left, top, right, bottom in pixels of the page; None when not found.
        page: page it stands on, from 1; 0 when not found.
        fault: why it is not to be trusted, as a stable word, see :data:`FAULTS`; empty when fine.
        normal: for machines: ISO 8601 dates, digits alone, whole đồng; else as ``value``.
        source: ``print``, or ``qr`` for what an identity card's code says.
    """

    name: str
    value: str = ""
    confidence: float = 0.0
    box: tuple[int, int, int, int] | None = None
    page: int = 0
    fault: str = ""
    normal: str = ""
    source: str = "print"

    def reason(self) -> str:
        """The fault in the user's words; empty without one."""
        return _(FAULTS[self.fault]) if self.fault else ""


#: Every fault, and what to tell a clerk.
FAULTS = {
    "not-found": N_("not found on the paper"),
    "empty": N_("nothing is written there"),
    "not-a-name": N_("does not read like a name"),
    "not-a-date": N_("is not a date"),
    "not-a-year": N_("is not a year"),
    "unknown-sex": N_("is neither Nam nor Nữ"),
    "not-a-number": N_("does not have the right number of digits"),
    "not-a-decision-number": N_("does not read like a document number"),
    "not-a-tax-code": N_("is not a tax code"),
    "wrong-check-digit": N_("the check digit is wrong, so a digit is misread"),
    "not-an-amount": N_("is not an amount"),
    "not-an-area": N_("is not an area"),
    "not-as-expected": N_("does not look as it should"),
    "contradicts-sex": N_("does not fit the sex printed on the paper"),
    "contradicts-birth-year": N_("does not fit the year of birth printed on the paper"),
    "contradicts-words": N_("does not fit the date written out in words"),
    "contradicts-qr": N_("the print reads otherwise than the card's QR code"),
}


def read_fields(
    pages: Sequence[Sequence[Word]], rules: Sequence[FieldRules], labels: Sequence[str] = ()
) -> list[FieldValue]:
    """Every field of a profile, in its order; one that is not found says so.

    Args:
        pages: words of each page of one document.
        rules: the profile's fields.
        labels: other labels printed on the paper, at which a value ends.
    """
    known = {bare(label) for label in labels}
    for rule in rules:
        known |= {bare(a) for a in (*rule.anchors, *rule.after, *rule.before)}
    read = [_page(words, known, rules) for words in pages]
    found = [_best(read, rule) for rule in rules]
    return [_checked(value, rule, rules, found) for value, rule in zip(found, rules, strict=True)]


@dataclass(frozen=True)
class _Page:
    rows: list[Row]
    spots: list[Spot]
    #: Labels under which other fields stand, such as that of the mother's name.
    sections: frozenset[str]


@dataclass(frozen=True)
class _Region:
    """The part of a page where a field may stand."""

    first: int
    last: int
    left: float = float("-inf")
    right: float = float("inf")

    def holds(self, spot: Spot) -> bool:
        return self.first <= spot.row < self.last and self.left <= spot.left < self.right


def _page(words: Sequence[Word], known: set[str], rules: Sequence[FieldRules]) -> _Page:
    rows = rows_of(words)
    sections = frozenset(bare(label) for rule in rules for label in rule.after)
    return _Page(rows, find_labels(rows, known), sections)


def _best(pages: Sequence[_Page], rule: FieldRules) -> FieldValue:
    """The first value that is as it should be, else the first of those that are not."""
    places = _signatures(pages, rule) if rule.place == "signature" else _everywhere(pages, rule)
    values = [_value(rule, pieces, number) for number, pieces in places]
    if rule.unlabelled and all(value.fault for value in values):
        values += [
            value
            for number, page in enumerate(pages, 1)
            for row in page.rows
            if not (value := _value(rule, row.pieces, number)).fault
        ]
    good = (value for value in values if not value.fault)
    seen = (value for value in values if value.fault != "empty")
    label_only = FieldValue(rule.name, fault="empty" if values else "not-found")
    return next(good, next(seen, label_only))


def _everywhere(pages: Sequence[_Page], rule: FieldRules) -> Iterator[tuple[int, Sequence[Piece]]]:
    for number, page in enumerate(pages, 1):
        for pieces in _places(page, rule):
            yield number, pieces


def _signatures(pages: Sequence[_Page], rule: FieldRules) -> Iterator[tuple[int, Sequence[Piece]]]:
    """Who signed, the last page first: under a title there, else without one."""
    titles = {bare(anchor) for anchor in rule.anchors}
    numbered = list(enumerate(pages, 1))[::-1]
    for number, page in numbered:
        for pieces in signers_under(page.rows, titles):
            yield number, pieces
    for number, page in numbered:
        for pieces in names_alone(page.rows):
            yield number, pieces


def _places(page: _Page, rule: FieldRules) -> Iterator[Sequence[Piece]]:
    """Where the field's value may stand on a page, the likeliest first."""
    wanted = {bare(anchor) for anchor in rule.anchors}
    if rule.place == "anywhere":
        yield from (row.pieces for row in page.rows)
        return
    if rule.place == "date-line":
        yield from _date_lines(page.rows)
        return
    for region in _regions(page, rule):
        if rule.place == "sentence":
            spots = [spot for label in sorted(wanted) for spot in find_anywhere(page.rows, label)]
            yield from (_sentence(page, spot) for spot in spots if region.holds(spot))
            continue
        spots = [spot for spot in page.spots if spot.label in wanted and region.holds(spot)]
        for spot in sorted(spots, key=lambda spot: round(spot.doubt, 1)):
            yield _beside(page, spot, region, rule.lines)
            yield _below(page, spot, region, rule.lines)


def _date_lines(rows: Sequence[Row]) -> Iterator[Sequence[Piece]]:
    """Place and day as a paper is dated: alone in the right part of a row, or in its middle."""
    left = min((row.pieces[0].left for row in rows), default=0)
    right = max((row.pieces[-1].right for row in rows), default=0)
    for row in rows:
        for start in range(len(row.pieces)):
            part = row.pieces[start:]
            middle = (part[0].left + part[-1].right) / 2
            begins = row.gap(start) >= _DATE_GAP and middle > left + _DATED * (right - left)
            if begins and is_date_line(joined(part)):
                yield part
                break


def _regions(page: _Page, rule: FieldRules) -> Iterator[_Region]:
    """Where the field may stand: after one label of the form and before another."""
    ends = {bare(label) for label in rule.before}
    if not rule.after:
        stop = next((spot.row for spot in page.spots if spot.label in ends), len(page.rows))
        yield _Region(0, stop)
        return
    starts = {bare(label) for label in rule.after}
    for start in (spot for spot in page.spots if spot.label in starts):
        below = (s.row for s in page.spots if s.label in ends and s.row > start.row)
        last = next(below, len(page.rows))
        beside = [
            s.left for s in page.spots if s.row == start.row and s.label in page.sections - starts
        ]
        slack = _SLACK * page.rows[start.row].height
        yield _Region(
            start.row,
            last,
            start.left - slack if any(left < start.left for left in beside) else float("-inf"),
            min((left - slack for left in beside if left > start.left), default=float("inf")),
        )


def _beside(page: _Page, spot: Spot, region: _Region, lines: int) -> list[Piece]:
    row = page.rows[spot.row]
    found = _run(page, spot.row, spot.value, region.right)
    if found and lines > 1:
        left = min(spot.left, found[0].left)
        begins = found[0].left + _INDENT * row.height
        right = _right_of(page, spot, region)
        found += _further(page, spot.row, left, right, lines - 1, begins=begins)
    return found if row.pieces else []


def _below(page: _Page, spot: Spot, region: _Region, lines: int) -> list[Piece]:
    """The rows under the label, as far as they stand in its column."""
    right = _right_of(page, spot, region)
    return _further(page, spot.row, spot.left, right, lines, gap=_FIRST_GAP)


def _run(page: _Page, row: int, first: int, right: float) -> list[Piece]:
    """Pieces of a row from one on, up to the next label or another column."""
    ends = [s.start for s in page.spots if s.row == row and s.start >= first]
    last = min(ends, default=len(page.rows[row].pieces))
    found: list[Piece] = []
    for place in range(first, last):
        piece = page.rows[row].pieces[place]
        begun = any(one.bare for one in found)
        if piece.left >= right or (begun and page.rows[row].gap(place) > _COLUMN_GAP):
            break
        found.append(piece)
    return found


def _right_of(page: _Page, spot: Spot, region: _Region) -> float:
    """Where the label's column ends: at the next label in its row."""
    slack = page.rows[spot.row].height / 2
    lefts = [s.left - slack for s in page.spots if s.row == spot.row and s.left > spot.left]
    return min([*lefts, region.right])


def _further(
    page: _Page,
    row: int,
    left: float,
    right: float,
    lines: int,
    *,
    begins: float = float("inf"),
    gap: float = 0.0,
) -> list[Piece]:
    """What stands in a column on the rows after one, up to the next label or a wide gap.

    Args:
        begins: a row that begins further right is another column's.
        gap: white before the first of the rows, in heights, where it may be wider.
    """
    found: list[Piece] = []
    above = page.rows[row]
    for number in range(row + 1, len(page.rows)):
        below = page.rows[number]
        inside = [
            place
            for place, piece in enumerate(below.pieces)
            if left - _SLACK * above.height <= piece.left < right
        ]
        most = max(gap, _ROW_GAP) * max(above.height, below.height)
        if below.top - above.bottom > most or lines == 0:
            break
        labels = (s for s in page.spots if s.row == number)
        if any(set(inside) & set(range(s.start, s.end)) for s in labels):
            break
        if inside and below.pieces[inside[0]].left > begins:
            break
        part = _run(page, number, inside[0], right) if inside else []
        if not any(piece.bare for piece in part):
            continue
        found += part
        above, lines, gap = below, lines - 1, 0.0
    return found


def _sentence(page: _Page, spot: Spot) -> list[Piece]:
    """Running text after a phrase, over the ends of rows."""
    found = list(page.rows[spot.row].pieces[spot.value :])
    for row in page.rows[spot.row + 1 : spot.row + 1 + _SENTENCE_ROWS]:
        found += row.pieces
    return found


def _value(rule: FieldRules, pieces: Sequence[Piece], page: int) -> FieldValue:
    text = joined(pieces)
    if not any(c.isalnum() for c in text):
        return FieldValue(rule.name, fault="empty")
    reading = read_value(rule.kind, text, rule.pattern)
    inside, at = [], 0
    for number, piece in enumerate(pieces):
        at += number > 0 and not piece.glued
        if at < reading.end and at + len(piece.text) > reading.start:
            inside.append(piece)
        at += len(piece.text)
    if not reading.text or not inside:
        return FieldValue(rule.name, fault="empty")
    box = (
        min(piece.left for piece in inside),
        min(piece.top for piece in inside),
        max(piece.right for piece in inside),
        max(piece.bottom for piece in inside),
    )
    confidence = min(piece.confidence for piece in inside)
    return FieldValue(rule.name, reading.text, confidence, box, page, reading.fault, reading.normal)


def _checked(
    value: FieldValue,
    rule: FieldRules,
    rules: Sequence[FieldRules],
    found: Sequence[FieldValue],
) -> FieldValue:
    """The value, with a fault where it contradicts another field it must agree with."""
    if value.fault or not value.value:
        return value
    others = {
        one.kind: other
        for one, other in zip(rules, found, strict=True)
        if one.name in rule.agrees_with and not other.fault
    }
    fault = ""
    if rule.kind in {"personal_number", "id_number"} and len(value.normal) == 12:
        sex = others["sex"].value if "sex" in others else ""
        day = others.get("date") or others.get("year")
        doubts = list(number_doubts(value.normal, sex, born_in(day.normal) if day else None))
        fault = f"contradicts-{doubts[0]}" if doubts else ""
    elif rule.kind == "date" and "date" in others and others["date"].normal != value.normal:
        fault = "contradicts-words"
    return replace(value, fault=fault)
