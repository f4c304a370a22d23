"""See that a signed file is what it should be before it gets its name.

In a long batch the look is taken in a second process: while one file is verified, the next is
signed. No file gets its name any sooner for it.
"""

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from asn1crypto import x509

from foundation.errors import SohoaError
from foundation.messages import Language, _, current_language, set_language
from foundation.times import utc_now
from signing import errors
from signing.facts import Changes, FileFacts, SignatureFacts
from signing.gather import gather_async
from signing.jobs import Level
from signing.policy import Cause, broken, judge_file, level_of, reaches
from signing.stages import begins_with
from signing.verify import explain

#: Files from which a second process is worth its start, which takes as long as 30 looks.
_MANY = 30
_CODE = Path(__file__).resolve().parent.parent


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


#: Of the second process: the new signature, or why there is none.
Answer = SignatureFacts | SohoaError | OSError
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
    """How to look at the files of a batch: here, or for many in a second process.

    It is no process of ``multiprocessing``, which runs the caller's main module again: a script
    that signs would ask for its PIN twice.
    """
    if len(jobs) < _MANY:
        yield look_at
        return
    with _second_process() as ask:  # starts while the PIN is typed

        async def look(signed: Signed) -> SignatureFacts:
            try:
                answer = await asyncio.to_thread(ask, signed)
            except (EOFError, OSError, pickle.PickleError):
                return await look_at(signed)  # it was killed; the work is not lost for that
            if isinstance(answer, SohoaError | OSError):
                raise answer
            return answer

        yield look


@contextmanager
def _second_process() -> Iterator[Callable[[Signed], Answer]]:
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        # -P: the current folder must not be able to stand in for any module.
        [sys.executable, "-P", "-m", __name__, current_language()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what fails there is tried again here, and told
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        process_group=0,  # Ctrl+C is the parent's to handle
    )
    one_at_a_time = threading.Lock()

    def ask(signed: Signed) -> Answer:
        assert process.stdin is not None  # noqa: S101  for the type checker
        assert process.stdout is not None  # noqa: S101
        with one_at_a_time:
            pickle.dump(signed, process.stdin)
            process.stdin.flush()
            answer: Answer = pickle.load(process.stdout)  # noqa: S301  ours
            return answer

    try:
        yield ask
    finally:
        process.kill()  # it holds nothing that is not on the disk
        with suppress(BrokenPipeError):
            process.communicate()


def main() -> None:
    """Look at file after file, in the language named by the only argument."""
    set_language(cast(Language, sys.argv[1]))
    with open(0, "rb") as questions, open(1, "wb") as answers:
        while True:
            try:
                signed: Signed = pickle.load(questions)  # noqa: S301  from our own parent
            except EOFError:
                return
            try:
                answer: Answer = asyncio.run(look_at(signed))
            except (SohoaError, OSError) as error:
                answer = error
            pickle.dump(answer, answers)
            answers.flush()


if __name__ == "__main__":
    main()
