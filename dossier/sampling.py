"""Acceptance sampling of lots (ISO 2859-1): how many are drawn, which, and what follows.

    plan = plan_for(500, aql="1.0")                      # letter H, 50 drawn, 1 may be wrong
    digest = lot_digest({"d1": "ab…", "d2": "cd…"})
    draw(seed_of(lot_id, digest), ["d1", "d2"], plan.size)

Which documents are drawn follows from the lot's id and digest alone, so that anybody who has
them can draw the same sample again. Neither can be chosen by who made the lot: the digest is
over the documents as they are, and the id is drawn at random when the lot is closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from dossier.sampling_tables import AQLS, CODE_LETTERS, LEVELS, MASTER_TABLES, Level, Severity
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

_SEED = "sohoa lot sample 1"
#: ISO 2859-1:1999 9.3.1, 9.3.2, 9.3.3, 9.4.
_WINDOW, _REFUSED_IN_WINDOW = 5, 2
_ACCEPTED_TO_RELAX = 5
_SCORE_TO_REDUCE = 30
_REFUSED_TO_STOP = 5


class UnknownAql(SohoaError):
    """An acceptance quality limit that the tables do not have."""

    exit_code = ExitCode.USAGE
    message = N_("ISO 2859-1 has no AQL of {aql}. It has: {known}.")


@dataclass(frozen=True)
class Plan:
    """A single sampling plan for one lot.

    Attributes:
        letter: code letter of the row that is used, arrows followed.
        size: documents to be drawn; the whole lot where that is no larger.
        accept: most nonconforming documents with which the lot may be accepted.
    """

    lot_size: int
    level: Level
    aql: str
    severity: Severity
    letter: str
    size: int
    accept: int

    @property
    def reject(self) -> int:
        """Fewest nonconforming documents with which the lot must not be accepted."""
        return self.accept + 1

    def passes(self, nonconforming: int) -> bool:
        """Whether a sample with so many nonconforming documents lets the lot be accepted."""
        return nonconforming <= self.accept


@dataclass(frozen=True)
class Standing:
    """How strictly the next lot from one source is inspected, and what that rests on.

    Attributes:
        recent: whether the last lots, at most five, were accepted; since the severity changed.
        score: the switching score (9.3.3.2), under normal inspection.
        refused: lots not accepted under tightened inspection since it began.
        stopped: nothing is inspected before what is wrong has been put right (9.4).
    """

    severity: Severity = "normal"
    recent: tuple[bool, ...] = ()
    score: int = 0
    refused: int = 0
    stopped: bool = False

    def resumed(self) -> "Standing":
        """After the cause was put right: tightened inspection begins anew (9.4)."""
        return Standing("tightened")


def code_letter(lot_size: int, level: Level = "II") -> str:
    """The sample size code letter of table 1; a lot of one counts as the smallest."""
    letters = next(letters for largest, letters in CODE_LETTERS if lot_size <= largest)
    return letters.split()[LEVELS.index(level)]


def plan_for(lot_size: int, aql: str, level: Level = "II", severity: Severity = "normal") -> Plan:
    """The plan of the master tables for a lot.

    Args:
        aql: as printed in the tables: ``0.65``, ``1.0``, ``2.5``, ``10``.

    Raises:
        UnknownAql.
    """
    if aql not in AQLS:
        raise UnknownAql(aql=aql, known=", ".join(AQLS))
    rows = _rows(severity)
    place = next(i for i, row in enumerate(rows) if row[0] == code_letter(lot_size, level))
    column = AQLS.index(aql)
    while (cell := rows[place][2][column]) in ("↓", "↑"):
        place += 1 if cell == "↓" else -1
    letter, size, _cells = rows[place]
    return Plan(lot_size, level, aql, severity, letter, min(size, lot_size), int(cell))


@cache
def _rows(severity: Severity) -> list[tuple[str, int, list[str]]]:
    split = [row.split() for row in MASTER_TABLES[severity]]
    return [(letter, int(size), cells) for letter, size, *cells in split]


def after_lot(
    standing: Standing, plan: Plan, nonconforming: int, *, accepted: bool, reduce: bool = False
) -> Standing:
    """How the next lot is inspected, after one that was presented for the first time.

    Lots that were put right and presented again do not count (ISO 2859-1 9.3).

    Args:
        nonconforming: documents in the sample that were.
        accepted: what was decided in the end.
        reduce: production is steady and whoever answers for it wants reduced inspection.
    """
    standing = replace(standing, recent=(*standing.recent, accepted)[-_WINDOW:])
    match plan.severity:
        case "normal":
            return _after_normal(standing, plan, nonconforming, accepted=accepted, reduce=reduce)
        case "tightened":
            return _after_tightened(standing, accepted=accepted)
        case "reduced":
            return standing if accepted and reduce else Standing("normal")


def _after_normal(
    standing: Standing, plan: Plan, nonconforming: int, *, accepted: bool, reduce: bool
) -> Standing:
    if standing.recent.count(False) >= _REFUSED_IN_WINDOW:
        return Standing("tightened")
    score = _score(standing.score, plan, nonconforming, accepted=accepted)
    if reduce and score >= _SCORE_TO_REDUCE:
        return Standing("reduced")
    return replace(standing, score=score)


def _after_tightened(standing: Standing, *, accepted: bool) -> Standing:
    refused = standing.refused + (not accepted)
    if refused >= _REFUSED_TO_STOP:
        return replace(standing, refused=refused, stopped=True)
    if standing.recent.count(True) == _ACCEPTED_TO_RELAX:
        return Standing("normal")
    return replace(standing, refused=refused)


def _score(score: int, plan: Plan, nonconforming: int, *, accepted: bool) -> int:
    """The switching score of 9.3.3.2 for single sampling."""
    if not accepted:
        return 0
    if plan.accept <= 1:
        return score + 2
    step = AQLS.index(plan.aql) - 1
    tighter = plan_for(plan.lot_size, AQLS[step], plan.level) if step >= 0 else None
    # With another sample size nobody knows what that sample would have shown.
    comparable = tighter is not None and tighter.size == plan.size
    return score + 3 if comparable and tighter and tighter.passes(nonconforming) else 0


def lot_digest(documents: Mapping[str, str]) -> str:
    """SHA-256 over the lines ``id sha256``, sorted, each ended by a newline; hexadecimal.

    Args:
        documents: SHA-256 of each document's PDF by the document's id.
    """
    lines = sorted(f"{name} {digest}\n" for name, digest in documents.items())
    return sha256("".join(lines).encode()).hexdigest()


def seed_of(lot_id: str, digest: str) -> str:
    """SHA-256 of the line ``sohoa lot sample 1 LOT DIGEST`` without a newline; hexadecimal."""
    return sha256(f"{_SEED} {lot_id} {digest}".encode()).hexdigest()


def draw(seed: str, documents: Iterable[str], size: int) -> tuple[str, ...]:
    """The ``size`` documents whose SHA-256 of ``seed id`` (with the space) is smallest.

    Every choice of so many documents is as likely as any other.
    """
    ranked = sorted(documents, key=lambda one: sha256(f"{seed} {one}".encode()).hexdigest())
    return tuple(ranked[:size])
