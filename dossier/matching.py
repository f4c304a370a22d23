"""Which row of the register is this document? By its separator, its number, or what is read on it.

Each fact that is read speaks for or against a row, in bits (Fellegi & Sunter, "A theory for
record linkage", JASA 1969): a name borne by one row in a thousand weighs ten bits, one borne by
half of them a single bit; a fact that contradicts weighs against. A document goes to a row by
itself only when nearly all of the weight is on that row, two facts agree, and nothing speaks
plainly against it. All others go to a person, with the likeliest rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from digitize.slips import Slip, slip_key
from dossier.evidence import Evidence, name_key, number_keys, serial_of
from dossier.register import RegisterRow
from foundation.messages import N_, _
from ocr.labels import bare
from ocr.spelling import with_tone_marks

#: A row is taken without asking when this much of the weight is on it, and so many bits lie
#: between it and the next one. Of 3,000 generated documents that were read without separators
#: (``python -m benchmarks matching``) none went wrong with these, and 1 in 80 was asked about.
_SURE, _AHEAD = 0.998, 7.0
#: Share of documents whose row is not in the register at all, taken beforehand.
_STRANGERS = 0.02
#: Rows looked at for one document, at most, and those shown to a person.
_MOST_ROWS, _SHOWN = 400, 5
#: No fact weighs more: registers and papers have false values too.
_MOST_BITS = 18.0
#: What near misses and contradictions weigh, in bits.
_NEAR_NUMBER, _OTHER_NUMBER = 4.0, -5.0
_NEAR_ID, _OTHER_ID = 9.0, -4.0
_OTHER_NAME, _OTHER_BIRTH, _NEAR_DAY, _OTHER_DAY = -6.0, -5.0, 4.0, -2.5
_SAME_MARKS, _OTHER_MARKS = 1.0, -1.5
_SAME_TYPE, _OTHER_TYPE, _SAME_PAGES, _OTHER_PAGES = 1.0, -3.0, 0.5, -1.0
#: How alike two names must be, 0-100, to be one misread; and below which they are two.
_ALIKE, _UNLIKE = 84.0, 65.0

#: Why a person is asked.
REASONS = {
    "separator-differs": N_("the separator names no row, or the paper is of another row"),
    "not-in-register": N_("the register has no row with the separator's number"),
    "not-enough": N_("too little was read, or read too badly"),
    "two-alike": N_("two rows are too much alike"),
    "owner-only": N_("the owner is known, but not which of their papers it is"),
    "contradiction": N_("what was read fits the row in some places and not in others"),
    "claimed-twice": N_("another document goes by the same row"),
    "nothing-alike": N_("no row is like what was read"),
    "nothing-read": N_("nothing was read to go by"),
}

Status = Literal["sure", "doubtful", "unknown"]


@dataclass(frozen=True)
class Candidate:
    """A row that may be the document's.

    Attributes:
        share: of the weight, 0-1.
        told: the facts that speak for it.
        against: the facts that speak against it.
    """

    row: RegisterRow
    share: float
    told: tuple[str, ...]
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """What was found for one document. Rows are personal data: they are not for logs.

    Attributes:
        row: taken without asking; None where a person decides.
        confidence: share of the weight on the likeliest row, 0-1.
        reason: why it is not sure, a key of :data:`REASONS`; empty when it is.
        candidates: the likeliest rows, best first.
    """

    row: RegisterRow | None
    confidence: float
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()

    @property
    def status(self) -> Status:
        """Whether it is settled, for a person to choose, or for a person to find."""
        if self.row is not None:
            return "sure"
        return "doubtful" if self.candidates else "unknown"

    def in_words(self) -> str:
        """Why a person is asked; empty when none is."""
        return _(REASONS[self.reason]) if self.reason else ""


@dataclass(frozen=True)
class _Weighed:
    row: RegisterRow
    bits: float
    told: tuple[str, ...]
    against: tuple[str, ...]


@dataclass
class RegisterIndex:
    """The rows of a register, to be found by what papers say. Rows that repeat one are left out."""

    rows: Sequence[RegisterRow]
    _by: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = [row for row in self.rows if "row-twice" not in row.doubts]
        for place, row in enumerate(self.rows):
            for kind, keys in _keys_of(row).items():
                for key in keys:
                    self._by.setdefault(kind, {}).setdefault(key, []).append(place)
        self._names = list(self._by.get("name", ()))
        self._ids = list(self._by.get("id", ()))

    def found(self, kind: str, key: str) -> list[int]:
        """Places of the rows with that value."""
        return self._by.get(kind, {}).get(key, [])

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


def match_documents(documents: Sequence[Evidence], rows: Sequence[RegisterRow]) -> list[Match]:
    """The row of each document, no row twice.

    A row that two documents lay claim to goes to neither: both go to a person. What others
    took for sure is no candidate any more.
    """
    index = RegisterIndex(rows)
    weighed = [_weigh_all(document, index) for document in documents]
    taken: dict[int, int] = {}  # line of a row → document
    while True:
        found = [
            _judge(document, _open_to(number, scores, taken), len(index.rows))
            for number, (document, scores) in enumerate(zip(documents, weighed, strict=True))
        ]
        claims = Counter(match.row.line for match in found if match.row)
        sure = {
            match.row.line: number
            for number, match in enumerate(found)
            if match.row and claims[match.row.line] == 1
        }
        if sure.keys() <= taken.keys():
            break
        taken |= sure
    return [_unless_claimed(match, claims) for match in found]


def _open_to(number: int, scores: list[_Weighed], taken: Mapping[int, int]) -> list[_Weighed]:
    return [one for one in scores if taken.get(one.row.line, number) == number]


def _unless_claimed(match: Match, claims: Mapping[int, int]) -> Match:
    if match.row is None or claims[match.row.line] == 1:
        return match
    return Match(None, match.confidence, "claimed-twice", match.candidates)


def _judge(document: Evidence, scores: Sequence[_Weighed], rows: int) -> Match:
    """The likeliest row, and whether it is sure."""
    if not scores:
        reason = "not-in-register" if document.slip else "nothing-alike"
        return Match(None, 0.0, reason if document.says_anything() else "nothing-read")
    ordered = sorted(scores, key=lambda one: (-one.bits, one.row.line))
    each = log2((1 - _STRANGERS) / max(1, rows))
    weights = [2.0 ** min(60.0, one.bits + each) for one in ordered]
    total = sum(weights) + _STRANGERS
    shown = tuple(
        Candidate(one.row, round(weight / total, 4), one.told, one.against)
        for one, weight in zip(ordered[:_SHOWN], weights, strict=False)
    )
    best, confidence = ordered[0], weights[0] / total
    ahead = best.bits - ordered[1].bits if len(ordered) > 1 else 60.0
    reason = _why_unsure(document, best, confidence, ahead)
    return Match(None if reason else best.row, round(confidence, 4), reason, shown)


def _why_unsure(document: Evidence, best: _Weighed, confidence: float, ahead: float) -> str:
    by_separator = "separator" in best.told
    # Number and day are the paper's; name, owner's number and birth are on all papers of a person.
    paper_told = bool({"number", "date"} & set(best.told))
    strong = [fact for fact in best.told if fact not in {"type", "pages"}]
    faults = {
        # The separator names no row, or another one than the paper itself.
        "separator-differs": document.slip is not None
        and not (by_separator and len(best.against) <= 1 + len(best.told) // 2),
        "owner-only": not by_separator and not paper_told and bool({"id", "name"} & set(strong)),
        "not-enough": confidence < _SURE
        or (not by_separator and (len(strong) < 2 or not paper_told)),
        "two-alike": ahead < _AHEAD,
        "contradiction": not by_separator and len(best.against) >= len(strong),
    }
    return next((reason for reason, found in faults.items() if found), "")


# --- weighing -----------------------------------------------------------------------------


def _weigh_all(document: Evidence, index: RegisterIndex) -> list[_Weighed]:
    return [_weigh(document, index.rows[place], index) for place in index.candidates(document)]


def _weigh(document: Evidence, row: RegisterRow, index: RegisterIndex) -> _Weighed:
    facts = {
        "separator": _by_slip(document.slip, row),
        "number": _by_number(document, row, index),
        "id": _by_id(document, row, index),
        "name": _by_name(document, row, index),
        "birth": _by_birth(document, row, index),
        "date": _by_date(document, row, index),
        "type": _by_type(document, row),
        "pages": _by_pages(document, row),
    }
    told = tuple(name for name, bits in facts.items() if bits > 0.9)
    against = tuple(name for name, bits in facts.items() if bits < -2.0)
    return _Weighed(row, sum(facts.values()), told, against)


def _by_slip(slip: Slip | None, row: RegisterRow) -> float:
    """A separator's code cannot be misread, but a sheet may lie before the wrong paper."""
    if slip is None or slip_key(slip.number) != slip_key(row.number):
        return 0.0
    return 28.0 if slip.line in (None, row.line) else 12.0


