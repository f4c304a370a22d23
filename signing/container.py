"""Is the wrapping of a signature exactly what its maker wrote?

A CMS container (RFC 5652) has parts that no signature covers: versions, lists of
algorithms, certificates, padding, the hexadecimal digits themselves. Whoever
changes them changes the file without changing what was signed. Here each such part
is held against what the standards prescribe, so that no byte of a file is free.
"""

import re
from collections.abc import Sequence

from asn1crypto import cms, core, parser, x509

from signing.certificates import crosswise, issued_by

#: ISO 32000-2, 12.8.1: the gap of /ByteRange is the hexadecimal string and nothing else.
#: One case throughout, and no white space, which readers would pass over.
_HEX_STRING = re.compile(rb"<(?:[0-9a-f]*|[0-9A-F]*)>")
#: Unsigned attributes that add evidence and change nothing (RFC 3161 App. A; ETSI EN 319 122-1).
_KNOWN_UNSIGNED = {"signature_time_stamp_token"}
#: X.690, 8.1.3.6 and 8.1.5: an indefinite length, and the mark of its end.
_OPEN, _END_OF_CONTENTS = b"\x80", b"\0\0"


class NotAsWritten(Exception):
    """The container deviates from the standard in a place no signature covers."""


def check_gap(gap: bytes, contents: bytes) -> None:
    """The bytes that the signature leaves out must be its own value, and only that.

    Args:
        gap: the file's bytes between the two ranges of /ByteRange.
        contents: the decoded /Contents.

    Raises:
        NotAsWritten: white space, mixed case, another string, or data behind the container.
    """
    if not _HEX_STRING.fullmatch(gap) or bytes.fromhex(gap[1:-1].decode()) != contents:
        raise NotAsWritten("gap")
    if any(contents[_length(contents) :]):
        raise NotAsWritten("padding")


def check_container(info: cms.ContentInfo) -> None:
    """Check a signature's or a timestamp's container, and the timestamps inside it.

    Raises:
        NotAsWritten: naming the part.
    """
    _check_der(info.dump())
    signed = info["content"]
    if info["content_type"].native != "signed_data" or len(signed["signer_infos"]) != 1:
        raise NotAsWritten("signers")
    signer = signed["signer_infos"][0]
    for sequence in (info, signed, signer):
        _check_nothing_unknown(sequence)
    _check_signer_name(signed, signer)
    _check_versions(signed, signer)
    _check_algorithms(signed, signer)
    for token in _unsigned_tokens(signer):
        check_container(token)


def carries_strays(info: cms.ContentInfo, known: Sequence[x509.Certificate]) -> bool:
    """Whether the container, or a timestamp in it, holds a certificate nobody answers for.

    Every certificate must be the work of an issuer in reach, or lie crosswise to one
    that is. Any other says nothing and could be altered at will.

    Args:
        info: the parsed container.
        known: trusted roots and the certificates of the file's DSS.
    """
    signed = info["content"]
    held = [choice.chosen for choice in signed["certificates"] or ()]
    if not all(isinstance(item, x509.Certificate) for item in held):
        return True
    trusted = {certificate.sha256 for certificate in known}
    answered = [
        one
        for one in held
        if one.sha256 in trusted or any(issued_by(one, issuer) for issuer in [*held, *known])
    ]
    for one in held:
        if one not in answered and not any(crosswise(one, other) for other in [*answered, *known]):
            return True
    tokens = _unsigned_tokens(signed["signer_infos"][0])
    return any(carries_strays(token, known) for token in tokens)


def _length(data: bytes) -> int:
    """Bytes of the first DER value in ``data``. Raises :class:`NotAsWritten`."""
    try:
        return int(parser.peek(data))
    except ValueError as error:
        raise NotAsWritten("DER") from error


def _check_der(data: bytes) -> None:
    """Shortest lengths, and no data between values (X.690, 10.1).

    An indefinite length, with its end marked, is let pass: RFC 5652 asks for BER, and older
    programs write it.
    """
    while data:
        try:
            _class, method, tag, header, content, trailer = parser.parse(data)
        except ValueError as error:
            raise NotAsWritten("DER") from error
        open_ended = method == 1 and header[-1:] == _OPEN and trailer == _END_OF_CONTENTS
        shortest = header == parser.emit(_class, method, tag, content)[: len(header)]
        if not open_ended and (trailer or not shortest):
            raise NotAsWritten("DER")
        if method == 1:
            _check_der(content)
        data = data[len(header) + len(content) + len(trailer) :]


def _check_nothing_unknown(sequence: core.Sequence) -> None:
    """No element that the standard does not name: a reader would pass over it in silence."""
    if sum(len(sequence[name].dump()) for name in sequence) != len(sequence.contents):
        raise NotAsWritten("unknown element")


def _check_signer_name(signed: cms.SignedData, signer: cms.SignerInfo) -> None:
    """The issuer's name, byte for byte: names compare without regard to case."""
    if signer["sid"].name == "issuer_and_serial_number":
        name = signer["sid"].chosen["issuer"].dump()
        held = (choice.chosen for choice in signed["certificates"] or ())
        if not any(isinstance(one, x509.Certificate) and one.issuer.dump() == name for one in held):
            raise NotAsWritten("signer's name")


def _check_versions(signed: cms.SignedData, signer: cms.SignerInfo) -> None:
    """RFC 5652, 5.1 and 5.3, for containers of X.509 certificates."""
    by_serial = signer["sid"].name == "issuer_and_serial_number"
    if signer["version"].native != ("v1" if by_serial else "v3"):
        raise NotAsWritten("version")
    plain = by_serial and signed["encap_content_info"]["content_type"].native == "data"
    if signed["version"].native != ("v1" if plain else "v3"):
        raise NotAsWritten("version")


def _check_algorithms(signed: cms.SignedData, signer: cms.SignerInfo) -> None:
    listed = {item["algorithm"].native for item in signed["digest_algorithms"]}
    if listed != {signer["digest_algorithm"]["algorithm"].native}:
        raise NotAsWritten("digest algorithms")
    named = [*signed["digest_algorithms"], signer["digest_algorithm"]]
    for algorithm in named:
        told_length = algorithm["algorithm"].native == "shake256_len"  # RFC 8419, 3.1
        if algorithm["parameters"].native is not None and not told_length:
            raise NotAsWritten("parameters")
    mechanism = signer["signature_algorithm"]
    if mechanism["algorithm"].native != "rsassa_pss" and mechanism["parameters"].native is not None:
        raise NotAsWritten("parameters")


def _unsigned_tokens(signer: cms.SignerInfo) -> list[cms.ContentInfo]:
    attributes = signer["unsigned_attrs"]
    if isinstance(attributes, core.Void):
        return []
    for attribute in attributes:
        if attribute["type"].native not in _KNOWN_UNSIGNED:
            raise NotAsWritten("unsigned attributes")
    return [token for attribute in attributes for token in attribute["values"]]
