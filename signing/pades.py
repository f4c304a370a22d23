"""Sign PDF files with a token: PAdES, incrementally, checked before they count.

One PIN and one session serve many files. A file is copied to a temporary name, the
signature is appended there, the result is verified, and only then does it get its
name. What was signed before is a prefix of the new file, byte for byte.
"""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from foundation.files import atomic_path
from foundation.messages import _
from foundation.reasons import reason_of
from foundation.times import utc_now
from profiles.schema import RemoteSigner
from signing import errors
from signing.appearance import PageFrame, lay_out
from signing.certificates import chain_of
from signing.document import open_writer
from signing.evidence import Means, means_of
from signing.facts import Changes, FileFacts, SignatureFacts
from signing.gather import gather_async
from signing.jobs import Level, Progress, SigningRequest, SignJob, SignResult, run_batch
from signing.pins import PinSource
from signing.policy import Cause, broken, judge_file, level_of, reaches
from signing.remote import RemoteSession, open_remote, run_together
from signing.stages import (
    Tools,
    append_signature,
    begins_with,
    container_size,
    unreadable,
)
from signing.tokens import TokenSession, open_token
from signing.trust import load_anchors
from signing.verify import explain

__all__ = ["Level", "SignJob", "SignResult", "SigningRequest", "sign_file", "sign_files"]


def sign_files(
    jobs: Sequence[SignJob],
    request: SigningRequest,
    pin_source: PinSource,
    *,
    on_progress: Progress | None = None,
) -> list[SignResult]:
    """Sign many files with one PIN and one session.

    A file that cannot be signed is reported and the next is taken. An error of the
    token or of a service would repeat itself with every file, so it stops the batch:
    what was signed before stays, the rest is ``skipped``.

    Args:
        jobs: what to sign, in this order.
        request: how.
        pin_source: asked once.
        on_progress: called after each file with done, total and its job.

    Raises:
        TokenError, DriverMissing, DriverFault: the token could not be opened; nothing was signed.
        FontMissing, NoTimestampService, BadTrustFile: found before the PIN is asked for.
    """
    means = _means(request)
    extra = tuple(anchor.certificate for anchor in load_anchors(request.chain))
    if request.rules.visible:
        _check_font(request)
    with _open(request, pin_source) as session:
        chain = tuple(chain_of(session.certificate, [*session.chain, *extra]))
        return asyncio.run(_sign_all(jobs, Tools(request, session, chain, means), on_progress))


def sign_file(job: SignJob, request: SigningRequest, pin_source: PinSource) -> SignatureFacts:
    """Sign one file. Raises what :func:`sign_files` raises and what it reports for the file."""
    (result,) = sign_files([job], request, pin_source)
    if result.error is not None:
        raise result.error
    assert result.signature is not None  # noqa: S101  a signed result has one
    return result.signature


async def _sign_all(
    jobs: Sequence[SignJob], tools: Tools, on_progress: Progress | None
) -> list[SignResult]:
    services, why = tools.timestamps, None
    measuring = asyncio.Lock()

    async def sign(job: SignJob) -> SignResult:
        nonlocal tools, why
        try:
            async with measuring:
                if not tools.container_size:
                    tools = replace(tools, container_size=await container_size(tools))
            return await _sign_or_keep(job, tools, why)
        except (errors.TimestampUnavailable, errors.RevocationUnavailable) as error:
            if tools.request.on_waiting is None:
                raise
            # For the rest of the batch too: the time limits are not waited for with every file.
            why, tools = error, replace(tools, means=None, container_size=0)
        return await sign(job)

    stops_at = (errors.TokenError, errors.ServiceError)
    try:
        if isinstance(tools.session, RemoteSession):
            return await run_together(jobs, sign, tools.session, stops_at, on_progress)
        return await run_batch(jobs, sign, stops_at, on_progress)
    finally:
        if services:
            await services.aclose()


