"""Routes of the account: who saw what, signed checkpoints, excerpts, and checks of the store."""

from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from warehouse.access import Target
from warehouse.serve import asked, told
from warehouse.serve.case import Asked, Case, answer, answered
from warehouse.values import Actor

router = APIRouter(tags=["account"])


@router.post("/account", response_model=list[told.EventOut])
def account(body: asked.AccountIn, case: Asked) -> list[told.EventOut]:
    """Everything on record about an owner, the oldest first; that it was shown, is too."""
    case.require_ever("account")
    number, actor = _about(case, "account", body)
    events = case.warehouse.account.of(number, actor)
    titles = {one.id: one.title for one in case.warehouse.find(number, status="any")}
    asked = [one for one in events if one.owner_number > body.after][: body.limit]
    return [told.event_out(one, titles.get(one.record_id, "")) for one in asked]


@router.post("/account/excerpt", response_model=dict[str, Any])
def excerpt(body: asked.OwnerAsk, case: Asked) -> Response:
    """The entries about an owner as a file that proves itself: sohoa audit verify FILE."""
    case.require_ever("excerpt")
    number, actor = _about(case, "excerpt", body)
    return answered(answer(200, case.warehouse.account.excerpt(number, actor)))


@router.get("/audit/checkpoint", response_model=told.CheckpointOut)
def checkpoint(case: Asked) -> told.CheckpointOut:
    """The last signed statement about the audit, to be kept elsewhere."""
    case.require("checkpoint", Target())
    return told.CheckpointOut(statement=case.service.latest_checkpoint())


@router.post("/audit/checkpoints", status_code=201, response_model=told.CheckpointOut)
def make_checkpoint(case: Asked) -> told.CheckpointOut:
    """Close the growing checkpoint and timestamp it, where the office has a service."""
    case.require("checkpoint", Target())
    made = case.warehouse.account.checkpoint(case.parts.stamper)
    return told.CheckpointOut(statement=made)


@router.post("/audit/verify", response_model=told.AuditOut)
async def verify(body: asked.VerifyIn, case: Asked, request: Request) -> told.AuditOut:
    """Whether the audit is whole, signed, and holds what the witnesses name."""
    await anyio.to_thread.run_sync(partial(case.require, "audit-verify", Target()))
    work = partial(
        case.warehouse.account.verify,
        stamp_check=case.parts.stamp_check,
        witnesses=body.witnesses,
    )
    # One walk through everything at a time.
    return told.audit_out(await anyio.to_thread.run_sync(work, limiter=request.app.state.walking))


@router.get("/check", response_model=told.CheckStateOut)
def check_state(case: Asked) -> told.CheckStateOut:
    """When the store was last looked at as a whole."""
    case.require("check", Target())
    state = case.service.check_state()
    return told.CheckStateOut(
        begun_at=state.begun_at, ended_at=state.ended_at, under_way=bool(state.last_record)
    )


@router.post("/check", response_model=told.CheckOut)
async def check(body: asked.CheckIn, case: Asked, request: Request) -> told.CheckOut:
    """Look at some records; the next check goes on from there."""
    await anyio.to_thread.run_sync(partial(case.require, "check", Target()))
    work = partial(case.warehouse.check, body.limit)
    return told.check_out(await anyio.to_thread.run_sync(work, limiter=request.app.state.walking))


def _about(case: Case, verb: str, body: asked.OwnerAsk) -> tuple[str, Actor]:
    number = case.parts.owner_of(body.owner.number, body.owner.name).identifier
    return number, case.require(verb, Target(owners=frozenset({number})), owner=number)
