"""The verdict as a signature validation report after ETSI TS 119 102-2 (V1.2.1).

For programs that exchange such reports with others, EU DSS among them. One report holds the
signatures of all files that were judged together.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from foundation.times import iso_utc
from signing.facts import FileFacts, SignatureFacts
from signing.policy import Cause, Verdict, judge_signature
from signing.verify import FileVerdict

_VR = "http://uri.etsi.org/19102/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_PROCESS = "urn:etsi:019102:validationprocess:LTVM"
_PROOF = "urn:etsi:019102:poetype:validation"
_PROVIDED = "urn:etsi:019102:poetype:provided"
_BLOCK = 1 << 20
_INDICATIONS: dict[Verdict, str] = {
    "valid": "urn:etsi:019102:mainindication:total-passed",
    "invalid": "urn:etsi:019102:mainindication:total-failed",
    "indeterminate": "urn:etsi:019102:mainindication:indeterminate",
}
#: ETSI EN 319 102-1, table 5 and 6: the sub-indication of each cause; others have none.
_SUB_INDICATIONS = {
    Cause.UNREADABLE: "FORMAT_FAILURE",
    Cause.CONTAINER: "FORMAT_FAILURE",
    Cause.PARTIAL: "FORMAT_FAILURE",
    Cause.ALTERED: "HASH_FAILURE",
    Cause.APPENDED: "FORMAT_FAILURE",
    Cause.FORMS: "FORMAT_FAILURE",
    Cause.CONTENT: "FORMAT_FAILURE",
    Cause.WRONG_VALUE: "SIG_CRYPTO_FAILURE",
    Cause.BROKEN_TIMESTAMP: "SIG_CRYPTO_FAILURE",
    Cause.WEAK: "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    Cause.REVOKED: "REVOKED",
    Cause.REVOKED_UNPROVEN: "REVOKED_NO_POE",
    Cause.NO_EVIDENCE: "TRY_LATER",
    Cause.NO_TIMESTAMP_EVIDENCE: "TRY_LATER",
    Cause.NO_ROOTS: "NO_CERTIFICATE_CHAIN_FOUND",
    Cause.UNTRUSTED: "NO_CERTIFICATE_CHAIN_FOUND",
    Cause.UNTRUSTED_TIMESTAMP: "NO_CERTIFICATE_CHAIN_FOUND",
    Cause.OUT_OF_DATE: "OUT_OF_BOUNDS_NO_POE",
    Cause.NOT_FOR_SIGNING: "CHAIN_CONSTRAINTS_FAILURE",
    Cause.FUTURE: "SIG_CONSTRAINTS_FAILURE",
    Cause.STRAY: "SIG_CONSTRAINTS_FAILURE",
}


def validation_report(verdicts: Sequence[FileVerdict]) -> bytes:
    """The report on all signatures of the files, as XML.

    Raises:
        OSError: a file that was judged is gone.
    """
    for prefix, space in (("vr", _VR), ("ds", _DS), ("XAdES", _XADES)):
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.Element(f"{{{_VR}}}ValidationReport")
    holders: dict[str, bytes] = {}
    for number, verdict in enumerate(verdicts, 1):
        digest = _digest_of(verdict.file)
        for place, facts in enumerate(verdict.facts.signatures, 1):
            identifier = f"SIG-{number}-{place}"
            root.append(_signature(identifier, facts, verdict.facts, digest))
            if facts.certificate:
                holders[_certificate_id(facts)] = facts.certificate
    if not len(root):  # the schema wants one: a file without any is told as such
        root.append(_nothing_signed(_digest_of(verdicts[0].file), verdicts[0].facts))
    if holders:
        objects = _add(root, "SignatureValidationObjects")
        for identifier, fingerprint in holders.items():
            objects.append(_certificate(identifier, fingerprint))
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _signature(
    identifier: str, facts: SignatureFacts, file: FileFacts, digest: bytes
) -> ElementTree.Element:
    verdict, cause = judge_signature(facts, file)
    report = ElementTree.Element(f"{{{_VR}}}SignatureValidationReport")
    named = _add(report, "SignatureIdentifier", id=identifier)
    if facts.value:
        _add_digest(named, hashlib.sha256(facts.value).digest())
        _text(named, f"{{{_DS}}}SignatureValue", base64.b64encode(facts.value).decode())
    _add(named, "HashOnly").text = "false"
    _add(named, "DocHashOnly").text = "false"
    _add_policy(report, file)
    _add_times(report, file.at, facts.proven_at)
    _add_digest(_add(report, "SignersDocument"), digest)
    if facts.certificate:
        signer = _add(report, "SignerInformation")
        _add(signer, "SignerCertificate", VOReference=_certificate_id(facts))
        _add(signer, "Signer").text = facts.signer
    _add_status(report, verdict, _SUB_INDICATIONS.get(cause, ""))
    return report


def _nothing_signed(digest: bytes, file: FileFacts) -> ElementTree.Element:
    report = ElementTree.Element(f"{{{_VR}}}SignatureValidationReport")
    _add_policy(report, file)
    _add_times(report, file.at, None)
    _add_digest(_add(report, "SignersDocument"), digest)
    status = _add(report, "SignatureValidationStatus")
    _add(status, "MainIndication").text = "urn:etsi:019102:mainindication:noSignatureFound"
    return report


def _add_policy(report: ElementTree.Element, file: FileFacts) -> None:
    evaluation = _add(report, "ValidationConstraintsEvaluationReport")
    policy = _add(evaluation, "SignatureValidationPolicy")
    identifier = _add(policy, "SignaturePolicyIdentifier")
    _text(identifier, f"{{{_XADES}}}SignaturePolicyImplied", "")
    _add(policy, "PolicyName").text = file.policy.name


def _add_times(report: ElementTree.Element, at: datetime, proven: datetime | None) -> None:
    times = _add(report, "ValidationTimeInfo")
    _add(times, "ValidationTime").text = iso_utc(at)
    best = _add(times, "BestSignatureTime")
    _add(best, "POETime").text = iso_utc(proven or at)
    _add(best, "TypeOfProof").text = _PROVIDED if proven else _PROOF


def _add_status(report: ElementTree.Element, verdict: Verdict, sub: str) -> None:
    process = _add(report, "SignatureValidationProcess")
    _add(process, "SignatureValidationProcessID").text = _PROCESS
    status = _add(report, "SignatureValidationStatus")
    _add(status, "MainIndication").text = _INDICATIONS[verdict]
    if sub:
        _add(status, "SubIndication").text = f"urn:etsi:019102:subindication:{sub}"


def _certificate(identifier: str, fingerprint: bytes) -> ElementTree.Element:
    held = ElementTree.Element(f"{{{_VR}}}ValidationObject", id=identifier)
    _add(held, "ObjectType").text = "urn:etsi:019102:validationObject:certificate"
    _add_digest(_add(held, "ValidationObjectRepresentation"), fingerprint)
    return held


def _certificate_id(facts: SignatureFacts) -> str:
    return f"CERT-{facts.certificate.hex()[:32]}"


def _digest_of(file: Path) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _add_digest(parent: ElementTree.Element, digest: bytes) -> None:
    holder = _add(parent, "DigestAlgAndValue")
    ElementTree.SubElement(holder, f"{{{_DS}}}DigestMethod", Algorithm=_SHA256)
    _text(holder, f"{{{_DS}}}DigestValue", base64.b64encode(digest).decode())


def _add(parent: ElementTree.Element, name: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, f"{{{_VR}}}{name}", attributes)


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
