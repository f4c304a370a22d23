"""Which row of the register is this document? By its separator, its number, or what is read on it.

Each fact that is read speaks for or against a row, in bits (Fellegi & Sunter, "A theory for
record linkage", JASA 1969): a name borne by one row in a thousand weighs ten bits, one borne by
half of them a single bit; a fact that contradicts weighs against. A document goes to a row by
itself only when nearly all of the weight is on that row, two facts agree, and nothing speaks
plainly against it. All others go to a person, with the likeliest rows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Literal

from dossier.evidence import Evidence
from dossier.register import RegisterRow
from dossier.weighing import RegisterIndex, Weighed, weigh_all
from foundation.messages import N_, _

#: A row is taken without asking when this much of the weight is on it, and so many bits lie
#: between it and the next one. Of 3,000 generated documents read without separators (seed 3 of
#: ``python -m benchmarks matching``) none went wrong with these, and 1 in 50 was asked about.
_SURE, _AHEAD = 0.998, 7.0
#: Share of documents whose row is not in the register at all, taken beforehand.
_STRANGERS = 0.02
#: Rows shown to a person.
_SHOWN = 5

#: Why a person is asked.
REASONS = {
    "separator-differs": N_("the separator names no row, or the paper is of another row"),
    "not-in-register": N_("the register has no row with the separator's number"),
    "not-enough": N_("too little was read, or read too badly"),
    "two-alike": N_("two rows are too much alike"),
    "owner-only": N_("the owner is known, but not which of their papers it is"),
    "contradiction": N_("what was read fits the row in some places and not in others"),
    "other-row": N_("what was read is of another row than the page counts say"),
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


def match_documents(documents: Sequence[Evidence], rows: Sequence[RegisterRow]) -> list[Match]:
    """The row of each document, no row twice.

    A row that two documents lay claim to goes to neither: both go to a person. What others
    took for sure is no candidate any more.
    """
    index = RegisterIndex(rows)
    weighed = [weigh_all(document, index) for document in documents]
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


def _open_to(number: int, scores: list[Weighed], taken: Mapping[int, int]) -> list[Weighed]:
    return [one for one in scores if taken.get(one.row.line, number) == number]


def _unless_claimed(match: Match, claims: Mapping[int, int]) -> Match:
    if match.row is None or claims[match.row.line] == 1:
        return match
    return Match(None, match.confidence, "claimed-twice", match.candidates)


def _judge(document: Evidence, scores: Sequence[Weighed], rows: int) -> Match:
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


def _why_unsure(document: Evidence, best: Weighed, confidence: float, ahead: float) -> str:
    by_separator = "separator" in best.told
    # Number and day are the paper's; name, owner's number and birth are on all papers of a person.
    paper_told = bool({"number", "date"} & set(best.told))
    strong = [fact for fact in best.told if fact not in {"type", "pages"}]
    faults = {
        # The separator names no row, or another one than the paper itself: its number, or more
        # than half as much as speaks for it.
        "separator-differs": document.slip is not None
        and not (
            by_separator
            and "number" not in best.against
            and len(best.against) <= 1 + len(best.told) // 2
        ),
        "owner-only": not by_separator and not paper_told and bool({"id", "name"} & set(strong)),
        # A misread name and two days are a twin's as well.
        "not-enough": confidence < _SURE
        or (not by_separator and not ({"number", "id", "name"} & set(strong) and paper_told)),
        "two-alike": best.ambiguous or ahead < _AHEAD or (not by_separator and len(strong) < 2),
        "contradiction": not by_separator
        and (
            "number" in best.against
            or ("id" in best.against and "number" not in best.told)
            or len(best.against) >= len(strong)
        ),
    }
    return next((reason for reason, found in faults.items() if found), "")
