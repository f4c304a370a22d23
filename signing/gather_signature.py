"""Gather what can be known of one signature or document timestamp. Nothing is judged here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from asn1crypto import cms, x509
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.errors import DisallowedAlgorithmError, SignatureValidationError
from pyhanko.sign.validation.generic_cms import collect_timing_info
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import (
    ModificationInfo,
    SignatureCoverageLevel,
    SignatureStatus,
)
from pyhanko_certvalidator import CertificateValidator

from signing.certificates import (
    SIGNING_USAGES,
    display_name,
    in_date,
    key_usages,
    may_sign,
    valid_at,
)
from signing.changes import freed_in, strict_policy
from signing.container import NotAsWritten, carries_strays, check_container, check_gap
from signing.document import MALFORMED, value_of
from signing.evidence import Evidence, with_archive
from signing.facts import (
    Changes,
    Oddity,
    RevocationFacts,
    SignatureFacts,
    TimestampFacts,
    Trouble,
)
from signing.opening import allow_hybrid
from signing.revocation import bare_context, examine
from signing.trust import fingerprint


async def gather_signature(
    embedded: EmbeddedPdfSignature,
    evidence: Evidence,
    fields: frozenset[str],
    leave: MDPPerm | None,
    attested_at: datetime | None,
) -> SignatureFacts:
    """All facts about one signature.

    Args:
        embedded: the signature.
        evidence: what there is to judge with.
        fields: names of all filled signature fields.
        leave: what a certifying signature of the file allows to be changed.
        attested_at: time of the first trusted document timestamp over it.
    """
    stamp = embedded.sig_object_type == "/DocTimeStamp"
    facts = SignatureFacts(
        str(embedded.field_name), "timestamp" if stamp else "signature", attested_at=attested_at
    )
    try:
        facts = _with_names(facts, embedded)
        facts = replace(facts, oddities=allow_hybrid(embedded, evidence.policy))
        facts = _with_container(facts, embedded, evidence)
        validate = _archive_timestamp if stamp else _signature
        evidence = with_archive(evidence, embedded)
        facts, status = await validate(facts, embedded, evidence)
        return _with_changes(facts, status, embedded, fields, leave, evidence)
    except DisallowedAlgorithmError:
        return replace(facts, trouble="weak")
    except SignatureValidationError as error:
        return replace(facts, unreadable=error.failure_message)
    except MALFORMED as error:
        return replace(facts, unreadable=type(error).__name__)


def proves_time(stamp: TimestampFacts | None, evidence: Evidence) -> bool:
    """Whether a timestamp may be relied on for the time it names."""
    if stamp is None or not (stamp.intact and stamp.trusted):
        return False
    demanded = evidence.policy.revocation == "required"
    return stamp.revocation in ("good", "none-offered") or (
        stamp.revocation == "unchecked" and not demanded
    )


def _with_names(facts: SignatureFacts, embedded: EmbeddedPdfSignature) -> SignatureFacts:
    certificate = embedded.signer_cert
    return replace(
        facts,
        signer=display_name(certificate),
        certificate=certificate.sha256,
        certificate_ends=certificate.not_valid_after,
        subfilter=str(value_of(embedded.sig_object, "/SubFilter", "")),
        claimed_at=embedded.self_reported_timestamp,
        digest=embedded.md_algorithm,
        value=embedded.signer_info["signature"].native,
    )


async def _signature(
    facts: SignatureFacts, embedded: EmbeddedPdfSignature, evidence: Evidence
) -> tuple[SignatureFacts, Any]:
    certificate = embedded.signer_cert
    stamp = await timestamp_on(
        embedded.signer_info,
        embedded.compute_digest,
        evidence,
        facts.attested_at or evidence.at,
    )
    proofs = [facts.attested_at, stamp.time if stamp and proves_time(stamp, evidence) else None]
    proven = min(filter(None, proofs), default=None)
    moment = proven or evidence.at
    usages = KeyUsageConstraints(key_usage=SIGNING_USAGES if key_usages(certificate) else set())
    status = await async_validate_pdf_signature(
        embedded,
        signer_validation_context=bare_context(evidence, moment),
        ts_validation_context=bare_context(evidence, evidence.at),
        diff_policy=strict_policy(unused_freed=evidence.policy.unused_freed),
        key_usage_settings=usages,
    )
    facts = await with_status(_with_coverage(facts, status), status, evidence, moment)
    held = facts.trusted or await _held(embedded, evidence, facts.claimed_at)
    facts = replace(
        facts,
        timestamp=stamp,
        proven_at=proven,
        held_when_signed=held,
        may_sign=may_sign(certificate),
        in_date=in_date(certificate, moment, facts.claimed_at),
    )
    return facts, status


async def _archive_timestamp(
    facts: SignatureFacts, embedded: EmbeddedPdfSignature, evidence: Evidence
) -> tuple[SignatureFacts, Any]:
    moment = facts.attested_at or evidence.at
    status = await async_validate_pdf_timestamp(
        embedded,
        bare_context(evidence, moment),
        diff_policy=strict_policy(unused_freed=evidence.policy.unused_freed),
    )
    facts = await with_status(_with_coverage(facts, status), status, evidence, moment)
    stamp = TimestampFacts(
        status.timestamp,
        facts.signer,
        facts.intact and facts.value_right,
        facts.trusted,
        facts.revocation,
        facts.chain_ends,
    )
    facts = replace(
        facts,
        timestamp=stamp,
        proven_at=facts.attested_at,
        held_when_signed=facts.trusted,
        in_date=valid_at(embedded.signer_cert, moment),
    )
    return facts, status


async def timestamp_on(
    signer: cms.SignerInfo, digest: Callable[..., bytes], evidence: Evidence, moment: datetime
) -> TimestampFacts | None:
    """The signature's own timestamp, its chain judged as of ``moment``."""
    context = bare_context(evidence, moment)
    found = await collect_timing_info(signer, context, digest)
    status = found.get("timestamp_validity")
    if status is None:
        return None
    revocation = await _revocation(status, evidence, moment, status.timestamp)
    return TimestampFacts(
        time=status.timestamp,
        authority=display_name(status.signing_cert),
        intact=status.intact and status.valid,
        trusted=status.trusted and revocation.status != "revoked",
        revocation=revocation.status,
        ends=_chain_ends(status),
    )


