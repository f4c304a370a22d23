"""The PIN: held shortly, shown never, asked for once.

A PIN comes from a person at a prompt or through a file descriptor; never from an
argument or the environment, which any process of the machine can read.
"""

import getpass
import os
import sys
from typing import TYPE_CHECKING, NoReturn, Protocol

from foundation.messages import _
from signing.errors import NoPin

if TYPE_CHECKING:
    from signing.tokens import TokenInfo

#: Longer than any PIN: PKCS#11 tokens take 4 to 64 characters.
_LONGEST = 256


class Pin:
    """A PIN that does not print, does not pickle and can be forgotten.

    Forgetting overwrites this copy. The driver is given a short-lived text copy
    that Python may keep until its memory is used again; no language-level means
    can wipe that one.
    """

    __slots__ = ("_characters",)

    def __init__(self, text: str) -> None:
        self._characters = bytearray(text.encode())

    def reveal(self) -> str:
        """The PIN itself, for the one call that logs in."""
        return self._characters.decode()

    def forget(self) -> None:
        """Overwrite the PIN."""
        for place in range(len(self._characters)):
            self._characters[place] = 0
        self._characters.clear()

    def __bool__(self) -> bool:
        return bool(self._characters)

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
            warning = _("A wrong PIN was entered on this token before. Take care.")
            print(warning, file=sys.stderr)  # noqa: T201  part of the question
        question = _("PIN of token {label} (serial {serial}): ")
        pin = Pin(getpass.getpass(question.format(label=token.label, serial=token.serial)))
        if not pin:
            raise NoPin(token=token.label or token.serial)
        return pin


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
            pin = Pin(line.decode().rstrip("\r"))
        except (OSError, UnicodeDecodeError):
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
        return Pin(self._pin.reveal())
