"""The files of a batch, each signed, verified and named.

One PIN and one session serve them all. A file is copied to a temporary name, the
signature is appended there, the result is verified, and only then does it get its
name. What was signed before is a prefix of the new file, byte for byte.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from foundation.files import atomic_path, sweep_parts
from foundation.interrupts import run_async
from foundation.times import utc_now
from profiles.schema import RemoteSigner
from signing import errors
from signing.appearance import lay_out
from signing.beside import Look, Signed
from signing.certificates import chain_of
from signing.document import MALFORMED, field_names, open_writer
from signing.facts import SignatureFacts
from signing.frames import PageFrame
from signing.gather import gather_async
from signing.jobs import (
    Outcome,
    Progress,
    SigningRequest,
    SignJob,
    SignResult,
    not_written,
    run_batch,
)
from signing.longterm import Means, means_of
from signing.outputs import look_at, unsound
from signing.pins import PinSource
from signing.remote import RemoteSession, open_remote, run_together
from signing.stages import (
    Tools,
    append_signature,
    container_size,
    unreadable,
)
from signing.tokens import TokenSession, open_token
from signing.trust import load_anchors
from signing.turns import TargetTaken, Turn
from signing.verify import explain


def sign_batch(
    jobs: Sequence[SignJob],
    request: SigningRequest,
    pin_source: PinSource,
    look: Look,
    on_progress: Progress | None,
) -> list[SignResult]:
    """:func:`signing.pades.sign_files`, with ``look`` to see that what was signed is sound."""
    means = means_for(request)
    extra = tuple(anchor.certificate for anchor in load_anchors(request.chain))
    if request.rules.visible:
        _check_font(request)
    for folder in {job.target.parent for job in jobs}:
        sweep_parts(folder)
    with open_key(request, pin_source) as session:
        chain = tuple(chain_of(session.certificate, [*session.chain, *extra]))
        tools = Tools(request, session, chain, means)
        return run_async(_sign_all(jobs, tools, look, on_progress))


#: Errors that the next file would meet as well.
_STOPS = (errors.TokenError, errors.ServiceError, errors.NoSpace)


async def _sign_all(
    jobs: Sequence[SignJob], tools: Tools, look: Look, on_progress: Progress | None
) -> list[SignResult]:
    services, why = tools.timestamps, None
    measuring = asyncio.Lock()

    async def sign(job: SignJob) -> Outcome:
        nonlocal tools, why
        try:
            async with measuring:
                if not tools.container_size:
                    tools = replace(tools, container_size=await container_size(tools))
            return await _sign_or_keep(job, tools, look, why)
        except (errors.TimestampUnavailable, errors.RevocationUnavailable) as error:
            if tools.request.on_waiting is None:
                raise
            # For the rest of the batch too: the time limits are not waited for with every file.
            why, tools = error, replace(tools, means=None, container_size=0)
        return await sign(job)

    try:
        if isinstance(tools.session, RemoteSession):
            return await run_together(jobs, sign, tools.session, _STOPS, on_progress)
        return await run_batch(jobs, sign, _STOPS, on_progress)
    finally:
        if services:
            await services.aclose()


def open_key(
    request: SigningRequest, pins: PinSource
) -> AbstractContextManager[TokenSession | RemoteSession]:
    """The session of the signer's kind."""
    if isinstance(request.signer, RemoteSigner):
        return open_remote(request.signer, pins)
    return open_token(request.signer, pins, allow_last_try=request.allow_last_try)


async def _sign_or_keep(
    job: SignJob, tools: Tools, look: Look, why: errors.ServiceError | None
) -> Outcome:
    kept = None if job.source == job.target else await _signed_before(job, tools, look)
    if not kept:
        try:
            return await _sign_one(job, tools, look, why)
        except errors.AlreadySigned:
            in_place = job.target.is_file() and job.target.samefile(job.source)
            kept = await _signed_before(job, tools, look) if in_place else None
            if not kept:
                raise
    _tell_of_waiting(job, kept, tools)
    return _result(job, "kept", kept, tools, why)


def _result(
    job: SignJob,
    outcome: Literal["kept", "signed"],
    facts: SignatureFacts,
    tools: Tools,
    why: errors.ServiceError | None,
) -> SignResult:
    if tools.waiting:
        return SignResult(job, "waiting", signature=facts, waits_for=why)
    return SignResult(job, outcome, signature=facts)