def _open(
    request: SigningRequest, pins: PinSource
) -> AbstractContextManager[TokenSession | RemoteSession]:
    """The session of the signer's kind."""
    if isinstance(request.signer, RemoteSigner):
        return open_remote(request.signer, pins)
    return open_token(request.signer, pins, allow_last_try=request.allow_last_try)


async def _sign_or_keep(job: SignJob, tools: Tools, why: errors.ServiceError | None) -> SignResult:
    kept = await _signed_before(job, tools)
    if kept:
        _tell_of_waiting(job, kept, tools)
    facts = kept or await _sign_one(job, tools)
    if tools.waiting:
        return SignResult(job, "waiting", signature=facts, waits_for=why)
    return SignResult(job, "kept" if kept else "signed", signature=facts)


def _tell_of_waiting(job: SignJob, facts: SignatureFacts, tools: Tools) -> None:
    if tools.waiting and tools.request.on_waiting:
        tools.request.on_waiting(job, facts)


async def _signed_before(job: SignJob, tools: Tools) -> SignatureFacts | None:
    """The signature of an earlier run that was stopped further on: it is not made twice."""
    if tools.request.again or job.source == job.target or not job.target.is_file():
        return None
    try:
        return await _check(job.source, job.target, tools)
    except (OSError, errors.OutputNotSound):
        return None


async def _sign_one(job: SignJob, tools: Tools) -> SignatureFacts:
    await _refuse(job.source, tools)  # opens the source: what fails below is the target
    try:
        with atomic_path(job.target) as part:
            shutil.copyfile(job.source, part)
            await append_signature(job.source, part, tools)
            facts = await _check(job.source, part, tools)
            _tell_of_waiting(job, facts, tools)
            return facts
    except OSError as error:
        raise errors.NotWritable(file=job.target, detail=reason_of(error)) from error


async def _refuse(source: Path, tools: Tools) -> None:
    """Raise where signing would be wrong: signed by the same person, or broken already."""
    try:
        with source.open("rb") as stream:
            open_writer(source, stream)
        earlier = await gather_async(source, (), utc_now())
    except OSError as error:
        raise unreadable(source, error) from error
    if earlier.signatures and (cause := _unsound(earlier)):
        raise errors.EarlierSignatureBroken(file=source, detail=explain(cause))
    first = tools.request.rules.after
    if first and not any(one.field.startswith(f"sohoa-{first}") for one in earlier.signatures):
        raise errors.OutOfOrder(file=source, first=first)
    ours = tools.session.certificate.sha256
    if not tools.request.again and any(one.certificate == ours for one in earlier.signatures):
        raise errors.AlreadySigned(file=source, signer=tools.name)


async def _check(source: Path, part: Path, tools: Tools) -> SignatureFacts:
    """Verify the finished file before it gets its name. Raises :class:`errors.OutputNotSound`."""
    fail = partial(errors.OutputNotSound, file=source)
    if not begins_with(part, source):
        raise fail(detail=_("The original was altered."))
    facts = await gather_async(part, tools.means.anchors if tools.means else (), utc_now())
    if cause := _unsound(facts):
        raise fail(detail=explain(cause))
    ours = tools.session.certificate.sha256
    made = [one for one in facts.signatures if one.certificate == ours]
    if not made or facts.signatures[-1].changes not in (Changes.NONE, Changes.EVIDENCE):
        raise fail(detail=_("The signature does not cover the whole file."))
    if not reaches(level_of(made[-1], facts), tools.level):
        raise fail(detail=_("The level was not reached."))
    return made[-1]


def _unsound(facts: FileFacts) -> Cause:
    """What is wrong with the file or one of its signatures, whoever signed; trust aside."""
    causes = [judge_file(facts)[1] if facts.fault else Cause.NONE, *map(broken, facts.signatures)]
    return next((cause for cause in causes if cause), Cause.NONE)


def _means(request: SigningRequest) -> Means | None:
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
