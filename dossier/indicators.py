"""Indicators of the digitising of dossiers: QĐ 766/QĐ-TTg 4.1 to 4.4, targets, savings, forecast.

Plain arithmetic over values; where they come from is the business of those who call. Each
result carries the numbers it was made of, so that a report can show its formula.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Literal

from profiles import Cap, TargetRules

#: Working days of the past by which the pace of the coming ones is judged.
_PACE_DAYS = 20
Number = Literal["4.1", "4.2", "4.3", "4.4"]


@dataclass(frozen=True)
class DossierFacts:
    """What the indicators ask of one dossier.

    Attributes:
        gives_result: its procedure ends in a written result.
        has_result: that result was issued electronically.
        digitised: the file of at least one component is attached.
        reused: at least one component was taken from data already held.
        through_store: a component came from the personal store, or its result went there.
    """

    id: str
    gives_result: bool = True
    has_result: bool = False
    digitised: bool = False
    reused: bool = False
    through_store: bool = False


@dataclass(frozen=True)
class Ratio:
    """A share with what it is made of; ``share`` is None of nothing."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """From 0 to 1."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class Indicator:
    """One indicator of QĐ 766/QĐ-TTg.

    Attributes:
        points: as the office's caps have it; None where it has none for this indicator.
    """

    number: Number
    ratio: Ratio
    cap: Cap | None = None

    @property
    def points(self) -> float | None:
        """``points`` of the cap x share / ``full_at``, never more than ``points``."""
        if self.cap is None or self.ratio.share is None:
            return None
        return self.cap.points * min(1.0, self.ratio.share / self.cap.full_at)


def indicators(
    dossiers: Iterable[DossierFacts], caps: Mapping[Number, Cap]
) -> tuple[Indicator, ...]:
    """Indicators 4.1 to 4.4 (QĐ 766/QĐ-TTg, group "Số hóa hồ sơ").

    4.1: electronic results issued / dossiers whose procedure gives a written result. 4.2: dossiers
    digitised, a component attached and the result electronic / all. 4.3: dossiers with at least
    one reused component / all received. 4.4: dossiers whose file came from the personal store, or
    whose result went there / all.
    """
    every = list(dossiers)
    due = [one for one in every if one.gives_result]
    counted: dict[Number, Ratio] = {
        "4.1": Ratio(sum(one.has_result for one in due), len(due)),
        "4.2": Ratio(sum(one.digitised and one.has_result for one in every), len(every)),
        "4.3": Ratio(sum(one.reused for one in every), len(every)),
        "4.4": Ratio(sum(one.through_store for one in every), len(every)),
    }
    return tuple(Indicator(number, ratio, caps.get(number)) for number, ratio in counted.items())


@dataclass(frozen=True)
class Spread:
    """How long something took: seconds, of ``count`` times."""

    count: int
    total: float
    mean: float
    median: float
    ninth_tenth: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Spread | None":
        """The spread of measured times; None of none.

        The ninth tenth is the smallest time that at least nine in ten do not exceed.
        """
        from statistics import median

        known = sorted(seconds)
        if not known:
            return None
        total = sum(known)
        return cls(
            count=len(known),
            total=total,
            mean=total / len(known),
            median=median(known),
            ninth_tenth=known[ceil(0.9 * len(known)) - 1],
        )


@dataclass(frozen=True)
class Forecast:
    """When a backlog will be done, at the pace of the last working days.

    Attributes:
        pace: documents a day worked, over ``days`` of them.
        done_on: the day; ``early`` and ``late`` at the pace of the better and the worse half of
            those days. None where nothing is done yet, or on bad days nothing at all.
    """

    left: int
    pace: float
    days: int
    done_on: date | None
    early: date | None
    late: date | None


def forecast(made_by_day: Mapping[date, int], left: int, today: date) -> Forecast:
    """When ``left`` documents will be done, if work goes on from Monday to Friday as it did.

    Args:
        made_by_day: documents made on each day; only days on which any were count as worked.
        today: counts as worked already.
    """
    days = sorted(made_by_day)[-_PACE_DAYS:]
    counts = sorted(made_by_day[day] for day in days)
    half = max(1, len(counts) // 2)
    paces = [
        sum(some) / len(some) if some else 0.0 for some in (counts, counts[-half:], counts[:half])
    ]
    done, early, late = (_after_work(today, left, pace) for pace in paces)
    return Forecast(left, paces[0], len(days), done, early, late)


def _after_work(today: date, left: int, pace: float) -> date | None:
    if left <= 0:
        return today
    if pace <= 0:
        return None
    weeks, days = divmod(ceil(left / pace), 5)
    day = today + timedelta(weeks=weeks)
    while days or day.weekday() >= 5:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and days > 0
    return day


@dataclass(frozen=True)
class Pace:
    """Dossiers of somebody against the target.

    Attributes:
        due: what the target asks of the days worked.
        yearly: what their pace would come to in a year.
    """

    dossiers: int
    days: int
    due: float
    yearly: float

    @property
    def share(self) -> float:
        """Of the target; 1 is what was to be done."""
        return self.dossiers / self.due if self.due else 0.0


def pace(dossiers: int, days: int, targets: TargetRules) -> Pace:
    """Dossiers made in so many working days, against ``dossiers_a_year``."""
    a_day = targets.dossiers_a_year / targets.working_days
    yearly = dossiers / days * targets.working_days if days else 0.0
    return Pace(dossiers, days, days * a_day, yearly)


@dataclass(frozen=True)
class Savings:
    """What papers that were not asked for again have spared, with the rates it rests on.

    Money, dong: papers x (copy + citizen's minutes / 60 x citizen's hour + clerk's minutes / 60 x
    clerk's hour). Hours: papers x minutes / 60.
    """

    papers: int
    rates: TargetRules

    @property
    def citizen_hours(self) -> float:
        """Hours citizens did not spend."""
        return self.papers * self.rates.citizen_minutes / 60

    @property
    def clerk_hours(self) -> float:
        """Hours clerks did not spend."""
        return self.papers * self.rates.clerk_minutes / 60

    @property
    def money(self) -> float:
        """Dong: copies, and the hours at what they are worth."""
        return (
            self.papers * self.rates.copy_cost
            + self.citizen_hours * self.rates.citizen_hour
            + self.clerk_hours * self.rates.clerk_hour
        )
