"""How much each fact on a document speaks for or against each row of a register, in bits.

Fellegi & Sunter, "A theory for record linkage", JASA 1969: a fact that agrees weighs the more
the fewer rows it agrees with; one that contradicts weighs against.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import log2

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from digitize.slips import Slip, slip_key
from dossier.evidence import (
    Evidence,
    misread_number,
    name_key,
    number_keys,
    number_meant,
    other_number,
    serial_of,
)
from dossier.register import RegisterRow
from ocr.labels import bare
from ocr.spelling import is_syllable, with_tone_marks

#: Rows looked at for one value, at most.
_MOST_ROWS = 400
#: No fact weighs more: registers and papers have false values too.
_MOST_BITS = 18.0
#: What near misses and contradictions weigh, in bits. Another name weighs little: the owner's is
#: not found on one paper in twenty, and a parent's or signer's stands in its place.
_NEAR_NUMBER, _OTHER_NUMBER, _CONFUSED = 4.0, -5.0, 2.0
_NEAR_ID, _OTHER_ID = 9.0, -4.0
_OTHER_NAME, _OTHER_BIRTH, _NEAR_DAY, _OTHER_DAY = -4.5, -5.0, 4.0, -2.5
_SAME_MARKS, _OTHER_MARKS = 1.0, -1.5
_SAME_TYPE, _OTHER_TYPE, _SAME_PAGES, _OTHER_PAGES = 1.0, -3.0, 0.5, -1.0
#: How alike two names must be, 0-100, to be one misread; and below which they are two.
_ALIKE, _UNLIKE = 84.0, 65.0


@dataclass(frozen=True)
class Weighed:
    """A row, what speaks for it in bits, and which facts speak for and against it.

    ``ambiguous``: its number as read may as well be another row's (44B/2025 and 448/2025).
    """

    row: RegisterRow
    bits: float
    told: tuple[str, ...]
    against: tuple[str, ...]
    ambiguous: bool = False


@dataclass
class RegisterIndex:
    """The rows of a register, to be found by what papers say. Rows that repeat one are left out."""

    rows: Sequence[RegisterRow]
    _by: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    _meant: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = [row for row in self.rows if "row-twice" not in row.doubts]
        for place, row in enumerate(self.rows):
            for kind, keys in _keys_of(row).items():
                for key in keys:
                    self._by.setdefault(kind, {}).setdefault(key, []).append(place)
            for key in number_keys(row.number) if row.number else ():
                self._meant.setdefault(key, set()).add(number_meant(row.number))
        self._names = list(self._by.get("name", ()))
        self._ids = list(self._by.get("id", ()))

    def found(self, kind: str, key: str) -> list[int]:
        """Places of the rows with that value."""
        return self._by.get(kind, {}).get(key, [])

    def confused(self, number: str) -> bool:
        """Whether rows bear another number that recognisers take for this one."""
        (key,) = number_keys(number)
        return len(self._meant.get(key, ())) > 1

    def rarity(self, kind: str, key: str) -> float:
        """Bits that agreeing on this value weighs: the rarer it is the more."""
        count = max(1, len(self.found(kind, key)))
        return min(_MOST_BITS, log2(max(2, len(self.rows)) / count) + 1.0)

    def candidates(self, evidence: Evidence) -> set[int]:
        """Rows with which the document has anything telling in common."""
        found: set[int] = set()
        common: list[list[int]] = []
        for kind, keys in _keys_read(evidence).items():
            for key in keys:
                places = self.found(kind, key)
                if len(places) <= _MOST_ROWS:
                    found.update(places)
                else:
                    common.append(places)
        if not found:  # only common values: rows that share several of them
            counts = Counter(place for places in common for place in places)
            found = {place for place, _count in counts.most_common(_MOST_ROWS)}
        for name in evidence.names[:2]:
            near = process.extract(
                name_key(name), self._names, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=8
            )
            for key, _score, _place in near:
                found.update(self.found("name", key)[:_MOST_ROWS])
        for number in evidence.ids:
            close = process.extract(
                number, self._ids, scorer=Levenshtein.distance, score_cutoff=1, limit=4
            )
            for key, _score, _place in close:
                found.update(self.found("id", key))
        return found


def weigh_all(document: Evidence, index: RegisterIndex) -> list[Weighed]:
    """Every row that has anything telling in common with the document, weighed."""
    return [_weigh(document, index.rows[place], index) for place in index.candidates(document)]


def _weigh(document: Evidence, row: RegisterRow, index: RegisterIndex) -> Weighed:
    facts = {
        "separator": _by_slip(document.slip, row),
        "number": _by_number(document, row, index),
        "id": _by_id(document, row, index),
        _name_fact(document, row): _by_name(document, row, index),
        "birth": _by_birth(document, row, index),
        "date": _by_date(document, row, index),
        "type": _by_type(document, row),
        "pages": _by_pages(document, row),
    }
    told = tuple(name for name, bits in facts.items() if bits > 0.9)
    against = tuple(name for name, bits in facts.items() if bits < -2.0)
    return Weighed(row, sum(facts.values()), told, against, _is_ambiguous(document, row, index))


def _is_ambiguous(document: Evidence, row: RegisterRow, index: RegisterIndex) -> bool:
    """Whether the number read is the row's, or another row's with a sign misread.

    A separator that says the very number read settles it.
    """
    if not row.number or not index.confused(row.number):
        return False
    by_slip = document.slip and slip_key(document.slip.number) == slip_key(row.number)
    return any(
        number_keys(number) == number_keys(row.number)
        and not (by_slip and number_meant(number) == number_meant(row.number))
        for number in document.numbers
    )


def _name_fact(document: Evidence, row: RegisterRow) -> str:
    """``name`` where one agrees or is plainly it misread, ``name-like`` where it may be."""
    own = name_key(row.owner_name)
    same = any(_same_name(key, own) or _misread(key, own) for key in map(name_key, document.names))
    return "name" if same or not row.owner_name else "name-like"


def _by_slip(slip: Slip | None, row: RegisterRow) -> float:
    """A separator's code cannot be misread, but a sheet may lie before the wrong paper."""
    if slip is None or slip_key(slip.number) != slip_key(row.number):
        return 0.0
    return 28.0 if slip.line in (None, row.line) else 12.0


