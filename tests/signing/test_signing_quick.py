"""What was made quick gives what the libraries themselves give, to the byte and the place."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils import generic

from signing import quick

_READ, _PREPARE = quick._read_hex_string, quick._prepare


def _outcome(of: Callable[..., Any], *arguments: Any) -> object:
    try:
        return of(*arguments)
    except Exception as error:  # noqa: BLE001  whichever it is, it must be the same
        return type(error), str(error)


@pytest.mark.parametrize(
    "written",
    [
        b"<>", b"<48656C6C6F>", b"<48656c6c6F7>", b"<FEFF00E1>", b"<48 65\n6C>", b"<48%note>\n65>",
        b"<48x5>", b"<48", b"<", b"<4<8>", b"<00" + b"ab" * 4000 + b">", b"<" + b"ab" * 4000,
        b"<" + b"a" * 1023 + b">", b"<" + b"a" * 1024 + b">", b"<" + b"ab" * 900 + b" cd>",
    ],
)  # fmt: skip
def test_a_hexadecimal_string_is_read_as_pyhanko_reads_it(written: bytes) -> None:
    ours, theirs = BytesIO(written + b" /Next 1>>"), BytesIO(written + b" /Next 1>>")
    was, is_ = _outcome(_READ, theirs), _outcome(quick.read_hex_string, ours)
    assert (type(is_), is_) == (type(was), was)
    if not isinstance(was, tuple):
        assert ours.tell() == theirs.tell()


@pytest.mark.parametrize("text", ["Trần Thị Án", "TRẦN  thị án ", "straße", "a\u200bb", "\ue000"])
@pytest.mark.parametrize("times", [1, 300])
def test_names_are_made_ready_as_asn1crypto_does(text: str, times: int) -> None:
    part = x509.NameTypeAndValue()
    for _again in range(2):
        was = _outcome(_PREPARE, part, text * times)
        assert _outcome(quick.prepared_name, part, text * times) == was


def test_both_are_in_use_wherever_a_file_is_read() -> None:
    import signing.document  # noqa: F401  what every reader here loads

    assert generic.read_hex_string_from_stream is quick.read_hex_string
    assert x509.NameTypeAndValue._ldap_string_prep is quick.prepared_name
