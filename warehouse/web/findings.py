"""What a check came to, as the page is told it: no personal data beyond a masked hint."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

from warehouse.values import Status

#: What was found out. By a code or a QR code's address:
#:
#: ``known``: the store holds the paper; ``unknown``: no such code; ``gone``: the code was given
#: and nothing is held under it (erased, or never deposited); ``withheld``: the code alone says
#: whose paper it is, and whoever knows a number could ask with it.
#:
#: About a PDF:
#:
#: ``same``: byte for byte what is held; ``copy``: a genuine signed copy of what is held, with
#: proof added to the one or the other since; ``genuine``: its signatures hold, it is not held;
#: ``changed``: not what was signed; ``not-valid``: signatures that do not hold for another
#: reason; ``unproven``: neither proven nor refuted; ``unsigned``; ``unreadable``.
#:
#: About a picture:
#:
#: ``paper-matches``: the seal is genuine and so is what is printed; ``seal-genuine``: the seal
#: is, what is printed was not compared; ``paper-doubtful``, ``paper-differs``: the seal is, what
#: is printed is not all, or not at all, what was sealed; ``seal-false``: forged or damaged;
#: ``seal-unproven``: nobody trusted signed it; ``no-seal``: none can be read.
Outcome = Literal[
    "known", "unknown", "gone", "withheld",
    "same", "copy", "genuine", "changed", "not-valid", "unproven", "unsigned", "unreadable",
    "paper-matches", "seal-genuine", "paper-doubtful", "paper-differs",
    "seal-false", "seal-unproven", "no-seal",
]  # fmt: skip


@dataclass(frozen=True)
class Signed:
    """One signature: by whom, when (UTC), and whether a timestamp proves that time."""

    signer: str
    at: datetime | None
    stamped: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check came to.

    Attributes:
        status: of the record it is about, on this day; None where none is held.
        paper: what kind of paper it is.
        since: day (in Vietnam) of that status.
        valid_until: last day of validity.
        signed: its signatures, the last one last.
        seal: who sealed it and when, where the seal was checked.
        owner_hint: the owner's number, masked; only to who has the paper.
        reason: why, in the user's language, where that is more than the outcome says.
        strange: figures on the paper that were not sealed, masked.
    """

    outcome: Outcome
    status: Status | None = None
    paper: str = ""
    since: date | None = None
    valid_until: date | None = None
    signed: tuple[Signed, ...] = ()
    seal: Signed | None = None
    owner_hint: str = ""
    reason: str = ""
    strange: tuple[str, ...] = ()


class Desk(Protocol):
    """Who checks. Called from threads; files are hostile and must not be read in this process.

    Every method can raise a SohoaError where the store or a trust file cannot be read.
    """

    def status(self, code: str) -> Finding:
        """What becomes of a code, the address in a QR code, or the text of a signed one."""

    def check_pdf(self, path: Path) -> Finding:
        """Whether a PDF is what is held, or else whether its signatures hold."""

    def check_picture(self, path: Path) -> Finding:
        """What the QR seal on a photographed or scanned paper comes to, and the paper itself."""
