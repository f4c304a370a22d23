"""What one address may ask for, and how much is worked on at once."""

import asyncio
import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

#: Addresses remembered: 10,000 take 2 MB; those heard of longest ago are forgotten.
_MOST_ADDRESSES = 10_000


class TooManyRequests(SohoaError):
    """One address asks for more than people do."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("Too many checks from your address. Wait a minute, then try again.")


class Busy(SohoaError):
    """Others are being served."""

    exit_code = ExitCode.SERVICE
    message = N_("Many people are checking papers now. Wait a minute, then try again.")


@dataclass(frozen=True)
class Limits:
    """Bounds of the page.

    Attributes:
        most_bytes: of an uploaded file: 100 pages; a phone's photograph has 3 to 12 MB.
        receive_seconds: for a file to arrive.
        files_a_minute: from one address, on average; as many at once.
        codes_a_minute: likewise. A connection may be shared by a household or a whole office.
        files_at_once: judged at the same time, each in a process of its own that takes a core.
        files_of_one: of these and of those that wait, from one address: more of its files wait
            for the first ones, and others are served meanwhile.
        files_waiting: received and held until they are judged.
        codes_at_once: looked up at the same time. Apart, so that files cannot keep codes waiting.
        wait_seconds: for a turn.
    """

    most_bytes: int = 25 << 20
    receive_seconds: float = 60.0
    files_a_minute: int = 12
    codes_a_minute: int = 60
    files_at_once: int = 3
    files_of_one: int = 2
    files_waiting: int = 16
    codes_at_once: int = 4
    wait_seconds: float = 25.0


class Quota:
    """A token bucket for each address: ``a_minute`` at once, refilled over a minute."""

    def __init__(self, a_minute: int) -> None:
        self._most = float(a_minute)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count a request. Raises TooManyRequests."""
        name, now = network_of(address), time.monotonic()
        left, then = self._left.pop(name, (self._most, now))
        left = min(self._most, left + (now - then) * self._most / 60)
        self._left[name] = (max(0.0, left - 1), now)
        if len(self._left) > _MOST_ADDRESSES:
            self._left.popitem(last=False)
        if left < 1:
            raise TooManyRequests()


def network_of(address: str) -> str:
    """The address as one customer's: IPv6 gives each at least a /64 (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Lane:
    """So many at once, the others wait their turn, not for ever."""

    def __init__(self, at_once: int, wait_seconds: float) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._wait = wait_seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn for the block. Raises Busy."""
        try:
            await asyncio.wait_for(self._turns.acquire(), self._wait)
        except TimeoutError as error:
            raise Busy() from error
        try:
            yield
        finally:
            self._turns.release()


class Visitors:
    """A lane for each address: who sends many files waits for himself, not others for him."""

    def __init__(self, at_once: int, wait_seconds: float) -> None:
        self._at_once, self._wait = at_once, wait_seconds
        self._lanes: dict[str, Lane] = {}
        self._counts: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """A turn of this address for the block. Raises Busy."""
        name = network_of(address)
        lane = self._lanes.setdefault(name, Lane(self._at_once, self._wait))
        self._counts[name] += 1
        try:
            async with lane.turn():
                yield
        finally:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name], self._lanes[name]
