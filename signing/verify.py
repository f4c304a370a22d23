"""Verify signed PDFs: the report, in plain words.

verdict = verify_file(Path("signed.pdf"), [Path("roots")])
verdict.verdict                  # 'valid', 'invalid' or 'indeterminate'
[s.reason for s in verdict.signatures]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from foundation.messages import N_, _
from foundation.reasons import reason_of
from foundation.times import iso_utc, utc_now
from signing.errors import PdfUnreadable
from signing.facts import FileFacts, SignatureFacts
from signing.gather import gather
from signing.policy import Cause, Verdict, judge_file, judge_signature, level_of
from signing.trust import load_anchors

_WORDS = {
    Cause.UNREADABLE: N_("The signature is damaged and cannot be read."),
    Cause.ALTERED: N_("The document was changed after it was signed."),
    Cause.WRONG_VALUE: N_("The signature does not belong to this document or to this signer."),
    Cause.CONTAINER: N_("The signature was changed after it was made."),
    Cause.PARTIAL: N_("The signature does not cover all of what was signed."),
    Cause.APPENDED: N_("Something was added behind the signed document."),
    Cause.FORMS: N_("A form field was filled in or changed after signing."),
    Cause.CONTENT: N_("Pages, content or properties were changed or added after signing."),
    Cause.BROKEN_TIMESTAMP: N_("The timestamp is damaged or belongs to another signature."),
    Cause.WEAK: N_("The signature uses a method that is no longer safe."),
    Cause.REVOKED: N_("The signer's certificate had been revoked."),
    Cause.NO_ROOTS: N_("No trusted root certificate was given, so the signer cannot be confirmed."),
    Cause.UNTRUSTED: N_("The signer's certificate does not come from a trusted root."),
    Cause.OUT_OF_DATE: N_("A certificate was not in force at the time of signing."),
    Cause.NOT_FOR_SIGNING: N_("The signer's certificate may not be used to sign documents."),
    Cause.UNTRUSTED_TIMESTAMP: N_("The timestamp does not come from a trusted service."),
    Cause.FUTURE: N_("The signature claims a time in the future."),
    Cause.STRAY: N_("The signature carries a certificate that nobody answers for."),
    Cause.NOT_SIGNED: N_("The file is not signed."),
    Cause.ONLY_TIMESTAMPS: N_("The file carries a timestamp, but nobody has signed it."),
    Cause.MALFORMED: N_("The file is damaged and cannot be read as a PDF."),
    Cause.ENCRYPTED: N_("The file is protected with a password and cannot be checked."),
    Cause.HIDDEN: N_("The file carries a hidden signature, or data behind its end."),
    Cause.UNKNOWN_KIND: N_("The file carries a signature of a kind that is not known here."),
}
#: How much of the two ends of a file is searched for the marks of a PDF (ISO 32000-2, Annex I).
_ENDS = 2048


@dataclass(frozen=True)
class SignatureVerdict:
    """One signature as the report shows it. Times are UTC."""

    signer: str
    level: str
    signed_at: datetime | None
    timestamp: datetime | None
    covers_whole_file: bool
    changes: str
    trusted: bool
    revocation: str
    verdict: Verdict
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The signature as it stands in ``verify --json``."""
        times = {"signed_at": self.signed_at, "timestamp": self.timestamp}
        return vars(self) | {key: time and iso_utc(time) for key, time in times.items()}


@dataclass(frozen=True)
class FileVerdict:
    """The verdict on a file. ``reason`` speaks where the cause is the file and no signature."""

    file: Path
    verdict: Verdict
    signatures: tuple[SignatureVerdict, ...]
    reason: str = ""

    @property
    def valid(self) -> bool:
        """Whether every signature holds and is trusted."""
        return self.verdict == "valid"

    def as_dict(self) -> dict[str, Any]:
        """The file as it stands in ``verify --json``; ``seal`` is filled in by who reads the QR."""
        shown: dict[str, Any] = {
            "file": str(self.file),
            "verdict": self.verdict,
            "signatures": [one.as_dict() for one in self.signatures],
            "seal": None,
        }
        return shown | ({"reason": self.reason} if self.reason else {})


def verify_file(path: Path, trust: Sequence[Path], *, at: datetime | None = None) -> FileVerdict:
    """Check every signature of a PDF.

    A damaged or hostile PDF gets a verdict. No network is used.

    Args:
        path: the file.
        trust: PEM or DER files, or folders of them, with the roots to trust.
        at: the moment to judge at, with a time zone; now if not given.

    Raises:
        PdfUnreadable: the file is missing, or is no PDF at all.
        BadTrustFile: a root cannot be read.
    """
    anchors = [anchor.certificate for anchor in load_anchors(trust)]
    try:
        _require_pdf(path)
        facts = gather(path, anchors, at or utc_now())
    except OSError as error:
        raise PdfUnreadable(file=path, detail=reason_of(error)) from error
    verdict, cause = judge_file(facts)
    shown = tuple(_shown(one, facts) for one in facts.signatures)
    return FileVerdict(path, verdict, shown, explain(cause))


def explain(cause: Cause) -> str:
    """The cause in words, in the user's language; empty for none."""
    return "" if cause is Cause.NONE else _(_WORDS[cause])


def _shown(facts: SignatureFacts, file: FileFacts) -> SignatureVerdict:
    verdict, cause = judge_signature(facts, file)
    stamp = facts.timestamp.time if facts.timestamp else facts.attested_at
    return SignatureVerdict(
        signer=facts.signer,
        level=level_of(facts, file),
        signed_at=stamp or facts.claimed_at,
        timestamp=stamp,
        covers_whole_file=facts.covers_whole_file,
        changes=facts.changes.value,
        trusted=facts.trusted,
        revocation=facts.revocation,
        verdict=verdict,
        reason=explain(cause),
    )


def _require_pdf(path: Path) -> None:
    """Tell a damaged PDF, which gets a verdict, from what never was one."""
    with path.open("rb") as stream:
        start = stream.read(_ENDS)
        stream.seek(max(0, path.stat().st_size - _ENDS))
        end = stream.read()
    if b"%PDF-" not in start and not (b"startxref" in end or b"%%EOF" in end):
        raise PdfUnreadable(file=path, detail=_("no PDF"))
