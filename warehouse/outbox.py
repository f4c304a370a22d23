"""Events on their way to those who want to hear of them: a transactional outbox.

An event is written in the transaction of the change it tells of, beside the audit's entry,
so neither is there without the other. It is delivered at least once: whoever delivers takes it
in hand for a while, sends, and notes what came of it; one who dies in between lets it go when
that while has passed, and it is sent again under the same id. Events about one record go out in
their order: none is sent while an earlier one has not arrived. What was refused too often is
laid aside as dead, and holds back what follows, until a person sends it again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from foundation.times import iso_utc
from warehouse.events import (
    TYPES,
    Delivered,
    Manner,
    Message,
    Outcome,
    Post,
    Standing,
    Subscriber,
)
from warehouse.ledger import put
from warehouse.outbox_schema import deliveries, outbox, subscribers
from warehouse.schema import records
from warehouse.values import Event, new_id

if TYPE_CHECKING:
    from warehouse.catalog import Catalog

#: Events handed on to a subscriber in one go.
_FAN_OUT = 1000
_PENDING, _DELIVERED, _DEAD = "pending", "delivered", "dead"
_OPEN = (_PENDING, _DEAD)
_ADD = insert(outbox)


def announce(tx: Connection, event: Event) -> None:
    """Put an audit's entry into the outbox, if it is one to be told of."""
    row = _row(event)
    if row is not None:
        tx.execute(_ADD, row)


def refill(tx: Connection, events: Iterable[Event]) -> None:
    """Make the outbox anew of the audit's entries: all that not every subscriber has heard."""
    settled = tx.execute(select(func.min(subscribers.c.settled))).scalar() or 0
    tx.execute(update(subscribers).values(reached=subscribers.c.settled))
    for event in events:
        row = _row(event)
        if row is not None and event.seq > settled:
            tx.execute(_ADD, row)


def _row(event: Event) -> dict[str, Any] | None:
    kind = TYPES.get(event.action)
    subject = event.record_id or event.details.get("consent", "")
    if kind is None or not subject:
        return None
    return {
        "seq": event.seq,
        "id": event.id,
        "type": kind,
        "subject": subject,
        "version": event.version,
        "at": event.at,
    }


