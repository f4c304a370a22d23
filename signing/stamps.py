"""RFC 3161 timestamps over a digest by itself, where there is no PDF to put them in.

token = stamp(digest, ["http://tsa.example.vn"], ServiceRules())
stamped_at(token, digest, [Path("roots")])        # when; None where it does not hold
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from asn1crypto import cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from foundation.interrupts import run_async
from profiles.schema import ServiceRules
from signing.timestamps import TimestampService
from signing.trust import load_anchors, split_roots

#: What parsing and judging a token raise where it is none, or does not hold.
_NO_TOKEN = (
    SignatureValidationError,
    PathError,
    ValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)


def stamp(digest: bytes, urls: Sequence[str], rules: ServiceRules) -> bytes:
    """A token (DER) over a SHA-256 digest from the first service that gives one.

    Args:
        rules: time limits, and what is taken from services.

    Raises:
        TimestampUnavailable: none did.
    """

    async def ask() -> cms.ContentInfo:
        service = TimestampService(urls, rules)
        try:
            return await service.async_timestamp(digest, "sha256")
        finally:
            await service.aclose()

    return bytes(run_async(ask()).dump())


def stamped_at(
    token: bytes, digest: bytes, trust: Sequence[Path], known: Sequence[Path] = ()
) -> datetime | None:
    """When a token says that a SHA-256 digest was there; None where it does not hold.

    The service's certificate is judged as of that time, without a network.

    Args:
        trust: files or folders with the certificates relied on.
        known: more certificates, not relied on by themselves.

    Raises:
        BadTrustFile: one of them cannot be read.
    """
    relied, others = ([one.certificate for one in load_anchors(some)] for some in (trust, known))
    roots, below = split_roots(relied)
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        moment = signed["encap_content_info"]["content"].parsed["gen_time"].native
        context = ValidationContext(
            trust_roots=roots,
            other_certs=[*below, *others],
            moment=moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        found = run_async(
            validate_tst_signed_data(signed, context, lambda a: digest if a == "sha256" else b"")
        )
        status = TimestampSignatureStatus(**found)
    except _NO_TOKEN:
        return None
    return moment if status.intact and status.valid and status.trusted else None
