"""What is asked and answered, as it stands in the OpenAPI description.

Every text is bounded and free of control characters; owners' numbers come in bodies only and
go out masked.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from foundation.messages import N_
from foundation.privacy import mask_number
from warehouse.grounds import Consent, Planned, Withdrawal
from warehouse.values import AuditReport, CheckReport, Event, Fault, Record, Release, today

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


class Asked(BaseModel):
    """Base of what is asked: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnerIn(Asked):
    """Whose paper it is."""

    number: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9 .-]{7,18}[0-9]$")] = Field(
        repr=False, description="12 digits (old CMND: 9); an organisation 10 or 13."
    )
    name: Line = ""


class DepositIn(Asked):
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


class FindIn(Asked):
    """Whose papers, or which one by its official code."""

    owner: OwnerIn | None = None
    code: Line = ""
    type: Name | None = None
    all: bool = Field(default=False, description="Also those no longer in force.")


class PlanIn(Asked):
    """For whom and for which procedure."""

    owner: OwnerIn
    procedure: Name
    on: date | None = None


class ReuseIn(Asked):
    """For which procedure a paper is handed out, and why."""

    procedure: Name
    reason: Line = ""


class ReasonIn(Asked):
    """Why."""

    reason: Reason


class BindIn(Asked):
    """Whose paper it turned out to be."""

    owner: OwnerIn


