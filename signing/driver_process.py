"""The parent's hold on the process a token's driver runs in: asked, timed, killed.

A driver is somebody else's code with a card reader behind it: it hangs, and it crashes. One
process serves one module with one thread; a PIN reaches it through its pipe and nothing else.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from signing.driver_worker import HEADER, ON_KEYPAD, frame, read_frame
from signing.drivers import find_module
from signing.errors import DriverCrashed, DriverFault, DriverSilent
from signing.pins import Pin

#: Seconds a driver may take to start, to find a token, to log in or to sign. Cards take up to
#: 3 s for a signature with RSA 4096, drivers up to 5 s to look into every reader.
ANSWER_TIME = 20.0
#: Seconds for a list of what is there, for which people wait.
LIST_TIME = 10.0
#: Seconds where a person types the PIN on the token's keypad; readers give up sooner.
KEYPAD_TIME = 120.0
#: Seconds a driver gets to log out before it is killed.
_GRACE = 3.0

_CODE = Path(__file__).resolve().parent.parent


class Refused(Exception):
    """What the driver refused: ``name`` is that of one of python-pkcs11's exceptions."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(name)
        self.name, self.detail = name, detail


class DriverProcess:
    """A running driver. Made by :func:`driver_process`, which also ends it."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._process = subprocess.Popen(
            # -P: the current folder must not be able to stand in for any module.
            [sys.executable, "-P", "-m", "signing.driver_worker", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what drivers say there may hold anything
            bufsize=0,
            env=_environment(),
            process_group=0,  # Ctrl+C is the parent's to handle
        )

    def ask(
        self,
        question: Mapping[str, Any],
        *,
        pin: Pin | None = None,
        limit: float | None = None,
    ) -> dict[str, Any]:
        """The answer to one question.

        Args:
            pin: sent behind the question; one that is empty stands for the token's keypad.
            limit: seconds to wait; :data:`ANSWER_TIME` without it.

        Raises:
            Refused: the driver's own answer.
            DriverSilent, DriverCrashed: there was none; the process is gone.
        """
        self._send(dict(question), pin)
        return self.hear(limit)

    def hear(self, limit: float | None = None) -> dict[str, Any]:
        """The next answer; :meth:`ask` for the rest."""
        seconds = ANSWER_TIME if limit is None else limit
        try:
            answer = self._receive(time.monotonic() + seconds)
        except TimeoutError:
            self.kill()
            raise DriverSilent(module=self.module, seconds=round(seconds)) from None
        if answer is None:
            raise DriverCrashed(module=self.module, detail=self._end_of_it())
        if "fault" in answer:
            raise Refused(answer["fault"], answer["detail"])
        return answer

    def end(self) -> None:
        """Let the driver log out, for a while, then kill it; leaves nothing behind."""
        assert self._process.stdin is not None  # noqa: S101  for the type checker
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self.kill()
        self._process.stdout.close()

    def kill(self) -> None:
        """End the process at once, and any other that the driver started."""
        with suppress(ProcessLookupError):  # nobody of them may be left
            os.killpg(self._process.pid, signal.SIGKILL)  # it leads a group of its own
        self._process.wait()

    def _send(self, question: dict[str, Any], pin: Pin | None) -> None:
        assert self._process.stdin is not None  # noqa: S101  for the type checker
        descriptor, framed = self._process.stdin.fileno(), bytearray(frame(question))
        text = memoryview(framed)[HEADER.size :]
        with suppress(BrokenPipeError):  # it has ended; the missing answer says so
            if pin is None:
                os.write(descriptor, framed)
                return
            HEADER.pack_into(framed, 0, len(text), len(pin) or ON_KEYPAD)
            with pin.view() as secret:
                os.writev(descriptor, [framed, secret])

    def _receive(self, deadline: float) -> dict[str, Any] | None:
        assert self._process.stdout is not None  # noqa: S101  for the type checker
        descriptor = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)

        def read(room: memoryview) -> int:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                raise TimeoutError
            return os.readv(descriptor, [room])

        framed = read_frame(read)
        return None if framed is None else framed[0]

    def _end_of_it(self) -> str:
        """How the process ended, in words."""
        self.kill()
        code = self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit {code}"


@contextmanager
def driver_process(module: str, limit: float | None = None) -> Iterator[DriverProcess]:
    """A process that has started ``module``, ended with the block.

    Args:
        module: path or bare name.
        limit: seconds it may take to start; :data:`ANSWER_TIME` without it.

    Raises:
        DriverMissing: there is no such file.
        DriverFault: it is there and does not start.
        DriverSilent, DriverCrashed: it hung or fell while starting.
    """
    process = DriverProcess(find_module(module))
    try:
        process.hear(limit)
        yield process
    except Refused as error:
        if error.name != DriverFault.__name__:
            raise
        raise DriverFault(module=process.module, detail=error.detail) from None
    finally:
        process.end()


def _environment() -> dict[str, str]:
    """The parent's environment, with this very code first."""
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