@dataclass(frozen=True)
class Outbox:
    """The outbox of one warehouse. Several may deliver at once."""

    _catalog: "Catalog"

    def deliver(
        self, who: Sequence[Subscriber], post: Post, manner: Manner | None = None
    ) -> Delivered:
        """Deliver what is due, until nothing is. For cron, or in a server's loop.

        A subscriber of whom nothing arrived in a round is left alone for the rest of the run.

        Args:
            post: see :func:`warehouse.webhooks.post`.
        """
        manner, holder = manner or Manner(), new_id()
        counts, problems, left = Counter[str](), dict[str, None](), list(who)
        with self._catalog.writing() as tx:
            _prune(tx, manner)
        while left:
            with self._catalog.writing() as tx:
                taken = [one for each in left for one in _take(tx, each, holder, manner)]
            if not taken:
                break
            outcomes = post(taken)
            with self._catalog.writing() as tx:
                for message, outcome in zip(taken, outcomes, strict=True):
                    counts[_settle(tx, message, outcome, holder, manner)] += 1
                    problems |= {outcome.problem: None} if outcome.problem else {}
            heard = {
                message.subscriber.name
                for message, outcome in zip(taken, outcomes, strict=True)
                if not outcome.problem
            }
            asked = {message.subscriber.name for message in taken}
            left = [one for one in left if one.name in heard or one.name not in asked]
        with self._catalog.writing() as tx:
            _note_settled(tx, who)
        return Delivered(counts[_DELIVERED], counts[_PENDING], counts[_DEAD], tuple(problems))

    def standings(self, who: Sequence[Subscriber]) -> list[Standing]:
        """How each subscriber's deliveries stand; what was not begun yet counts as pending."""
        with self._catalog.reading() as tx:
            return [_standing(tx, one) for one in who]

    def strangers(self, who: Sequence[Subscriber]) -> list[str]:
        """Those who were told of events here and are not among these: left off, or renamed."""
        query = select(subscribers.c.name).where(
            subscribers.c.name.not_in([one.name for one in who])
        )
        with self._catalog.reading() as tx:
            return sorted(tx.execute(query).scalars())

    def forget(self, name: str) -> bool:
        """Drop a subscriber, and all that was still to be told them; whether there was one.

        As long as they are known here, events they have not heard are kept for them.
        """
        with self._catalog.writing() as tx:
            tx.execute(delete(deliveries).where(deliveries.c.subscriber == name))
            gone = tx.execute(delete(subscribers).where(subscribers.c.name == name))
            return bool(gone.rowcount)

    def dead(self) -> list[dict[str, Any]]:
        """The dead letters: subscriber, event, type, subject, attempts, problem."""
        query = (
            select(
                deliveries.c.subscriber,
                outbox.c.id.label("event"),
                outbox.c.type,
                outbox.c.subject,
                deliveries.c.attempts,
                deliveries.c.problem,
            )
            .join_from(deliveries, outbox, deliveries.c.seq == outbox.c.seq)
            .where(deliveries.c.state == _DEAD)
            .order_by(deliveries.c.seq, deliveries.c.subscriber)
        )
        with self._catalog.reading() as tx:
            return [dict(row) for row in tx.execute(query).mappings()]

    def untold(self, events: Sequence[str]) -> set[str]:
        """Those of some events that somebody was not told of yet."""
        query = (
            select(outbox.c.id)
            .join(deliveries, deliveries.c.seq == outbox.c.seq)
            .where(outbox.c.id.in_(events), deliveries.c.state != _DELIVERED)
        )
        with self._catalog.reading() as tx:
            return set(tx.execute(query).scalars())

    def retry(self, events: Sequence[str] = ()) -> int:
        """Send dead letters again, and at once what waits for its next attempt; how many.

        Args:
            events: ids of events; none: all of them.
        """
        again = deliveries.c.state != _DELIVERED
        if events:
            wanted = select(outbox.c.seq).where(outbox.c.id.in_(events))
            again = and_(again, deliveries.c.seq.in_(wanted))
        values = {"state": _PENDING, "attempts": 0, "due_at": _now()}
        with self._catalog.writing() as tx:
            return tx.execute(update(deliveries).where(again).values(values)).rowcount


def _now() -> datetime:
    return datetime.now(UTC)


def _take(tx: Connection, who: Subscriber, holder: str, manner: Manner) -> list[Message]:
    """Take in hand what is due for a subscriber: of each record its first event, no other."""
    _fan_out(tx, who)
    now, earlier = _now(), deliveries.alias()
    held_back = exists().where(
        earlier.c.subscriber == who.name,
        earlier.c.subject == deliveries.c.subject,
        earlier.c.seq < deliveries.c.seq,
        earlier.c.state != _DELIVERED,
    )
    query = (
        select(deliveries.c.attempts, outbox, records.c.type_code)
        .join_from(deliveries, outbox, deliveries.c.seq == outbox.c.seq)
        .outerjoin(
            records,
            and_(records.c.id == outbox.c.subject, records.c.version == outbox.c.version),
        )
        .where(
            deliveries.c.subscriber == who.name,
            deliveries.c.state == _PENDING,
            deliveries.c.due_at <= now,
            or_(deliveries.c.held_until.is_(None), deliveries.c.held_until < now),
            ~held_back,
        )
        .order_by(deliveries.c.seq)
        .limit(manner.at_once)
    )
    rows = tx.execute(query).all()
    taken = and_(
        deliveries.c.subscriber == who.name, deliveries.c.seq.in_([row.seq for row in rows])
    )
    held = {"holder": holder, "held_until": now + manner.lease}
    tx.execute(update(deliveries).where(taken).values(held))
    return [Message(who, row.seq, row.id, row.attempts, _body(row)) for row in rows]


def _body(row: Any) -> dict[str, Any]:
    """What is told: no names, no numbers of persons; a code would hold its owner's."""
    about = "consent" if row.type.startswith("consent.") else "record"
    data: dict[str, Any] = {"event": row.id, about: row.subject, "sequence": row.seq}
    if about == "record":
        data |= {"version": row.version, "type": row.type_code or ""}
    return {"type": row.type, "timestamp": iso_utc(row.at), "data": data}


