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
from foundation.times import iso_utc, utc_now, vietnam_time
from signing.errors import PdfUnreadable
from signing.facts import Changes, FileFacts, Oddity, SignatureFacts
from signing.gather import gather
from signing.outlook import Limit, Outlook, outlook_of, outlook_of_file, years_on
from signing.policy import (
    Cause,
    Verdict,
    judge_file,
    judge_signature,
    judge_when_signed,
    level_of,
)
from signing.trust import load_anchors, split_roots
from signing.validation_policy import ValidationPolicy, default_policy

_WORDS = {
    Cause.UNREADABLE: N_("The signature is damaged and cannot be read."),
    Cause.ALTERED: N_("The document was changed after it was signed."),
    Cause.WRONG_VALUE: N_("The signature does not belong to this document or to this signer."),
    Cause.CONTAINER: N_(
        "The signature is not written as the standard wants it: changed after it was made?"
    ),
    Cause.PARTIAL: N_("The signature does not cover all of what was signed."),
    Cause.APPENDED: N_("Something was added behind the signed document."),
    Cause.FORMS: N_("A form field was filled in or changed after signing."),
    Cause.CONTENT: N_("Pages, content or properties were changed or added after signing."),
    Cause.BROKEN_TIMESTAMP: N_("The timestamp is damaged or belongs to another signature."),
    Cause.WEAK: N_("The signature uses a method that is no longer safe."),
    Cause.REVOKED: N_("The signer's certificate had been revoked."),
    Cause.REVOKED_UNPROVEN: N_(
        "The signer's certificate was revoked, and nothing proves that it was signed before."
    ),
    Cause.NO_EVIDENCE: N_(
        "Whether the signer's certificate was revoked could not be found out: the file does not "
        "say, and no service gave an answer that is still in date. Try again with a network, or "
        "accept it unchecked: --offline."
    ),
    Cause.NO_TIMESTAMP_EVIDENCE: N_(
        "Whether the timestamp service's certificate was revoked could not be found out. "
        "Try again with a network, or accept it unchecked: --offline."
    ),
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
    Cause.OLD_KIND: N_(
        "The file carries a signature of an old kind that rests on SHA-1 and proves nothing any "
        "more. Have the paper signed anew."
    ),
}
#: What was let pass, and why it harms nobody.
_NOTES = {
    Oddity.UNUSED_FREED: N_("A later revision gives up object numbers that were not in use."),
    Oddity.HYBRID: N_("The file has a second list of objects for old viewers, signed as well."),
    Oddity.LENIENT: N_("The file bends the rules of PDF; a signature covers every byte of it."),
}
_ALLOWED_FORMS = N_("Form fields were filled in after signing, as the signers allowed.")
_UNCHECKED = N_("Whether its certificate was revoked was not checked.")
_LIMITS = {
    Limit.NOW: N_("It does not hold today."),
    Limit.CERTIFICATE: N_(
        "Holds until its certificate ends, {until}; longer with: sohoa sign --upgrade --level b-lta"
    ),
    Limit.EVIDENCE: N_(
        "Holds until its certificate ends, {until}, as the file does not prove that it was not "
        "revoked; longer with: sohoa sign --upgrade --level b-lta"
    ),
    Limit.TIMESTAMP: N_(
        "Holds until the certificate of its last timestamp ends, {until}; renew it before with: "
        "sohoa sign --upgrade --level b-lta"
    ),
}
#: How much of the two ends of a file is searched for the marks of a PDF (ISO 32000-2, Annex I).
_ENDS = 2048


