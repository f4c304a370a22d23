"""Judge the facts: which signature holds, and which file.

``valid`` needs everything: intact, the whole file covered or only signatures and
their evidence appended, trusted to a given root, in date, meant for signing.
``invalid``: something proves the file or the signature wrong. ``indeterminate``:
not proven either way, which is never enough.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Literal

from signing.facts import Changes, FileFacts, FileFault, SignatureFacts

Verdict = Literal["valid", "invalid", "indeterminate"]

#: PAdES levels from the lowest to the highest (ETSI EN 319 142-1).
_LEVELS = ("b-b", "b-t", "b-lt", "b-lta")


class Cause(StrEnum):
    """Why a signature or a file is not valid. Each has its words in :mod:`signing.verify`."""

    NONE = ""
    UNREADABLE = "unreadable"
    ALTERED = "altered"
    WRONG_VALUE = "wrong-value"
    CONTAINER = "container"
    PARTIAL = "partial"
    APPENDED = "appended"
    FORMS = "forms"
    CONTENT = "content"
    BROKEN_TIMESTAMP = "broken-timestamp"
    WEAK = "weak"
    REVOKED = "revoked"
    REVOKED_UNPROVEN = "revoked-unproven"
    NO_EVIDENCE = "no-revocation-evidence"
    NO_TIMESTAMP_EVIDENCE = "no-timestamp-evidence"
    NO_ROOTS = "no-roots"
    UNTRUSTED = "untrusted"
    OUT_OF_DATE = "out-of-date"
    NOT_FOR_SIGNING = "not-for-signing"
    UNTRUSTED_TIMESTAMP = "untrusted-timestamp"
    FUTURE = "future"
    STRAY = "stray-certificate"
    NOT_SIGNED = "not-signed"
    ONLY_TIMESTAMPS = "only-timestamps"
    MALFORMED = "malformed"
    ENCRYPTED = "encrypted"
    HIDDEN = "hidden-signature"
    UNKNOWN_KIND = "unknown-kind"
    OLD_KIND = "old-kind"


_CHANGES = {
    Changes.APPENDED: Cause.APPENDED,
    Changes.FORMS: Cause.FORMS,
    Changes.CONTENT: Cause.CONTENT,
}
_FILE_FAULTS: dict[FileFault, tuple[Verdict, Cause]] = {
    FileFault.MALFORMED: ("invalid", Cause.MALFORMED),
    FileFault.ENCRYPTED: ("indeterminate", Cause.ENCRYPTED),
    FileFault.HIDDEN: ("invalid", Cause.HIDDEN),
    FileFault.UNKNOWN_KIND: ("indeterminate", Cause.UNKNOWN_KIND),
    FileFault.OLD_KIND: ("indeterminate", Cause.OLD_KIND),
}


def broken(facts: SignatureFacts) -> Cause:
    """What proves the signature wrong whoever its signer is; ``NONE`` when nothing does."""
    stamp = facts.timestamp
    return _first(
        (Cause.WEAK, facts.trouble == "weak"),
        (Cause.UNREADABLE, bool(facts.unreadable)),
        (Cause.ALTERED, not facts.intact),
        (Cause.WRONG_VALUE, not facts.value_right),
        (Cause.CONTAINER, bool(facts.container)),
        (Cause.PARTIAL, not facts.covers_revision),
        (Cause.BROKEN_TIMESTAMP, stamp is not None and not stamp.intact),
        (_CHANGES.get(facts.changes, Cause.NONE), True),
    )


def judge_signature(facts: SignatureFacts, file: FileFacts) -> tuple[Verdict, Cause]:
    """The verdict on one signature and its cause."""
    if (cause := broken(facts)) is not Cause.NONE:
        return "invalid", cause
    if facts.trouble == "revoked":
        return _revoked(facts)
    if (cause := _doubt(facts, file)) is not Cause.NONE:
        return "indeterminate", cause
    return "valid", Cause.NONE


def judge_when_signed(facts: SignatureFacts, file: FileFacts) -> tuple[Verdict, Cause]:
    """The verdict as of the time of signing, taking the signer's word for when that was.

    What ended or was revoked later does not count, nor whether the time is proven.
    """
    since, claimed = facts.revoked_since, facts.claimed_at
    later = bool(since and claimed and claimed < since)
    ended = facts.trouble == "out-of-date" or (facts.trouble == "revoked" and later)
    if ended and facts.held_when_signed:
        facts = replace(facts, trusted=True, trouble="", in_date=True, revocation="good")
    return judge_signature(facts, file)


def judge_file(file: FileFacts) -> tuple[Verdict, Cause]:
    """The verdict on the file: as bad as its worst signature. The cause is the file's own."""
    if file.fault is not FileFault.NONE:
        return _FILE_FAULTS[file.fault]
    verdicts = [judge_signature(one, file)[0] for one in file.signatures]
    if "invalid" in verdicts:
        return "invalid", Cause.NONE
    if not verdicts:
        return "indeterminate", Cause.NOT_SIGNED
    if all(one.kind == "timestamp" for one in file.signatures):
        return "indeterminate", Cause.ONLY_TIMESTAMPS
    return ("indeterminate" if "indeterminate" in verdicts else "valid"), Cause.NONE


