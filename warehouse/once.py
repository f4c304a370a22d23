"""Requests that are carried out once, however often they are sent.

Whoever sends a request gives it a key. Its answer is kept a day, sealed, under a keyed hash of
that key; the same request again is given the same answer. What a request does is noted under
its key in the very transaction that does it. So where a process was killed, the request that is
sent again is answered with what was done, or, where nothing was, carried out anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.times import utc_now
from warehouse import audit
from warehouse.catalog import Catalog
from warehouse.cipher import Unauthentic
from warehouse.claims import home_of, lives
from warehouse.schema import requests
from warehouse.values import Event

#: How long an answer is kept.
KEPT = timedelta(hours=24)


class KeyReused(SohoaError):
    """The key of a request was used for another one."""

    exit_code = ExitCode.USAGE
    message = N_("This Idempotency-Key was used for another request. Take a new key.")


class StillAtWork(SohoaError):
    """The same request is being carried out."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("This request is being carried out. Ask again in a moment.")


@dataclass(frozen=True)
class Answer:
    """What a request was answered with.

    Attributes:
        record: id of the record it was about: with it the answer is erased.
        again: it is an earlier answer, given once more.
    """

    status: int
    body: bytes
    record: str = ""
    again: bool = False


def once(
    catalog: Catalog,
    key: str,
    content: str,
    work: Callable[[str], Answer],
    again: Callable[[Event], Answer] | None = None,
) -> Answer:
    """Do some work, unless it was done: then give its answer once more.

    What ends with an error and has done nothing is forgotten, so that it may be tried again
    under the same key.

    Args:
        key: names the request, its sender and its address.
        content: all that is asked for.
        work: is told under what its acts are to be noted (:meth:`warehouse.Warehouse.under`).
        again: makes the answer of work that was done from its entry in the audit; None: the
            work itself comes to the same when it is done again.

    Raises:
        KeyReused: the key stands for other content.
        StillAtWork: somebody is at it.
    """
    name, print_ = catalog.hidden(f"request:{key}"), catalog.hidden(f"content:{content}")
    found = _begin(catalog, name, print_)
    if isinstance(found, Answer):
        return found
    try:
        if found is not None and again is not None:
            answer = replace(again(found), again=True)
        else:
            answer = work(name if again else "")
        _keep(catalog, name, answer)
    except BaseException:
        with catalog.writing() as tx:
            undone = (requests.c.key == name) & requests.c.done.is_(None)
            tx.execute(delete(requests).where(undone))
        raise
    return answer


def _keep(catalog: Catalog, name: str, answer: Answer) -> None:
    """Keep an answer, to be given once more."""
    sealed = catalog.journal.seal(name, answer.body)
    done = {"status": answer.status, "answer": sealed, "record_id": answer.record}
    with catalog.writing() as tx:
        tx.execute(update(requests).where(requests.c.key == name).values(done))


def forget(tx: Connection, record_id: str) -> None:
    """Let go of the answers about a record that is erased."""
    tx.execute(delete(requests).where(requests.c.record_id == record_id))


def _begin(catalog: Catalog, name: str, print_: str) -> Answer | Event | None:
    """Take the key, or find what it was answered with, or else what was done under it."""
    now = utc_now()
    ours = {
        "fingerprint": print_,
        "holder": catalog.holder,
        "home": home_of(catalog),
        "begun_at": now,
    }
    with catalog.writing() as tx:
        tx.execute(delete(requests).where(requests.c.begun_at < now - KEPT))
        row = tx.execute(select(requests).where(requests.c.key == name)).one_or_none()
        if row is None:
            tx.execute(insert(requests).values(key=name, status=0, record_id="", **ours))
            return None
        if row.fingerprint != print_:
            raise KeyReused
        if not row.status and row.done is not None:
            return audit.event_at(tx, row.done)
        if not row.status:
            if lives(catalog, row):
                raise StillAtWork
            tx.execute(update(requests).where(requests.c.key == name).values(ours))
            return None
    try:
        return Answer(row.status, catalog.journal.unseal(name, row.answer), row.record_id, True)
    except Unauthentic as error:  # not what we wrote: let nobody be told anything made up
        raise KeyReused from error
