"""Lots of a backlog: closed, drawn from, and in the store only once somebody else accepted them.

    lot = close_lot(ledger, office, store.account, "2026-11-24", actor)      # draws the sample
    enter_check(ledger, office, "2026-11-24", entry, actor)                  # dossier.lot_checks
    decide(ledger, office, store.account, "2026-11-24", Decision("accepted"), actor)
    may_deposit(ledger, document)                                            # True from now on

A lot is presented as its documents are: who signs anew or changes one after the sample was
drawn finds it refused. Closing and deciding are in the store's audit before they count.
"""

from collections.abc import Sequence
from hashlib import sha256
from shlex import quote
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, exists, insert, select, update

from dossier.identity import among, is_supervisor
from dossier.ledger import Ledger
from dossier.ledger_rows import document_of
from dossier.ledger_schema import documents
from dossier.ledger_steps import move
from dossier.ledger_values import Document, Who, Work
from dossier.lot_errors import (
    InspectionStopped,
    LotChanged,
    LotFailed,
    NoSupervisor,
    NotDrawn,
    OwnLot,
    ReasonMissing,
    Uninspected,
)
from dossier.lot_rows import (
    find_waiting,
    keep_standing,
    lot_of,
    made_by,
    ready_of,
    require_known,
    standing_of,
    was_sent_back,
)
from dossier.lot_schema import lot_checks, lot_decisions, lot_documents, lots
from dossier.lot_values import Decision, Drawing, Lot, maker_of
from dossier.sampling import after_lot, draw, lot_digest, plan_for
from foundation.times import utc_now
from profiles import Office
from warehouse import Actor
from warehouse.values import new_id

if TYPE_CHECKING:
    from warehouse.account import Account


def may_deposit(ledger: Ledger, document: Document) -> bool:
    """Whether a document's lot was accepted, with the document as it stands now."""
    same = (documents.c.id == document.id, documents.c.sha256 == document.sha256)
    with ledger.reading() as tx:
        return tx.execute(select(documents.c.id).where(*same, _accepted())).first() is not None


def deposit_rule(office: Office) -> Sequence[ColumnElement[bool]]:
    """What must hold of signed documents that go into the store: nothing without inspection."""
    return [_accepted()] if office.quality.inspect else []


def _accepted() -> ColumnElement[bool]:
    """Of documents: the lot was accepted with them as they stand now."""
    return exists().where(
        lot_documents.c.document_id == documents.c.id,
        lot_documents.c.sha256 == documents.c.sha256,
        lots.c.id == lot_documents.c.lot_id,
        lots.c.state == "accepted",
    )


def close_lot(
    ledger: Ledger,
    office: Office,
    account: "Account",
    name: str,
    actor: Actor,
    *,
    resume: str = "",
) -> Lot:
    """Close a lot and draw its sample; a sample that was drawn already is given again.

    Documents that were set aside are left out, and come with another lot of the same name.

    Args:
        resume: what was put right, where inspection had been stopped.

    Raises:
        NoSuchLot, LotUnfinished, NothingToInspect.
        InspectionStopped: see :attr:`dossier.sampling.Standing.stopped`.
        NoSupervisor, OwnLot: only somebody else may let stopped inspection go on.
    """
    with ledger.reading() as tx:
        if waiting := find_waiting(tx, name):
            return waiting
        drawing = _drawing(tx, office, name)
    if drawing.standing.stopped:
        if not resume:
            raise InspectionStopped(lot=name, named=quote(name), makers=", ".join(drawing.makers))
        _require_judge(actor.name, name, drawing.makers, office)
        account.put("lot-resumed", actor, {"name": name, "reason": resume})
        with ledger.writing() as tx:
            keep_standing(tx, drawing.maker, drawing.standing.resumed())
            drawing = _drawing(tx, office, name)
    # The audit first: what is not in it does not count. A lot it tells of that never came to
    # be, because the machine died here, can be presented by nobody.
    account.put("lot-closed", actor, drawing.details())
    with ledger.writing() as tx:
        if waiting := find_waiting(tx, name):  # somebody was quicker
            return waiting
        if {one.id: one.sha256 for one in ready_of(tx, name)} != drawing.held:
            raise LotChanged(lot=name, named=quote(name), count=1)
        tx.execute(insert(lots).values(drawing.row(actor.name)))
        tx.execute(insert(lot_documents), drawing.document_rows())
        return lot_of(tx, drawing.lot_id)


def decide(
    ledger: Ledger, office: Office, account: "Account", name: str, decision: Decision, actor: Actor
) -> Lot:
    """Put on record what became of the lot whose sample waits, and act on it.

    A rejected lot is made anew as a whole. Of one for rework the documents that were found wrong
    are made anew; the rest stays signed, and it is presented again with them.

    Raises:
        NoSuchLot, NotDrawn, Uninspected, ReasonMissing.
        NoSupervisor, OwnLot: who may not decide.
        LotFailed, LotChanged: it cannot be accepted.
    """
    lot = waiting_lot(ledger, name)
    _require_judge(actor.name, name, lot.makers, office)
    with ledger.reading() as tx:
        _require_grounds(tx, lot, decision)
        looked_at = _checks_of(tx, lot)
    event = account.put(
        f"lot-{decision.verdict}",
        actor,
        {
            "lot": lot.id,
            "name": name,
            "sha256": lot.digest,
            "reason": decision.reason,
            "wrong": str(lot.wrong),
            "drawn": str(len(lot.drawn)),
            **looked_at,
        },
    )
    with ledger.writing() as tx:
        now = find_waiting(tx, name)
        if now != lot:
            # Somebody else decided, or checked on, meanwhile.
            raise NotDrawn(lot=name, named=quote(name))
        _require_grounds(tx, lot, decision)
        row = {
            "lot_id": lot.id,
            "decision": decision.verdict,
            "by": actor.name,
            "at": utc_now(),
            "reason": decision.reason,
            "nonconforming": lot.wrong,
            "audit_id": event.id,
        }
        tx.execute(insert(lot_decisions).values(row))
        tx.execute(update(lots).where(lots.c.id == lot.id).values(state=decision.verdict))
        if not lot.again:
            _switch(tx, lot, office, accepted=decision.verdict == "accepted")
        if decision.verdict != "accepted":
            _send_back(tx, lot, decision, actor)
        return lot_of(tx, lot.id)