def _with_coverage(facts: SignatureFacts, status: ModificationInfo) -> SignatureFacts:
    return replace(
        facts,
        covers_whole_file=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        covers_revision=status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION,
    )


async def with_status(
    facts: SignatureFacts, status: Any, evidence: Evidence, moment: datetime
) -> SignatureFacts:
    """What pyHanko found, as facts that stand for themselves."""
    stamped = status.timestamp if facts.kind == "timestamp" else None
    revocation = await _revocation(status, evidence, moment, stamped)
    revoked = revocation.status == "revoked"
    return replace(
        facts,
        intact=status.intact,
        value_right=status.valid,
        trusted=status.trusted and not revoked,
        trouble="revoked" if revoked else _trouble(status),
        revocation=revocation.status,
        revoked_since=revocation.since,
        evidence_embedded=revocation.embedded,
        chain_ends=_chain_ends(status),
        root=_root(status) if status.trusted else "",
    )


async def _revocation(
    status: SignatureStatus,
    evidence: Evidence,
    moment: datetime,
    stamped_at: datetime | None,
) -> RevocationFacts:
    if not status.trusted or status.validation_path is None:
        return RevocationFacts()  # nobody is asked about certificates that are not trusted
    return await examine(status.validation_path, evidence, moment, stamped_at)


async def _held(
    embedded: EmbeddedPdfSignature, evidence: Evidence, claimed: datetime | None
) -> bool:
    """Whether the chain would have held at the time the signer claims."""
    if claimed is None or not evidence.anchors:
        return False
    validator = CertificateValidator(
        embedded.signer_cert,
        intermediate_certs=embedded.other_embedded_certs,
        validation_context=bare_context(evidence, claimed),
    )
    try:
        await validator.async_validate_usage(set())
    except MALFORMED:
        return False
    return True


