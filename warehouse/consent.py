"""What owners agreed to: given, shown, spent and taken back, each with a signed receipt.

The receipts have the fields of ISO/IEC TS 27560:2023 (those of Kantara's consent receipt
1.1), with the owner's number masked and a pseudonym beside it, and name the end of the audit
at that moment. Silence is not consent (Luật 91/2025/QH15): nothing here is assumed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from foundation.privacy import mask_number, mask_text
from foundation.times import iso_utc, today, utc_now, vietnam_time
from warehouse import audit
from warehouse.catalog import Catalog
from warehouse.checkpoints import signer_of
from warehouse.consent_schema import bases, consents
from warehouse.ground_errors import (
    AuthorityMissing,
    ConsentNotFound,
    MinorNeedsGuardian,
    NoEvidence,
    NothingAgreed,
    RepresentativeMissing,
)
from warehouse.grounds import Agreement, Basis, Consent, Evidence, Giver, Purpose, Withdrawal
from warehouse.keeping import Left, end_or_rest_on, run_out
from warehouse.ledger import put
from warehouse.receipts import issue
from warehouse.values import Actor, Owner, clean_identifier, new_id

GIVEN, TAKEN_BACK = "consent-receipt", "withdrawal-receipt"
_SCHEMA = "ISO/IEC TS 27560:2023; sohoa 1"
_OF_OWNER = (
    select(consents)
    .where(consents.c.owner_identifier == bindparam("owner"))
    .order_by(consents.c.given_at.desc(), consents.c.id.desc())
)


@dataclass(frozen=True)
class ConsentBook:
    """The consents of one warehouse."""

    _catalog: Catalog

    def grant(self, agreement: Agreement, actor: Actor) -> Consent:
        """Put on record what an owner agreed to; the receipt is signed.

        Args:
            actor: who took it down.

        Raises:
            NothingAgreed (exit code 2); NoEvidence, MinorNeedsGuardian, RepresentativeMissing,
                AuthorityMissing (11).
        """
        owner = replace(agreement.owner, identifier=clean_identifier(agreement.owner.identifier))
        agreement = replace(agreement, owner=owner)
        pseudonym = self._catalog.pseudonym(owner.identifier)
        with audit.refusals(self._catalog, "consent", actor, owner=pseudonym):
            _require_sound(agreement)
            with self._catalog.writing() as tx:
                return _grant(tx, agreement, actor, pseudonym)

    def withdraw(
        self,
        consent_id: str,
        actor: Actor,
        evidence: Evidence,
        *,
        giver: Giver | None = None,
        laws: Mapping[str, Basis] | None = None,
    ) -> Withdrawal:
        """Take a consent back, at once; what was kept on it is kept on a law or no longer.

        A second time gives the same receipt.

        Args:
            laws: by paper type, the law on which such papers are kept without consent. Papers
                of other types are ended: not found and not handed out any more.

        Raises:
            ConsentNotFound (3), NoEvidence (11).
        """
        with audit.refusals(self._catalog, "withdrawal", actor):
            _require_shown(evidence, giver or Giver())
            with self._catalog.writing() as tx:
                consent = get(tx, consent_id, locked=True)
                if consent.withdrawn_at is not None:
                    return _withdrawn(tx, consent)
                pseudonym = self._catalog.pseudonym(consent.owner_identifier)
                left = end_or_rest_on(tx, consent, laws or {}, actor, pseudonym)
                said = _taken_back(consent, evidence, giver or Giver(), actor) | {
                    "pii_principal_id": pseudonym,
                    "kept_by_law": left.by_law,
                    "kept_for_others": left.for_others,
                    "ended": left.ended,
                }
                return _note_withdrawal(tx, consent, said, actor)

    def end_past(self, actor: Actor, laws: Mapping[str, Basis] | None = None) -> list[Left]:
        """End what is kept on consents whose last day is past; as :meth:`withdraw` does.

        Papers that rest on another consent or a law since are kept on.
        """
        with self._catalog.writing() as tx:
            past = [get(tx, name, locked=True) for name in run_out(tx)]
            return [
                end_or_rest_on(
                    tx, one, laws or {}, actor, self._catalog.pseudonym(one.owner_identifier)
                )
                for one in past
            ]

    def get(self, consent_id: str) -> Consent:
        """The consent of that id. Raises ConsentNotFound."""
        with self._catalog.reading() as tx:
            return get(tx, consent_id)

    def of(self, owner_identifier: str) -> list[Consent]:
        """All that an owner ever agreed to, the latest first."""
        with self._catalog.reading() as tx:
            return of_owner(tx, owner_identifier)

    def covering(
        self, owner_identifier: str, papers: tuple[str, ...], procedure: str
    ) -> Consent | None:
        """One standing consent for keeping and reusing all these papers in a procedure."""
        with self._catalog.reading() as tx:
            for consent in of_owner(tx, owner_identifier):
                if consent.state(today()) != "in-force" or consent.once or consent.until:
                    continue
                if all(
                    consent.covers(paper, "keep") and consent.covers(paper, "reuse", procedure)
                    for paper in papers
                ):
                    return consent
        return None


def get(tx: Connection, consent_id: str, *, locked: bool = False) -> Consent:
    """The consent of that id; ``locked`` until this transaction ends. Raises ConsentNotFound."""
    name = consent_id.strip().upper()
    query = select(consents).where(consents.c.id == name)
    if locked:
        query = query.with_for_update()
    row = tx.execute(query).mappings().first()
    if row is None:
        raise ConsentNotFound(consent=mask_text(consent_id))
    return _from_row(row)


def of_owner(tx: Connection, owner_identifier: str) -> list[Consent]:
    """All that an owner ever agreed to, the latest first."""
    rows = tx.execute(_OF_OWNER, {"owner": clean_identifier(owner_identifier)}).mappings()
    return [_from_row(row) for row in rows]


def best(
    known: list[Consent], paper: str, purpose: Purpose, procedure: str, day: date
) -> Consent | None:
    """The one that covers it, a standing one before one that would be spent."""
    fitting = [
        one
        for one in known
        if one.state(day) == "in-force" and one.covers(paper, purpose, procedure)
    ]
    return min(fitting, key=lambda one: one.once, default=None)


def spend(tx: Connection, consent: Consent) -> bool:
    """Use a consent once; False where it is for one time and somebody else was quicker."""
    if not consent.once:
        return True
    now = get(tx, consent.id, locked=True)
    if now.spent_at is not None:
        return False
    put(tx, consents, _to_row(replace(now, spent_at=utc_now())))
    return True


def _require_sound(agreement: Agreement) -> None:
    past = agreement.until is not None and agreement.until < today()
    if past or not agreement.papers or not agreement.purposes:
        raise NothingAgreed
    _require_shown(agreement.evidence, agreement.giver)
    if agreement.owner.kind == "organisation" and agreement.giver.role != "delegate":
        raise RepresentativeMissing
    if agreement.giver.role == "owner" and _is_minor(agreement.owner, agreement.adult_age):
        raise MinorNeedsGuardian(age=agreement.adult_age)


def _require_shown(evidence: Evidence, giver: Giver) -> None:
    shown = evidence.sha256 if evidence.kind == "form" else evidence.reference.strip()
    if not shown:
        raise NoEvidence
    if giver.role != "owner" and not (giver.name.strip() and giver.authority.strip()):
        raise AuthorityMissing


def _is_minor(owner: Owner, adult_age: int) -> bool:
    """Whether the year of birth in a 12-digit number says so (digits 4 to 6: century, year)."""
    number = owner.identifier
    if owner.kind != "person" or len(number) != 12 or not number.isdecimal():
        return False
    born = 1900 + 100 * (int(number[3]) // 2) + int(number[4:6])
    return vietnam_time(utc_now()).year - born < adult_age


def _grant(tx: Connection, agreement: Agreement, actor: Actor, pseudonym: str) -> Consent:
    consent_id, now = new_id(), utc_now()
    audit.append(
        tx,
        "consent",
        actor,
        owner=pseudonym,
        details={
            "consent": consent_id,
            "papers": ", ".join(agreement.papers),
            "purposes": ", ".join(agreement.purposes),
            "procedures": ", ".join(agreement.procedures),
            "until": agreement.until.isoformat() if agreement.until else "",
            "evidence": agreement.evidence.kind,
            "given_by": agreement.giver.role,
        },
    )
    said = _given(consent_id, agreement, actor, pseudonym) | {"audit": audit.anchor(tx)}
    consent = Consent(
        id=consent_id,
        owner_identifier=agreement.owner.identifier,
        papers=agreement.papers,
        purposes=agreement.purposes,
        procedures=agreement.procedures,
        until=agreement.until,
        once=agreement.once,
        given_at=now,
        receipt=issue(GIVEN, said, signer_of(tx)),
    )
    put(tx, consents, _to_row(consent))
    return consent


def _given(consent_id: str, agreement: Agreement, actor: Actor, pseudonym: str) -> dict[str, Any]:
    """What a consent receipt says, by the names of ISO/IEC TS 27560."""
    now = iso_utc(utc_now())
    until = agreement.until.isoformat() if agreement.until else ""
    return {
        "schema_version": _SCHEMA,
        "record_id": consent_id,
        "pii_principal_id": pseudonym,
        "pii_principal": mask_number(agreement.owner.identifier),
        "privacy_notice": asdict(agreement.told),
        "jurisdiction": "VN",
        "purposes": [
            {
                "purpose": purpose,
                "lawful_basis": "consent",
                "pii_types": [
                    {"paper": paper, "sensitive": paper in agreement.sensitive}
                    for paper in agreement.papers
                ],
                "services": list(agreement.procedures) or ["*"],
                "retention_period": until or "until-withdrawn",
            }
            for purpose in agreement.purposes
        ],
        "pii_controllers": [agreement.controller],
        "collection_method": agreement.evidence.kind,
        "evidence": asdict(agreement.evidence),
        "given_by": asdict(agreement.giver),
        "withdrawal_method": "in writing or in person at any one-stop counter; acted on at once",
        "once": agreement.once,
        "events": [
            {
                "event_time": now,
                "event_type": "explicit",
                "event_state": "given",
                "validity_duration": until or "until-withdrawn",
                "entity_id": asdict(actor),
            }
        ],
    }


def _taken_back(consent: Consent, evidence: Evidence, giver: Giver, actor: Actor) -> dict[str, Any]:
    return {
        "schema_version": _SCHEMA,
        "record_id": consent.id,
        "pii_principal": mask_number(consent.owner_identifier),
        "papers": list(consent.papers),
        "evidence": asdict(evidence),
        "given_by": asdict(giver),
        "events": [
            {
                "event_time": iso_utc(utc_now()),
                "event_type": "explicit",
                "event_state": "withdrawn",
                "entity_id": asdict(actor),
            }
        ],
    }


def _note_withdrawal(
    tx: Connection, consent: Consent, said: dict[str, Any], actor: Actor
) -> Withdrawal:
    now = utc_now()
    kept, ended, shared = said["kept_by_law"], said["ended"], said["kept_for_others"]
    audit.append(
        tx,
        "withdrawal",
        actor,
        owner=said["pii_principal_id"],
        details={"consent": consent.id, "kept": str(len(kept)), "ended": str(len(ended))},
    )
    receipt = issue(TAKEN_BACK, said | {"audit": audit.anchor(tx)}, signer_of(tx))
    withdrawn = replace(consent, withdrawn_at=now, withdrawal=receipt)
    put(tx, consents, _to_row(withdrawn))
    return Withdrawal(withdrawn, tuple(kept), tuple(ended), tuple(shared))


def _withdrawn(tx: Connection, consent: Consent) -> Withdrawal:
    """What came of it when it was withdrawn, as far as it is still so.

    What is kept for others rests on their consents since, and stands in the receipt.
    """
    query = select(bases.c.record_id, bases.c.ended_at).where(bases.c.consent_id == consent.id)
    rows = tx.execute(query.order_by(bases.c.record_id)).all()
    kept = dict.fromkeys(row.record_id for row in rows if row.ended_at is None)
    ended = dict.fromkeys(row.record_id for row in rows if row.ended_at is not None)
    return Withdrawal(consent, tuple(kept), tuple(ended))


def _from_row(row: Any) -> Consent:
    values = dict(row)
    for name in ("papers", "purposes", "procedures"):
        values[name] = tuple(values[name])
    return Consent(**{**values, "once": bool(values["once"])})


def _to_row(consent: Consent) -> dict[str, Any]:
    row = dict(vars(consent))
    for name in ("papers", "purposes", "procedures"):
        row[name] = list(row[name])
    return row | {"once": int(consent.once)}