def _fan_out(tx: Connection, who: Subscriber) -> None:
    """Make deliveries of the events a subscriber has not been given yet."""
    reached = tx.execute(
        select(subscribers.c.reached).where(subscribers.c.name == who.name)
    ).scalar()
    if reached is None:
        put(tx, subscribers, {"name": who.name, "reached": 0, "settled": 0})
    query = select(outbox).where(outbox.c.seq > (reached or 0)).order_by(outbox.c.seq)
    events = tx.execute(query.limit(_FAN_OUT)).all()
    if not events:
        return
    wanted = [one for one in events if not who.events or one.type in who.events]
    if wanted:
        new = {"subscriber": who.name, "state": _PENDING, "attempts": 0, "holder": ""}
        new |= {"due_at": _now(), "problem": ""}
        rows = [new | {"seq": one.seq, "subject": one.subject} for one in wanted]
        tx.execute(insert(deliveries), rows)
    to = {"reached": events[-1].seq}
    tx.execute(update(subscribers).where(subscribers.c.name == who.name).values(to))


def _settle(tx: Connection, message: Message, outcome: Outcome, holder: str, manner: Manner) -> str:
    """Note what came of an attempt; the state it leads to.

    That it arrived counts whoever has it in hand by now; that it failed, only from who still has.
    """
    where = and_(
        deliveries.c.subscriber == message.subscriber.name,
        deliveries.c.seq == message.seq,
        deliveries.c.state == _PENDING,
    )
    values: dict[str, Any] = {"held_until": None, "problem": outcome.problem}
    values["attempts"] = attempts = message.attempts + 1
    state = _DELIVERED
    if outcome.problem:
        where = and_(where, deliveries.c.holder == holder)
        state = _DEAD if outcome.final or attempts >= manner.attempts else _PENDING
        pause = max(manner.pause(attempts), timedelta(seconds=outcome.not_before))
        values["due_at"] = _now() + pause
    tx.execute(update(deliveries).where(where).values(values | {"state": state}))
    return state


def _note_settled(tx: Connection, who: Sequence[Subscriber]) -> None:
    """Note up to where everything arrived, in the journal too: a rebuild goes on from there."""
    for one in who:
        open_ones = select(func.min(deliveries.c.seq)).where(
            deliveries.c.subscriber == one.name, deliveries.c.state.in_(_OPEN)
        )
        row = tx.execute(select(subscribers).where(subscribers.c.name == one.name)).one()
        first = tx.execute(open_ones).scalar()
        settled = row.reached if first is None else first - 1
        if settled != row.settled:
            put(tx, subscribers, dict(row._mapping) | {"settled": settled})


def _prune(tx: Connection, manner: Manner) -> None:
    """Let go of old events that everybody has heard."""
    settled = tx.execute(select(func.min(subscribers.c.settled))).scalar() or 0
    old = and_(outbox.c.seq <= settled, outbox.c.at < _now() - timedelta(days=manner.keep_days))
    seqs = select(outbox.c.seq).where(old)
    tx.execute(delete(deliveries).where(deliveries.c.seq.in_(seqs)))
    tx.execute(delete(outbox).where(old))


def _standing(tx: Connection, who: Subscriber) -> Standing:
    mine = deliveries.c.subscriber == who.name
    by_state = select(deliveries.c.state, func.count()).where(mine).group_by(deliveries.c.state)
    counts = {str(state): int(count) for state, count in tx.execute(by_state)}
    own_row = select(subscribers.c.reached).where(subscribers.c.name == who.name)
    ahead = select(func.count(), func.min(outbox.c.at)).where(
        outbox.c.seq > (tx.execute(own_row).scalar() or 0),
        outbox.c.type.in_(who.events or TYPES.values()),
    )
    new, first_new = tx.execute(ahead).one()
    waiting = (
        select(outbox.c.at, deliveries.c.problem)
        .join_from(deliveries, outbox, deliveries.c.seq == outbox.c.seq)
        .where(mine, deliveries.c.state.in_(_OPEN))
        .order_by(deliveries.c.seq)
    )
    first = tx.execute(waiting.limit(1)).one_or_none()
    return Standing(
        who.name,
        counts.get(_DELIVERED, 0),
        counts.get(_PENDING, 0) + int(new),
        counts.get(_DEAD, 0),
        first.at if first else first_new,
        first.problem if first else "",
    )
