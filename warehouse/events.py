"""The values of the outbox: who hears of what happens, how, and what came of telling them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

#: What is told of, by the audit's word for it.
TYPES = {
    "deposit": "record.deposited",
    "release": "record.reused",
    "supersede": "record.superseded",
    "revoke": "record.revoked",
    "erase": "record.erased",
    "keeping-ended": "record.keeping-ended",
    "withdrawal": "consent.withdrawn",
}


@dataclass(frozen=True)
class Subscriber:
    """Somebody who wants to hear of events.

    Attributes:
        url: where they are posted to.
        secrets: keys of the signature, the one in use first; more while they are changed.
        events: types wanted; empty: all.
        loopback: ``url`` may be on this machine, and then plain http.
        tls_trust: file of certificates by which the server is known; empty: the system's.
    """

    name: str
    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    events: frozenset[str] = frozenset()
    loopback: bool = False
    tls_trust: str = ""


@dataclass(frozen=True)
class Manner:
    """How events are delivered. Times in seconds.

    With these numbers an event is tried for about a day before it is dead: 10 s, 30 s,
    90 s … between the first attempts, six hours between the last, each cut by up to a half.
    """

    timeout: float = 10.0
    attempts: int = 13
    first_pause: float = 10.0
    longest_pause: float = 6 * 3600.0
    at_once: int = 16
    keep_days: int = 30

    def pause(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts, with jitter: nobody comes back in step."""
        longest = min(self.longest_pause, self.first_pause * 3.0 ** (attempts - 1))
        return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311  no secret

    @property
    def lease(self) -> timedelta:
        """How long an event stays in hand: a sending, and noting it on a busy store."""
        return timedelta(seconds=2 * self.timeout + 5)


@dataclass(frozen=True)
class Message:
    """An event as it is told to one subscriber.

    Attributes:
        id: the same at every attempt, for receivers to know it again.
        attempts: how often it was tried before.
    """

    subscriber: Subscriber
    seq: int
    id: str
    attempts: int
    body: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: ``problem`` is a stable word, empty where it arrived.

    Attributes:
        final: it makes no sense to try again.
        not_before: seconds to wait at least, as the receiver asked.
    """

    problem: str = ""
    final: bool = False
    not_before: float = 0.0


@dataclass(frozen=True)
class Standing:
    """How a subscriber's deliveries stand. ``oldest`` is the time of the first one pending."""

    subscriber: str
    delivered: int = 0
    pending: int = 0
    dead: int = 0
    oldest: datetime | None = None
    problem: str = ""


@dataclass(frozen=True)
class Delivered:
    """What a run did: counts of events that arrived, that failed, that are now dead."""

    arrived: int = 0
    failed: int = 0
    dead: int = 0
    problems: tuple[str, ...] = ()


#: Sends messages at once; an outcome each, in their order.
Post = Callable[[Sequence[Message]], Sequence[Outcome]]
