"""Work on files that may be hostile: in processes of their own, with limits of time and memory.

A damaged or malicious file can make a parser loop, eat memory or crash. Here it costs one
worker process, and its verdict says so.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

from pebble import ProcessExpired, ProcessPool

from digitize.workers import end_pool, end_with_the_command, prepare
from foundation.errors import ExitCode, SohoaError
from foundation.interrupts import interrupt_held
from foundation.messages import N_, Language, current_language, set_language

#: Address space in bytes a worker may use: a 130 MB file takes a tenth of it.
_MEMORY = 4 << 30
#: Workers at most: a verdict takes one core.
_WORKERS = 2

#: Seconds beyond all limits that a pool is waited for.
_PATIENCE = 15.0

#: Takes a function and its arguments; gives a function that waits for the result.
Start = Callable[..., Callable[[], Any]]


class TooMuch(SohoaError):
    """A file took more time or memory than any honest one, or broke the program that read it."""

    exit_code = ExitCode.SIGNATURE
    message = N_("The file could not be judged: it takes too long, too much memory, or is damaged.")


@contextmanager
def confined(count: int, seconds: float) -> Iterator[Start]:
    """A way to start work on up to ``count`` files, ``seconds`` of wall time each.

    Raises:
        TooMuch: from the function that waits, when the work went beyond a limit.
    """
    prepare(())  # a server of its own where none runs; it loads what the work needs with it
    workers = max(1, min(_WORKERS, count))
    # The pool's own clock ends what takes too long. Should the pool itself be gone (it was seen
    # once, after the machine had been halted for a minute), nobody may wait for it for ever.
    longest = seconds * (count / workers + 1) + _PATIENCE
    pool = ProcessPool(
        workers,
        initializer=_confine,
        initargs=(current_language(),),
        context=get_context("forkserver"),
    )

    def start(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        with interrupt_held():  # the first task starts the workers
            future = pool.schedule(function, args=arguments, timeout=seconds)

        def wait() -> Any:
            try:
                return future.result(longest)
            except (FutureTimeout, ProcessExpired, MemoryError, RecursionError) as error:
                raise TooMuch() from error

        return wait

    try:
        yield start
    finally:
        end_pool(pool)


def _confine(language: Language) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends its workers
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    set_language(language)
    end_with_the_command(partial(os._exit, 1))
