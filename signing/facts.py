"""What can be known of the signatures in a PDF, as plain values.

Facts come first (:mod:`signing.gather`), then the judgement (:mod:`signing.policy`),
then the words (:mod:`signing.verify`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Changes(StrEnum):
    """What was appended after a signature, from harmless to not."""

    NONE = "none"
    EVIDENCE = "validation-data"
    SIGNATURES = "signatures"
    APPENDED = "appended"
    FORMS = "forms"
    CONTENT = "content"


class FileFault(StrEnum):
    """What is wrong with the file as a whole."""

    NONE = ""
    MALFORMED = "malformed"
    ENCRYPTED = "encrypted"
    HIDDEN = "hidden-signature"
    UNKNOWN_KIND = "unknown-kind"


Revocation = Literal["good", "revoked", "unchecked"]
Trouble = Literal["", "untrusted", "out-of-date", "revoked", "weak"]


@dataclass(frozen=True)
class TimestampFacts:
    """An RFC 3161 timestamp on a signature."""

    time: datetime
    authority: str
    intact: bool
    trusted: bool


@dataclass(frozen=True)
class SignatureFacts:
    """One signature or document timestamp.

    ``certificate`` is the SHA-256 of the signer's certificate. ``unreadable`` and
    ``container`` name what could not be read, or deviates, and are empty when all is well.
    ``trouble`` says why the chain of certificates does not hold. ``attested_at`` is the time
    of the first trusted document timestamp over the signature.
    """

    field: str
    kind: Literal["signature", "timestamp"]
    signer: str = ""
    certificate: bytes = b""
    subfilter: str = ""
    claimed_at: datetime | None = None
    timestamp: TimestampFacts | None = None
    unreadable: str = ""
    container: str = ""
    stray_certificates: bool = False
    intact: bool = False
    value_right: bool = False
    covers_whole_file: bool = False
    covers_revision: bool = False
    changes: Changes = Changes.CONTENT
    trusted: bool = False
    trouble: Trouble = "untrusted"
    may_sign: bool = True
    in_date: bool = True
    revocation: Revocation = "unchecked"
    evidence_embedded: bool = False
    attested_at: datetime | None = None
    certificate_ends: datetime | None = None


@dataclass(frozen=True)
class FileFacts:
    """All signatures of a file, in the order they were made."""

    fault: FileFault
    signatures: tuple[SignatureFacts, ...]
    at: datetime
    anchors_given: bool
