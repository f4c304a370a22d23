"""A process aside that answers one question after the other with a plain function.

It is no process of ``multiprocessing``, which runs the caller's main module again: a script
that signs would ask for its PIN twice.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TypeVar, cast

from foundation.errors import SohoaError
from foundation.messages import Language, current_language, set_language

Q = TypeVar("Q")
A = TypeVar("A")

_CODE = Path(__file__).resolve().parent.parent


@contextmanager
def answered_aside(function: Callable[[Q], A]) -> Iterator[Callable[[Q], A]]:
    """``function``, called in a process of its own that starts at once and ends with the block.

    Questions, answers and what is raised (a :class:`SohoaError` or ``OSError``) travel pickled,
    one at a time. Where the process was killed or fails, the question is answered here.

    Args:
        function: of a module's top level.
    """
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    name = f"{function.__module__}:{function.__qualname__}"
    process = subprocess.Popen(
        # -P: the current folder must not be able to stand in for any module.
        [sys.executable, "-P", "-m", __name__, name, current_language()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what fails there is tried again here, and told
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        process_group=0,  # Ctrl+C is the parent's to handle
    )
    one_at_a_time = threading.Lock()

    def told(question: Q) -> A | SohoaError | OSError:
        assert process.stdin is not None  # noqa: S101  for the type checker
        assert process.stdout is not None  # noqa: S101
        with one_at_a_time:
            pickle.dump(question, process.stdin)
            process.stdin.flush()
            answer: A | SohoaError | OSError = pickle.load(process.stdout)  # noqa: S301  ours
            return answer

    def ask(question: Q) -> A:
        try:
            answer = told(question)
        except (EOFError, OSError, pickle.PickleError):
            return function(question)  # it was killed; the work is not lost for that
        if isinstance(answer, SohoaError | OSError):
            raise answer
        return answer

    try:
        yield ask
    finally:
        process.kill()  # it holds nothing that is not on the disk
        with suppress(BrokenPipeError):
            process.communicate()


def main() -> None:
    """Answer with the function, in the language, that the arguments name."""
    module, _colon, name = sys.argv[1].partition(":")
    function: Callable[[object], object] = getattr(import_module(module), name)
    set_language(cast(Language, sys.argv[2]))
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
