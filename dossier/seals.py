"""What the QR seal of a document says: the facts, in the form the profile asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from digitize.content import content_digest
from digitize.seal import seal_pdf, seal_text
from dossier.desk import Desk
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_number
from foundation.times import utc_now, vietnam_time
from ocr.sketch import sketch_of
from ocr.words import Word
from profiles import Paper, SealRules, SignatureRules

#: Room kept for the agency's text at the top right of page 1: its lines at 1.2 times the
#: font's size, twice as many for long names that wrap.
_LINE_MM = 1.2 / 72 * 25.4


class NumberInAddress(SohoaError):
    """The address in the QR code would carry the owner's number."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The address in the QR seal would show the owner's number to every server on its way. "
        "Write {{check_code}} instead of {{record_code}} into url under [seal] in the profile."
    )


@dataclass(frozen=True)
class Filing:
    """Under what a document is filed: its own code, its owner's number, its dossier's codes."""

    code: str
    owner: str
    dossier_code: str = ""
    procedure_code: str = ""


def seal_document(
    desk: Desk, paper: Paper, filing: Filing, plain: Path, words: Sequence[Word], target: Path
) -> None:
    """Draw the QR seal on page 1, beside room for the text of those who will sign.

    Args:
        plain: the document, not sealed yet; it is left as it is.
        words: of its first page.

    Raises:
        NoSealKey, SealKeyUnusable: the office cannot sign seals.
        SohoaError: see :func:`digitize.seal.seal_pdf`.
    """
    seal_pdf(
        plain,
        target,
        text_of_seal(desk, paper, filing, plain, words),
        desk.seal_rules(paper),
        keep_free=_room_for_text(desk.signatures(paper)),
    )


def _room_for_text(signatures: Iterable[SignatureRules]) -> tuple[float, float] | None:
    """Width and height in millimetres that visible text at the top right may need."""
    shown = [rules for rules in signatures if rules.visible and rules.place == "top-right"]
    if not shown:
        return None
    heights = [2 * len(r.text.splitlines()) * r.font_size_pt * _LINE_MM for r in shown]
    return max(rules.width_mm for rules in shown), sum(heights)


def text_of_seal(
    desk: Desk, paper: Paper, filing: Filing, plain: Path, words: Sequence[Word]
) -> str:
    """The text of a document's QR code.

    Args:
        plain: the document, not sealed yet.
        words: of its first page.

    Raises:
        NoSealKey, SealKeyUnusable: the office cannot sign seals.
        NumberInAddress: the profile would write the owner's number into an address.
    """
    rules, facts = desk.seal_rules(paper), _facts(desk, paper, filing)
    match rules.form:
        case "fields":
            return seal_text(facts, rules)
        case "url":
            return _address(desk, filing, rules, facts)
        case "signed":
            return _signed(desk, {name: facts[name] for name in rules.fields}, plain, words)


def _address(desk: Desk, filing: Filing, rules: SealRules, facts: Mapping[str, str]) -> str:
    told = dict(facts)
    if "{check_code}" in rules.url:
        with desk.store() as store:
            told["check_code"] = store.lookups.check_code(facts["record_code"])
    address = rules.url.format_map({name: quote(told[name], safe="") for name in told})
    owner = filing.owner
    if owner and owner in unquote(address):
        raise NumberInAddress()
    return address


def _facts(desk: Desk, paper: Paper, filing: Filing) -> dict[str, str]:
    """All a seal may say; the profile chooses (TT 01/2023 Điều 26)."""
    return {
        "record_code": filing.code,
        "dossier_code": filing.dossier_code,
        "procedure_code": filing.procedure_code,
        "owner": filing.owner,
        "paper_name": paper.title,
        "paper_type": paper.code,
        "system": desk.office.system,
        "issued_at": vietnam_time(utc_now()).isoformat(),
    }


def _signed(desk: Desk, facts: Mapping[str, str], plain: Path, words: Sequence[Word]) -> str:
    from signing.credential import SealClaims, issue

    kept = {name: value for name, value in facts.items() if name != "issued_at"}
    if "owner" in kept:
        kept["owner"] = mask_number(kept["owner"])
    claims = SealClaims(
        fields=kept,
        issued_at=utc_now(),
        digest=content_digest(plain),
        sketch=sketch_of(words),
        office=desk.office.code,
    )
    return issue(claims, desk.seal_key())
