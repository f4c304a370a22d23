"""Gather what can be known of the signatures in a PDF: :mod:`signing.facts`, from pyHanko.

Nothing is judged here.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import (
    DisallowedAlgorithmError,
    NoDSSFoundError,
    SignatureValidationError,
)
from pyhanko.sign.validation.generic_cms import collect_timing_info
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
    collect_embedded_signatures,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import (
    ModificationInfo,
    SignatureCoverageLevel,
    SignatureStatus,
)
from pyhanko_certvalidator import ValidationContext

from signing.certificates import SIGNING_USAGES, display_name, key_usages, may_sign, valid_at
from signing.changes import strict_policy
from signing.container import NotAsWritten, carries_strays, check_container, check_gap
from signing.document import MALFORMED, value_of
from signing.facts import (
    Changes,
    FileFacts,
    FileFault,
    Revocation,
    SignatureFacts,
    TimestampFacts,
    Trouble,
)
from signing.quiet import quiet

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[")
#: Bytes read at once, and kept so that nothing is missed between two blocks.
_BLOCK, _OVERLAP = 1 << 20, 64
#: ISO 32000-2, 7.5.5: the last line is %%EOF; an end-of-line marker may follow.
_FILE_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")


@dataclass(frozen=True)
class _Evidence:
    """Roots, moment, and the certificates and revocation data the file carries."""

    anchors: tuple[x509.Certificate, ...]
    at: datetime
    certificates: tuple[x509.Certificate, ...] = ()
    ocsps: tuple[Any, ...] = ()
    crls: tuple[Any, ...] = ()

    def context(self, moment: datetime, *, strict: bool) -> ValidationContext:
        return ValidationContext(
            trust_roots=list(self.anchors),
            other_certs=list(self.certificates),
            moment=moment,
            ocsps=list(self.ocsps),
            crls=list(self.crls),
            revocation_mode="hard-fail" if strict else "soft-fail",
        )


def gather(file: Path, anchors: Sequence[x509.Certificate], at: datetime) -> FileFacts:
    """Read all facts about the signatures of ``file``.

    No network is used: revocation is judged by what the file itself carries.

    Args:
        file: a PDF, whole or broken.
        anchors: trusted roots.
        at: the moment to judge at, with a time zone.

    Raises:
        OSError: the file cannot be opened or read.
    """
    return asyncio.run(gather_async(file, anchors, at))


async def gather_async(file: Path, anchors: Sequence[x509.Certificate], at: datetime) -> FileFacts:
    """:func:`gather` for callers that run an event loop already."""
    with file.open("rb") as stream, quiet():
        try:
            return await _gather(stream, _Evidence(tuple(anchors), at))
        except MALFORMED:
            return FileFacts(FileFault.MALFORMED, (), at, bool(anchors))


async def _gather(stream: IO[bytes], evidence: _Evidence) -> FileFacts:
    given = bool(evidence.anchors)
    reader = PdfFileReader(stream)
    if reader.encrypted:
        return FileFacts(FileFault.ENCRYPTED, (), evidence.at, given)
    embedded = collect_embedded_signatures(reader)
    filled = {name for name, _value, _field in enumerate_sig_fields(reader, filled_status=True)}
    evidence = _with_dss(reader, evidence)
    signatures: list[SignatureFacts] = []
    for one in reversed(embedded):  # the later ones first: a timestamp attests what came before
        attested = next((s.timestamp.time for s in signatures if _attests(s) and s.timestamp), None)
        signatures.insert(0, await _signature(one, evidence, filled, attested))
    fault = FileFault.NONE
    if len(filled) != len(embedded):
        fault = FileFault.UNKNOWN_KIND
    elif not _all_in_sight(stream, signatures):
        fault = FileFault.HIDDEN
    return FileFacts(fault, tuple(signatures), evidence.at, given)


def _all_in_sight(stream: IO[bytes], signatures: list[SignatureFacts]) -> bool:
    """No signature lies in the bytes that the form does not show, nothing after the end."""
    count, tail = 0, b""
    stream.seek(0)
    while block := stream.read(_BLOCK):  # in blocks: the file may be larger than the memory
        window = tail + block
        matches = list(_BYTE_RANGE.finditer(window))
        count += len(matches)
        tail = window[max(matches[-1].end() if matches else 0, len(window) - _OVERLAP) :]
    signed_to_the_end = any(one.covers_whole_file for one in signatures)
    ends_well = signed_to_the_end or _FILE_END.search(tail) is not None
    return count <= len(signatures) and ends_well


def _with_dss(reader: PdfFileReader, evidence: _Evidence) -> _Evidence:
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return evidence
    return replace(
        evidence,
        certificates=tuple(store.load_certs()),
        ocsps=tuple(item.get_object().data for item in store.ocsps),
        crls=tuple(item.get_object().data for item in store.crls),
    )


def _attests(later: SignatureFacts) -> bool:
    """Whether it is a document timestamp that proves when what lies before it existed."""
    sound = later.intact and later.value_right and later.covers_revision and not later.container
    return later.kind == "timestamp" and sound and later.trusted


async def _signature(
    embedded: EmbeddedPdfSignature,
    evidence: _Evidence,
    filled: set[str],
    attested_at: datetime | None,
) -> SignatureFacts:
    stamp = embedded.sig_object_type == "/DocTimeStamp"
    facts = SignatureFacts(
        str(embedded.field_name), "timestamp" if stamp else "signature", attested_at=attested_at
    )
    try:
        certificate = embedded.signer_cert
        facts = replace(
            facts,
            signer=display_name(certificate),
            certificate=certificate.sha256,
            certificate_ends=certificate.not_valid_after,
            subfilter=str(value_of(embedded.sig_object, "/SubFilter", "")),
            claimed_at=embedded.self_reported_timestamp,
            evidence_embedded=bool(evidence.ocsps or evidence.crls),
        )
        facts = _with_container(facts, embedded, evidence)
        validate = _validate_archive_timestamp if stamp else _validate_signature
        return await validate(facts, embedded, evidence, filled)
    except DisallowedAlgorithmError:
        return replace(facts, trouble="weak")
    except SignatureValidationError as error:
        return replace(facts, unreadable=error.failure_message)
    except MALFORMED as error:
        return replace(facts, unreadable=type(error).__name__)


async def _validate_signature(
    facts: SignatureFacts, embedded: EmbeddedPdfSignature, evidence: _Evidence, filled: set[str]
) -> SignatureFacts:
    certificate = embedded.signer_cert
    timestamp = await _timestamp(embedded, evidence)
    moment = facts.attested_at or evidence.at
    if timestamp and timestamp.intact and timestamp.trusted:
        moment = timestamp.time
    usages = KeyUsageConstraints(key_usage=SIGNING_USAGES if key_usages(certificate) else set())

    async def validate(*, strict: bool) -> Any:
        return await async_validate_pdf_signature(
            embedded,
            signer_validation_context=evidence.context(moment, strict=strict),
            ts_validation_context=evidence.context(evidence.at, strict=False),
            diff_policy=strict_policy(),
            key_usage_settings=usages,
        )

    status = await validate(strict=False)
    proven = facts.evidence_embedded and (await validate(strict=True)).trusted
    facts = _with_status(facts, status, proven)
    return replace(
        facts,
        timestamp=timestamp,
        changes=_changes(status, embedded, filled),
        may_sign=may_sign(certificate),
        in_date=valid_at(certificate, moment),
    )


async def _validate_archive_timestamp(
    facts: SignatureFacts, embedded: EmbeddedPdfSignature, evidence: _Evidence, filled: set[str]
) -> SignatureFacts:
    async def validate(*, strict: bool) -> Any:
        context = evidence.context(evidence.at, strict=strict)
        return await async_validate_pdf_timestamp(embedded, context, diff_policy=strict_policy())

    status = await validate(strict=False)
    proven = facts.evidence_embedded and (await validate(strict=True)).trusted
    facts = _with_status(facts, status, proven)
    stamp = TimestampFacts(status.timestamp, facts.signer, facts.intact, facts.trusted)
    return replace(
        facts,
        timestamp=stamp,
        changes=_changes(status, embedded, filled),
        in_date=valid_at(embedded.signer_cert, evidence.at),
    )


async def _timestamp(embedded: EmbeddedPdfSignature, evidence: _Evidence) -> TimestampFacts | None:
    context = evidence.context(evidence.at, strict=False)
    found = await collect_timing_info(embedded.signer_info, context, embedded.compute_digest)
    status = found.get("timestamp_validity")
    if status is None:
        return None
    return TimestampFacts(
        time=status.timestamp,
        authority=display_name(status.signing_cert),
        intact=status.intact and status.valid,
        trusted=status.trusted,
    )


def _with_status(facts: SignatureFacts, status: Any, proven: bool) -> SignatureFacts:
    """What pyHanko found, as facts that stand for themselves."""
    revocation: Revocation = "good" if proven else "unchecked"
    if status.revoked:
        revocation = "revoked"
    return replace(
        facts,
        intact=status.intact,
        value_right=status.valid,
        covers_whole_file=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        covers_revision=status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION,
        trusted=status.trusted,
        trouble=_trouble(status),
        revocation=revocation,
    )


def _trouble(status: SignatureStatus) -> Trouble:
    if status.trusted:
        return ""
    if status.revoked:
        return "revoked"
    name = getattr(status.trust_problem_indic, "name", "")
    if "EXPIRED" in name or "NOT_YET_VALID" in name or "OUT_OF_BOUNDS" in name:
        return "out-of-date"
    return "weak" if "CRYPTO" in name else "untrusted"


def _changes(status: ModificationInfo, embedded: EmbeddedPdfSignature, filled: set[str]) -> Changes:
    """Which kind of change stands after the signature; a changed field that is not one counts."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return Changes.NONE
    result = status.diff_result
    if not isinstance(result, DiffResult) or result.modification_level > (
        ModificationLevel.FORM_FILLING
    ):
        return Changes.CONTENT
    if result.changed_form_fields - filled:
        return Changes.FORMS
    if status.docmdp_ok is False:
        return Changes.CONTENT
    if _has_empty_revision(embedded):
        return Changes.APPENDED
    return {
        ModificationLevel.NONE: Changes.APPENDED,
        ModificationLevel.LTA_UPDATES: Changes.EVIDENCE,
        ModificationLevel.FORM_FILLING: Changes.SIGNATURES,
    }[result.modification_level]


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
    facts: SignatureFacts, embedded: EmbeddedPdfSignature, evidence: _Evidence
) -> SignatureFacts:
    """What the parts of the container say that no signature covers."""
    _start, first, second, _length = (int(value) for value in embedded.byte_range)
    stream = embedded.reader.stream
    stream.seek(first)
    gap = stream.read(max(0, second - first))
    info = cms.ContentInfo.load(embedded.pkcs7_content)
    try:
        check_gap(gap, embedded.pkcs7_content)
        check_container(info)
        strays = carries_strays(info, [*evidence.anchors, *evidence.certificates])
    except NotAsWritten as error:
        return replace(facts, container=str(error))
    return replace(facts, stray_certificates=strays)
