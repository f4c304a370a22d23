"""Until when will a signature that holds today still hold, and what ends it?

A signature rests on its certificates; a timestamp takes their place, and an archive timestamp
the place of the one before, if the file also carries the proof that nothing was revoked
(ETSI EN 319 102-1, 5.6). The weakest that is left decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from signing.facts import FileFacts, SignatureFacts
from signing.policy import judge_file, judge_signature

#: Days of a year, leap years counted in.
_YEAR = 365.2425


class Limit(StrEnum):
    """What ends a signature's force."""

    NOW = "does-not-hold"
    CERTIFICATE = "certificate"
    EVIDENCE = "evidence"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class Outlook:
    """``until``: the last moment (UTC); None where it does not hold today."""

    until: datetime | None
    limit: Limit


def outlook_of(facts: SignatureFacts, file: FileFacts) -> Outlook:
    """Until when one signature holds."""
    if judge_signature(facts, file)[0] != "valid":
        return Outlook(None, Limit.NOW)
    later = file.signatures[file.signatures.index(facts) + 1 :]
    archive = [one.timestamp for one in later if one.kind == "timestamp" and one.timestamp]
    stamp = archive[-1] if archive else facts.timestamp
    if stamp is None or stamp.ends is None:
        return Outlook(facts.chain_ends, Limit.CERTIFICATE)
    proven = (
        (stamp is facts.timestamp and facts.kind == "timestamp")
        or facts.evidence_embedded
        or facts.revocation == "none-offered"
    )
    if not proven and facts.chain_ends and facts.chain_ends < stamp.ends:
        return Outlook(facts.chain_ends, Limit.EVIDENCE)
    return Outlook(stamp.ends, Limit.TIMESTAMP)


def outlook_of_file(file: FileFacts) -> Outlook:
    """Until when all of a file's signatures hold: the first of them to end decides."""
    outlooks = [outlook_of(one, file) for one in file.signatures]
    ends = [one for one in outlooks if one.until is not None]
    if judge_file(file)[0] != "valid" or len(ends) < len(outlooks) or not ends:
        return Outlook(None, Limit.NOW)
    return min(ends, key=lambda one: one.until or file.at)


def years_on(moment: datetime, years: int) -> datetime:
    """The moment ``years`` later."""
    return moment + timedelta(days=_YEAR * years)