def level_of(facts: SignatureFacts, file: FileFacts) -> str:
    """The PAdES level reached (ETSI EN 319 142-1), or ``pkcs7`` for older signatures."""
    if facts.kind == "timestamp":
        return "timestamp"
    if facts.subfilter != "/ETSI.CAdES.detached":
        return "pkcs7"
    later = file.signatures[file.signatures.index(facts) + 1 :]
    stamps = sum(one.kind == "timestamp" for one in later)
    if facts.timestamp is None and stamps == 0:
        return "b-b"
    if not facts.evidence_embedded:
        return "b-t"
    # Where the first document timestamp stands for the signature's own, a second one is needed.
    return "b-lta" if stamps > (facts.timestamp is None) else "b-lt"


def reaches(level: str, wanted: str) -> bool:
    """Whether a level is as high as another; signatures of older formats reach none."""
    return level in _LEVELS and _LEVELS.index(level) >= _LEVELS.index(wanted)


def _revoked(facts: SignatureFacts) -> tuple[Verdict, Cause]:
    """ETSI EN 319 102-1, 5.5: who can prove no earlier time gets the benefit of doubt only."""
    since, claimed = facts.revoked_since, facts.claimed_at
    unproven = facts.proven_at is None and since is not None and (claimed or since) < since
    if unproven:
        return "indeterminate", Cause.REVOKED_UNPROVEN
    return "invalid", Cause.REVOKED


def _doubt(facts: SignatureFacts, file: FileFacts) -> Cause:
    """What keeps a sound signature from being trusted."""
    stamp, latest = facts.timestamp, file.at + file.policy.tolerance
    moments = [facts.claimed_at, stamp.time if stamp else None]
    demanded = file.policy.revocation == "required"
    stamp_unchecked = stamp is not None and stamp.revocation == "unchecked"
    return _first(
        (Cause.NO_ROOTS, not file.anchors_given),
        (Cause.OUT_OF_DATE, not facts.in_date or facts.trouble == "out-of-date"),
        (Cause.NOT_FOR_SIGNING, not facts.may_sign),
        (Cause.UNTRUSTED, not facts.trusted),
        (Cause.UNTRUSTED_TIMESTAMP, stamp is not None and not stamp.trusted),
        (Cause.FUTURE, any(moment and moment > latest for moment in moments)),
        (Cause.STRAY, facts.stray_certificates),
        (Cause.NO_EVIDENCE, demanded and facts.revocation == "unchecked"),
        (Cause.NO_TIMESTAMP_EVIDENCE, demanded and stamp_unchecked),
    )


def _first(*findings: tuple[Cause, bool]) -> Cause:
    return next((cause for cause, found in findings if found), Cause.NONE)