class EvidenceIn(Asked):
    """What shows that it was said."""

    kind: Literal["form", "otp", "witness"]
    reference: Line = Field(
        default="", description="Who heard it, or the number of the OTP's message."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = Field(
        default="", description="Of the scanned form."
    )


class GiverIn(Asked):
    """Who said it, if not the owner."""

    role: Literal["owner", "guardian", "delegate"] = "owner"
    name: Line = ""
    authority: Line = Field(default="", description="The paper that shows that they may.")


class ConsentIn(Asked):
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


class WithdrawIn(Asked):
    """How it was taken back."""

    evidence: EvidenceIn
    giver: GiverIn = GiverIn()
    erase: bool = Field(default=False, description="Let go also of what a law would let us keep.")


class OwnerAsk(Asked):
    """About whom."""

    owner: OwnerIn


class AccountIn(OwnerAsk):
    """About whom, and from which entry on."""

    after: int = Field(default=0, ge=0, le=2**53)
    limit: int = Field(1000, ge=1, le=1000)


class VerifyIn(Asked):
    """Checkpoints and receipts kept elsewhere, that the audit must still hold."""

    witnesses: tuple[Annotated[str, StringConstraints(max_length=20_000)], ...] = Field(
        default=(), max_length=10
    )


class CheckIn(Asked):
    """How many records to look at; the next check goes on from there."""

    limit: int = Field(200, ge=1, le=2000)


class Told(BaseModel):
    """Base of what is answered."""


class RecordOut(Told):
    """A version of a record, its owner's number masked."""

    id: str
    version: int
    owner: str
    type: str
    type_code: str
    title: str
    status: Literal["active", "superseded", "revoked", "expired", "erased"]
    status_at: datetime
    status_reason: str
    number: str
    sha256: str
    size: int
    deposited_at: datetime
    deposited_by: str
    office: str
    valid_until: date | None
    procedure: str
    dossier_code: str


class MetadataOut(RecordOut):
    """With what the paper says."""

    fields: dict[str, str]


class StatusOut(Told):
    """Whether a record is in force."""

    id: str
    version: int
    status: str
    status_at: datetime
    valid_until: date | None


class WhyOut(Told):
    """Why a paper serves, or does not."""

    cause: str
    text: str


class PlannedOut(Told):
    """What is to be done for one component. ``record``: the one to reuse; null: to be scanned."""

    paper: str
    required: bool
    record: str | None
    version: int | None
    why: list[WhyOut]


class ReleaseOut(Told):
    """A paper handed out: its signed receipt, where to fetch it, and what it says."""

    release: str
    record: str
    version: int
    procedure: str
    reason: str
    at: datetime
    sha256: str
    basis: str
    receipt: str
    document: str
    prefill: dict[str, Any]


class ConsentOut(Told):
    """A consent, with its signed receipts."""

    consent: str
    owner: str
    state: str
    papers: list[str]
    purposes: list[str]
    procedures: list[str]
    until: date | None
    once: bool
    given_at: datetime
    withdrawn_at: datetime | None
    receipt: str
    withdrawal: str


class WithdrawalOut(ConsentOut):
    """What came of taking it back: records kept on by law, and ended."""

    kept: list[str]
    ended: list[str]


class EventOut(Told):
    """An entry of the audit about an owner."""

    number: int
    at: datetime
    action: str
    by: str
    role: str
    office: str
    record: str
    title: str
    details: dict[str, Any]


class FaultOut(Told):
    """One thing found wrong."""

    cause: str
    where: str
    message: str


class CheckpointOut(Told):
    """The last signed statement about the audit; empty before the first entry."""

    statement: str


class AuditOut(Told):
    """What a walk along the audit found."""

    ok: bool
    entries: int
    head: str
    checkpoints: int
    faults: list[FaultOut]


class CheckOut(Told):
    """What a check found. ``whole``: it came to the end of the records."""

    ok: bool
    whole: bool
    records: int
    bytes: int
    faults: list[FaultOut]


class CheckStateOut(Told):
    """How far the check of all records has come."""

    begun_at: datetime | None
    ended_at: datetime | None
    under_way: bool


def record_out(record: Record) -> RecordOut:
    """A record as it is answered."""
    return RecordOut(**_facts(record))


def metadata_out(record: Record) -> MetadataOut:
    """The same with what the paper says."""
    return MetadataOut(**_facts(record), fields=record.fields)


def _facts(record: Record) -> dict[str, Any]:
    same = set(RecordOut.model_fields) - {"owner", "type"}
    return {name: getattr(record, name) for name in same} | {
        "owner": mask_number(record.owner.identifier),
        "type": record.paper_type,
    }


def planned_out(planned: Planned) -> PlannedOut:
    """A decision as it is answered."""
    held = planned.record
    return PlannedOut(
        paper=planned.wanted.paper,
        required=planned.wanted.required,
        record=held.id if held else None,
        version=held.version if held else None,
        why=[WhyOut(cause=one.cause, text=str(one)) for one in planned.why],
    )


def release_out(release: Release, prefill: dict[str, Any]) -> ReleaseOut:
    """A release as it is answered."""
    return ReleaseOut(
        release=release.id,
        record=release.record_id,
        version=release.record.version,
        procedure=release.procedure,
        reason=release.reason,
        at=release.at,
        sha256=release.sha256,
        basis=release.basis,
        receipt=release.receipt,
        document=f"/v1/releases/{release.id}/document",
        prefill=prefill,
    )


def consent_out(consent: Consent) -> ConsentOut:
    """A consent as it is answered."""
    return ConsentOut(**_consented(consent))


def withdrawal_out(done: Withdrawal) -> WithdrawalOut:
    """A withdrawal as it is answered."""
    return WithdrawalOut(**_consented(done.consent), kept=list(done.kept), ended=list(done.ended))


def _consented(consent: Consent) -> dict[str, Any]:
    same = set(ConsentOut.model_fields) - {"consent", "owner", "state"}
    return {name: getattr(consent, name) for name in same} | {
        "consent": consent.id,
        "owner": mask_number(consent.owner_identifier),
        "state": consent.state(today()),
    }


def event_out(event: Event, title: str) -> EventOut:
    """An entry as it is answered."""
    return EventOut(
        number=event.owner_number,
        at=event.at,
        action=event.action,
        by=event.actor.name,
        role=event.actor.role,
        office=event.actor.office,
        record=event.record_id,
        title=title,
        details=event.details,
    )


def audit_out(report: AuditReport) -> AuditOut:
    """A report as it is answered."""
    return AuditOut(
        ok=report.ok,
        entries=report.entries,
        head=report.head,
        checkpoints=report.checkpoints,
        faults=_faults(report.faults),
    )


def check_out(report: CheckReport) -> CheckOut:
    """A report as it is answered."""
    return CheckOut(
        ok=report.ok,
        whole=report.whole,
        records=report.records,
        bytes=report.bytes,
        faults=_faults((*report.faults, *report.audit.faults)),
    )


def _faults(faults: tuple[Fault, ...]) -> list[FaultOut]:
    return [FaultOut(cause=one.cause, where=one.where, message=str(one)) for one in faults]
