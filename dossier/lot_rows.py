"""Lots as they lie in the ledger's tables, read and written within a transaction."""

from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from dossier.ledger_rows import document_of
from dossier.ledger_schema import documents, transitions
from dossier.ledger_values import Document
from dossier.lot_errors import LotUnfinished, NoSuchLot, NothingToInspect
from dossier.lot_schema import lot_checks, lot_documents, lots, standings
from dossier.lot_values import Lot
from dossier.sampling import Plan, Standing, draw, seed_of


def lot_of(tx: Connection, lot_id: str) -> Lot:
    """The lot with that id."""
    row = tx.execute(select(lots).where(lots.c.id == lot_id)).one()
    plan = Plan(row.size, row.level, row.aql, row.severity, row.letter, row.sample_size, row.accept)
    held = select(lot_documents.c.document_id).where(
        lot_documents.c.lot_id == lot_id, lot_documents.c.drawn == 1
    )
    drawn = draw(seed_of(row.id, row.digest), tx.execute(held).scalars(), row.sample_size)
    checks = tx.execute(select(lot_checks).where(lot_checks.c.lot_id == lot_id)).all()
    return Lot(
        row.id,
        row.name,
        tuple(row.makers),
        tuple(row.stations),
        row.digest,
        plan,
        bool(row.again),
        row.closed_at,
        row.closed_by,
        row.state,
        drawn,
        len(checks),
        sum(bool(one.differs or one.faults) for one in checks),
    )


def find_waiting(tx: Connection, name: str) -> Lot | None:
    """The lot of that name whose sample waits."""
    query = select(lots.c.id).where(lots.c.name == name, lots.c.state == "drawn")
    found = tx.execute(query).scalar_one_or_none()
    return lot_of(tx, found) if found else None


def require_known(tx: Connection, name: str) -> None:
    """Raises NoSuchLot."""
    if tx.execute(select(documents.c.id).where(documents.c.lot == name).limit(1)).first() is None:
        raise NoSuchLot(lot=name)


def ready_of(tx: Connection, name: str) -> list[Document]:
    """The signed documents of a lot that were not accepted yet.

    Raises:
        NoSuchLot, LotUnfinished, NothingToInspect.
    """
    require_known(tx, name)
    unfinished = select(func.count()).where(
        documents.c.lot == name,
        documents.c.state.not_in(("signed", "deposited", "set-aside", "withdrawn")),
    )
    if count := tx.execute(unfinished).scalar_one():
        raise LotUnfinished(lot=name, count=count)
    accepted = (
        select(lot_documents.c.document_id)
        .join(lots, lots.c.id == lot_documents.c.lot_id)
        .where(lots.c.state == "accepted")
    )
    query = select(documents).where(
        documents.c.lot == name, documents.c.state == "signed", documents.c.id.not_in(accepted)
    )
    ready = [document_of(row) for row in tx.execute(query.order_by(documents.c.id))]
    if not ready:
        raise NothingToInspect(lot=name)
    return ready


def made_by(tx: Connection, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who had a hand in a lot's documents, and where; planning or withdrawing them is none."""
    query = (
        select(transitions.c.operator, transitions.c.station)
        .where(transitions.c.lot == name, transitions.c.from_state != "")
        .where(transitions.c.to_state != "withdrawn")
        .where(transitions.c.error_kind.not_in(("lot-rejected", "lot-rework")))
        .distinct()
    )
    rows = tx.execute(query).all()
    return (
        tuple(sorted({row.operator for row in rows})),
        tuple(sorted({row.station for row in rows})),
    )


def was_sent_back(tx: Connection, name: str) -> bool:
    """Whether it was presented before, and not accepted."""
    query = select(lots.c.state).where(lots.c.name == name).order_by(lots.c.id.desc()).limit(1)
    return tx.execute(query).scalar() in ("rejected", "rework")


def standing_of(tx: Connection, maker: str) -> Standing:
    """How strictly a maker's next lot is inspected."""
    row = tx.execute(select(standings).where(standings.c.maker == maker)).one_or_none()
    if row is None:
        return Standing()
    return Standing(row.severity, tuple(row.recent), row.score, row.refused, bool(row.stopped))


def keep_standing(tx: Connection, maker: str, standing: Standing) -> None:
    """Put that on record."""
    values: dict[str, Any] = {
        "severity": standing.severity,
        "recent": list(standing.recent),
        "score": standing.score,
        "refused": standing.refused,
        "stopped": int(standing.stopped),
    }
    changed = update(standings).where(standings.c.maker == maker).values(values)
    if not tx.execute(changed).rowcount:
        tx.execute(insert(standings).values(values | {"maker": maker}))
