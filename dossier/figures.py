"""What was done, counted: the figures a report shows, whatever they were drawn from.

``backlog_figures`` draws them from a ledger, ``counter_figures`` from the store's audit. They
name operators and stations, never an owner.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from dossier.indicators import Forecast, Indicator, Pace, Ratio, Savings, Spread, pace
from profiles import TargetRules


@dataclass(frozen=True)
class Made:
    """What one operator made at one station on one day (Vietnam's)."""

    day: date
    operator: str
    station: str
    documents: int = 0
    pages: int = 0
    dossiers: int = 0


@dataclass(frozen=True)
class Sum:
    """What somebody made in all, on so many days, against the target."""

    name: str
    documents: int
    pages: int
    pace: Pace


@dataclass(frozen=True)
class Lots:
    """How lots were judged: by decision, and what the second person found."""

    decided: Mapping[str, int] = field(default_factory=dict, hash=False)
    checked: int = 0
    nonconforming: int = 0
    by_field: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Withdrawn:
    """A document that was taken out for good; ``was``: what it had been set aside for."""

    document: str
    lot: str
    was: str
    reason: str
    by: str
    day: date


@dataclass(frozen=True)
class Figures:
    """The figures of one report.

    Attributes:
        first, last: the days it covers.
        states: documents by how far they have come; empty for counter work.
        pages_done: written pages made until now, of those the register expects; of documents it
            expects no number of, those they have.
        made: by day, operator and station.
        stages: seconds a document spent in each stage, as measured there.
        dossier_time: seconds from the beginning of a dossier to its receipt; in a backlog those
            that all steps of its documents took.
        in_time: dossiers within the target for waiting.
        rescans: sheets scanned again, by reason.
        errors: tries that failed, by kind; ``set_aside`` documents that wait for a person.
        withdrawn: documents a supervisor took out for good.
        asked: components asked for; ``spared`` of them came from the store.
        whole: entries of the audit that were checked, and whether the chain holds; None: not.
    """

    source: Literal["backlog", "counter"]
    office: str
    drawn_at: datetime
    first: date | None
    last: date | None
    made: tuple[Made, ...]
    targets: TargetRules
    indicators: tuple[Indicator, ...]
    savings: Savings
    states: Mapping[str, int] = field(default_factory=dict, hash=False)
    pages_done: Ratio | None = None
    forecast: Forecast | None = None
    stages: Mapping[str, Spread] = field(default_factory=dict, hash=False)
    dossier_time: Spread | None = None
    in_time: Ratio | None = None
    rescans: Mapping[str, int] = field(default_factory=dict, hash=False)
    errors: Mapping[str, int] = field(default_factory=dict, hash=False)
    set_aside: Mapping[str, int] = field(default_factory=dict, hash=False)
    withdrawn: tuple[Withdrawn, ...] = ()
    lots: Lots = Lots()
    asked: int = 0
    spared: int = 0
    whole: tuple[int, bool] | None = None

    @property
    def documents(self) -> int:
        """Documents made."""
        return sum(one.documents for one in self.made)

    @property
    def pages(self) -> int:
        """Their written pages."""
        return sum(one.pages for one in self.made)

    @property
    def dossiers(self) -> int:
        """Dossiers made whole."""
        return sum(one.dossiers for one in self.made)

    @property
    def reuse(self) -> Ratio:
        """Papers that were not asked for again, of all that a procedure needed."""
        return Ratio(self.spared, self.asked)

    def by(self, what: Literal["operator", "station"]) -> list[Sum]:
        """What each operator or station made, the most dossiers first."""
        names = {getattr(one, what) for one in self.made}
        sums = [
            self._sum(name, [o for o in self.made if getattr(o, what) == name]) for name in names
        ]
        return sorted(sums, key=lambda one: (-one.pace.dossiers, -one.pages, one.name))

    def by_day(self) -> list[Made]:
        """What all made together, day by day."""
        days: dict[date, Counter[str]] = {}
        for one in self.made:
            days.setdefault(one.day, Counter()).update(
                documents=one.documents, pages=one.pages, dossiers=one.dossiers
            )
        return [
            Made(day, "", "", sums["documents"], sums["pages"], sums["dossiers"])
            for day, sums in sorted(days.items())
        ]

    def _sum(self, name: str, made: list[Made]) -> Sum:
        days = len({one.day for one in made})
        dossiers = sum(one.dossiers for one in made)
        return Sum(
            name,
            sum(one.documents for one in made),
            sum(one.pages for one in made),
            pace(dossiers, days, self.targets),
        )


def added_up(made: Iterable[Made]) -> tuple[Made, ...]:
    """One entry a day, operator and station, in this order."""
    sums: dict[tuple[date, str, str], Counter[str]] = {}
    for one in made:
        sums.setdefault((one.day, one.operator, one.station), Counter()).update(
            documents=one.documents, pages=one.pages, dossiers=one.dossiers
        )
    return tuple(
        Made(*key, counts["documents"], counts["pages"], counts["dossiers"])
        for key, counts in sorted(sums.items())
    )
