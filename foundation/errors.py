"""One base class for every error sohoa means to raise, and the table of exit codes.

An error class stands for one cause. It names its message (an English msgid that
the catalogue translates) and its exit code; the facts that fill the message are
given when it is raised. Facts must never hold PINs or unmasked personal numbers:
they reach the screen, the log and the JSON report.
"""

import re
from enum import IntEnum
from typing import Any, ClassVar

from foundation.messages import N_, _


class ExitCode(IntEnum):
    """What the ``sohoa`` command tells the shell."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    INPUT = 3
    QUALITY = 4
    SCANNER = 5
    SETUP = 6
    TOKEN = 7
    SIGNATURE = 8
    SERVICE = 9
    WAREHOUSE = 10
    NOT_ALLOWED = 11
    PARTIAL = 12
    STOPPED = 130


class SohoaError(Exception):
    """An error with a message in the user's language and an exit code.

    Subclasses set ``message`` (marked with ``N_``) and ``exit_code``; every
    ``{name}`` in the message must be given as a keyword when the error is made.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAULT
    message: ClassVar[str] = N_("A fault in sohoa: {detail}")

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts

    @property
    def message_id(self) -> str:
        """The cause as a stable kebab-case word, for scripts: ``feeder-empty``."""
        name = type(self).__name__
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()

    def __str__(self) -> str:
        return _(self.message).format(**self.facts)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.facts))

    def as_dict(self) -> dict[str, Any]:
        """The error as it stands in ``--json`` output."""
        return {"error": self.message_id, "exit_code": int(self.exit_code), "message": str(self)}


def _rebuild(cls: type[SohoaError], facts: dict[str, Any]) -> SohoaError:
    """Let errors cross process borders with their facts."""
    return cls(**facts)
