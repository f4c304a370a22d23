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
from typing import TYPE_CHECKING, Literal, NoReturn, Protocol

from foundation.messages import N_, _
from signing.errors import NoPin
from signing.remote_errors import NoSecret

if TYPE_CHECKING:
    from signing.tokens import TokenInfo

#: Longer than any PIN: PKCS#11 tokens take 4 to 64 characters.
_LONGEST = 256
#: Longer than any access token: web servers take headers of 8 KB.
_LONGEST_TOKEN = 8192
#: What a remote signing service may want: the key's PIN, a code good once, the office's access.
SecretKind = Literal["pin", "otp", "access"]
SECRETS: dict[SecretKind, str] = {
    "pin": N_("PIN"),
    "otp": N_("one-time code"),
    "access": N_("access token or password"),
}
_QUESTIONS: dict[SecretKind, str] = {
    "pin": N_("PIN of the signing key at {service}: "),
    "otp": N_("One-time code for signing at {service}: "),
    "access": N_("Access token or password of this office at {service}: "),
}
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

    def secret_for(self, kind: SecretKind, service: str) -> Pin:
        """What a remote signing service wants, asked for once. Raises :class:`NoSecret`."""
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

    def secret_for(self, kind: SecretKind, service: str) -> Pin:
        """Ask without echo. Raises :class:`NoSecret` where nobody can answer."""
        question = _(_QUESTIONS[kind]).format(service=service)
        secret = Pin(getpass.getpass(question) if sys.stdin.isatty() else "")
        return _given(secret, kind, service)


def say_keypad(token: "TokenInfo") -> None:
    """Tell the person at the terminal that the token itself asks for the PIN."""
    text = _("Type the PIN on the keypad of token {label} (serial {serial}).")
    _say(text.format(label=token.label, serial=token.serial))


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  part of the question


class PinFromDescriptor:
    """Reads one line for each token or code asked about from an open file descriptor.

    Byte by byte, so that the line of the second token is still there when it is
    asked for.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def pin_for(self, token: "TokenInfo") -> Pin:
        """The next line. Raises :class:`NoPin` when it is empty or the end was reached."""
        pin = self._line(_LONGEST)
        if not pin:
            raise NoPin(token=token.label or token.serial)
        return pin

    def secret_for(self, kind: SecretKind, service: str) -> Pin:
        """The next line. Raises :class:`NoSecret` when it is empty or the end was reached."""
        return _given(self._line(_LONGEST_TOKEN), kind, service)

    def _line(self, longest: int) -> Pin:
        line = bytearray()
        try:
            while len(line) < longest and (byte := os.read(self._descriptor, 1)) not in b"\n":
                line += byte
            return Pin(line.removesuffix(b"\r"))
        except OSError:
            return Pin("")
        finally:
            line[:] = bytes(len(line))


class PinInMemory:
    """A PIN that the program already holds: that of a rehearsal token it made itself."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin

    def pin_for(self, token: "TokenInfo") -> Pin:  # noqa: ARG002  one PIN, whatever token asks
        """A copy of the PIN, so that forgetting it leaves this one."""
        return self._pin.copy()

    def secret_for(self, kind: SecretKind, service: str) -> Pin:  # noqa: ARG002  one for all
        """A copy of it."""
        return self._pin.copy()


def _given(secret: Pin, kind: SecretKind, service: str) -> Pin:
    if not secret:
        raise NoSecret(secret=_(SECRETS[kind]), service=service)
    return secret
