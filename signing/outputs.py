"""See that a signed file is what it should be before it gets its name.

In a long batch the look is taken in a second process: while one file is verified, the next is
signed. No file gets its name any sooner for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asn1crypto import x509

from foundation.aside import answered_aside
from foundation.files import begins_with
from foundation.messages import _
from foundation.times import utc_now
from signing import errors
from signing.facts import Changes, FileFacts, SignatureFacts
from signing.gather import gather_async
from signing.jobs import Level
from signing.policy import Cause, broken, judge_file, level_of, reaches
from signing.verify import explain

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
    level: Level
    anchors: tuple[bytes, ...] = ()


#: Gives the new signature of a sound file. Raises :class:`errors.OutputNotSound`.
Look = Callable[[Signed], Awaitable[SignatureFacts]]


async def look_at(signed: Signed) -> SignatureFacts:
    """The new signature, when the file and all its signatures are sound.

    Raises:
        OutputNotSound: naming what is wrong.
    """
    fail = partial(errors.OutputNotSound, file=signed.source)
    if not begins_with(signed.part, signed.source):
        raise fail(detail=_("The original was altered."))
    anchors = [x509.Certificate.load(anchor) for anchor in signed.anchors]
    facts = await gather_async(signed.part, anchors, utc_now())
    if cause := unsound(facts):
        raise fail(detail=explain(cause))
    made = [one for one in facts.signatures if one.certificate == signed.certificate]
    if not made or facts.signatures[-1].changes not in (Changes.NONE, Changes.EVIDENCE):
        raise fail(detail=_("The signature does not cover the whole file."))
    if not reaches(level_of(made[-1], facts), signed.level):
        raise fail(detail=_("The level was not reached."))
    return made[-1]


def unsound(facts: FileFacts) -> Cause:
    """What is wrong with the file or one of its signatures, whoever signed; trust aside."""
    causes = [judge_file(facts)[1] if facts.fault else Cause.NONE, *map(broken, facts.signatures)]
    return next((cause for cause in causes if cause), Cause.NONE)


@contextmanager
def beside(jobs: Sequence[object]) -> Iterator[Look]:
    """How to look at the files of a batch: here, or for many in a second process."""
    if len(jobs) < _MANY:
        yield look_at
        return
    with answered_aside(_look_now) as aside:  # starts while the PIN is typed

        async def look(signed: Signed) -> SignatureFacts:
            return await asyncio.to_thread(aside.take, aside.put(signed))

        yield look


def _look_now(signed: Signed) -> SignatureFacts:
    return asyncio.run(look_at(signed))
