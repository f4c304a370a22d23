"""What the QR seal of a document says: the facts, in the form the profile asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from digitize.content import content_digest
from digitize.seal import seal_text
from dossier.desk import Desk
from dossier.values import Dossier
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_number
from foundation.times import utc_now, vietnam_time
from ocr.sketch import sketch_of
from ocr.words import Word
from profiles import Paper, SealRules, load_procedure


class NumberInAddress(SohoaError):
    """The address in the QR code would carry the owner's number."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The address in the QR seal would show the owner's number to every server on its way. "
        "Write {{check_code}} instead of {{record_code}} into url under [seal] in the profile."
    )


def text_of_seal(
    desk: Desk, dossier: Dossier, paper: Paper, code: str, plain: Path, words: Sequence[Word]
) -> str:
    """The text of a document's QR code.

    Args:
        code: the record code.
        plain: the document, not sealed yet.
        words: of its first page.

    Raises:
        NoSealKey, SealKeyUnusable: the office cannot sign seals.
        NumberInAddress: the profile would write the owner's number into an address.
    """
    rules, facts = desk.seal_rules(paper), _facts(desk, dossier, paper, code)
    match rules.form:
        case "fields":
            return seal_text(facts, rules)
        case "url":
            return _address(desk, dossier, rules, facts)
        case "signed":
            return _signed(desk, {name: facts[name] for name in rules.fields}, plain, words)


def _address(desk: Desk, dossier: Dossier, rules: SealRules, facts: Mapping[str, str]) -> str:
    told = dict(facts)
    if "{check_code}" in rules.url:
        with desk.store() as store:
            told["check_code"] = store.lookups.check_code(facts["record_code"])
    address = rules.url.format_map({name: quote(told[name], safe="") for name in told})
    owner = dossier.owner.identifier
    if owner and owner in unquote(address):
        raise NumberInAddress()
    return address


def _facts(desk: Desk, dossier: Dossier, paper: Paper, code: str) -> dict[str, str]:
    """All a seal may say; the profile chooses (TT 01/2023 Điều 26)."""
    return {
        "record_code": code,
        "dossier_code": dossier.code,
        "procedure_code": load_procedure(dossier.procedure).code,
        "owner": dossier.owner.identifier,
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
