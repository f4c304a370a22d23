"""The parent's hold on a worker process: messages in, a wish to stop out, a watchdog over it."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

#: Seconds between two looks at the user's wish to stop.
LOOK = 0.05
#: Seconds a worker gets to end a scan and let the device go before it is killed.
GRACE = 5.0
#: Lines of the driver's own talk kept for the error's detail.
TALK = 20

#: The messages after which nothing more comes.
LAST = frozenset({"done", "stopped", "fault", "devices", "options"})

_CODE = Path(__file__).resolve().parent.parent


class WorkerSilent(Exception):
    """Nothing was heard of the worker for the seconds allowed."""


class WorkerDied(Exception):
    """The worker ended without a last word; ``detail`` is what is known of its end."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class WorkerProcess:
    """A running worker. Made by :func:`worker`, which also ends it."""

    def __init__(self, request: dict[str, Any], config: Path | None) -> None:
        self._process = subprocess.Popen(
            # -P: the current folder must not be able to stand in for any module.
            [sys.executable, "-P", "-m", "digitize.scanner_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=_environment(config),
            start_new_session=True,  # Ctrl+C is the parent's to handle
        )
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._talk: deque[str] = deque(maxlen=TALK)
        self._heard = time.monotonic()
        self._finished = False
        self._readers = [
            threading.Thread(target=self._read_messages, daemon=True),
            threading.Thread(target=self._read_talk, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self._tell(request)

    @property
    def pid(self) -> int:
        """The worker's process number."""
        return self._process.pid

    def messages(
        self, silence: float, cancel: threading.Event | None = None
    ) -> Iterator[dict[str, Any]]:
        """The worker's messages until its last, one of :data:`LAST`.

        When ``cancel`` is set, the worker is asked to stop; if it does not within
        :data:`GRACE` seconds, it is killed and ``stopped`` is given in its stead.

        Raises:
            WorkerSilent: nothing came for ``silence`` seconds; the worker is killed.
            WorkerDied: it ended without a last message.
        """
        deadline: float | None = None
        while True:
            if deadline is None and cancel is not None and cancel.is_set():
                self._tell({"do": "stop"})
                deadline = time.monotonic() + GRACE
            try:
                message = self._messages.get(timeout=LOOK)
            except queue.Empty:
                now = time.monotonic()
                if deadline is not None and now > deadline:
                    self.kill()
                    yield {"event": "stopped"}
                    return
                if deadline is None and now - self._heard > silence:
                    self.kill()
                    raise WorkerSilent from None
                continue
            if message is None:
                if deadline is not None:
                    yield {"event": "stopped"}
                    return
                raise WorkerDied(self._last_words())
            self._finished = message["event"] in LAST
            yield message
            if self._finished:
                return

    def end(self) -> None:
        """Let the worker close its device, for a while, then kill it; leaves nothing behind."""
        if not self._finished:
            self._tell({"do": "stop"})
        with suppress(subprocess.TimeoutExpired):  # a driver may hang while closing its device
            self._process.wait(GRACE)
        self.kill()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(stream)

    def kill(self) -> None:
        """End the worker at once, and any process its driver started."""
        with suppress(ProcessLookupError):  # nobody of them may be left
            os.killpg(self._process.pid, signal.SIGKILL)  # the worker leads a group of its own
        self._process.wait()

    def _tell(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101  for the type checker
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            # The worker has ended; the end of its messages says so to whoever reads them.
            return

    def _read_messages(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue  # a line cut short by the worker's death
            self._heard = time.monotonic()
            self._messages.put(message)
        self._messages.put(None)

    def _read_talk(self) -> None:
        assert self._process.stderr is not None  # noqa: S101
        for line in self._process.stderr:
            self._talk.append(line.strip())

    def _last_words(self) -> str:
        code = self._process.wait()
        self._readers[1].join(1)
        end = signal.Signals(-code).name if code < 0 else f"exit {code}"
        said = next((line for line in reversed(self._talk) if line), "")
        return f"{end}: {said}" if said else end


@contextmanager
def worker(request: dict[str, Any], config: Path | None) -> Iterator[WorkerProcess]:
    """A worker serving ``request``, with SANE's configuration from ``config`` if given."""
    process = WorkerProcess(request, config)
    try:
        yield process
    finally:
        process.end()


def _environment(config: Path | None) -> dict[str, str]:
    """The parent's environment, with this very code first and SANE speaking English."""
    environment = dict(os.environ)
    paths = [*filter(None, [environment.get("PYTHONPATH")]), str(_CODE)]
    environment |= {"PYTHONPATH": os.pathsep.join(paths), "LC_ALL": "C.UTF-8"}
    if config is not None:
        environment["SANE_CONFIG_DIR"] = str(config)
    return environment


def _close(stream: IO[str] | None) -> None:
    if stream is None:
        return
    try:
        stream.close()
    except BrokenPipeError:
        return  # unread words for a worker that has ended
