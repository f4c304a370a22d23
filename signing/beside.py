"""Look at the signed files of a long batch in a second process: while one file is verified, the
next is signed. No file gets its name any sooner for it.

Light to load: the process starts before the one that signs has loaded what it needs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.aside import answered_aside
from foundation.interrupts import run_async
from signing.facts import SignatureFacts

if TYPE_CHECKING:
    from signing.jobs import Level

#: Files from which a second process is worth its start, which takes as long as 30 looks.
_MANY = 30


@dataclass(frozen=True)
class Signed:
    """A finished file that has no name yet: ``part``, made of ``source``.

    ``certificate`` is the SHA-256 of the certificate of who signed, ``level`` the one reached,
    ``anchors`` are the trusted roots as DER, which tell whether evidence is complete.
    """

    source: Path
    part: Path
    certificate: bytes
    level: "Level"
    anchors: tuple[bytes, ...] = ()


#: Gives the new signature of a sound file. Raises :class:`errors.OutputNotSound`.
Look = Callable[[Signed], Awaitable[SignatureFacts]]


@contextmanager
def beside(jobs: Sequence[object]) -> Iterator[Look]:
    """How to look at the files of a batch: here, or for many in a second process."""
    if len(jobs) < _MANY:
        from signing.outputs import look_at

        yield look_at
        return
    with answered_aside(_look_now, needs=("signing.outputs",)) as aside:

        async def look(signed: Signed) -> SignatureFacts:
            return await asyncio.to_thread(aside.take, aside.put(signed))

        yield look


def _look_now(signed: Signed) -> SignatureFacts:
    from signing.outputs import look_at

    return run_async(look_at(signed))
