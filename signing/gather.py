"""Gather what can be known of the signatures in a PDF: :mod:`signing.facts`, from pyHanko.

Nothing is judged here.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from asn1crypto import x509
from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    collect_embedded_signatures,
)

from foundation.interrupts import run_async
from signing.document import MALFORMED
from signing.evidence import Evidence, Network, with_store
from signing.facts import FileFacts, FileFault, Oddity, SignatureFacts
from signing.gather_signature import gather_signature, proves_time
from signing.opening import usage_rights
from signing.quiet import quiet
from signing.validation_policy import ValidationPolicy, default_policy

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[")
#: Deprecated with PDF 2.0: what is signed is an SHA-1 digest (ISO 32000-1, table 257).
_OLD_KINDS = frozenset(("/adbe.pkcs7.sha1", "/adbe.x509.rsa_sha1"))
#: Bytes read at once, and kept so that nothing is missed between two blocks.
_BLOCK, _OVERLAP = 1 << 20, 64
#: ISO 32000-2, 7.5.5: the last line is %%EOF; an end-of-line marker may follow.
_FILE_END = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")
#: ISO 32000-2, 7.5.6: after the last list of objects comes its place, once, and no object.
_LAST_END = re.compile(rb"(?:>>|endobj)\s*startxref\s+\d+\s+%%EOF\s*\Z")
_OBJECT, _MARK = re.compile(rb"\d\s+\d+\s+obj\b"), b"startxref"


def gather(
    file: Path,
    anchors: Sequence[x509.Certificate],
    at: datetime,
    policy: ValidationPolicy | None = None,
    known: Sequence[x509.Certificate] = (),
) -> FileFacts:
    """Read all facts about the signatures of ``file``.

    Args:
        file: a PDF, whole or broken.
        anchors: trusted roots.
        at: the moment to judge at, with a time zone.
        policy: what is demanded, and whether services may be asked; else the default policy
            without a network.
        known: more certificates, of issuers, not trusted as such.

    Raises:
        OSError: the file cannot be opened or read.
    """
    return run_async(gather_async(file, anchors, at, policy, known))


async def gather_async(
    file: Path,
    anchors: Sequence[x509.Certificate],
    at: datetime,
    policy: ValidationPolicy | None = None,
    known: Sequence[x509.Certificate] = (),
) -> FileFacts:
    """:func:`gather` for callers that run an event loop already."""
    policy = policy or default_policy().offline()
    network = Network(policy)
    evidence = Evidence(tuple(anchors), at, policy, network, known=tuple(known))
    with file.open("rb") as stream, quiet():
        try:
            facts = await _gather_or_fault(stream, evidence, strict=True)
            if policy.lenient and _unreadable(facts):
                bent = await _gather_or_fault(stream, evidence, strict=False)
                return bent if bent.fault is FileFault.NONE else facts
            return facts
        finally:
            await network.close()


async def _gather_or_fault(stream: IO[bytes], evidence: Evidence, *, strict: bool) -> FileFacts:
    try:
        stream.seek(0)
        return await _gather(stream, evidence, strict=strict)
    except MALFORMED:
        return _faulty(FileFault.MALFORMED, evidence)


def _unreadable(facts: FileFacts) -> bool:
    return facts.fault is FileFault.MALFORMED or any(one.unreadable for one in facts.signatures)


async def _gather(stream: IO[bytes], evidence: Evidence, *, strict: bool) -> FileFacts:
    """The facts; a lenient reading is for files alone that a signature covers to the last byte."""
    reader = PdfFileReader(stream, strict=strict)
    oddities = () if strict else (Oddity.LENIENT,)
    if reader.encrypted and _wants_password(reader):
        return _faulty(FileFault.ENCRYPTED, evidence)
    embedded = collect_embedded_signatures(reader)
    filled = {
        name: _kind_of(value)
        for name, value, _field in enumerate_sig_fields(reader, filled_status=True)
    }
    evidence = with_store(evidence, reader)
    signatures: list[SignatureFacts] = []
    for one in reversed(embedded):  # the later ones first: a timestamp attests what came before
        attested = next(
            (s.timestamp.time for s in signatures if _attests(s, evidence) and s.timestamp), None
        )
        leave = _leave(one, embedded)
        told = await gather_signature(one, evidence, frozenset(filled), leave, attested)
        signatures.insert(0, told)
    fault = _fault(stream, reader, signatures, filled, oddities)
    policy, given = evidence.policy, bool(evidence.anchors)
    return FileFacts(fault, tuple(signatures), evidence.at, given, policy, oddities)


def _kind_of(value: Any) -> str:
    """How a signature is made, in its own words; null is one, too, for some readers."""
    signature = value.get_object()
    return str(signature.raw_get("/SubFilter")) if "/SubFilter" in signature else ""


def _wants_password(reader: PdfFileReader) -> bool:
    """Whether a password is needed to read it; many files only forbid to print or to copy."""
    standard = isinstance(reader.security_handler, StandardSecurityHandler)
    return not standard or reader.decrypt("").status is AuthStatus.FAILED


def _faulty(fault: FileFault, evidence: Evidence) -> FileFacts:
    return FileFacts(fault, (), evidence.at, bool(evidence.anchors), evidence.policy)


def _fault(
    stream: IO[bytes],
    reader: PdfFileReader,
    signatures: list[SignatureFacts],
    filled: Mapping[str, str],
    oddities: tuple[Oddity, ...],
) -> FileFault:
    if len(filled) != len(signatures):
        old = _OLD_KINDS.intersection(filled.values())
        return FileFault.OLD_KIND if old else FileFault.UNKNOWN_KIND
    if not _all_in_sight(stream, signatures, usage_rights(reader)):
        return FileFault.HIDDEN
    if not any(one.covers_whole_file for one in signatures) and _objects_unlisted(stream, reader):
        return FileFault.HIDDEN
    covered = any(one.covers_whole_file and one.intact for one in signatures)
    if Oddity.LENIENT in oddities and not covered:
        return FileFault.MALFORMED
    return FileFault.NONE


def _all_in_sight(stream: IO[bytes], signatures: list[SignatureFacts], grants: int) -> bool:
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
    return count <= len(signatures) + grants and ends_well


def _objects_unlisted(stream: IO[bytes], reader: PdfFileReader) -> bool:
    """Whether anything lies behind the last list of objects: a viewer that mends files shows it."""
    stream.seek(reader.last_startxref or 0)
    end = stream.read()
    own = 0 if end.lstrip().startswith(b"xref") else 1  # a list that is a stream is an object
    objects = sum(1 for _found in _OBJECT.finditer(end))
    return objects > own or end.count(_MARK) != 1 or _LAST_END.search(end) is None


def _leave(one: EmbeddedPdfSignature, signatures: Sequence[EmbeddedPdfSignature]) -> MDPPerm | None:
    """What a certifying signature made before this one allows to be changed in the file."""
    earlier = (
        other.docmdp_level for other in signatures if other.signed_revision < one.signed_revision
    )
    return min(filter(None, earlier), key=lambda level: level.value, default=None)


def _attests(later: SignatureFacts, evidence: Evidence) -> bool:
    """Whether it is a document timestamp that proves when what lies before it existed."""
    sound = later.intact and later.value_right and later.covers_revision and not later.container
    return later.kind == "timestamp" and sound and proves_time(later.timestamp, evidence)
