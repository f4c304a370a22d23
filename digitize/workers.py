"""Processes that work on pages: ready before the first sheet comes, gone when the work ends.

Promise: none outlives the block it was started for, nor does a recogniser it called, nor
a picture in memory-backed storage.
"""

import ctypes
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from foundation.errors import SohoaError
from foundation.files import scratch_folder
from foundation.interrupts import interrupt_held
from foundation.messages import N_
from foundation.places import fast_storage

#: Imported once by the server that workers are forked from, instead of once a worker: the
#: first are ready 0.9 s after the server started, those of later pools in 0.1 s.
_PRELOAD = ["digitize.readied"]
#: Seconds that starting workers are waited for before they are stopped; they take 0.1 s.
_START_TIME = 5.0
#: Beginning of the name of the file by which a worker says that it has started.
_READY = "worker-"
#: Seconds a pool may take to end before it is told again; it takes 0.2 s.
_PATIENCE = 2.0
#: Of malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3

#: Takes a function, its arguments and the seconds it may take; gives a future of its result.
Schedule = Callable[[Callable[..., Any], tuple[Any, ...], float], Any]


class WorkersGone(SohoaError):
    """The workers were killed while they waited, or cannot start."""

    message = N_(
        "The processes that work on pages were stopped from outside, perhaps because memory "
        "ran out. Close other programs or add --jobs 1, then try again."
    )


def prepare(modules: Sequence[str] = _PRELOAD) -> None:
    """Have the server that workers are forked from import what they need, in the background.

    Ctrl-C is held back while it starts, lest it reach the server half-way; the server and all
    its workers are deaf to it for good. One that runs already is left as it is.
    """
    if modules:
        get_context("forkserver").set_forkserver_preload(list(modules))
    with interrupt_held():
        resource_tracker.ensure_running()  # else it starts below, and lifts the mask
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def worker_pool(jobs: int) -> Iterator[Schedule]:
    """Up to ``jobs`` workers; those working when the block ends are stopped, come what may.

    They are made ready in the background from here on, and started with the first task.

    Raises:
        WorkersGone: when a task is given to a pool whose workers have all been killed.
    """
    prepare()
    context = get_context("forkserver")
    started = False

    def schedule(function: Callable[..., Any], args: tuple[Any, ...], timeout: float) -> Any:
        nonlocal started
        started = True
        try:
            with interrupt_held():  # the first task starts the workers: see that they get orders
                return pool.schedule(and_tidy_up, args=(function, *args), timeout=timeout)
        except RuntimeError as error:  # pebble's word for a pool that is broken
            raise WorkersGone() from error

    with scratch_folder(fast_storage()) as scratch:
        pool = ProcessPool(
            jobs, initializer=start_worker, initargs=(str(scratch),), context=context
        )
        try:
            yield schedule
        finally:
            try:
                if started:
                    _wait_for_start(scratch, jobs)
            finally:
                end_pool(pool)


def end_pool(pool: ProcessPool) -> None:
    """Stop a pool at once and wait until it is gone.

    The word to end that pebble 5.2 leaves for its scheduler can be swept away with the tasks
    that were cancelled, while the scheduler is about to wait for it; so it is said again.
    """
    gone = threading.Event()

    def say_again() -> None:
        while not gone.wait(_PATIENCE):
            pool._context.task_queue.put(None)

    threading.Thread(target=say_again, daemon=True).start()
    try:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()
    finally:
        gone.set()


def start_worker(scratch: str) -> None:
    """Called once in every worker: one core, no voice, a scratch folder and a group of its own.

    What goes wrong comes back as an exception; C libraries (libtiff, libpng) grumble on the
    error stream besides, which belongs to the command's one line.
    """
    os.setpgid(0, 0)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    signal.signal(signal.SIGTERM, _end_group)
    end_with_the_command(_end_group)
    os.environ["SOHOA_FAST_STORAGE"] = tempfile.tempdir = scratch
    settle_in()
    (Path(scratch) / f"{_READY}{os.getpid()}").touch()


def end_with_the_command(end: Callable[[], Any]) -> None:
    """Have a thread wait for the end of the process that this one works for, and then call ``end``.

    A command that is killed, as by the system when memory runs out, stops nobody: its workers
    would read their pages to the end for no one.
    """

    def wait() -> None:
        if command := parent_process():  # always, in a worker
            command.join()
            end()

    threading.Thread(target=wait, daemon=True).start()


def settle_in() -> None:
    """What a process that works on pages does once, wherever it was started: one core a page."""
    import cv2

    from ocr.engine import single_threaded

    _give_pictures_back()
    single_threaded()
    cv2.setNumThreads(1)


def _give_pictures_back() -> None:
    """Have the C library hand pictures in colour back to the system as soon as they are freed.

    Left to itself it learns to keep them (mallopt(3): its threshold grows to 32 MB). With the
    threshold at 1, 16 and 32 MB a run took 66, 50 and 43 s and 655, 678 and 829 MB. What is
    smaller is kept for the page's next picture, and given back when the page is done: else the
    top of the heap comes and goes with each (a thirtieth of the time).
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # GNU's alone has it
    if set_option:
        set_option(_M_MMAP_THRESHOLD, 15 << 20)  # Pillow's blocks are a little under 16
        set_option(_M_TRIM_THRESHOLD, 16 << 20)


def and_tidy_up(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function and hand the memory that it freed back to the system."""
    try:
        return function(*args)
    finally:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # GNU's alone has it
        if trim:
            trim(0)


def _wait_for_start(scratch: Path, jobs: int) -> None:
    """Let all workers start: one that is stopped half-way complains of vanished semaphores."""
    deadline = time.monotonic() + _START_TIME
    while len(list(scratch.glob(f"{_READY}*"))) < jobs and time.monotonic() < deadline:
        time.sleep(0.01)


def _end_group(*_: Any) -> None:
    """Told to stop: take the recogniser along, which would otherwise read its page to the end."""
    os.killpg(0, signal.SIGKILL)
