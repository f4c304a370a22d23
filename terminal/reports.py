"""What verbs say, in words and as data: one small function a kind of result."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.errors import ExitCode
from foundation.messages import _
from foundation.times import vietnam_time
from terminal.answers import Answer, masked
from terminal.progress import Screen

if TYPE_CHECKING:
    from digitize.scanner import ScannedSheet
    from dossier.demo import DemoResult
    from dossier.devices import FoundDevices
    from dossier.doctor import Check
    from dossier.making import Made
    from dossier.waiting import Standing
    from profiles import Dated, Paper
    from signing import CertificateInfo, SignResult, TokenInfo


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
        lines += [f"    ! {state}" for state in _token_states(token)]
        for one in token.certificates:
            until = vietnam_time(one.not_after).strftime("%d/%m/%Y")
            lines.append(f"    key_id = {one.key_id}  {one.subject}")
            lines.append("      " + _("valid until {day}").format(day=until))
            lines += [f"      ! {state}" for state in _certificate_states(one)]
    if not found.tokens:
        lines.append("  " + _("none. Plug the token in and install its driver."))
    for url, ids in found.remote:
        lines.append(_("Remote signing service {url}:").format(url=url))
        lines += [f"    credential = {one}" for one in ids]
    return "\n".join([*lines, *(f"! {fault}" for fault in found.faults)])


def _token_states(token: "TokenInfo") -> list[str]:
    """What whoever holds the token should know before typing a PIN."""
    states = (
        (token.pin_locked, _("Its PIN is locked.")),
        (not token.pin_set, _("It has no PIN yet.")),
        (token.pin_final_try, _("One PIN try is left; a wrong PIN locks it.")),
        (token.pin_count_low, _("A wrong PIN was entered before.")),
        (token.pin_to_be_changed, _("Its PIN is to be changed.")),
        (token.protected_path, _("Its PIN is typed on its own keypad.")),
    )
    return [text for holds, text in states if holds]


def _certificate_states(certificate: "CertificateInfo") -> list[str]:
    """Why a certificate of a token does not serve to sign."""
    states = (
        (not certificate.may_sign, _("Not for signing documents, or not in force.")),
        (certificate.has_key is False, _("Its key on the token is another one.")),
    )
    return [text for holds, text in states if holds]


def sheet_data(sheet: "ScannedSheet") -> dict[str, Any]:
    """A scanned sheet for ``--json``."""
    return {**vars(sheet), "path": str(sheet.path)}


def sheets_text(sheets: Sequence["ScannedSheet"], out: Path) -> str:
    """How many sheets came and where they are."""
    return _("{count} pages scanned into {folder}").format(count=len(sheets), folder=out)


def digitized_answer(
    whole: "Made", paper: "Paper", screen: Screen, expected: int | None = None
) -> Answer:
    """The document that was made; pages below the profile's bar or lost decide the exit code.

    Args:
        expected: written pages the clerk counted; else as many as the profile says.
    """
    from digitize.quality import BelowQuality, below_bar, reasons, too_few
    from digitize.source_errors import are_many_files, file_label

    made = whole.digitized
    for facts in whole.facts:
        for line in facts.doubts():
            screen.say(line)
    for place in whole.left_out:
        line = (
            _("{file}: the pages in this subfolder are not in the document; name it to have them.")
            if place.is_dir()
            else _("{file}: pictures of this kind are not read. Save it as JPEG, then name it.")
        )
        screen.say(line.format(file=file_label(place)))
    kept = sum(finding.kept for finding in made.findings)
    blank = sum(finding.blank for finding in made.findings)
    text = _("{file}: {kept} pages, {blank} blank left out, {seconds:.1f} s").format(
        file=made.path, kept=kept, blank=blank, seconds=made.seconds
    )
    by_file = not whole.device and are_many_files([one.source for one in made.findings])
    said = reasons(made.findings, paper.pages, by_file=by_file)
    if made.set_aside:
        text += "\n" + _("The blank sides are kept in {folder}").format(folder=made.set_aside)
    if made.lost:
        lines = "\n".join([text, *made.assembly.notes, *map(str, made.lost), *said])
        why = _("{lost} of {count} pages are missing from {file}. {fault}").format(
            lost=len(made.lost), count=len(made.findings), file=made.path.name, fault=made.lost[0]
        )
        return Answer(made.report(), lines, ExitCode.PARTIAL, why)
    missing = too_few(made.findings, expected or paper.pages.page_count)
    if missing or below_bar(made.findings):
        raise BelowQuality(reasons="; ".join([*missing, *said]), file=made.path)
    for line in (*made.assembly.notes, *said):
        screen.say(line)
    return Answer(made.report(), text)


def signed_answer(results: Sequence["SignResult"], *, lifted: bool = False) -> Answer:
    """What became of each file to be signed, or, with ``lifted``, to be lifted to a higher level.

    Raises:
        SohoaError: nothing was signed, for one cause; that cause.
    """
    failures = [result.error for result in results if result.error]
    if failures and len({(type(one), str(one)) for one in failures}) == 1 == len(results):
        raise failures[0]
    data, lines = [], []
    for result in results:
        error = result.error
        data.append(
            {
                "file": str(result.job.source),
                "signed": None if error else str(result.job.target),
                "outcome": result.outcome,
                "error": masked(error).as_dict() if error else None,
            }
        )
        if result.waits_for:
            data[-1]["waits_for"] = masked(result.waits_for).as_dict()
        if result.outcome == "signed":
            done = _("Lifted: {file}") if lifted else _("Signed: {file}")
            lines.append(done.format(file=result.job.target))
        elif result.outcome == "waiting":
            text = _("Signed, and to be lifted with “sohoa sign --upgrade”: {file}")
            lines.append(text.format(file=result.job.target))
        elif result.outcome == "kept":
            lines.append(_("Nothing to do: {file}").format(file=result.job.target))
        elif result.outcome == "skipped":  # by what stopped the batch, which is said already
            lines.append(_("Not tried: {file}").format(file=result.job.source))
        else:
            lines.append(str(error))
    if not failures:
        return Answer(data, "\n".join(lines))
    # One cause for all files has its own exit code; where some are done, part has failed.
    code = ExitCode.PARTIAL if len(failures) < len(results) else failures[0].exit_code
    words = (
        _("{failed} of {count} files were not lifted. {fault}")
        if lifted
        else _("{failed} of {count} files were not signed. {fault}")
    )
    why = words.format(failed=len(failures), count=len(results), fault=failures[0])
    return Answer(data, "\n".join(lines), code, why)


def queue_answer(waiting: Sequence["Standing"]) -> Answer:
    """What waits to be lifted; the urgent ones first, marked."""
    lines = [_("Nothing waits to be lifted.")] if not waiting else []
    for one in waiting:
        text = _("{file}: to {level}, before {day}")
        day = vietnam_time(one.entry.lift_before).strftime("%d/%m/%Y")
        line = text.format(file=one.entry.file, level=one.entry.level, day=day)
        lines.append(f"{'!' if one.urgent else ' '} {line}")
    urgent = sum(one.urgent for one in waiting)
    if urgent:
        text = _("{count} urgent: certificates run out soon. Lift them: sohoa sign --upgrade")
        lines.append(text.format(count=urgent))
    return Answer([one.as_dict() for one in waiting], "\n".join(lines))


def verified_answer(verdicts: Sequence[dict[str, Any]]) -> Answer:
    """The verdicts; 8 unless every signature is valid, trusted, and nothing was changed after."""
    from dossier.checking import in_words

    text = "\n".join(in_words(verdict) for verdict in verdicts)
    bad = [Path(verdict["file"]).name for verdict in verdicts if verdict["verdict"] != "valid"]
    if not bad:
        return Answer(verdicts, text)
    why = _("Do not rely on {files}: see above what is wrong.").format(files=_some_of(bad))
    return Answer(verdicts, text, ExitCode.SIGNATURE, why)


def _some_of(names: Sequence[str]) -> str:
    """The names, of many the first three and how many more there are: it stands in one line."""
    if len(names) <= 4:
        return ", ".join(names)
    return _("{names} and {count} more").format(names=", ".join(names[:3]), count=len(names) - 3)


def examined_answer(checks: Sequence["Check"]) -> Answer:
    """The doctor's list; 6 where something has to be mended first."""
    data = [check.as_dict() for check in checks]
    missing = [check.name for check in checks if not check.ok]
    if not missing:
        return Answer(data, checks_text(checks))
    why = _("Not ready yet: {names}. Run the commands shown above.").format(
        names=", ".join(missing)
    )
    return Answer(data, checks_text(checks), ExitCode.SETUP, why)


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
