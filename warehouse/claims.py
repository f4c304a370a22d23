"""Who is writing to which record's object, and the undoing of what a crash cut short.

A writer claims the record in the catalogue before the first byte and lets the claim go in
the transaction that commits its work. So a claim whose holder is dead tells of an object
that may hold more than was committed: :func:`recover` takes it back to the versions that
were. Holders keep a lock on a file of their own in ``running/``; the kernel lets it go when
they die. Holders of other machines count as dead after an hour.
"""

import fcntl
import hashlib
import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from foundation.times import utc_now
from warehouse import engine, objects
from warehouse.catalog import RUNNING, Catalog
from warehouse.errors import WarehouseBusy
from warehouse.schema import inventories, journal_head, pending, records

_LEASE = timedelta(hours=1)
#: Ending of a lock file that is not locked yet.
_UNBORN = ".unborn"
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.32
_ADD = (
    insert(pending)
    .values(
        head=select(func.coalesce(func.max(inventories.c.number), 0))
        .where(inventories.c.record_id == bindparam("record"))
        .scalar_subquery()
    )
    .returning(pending.c.head)
)
_LET_GO = delete(pending).where(
    pending.c.record_id == bindparam("record"), pending.c.holder == bindparam("holder")
)


@dataclass(frozen=True)
class Claim:
    """The right to write to a record's object. ``head``: its committed versions."""

    record_id: str
    head: int
    holder: str
    _released: list[bool] = field(default_factory=list)

    def release(self, tx: Connection) -> None:
        """Let it go in the transaction that commits the work.

        Raises WarehouseBusy where it was taken away: after an hour, as if its holder had died.
        """
        gone = tx.execute(_LET_GO, {"record": self.record_id, "holder": self.holder})
        if gone.rowcount != 1:
            raise WarehouseBusy(folder=self.record_id)
        self._released.append(True)


@contextmanager
def living(catalog: Catalog) -> Iterator[None]:
    """Show the others, for the block, that this holder lives."""
    file = catalog.folder / RUNNING / f"{catalog.holder}.lock"
    unborn = file.with_suffix(_UNBORN)
    descriptor = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        unborn.rename(file)  # locked before it has the name by which it is found free and swept
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def claimed(catalog: Catalog, record_id: str) -> Iterator[Claim]:
    """Claim a record for the block; what is not committed when it ends badly is undone.

    The block lets the claim go itself, with :meth:`Claim.release`, when it commits.

    Raises:
        WarehouseBusy: another holder did not let go in time.
    """
    claim = _take(catalog, record_id)
    try:
        yield claim
    except BaseException:
        _undo_left(catalog, claim)  # released or not: the commit may have failed
        raise
    if not claim._released:
        _undo_left(catalog, claim)


def _undo_left(catalog: Catalog, claim: Claim) -> None:
    with catalog.reading() as tx:
        ours = select(pending.c.holder).where(pending.c.record_id == claim.record_id)
        left = tx.execute(ours).scalar() == catalog.holder
    if left:
        _undo(catalog, claim.record_id, claim.head)


def _take(catalog: Catalog, record_id: str) -> Claim:
    until = time.monotonic() + engine.PATIENCE_SECONDS
    pause = _PAUSE_SECONDS
    while True:
        with catalog.writing() as tx:
            if not objects.is_claimed(tx, record_id):
                head = tx.execute(_ADD, _row(catalog, record_id)).scalar_one()
                return Claim(record_id, head, catalog.holder)
        while _is_taken(catalog, record_id):
            if time.monotonic() > until:
                raise WarehouseBusy(folder=catalog.place.shown)
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  to part those who wait
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            if pause == _LONGEST_PAUSE_SECONDS:
                recover(catalog)  # perhaps it is dead


def _is_taken(catalog: Catalog, record_id: str) -> bool:
    with catalog.reading() as tx:
        return objects.is_claimed(tx, record_id)


def _row(catalog: Catalog, record_id: str) -> dict[str, Any]:
    return {
        "record_id": record_id,
        "record": record_id,
        "home": home_of(catalog),
        "holder": catalog.holder,
        "begun_at": utc_now(),
    }


def home_of(catalog: Catalog) -> str:
    """This machine and folder: where a holder's lock file can be looked at."""
    name = f"{socket.gethostname()}:{catalog.folder.resolve()}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def recover(catalog: Catalog) -> int:
    """Undo what dead holders left half done; how many records there were."""
    with catalog.reading() as tx:
        rows = tx.execute(select(pending)).all()
    # Only what still stands under a dead holder's name once we know it dead: it may have
    # committed and gone in good order since we read the row.
    dead = [row for row in rows if not lives(catalog, row) and _take_over(catalog, row)]
    for row in dead:
        _undo(catalog, row.record_id, row.head)
    if dead:
        _forget_untold(catalog)
    _sweep(catalog)
    return len(dead)


def _take_over(catalog: Catalog, row: Any) -> bool:
    """Make a dead holder's claim ours, so that only one undoes it; whether it was still there."""
    theirs = (pending.c.record_id == row.record_id) & (pending.c.holder == row.holder)
    ours = {"holder": catalog.holder, "home": home_of(catalog), "begun_at": utc_now()}
    with catalog.writing() as tx:
        return tx.execute(update(pending).where(theirs).values(ours)).rowcount == 1


def lives(catalog: Catalog, row: Any) -> bool:
    """Whether the holder a row names is still at work."""
    if row.holder == catalog.holder:
        return True
    if row.home != home_of(catalog):
        return bool(utc_now() - row.begun_at < _LEASE)
    return not _is_free(catalog, row.holder)


def _is_free(catalog: Catalog, holder: str) -> bool:
    try:
        descriptor = os.open(catalog.folder / RUNNING / f"{holder}.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _undo(catalog: Catalog, record_id: str, head: int) -> None:
    """Take an object back to its committed versions, or an erasure on to its end; let go."""
    with catalog.reading() as tx:
        states = set(
            tx.execute(select(records.c.status).where(records.c.id == record_id)).scalars()
        )
    if "erased" in states:
        objects.finish_erasing(catalog, record_id)
    else:
        objects.roll_back(catalog, record_id, head)
    with catalog.writing() as tx:
        tx.execute(delete(pending).where(pending.c.record_id == record_id))


def _forget_untold(catalog: Catalog) -> None:
    """Remove from the journal what a transaction told that never committed."""
    with catalog.writing() as tx:
        number = tx.execute(select(journal_head.c.number)).scalar_one()
        catalog.journal.forget(number + 1)


def _sweep(catalog: Catalog) -> None:
    """Remove the lock files of the dead."""
    for file in (catalog.folder / RUNNING).iterdir():
        with suppress(FileNotFoundError):
            if file.suffix == _UNBORN:
                dead = time.time() - file.stat().st_mtime > _LEASE.total_seconds()
            else:
                dead = file.stem != catalog.holder and _is_free(catalog, file.stem)
            if dead:
                file.unlink()
