"""How an office checks what hired hands have made, and by what it measures its work."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from foundation.messages import N_
from profiles.base import Rules

#: What a second person types in again, blind: facts a paper is filed and found by.
DoubleKeyed = Literal["owner_identifier", "owner_name", "number", "issued_on"]
Share = Annotated[float, Field(gt=0, le=1)]


class Staff(Rules):
    """One person of the office or of its contractor, under all the names they go by."""

    names: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    #: Whether they may accept lots, or send them back.
    supervisor: bool = False


class QualityRules(Rules):
    """How lots of a backlog are inspected (ISO 2859-1)."""

    #: Whether documents go into the store only with a lot that somebody else accepted.
    inspect: bool = True
    #: Acceptance quality limit, wrong documents in 100, as the tables print it.
    aql: str = "1.0"
    level: Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"] = "II"
    #: Whether steady good work may be inspected less (ISO 2859-1 9.3.3: only if it is wished).
    reduced: bool = False
    double_keyed: tuple[DoubleKeyed, ...] = (
        "owner_identifier",
        "owner_name",
        "number",
        "issued_on",
    )


class Cap(Rules):
    """What one indicator of QĐ 766/QĐ-TTg gives. Sources differ, so nothing is given by default.

    The points are ``points`` x share / ``full_at``, never more than ``points``.
    """

    points: float = Field(ge=0, le=100)
    #: The share, 0 to 1, from which on all points are given.
    full_at: Share = 1.0


class TargetRules(Rules):
    """By what the work is measured: a province's targets, and what a paper not asked for saves."""

    #: Dossiers a year for each member of the staff.
    dossiers_a_year: int = Field(default=1600, ge=1)
    #: Days worked in a year: 365 without weekends, holidays (Bộ luật Lao động 2019 Điều 112) and
    #: the annual leave (Điều 113).
    working_days: int = Field(default=238, ge=1, le=366)
    waiting_minutes: float = Field(default=15.0, gt=0)
    #: Share of dossiers that are digitised and reusable; of those with nothing asked for again.
    digitised: Share = 1.0
    not_asked_again: Share = 0.8
    #: Indicators 4.1 to 4.4 by their number.
    caps: dict[Literal["4.1", "4.2", "4.3", "4.4"], Cap] = Field(default_factory=dict)
    #: What one paper that is not asked for again spares the citizen, dong and minutes. Certified
    #: copies cost 2,000 dong for each of the first two pages (TT 226/2016/TT-BTC).
    copy_cost: float = Field(default=4000.0, ge=0)
    citizen_minutes: float = Field(default=30.0, ge=0)
    #: What it spares the clerk: no scanning, checking, typing.
    clerk_minutes: float = Field(default=5.0, ge=0)
    #: Worth of an hour, dong; 0: time is not turned into money.
    citizen_hour: float = Field(default=0.0, ge=0)
    clerk_hour: float = Field(default=0.0, ge=0)


class MasterRules(Rules):
    """What becomes of the scans a document was made of, once it is accepted and in the store."""

    after: Literal["keep", "drop"] = "keep"
    #: Days they stay after the deposit before they may go.
    days: int = Field(default=90, ge=0, le=36_500)
    #: The rule by which they go, as it is quoted on the record of what was dropped.
    rule: str = ""

    @model_validator(mode="after")
    def _has_rule(self) -> Self:
        if self.after == "drop" and not self.rule:
            raise ValueError(N_("scans are dropped by a rule only: name it under rule"))
        return self


class BatchRules(Rules):
    """When and how hard a backlog is worked on."""

    #: "07:30-17:00", Vietnam's time; empty: all hours are alike.
    office_hours: Annotated[
        str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$")
    ] = ""
    #: ISO 8601 days of the week: 1 is Monday.
    office_days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    #: Pages worked on at once in office hours; 0: the backlog waits until they are over.
    office_jobs: int = Field(default=1, ge=0)
    #: Whether it waits while a dossier is taken in on the same machine.
    yield_to_counter: bool = True
    #: How far it stands behind other programs of its machine (nice(2)); 0: it does not.
    niceness: int = Field(default=10, ge=0, le=19)


class Limits(Rules):
    """How often papers may be handed out: enough for any counter, too little to empty a store."""

    operator_an_hour: int = Field(default=600, ge=1)
    record_a_day: int = Field(default=100, ge=1)
