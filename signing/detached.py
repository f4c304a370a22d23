"""Signatures that stand beside what they sign: CAdES baseline (ETSI EN 319 122-1), made and judged.

    with open_sealer(request, pins) as seal:
        signature = seal(manifest)                     # DER, level B or T
    verify_detached(signature, manifest, [Path("roots")]).verdict      # 'valid'

Facts, policy and words are those of signatures in PDF files.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from asn1crypto import cms
from pyhanko.sign.general import (
    extract_certificate_info,
    extract_signer_info,
    find_cms_attribute_iter,
)
from pyhanko.sign.validation.errors import DisallowedAlgorithmError, SignatureValidationError
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints

from foundation.interrupts import run_async
from foundation.times import utc_now
from signing import errors
from signing.batch import means_for, open_key
from signing.certificates import (
    SIGNING_USAGES,
    chain_of,
    display_name,
    in_date,
    key_usages,
    may_sign,
)
from signing.container import NotAsWritten, carries_strays, check_container
from signing.document import MALFORMED
from signing.evidence import Evidence, Network
from signing.facts import Changes, FileFacts, FileFault, SignatureFacts
from signing.gather_signature import proves_time, timestamp_on, with_status
from signing.jobs import SigningRequest
from signing.pins import PinSource
from signing.quiet import quiet
from signing.revocation import bare_context
from signing.stages import Tools, detached_signature
from signing.trust import load_anchors, split_roots
from signing.validation_policy import ValidationPolicy, default_policy
from signing.verify import SignatureVerdict, in_words

#: Signs bytes; gives the CAdES signature as DER.
Seal = Callable[[bytes], bytes]
#: The attribute that makes a CMS signature a CAdES one (ETSI EN 319 122-1, 5.2.2.3).
_BOUND = "signing_certificate_v2"


@dataclass(frozen=True)
class DetachedVerdict(SignatureVerdict):
    """The verdict on a detached signature. ``certificate``: SHA-256 of the signer's, in hex."""

    certificate: str = ""


@contextmanager
def open_sealer(request: SigningRequest, pins: PinSource) -> Iterator[Seal]:
    """Log in once and give what signs bytes with the key of ``request``, at its level up to B-T.

    Each signature is verified before it is given out.

    Raises:
        TokenError, DriverMissing, DriverFault: the token could not be opened.
        NoTimestampService, BadTrustFile: what the office profile lacks.
        TimestampUnavailable, OutputNotSound: when something is signed.
    """
    means = means_for(request)
    extra = tuple(anchor.certificate for anchor in load_anchors(request.chain))
    with open_key(request, pins) as session:
        chain = tuple(chain_of(session.certificate, [*session.chain, *extra]))
        tools = Tools(request, session, chain, means)
        yield lambda data: run_async(_sealed(data, tools))


async def _sealed(data: bytes, tools: Tools) -> bytes:
    try:
        with quiet():
            made = await detached_signature(data, tools)
    finally:
        if tools.timestamps:
            await tools.timestamps.aclose()
    verdict = _only(await _gather(made, data, _evidence((), (), None, None)))
    if verdict.verdict == "invalid":
        raise errors.OutputNotSound(file=tools.name, detail=verdict.reason)
    return made


def verify_detached(
    signature: bytes,
    signed: bytes,
    trust: Sequence[Path],
    *,
    at: datetime | None = None,
    policy: ValidationPolicy | None = None,
    known: Sequence[Path] = (),
) -> DetachedVerdict:
    """Check a detached signature; whatever the bytes are, there is a verdict.

    Args:
        signature: the CMS container, DER.
        signed: what it is to sign.
        trust: files or folders with the roots to trust; ``known``: more certificates.
        at: the moment to judge at, with a time zone; now if not given.
        policy: what is demanded; the default policy if not given.

    Raises:
        BadTrustFile: a root cannot be read.
    """
    evidence = _evidence(trust, known, at, policy)

    async def gather() -> FileFacts:
        try:
            return await _gather(signature, signed, evidence)
        finally:
            await evidence.network.close()

    return _only(run_async(gather()))


def _only(facts: FileFacts) -> DetachedVerdict:
    (signature,) = facts.signatures
    shown = in_words(signature, facts)
    return DetachedVerdict(**vars(shown), certificate=signature.certificate.hex())


def _evidence(
    trust: Sequence[Path],
    known: Sequence[Path],
    at: datetime | None,
    policy: ValidationPolicy | None,
) -> Evidence:
    anchors, below = split_roots([anchor.certificate for anchor in load_anchors(trust)])
    issuers = (*below, *(anchor.certificate for anchor in load_anchors(known)))
    policy = policy or (default_policy() if trust else default_policy().offline())
    return Evidence(tuple(anchors), at or utc_now(), policy, Network(policy), known=issuers)


async def _gather(signature: bytes, signed: bytes, evidence: Evidence) -> FileFacts:
    facts = SignatureFacts("", "signature", changes=Changes.NONE)
    try:
        with quiet():
            facts = await _facts(facts, signature, signed, evidence)
    except DisallowedAlgorithmError:
        facts = replace(facts, trouble="weak")
    except (SignatureValidationError, *MALFORMED) as error:
        facts = replace(facts, unreadable=type(error).__name__)
    given = bool(evidence.anchors)
    return FileFacts(FileFault.NONE, (facts,), evidence.at, given, evidence.policy)


async def _facts(
    facts: SignatureFacts, signature: bytes, signed: bytes, evidence: Evidence
) -> SignatureFacts:
    info = cms.ContentInfo.load(signature, strict=True)
    try:
        check_container(info)
        strays = carries_strays(info, [*evidence.anchors, *evidence.known])
    except NotAsWritten as error:
        return replace(facts, container=str(error), intact=True, value_right=True)
    content = info["content"]
    signer, embedded = extract_signer_info(content), content["encap_content_info"]["content"]
    bound = any(find_cms_attribute_iter(signer["signed_attrs"], _BOUND))
    if embedded.native is not None or not bound:
        return replace(facts, container="CAdES", intact=True, value_right=True)

    def digest(algorithm: str) -> bytes:
        return hashlib.new(algorithm, signed).digest()

    stamp = await timestamp_on(signer, digest, evidence, evidence.at)
    proven = stamp.time if stamp and proves_time(stamp, evidence) else None
    moment = proven or evidence.at
    certificate = extract_certificate_info(content).signer_cert
    status = await async_validate_detached_cms(
        signed,
        content,
        signer_validation_context=bare_context(evidence, moment),
        ts_validation_context=bare_context(evidence, evidence.at),
        key_usage_settings=KeyUsageConstraints(
            key_usage=SIGNING_USAGES if key_usages(certificate) else set()
        ),
    )
    facts = await with_status(facts, status, evidence, moment)
    return replace(
        facts,
        signer=display_name(certificate),
        certificate=certificate.sha256,
        certificate_ends=certificate.not_valid_after,
        subfilter="/ETSI.CAdES.detached",
        claimed_at=status.signer_reported_dt,
        digest=signer["digest_algorithm"]["algorithm"].native,
        value=signer["signature"].native,
        covers_whole_file=status.intact,
        covers_revision=status.intact,
        timestamp=stamp,
        proven_at=proven,
        stray_certificates=strays,
        held_when_signed=facts.trusted,
        may_sign=may_sign(certificate),
        in_date=in_date(certificate, moment, status.signer_reported_dt),
    )
