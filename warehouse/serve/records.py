"""Routes of records: deposit, find, plan, reuse, and what may become of a paper."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from foundation.files import scratch_folder, sha256_file
from foundation.times import today, utc_now
from profiles import load_paper, load_procedure
from warehouse.access import Target, role_for, target_of
from warehouse.errors import OwnerMissing, RecordNotFound
from warehouse.ground_errors import require_kept
from warehouse.grounds import Basis
from warehouse.once import Answer
from warehouse.records import require_reusable
from warehouse.serve import asked, told
from warehouse.serve.case import Asked, Case, answer
from warehouse.serve.problems import DocumentGone
from warehouse.serve.uploads import Upload, receive_upload
from warehouse.values import Actor, Event, Owner, Record

#: How long whoever a paper was handed out to may fetch it.
_TO_FETCH = timedelta(hours=1)
_DEPOSIT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["paper", "file"],
                    "additionalProperties": False,
                    "properties": {
                        "paper": {"$ref": "#/components/schemas/DepositIn"},
                        "file": {"type": "string", "format": "binary"},
                        "master": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                },
                "encoding": {
                    "paper": {"contentType": "application/json"},
                    "file": {"contentType": "application/pdf"},
                    "master": {"contentType": "image/jpeg, image/png, image/tiff, image/jp2"},
                },
            }
        },
    }
}
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}

router = APIRouter(tags=["records"])


@router.post(
    "/records", status_code=201, response_model=told.RecordOut, openapi_extra=_DEPOSIT_BODY
)
async def deposit(request: Request, case: Asked) -> Response:
    """Take a paper in. The same content again is the same record."""
    await anyio.to_thread.run_sync(case.require_ever, "deposit")
    state = request.app.state
    async with state.uploads:
        with ExitStack() as stack:
            # Swept and removed in threads: a disk may be slow.
            enter = partial(stack.enter_context, scratch_folder(case.desk.scratch))
            upload = await receive_upload(request, await anyio.to_thread.run_sync(enter))
            # Judging waits for worker processes: in threads of its own, that others never want.
            work = partial(_deposit_once, case, upload)
            return await anyio.to_thread.run_sync(work, limiter=state.depositing)


def _deposit_once(case: Case, upload: Upload) -> Response:
    digests = [sha256_file(path) for path in (upload.file, *upload.masters)]
    content = "\n".join((upload.said.model_dump_json(), *digests))
    return case.once(content, partial(_deposit, upload), _taken_in)


def _deposit(upload: Upload, case: Case) -> Answer:
    said, parts = upload.said, case.parts
    paper = load_paper(said.type)
    owner = _owner(case, said.owner) if said.owner else Owner("")
    co_owners = [_owner(case, one) for one in said.co_owners]
    actor = _depositor(case, said, paper.name, [owner, *co_owners])
    require_kept(paper)
    basis: Basis | None = None if said.component else parts.law_of(paper)
    if said.consent is not None:
        basis = parts.by_consent(said.consent)
    judgement = parts.judge(upload.file, paper)
    office = case.office
    code = case.warehouse.new_code(office.record_code, owner.identifier, paper.code, office.code)
    record = case.warehouse.deposit(
        upload.file,
        owner=owner,
        paper_type=paper.name,
        type_code=paper.code,
        title=paper.title,
        code=code,
        actor=actor,
        number=said.number,
        fields=said.fields,
        valid_until=said.valid_until,
        procedure=said.procedure,
        dossier_code=said.dossier_code,
        supersede=said.supersede,
        basis=basis,
        co_owners=co_owners,
        owner_unknown=said.owner is None,
        masters=upload.masters,
        judgement=judgement,
    )
    return answer(201, told.record_out(record), record.id)


def _depositor(
    case: Case, said: asked.DepositIn, paper_type: str, owners: Sequence[Owner]
) -> Actor:
    """Who deposits: whoever replaces a paper needs the right to the one that is replaced."""
    if said.supersede:
        number = " ".join(said.number.split())
        for owner in owners:
            if not owner.identifier:
                raise OwnerMissing
            for held in case.warehouse.find(owner.identifier, paper_type, status="any"):
                if held.number == number and held.status in ("active", "expired"):
                    case.require_for_record("deposit", held)
    return case.require("deposit", Target(), owner=owners[0].identifier)


@router.post("/records/find", response_model=list[told.RecordOut])
def find(body: asked.FindIn, case: Asked) -> list[told.RecordOut]:
    """Papers held for an owner, or the one an official code stands for. It is put on record."""
    case.require_ever("find")
    if body.owner is None:
        record = _named(case, "find", body.code)
        case.service.saw("find", record, case.require_for_record("find", record))
        return [told.record_out(record)]
    number = _owner(case, body.owner).identifier
    actor = case.require("find", Target(owners=frozenset({number})), owner=number)
    paper_type = load_paper(body.type).name if body.type else None
    held = case.warehouse.find(number, paper_type, status="any" if body.all else "active")
    found = [one for one in held if role_for(case.principal, "find", target_of(one))]
    seen = {"found": str(len(found)), "type": paper_type or ""}
    case.warehouse.account.note("look-up", number, actor, seen)
    return [told.record_out(one) for one in found]


@router.post("/plans", response_model=list[told.PlannedOut])
def plan(body: asked.PlanIn, case: Asked) -> list[told.PlannedOut]:
    """For each component of a procedure: what is held and may be reused, or why to scan it."""
    case.require_ever("plan")
    number = _owner(case, body.owner).identifier
    procedure = load_procedure(body.procedure)
    target = Target(owners=frozenset({number}), procedure=procedure.code)
    actor = case.require("plan", target, owner=number)
    wanted = case.parts.wanted_by(procedure)
    planned = case.warehouse.plan(number, procedure.code, wanted, on=body.on)
    found = sum(one.record is not None for one in planned)
    seen = {"procedure": procedure.code, "found": str(found)}
    case.warehouse.account.note("look-up", number, actor, seen)
    return [told.planned_out(one) for one in planned]


@router.get("/records/{record}", response_model=told.MetadataOut)
def metadata(record: asked.RecordId, case: Asked) -> told.MetadataOut:
    """What is known of a paper, with what it says. It is put on record."""
    case.require_ever("metadata")
    found = _named(case, "metadata", record)
    case.service.saw("metadata", found, case.require_for_record("metadata", found))
    return told.metadata_out(found)


@router.get("/records/{record}/status", response_model=told.StatusOut)
def status(record: asked.RecordId, case: Asked) -> told.StatusOut:
    """Whether a paper is in force."""
    case.require_ever("status")
    found = _named(case, "status", record)
    case.require_for_record("status", found)
    return told.StatusOut.model_validate(found, from_attributes=True)


@router.get("/records/{record}/document", response_class=Response, responses=_PDF)
def document(
    record: asked.RecordId,
    case: Asked,
    version: Annotated[int | None, Query(ge=1, le=2**31)] = None,
) -> Response:
    """The paper itself, as it was deposited. It is put on record."""
    case.require_ever("document")
    found = _named(case, "document", record)
    if version is not None:
        found = case.service.version(found.id, version)
    actor = case.require_for_record("document", found)
    return _streamed(case, found, actor)


@router.post("/records/{record}/releases", status_code=201, response_model=told.ReleaseOut)
def reuse(record: asked.RecordId, body: asked.ReuseIn, case: Asked) -> Response:
    """Hand a paper out for a procedure: a signed receipt, and an hour to fetch the paper."""
    case.require_ever("reuse")

    def work(case: Case) -> Answer:
        found = _named(case, "reuse", record)
        code, why, terms = case.parts.asked_for(body.procedure, body.reason, case.office)
        actor = case.require("reuse", target_of(found, code), record=found)
        whom = _owner(case, body.owner).identifier if body.owner else ""
        release = case.warehouse.reuse(
            found.id, procedure=code, reason=why, actor=actor, out=None, terms=terms, owner=whom
        )
        return answer(201, told.release_out(release, case.parts.prefill(release)), found.id)

    return case.once(body.model_dump_json(), work, _handed_out)


@router.get("/releases/{release}/document", response_class=Response, responses=_PDF)
def released_document(release: asked.ReleaseId, case: Asked) -> Response:
    """The paper that was handed out, to whom it was handed out to."""
    case.require_ever("reuse")
    released = case.service.released(release)
    if released is None or (released.actor, released.office) != _self(case):
        raise DocumentGone
    if released.withdrawn or utc_now() - released.at > _TO_FETCH:
        raise DocumentGone
    require_reusable(released.record, today())
    return _streamed(case, released.record, None)


@router.post("/records/{record}/revoke", response_model=told.RecordOut)
def revoke(record: asked.RecordId, body: asked.ReasonIn, case: Asked) -> Response:
    """Withdraw a paper, for good."""
    case.require_ever("revoke")

    def work(case: Case) -> Answer:
        found = _named(case, "revoke", record)
        actor = case.require_for_record("revoke", found)
        revoked = case.warehouse.revoke(found.id, body.reason, actor)
        return answer(200, told.record_out(revoked), found.id)

    return case.once(body.model_dump_json(), work, _changed)


@router.post("/records/{record}/bind", response_model=told.RecordOut)
def bind(record: asked.RecordId, body: asked.BindIn, case: Asked) -> Response:
    """Say whose paper it is, where that was not known."""
    case.require_ever("bind")

    def work(case: Case) -> Answer:
        found = _named(case, "bind", record)
        actor = case.require_for_record("bind", found)
        owner, office = _owner(case, body.owner), case.office
        code = case.warehouse.new_code(
            office.record_code, owner.identifier, found.type_code, office.code
        )
        others = [_owner(case, one) for one in body.co_owners]
        bound = case.warehouse.bind_owner(found.id, owner, actor, code=code, co_owners=others)
        return answer(200, told.record_out(bound), found.id)

    return case.once(body.model_dump_json(), work, _changed)


@router.post("/records/{record}/erase", response_model=told.RecordOut)
def erase(record: asked.RecordId, body: asked.ReasonIn, case: Asked) -> Response:
    """Destroy a paper: it can never be read again."""
    case.require_ever("erase")

    def work(case: Case) -> Answer:
        found = _named(case, "erase", record)
        actor = case.require_for_record("erase", found)
        erased = case.warehouse.erase(found.id, body.reason, actor)
        return answer(200, told.record_out(erased[-1]), found.id)

    return case.once(body.model_dump_json(), work, _changed)


def _taken_in(case: Case, event: Event) -> Answer:
    held = case.service.version(event.record_id, event.version)
    return answer(201, told.record_out(held), held.id)


def _changed(case: Case, event: Event) -> Answer:
    return replace(_taken_in(case, event), status=200)


def _handed_out(case: Case, event: Event) -> Answer:
    release = case.service.release_of(event)
    return answer(201, told.release_out(release, case.parts.prefill(release)), event.record_id)


def _owner(case: Case, given: asked.OwnerIn) -> Owner:
    return case.parts.owner_of(given.number, given.name)


def _self(case: Case) -> tuple[str, str]:
    """Name and office under which whoever asks stands in the list of releases."""
    return case.principal.name, case.principal.office


def _named(case: Case, verb: str, name: str) -> Record:
    """A record by id or code; asking for what is not there is on record too."""
    try:
        return case.warehouse.get(name)
    except RecordNotFound as error:
        case.note_missing(verb, error.message_id)
        raise


def _streamed(case: Case, record: Record, actor: Actor | None) -> Response:
    """The paper on its way out. What can be wrong is found out before the first byte leaves.

    Damage found later cuts the connection short of the length that was announced; the last
    chunk never leaves of a paper that is not as deposited.
    """
    chunks = case.service.chunks(record)
    first = next(chunks)
    if actor is not None:
        case.service.saw("document", record, actor)

    def rest() -> Iterator[bytes]:
        yield first
        yield from chunks

    digest = bytes.fromhex(record.sha256)
    headers = {
        "Content-Length": str(record.size),
        "Content-Disposition": f'attachment; filename="{record.id}.pdf"',
        "Repr-Digest": f"sha-256=:{b64encode(digest).decode()}:",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(rest(), media_type="application/pdf", headers=headers)
