"""What is answered, as it stands in the OpenAPI description; owners' numbers go out masked."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from foundation.privacy import mask_number
from foundation.times import today
from warehouse.grounds import Consent, Planned, Withdrawal
from warehouse.values import AuditReport, CheckReport, Event, Fault, Record, Release


class Told(BaseModel):
    """Base of what is answered."""


class RecordOut(Told):
    """A version of a record, its owners' numbers masked."""

    id: str
    version: int
    owner: str
    co_owners: list[str]
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
    """What came of taking it back: records kept on by law, for another owner, and ended."""

    kept: list[str]
    ended: list[str]
    shared: list[str]


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
    same = set(RecordOut.model_fields) - {"owner", "co_owners", "type"}
    return {name: getattr(record, name) for name in same} | {
        "owner": mask_number(record.owner.identifier),
        "co_owners": [mask_number(one.identifier) for one in record.co_owners],
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
    return WithdrawalOut(
        **_consented(done.consent),
        kept=list(done.kept),
        ended=list(done.ended),
        shared=list(done.shared),
    )


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
