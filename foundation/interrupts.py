"""When Ctrl-C is heard: not while something is half-way that must not be left there."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Seconds until Ctrl-C that came at a bad moment is tried again.
_AGAIN = 0.05
#: The file that code which imports a module seems to be in.
_IMPORTING = "<frozen importlib._bootstrap>"


def heed_between_imports() -> None:
    """Have Ctrl-C wait while a module is imported, from now on.

    The start of a command is imports for the most part. Some libraries in C end the process
    with a core dump when they are interrupted there, the others with a traceback. Where Ctrl-C
    is ignored, as in what a script runs in the background, it stays so.
    """
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard and threading.current_thread() is threading.main_thread():
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
    """Hold Ctrl-C back until the block ends.

    Only the main thread is ever interrupted. A mask of signals would not do, for any other
    thread may take the signal in its stead.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            signal.raise_signal(signal.SIGINT)
