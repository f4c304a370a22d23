"""A process aside that answers one question after the other with a plain function.

It is no process of ``multiprocessing``, which runs the caller's main module again: a script
that signs would ask for its PIN twice.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Generic, TypeVar, cast

from foundation.errors import SohoaError
from foundation.messages import Language, current_language, set_language

Q = TypeVar("Q")
A = TypeVar("A")

_CODE = Path(__file__).resolve().parent.parent


class Aside(Generic[Q, A]):
    """A process that has been started and answers; see :func:`answered_aside`."""

    def __init__(self, process: "subprocess.Popen[bytes]", function: Callable[[Q], A]) -> None:
        assert process.stdin is not None  # noqa: S101  for the type checker
        assert process.stdout is not None  # noqa: S101
        self._questions, self._answers = process.stdin, process.stdout
        self._function = function
        self._asked: dict[int, Q] = {}
        self._told: dict[int, A | SohoaError | OSError] = {}
        self._count = self._heard = 0
        self._dead = False
        self._reading = threading.Lock()

    def put(self, question: Q) -> int:
        """Ask, and do not wait: the ticket that :meth:`take` wants. For one thread only."""
        self._count += 1
        self._asked[self._count] = question
        try:
            pickle.dump(question, self._questions)
            self._questions.flush()
        except OSError:
            self._dead = True
        return self._count

    def take(self, ticket: int) -> A:
        """The answer to one question, waited for; or raised, what went wrong with it."""
        with self._reading:
            while ticket not in self._told and not self._dead:
                self._hear()
        question = self._asked.pop(ticket)
        if ticket not in self._told:
            return self._function(question)  # it was killed; the work is not lost for that
        answer = self._told.pop(ticket)
        if isinstance(answer, SohoaError | OSError):
            raise answer
        return answer

    def _hear(self) -> None:
        try:
            answer: A | SohoaError | OSError = pickle.load(self._answers)  # noqa: S301  ours
        except (EOFError, OSError, pickle.PickleError):
            self._dead = True
            return
        self._heard += 1
        self._told[self._heard] = answer


@contextmanager
def answered_aside(function: Callable[[Q], A], needs: Sequence[str] = ()) -> Iterator[Aside[Q, A]]:
    """``function``, called in a process of its own that starts at once and ends with the block.

    Questions, answers and what is raised (a :class:`SohoaError` or ``OSError``) travel pickled,
    in order; questions may be put ahead, a few at a time and small ones, so that the process
    need not wait for who asks. Where it was killed or fails, questions are answered here.

    Args:
        function: of a module's top level.
        needs: modules it imports when it is called; the process loads them while it waits for
            the first question.
    """
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    name = f"{function.__module__}:{function.__qualname__}"
    process = subprocess.Popen(
        # -P: the current folder must not be able to stand in for any module.
        [sys.executable, "-P", "-m", __name__, current_language(), name, *needs],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what fails there is tried again here, and told
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        process_group=0,  # Ctrl+C is the parent's to handle
    )
    try:
        yield Aside(process, function)
    finally:
        process.kill()  # it holds nothing that is not on the disk
        with suppress(BrokenPipeError):
            process.communicate()


def main() -> None:
    """Answer in the language and with the function that the arguments name, then its needs."""
    language, named, *needs = sys.argv[1:]
    set_language(cast(Language, language))
    module, _colon, name = named.partition(":")
    function: Callable[[object], object] = getattr(import_module(module), name)
    for need in needs:
        import_module(need)
    with open(0, "rb") as questions, open(1, "wb") as answers:
        while True:
            try:
                question: object = pickle.load(questions)  # noqa: S301  from our own parent
            except EOFError:
                return
            try:
                answer = function(question)
            except (SohoaError, OSError) as error:
                answer = error
            pickle.dump(answer, answers)
            answers.flush()


if __name__ == "__main__":
    main()