@dataclass(frozen=True)
class SignatureVerdict:
    """One signature as the report shows it. Times are UTC.

    ``root`` is the fingerprint of the trusted root it leads to; ``when_signed`` the verdict as
    of the time of signing; ``holds_until`` the last moment at which it will hold, ``outlook``
    why in words. ``notes`` tell what was let pass.
    """

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
    cause: str = ""
    root: str = ""
    when_signed: Verdict = "indeterminate"
    holds_until: datetime | None = None
    outlook: str = ""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The signature as it stands in ``verify --json``."""
        names = ("signed_at", "timestamp", "holds_until")
        times = {name: getattr(self, name) for name in names}
        shown = {name: time and iso_utc(time) for name, time in times.items()}
        return vars(self) | shown | {"notes": list(self.notes)}


@dataclass(frozen=True)
class YearsVerdict:
    """Whether a file will still hold in so many years if nothing is done."""

    years: int
    at: datetime
    holds: bool
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """As it stands in ``verify --json``."""
        return vars(self) | {"at": iso_utc(self.at)}


@dataclass(frozen=True)
class FileVerdict:
    """The verdict on a file. ``reason`` speaks where the cause is the file and no signature."""

    file: Path
    verdict: Verdict
    signatures: tuple[SignatureVerdict, ...]
    facts: FileFacts
    reason: str = ""
    cause: str = ""
    in_years: YearsVerdict | None = None

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
            "policy": self.facts.policy.name,
            "judged_at": iso_utc(self.facts.at),
        }
        if self.in_years:
            shown["in_years"] = self.in_years.as_dict()
        return shown | ({"reason": self.reason, "cause": self.cause} if self.reason else {})


def verify_file(
    path: Path,
    trust: Sequence[Path],
    *,
    at: datetime | None = None,
    policy: ValidationPolicy | None = None,
    known: Sequence[Path] = (),
    years: int = 0,
) -> FileVerdict:
    """Check every signature of a PDF.

    A damaged or hostile PDF gets a verdict. What the file does not prove of revocation is
    asked over the network, unless the policy says otherwise.

    Args:
        path: the file.
        trust: PEM or DER files, or folders of them, with the roots to trust.
        at: the moment to judge at, with a time zone; now if not given.
        policy: what is demanded; the default policy if not given.
        known: more certificates, of issuers, not trusted as such.
        years: also say whether it will hold in so many years.

    Raises:
        PdfUnreadable: the file is missing, or is no PDF at all.
        BadTrustFile: a root cannot be read.
    """
    anchors, below = split_roots([anchor.certificate for anchor in load_anchors(trust)])
    issuers = [*below, *(anchor.certificate for anchor in load_anchors(known))]
    try:
        if not is_pdf(path):
            raise PdfUnreadable(file=path, detail=_("no PDF"))
        facts = gather(path, anchors, at or utc_now(), policy or default_policy(), issuers)
    except OSError as error:
        raise PdfUnreadable(file=path, detail=reason_of(error)) from error
    verdict, cause = judge_file(facts)
    shown = tuple(in_words(one, facts) for one in facts.signatures)
    later = _in_years(facts, years) if years else None
    return FileVerdict(path, verdict, shown, facts, explain(cause), cause.value, later)


def explain(cause: Cause) -> str:
    """The cause in words, in the user's language; empty for none."""
    return "" if cause is Cause.NONE else _(_WORDS[cause])


def in_words(facts: SignatureFacts, file: FileFacts) -> SignatureVerdict:
    """The verdict on one signature, with its reason in the user's language."""
    verdict, cause = judge_signature(facts, file)
    stamp = facts.timestamp.time if facts.timestamp else facts.attested_at
    outlook = outlook_of(facts, file)
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
        cause=cause.value,
        root=facts.root,
        when_signed=judge_when_signed(facts, file)[0],
        holds_until=outlook.until,
        outlook=_outlook_in_words(outlook),
        notes=tuple(_notes(facts, file)) if verdict == "valid" else (),
    )


def _notes(facts: SignatureFacts, file: FileFacts) -> list[str]:
    notes = [_(_NOTES[oddity]) for oddity in (*file.oddities, *facts.oddities)]
    if facts.changes is Changes.ALLOWED_FORMS:
        notes.append(_(_ALLOWED_FORMS))
    if facts.revocation == "unchecked":
        notes.append(_(_UNCHECKED))
    return notes


def _in_years(file: FileFacts, years: int) -> YearsVerdict:
    at, outlook = years_on(file.at, years), outlook_of_file(file)
    holds = outlook.until is not None and outlook.until >= at
    return YearsVerdict(years, at, holds, _outlook_in_words(outlook))


def _outlook_in_words(outlook: Outlook) -> str:
    until = vietnam_time(outlook.until).strftime("%d/%m/%Y") if outlook.until else ""
    return _(_LIMITS[outlook.limit]).format(until=until)


def is_pdf(path: Path) -> bool:
    """Whether it is a PDF, if a damaged one, and not something that never was. Raises OSError."""
    with path.open("rb") as stream:
        start = stream.read(_ENDS)
        stream.seek(max(0, path.stat().st_size - _ENDS))
        end = stream.read(_ENDS)
    return b"%PDF-" in start or b"startxref" in end or b"%%EOF" in end
