"""Routes of consent: given, shown, taken back."""

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from foundation.messages import _
from profiles import load_paper, load_procedure
from warehouse.access import Target
from warehouse.grounds import Consent, Evidence, Giver
from warehouse.once import Answer
from warehouse.serve import asked, told
from warehouse.serve.case import Asked, Case, answer
from warehouse.values import Actor, Event

router = APIRouter(tags=["consents"])


@router.post("/consents", status_code=201, response_model=told.ConsentOut)
def grant(body: asked.ConsentIn, case: Asked) -> Response:
    """Put on record what an owner agreed to; the receipt is signed."""
    case.require_ever("consent-grant")

    def work(case: Case) -> Answer:
        owner = case.parts.owner_of(body.owner.number, body.owner.name)
        actor = _for_owner(case, "consent-grant", owner.identifier)
        asked = case.parts.agreement(
            case.office,
            owner,
            tuple(load_paper(name) for name in body.papers),
            _evidence(body.evidence),
            giver=_giver(body.giver),
            purposes=body.purposes,
            language=body.language,
        )
        codes = tuple(load_procedure(name).code for name in body.procedures)
        asked = replace(asked, procedures=codes, until=body.until, once=body.once)
        return answer(201, told.consent_out(case.warehouse.consents.grant(asked, actor)))

    return case.once(body.model_dump_json(), work, _granted)


@router.post("/consents/find", response_model=list[told.ConsentOut])
def consents_of(body: asked.OwnerAsk, case: Asked) -> list[told.ConsentOut]:
    """All that an owner ever agreed to, the latest first."""
    case.require_ever("consent-show")
    number = case.parts.owner_of(body.owner.number, body.owner.name).identifier
    _for_owner(case, "consent-show", number)
    return [told.consent_out(one) for one in case.warehouse.consents.of(number)]


@router.get("/consents/{consent}", response_model=told.ConsentOut)
def show(consent: asked.ConsentId, case: Asked) -> told.ConsentOut:
    """One consent, with its signed receipts."""
    case.require_ever("consent-show")
    found = case.warehouse.consents.get(consent)
    _for_owner(case, "consent-show", found.owner_identifier)
    return told.consent_out(found)


@router.post("/consents/{consent}/withdraw", response_model=told.WithdrawalOut)
def withdraw(consent: asked.ConsentId, body: asked.WithdrawIn, case: Asked) -> Response:
    """Take a consent back; it is acted on at once, and proven by a second receipt."""
    case.require_ever("consent-withdraw")

    def work(case: Case) -> Answer:
        found = case.warehouse.consents.get(consent)
        actor = _for_owner(case, "consent-withdraw", found.owner_identifier)
        return answer(200, _withdraw(case, found, body, actor))

    return case.once(body.model_dump_json(), work)


def _withdraw(
    case: Case, consent: Consent, body: asked.WithdrawIn, actor: Actor
) -> told.WithdrawalOut:
    done = case.warehouse.consents.withdraw(
        consent.id,
        actor,
        _evidence(body.evidence),
        giver=_giver(body.giver),
        laws={} if body.erase else case.parts.laws(),
    )
    # Also what an earlier withdrawal was cut short before.
    for record in case.warehouse.due_for_erasure():
        case.warehouse.erase(record.id, _("the owner withdrew their consent"), actor)
    return told.withdrawal_out(done)


def _granted(case: Case, event: Event) -> Answer:
    return answer(201, told.consent_out(case.warehouse.consents.get(event.details["consent"])))


def _for_owner(case: Case, verb: str, number: str) -> Actor:
    return case.require(verb, Target(owners=frozenset({number})), owner=number)


def _evidence(given: asked.EvidenceIn) -> Evidence:
    return Evidence(**given.model_dump())


def _giver(given: asked.GiverIn) -> Giver:
    return Giver(**given.model_dump())