def waiting_lot(ledger: Ledger, name: str) -> Lot:
    """The lot of that name whose sample waits. Raises NoSuchLot, NotDrawn."""
    with ledger.reading() as tx:
        lot = find_waiting(tx, name)
        if lot is None:
            require_known(tx, name)
            raise NotDrawn(lot=name, named=quote(name))
        return lot


def all_lots(ledger: Ledger) -> list[Lot]:
    """Every lot that was presented, in the order it was closed."""
    with ledger.reading() as tx:
        ids = tx.execute(select(lots.c.id).order_by(lots.c.closed_at, lots.c.id)).scalars().all()
        return [lot_of(tx, one) for one in ids]


def _require_judge(name: str, lot: str, makers: tuple[str, ...], office: Office) -> None:
    if not is_supervisor(name, office):
        raise NoSupervisor(name=name)
    if among(name, makers, office):
        raise OwnLot(name=name, lot=lot)


def _require_grounds(tx: Connection, lot: Lot, decision: Decision) -> None:
    if decision.verdict != "accepted":
        if not decision.reason.strip():
            raise ReasonMissing()
        return
    if lot.checked < len(lot.drawn):
        raise Uninspected(lot=lot.name, named=quote(lot.name), count=len(lot.drawn) - lot.checked)
    if not lot.plan.passes(lot.wrong):
        raise LotFailed(
            lot=lot.name,
            named=quote(lot.name),
            wrong=lot.wrong,
            size=len(lot.drawn),
            accept=lot.plan.accept,
        )
    if count := _changed(tx, lot):
        raise LotChanged(lot=lot.name, named=quote(lot.name), count=count)


def _checks_of(tx: Connection, lot: Lot) -> dict[str, str]:
    """For the audit: who checked the sample, and the SHA-256 of what they found."""
    query = select(lot_checks).where(lot_checks.c.lot_id == lot.id)
    rows = tx.execute(query.order_by(lot_checks.c.document_id)).all()
    lines = [
        " ".join((row.document_id, row.checker, *row.differs, *row.faults)) + "\n" for row in rows
    ]
    return {
        "checkers": ", ".join(sorted({row.checker for row in rows})),
        "checks": sha256("".join(lines).encode()).hexdigest(),
    }


def _changed(tx: Connection, lot: Lot) -> int:
    """Documents that are no longer what was drawn from, and the sample no longer what follows."""
    query = (
        select(lot_documents, documents.c.sha256.label("now"), documents.c.state)
        .join(documents, documents.c.id == lot_documents.c.document_id)
        .where(lot_documents.c.lot_id == lot.id)
    )
    rows = tx.execute(query).all()
    held = {row.document_id: row.sha256 for row in rows}
    drawn = draw(lot.seed, held, lot.plan.size)
    tampered = lot_digest(held) != lot.digest or drawn != lot.drawn
    changed = [row for row in rows if row.now != row.sha256 or row.state != "signed"]
    return len(changed) + int(tampered)


def _send_back(tx: Connection, lot: Lot, decision: Decision, actor: Actor) -> None:
    """Set aside what has to be made anew, from its sheets on."""
    query = select(documents).join(lot_documents, lot_documents.c.document_id == documents.c.id)
    query = query.where(lot_documents.c.lot_id == lot.id, documents.c.state == "signed")
    wrong = {
        row.document_id
        for row in tx.execute(select(lot_checks).where(lot_checks.c.lot_id == lot.id))
        if row.differs or row.faults
    }
    who = Who(actor.name, actor.office, "")
    reason = f"lot-{decision.verdict}"
    for document in map(document_of, tx.execute(query).all()):
        if decision.verdict == "rework" and document.id not in wrong:
            continue
        changes = {"reason": reason, "detail": decision.reason, "resume": "planned"}
        work = Work(reasons=(reason,), error_kind=reason)
        move(tx, document, "set-aside", work, who, changes, keep=False)


def _drawing(tx: Connection, office: Office, name: str) -> Drawing:
    held = {one.id: one.sha256 for one in ready_of(tx, name)}
    makers, stations = made_by(tx, name)
    standing = standing_of(tx, maker_of(makers))
    rules = office.quality
    plan = plan_for(len(held), rules.aql, rules.level, standing.severity)
    again = was_sent_back(tx, name)
    return Drawing(new_id(), name, held, makers, stations, standing, plan, again)


def _switch(tx: Connection, lot: Lot, office: Office, *, accepted: bool) -> None:
    before = standing_of(tx, maker_of(lot.makers))
    if before.severity != lot.plan.severity or before.stopped:
        return  # drawn before the severity changed
    after = after_lot(before, lot.plan, lot.wrong, accepted=accepted, reduce=office.quality.reduced)
    keep_standing(tx, maker_of(lot.makers), after)
