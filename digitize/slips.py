"""What the QR code of a separator sheet says; nothing here looks at pictures."""

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256

#: First word of the text: what wrote it, and the version of this layout.
HEADER = "SOHOA-SEP/1"
#: Letters of the check over the rest: 30 bits. It tells damage and foreign codes, not forgery.
_CHECK = 6


@dataclass(frozen=True)
class Slip:
    """What a separator's code says: the register's number, and the row where it was known."""

    number: str
    line: int | None = None


def separator_text(slip: Slip) -> str:
    """What the QR code of a separator says.

    >>> separator_text(Slip("15/2005", 7))
    'SOHOA-SEP/1|15/2005|7|ZF7RRF'
    """
    number = " ".join(slip.number.replace("|", "/").split())
    body = f"{HEADER}|{number}|{slip.line or ''}"
    return f"{body}|{_check(body)}"


def slip_key(number: str) -> str:
    """What two numbers have in common when one was printed from the other: case and spaces apart.

    >>> slip_key("12 / qđ-ubnd") == slip_key("12/QĐ-UBND"), slip_key("1/25") == slip_key("12/5")
    (True, False)
    """
    return "".join(number.replace("|", "/").split()).casefold()


def parse_separator(text: str) -> Slip | None:
    """The slip behind a QR text; None when it is no separator's, or was damaged."""
    body, _sign, check = text.rpartition("|")
    parts = body.split("|")
    if len(parts) != 3 or parts[0] != HEADER or check != _check(body):
        return None
    return Slip(parts[1], int(parts[2]) if parts[2].isdigit() else None)


def _check(body: str) -> str:
    return b32encode(sha256(body.encode()).digest()).decode()[:_CHECK]
