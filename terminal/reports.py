"""What verbs say, in words and as data: one small function a kind of result."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.errors import ExitCode
from foundation.messages import _
from foundation.privacy import mask_number
from foundation.times import iso_utc, vietnam_time
from terminal.answers import Answer
from terminal.progress import Screen

if TYPE_CHECKING:
    from digitize.pipeline import Digitized
    from digitize.scanner import ScannedSheet
    from dossier.demo import DemoResult
    from dossier.devices import FoundDevices
    from dossier.doctor import Check
    from profiles import Dated, Paper
    from signing import SignResult
    from warehouse import AuditReport, CheckReport, Fault, Record, Release


def demo_folder(named: Path | None) -> Path:
    """Where the demo leaves its things: the folder named, else a new ``sohoa-demo`` here."""
    folder, number = named or Path("sohoa-demo"), 1
    while folder.exists() and any(folder.iterdir()):
        number += 1
        folder = (named or Path("sohoa-demo")).with_name(
            f"{(named or Path('sohoa-demo')).name}-{number}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def demo_data(result: "DemoResult") -> dict[str, Any]:
    """The demo for ``--json``."""
    return {
        "folder": str(result.folder),
        "seconds": round(result.seconds, 1),
        "trust": str(result.trust),
        "dossiers": result.dossiers,
        "verdicts": result.verdicts,
    }


def demo_text(result: "DemoResult") -> str:
    """The end of the demo: who signed what, where it lies, what to try next."""
    from dossier.checking import in_words

    count = len(result.dossiers[0]["parts"])
    shown = result.verdicts[0]["file"]
    return "\n".join(
        [
            "",
            *(in_words(verdict) for verdict in result.verdicts[:count]),
            "",
            _("Done in {seconds:.0f} s. Everything is in {folder}").format(
                seconds=result.seconds, folder=result.folder
            ),
            _("Look at:   {file}").format(file=shown),
            _("Verify it: sohoa verify --trust {root} {file}").format(
                root=result.trust, file=shown
            ),
            _("The store: SOHOA_HOME={folder} sohoa warehouse check").format(folder=result.folder),
        ]
    )


def checks_text(checks: Sequence["Check"]) -> str:
    """The doctor's list: a mark, what was looked at, what was found, the mending."""
    marks = {True: "✓", False: "✗"}
    lines = []
    for check in checks:
        mark = marks[check.fine] if check.fine or check.needed else "–"
        lines.append(f"{mark} {check.name:<32} {check.found}".rstrip())
        if check.mend:
            lines.append(f"    → {check.mend}")
    return "\n".join(lines)


def devices_text(found: "FoundDevices") -> str:
    """Scanners and tokens for people."""
    lines = [_("Scanners") + ":"]
    for device, options in found.scanners:
        lines.append(f"  {device.name}  {device.vendor} {device.model}".rstrip())
        lines += [f"    {one.name} = {one.value}  [{one.allowed}]" for one in options if one.active]
    if not found.scanners:
        lines.append("  " + _("none. Is it switched on and plugged in?"))
    lines.append(_("Signing tokens") + ":")
    for token in found.tokens:
        lines.append(f"  {token.label}  " + _("serial {serial}").format(serial=token.serial))
        lines.append(f"    module = {token.module}")
        for one in token.certificates:
            until = vietnam_time(one.not_after).strftime("%d/%m/%Y")
            lines.append(f"    key_id = {one.key_id}  {one.subject}")
            lines.append("      " + _("valid until {day}").format(day=until))
    if not found.tokens:
        lines.append("  " + _("none. Plug the token in and install its driver."))
    return "\n".join([*lines, *(f"! {fault}" for fault in found.faults)])


def sheet_data(sheet: "ScannedSheet") -> dict[str, Any]:
    """A scanned sheet for ``--json``."""
    return {**vars(sheet), "path": str(sheet.path)}


def sheets_text(sheets: Sequence["ScannedSheet"], out: Path) -> str:
    """How many sheets came and where they are."""
    return _("{count} pages scanned into {folder}").format(count=len(sheets), folder=out)


def digitized_answer(made: "Digitized", paper: "Paper", screen: Screen) -> Answer:
    """The document that was made; pages below the profile's bar or lost decide the exit code."""
    from digitize.quality import BelowQuality, below_bar, reasons

    kept = sum(finding.kept for finding in made.findings)
    blank = sum(finding.blank for finding in made.findings)
    text = _("{file}: {kept} pages, {blank} blank left out, {seconds:.1f} s").format(
        file=made.path, kept=kept, blank=blank, seconds=made.seconds
    )
    notes = [*made.assembly.notes, *map(str, made.lost)]
    said = reasons(made.findings, paper.pages)
    if made.lost:
        return Answer(made.report(), "\n".join([text, *notes, *said]), ExitCode.PARTIAL)
    if below_bar(made.findings):
        raise BelowQuality(reasons="; ".join(said), file=made.path)
    for line in (*notes, *said):
        screen.say(line)
    return Answer(made.report(), text)


