"""What the QR seal of a document says: the facts, in the form the profile asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from digitize.content import content_digest
from digitize.seal import seal_text
from dossier.desk import Desk
from dossier.values import Dossier
from foundation.privacy import mask_number
from foundation.times import utc_now, vietnam_time
from ocr.sketch import sketch_of
from ocr.words import Word
from profiles import Paper, load_procedure


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
    """
    rules, facts = desk.seal_rules(paper), _facts(desk, dossier, paper, code)
    match rules.form:
        case "fields":
            return seal_text(facts, rules)
        case "url":
            return rules.url.format_map({name: quote(facts[name], safe="") for name in facts})
        case "signed":
            return _signed(desk, {name: facts[name] for name in rules.fields}, plain, words)


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
