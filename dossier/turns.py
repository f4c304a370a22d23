"""When the backlog may work: never before the counter, and in office hours only so much."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from foundation.places import home
from foundation.times import utc_now, vietnam_time
from profiles import BatchRules

#: Held together by all counters at work on this machine.
_MARK = "counter.lock"


@contextmanager
def counter_at_work() -> Iterator[None]:
    """A block in which a citizen waits: the backlog of this machine begins no page meanwhile.

    The mark is a lock, so that it goes with the process however that ends.
    """
    lock = _open()
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)  # the backlog holds it against us for microseconds
        yield
    finally:
        os.close(lock)


def counter_waits() -> bool:
    """Whether a dossier is being taken in on this machine."""
    if not _place().exists():
        return False
    lock = _open()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def in_office_hours(rules: BatchRules, moment: datetime) -> bool:
    """Whether a moment is in office hours, by Vietnam's time."""
    local = vietnam_time(moment)
    if not rules.office_hours or local.isoweekday() not in rules.office_days:
        return False
    begin, end = rules.office_hours.split("-")
    return begin <= f"{local:%H:%M}" < end


def pages_at_once(rules: BatchRules, most: int) -> int:
    """How many pages the backlog may work on now; 0: it waits.

    Args:
        most: that there are workers for.
    """
    if rules.yield_to_counter and counter_waits():
        return 0
    if in_office_hours(rules, utc_now()):
        return min(rules.office_jobs, most)
    return most


def _place() -> Path:
    return home() / _MARK


def _open() -> int:
    with suppress(FileExistsError):
        _place().parent.mkdir(parents=True, mode=0o700)
    return os.open(_place(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
