"""What is shown of the store: records, releases, checks.

Like :mod:`terminal.reports`: data for ``--json``, text for people.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.errors import ExitCode
from foundation.messages import N_, _
from foundation.privacy import mask_number, mask_text
from foundation.times import iso_utc, vietnam_time
from terminal.answers import Answer, masked

if TYPE_CHECKING:
    from dossier.renewing import StoreLifted
    from warehouse import (
        AuditReport,
        CheckReport,
        Fault,
        RebuildReport,
        Record,
        Release,
        RepairReport,
    )


def record_data(record: "Record") -> dict[str, Any]:
    """A record for ``--json``; the owner's number is masked, the official code with it."""
    return {
        "id": record.id,
        "version": record.version,
        "owner": mask_number(record.owner.identifier),
        "co_owners": [mask_number(one.identifier) for one in record.co_owners],
        "type": record.paper_type,
        "type_code": record.type_code,
        "title": record.title,
        "status": record.status,
        "number": record.number,
        "sha256": record.sha256,
        "size": record.size,
        "deposited_at": iso_utc(record.deposited_at),
        "deposited_by": record.deposited_by,
        "office": record.office,
        "valid_until": record.valid_until,
        "procedure": record.procedure,
        "dossier_code": record.dossier_code,
        "origin": record.origin and record.origin | {"code": mask_text(record.origin["code"])},
    }


_STATUS = {
    "active": N_("in force"),
    "superseded": N_("replaced"),
    "erased": N_("erased"),
    "revoked": N_("revoked"),
}


def records_text(records: Sequence["Record"]) -> str:
    """Records, a line each."""
    if not records:
        return _("Nothing is held.")
    return "\n".join(
        f"{one.id}  {vietnam_time(one.deposited_at):%d/%m/%Y}  {_(_STATUS[one.status]):<13}"
        f"  {one.title}  {one.dossier_code}".rstrip()
        for one in records
    )


def release_data(release: "Release", out: Path) -> dict[str, Any]:
    """A release for ``--json``."""
    return {
        "release": release.id,
        "record": release.record_id,
        "procedure": release.procedure,
        "reason": release.reason,
        "requested_by": release.requested_by.name,
        "at": iso_utc(release.at),
        "sha256": release.sha256,
        "basis": release.basis,
        "receipt": release.receipt,
        "file": str(out),
    }


def release_text(release: "Release", out: Path) -> str:
    """Where the paper is, and that its use is on record."""
    return _("{file}: handed out; on record as {release}").format(file=out, release=release.id)


def audit_answer(report: "AuditReport") -> Answer:
    """Whether the audit's chain is whole; every fault and exit code 10 if not."""
    data = {
        "ok": report.ok,
        "entries": report.entries,
        "head": report.head,
        "checkpoints": report.checkpoints,
        "stamped": report.stamped,
        "stamped_at": report.stamped_at or None,
    }
    return _faults(data, report.faults, report.entries)


def check_answer(report: "CheckReport") -> Answer:
    """What the check of the store found; every fault and exit code 10."""
    data = {
        "ok": report.ok,
        "whole": report.whole,
        "records": report.records,
        "bytes": report.bytes,
        "audit": {"entries": report.audit.entries, "head": report.audit.head},
    }
    answer = _faults(data, (*report.faults, *report.audit.faults), report.audit.entries)
    if report.ok and not report.whole:
        text = _("{count} versions are well; the next check goes on from there.")
        return Answer(answer.data, text.format(count=report.records))
    return answer


def repair_answer(report: "RepairReport") -> Answer:
    """What was mended, and what is still wrong (exit code 10)."""
    data = {"ok": not report.faults, "mended": list(report.mended)}
    answer = _faults(data, report.faults, 0)
    if report.faults:
        return answer
    return Answer(answer.data, _("{count} files mended.").format(count=len(report.mended)))


def rebuild_answer(report: "RebuildReport") -> Answer:
    """What was put back, and what could not be (exit code 10)."""
    data = {
        "ok": not report.faults,
        "records": report.records,
        "entries": report.entries,
        "erased": report.erased,
    }
    answer = _faults(data, report.faults, report.entries)
    if report.faults:
        return answer
    text = _("The catalogue is whole again: {records} versions, {entries} audit entries.")
    return Answer(answer.data, text.format(records=report.records, entries=report.entries))


def _faults(data: dict[str, Any], faults: Sequence["Fault"], entries: int) -> Answer:
    told = [{"cause": one.cause, "where": one.where, "message": str(one)} for one in faults]
    if not faults:
        text = _("All is well: {count} audit entries, chain whole.").format(count=entries)
        return Answer({**data, "faults": told}, text)
    why = _("The store has {count} faults. Mend it with: sohoa warehouse repair").format(
        count=len(faults)
    )
    lines = "\n".join(map(str, faults))
    return Answer({**data, "faults": told}, lines, ExitCode.WAREHOUSE, why)


def lifted_answer(done: "StoreLifted") -> Answer:
    """What lifting the papers in the store came to; those that were fine are only counted."""
    data = {
        "records": done.looked,
        "lifted": list(done.lifted),
        "failed": [{"record": name, **masked(error).as_dict()} for name, error in done.failed],
        "stopped": done.stopped is not None,
    }
    lines = [_("Lifted: record {record}").format(record=name) for name in done.lifted]
    lines += [f"{name}: {masked(error)}" for name, error in done.failed]
    lines.append(
        _("{count} papers in the store looked at, {lifted} lifted.").format(
            count=done.looked, lifted=len(done.lifted)
        )
    )
    if not done.failed:
        return Answer(data, "\n".join(lines))
    why = _("{failed} papers in the store were not lifted. {fault}").format(
        failed=len(done.failed), fault=masked(done.failed[-1][1])
    )
    code = done.stopped.exit_code if done.stopped else ExitCode.PARTIAL
    return Answer(data, "\n".join(lines), code, why)
