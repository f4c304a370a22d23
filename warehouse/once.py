"""Requests that are carried out once, however often they are sent.

Whoever sends a request gives it a key. Its answer is kept a day, sealed, under a keyed hash of
that key; the same request again is given the same answer. A process that was killed in the
midst of a request leaves its key behind: the request may then be sent again and is carried out
anew, which for deposits and withdrawals comes to the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.times import utc_now
from warehouse.catalog import Catalog
from warehouse.cipher import Unauthentic
from warehouse.claims import home_of, lives
from warehouse.schema import requests

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


def once(catalog: Catalog, key: str, content: str, work: Callable[[], Answer]) -> Answer:
    """Do some work, unless it was done: then give its answer once more.

    What ends with an error is forgotten, so that it may be tried again under the same key.

    Args:
        key: names the request, its sender and its address.
        content: all that is asked for.

    Raises:
        KeyReused: the key stands for other content.
        StillAtWork: somebody is at it.
    """
    name, print_ = catalog.hidden(f"request:{key}"), catalog.hidden(f"content:{content}")
    answer = _begin(catalog, name, print_)
    if answer is not None:
        return answer
    try:
        answer = work()
        sealed = catalog.journal.seal(name, answer.body)
        with catalog.writing() as tx:
            done = {"status": answer.status, "answer": sealed, "record_id": answer.record}
            tx.execute(update(requests).where(requests.c.key == name).values(done))
    except BaseException:
        with catalog.writing() as tx:
            tx.execute(delete(requests).where(requests.c.key == name))
        raise
    return answer


def forget(tx: Connection, record_id: str) -> None:
    """Let go of the answers about a record that is erased."""
    tx.execute(delete(requests).where(requests.c.record_id == record_id))


def _begin(catalog: Catalog, name: str, print_: str) -> Answer | None:
    """Take the key, or find what it was answered with."""
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
        if not row.status:
            if lives(catalog, row):
                raise StillAtWork
            tx.execute(update(requests).where(requests.c.key == name).values(ours))
            return None
    try:
        return Answer(row.status, catalog.journal.unseal(name, row.answer), row.record_id, True)
    except Unauthentic as error:  # not what we wrote: let nobody be told anything made up
        raise KeyReused from error
