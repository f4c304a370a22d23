"""Two things that pyHanko and asn1crypto do at length, done at once, with the same results.

Reading the container of a signature and comparing the names in certificates took half of the
time of verifying a file. Both libraries offer no place to hang on to, so their functions are
replaced in the whole process; what is out of the ordinary is left to them.
"""

import os
import re
from binascii import unhexlify
from functools import lru_cache
from typing import IO

from asn1crypto import x509
from pyhanko.pdf_utils import generic

_read_hex_string = generic.read_hex_string_from_stream
_prepare = x509.NameTypeAndValue._ldap_string_prep

_DIGITS = re.compile(rb"[0-9A-Fa-f]*")
#: Bytes read at once; file identifiers have 32 digits, containers some thousands.
_BLOCK = 1024
#: Longest part of a name that is remembered: RFC 5280's upper bounds end at 128, for a
#: directory string; a hostile certificate must not fill the memory.
_LONGEST = 256


def quicken() -> None:
    """Replace the two functions; harmless to repeat."""
    generic.read_hex_string_from_stream = read_hex_string
    x509.NameTypeAndValue._ldap_string_prep = prepared_name


def read_hex_string(stream: IO[bytes]) -> generic.ByteStringObject | generic.TextStringObject:
    """A hexadecimal string (ISO 32000-2, 7.3.4.3), from its "<" on.

    pyHanko reads it a byte at a time. Here that is done where there is anything between the
    digits, or no end.
    """
    start = stream.tell()
    stream.read(1)
    digits = b""
    while block := stream.read(_BLOCK):
        run = _DIGITS.match(block)
        found = run.group() if run else b""
        digits += found
        if block[len(found) :].startswith(b">"):
            stream.seek(len(found) + 1 - len(block), os.SEEK_CUR)
            return generic.pdf_string(unhexlify(digits + b"0" * (len(digits) % 2)))
        if len(found) < len(block):
            break
    stream.seek(start)
    return _read_hex_string(stream)


def prepared_name(part: x509.NameTypeAndValue, text: str) -> str:
    """A part of a name made ready to be compared (RFC 4518), remembered.

    asn1crypto does it anew for every certificate that is read, a dozen times a file.
    """
    return _prepared(text) if len(text) <= _LONGEST else str(_prepare(part, text))


@lru_cache(maxsize=1024)
def _prepared(text: str) -> str:
    return str(_prepare(x509.NameTypeAndValue(), text))