def _by_number(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    if not document.numbers or not row.number:
        return 0.0
    by_slip = _by_slip(document.slip, row) > 0
    return max(_one_number(number, row, index, by_slip=by_slip) for number in document.numbers)


def _one_number(number: str, row: RegisterRow, index: RegisterIndex, *, by_slip: bool) -> float:
    """The number read: the row's, written shorter, misread, or another one.

    A letter makes another number: 44/2025B is not 44/2025.
    """
    (key,), (own,) = number_keys(number), number_keys(row.number)
    if key == own:
        same = number_meant(number) == number_meant(row.number)
        return index.rarity("number", own) - (0.0 if same else _CONFUSED)
    if other_number(number, row.number):
        return _OTHER_NUMBER
    serial, year = serial_of(number)
    other, other_year = serial_of(row.number)
    years = {year, other_year, str(row.date.year) if row.date else ""} - {""}
    if serial and serial == other and len(years) < 2:
        return min(8.0, index.rarity("serial", serial))
    if not misread_number(number, row.number, any_figure=by_slip):
        return _OTHER_NUMBER
    return 0.0 if index.found("number", key) else _NEAR_NUMBER  # that row is looked at too


def _by_id(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    if not document.ids or not row.owner_id:
        return 0.0
    if row.owner_id in document.ids:
        return index.rarity("id", row.owner_id)
    # People have a number of 9 figures and one of 12: they say nothing of each other.
    alike = [one for one in document.ids if abs(len(one) - len(row.owner_id)) <= 1]
    if not alike:
        return 0.0
    near = min(Levenshtein.distance(one, row.owner_id) for one in alike)
    return _NEAR_ID if near == 1 and len(row.owner_id) >= 9 else _OTHER_ID


def _by_name(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    """The owner's name; one that stands further down a paper may be a parent's or a spouse's."""
    if not document.names or not row.owner_name:
        return 0.0
    own = name_key(row.owner_name)
    best = _OTHER_NAME
    for place, name in enumerate(document.names):
        share = 1.0 if place == 0 else 0.6
        key = name_key(name)
        if _same_name(key, own):
            marks = _SAME_MARKS if _spelled(name) == _spelled(row.owner_name) else _OTHER_MARKS
            best = max(best, share * index.rarity("name", own) + marks)
            continue
        alike = fuzz.ratio(key, own)
        if alike >= _ALIKE and _word_for_word(key, own):
            best = max(best, share * 0.6 * index.rarity("name", own) - (100 - alike) / 8)
        elif alike >= _UNLIKE:
            best = max(best, -3.0)
    return best


def _word_for_word(one: str, other: str) -> bool:
    """Whether two names may be one misread: brothers and sisters differ by a whole word."""
    words = list(zip_longest(one.split(), other.split(), fillvalue=""))
    return all(Levenshtein.distance(a, b) <= max(1, len(b) // 4) for a, b in words)


def _same_name(one: str, other: str) -> bool:
    """Whether two names are one; a gap between words may be lost."""
    return one.replace(" ", "") == other.replace(" ", "")


def _misread(key: str, own: str) -> bool:
    """Whether a name can only be the other one misread, and not a brother's or sister's.

    In each word that differs one sign does, and makes no Vietnamese syllable of it on one side:
    "Trlnh" is no name, so it is Trinh; "Lam" may be Lan, and is a name.
    """
    words = list(zip_longest(key.split(), own.split(), fillvalue=""))
    return all(
        a == b or (Levenshtein.distance(a, b) == 1 and is_syllable(a) != is_syllable(b))
        for a, b in words
    )


def _by_birth(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    if not document.births or not row.born:
        return 0.0
    if row.born in document.births:
        return index.rarity("birth", row.born)
    years = {born[:4] for born in document.births}
    whole = all(len(born) > 4 for born in (row.born, *document.births))
    if row.born[:4] in years:
        near = whole and min(_apart(born, row.born) for born in document.births) == 1
        return _NEAR_DAY if near else 2.0 if not whole else -2.5
    near = whole and min(_apart(born, row.born) for born in document.births) == 1
    return 1.5 if near else _OTHER_BIRTH


def _by_date(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    if not document.dates or row.date is None:
        return 0.0
    own = row.date.isoformat()
    if row.date in document.dates:
        return index.rarity("date", own)
    near = min(_apart(day.isoformat(), own) for day in document.dates)
    return _NEAR_DAY if near == 1 else _OTHER_DAY


def _by_type(document: Evidence, row: RegisterRow) -> float:
    if not document.paper or not row.type:
        return 0.0
    alike = fuzz.partial_ratio(bare(document.paper), bare(row.type))
    return _SAME_TYPE if alike >= 80 else _OTHER_TYPE if alike < 60 else 0.0


def _by_pages(document: Evidence, row: RegisterRow) -> float:
    if document.pages is None or row.pages_expected is None:
        return 0.0
    return _SAME_PAGES if document.pages == row.pages_expected else _OTHER_PAGES


def _apart(one: str, other: str) -> int:
    """Signs in which two dates differ."""
    return sum(a != b for a, b in zip(one, other, strict=False)) if len(one) == len(other) else 9


def _spelled(name: str) -> str:
    return with_tone_marks(" ".join(name.split()).casefold(), "old")


def _keys_of(row: RegisterRow) -> dict[str, Iterable[str]]:
    return {
        "number": number_keys(row.number)[:1] if row.number else (),
        "serial": [serial_of(row.number)[0]] if row.number else (),
        "id": [row.owner_id] if row.owner_id else (),
        "name": [name_key(row.owner_name)] if row.owner_name else (),
        "birth": [row.born] if row.born else (),
        "date": [row.date.isoformat()] if row.date else (),
        "slip": [slip_key(row.number)] if row.number else (),
    }


def _keys_read(evidence: Evidence) -> dict[str, Iterable[str]]:
    return {
        "slip": [slip_key(evidence.slip.number)] if evidence.slip else (),
        "number": [key for number in evidence.numbers for key in number_keys(number)],
        "serial": [serial for number in evidence.numbers if (serial := serial_of(number)[0])],
        "id": evidence.ids,
        "name": [name_key(name) for name in evidence.names],
        "birth": evidence.births,
        "date": [day.isoformat() for day in evidence.dates],
    }