def _chain_ends(status: SignatureStatus) -> datetime | None:
    if status.validation_path is None:
        return None
    ends = [
        one.not_valid_after for one in status.validation_path if isinstance(one, x509.Certificate)
    ]
    return min(ends, default=None)


def _root(status: SignatureStatus) -> str:
    path = status.validation_path
    return fingerprint(path.first) if path is not None else ""


def _trouble(status: SignatureStatus) -> Trouble:
    if status.trusted:
        return ""
    name = getattr(status.trust_problem_indic, "name", "")
    if "EXPIRED" in name or "NOT_YET_VALID" in name or "OUT_OF_BOUNDS" in name:
        return "out-of-date"
    return "weak" if "CRYPTO" in name else "untrusted"


def _with_changes(
    facts: SignatureFacts,
    status: ModificationInfo,
    embedded: EmbeddedPdfSignature,
    fields: frozenset[str],
    leave: MDPPerm | None,
    evidence: Evidence,
) -> SignatureFacts:
    changes = _changes(status, embedded, fields)
    if changes is Changes.FORMS and evidence.policy.form_filling == "if-allowed":
        level = embedded.docmdp_level or leave
        allowed = level in (MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE)
        # Fields locked by this signature are refused above; a lock leaves the others open.
        if allowed or (level is None and embedded.fieldmdp is not None):
            changes = Changes.ALLOWED_FORMS
    oddities = facts.oddities
    if changes is not Changes.NONE and _gives_up_objects(embedded):
        oddities += (Oddity.UNUSED_FREED,)
    return replace(facts, changes=changes, oddities=oddities)


def _changes(
    status: ModificationInfo, embedded: EmbeddedPdfSignature, fields: frozenset[str]
) -> Changes:
    """Which kind of change stands after the signature; a changed field that is not one counts."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return Changes.NONE
    result = status.diff_result
    if not isinstance(result, DiffResult) or result.modification_level > (
        ModificationLevel.FORM_FILLING
    ):
        return Changes.CONTENT
    if status.docmdp_ok is False:
        return Changes.CONTENT
    if _has_empty_revision(embedded):
        return Changes.APPENDED
    if result.changed_form_fields - fields:
        return Changes.FORMS
    return {
        ModificationLevel.NONE: Changes.APPENDED,
        ModificationLevel.LTA_UPDATES: Changes.EVIDENCE,
        ModificationLevel.FORM_FILLING: Changes.SIGNATURES,
    }[result.modification_level]


def _gives_up_objects(embedded: EmbeddedPdfSignature) -> bool:
    reader = embedded.reader
    later = range(embedded.signed_revision + 1, reader.xrefs.total_revisions)
    return any(freed_in(reader.get_historical_resolver(number), number) for number in later)


def _has_empty_revision(embedded: EmbeddedPdfSignature) -> bool:
    """Whether a later revision holds nothing but its own cross-reference table.

    pyHanko takes such a one for harmless; it is how data are hung on to a signed file.
    """
    reader = embedded.reader
    for number in range(embedded.signed_revision + 1, reader.xrefs.total_revisions):
        revision = reader.get_historical_resolver(number)
        table = reader.xrefs.get_xref_container_info(number).stream_ref
        if not revision.explicit_refs_in_revision() - revision.object_streams_used() - {table}:
            return True
    return False


def _with_container(
    facts: SignatureFacts, embedded: EmbeddedPdfSignature, evidence: Evidence
) -> SignatureFacts:
    """What the parts of the container say that no signature covers."""
    _start, first, second, _length = (int(value) for value in embedded.byte_range)
    stream = embedded.reader.stream
    stream.seek(first)
    gap = stream.read(max(0, second - first))
    info = cms.ContentInfo.load(embedded.pkcs7_content)
    known = [*evidence.anchors, *evidence.certificates, *evidence.known]
    try:
        check_gap(gap, embedded.pkcs7_content)
        check_container(info)
        strays = carries_strays(info, known)
    except NotAsWritten as error:
        return replace(facts, container=str(error))
    return replace(facts, stray_certificates=strays)
