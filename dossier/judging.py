"""What a stranger's file comes to, and why in words a citizen understands."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dossier.checking import Reliance, judge_document
from foundation.messages import N_, _
from foundation.privacy import mask_text
from warehouse.web import Outcome, Signed

#: Which causes say that a file is not what was signed, that it cannot be judged, or that nobody
#: signed it.
_BY_CAUSE: tuple[tuple[set[str], Outcome], ...] = (
    (
        {
            "altered", "wrong-value", "container", "partial", "appended", "forms", "content",
            "hidden-signature", "other-content",
        },
        "changed",
    ),
    ({"malformed", "encrypted"}, "unreadable"),
    ({"not-signed", "only-timestamps"}, "unsigned"),
)  # fmt: skip
#: Why a signature is not proven, for people who have never heard of certificates on a shelf.
_DOUBTS = {
    "not-signed": N_("It carries no electronic signature."),
    "only-timestamps": N_("It carries no electronic signature."),
    "revoked": N_("The signer's certificate had been revoked."),
    "revoked-unproven": N_("The signer's certificate was revoked, perhaps before the signing."),
    "weak": N_("The signature uses a method that is no longer safe."),
    "old-kind": N_("The signature uses a method that is no longer safe."),
    "untrusted": N_("The signer is not among those this office trusts."),
    "no-roots": N_("The signer is not among those this office trusts."),
    "out-of-date": N_("The signer's certificate was not valid at that time."),
    "future": N_("The signature claims a time in the future."),
}
_DOUBT = N_("Whether the signer's certificate holds could not be found out just now.")


@dataclass(frozen=True)
class JudgedFile:
    """What a PDF's own process found in it."""

    verdict: str
    causes: tuple[str, ...] = ()
    signed: tuple[Signed, ...] = ()
    seal: dict[str, Any] | None = None

    @property
    def outcome(self) -> Outcome:
        """What it is by itself, whatever the store holds."""
        if self.verdict == "valid":
            return "genuine"
        for causes, outcome in _BY_CAUSE:
            if causes & set(self.causes):
                return outcome
        return "not-valid" if self.verdict == "invalid" else "unproven"

    @property
    def doubt(self) -> str:
        """Why its signatures are not proven, in words; empty where they are."""
        if self.verdict == "valid":
            return ""
        return _(next((_DOUBTS[cause] for cause in self.causes if cause in _DOUBTS), _DOUBT))


def look(path: Path, relied: Reliance) -> JudgedFile:
    """What is in a PDF; called in a process of its own."""
    told = judge_document(path, relied)
    signed = tuple(
        Signed(
            mask_text(one["signer"]),
            datetime.fromisoformat(at) if (at := one["timestamp"] or one["signed_at"]) else None,
            bool(one["timestamp"]),
        )
        for one in told["signatures"]
        if one["level"] != "timestamp"
    )
    seal = told["seal"]
    causes = [told.get("cause", ""), *(one["cause"] for one in told["signatures"])]
    if seal and seal["verdict"] == "invalid":
        causes.append(seal["cause"])
    return JudgedFile(told["verdict"], tuple(filter(None, causes)), signed, seal)


def compared(paper: dict[str, Any]) -> Outcome:
    """What the comparison of a paper's print with its seal comes to."""
    if paper["bare"]:
        return "seal-genuine"  # the QR code alone was photographed
    words: dict[str, Outcome] = {"matches": "paper-matches", "doubtful": "paper-doubtful"}
    return words.get(paper["verdict"], "paper-differs")


def one_begins_with_the_other(one: Path, other: Path) -> bool:
    """Whether the shorter of two files is the beginning of the longer."""
    with one.open("rb") as first, other.open("rb") as second:
        left = min(one.stat().st_size, other.stat().st_size)
        while left > 0:
            size = min(left, 1 << 20)
            if first.read(size) != second.read(size):
                return False
            left -= size
    return True
