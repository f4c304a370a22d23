"""What profiles say about consent and law, as the warehouse takes it."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foundation.messages import current_language
from profiles import (
    LegalBasis,
    Notice,
    Office,
    Paper,
    Procedure,
    UnknownProfile,
    all_of,
    load_basis,
    load_notice,
    load_paper,
    load_procedure,
)
from warehouse.grounds import (
    CONSENT,
    Agreement,
    Basis,
    Evidence,
    Giver,
    Limits,
    Purpose,
    Terms,
    Told,
    Wanted,
)
from warehouse.values import Owner

if TYPE_CHECKING:
    from warehouse.receipts import Signer

Language = Literal["vi", "en"]
#: Codes of the national database of procedures: "1.004194".
_NATIONAL_CODE = re.compile(r"\d\.\d{6}")


def receipt_signer(office: Office) -> "Signer | None":
    """The office's seal key as the signer of receipts; None: the store's own key signs.

    The key itself is only read when something is signed.

    Raises:
        SealKeyUnusable: the office profile names a key or certificate that cannot be used.
    """
    from warehouse.receipts import KeyUnusable, signer_by_certificate

    credential = office.credential
    if credential is None:
        return None
    key, certificate = Path(credential.key), Path(credential.certificate)

    def sign(data: bytes) -> bytes:
        from signing.credential import load_seal_key

        return load_seal_key(key, certificate).sign(data)

    try:
        return signer_by_certificate(certificate, sign)
    except (OSError, KeyUnusable):
        from signing.credential import load_seal_key

        load_seal_key(key, certificate)  # says what is wrong with them
        raise


def law_of(paper: Paper) -> Basis | None:
    """The law on which papers of a type are kept by themselves; None where it takes consent."""
    basis = load_basis(paper.basis)
    return _as_basis(basis) if basis.kind == "law" else None


def by_consent(consent_id: str) -> Basis:
    """The owner's consent as the ground on which a component is kept."""
    basis = load_basis(CONSENT)
    return Basis("consent", basis.name, basis.rule, consent_id)


def laws() -> dict[str, Basis]:
    """By paper type, the law on which such papers are kept without consent."""
    found = ((paper.name, law_of(paper)) for paper in all_of(Paper))
    return {name: law for name, law in found if law is not None}


def terms_of(procedure: Procedure, office: Office, *, explicit: bool = False) -> Terms:
    """On what terms papers are handed out for a procedure that has a profile.

    Args:
        explicit: the operator said why in their own words.
    """
    basis = load_basis(procedure.basis)
    return Terms(
        papers=frozenset(one.paper for one in procedure.components if one.reusable),
        explicit=explicit,
        basis=_as_basis(basis) if basis.kind == "law" else None,
        limits=_limits(office),
    )


def asked_for(name: str, reason: str, office: Office) -> tuple[str, str, Terms]:
    """The code of a procedure, why papers are asked for, and on what terms.

    A procedure without a profile goes by its code in the national database of procedures, which
    knows thousands; by any other name only where the operator says why.
    """
    explicit = bool(reason.strip())
    try:
        procedure = load_procedure(name)
    except UnknownProfile:
        known = bool(_NATIONAL_CODE.fullmatch(name.strip()))
        return name, reason or name, Terms(known=known, explicit=explicit, limits=_limits(office))
    terms = terms_of(procedure, office, explicit=explicit)
    return procedure.code, reason or procedure.title, terms


def wanted_by(procedure: Procedure) -> list[Wanted]:
    """The components of a procedure."""
    return [Wanted(one.paper, one.required, one.reusable) for one in procedure.components]


def agreement(
    office: Office,
    owner: Owner,
    papers: tuple[Paper, ...],
    evidence: Evidence,
    *,
    giver: Giver | None = None,
    purposes: tuple[Purpose, ...] = ("keep", "reuse"),
    language: Language | None = None,
) -> Agreement:
    """What an owner agrees to when they were read the office's notice."""
    notice = load_notice(office.notice)
    return Agreement(
        owner=owner,
        papers=tuple(paper.name for paper in papers),
        told=told(notice, language or current_language()),
        evidence=evidence,
        controller=f"{office.agency} ({office.code})",
        purposes=purposes,
        giver=giver or Giver(),
        sensitive=tuple(paper.name for paper in papers if paper.sensitive),
        adult_age=notice.adult_age,
    )


def told(notice: Notice, language: Language) -> Told:
    """Which words were read out, by their digest."""
    digest = hashlib.sha256(words_of(notice, language).encode()).hexdigest()
    return Told(notice.name, language, digest)


def words_of(notice: Notice, language: Language) -> str:
    """The notice's text in a language."""
    return (notice.text if language == "vi" else notice.text_en).strip()


def kept_papers(procedure: Procedure) -> tuple[Paper, ...]:
    """The papers of a procedure that may go to the owner's store."""
    papers = (load_paper(one.paper) for one in procedure.components)
    return tuple(paper for paper in papers if paper.keep)


def _limits(office: Office) -> Limits:
    return Limits(office.limits.operator_an_hour, office.limits.record_a_day)


def _as_basis(basis: LegalBasis) -> Basis:
    return Basis(basis.kind, basis.name, basis.rule)
