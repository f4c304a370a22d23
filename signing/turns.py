"""Two programs at one target: the second to be ready finds what the first has put there."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from foundation.errors import ExitCode, SohoaError
from foundation.files import real
from foundation.messages import N_

#: What tells one file at a path from another: inode, size, and when it was changed.
_State = tuple[int, int, int] | None


class TargetTaken(SohoaError):
    """Another program put a file there while this one was being signed."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{file} was written by another program while it was being signed. What stands there was "
        "left as it is. Look at it, then sign again if it is needed."
    )


class Turn:
    """The moment in which a target gets its file: one program of this machine at a time.

    Entered before the temporary file is made and left after it has its name. In between nothing
    is held until :meth:`unchanged` is asked; from then on nobody else is let through, so what
    follows must be quick and must not wait for others of the same program.
    """

    def __init__(self, target: Path) -> None:
        self._target = real(target)
        self._before: _State = None
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Note what stands at the target."""
        self._before = self._state()
        return self

    def unchanged(self) -> bool:
        """Whether the target is as it was; if so it stays so until the block ends."""
        self._lock = os.open(self._target.parent, os.O_RDONLY)
        with suppress(OSError):  # a network share without locks: it is looked at all the same
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self._state() == self._before

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Let the next through."""
        if self._lock is not None:
            os.close(self._lock)

    def _state(self) -> _State:
        try:
            found = self._target.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