def signed_answer(results: Sequence["SignResult"]) -> Answer:
    """What became of each file to be signed."""
    data, lines = [], []
    for result in results:
        error = result.error
        data.append(
            {
                "file": str(result.job.source),
                "signed": str(result.job.target) if result.outcome == "signed" else None,
                "outcome": result.outcome,
                "error": error.as_dict() if error else None,
            }
        )
        if result.outcome == "signed":
            lines.append(_("Signed: {file}").format(file=result.job.target))
        else:
            lines.append(f"{result.job.source}: {error}")
    return Answer(data, "\n".join(lines), _signing_code(results))


def _signing_code(results: Sequence["SignResult"]) -> ExitCode:
    """0 when all are signed; one cause for all: its code; some signed, some not: 12."""
    errors = [result.error for result in results if result.error]
    if not errors:
        return ExitCode.DONE
    if len(errors) < len(results):
        return ExitCode.PARTIAL
    return errors[0].exit_code


def record_data(record: "Record") -> dict[str, Any]:
    """A record for ``--json``; the owner's number is masked, the official code with it."""
    return {
        "id": record.id,
        "version": record.version,
        "owner": mask_number(record.owner.identifier),
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
    }


def records_text(records: Sequence["Record"]) -> str:
    """Records, a line each."""
    if not records:
        return _("Nothing is held.")
    return "\n".join(
        f"{one.id}  {vietnam_time(one.deposited_at):%d/%m/%Y}  {_(one.status):<10}  {one.title}"
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
        "file": str(out),
    }


def release_text(release: "Release", out: Path) -> str:
    """Where the paper is, and that its use is on record."""
    return _("{file}: handed out; on record as {release}").format(file=out, release=release.id)


def audit_answer(report: "AuditReport") -> Answer:
    """Whether the audit's chain is whole; every fault and exit code 10 if not."""
    data = {"ok": report.ok, "entries": report.entries, "head": report.head}
    return _faults(data, report.faults, report.entries)


def check_answer(report: "CheckReport") -> Answer:
    """What the check of the store found; every fault and exit code 10."""
    data = {
        "ok": report.ok,
        "records": report.records,
        "bytes": report.bytes,
        "audit": {"entries": report.audit.entries, "head": report.audit.head},
    }
    return _faults(data, (*report.faults, *report.audit.faults), report.audit.entries)


def _faults(data: dict[str, Any], faults: Sequence["Fault"], entries: int) -> Answer:
    told = [{"cause": one.cause, "where": one.where, "message": str(one)} for one in faults]
    if not faults:
        text = _("All is well: {count} audit entries, chain whole.").format(count=entries)
        return Answer({**data, "faults": told}, text)
    return Answer({**data, "faults": told}, "\n".join(map(str, faults)), ExitCode.WAREHOUSE)


def profiles_data(kinds: Mapping[str, Sequence["Dated"]]) -> dict[str, list[dict[str, str]]]:
    """Profiles for ``--json``."""
    return {
        kind: [{"name": one.name, "title": one.title, "title_en": one.title_en} for one in some]
        for kind, some in kinds.items()
    }


def profiles_text(kinds: Mapping[str, Sequence["Dated"]]) -> str:
    """Profiles by kind."""
    names = {"paper": _("Papers"), "procedure": _("Procedures"), "office": _("Offices")}
    lines: list[str] = []
    for kind, some in kinds.items():
        lines.append(names[kind] + ":")
        lines += [f"  {one.name:<22} {one.title}" for one in some]
    return "\n".join(lines)


def tree_text(data: Any, indent: str = "") -> str:
    """Nested data as indented lines."""
    if isinstance(data, Mapping):
        lines = []
        for key, value in data.items():
            if isinstance(value, Mapping | list) and value:
                lines += [f"{indent}{key}:", tree_text(value, indent + "  ")]
            else:
                lines.append(f"{indent}{key}: {value}")
        return "\n".join(lines)
    if isinstance(data, list):
        return "\n".join(
            tree_text(one, indent + "  ") + "\n" if isinstance(one, Mapping) else f"{indent}- {one}"
            for one in data
        ).rstrip("\n")
    return f"{indent}{data}"
