"""The roots that a verifier trusts: read from files, shown by fingerprint.

None is trusted by default. Whoever adds one compares its fingerprint with the one
its owner published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import pem, x509

from foundation.messages import _
from foundation.reasons import reason_of
from signing.certificates import display_name, issued_by, may_issue
from signing.errors import BadTrustFile

_SUFFIXES = {".pem", ".crt", ".cer", ".der"}

#: Bytes read of a file of certificates; the roots of a whole browser are a quarter of it.
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Anchor:
    """A trusted root and where it came from. ``fingerprint``: SHA-256, colon-separated pairs."""

    name: str
    fingerprint: str
    not_after: datetime
    source: Path
    certificate: x509.Certificate


def load_anchors(paths: Sequence[Path]) -> tuple[Anchor, ...]:
    """The roots in PEM or DER files, or in all such files of a folder; each once.

    Raises:
        BadTrustFile: a path is missing or holds no certificate.
    """
    files = [file for path in paths for file in _files(path)]
    anchors = [anchor for file in files for anchor in _read(file)]
    return tuple({anchor.fingerprint: anchor for anchor in anchors}.values())


def split_roots(
    certificates: Sequence[x509.Certificate],
) -> tuple[list[x509.Certificate], list[x509.Certificate]]:
    """Those nobody among them issued, and the others, which lead to the first anyway.

    Who may not issue certificates is no root, whoever relied on it: it would vouch for anybody.
    """
    below = [
        one
        for one in certificates
        if not may_issue(one)
        or any(other is not one and issued_by(one, other) for other in certificates)
    ]
    return [one for one in certificates if one not in below], below


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in the form people compare: ``AB:CD:…``."""
    return bytes(certificate.sha256).hex(":").upper()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise BadTrustFile(file=path, detail=", ".join(sorted(_SUFFIXES)))
    return files


def _read(file: Path) -> list[Anchor]:
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES)
        blocks = _pem_blocks(data) if pem.detect(data) else [data]
        certificates = [x509.Certificate.load(block, strict=True) for block in blocks]
        anchors = [
            Anchor(display_name(item), fingerprint(item), item.not_valid_after, file, item)
            for item in certificates
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        detail = reason_of(error) if isinstance(error, OSError) else _("no certificate")
        raise BadTrustFile(file=file, detail=detail) from error
    if not anchors:
        raise BadTrustFile(file=file, detail=_("no certificate"))
    return anchors


def _pem_blocks(data: bytes) -> list[bytes]:
    blocks = pem.unarmor(data, multiple=True)
    return [block for kind, _headers, block in blocks if kind.endswith("CERTIFICATE")]
