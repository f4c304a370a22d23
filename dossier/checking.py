"""Verify documents: their signatures, and whether the seal on page 1 is one of ours."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.seal import parse_seal, read_seals
from foundation.messages import _
from foundation.privacy import mask_number
from foundation.times import vietnam_time
from profiles import Office

if TYPE_CHECKING:
    from signing.verify import FileVerdict

Advance = Callable[[int, str], None]


def trusted_by(office: Office, named: Sequence[Path]) -> list[Path]:
    """The roots named on the command line and those of the office's profile."""
    return [*named, *(Path(path) for path in office.trust)]


def check_files(
    files: Sequence[Path], trust: Sequence[Path], advance: Advance | None = None
) -> list[dict[str, Any]]:
    """A verdict for each file in the shape of ``verify --json``, the seal included.

    Raises:
        PdfUnreadable: a file is missing or no PDF at all.
        BadTrustFile: a root cannot be read.
    """
    from signing import verify_file

    verdicts = []
    for number, path in enumerate(files, 1):
        verdicts.append(_verdict(verify_file(path, trust), path))
        if advance:
            advance(number, path.name)
    return verdicts


def _verdict(verdict: "FileVerdict", path: Path) -> dict[str, Any]:
    return {**verdict.as_dict(), "seal": seal_of(path)}


def seal_of(path: Path) -> dict[str, str] | None:
    """The seal's fields, the owner masked; None without one or where page 1 cannot be drawn."""
    import pypdfium2

    try:
        seals = [seal for text in read_seals(path) if (seal := parse_seal(text)) is not None]
    except pypdfium2.PdfiumError:
        return None  # the verdict on the signatures says what is wrong with the file
    if not seals:
        return None
    return {name: _shown(name, value) for name, value in seals[0].items()}


def _shown(name: str, value: str) -> str:
    if name == "owner":
        return mask_number(value)
    if name == "record_code":
        owner, dot, rest = value.partition(".")
        return mask_number(owner) + dot + rest if owner.isdigit() else value
    return value


def in_words(verdict: dict[str, Any]) -> str:
    """A verdict for people: one line for the file, one for each signature, one for the seal."""
    words = {
        "valid": _("VALID"),
        "invalid": _("NOT VALID"),
        "indeterminate": _("CANNOT BE DECIDED"),
    }
    lines = [f"{words[verdict['verdict']]}  {Path(verdict['file']).name}"]
    for signature in verdict["signatures"]:
        when = signature["timestamp"] or signature["signed_at"] or ""
        lines.append(f"  {signature['signer']} · {signature['level']} · {local(when)}")
        if signature["reason"]:
            lines.append(f"    {signature['reason']}")
    if verdict.get("reason") and not verdict["signatures"]:
        lines.append(f"  {verdict['reason']}")
    if verdict["seal"]:
        lines.append(
            "  " + _("QR seal: {paper}").format(paper=verdict["seal"].get("paper_name", ""))
        )
    return "\n".join(lines)


def local(moment: str) -> str:
    """An ISO 8601 moment on Vietnam's clock, for people."""
    from datetime import datetime

    try:
        return vietnam_time(datetime.fromisoformat(moment)).strftime("%d/%m/%Y %H:%M:%S +07:00")
    except ValueError:
        return moment
