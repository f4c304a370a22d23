"""What is written in one transaction of the ledger: entering, claiming, moving, burying."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from dossier.ledger_errors import ClaimLost, SheetsTwice
from dossier.ledger_rows import document_of, row_of
from dossier.ledger_schema import documents, runs, transitions
from dossier.ledger_values import Document, Plan, State, Who, Work
from foundation.times import utc_now
from warehouse.values import new_id

#: The longest that a document is put off. A later moment can only come from a clock that ran
#: ahead and was set back, and counts as past.
LONGEST_WAIT = timedelta(hours=1)

#: Built once: a statement takes longer to put together than SQLite takes to carry it out.
_STANDS = ("id", "state", "attempt", "steps", "holder")
_NOTE = (
    update(documents)
    .where(*(documents.c[name] == bindparam(f"read_{name}") for name in _STANDS))
    .returning(documents)
)
_STEP = insert(transitions)


def enter(tx: Connection, plan: Plan, position: int, who: Who) -> None:
    """A new document, and the step that planned it."""
    now, document_id = utc_now(), new_id()
    row = row_of(plan) | {
        "id": document_id,
        "position": position,
        "state": "planned",
        "attempt": 0,
        "steps": 1,
        "failures": 0,
        "not_before": None,
        "rescans": 0,
        "pages": 0,
        "fields": {},
        "planned_at": now,
        "changed_at": now,
    }
    empty = ("resume", "reason", "detail", "holder", "sheets_sha256", "sha256", "code", "record_id")
    tx.execute(insert(documents).values(row | dict.fromkeys(empty, "")))
    step = {"document_id": document_id, "number": 1, "attempt": 0, "lot": plan.lot}
    _record(tx, step | {"from_state": "", "to_state": "planned", "at": now}, Work(), who)


def claim(
    tx: Connection,
    run_id: str,
    states: Sequence[State],
    most: int,
    only: Sequence[ColumnElement[bool]] = (),
) -> list[Document]:
    """The next documents in one of the states that nobody holds, now this run's.

    Args:
        only: what else must hold of them.
    """
    now = utc_now()
    given = {"run": run_id, "most": most, "now": now, "too_late": now + LONGEST_WAIT}
    rows = tx.execute(_taking(tuple(states), tuple(only)), given).all()
    return sorted(map(document_of, rows), key=lambda one: one.position)


@lru_cache(maxsize=16)
def _taking(states: tuple[State, ...], only: tuple[ColumnElement[bool], ...]) -> Executable:
    first = (
        select(documents.c.id)
        .where(*_free(states), _due(), *only)
        .order_by(documents.c.position)
        .limit(bindparam("most"))
    )
    return (
        update(documents)
        .where(documents.c.id.in_(first))
        .values(holder=bindparam("run"), attempt=documents.c.attempt + 1)
        .returning(documents)
    )


def free(tx: Connection, states: Sequence[State], *, due: bool) -> int:
    """How many documents in one of the states nobody holds; all, or those due now."""
    asked = (*_free(states), _due()) if due else _free(states)
    count = select(func.count()).select_from(documents).where(*asked)
    now = utc_now()
    return int(tx.execute(count, {"now": now, "too_late": now + LONGEST_WAIT}).scalar_one())


def _free(states: Sequence[State]) -> tuple[ColumnElement[bool], ...]:
    return documents.c.state.in_(states), documents.c.holder == ""


def _due() -> ColumnElement[bool]:
    put_off = documents.c.not_before
    return or_(put_off.is_(None), put_off <= bindparam("now"), put_off > bindparam("too_late"))


def move(
    tx: Connection,
    document: Document,
    to: State,
    work: Work,
    who: Who,
    changes: dict[str, Any],
    *,
    keep: bool,
) -> Document:
    """Compare and set: the step is entered if the document stands as it was read.

    Raises:
        ClaimLost: it does not.
    """
    # Never before the step before it, whatever the clock says.
    at = max(utc_now(), document.changed_at)
    failed = to == document.state
    values: dict[str, Any] = {
        "state": to,
        "steps": document.steps + 1,
        "failures": document.failures + 1 if failed else 0,
        "not_before": None,
        "holder": document.holder if keep else "",
        "changed_at": at,
    }
    moved = note(tx, document, values | changes)
    step = {
        "document_id": document.id,
        "number": document.steps + 1,
        "attempt": document.attempt,
        "lot": document.lot,
        "from_state": document.state,
        "to_state": to,
        "at": at,
    }
    _record(tx, step, work, who)
    return moved


def note(tx: Connection, document: Document, columns: Mapping[str, Any]) -> Document:
    """Change columns of a document that stands as it was read. Raises ClaimLost otherwise."""
    read = {f"read_{name}": getattr(document, name) for name in _STANDS}
    row = tx.execute(_NOTE, read | dict(columns)).one_or_none()
    if row is None:
        raise ClaimLost(document=document.id)
    return document_of(row)


def let_go(tx: Connection, document: Document) -> None:
    """Give a claim back with nothing done; one that was taken over already is left alone."""
    mine = (documents.c.id == document.id, documents.c.attempt == document.attempt)
    held = (*mine, documents.c.holder == document.holder)
    tx.execute(update(documents).where(*held).values(holder=""))


def refuse_twice(tx: Connection, document: Document, sheets_sha256: str) -> None:
    """Raises SheetsTwice where another document was made of the very same sheets."""
    if not sheets_sha256:
        return
    same = select(documents.c.id).where(
        documents.c.sheets_sha256 == sheets_sha256, documents.c.id != document.id
    )
    other = tx.execute(same).scalar()
    if other is not None:
        raise SheetsTwice(document=other)


def begin(tx: Connection, station: str, operator: str) -> str:
    """A new run; those of its station before it are dead: it holds the station's lock."""
    left = select(runs.c.id).where(runs.c.station == station, runs.c.ended_at.is_(None))
    bury(tx, list(tx.execute(left).scalars()))
    run_id = new_id()
    row = {"id": run_id, "station": station, "operator": operator}
    tx.execute(insert(runs).values(row | {"began_at": utc_now(), "beat": 0}))
    return run_id


def beat(tx: Connection, run_id: str) -> dict[str, int]:
    """A sign of life of this run; those of all others at work."""
    tx.execute(update(runs).where(runs.c.id == run_id).values(beat=runs.c.beat + 1))
    others = select(runs.c.id, runs.c.beat).where(runs.c.ended_at.is_(None), runs.c.id != run_id)
    return dict(tx.execute(others).all())


def bury(tx: Connection, run_ids: Sequence[str]) -> None:
    """Free what these runs hold, and note that they have ended."""
    if run_ids:
        tx.execute(update(documents).where(documents.c.holder.in_(run_ids)).values(holder=""))
        tx.execute(update(runs).where(runs.c.id.in_(run_ids)).values(ended_at=utc_now()))


def _record(tx: Connection, step: dict[str, Any], work: Work, who: Who) -> None:
    values = {
        **step,
        "operator": who.operator,
        "office": who.office,
        "station": who.station,
        "seconds": work.seconds,
        "pages": work.pages,
        "sha256": work.sha256,
        "rescans": work.rescans,
        "reasons": list(work.reasons),
        "error_kind": work.error_kind,
    }
    tx.execute(_STEP, values)
