"""Lots as values: what was presented, what was drawn of it, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dossier.sampling import Plan, Standing, draw, lot_digest, seed_of
from foundation.times import utc_now

LotState = Literal["drawn", "accepted", "rejected", "rework"]
Verdict = Literal["accepted", "rejected", "rework"]


@dataclass(frozen=True)
class Lot:
    """A lot as it was presented.

    Attributes:
        id: ULID, made when the lot was closed; with ``digest`` it says which were drawn.
        makers: all who had a hand in its documents, as they were named.
        drawn: ids of the documents in the sample.
        checked: of those, how many a second person has looked at, and how many are wrong.
        again: it was presented before and sent back.
    """

    id: str
    name: str
    makers: tuple[str, ...]
    stations: tuple[str, ...]
    digest: str
    plan: Plan
    again: bool
    closed_at: datetime
    closed_by: str
    state: LotState
    drawn: tuple[str, ...]
    checked: int
    wrong: int

    @property
    def seed(self) -> str:
        """From what the sample follows."""
        return seed_of(self.id, self.digest)


@dataclass(frozen=True)
class Decision:
    """What a supervisor decided. ``rework``: what is wrong is mended and the lot comes again."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Drawing:
    """A lot about to be closed."""

    lot_id: str
    name: str
    held: dict[str, str]
    makers: tuple[str, ...]
    stations: tuple[str, ...]
    standing: Standing
    plan: Plan
    again: bool

    @property
    def maker(self) -> str:
        """Whose standing it counts for."""
        return maker_of(self.makers)

    @property
    def digest(self) -> str:
        """Of the documents as they are."""
        return lot_digest(self.held)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The sample."""
        return draw(seed_of(self.lot_id, self.digest), self.held, self.plan.size)

    def details(self) -> dict[str, str]:
        """For the audit."""
        return {
            "lot": self.lot_id,
            "name": self.name,
            "sha256": self.digest,
            "size": str(len(self.held)),
            "drawn": str(self.plan.size),
            "makers": ", ".join(self.makers),
        }

    def row(self, closed_by: str) -> dict[str, Any]:
        """For ``lots``."""
        return {
            "id": self.lot_id,
            "name": self.name,
            "maker": self.maker,
            "makers": list(self.makers),
            "stations": list(self.stations),
            "digest": self.digest,
            "size": self.plan.lot_size,
            "level": self.plan.level,
            "aql": self.plan.aql,
            "severity": self.plan.severity,
            "letter": self.plan.letter,
            "sample_size": self.plan.size,
            "accept": self.plan.accept,
            "again": int(self.again),
            "closed_at": utc_now(),
            "closed_by": closed_by,
            "state": "drawn",
        }

    def document_rows(self) -> list[dict[str, Any]]:
        """For ``lot_documents``."""
        drawn = set(self.drawn)
        return [
            {
                "lot_id": self.lot_id,
                "document_id": one,
                "sha256": digest,
                "drawn": int(one in drawn),
            }
            for one, digest in self.held.items()
        ]


def maker_of(makers: tuple[str, ...]) -> str:
    """Whose standing a lot counts for."""
    return " + ".join(sorted(makers))
