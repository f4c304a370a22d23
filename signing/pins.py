"""The PIN: held shortly, shown never, asked for once.

A PIN comes from a person at a prompt or through a file descriptor; never from an
argument or the environment, which any process of the machine can read.
"""

import ctypes
import getpass
import os
import resource
import sys
from functools import cache
from typing import TYPE_CHECKING, NoReturn, Protocol

from foundation.messages import _
from signing.errors import NoPin

if TYPE_CHECKING:
    from signing.tokens import TokenInfo

#: Longer than any PIN: PKCS#11 tokens take 4 to 64 characters.
_LONGEST = 256
#: Of linux/prctl.h.
_PR_SET_DUMPABLE = 4


@cache
def keep_out_of_dumps() -> None:
    """No core file of this process, and no look into its memory by others of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class Pin:
    """A PIN that does not print, does not pickle and can be forgotten.

    Forgetting overwrites it. It travels to the driver as bytes, without a copy; text that a
    person typed is Python's to overwrite, so a process that holds a PIN leaves no core file
    and cannot be looked into by other programs of the same user.
    """

    __slots__ = ("_characters",)

    def __init__(self, text: str | bytes | bytearray) -> None:
        keep_out_of_dumps()
        self._characters = bytearray(text.encode() if isinstance(text, str) else text)

    def reveal(self) -> str:
        """The PIN as text, for libraries that take nothing else."""
        return self._characters.decode()

    def view(self) -> memoryview:
        """The bytes themselves, to be sent to the driver's process."""
        return memoryview(self._characters)

    def copy(self) -> "Pin":
        """Another, so that forgetting it leaves this one."""
        return Pin(self._characters)

    def forget(self) -> None:
        """Overwrite the PIN."""
        self._characters[:] = bytes(len(self._characters))
        self._characters.clear()

    def __len__(self) -> int:
        """How many bytes it has, as drivers count."""
        return len(self._characters)

    def __repr__(self) -> str:
        return "Pin(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a PIN is not written down")


class PinSource(Protocol):
    """Where the PIN of a token comes from."""

    def pin_for(self, token: "TokenInfo") -> Pin:
        """The PIN of ``token``, asked for once. Raises :class:`NoPin`."""
        ...


class PinPrompt:
    """Asks the person at the terminal, in their language, naming the token."""

    def pin_for(self, token: "TokenInfo") -> Pin:
        """Ask for the PIN without echo. Raises :class:`NoPin` where nobody can answer."""
        if not sys.stdin.isatty():
            raise NoPin(token=token.label or token.serial)
        if token.pin_count_low:
            _say(_("A wrong PIN was entered on this token before. Take care."))
        if token.pin_to_be_changed:
            _say(_("The token asks for its PIN to be changed with the provider's tool."))
        question = _("PIN of token {label} (serial {serial}): ")
        pin = Pin(getpass.getpass(question.format(label=token.label, serial=token.serial)))
        if not pin:
            raise NoPin(token=token.label or token.serial)
        return pin


def say_keypad(token: "TokenInfo") -> None:
    """Tell the person at the terminal that the token itself asks for the PIN."""
    text = _("Type the PIN on the keypad of token {label} (serial {serial}).")
    _say(text.format(label=token.label, serial=token.serial))


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  part of the question


class PinFromDescriptor:
    """Reads one line for each token asked about from an open file descriptor.

    Byte by byte, so that the line of the second token is still there when it is
    asked for.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def pin_for(self, token: "TokenInfo") -> Pin:
        """The next line. Raises :class:`NoPin` when it is empty or the end was reached."""
        line = bytearray()
        try:
            while len(line) < _LONGEST and (byte := os.read(self._descriptor, 1)) not in b"\n":
                line += byte
            pin = Pin(line.removesuffix(b"\r"))
        except OSError:
            raise NoPin(token=token.label or token.serial) from None
        finally:
            line[:] = bytes(len(line))
        if not pin:
            raise NoPin(token=token.label or token.serial)
        return pin


class PinInMemory:
    """A PIN that the program already holds: that of a rehearsal token it made itself."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin

    def pin_for(self, token: "TokenInfo") -> Pin:  # noqa: ARG002  one PIN, whatever token asks
        """A copy of the PIN, so that forgetting it leaves this one."""
        return self._pin.copy()
