"""Who works on a backlog's pages: processes of this machine, or a Dask cluster's workers.

Both are given the same function with the same arguments (`concurrent.futures`); pages travel
as names of files. A page is the unit, not a document: a thick document is spread over all
workers, one that dies costs the page it had, and what must be done in order, such as writing
the PDF, stays where the ledger is.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.workers import Schedule, WorkersGone, and_tidy_up, settle_in, worker_pool
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

if TYPE_CHECKING:
    from distributed import Client

#: Seconds a scheduler is waited for, and between looks at whether more pages may begin.
_CONNECT = 20
_LOOK = 0.5
#: Pages in the air for each worker: one it works on and one that waits for it.
_AHEAD = 2


class ClusterMissing(SohoaError):
    """Dask is not installed."""

    exit_code = ExitCode.SETUP
    message = N_("Working on a cluster needs Dask: pip install 'sohoa[cluster]'")


class ClusterAway(SohoaError):
    """The scheduler does not answer any more, or never did."""

    exit_code = ExitCode.SERVICE
    message = N_(
        "The cluster at {address} does not answer. Start it with: dask scheduler, then run the "
        "same command again; nothing is lost."
    )


class ClusterBlind(SohoaError):
    """A worker cannot see the pages."""

    exit_code = ExitCode.SETUP
    message = N_(
        "A worker of the cluster does not see {folder}. Put the backlog's folder (--batch) on "
        "storage that all machines share under the same name."
    )


class Closed(SohoaError):
    """The run is coming to its end; what was begun goes back to the ledger."""

    exit_code = ExitCode.STOPPED
    message = N_("Stopped. All finished work is kept.")


@dataclass(frozen=True)
class Pool:
    """Workers. ``size`` says how many pages they work on at once, as things are now."""

    schedule: Schedule
    size: Callable[[], int]


@contextmanager
def local_pool(jobs: int) -> Iterator[Pool]:
    """Processes of this machine, one a core for 0; made anew where they were all killed."""
    count = jobs or len(os.sched_getaffinity(0))
    lock = threading.Lock()
    with ExitStack() as stack:
        give = stack.enter_context(worker_pool(count))

        def schedule(function: Callable[..., Any], args: tuple[Any, ...], timeout: float) -> Any:
            nonlocal give
            with lock:
                try:
                    return give(function, args, timeout)
                except WorkersGone:
                    stack.close()
                    give = stack.enter_context(worker_pool(count))
                    return give(function, args, timeout)

        yield Pool(schedule, lambda: count)


@contextmanager
def cluster_pool(address: str, folder: Path) -> Iterator[Pool]:
    """The workers of a Dask cluster; they may die, join and leave meanwhile.

    A page whose worker died is given to another one, three times at most: the fault is then
    taken to be the page's.

    Args:
        address: of the scheduler: ``tcp://HOST:8786``.
        folder: of the backlog, which all workers must see under the same name.

    Raises:
        ClusterMissing, ClusterAway, ClusterBlind.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterMissing from error
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=_CONNECT, set_as_default=False
        )
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise ClusterAway(address=address) from error
    with client:
        _require_sight(client, folder)
        client.run(settle_once)  # loads what pages need; who joins later does it with a page
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]

        def schedule(function: Callable[..., Any], args: tuple[Any, ...], _timeout: float) -> Any:
            # No limit of time here: without any worker a page waits for one to join, and the
            # recogniser has a limit of its own.
            return executor.submit(on_cluster, function, *args)

        def size() -> int:
            try:
                threads = client.nthreads()  # type: ignore[no-untyped-call]
                return sum(threads.values())
            except OSError as error:  # Dask's errors of communication are such
                raise ClusterAway(address=address) from error

        yield Pool(schedule, size)


def _require_sight(client: "Client", folder: Path) -> None:
    seen = client.run(os.path.isdir, str(folder))
    if not all(seen.values()):
        raise ClusterBlind(folder=folder)


def on_cluster(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a process of the cluster, as a worker of the pipeline would."""
    settle_once()
    return and_tidy_up(function, *args)


@cache
def settle_once() -> None:
    """Make a process of the cluster ready for pages, as the pipeline's own workers are."""
    import digitize.readied  # noqa: F401  loads the code and the second reader's model

    settle_in()


class Gate:
    """Lets pages through to the workers: so many at once as may be worked on now.

    Whoever brings a page waits here, so that pages begin in the order in which their turn
    comes and memory does not grow.
    """

    def __init__(self, pool: Pool, allowed: Callable[[int], int]) -> None:
        """``allowed`` is asked, with the number of workers, how many pages may be worked on."""
        self._pool, self._allowed = pool, allowed
        self._changed = threading.Condition()
        self._out: set[Future[Any]] = set()
        self._coming = self._limit = 0
        self._looked = float("-inf")
        self._looking = threading.Lock()
        self._closed = False

    def schedule(
        self, function: Callable[..., Any], args: tuple[Any, ...], timeout: float
    ) -> "Future[Any]":
        """Give a page to the workers once it may begin. Raises Closed when the run ends."""
        while not self._let_through():
            with self._changed:
                self._changed.wait(_LOOK)
        try:
            future: Future[Any] = self._pool.schedule(function, args, timeout)
            with self._changed:
                self._out.add(future)
        finally:
            with self._changed:
                self._coming -= 1
                self._changed.notify_all()
        future.add_done_callback(self._back)
        return future

    def is_open(self) -> bool:
        """Whether pages may begin now."""
        self._refresh()
        with self._changed:
            return not self._closed and self._limit > 0

    def close(self) -> None:
        """Let nobody through any more, and take back what the workers have."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            left = list(self._out)
        for future in left:
            future.cancel()

    def _let_through(self) -> bool:
        self._refresh()
        with self._changed:
            if self._closed:
                raise Closed
            if len(self._out) + self._coming >= self._limit:
                return False
            self._coming += 1
            return True

    def _refresh(self) -> None:
        """Ask how many pages may be worked on. Nothing else is locked meanwhile: a cluster
        answers on the thread that also brings back its pages."""
        if time.monotonic() - self._looked < _LOOK or not self._looking.acquire(blocking=False):
            return
        try:
            workers = max(self._pool.size(), 1)
            allowed = self._allowed(workers)
            # Held back, no page waits at a worker: it would begin however short its turn is.
            self._limit = allowed * _AHEAD if allowed >= workers else allowed
            self._looked = time.monotonic()
        finally:
            self._looking.release()

    def _back(self, future: "Future[Any]") -> None:
        with self._changed:
            self._out.discard(future)
            self._changed.notify_all()
