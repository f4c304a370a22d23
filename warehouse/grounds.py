"""On what ground a paper is kept and handed out: the values of law and consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from foundation.messages import N_, _
from warehouse.values import Owner, Record

#: Under which name the owner's consent stands as a basis (``profiles/bases``).
CONSENT = "dong-y"
#: ``keep``: hold the paper in the owner's store. ``reuse``: hand it out for a procedure of theirs.
Purpose = Literal["keep", "reuse"]
ConsentState = Literal["in-force", "withdrawn", "spent", "expired"]


@dataclass(frozen=True)
class Basis:
    """Why a paper may be kept or handed out.

    Attributes:
        kind: a law the state body acts on, or the owner's consent.
        name: of the profile that says so; ``rule`` its articles, as quoted in receipts.
        consent_id: which consent; empty where it is a law.
    """

    kind: Literal["law", "consent"]
    name: str
    rule: str = ""
    consent_id: str = ""

    def __str__(self) -> str:
        return self.consent_id or self.rule or self.name


@dataclass(frozen=True)
class Told:
    """What the owner was told: which notice, in which language, the SHA-256 of its text."""

    notice: str
    language: Literal["vi", "en"]
    sha256: str


@dataclass(frozen=True)
class Evidence:
    """How it is shown that somebody said yes, or took it back.

    Attributes:
        kind: a signed form that was scanned, a one-time password, or a witness at the counter.
        reference: the witness's name, or the number of the one-time password's message; never
            the password.
        sha256: of the scanned form.
    """

    kind: Literal["form", "otp", "witness"]
    reference: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Giver:
    """Who said yes: the owner, a guardian, or somebody the owner sent.

    Attributes:
        authority: what shows that they may: a number or a SHA-256 of the paper that says so.
    """

    role: Literal["owner", "guardian", "delegate"] = "owner"
    name: str = ""
    authority: str = ""


@dataclass(frozen=True)
class Agreement:
    """What an owner agrees to.

    Attributes:
        papers: names of paper types, each by itself: nobody agrees to what they were not told.
        sensitive: those of them that are sensitive personal data (NĐ 356/2025).
        procedures: codes; empty: any administrative procedure of the owner.
        until: last day on which it holds; None: until it is withdrawn.
        once: it is spent with the first paper handed out.
        controller: the body that answers for the data.
        adult_age: in full years; below it a guardian must agree. 0: not judged.
    """

    owner: Owner
    papers: tuple[str, ...]
    told: Told
    evidence: Evidence
    controller: str
    purposes: tuple[Purpose, ...] = ("keep", "reuse")
    procedures: tuple[str, ...] = ()
    giver: Giver = Giver()
    until: date | None = None
    once: bool = False
    sensitive: tuple[str, ...] = ()
    adult_age: int = 0


@dataclass(frozen=True)
class Consent:
    """A consent on record. ``receipt`` and ``withdrawal`` are signed (:mod:`warehouse.receipts`).

    Attributes:
        once: it covers the handing out of one paper, and was ``spent_at``.
        withdrawal: empty while it has not been withdrawn.
    """

    id: str
    owner_identifier: str = field(repr=False)
    papers: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    procedures: tuple[str, ...]
    until: date | None
    once: bool
    given_at: datetime
    receipt: str = field(repr=False)
    spent_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal: str = field(default="", repr=False)

    def state(self, day: date) -> ConsentState:
        """How it stands on a day."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.spent_at is not None:
            return "spent"
        return "expired" if self.until is not None and self.until < day else "in-force"

    def covers(self, paper: str, purpose: Purpose, procedure: str = "") -> bool:
        """Whether it was given for this paper, this purpose and, to hand out, this procedure."""
        wide = not self.procedures or procedure in self.procedures or purpose == "keep"
        return paper in self.papers and purpose in self.purposes and wide

    def keeps(self, paper: str, day: date) -> bool:
        """Whether such papers may be kept on it; one that was spent on a release still keeps."""
        return self.covers(paper, "keep") and self.state(day) in ("in-force", "spent")


@dataclass(frozen=True)
class Withdrawal:
    """What came of taking a consent back.

    Attributes:
        kept: records kept on as a law asks for it.
        ended: records no longer kept on any ground: not found, not handed out, to be erased.
        shared: records of several owners kept on for another of them, who agreed too.
    """

    consent: Consent
    kept: tuple[str, ...]
    ended: tuple[str, ...]
    shared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How many papers an operator may take out in an hour, and how often one record in a day."""

    operator_an_hour: int
    record_a_day: int


@dataclass(frozen=True)
class Terms:
    """On what terms a paper is asked for.

    Attributes:
        known: the procedure has a profile here.
        papers: paper types that may be reused for it; None: not limited.
        explicit: the operator said why in their own words, which stands for a missing profile.
        basis: the law on which papers held by law are used; None: the one they are held on.
    """

    known: bool = True
    papers: frozenset[str] | None = None
    explicit: bool = False
    basis: Basis | None = None
    limits: Limits | None = None


@dataclass(frozen=True)
class Wanted:
    """A component a procedure asks for."""

    paper: str
    required: bool = True
    reusable: bool = True


@dataclass(frozen=True)
class Why:
    """Why a held paper does not serve: a stable cause for scripts; ``str()`` tells people."""

    cause: str
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return _(_WHY[self.cause]).format(**self.facts)


_WHY = {
    "held": N_("held since {day}"),
    "not-held": N_("not in the store"),
    "asked-anew": N_("this procedure asks for it each time"),
    "expired": N_("the one held expired after {day}"),
    "revoked": N_("the one held was revoked on {day}"),
    "superseded": N_("the one held was replaced on {day}"),
    "erased": N_("the one held was erased on {day}"),
    "withdrawn": N_("the owner withdrew their consent on {day}"),
    "no-basis": N_("it is not on record on what ground the one held is kept"),
    "no-consent": N_("the owner has not agreed to its use for this procedure"),
}


@dataclass(frozen=True)
class Planned:
    """What is to be done for one component, and why.

    Attributes:
        record: the one to be reused; None where the paper is to be scanned.
        why: the grounds of the decision, of the papers held the latest first.
    """

    wanted: Wanted
    record: Record | None
    why: tuple[Why, ...]
