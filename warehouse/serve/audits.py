"""Routes of the account: who saw what, signed checkpoints, excerpts, and checks of the store."""

from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from warehouse.access import Target
from warehouse.serve import models as m
from warehouse.serve.case import Asked, Case, answer, answered
from warehouse.values import Actor

router = APIRouter(tags=["account"])


@router.post("/account", response_model=list[m.EventOut])
def account(body: m.AccountIn, case: Asked) -> list[m.EventOut]:
    """Everything on record about an owner, the oldest first; that it was shown, is too."""
    case.require_ever("account")
    number, actor = _about(case, "account", body)
    events = case.warehouse.account.of(number, actor)
    titles = {one.id: one.title for one in case.warehouse.find(number, status="any")}
    asked = [one for one in events if one.owner_number > body.after][: body.limit]
    return [m.event_out(one, titles.get(one.record_id, "")) for one in asked]


@router.post("/account/excerpt", response_model=dict[str, Any])
def excerpt(body: m.OwnerAsk, case: Asked) -> Response:
    """The entries about an owner as a file that proves itself: sohoa audit verify FILE."""
    case.require_ever("excerpt")
    number, actor = _about(case, "excerpt", body)
    return answered(answer(200, case.warehouse.account.excerpt(number, actor)))


@router.get("/audit/checkpoint", response_model=m.CheckpointOut)
def checkpoint(case: Asked) -> m.CheckpointOut:
    """The last signed statement about the audit, to be kept elsewhere."""
    case.require("checkpoint", Target())
    return m.CheckpointOut(statement=case.service.latest_checkpoint())


@router.post("/audit/checkpoints", status_code=201, response_model=m.CheckpointOut)
def make_checkpoint(case: Asked) -> m.CheckpointOut:
    """Close the growing checkpoint and timestamp it, where the office has a service."""
    case.require("checkpoint", Target())
    made = case.warehouse.account.checkpoint(case.parts.stamper)
    return m.CheckpointOut(statement=made)


@router.post("/audit/verify", response_model=m.AuditOut)
async def verify(body: m.VerifyIn, case: Asked, request: Request) -> m.AuditOut:
    """Whether the audit is whole, signed, and holds what the witnesses name."""
    await anyio.to_thread.run_sync(partial(case.require, "audit-verify", Target()))
    work = partial(
        case.warehouse.account.verify,
        stamp_check=case.parts.stamp_check,
        witnesses=body.witnesses,
    )
    # One walk through everything at a time.
    return m.audit_out(await anyio.to_thread.run_sync(work, limiter=request.app.state.walking))


@router.get("/check", response_model=m.CheckStateOut)
def check_state(case: Asked) -> m.CheckStateOut:
    """When the store was last looked at as a whole."""
    case.require("check", Target())
    state = case.service.check_state()
    return m.CheckStateOut(
        begun_at=state.begun_at, ended_at=state.ended_at, under_way=bool(state.last_record)
    )


@router.post("/check", response_model=m.CheckOut)
async def check(body: m.CheckIn, case: Asked, request: Request) -> m.CheckOut:
    """Look at some records; the next check goes on from there."""
    await anyio.to_thread.run_sync(partial(case.require, "check", Target()))
    work = partial(case.warehouse.check, body.limit)
    return m.check_out(await anyio.to_thread.run_sync(work, limiter=request.app.state.walking))


def _about(case: Case, verb: str, body: m.OwnerAsk) -> tuple[str, Actor]:
    number = case.parts.owner_of(body.owner.number, body.owner.name).identifier
    return number, case.require(verb, Target(owners=frozenset({number})), owner=number)
