"""What can be known of the signatures in a PDF, as plain values.

Facts come first (:mod:`signing.gather`), then the judgement (:mod:`signing.policy`),
then the words (:mod:`signing.verify`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from signing.validation_policy import ValidationPolicy, default_policy


class Changes(StrEnum):
    """What was appended after a signature, from harmless to not."""

    NONE = "none"
    EVIDENCE = "validation-data"
    SIGNATURES = "signatures"
    APPENDED = "appended"
    ALLOWED_FORMS = "allowed-forms"
    FORMS = "forms"
    CONTENT = "content"


class Oddity(StrEnum):
    """What deviates from the rule and was found harmless."""

    UNUSED_FREED = "unused-freed"
    HYBRID = "hybrid"
    LENIENT = "lenient"


class FileFault(StrEnum):
    """What is wrong with the file as a whole."""

    NONE = ""
    MALFORMED = "malformed"
    ENCRYPTED = "encrypted"
    HIDDEN = "hidden-signature"
    UNKNOWN_KIND = "unknown-kind"
    OLD_KIND = "old-kind"


Revocation = Literal["good", "revoked", "unchecked", "none-offered"]
Trouble = Literal["", "untrusted", "out-of-date", "revoked", "weak"]


@dataclass(frozen=True)
class RevocationFacts:
    """Whether a chain of certificates held a given moment.

    ``unchecked``: a certificate names a service and nobody answered; ``none-offered``: none
    names any. ``embedded``: the file's own evidence says so.
    """

    status: Revocation = "unchecked"
    since: datetime | None = None
    embedded: bool = False


@dataclass(frozen=True)
class TimestampFacts:
    """An RFC 3161 timestamp on a signature. ``ends``: when its chain of certificates does."""

    time: datetime
    authority: str
    intact: bool
    trusted: bool
    revocation: Revocation = "unchecked"
    ends: datetime | None = None


@dataclass(frozen=True)
class SignatureFacts:
    """One signature or document timestamp.

    ``certificate`` is the SHA-256 of the signer's certificate. ``unreadable`` and
    ``container`` name what could not be read, or deviates, and are empty when all is well.
    ``trouble`` says why the chain of certificates does not hold. ``attested_at`` is the time
    of the first trusted document timestamp over the signature; ``proven_at`` that or the time
    of its own trusted timestamp, whichever comes first: the signature existed then.
    ``revoked_since`` is a time of revocation. ``evidence_embedded``: the file itself proves that
    no certificate was revoked. ``held_when_signed``: the chain held at the time of signing, as
    far as the claimed time is right. ``chain_ends``: the first end of a certificate in it.
    ``root`` is the fingerprint of the root it leads to, ``digest`` the hash algorithm,
    ``value`` the signature value itself.
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
    revoked_since: datetime | None = None
    evidence_embedded: bool = False
    attested_at: datetime | None = None
    proven_at: datetime | None = None
    held_when_signed: bool = False
    certificate_ends: datetime | None = None
    chain_ends: datetime | None = None
    root: str = ""
    digest: str = ""
    value: bytes = b""
    oddities: tuple[Oddity, ...] = ()


@dataclass(frozen=True)
class FileFacts:
    """All signatures of a file, in the order they were made."""

    fault: FileFault
    signatures: tuple[SignatureFacts, ...]
    at: datetime
    anchors_given: bool
    policy: ValidationPolicy = field(default_factory=default_policy)
    oddities: tuple[Oddity, ...] = ()
