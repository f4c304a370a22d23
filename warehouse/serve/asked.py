"""What is asked, as it stands in the OpenAPI description.

Every text is bounded and free of control characters; owners' numbers come in bodies only.
"""

from datetime import date
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from foundation.messages import N_

_ID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
RecordId = Annotated[str, Path(pattern=_ID, description="Id of a record, never its code.")]
ReleaseId = Annotated[str, Path(pattern=_ID)]
ConsentId = Annotated[str, Path(pattern=_ID)]


def _printable(text: str) -> str:
    if not all(c.isprintable() or c == "\n" for c in text):
        raise ValueError(N_("control characters are not taken"))
    return text


_CLEAN = AfterValidator(_printable)
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300), _CLEAN]
Value = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), _CLEAN]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), _CLEAN
]
Name = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,100}$")]
Purpose = Literal["keep", "reuse"]


class Body(BaseModel):
    """Base of what is asked: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnerIn(Body):
    """Whose paper it is."""

    number: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9 .-]{7,18}[0-9]$")] = Field(
        repr=False, description="12 digits (old CMND: 9); an organisation 10 or 13."
    )
    name: Line = ""


class DepositIn(Body):
    """What is said about a paper; its PDF is another part of the request."""

    type: Name = Field(description="Name or code of the paper's profile.")
    owner: OwnerIn | None = Field(
        default=None, description="Without one: not known yet; bind it later."
    )
    co_owners: tuple[OwnerIn, ...] = Field(default=(), max_length=20)
    number: Line = Field(default="", description="The paper's own number.")
    fields: dict[Name, Value] = Field(default={}, max_length=200)
    valid_until: date | None = None
    procedure: Line = ""
    dossier_code: Line = ""
    supersede: bool = Field(default=False, description="Replace the paper held under this number.")
    component: bool = Field(default=False, description="Part of a dossier: kept with consent only.")
    consent: Annotated[str, StringConstraints(pattern=_ID)] | None = Field(
        default=None,
        description="The consent it is kept on; else a law, or whichever consent covers it.",
    )


class FindIn(Body):
    """Whose papers, or which one by its official code."""

    owner: OwnerIn | None = None
    code: Line = ""
    type: Name | None = None
    all: bool = Field(default=False, description="Also those no longer in force.")


class PlanIn(Body):
    """For whom and for which procedure."""

    owner: OwnerIn
    procedure: Name
    on: date | None = None


class ReuseIn(Body):
    """For which procedure a paper is handed out, and why."""

    procedure: Name
    reason: Line = ""
    owner: OwnerIn | None = Field(
        default=None, description="For which owner; needed of a paper of several kept on consent."
    )


class ReasonIn(Body):
    """Why."""

    reason: Reason


class BindIn(Body):
    """Whose paper it turned out to be."""

    owner: OwnerIn
    co_owners: tuple[OwnerIn, ...] = Field(default=(), max_length=20)


class EvidenceIn(Body):
    """What shows that it was said."""

    kind: Literal["form", "otp", "witness"]
    reference: Line = Field(
        default="", description="Who heard it, or the number of the OTP's message."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = Field(
        default="", description="Of the scanned form."
    )


class GiverIn(Body):
    """Who said it, if not the owner."""

    role: Literal["owner", "guardian", "delegate"] = "owner"
    name: Line = ""
    authority: Line = Field(default="", description="The paper that shows that they may.")


class ConsentIn(Body):
    """What an owner agreed to."""

    owner: OwnerIn
    papers: tuple[Name, ...] = Field(min_length=1, max_length=50)
    evidence: EvidenceIn
    giver: GiverIn = GiverIn()
    purposes: tuple[Purpose, ...] = Field(("keep", "reuse"), min_length=1, max_length=2)
    procedures: tuple[Name, ...] = Field(default=(), max_length=50)
    until: date | None = None
    once: bool = False
    language: Literal["vi", "en"] | None = Field(
        default=None, description="Of the notice read out."
    )


class WithdrawIn(Body):
    """How it was taken back."""

    evidence: EvidenceIn
    giver: GiverIn = GiverIn()
    erase: bool = Field(default=False, description="Let go also of what a law would let us keep.")


class OwnerAsk(Body):
    """About whom."""

    owner: OwnerIn


class AccountIn(OwnerAsk):
    """About whom, and from which entry on."""

    after: int = Field(default=0, ge=0, le=2**53)
    limit: int = Field(1000, ge=1, le=1000)


class VerifyIn(Body):
    """Checkpoints and receipts kept elsewhere, that the audit must still hold."""

    witnesses: tuple[Annotated[str, StringConstraints(max_length=20_000)], ...] = Field(
        default=(), max_length=10
    )


class CheckIn(Body):
    """How many records to look at; the next check goes on from there."""

    limit: int = Field(200, ge=1, le=2000)