def _tell_of_waiting(job: SignJob, facts: SignatureFacts, tools: Tools) -> None:
    if tools.waiting and tools.request.on_waiting:
        tools.request.on_waiting(job, facts)


async def _signed_before(job: SignJob, tools: Tools, look: Look) -> SignatureFacts | None:
    """The signature of an earlier run that was stopped further on: it is not made twice."""
    if tools.request.again or not job.target.is_file():
        return None
    try:
        return await look(_signed(job, job.target, tools))
    except (OSError, errors.OutputNotSound):
        return None


async def _sign_one(
    job: SignJob, tools: Tools, look: Look, why: errors.ServiceError | None
) -> Outcome:
    """Sign a file; a second process looks at it, and it gets its name, while the next is begun."""
    await _refuse(job.source, tools)  # opens the source: what fails below is the target
    try:
        with ExitStack() as unnamed:
            turn = unnamed.enter_context(Turn(job.target))
            part = unnamed.enter_context(atomic_path(job.target))
            shutil.copyfile(job.source, part)
            await append_signature(job.source, part, tools)
            looked = asyncio.ensure_future(look(_signed(job, part, tools)))
            await asyncio.sleep(0)  # let the look begin
            rest = unnamed.pop_all()
            # Called when it is its turn: a batch that is stopped before leaves nothing unawaited.
            ending = _ended(job, tools, partial(_named, job, tools, looked, turn, rest), look, why)
            return await ending if look is look_at else asyncio.ensure_future(ending)
    except OSError as error:
        raise not_written(job.target, error) from error


async def _ended(
    job: SignJob,
    tools: Tools,
    named: Callable[[], Awaitable[SignatureFacts]],
    look: Look,
    why: errors.ServiceError | None,
) -> SignResult:
    try:
        return _result(job, "signed", await named(), tools, why)
    except TargetTaken:
        # Two were told to sign the same files: whoever comes second keeps what the first made.
        if kept := await _signed_before(job, tools, look):
            return _result(job, "kept", kept, tools, why)
        raise


async def _named(
    job: SignJob,
    tools: Tools,
    looked: Awaitable[SignatureFacts],
    turn: Turn,
    unnamed: ExitStack,
) -> SignatureFacts:
    try:
        with unnamed:
            facts = await looked
            if not turn.unchanged():
                raise TargetTaken(file=job.target)
            _tell_of_waiting(job, facts, tools)
            naming = unnamed.pop_all()
        await asyncio.to_thread(naming.close)  # the disk takes its time; the next is signed in it
    except OSError as error:
        raise not_written(job.target, error) from error
    return facts


def _signed(job: SignJob, part: Path, tools: Tools) -> Signed:
    anchors = tuple(anchor.dump() for anchor in tools.means.anchors) if tools.means else ()
    return Signed(job.source, part, tools.session.certificate.sha256, tools.level, anchors)


async def _refuse(source: Path, tools: Tools) -> None:
    """Raise where signing would be wrong: signed by the same person, or broken already."""
    first = tools.request.rules.after
    try:
        with source.open("rb") as stream:
            if not first and not field_names(open_writer(source, stream).prev):
                return  # nobody has signed it
        earlier = await gather_async(source, (), utc_now())
    except MALFORMED as error:
        raise unreadable(source, error) from error
    if earlier.signatures and (cause := unsound(earlier)):
        raise errors.EarlierSignatureBroken(file=source, detail=explain(cause))
    if first and not any(one.field.startswith(f"sohoa-{first}") for one in earlier.signatures):
        raise errors.OutOfOrder(file=source, first=first)
    ours = tools.session.certificate.sha256
    if not tools.request.again and any(one.certificate == ours for one in earlier.signatures):
        raise errors.AlreadySigned(file=source, signer=tools.name)


def means_for(request: SigningRequest) -> Means | None:
    """The services and roots that the level needs; None where it needs none."""
    if request.level == "b-b":
        return None
    if not request.timestamp_urls:
        raise errors.NoTimestampService(level=request.level)
    means = means_of(request.timestamp_urls, request.services, request.trust, request.chain)
    return None if request.offline else means


def _check_font(request: SigningRequest) -> None:
    """Find a missing font before the PIN is asked for."""
    lay_out(request.kind, request.rules, PageFrame(0, 0, 595, 842))