def _by_number(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    if not document.numbers or not row.number:
        return 0.0
    own = number_keys(row.number)
    read = [key for number in document.numbers for key in number_keys(number)]
    if own[0] in read:
        return index.rarity("number", own[0])
    best = _OTHER_NUMBER
    for number in document.numbers:
        serial, year = serial_of(number)
        other, other_year = serial_of(row.number)
        years = {year, other_year, str(row.date.year) if row.date else ""} - {""}
        if serial and serial == other and len(years) < 2:
            best = max(best, min(8.0, index.rarity("serial", serial)))
        elif len(own[0]) >= 5 and Levenshtein.distance(number_keys(number)[0], own[0]) == 1:
            best = max(best, _NEAR_NUMBER)
    return best


def _by_id(document: Evidence, row: RegisterRow, index: RegisterIndex) -> float:
    if not document.ids or not row.owner_id:
        return 0.0
    if row.owner_id in document.ids:
        return index.rarity("id", row.owner_id)
    near = min(Levenshtein.distance(one, row.owner_id) for one in document.ids)
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
        if key == own:
            marks = _SAME_MARKS if _spelled(name) == _spelled(row.owner_name) else _OTHER_MARKS
            best = max(best, share * index.rarity("name", own) + marks)
            continue
        alike = fuzz.ratio(key, own)
        if alike >= _ALIKE:
            best = max(best, share * 0.6 * index.rarity("name", own) - (100 - alike) / 8)
        elif alike >= _UNLIKE:
            best = max(best, -3.0)
    return best


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
