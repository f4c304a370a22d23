"""When a command that is to stop hears of it: not half-way through what must not be left there."""

import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

#: Ctrl-C, being asked to end, and a terminal that was closed.
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds until a stop that came at a bad moment is tried again.
_AGAIN = 0.05
#: The file that code which imports a module seems to be in.
_IMPORTING = "<frozen importlib._bootstrap>"


def heed_between_imports(*stops: signal.Signals) -> None:
    """Have stops raise KeyboardInterrupt, but wait while a module is imported, from now on.

    The start of a command is imports for the most part. Some libraries in C end the process
    with a core dump when they are interrupted there, the others with a traceback. What is
    ignored, as Ctrl-C is in the background of a script and SIGHUP by nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for stop in stops:
        if signal.getsignal(stop) is not signal.SIG_IGN:
            signal.signal(stop, _when_imported)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run``, which lets Ctrl-C cancel the work at its next await, and not just anywhere.

    It does so only where Python's own handler hears it.
    """
    import asyncio  # not with this module, which every command loads first

    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not _when_imported:
        return asyncio.run(work)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, _when_imported)


def _when_imported(number: int, frame: FrameType | None) -> None:
    if _imports(frame):
        main = threading.main_thread().ident  # only itself is awoken by what it is told
        again = threading.Timer(_AGAIN, signal.pthread_kill, [main, number])
        again.daemon = True
        again.start()
    else:
        signal.default_int_handler(number, frame)


def _imports(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False


@contextmanager
def interrupt_held() -> Iterator[None]:
    """Hold stops back until the block ends.

    Only the main thread is ever interrupted. A mask of signals would not do, for any other
    thread may take the signal in its stead.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []
    before = [signal.signal(stop, lambda number, _frame: told.append(number)) for stop in STOPS]
    try:
        yield
    finally:
        for stop, handler in zip(STOPS, before, strict=True):
            signal.signal(stop, handler)
        if told:
            signal.raise_signal(told[0])
