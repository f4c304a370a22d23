"""Is the wrapping of a signature exactly what its maker wrote?

A CMS container (RFC 5652) has parts that no signature covers: versions, lists of
algorithms, certificates, padding, the hexadecimal digits themselves. Whoever
changes them changes the file without changing what was signed. Here each such part
is held against what the standards prescribe, so that no byte of a file is free.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asn1crypto import cms, core, parser, x509

from signing.certificates import issued_by, same_name_and_key

#: ISO 32000-2, 12.8.1: the gap of /ByteRange is the hexadecimal string and nothing else.
#: One case throughout, and no white space, which readers would pass over.
_HEX_STRING = re.compile(rb"<(?:[0-9a-f]*|[0-9A-F]*)>")
#: Unsigned attributes that add evidence and change nothing (RFC 3161 App. A; ETSI EN 319 122-1).
_KNOWN_UNSIGNED = {"signature_time_stamp_token"}


@dataclass(frozen=True)
class NotAsWritten(Exception):
    """The container deviates from the standard in a place no signature covers."""

    detail: str


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


def check_container(
    info: cms.ContentInfo, anchors: Iterable[x509.Certificate], others: Iterable[x509.Certificate]
) -> None:
    """Check a signature's or a timestamp's container, and the timestamps inside it.

    Args:
        info: the parsed container.
        anchors: trusted roots, which certificates in the container may be issued by.
        others: more certificates that may be issuers: those of the file's DSS.

    Raises:
        NotAsWritten: naming the part.
    """
    _check_der(info.dump())
    signed = info["content"]
    if info["content_type"].native != "signed_data" or len(signed["signer_infos"]) != 1:
        raise NotAsWritten("signers")
    signer = signed["signer_infos"][0]
    _check_versions(signed, signer)
    _check_algorithms(signed, signer)
    _check_certificates(signed, [*anchors, *others])
    for token in _unsigned_tokens(signer):
        check_container(token, anchors, others)


def _length(data: bytes) -> int:
    """Bytes of the first DER value in ``data``. Raises :class:`NotAsWritten`."""
    try:
        return int(parser.peek(data))
    except ValueError as error:
        raise NotAsWritten("DER") from error


def _check_der(data: bytes) -> None:
    """Definite and shortest lengths, and no data between values (X.690, 10.1)."""
    while data:
        try:
            _class, method, tag, header, content, trailer = parser.parse(data)
        except ValueError as error:
            raise NotAsWritten("DER") from error
        if trailer or header != parser.emit(_class, method, tag, content)[: len(header)]:
            raise NotAsWritten("DER")
        if method == 1:
            _check_der(content)
        data = data[len(header) + len(content) :]


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
        if algorithm["parameters"].native is not None:
            raise NotAsWritten("parameters")
    mechanism = signer["signature_algorithm"]
    if mechanism["algorithm"].native != "rsassa_pss" and mechanism["parameters"].native is not None:
        raise NotAsWritten("parameters")


def _check_certificates(signed: cms.SignedData, known: Sequence[x509.Certificate]) -> None:
    """Every certificate must be the issuer's own work, or lie crosswise to one that is.

    One that nothing in reach has issued says nothing and could be altered at will.
    """
    held = []
    for choice in signed["certificates"] or ():
        if choice.name != "certificate":
            raise NotAsWritten("certificates")
        held.append(choice.chosen)
    issuers = [*held, *known]
    fingerprints = {certificate.sha256 for certificate in known}
    proven = [
        certificate
        for certificate in held
        if certificate.sha256 in fingerprints
        or any(issued_by(certificate, issuer) for issuer in issuers)
    ]
    if not known:  # without roots only what belongs together can be told
        proven += [item for item in held if not any(item.issuer == one.subject for one in held)]
    for certificate in held:
        if certificate not in proven and not any(
            same_name_and_key(certificate, other) for other in [*proven, *known]
        ):
            raise NotAsWritten("certificates")


def _unsigned_tokens(signer: cms.SignerInfo) -> list[cms.ContentInfo]:
    attributes = signer["unsigned_attrs"]
    if isinstance(attributes, core.Void):
        return []
    for attribute in attributes:
        if attribute["type"].native not in _KNOWN_UNSIGNED:
            raise NotAsWritten("unsigned attributes")
    return [token for attribute in attributes for token in attribute["values"]]
