"""What was done at the counter, from the store's audit alone: it is signed and names no owner.

A dossier that was finished stands in it with what became of its papers (``dossier``), each paper
that came from the store as a ``release``, each result that was kept as a ``deposit`` by law.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from dossier.figures import Figures, Made, added_up
from dossier.indicators import DossierFacts, Ratio, Savings, Spread, indicators
from dossier.values import ON_RECORD
from foundation.privacy import mask_text
from foundation.times import utc_now, vietnam_time
from profiles import Office, Procedure, all_of, load_basis
from warehouse import Event

if TYPE_CHECKING:
    from warehouse import Warehouse

#: Counts among the details of a finished dossier, see :func:`dossier.closing.put_on_record`.
COUNTS = ("papers", "reused", "deposited", "kept", "pages")
_RESULT = "ket-qua"
_DEPOSITS = ("deposit", "deposit-again")


@dataclass(frozen=True)
class Finished:
    """A dossier as the audit tells of it; ``seconds`` from its beginning to its receipt."""

    id: str
    code: str
    procedure: str
    at: datetime
    operator: str
    station: str
    seconds: float
    counts: dict[str, int] = field(hash=False)
    rescans: dict[str, int] = field(hash=False)


def counter_figures(
    store: "Warehouse", office: Office, first: date | None = None, last: date | None = None
) -> Figures:
    """The figures of the counter's work, from one day to another, both included.

    Raises:
        AuditAltered: an entry cannot be read.
    """
    report = store.account.verify()
    events = [
        event
        for event in store.account.entries(ON_RECORD, "release", "refusal", *_DEPOSITS)
        if _within(event.at, first, last)
    ]
    results = _results(store, events)
    finished = finished_in(events)
    releases = sum(event.action == "release" for event in events)
    procedures = {one.code: one.gives_result for one in all_of(Procedure)}
    dossiers = [
        _facts(one, results, gives_result=procedures.get(one.procedure, True)) for one in finished
    ]
    return Figures(
        source="counter",
        office=office.title,
        drawn_at=utc_now(),
        first=first or min((vietnam_time(event.at).date() for event in events), default=None),
        last=last or max((vietnam_time(event.at).date() for event in events), default=None),
        made=added_up(map(_made, finished)),
        targets=office.targets,
        indicators=indicators(dossiers, office.targets.caps),
        savings=Savings(releases, office.targets),
        dossier_time=Spread.of(one.seconds for one in finished),
        in_time=Ratio(
            sum(one.seconds <= 60 * office.targets.waiting_minutes for one in finished),
            len(finished),
        ),
        rescans=_rescans(finished),
        errors=Counter(
            str(event.details.get("cause", "")) for event in events if event.action == "refusal"
        ),
        asked=sum(one.counts["papers"] for one in finished),
        spared=sum(one.counts["reused"] for one in finished),
        whole=(report.entries, report.ok),
    )


def finished_in(events: Iterable[Event]) -> list[Finished]:
    """The finished dossiers; one that was put on record again after a crash counts once."""
    found: dict[str, Finished] = {}
    for event in events:
        if event.action != ON_RECORD:
            continue
        said = event.details
        began = datetime.fromisoformat(said["started"])
        found.setdefault(
            said["dossier"],
            Finished(
                said["dossier"],
                said.get("code", ""),
                said.get("procedure", ""),
                event.at,
                mask_text(event.actor.name),
                mask_text(said.get("station", "")),
                max(0.0, (event.at - began).total_seconds()),
                {name: int(said.get(name, 0)) for name in COUNTS},
                _by_flag(said.get("rescans", "")),
            ),
        )
    return list(found.values())


def _by_flag(text: str) -> dict[str, int]:
    """``too-dark:2,skewed:1`` as counts."""
    pairs = (one.split(":") for one in text.split(",") if one)
    return {flag: int(count) for flag, count in pairs}


def _made(one: Finished) -> Made:
    documents = one.counts["deposited"] + one.counts["kept"]
    day = vietnam_time(one.at).date()
    return Made(day, one.operator, one.station, documents, one.counts["pages"], 1)


def _rescans(finished: Iterable[Finished]) -> dict[str, int]:
    """Sheets scanned again at the counter, by the reason the clerk was given."""
    counts: Counter[str] = Counter()
    for one in finished:
        counts.update(one.rescans)
    return dict(counts)


def _results(store: "Warehouse", events: Iterable[Event]) -> set[str]:
    """The codes of dossiers whose result went into the store as a result is kept: by law."""
    rule = load_basis(_RESULT).rule
    kept = [e for e in events if e.action in _DEPOSITS and e.details.get("basis") == rule]
    # Earlier entries leave the dossier to the record.
    named = (e.details.get("dossier") or store.get(e.record_id).dossier_code for e in kept)
    return set(named) - {""}


def _facts(one: Finished, results: set[str], *, gives_result: bool) -> DossierFacts:
    result = one.code in results
    return DossierFacts(
        one.id,
        gives_result=gives_result,
        has_result=result,
        digitised=one.counts["deposited"] + one.counts["kept"] + one.counts["reused"] > 0,
        reused=one.counts["reused"] > 0,
        through_store=one.counts["reused"] > 0 or result,
    )


def _within(at: datetime, first: date | None, last: date | None) -> bool:
    day = vietnam_time(at).date()
    return (first is None or first <= day) and (last is None or day <= last)
