"""What was done with a backlog, from its ledger alone, and from the audit what came of it."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Column, ColumnElement, Connection, func, select

from dossier.figures import Figures, Lots, Made, Withdrawn, added_up
from dossier.indicators import DossierFacts, Ratio, Savings, Spread, forecast, indicators
from dossier.ledger import Ledger
from dossier.ledger_schema import documents, transitions
from dossier.ledger_values import WALK
from dossier.lot_checks import wrong_fields
from dossier.lot_schema import lot_checks, lots
from foundation.privacy import mask_text
from foundation.times import utc_now, vietnam_time
from profiles import Office

if TYPE_CHECKING:
    from warehouse import Warehouse

#: States in which a document counts as made.
_MADE = ("signed", "deposited")
#: What was taken out for good is no more to be made, and keeps no dossier open.
_STAYS = documents.c.state != "withdrawn"


@dataclass(frozen=True, slots=True)
class _Scan:
    """Who scanned a document last, where and when."""

    day: date
    operator: str
    station: str


@dataclass(frozen=True, slots=True)
class _Work:
    """A document that was made, or a dossier; of a dossier the seconds all its steps took."""

    made: Made
    seconds: float = 0.0


@dataclass
class _Steps:
    """What the steps of all documents add up to; ``took``: seconds a document took in all."""

    took: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    scans: dict[str, _Scan] = field(default_factory=dict)
    seconds: dict[str, "array[float]"] = field(default_factory=lambda: defaultdict(_doubles))
    rescans: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


def _doubles() -> "array[float]":
    return array("d")


def backlog_figures(
    ledger: Ledger,
    office: Office,
    store: "Warehouse | None" = None,
    first: date | None = None,
    last: date | None = None,
) -> Figures:
    """The figures of a backlog; of the days named, both included, what was made in them.

    How far the documents have come, the forecast and the lots are always those of now.

    Args:
        store: where its papers are; says which were used again since.
    """
    with ledger.reading() as tx:
        steps = _add_up(tx, first, last)
        works = list(_works(tx, steps))
        states = _count_by(tx, documents.c.state)
        planned = select(func.sum(func.coalesce(documents.c.pages_expected, documents.c.pages)))
        pages_planned = int(tx.execute(planned.where(_STAYS)).scalar() or 0)
        aside = _count_by(tx, documents.c.reason, documents.c.state == "set-aside")
        withdrawn = tuple(_withdrawn(tx))
        judged = _lots(tx)
        reused = _reused(store)
        facts = list(_dossiers(tx, reused))
        spared = _uses(tx, reused)
    now = utc_now()
    by_day: Counter[date] = Counter()
    for one in works:
        by_day[one.made.day] += one.made.documents
    within = [one for one in works if _within(one.made.day, first, last)]
    made = added_up(one.made for one in within)
    left = sum(count for state, count in states.items() if state not in (*_MADE, "withdrawn"))
    days = [one.day for one in made]
    return Figures(
        source="backlog",
        office=office.title,
        drawn_at=now,
        first=first or min(days, default=None),
        last=last or max(days, default=None),
        made=made,
        targets=office.targets,
        indicators=indicators(facts, office.targets.caps),
        savings=Savings(spared, office.targets),
        states=states,
        pages_done=Ratio(sum(one.made.pages for one in works), pages_planned),
        forecast=forecast(by_day, left, vietnam_time(now).date()),
        stages=_spreads(steps.seconds),
        dossier_time=Spread.of(one.seconds for one in within if one.made.dossiers),
        rescans=dict(steps.rescans),
        errors=dict(steps.errors),
        set_aside=aside,
        withdrawn=withdrawn,
        lots=judged,
    )


def _add_up(tx: Connection, first: date | None, last: date | None) -> _Steps:
    """Go through all steps once."""
    steps = _Steps()
    rows = tx.execute(
        select(transitions).order_by(transitions.c.seq), execution_options={"yield_per": 1000}
    )
    for row in rows:
        day = vietnam_time(row.at).date()
        if row.to_state == "scanned" and row.from_state != "scanned":
            steps.scans[row.document_id] = _Scan(day, _shown(row.operator), _shown(row.station))
        steps.took[row.document_id] += row.seconds
        if not _within(day, first, last):
            continue
        if row.seconds and row.from_state != row.to_state:
            steps.seconds[row.to_state].append(row.seconds)
        if row.error_kind:
            steps.errors[row.error_kind] += 1
        for reason in row.reasons[:1] if row.rescans else ():
            steps.rescans[reason] += row.rescans
    return steps


@cache
def _shown(name: str) -> str:
    """A name as it may stand in a report; one text for all documents of somebody."""
    return mask_text(name)


def _works(tx: Connection, steps: _Steps) -> Iterator[_Work]:
    """Each document that is signed, for who scanned it last; its dossier with the last of them."""
    columns = documents.c.id, documents.c.dossier, documents.c.pages, documents.c.state
    open_, closing = set[str](), dict[str, _Scan]()
    took: dict[str, float] = defaultdict(float)
    for row in tx.execute(select(*columns).where(_STAYS)):
        dossier = row.dossier or row.id
        took[dossier] += steps.took.get(row.id, 0.0)
        scan = steps.scans.get(row.id)
        if row.state not in _MADE or scan is None:
            open_.add(dossier)
            continue
        if dossier not in closing or closing[dossier].day < scan.day:
            closing[dossier] = scan
        yield _Work(Made(scan.day, scan.operator, scan.station, 1, row.pages, 0))
    for dossier, scan in closing.items():
        if dossier not in open_:
            made = Made(scan.day, scan.operator, scan.station, 0, 0, 1)
            yield _Work(made, took[dossier])


def _spreads(seconds: Mapping[str, Iterable[float]]) -> dict[str, Spread]:
    found = {state: Spread.of(seconds.get(state, ())) for state in (*WALK, "set-aside")}
    return {state: spread for state, spread in found.items() if spread}


def _withdrawn(tx: Connection) -> Iterator[Withdrawn]:
    """Who took what out, and why: of each document its last step."""
    query = (
        select(transitions, documents.c.detail)
        .join(documents, documents.c.id == transitions.c.document_id)
        .where(transitions.c.to_state == "withdrawn")
        .order_by(transitions.c.seq)
    )
    for row in tx.execute(query):
        was, day = row.reasons[-1], vietnam_time(row.at).date()
        reason = mask_text(row.detail)
        yield Withdrawn(row.document_id, row.lot, was, reason, _shown(row.operator), day)


def _lots(tx: Connection) -> Lots:
    decided = _count_by(tx, lots.c.state)
    checks = tx.execute(select(lot_checks.c.differs, lot_checks.c.faults)).all()
    wrong = sum(bool(one.differs or one.faults) for one in checks)
    return Lots(decided, len(checks), wrong, wrong_fields(checks))


def _reused(store: "Warehouse | None") -> Counter[str]:
    """How often each record of the store was handed out."""
    events = store.account.entries("release") if store else ()
    return Counter(event.record_id for event in events)


def _uses(tx: Connection, reused: Mapping[str, int]) -> int:
    """How often papers of this backlog were used again."""
    query = select(documents.c.record_id).where(documents.c.record_id != "")
    return sum(reused.get(record, 0) for record in tx.execute(query).scalars())


def _dossiers(tx: Connection, reused: Mapping[str, int]) -> Iterator[DossierFacts]:
    """The backlog's dossiers: their papers are results, and in the store when deposited."""
    columns = documents.c.id, documents.c.dossier, documents.c.state, documents.c.record_id
    known: dict[str, list[tuple[str, str]]] = {}
    for row in tx.execute(select(*columns).where(_STAYS)):
        known.setdefault(row.dossier or row.id, []).append((row.state, row.record_id))
    for dossier, papers in known.items():
        stored = all(state == "deposited" for state, _record in papers)
        yield DossierFacts(
            dossier,
            has_result=stored,
            digitised=any(state in _MADE for state, _record in papers),
            reused=any(record and record in reused for _state, record in papers),
            through_store=stored,
        )


def _count_by(tx: Connection, column: Column[str], *where: ColumnElement[bool]) -> dict[str, int]:
    rows = tx.execute(select(column, func.count()).where(*where).group_by(column))
    return {str(row[0]): int(row[1]) for row in rows}


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)
