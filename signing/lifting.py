"""Lift signed files to a higher PAdES level later, and renew archive timestamps in time.

A counter without a network signs B-B; when the network is back, its files are lifted
before the certificate runs out. Archive timestamps are renewed before the service's own
certificate expires. No key is needed. What was signed stays a prefix of the new file, and a
file that has what it needs is left alone: safe to run every day.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from foundation.files import atomic_path, begins_with
from foundation.interrupts import run_async
from foundation.messages import _
from foundation.reasons import DAMAGED
from foundation.times import utc_now
from profiles.schema import ServiceRules
from signing import errors
from signing.facts import FileFacts
from signing.gather import gather_async
from signing.jobs import Level, Progress, SignJob, SignResult, not_written, run_batch
from signing.longterm import (
    Means,
    append_document_timestamp,
    append_evidence,
    faults_of_evidence,
    means_of,
)
from signing.policy import Cause, judge_file, judge_signature, level_of, reaches
from signing.stages import unreadable
from signing.verify import explain, is_pdf


@dataclass(frozen=True)
class Lift:
    """How files are lifted.

    Args:
        level: PAdES level each signature shall reach, ``b-t`` to ``b-lta``.
        timestamp_urls: RFC 3161 services, tried in order.
        trust: files or folders with root certificates: evidence is gathered up to them.
        chain: files with issuing certificates that signatures may lack.
        services: time limits, and how long before its end an archive timestamp is renewed.
    """

    level: Level
    timestamp_urls: tuple[str, ...]
    trust: tuple[Path, ...]
    chain: tuple[Path, ...] = ()
    services: ServiceRules = field(default_factory=ServiceRules)


@dataclass(frozen=True)
class _Tools:
    lift: Lift
    means: Means


def lift_files(
    jobs: Sequence[SignJob], lift: Lift, on_progress: Progress | None = None
) -> list[SignResult]:
    """Lift many files; ``kept`` are those that needed nothing.

    Raises:
        NoTimestampService, BadTrustFile: found before any file is touched.
    """
    if not lift.timestamp_urls:
        raise errors.NoTimestampService(level=lift.level)
    means = means_of(lift.timestamp_urls, lift.services, lift.trust, lift.chain)
    return run_async(_lift_all(jobs, _Tools(lift, means), on_progress))


async def _lift_all(
    jobs: Sequence[SignJob], tools: _Tools, on_progress: Progress | None
) -> list[SignResult]:
    async def lift(job: SignJob) -> SignResult:
        return SignResult(job, "signed" if await _lift_one(job, tools) else "kept")

    stops_at = (errors.TimestampUnavailable, errors.RevocationUnavailable, errors.NoSpace)
    try:
        return await run_batch(jobs, lift, stops_at, on_progress)
    finally:
        await tools.means.timestamps.aclose()


async def _lift_one(job: SignJob, tools: _Tools) -> bool:
    """Whether there was anything to do; the file stands at its target either way."""
    earlier = await _lifted_before(job, tools)
    source = job.target if earlier else job.source
    before = earlier or await _facts(job.source, tools)
    needed = _needed(before, tools.lift)
    if not needed and source == job.target:
        return False
    try:
        with atomic_path(job.target) as part:
            shutil.copyfile(source, part)
            if needed:
                await _append(source, part, before, tools)
                await _check(source, part, tools)
    except OSError as error:
        raise not_written(job.target, error) from error
    return needed


async def _lifted_before(job: SignJob, tools: _Tools) -> FileFacts | None:
    """The target, where an earlier run made it of the source: its proof is the older one."""
    try:
        there = job.source != job.target and job.target.is_file()
        if there and begins_with(job.target, job.source):
            return await _facts(job.target, tools)
    except (OSError, errors.NotLifted, errors.NotSigned, errors.PdfUnreadable):
        return None  # it is made anew; what is wrong with the source is said then
    return None


async def _facts(file: Path, tools: _Tools) -> FileFacts:
    """What is known of a file that is worth lifting. Raises where one of its signatures is not."""
    try:
        facts = await gather_async(file, tools.means.anchors, utc_now())
    except OSError as error:
        raise unreadable(file, error) from error
    verdict, cause = judge_file(facts)
    if cause in (Cause.NOT_SIGNED, Cause.ONLY_TIMESTAMPS):
        raise errors.NotSigned(file=file)
    if cause is Cause.MALFORMED:
        detail = _("no PDF") if not is_pdf(file) else _(DAMAGED)
        raise errors.PdfUnreadable(file=file, detail=detail)
    if verdict != "valid":
        causes = [cause, *(judge_signature(one, facts)[1] for one in facts.signatures)]
        detail = next(filter(None, map(explain, causes)), "").rstrip(".")
        raise errors.NotLifted(file=file, detail=detail)
    return facts


def _needed(facts: FileFacts, lift: Lift) -> bool:
    """Whether a signature is below the level, or the last archive timestamp runs out soon."""
    if _below(facts, lift.level):
        return True
    ends = holds_until(facts)
    soon = utc_now() + timedelta(days=lift.services.renew_days)
    return lift.level == "b-lta" and ends is not None and ends < soon


def holds_until(facts: FileFacts) -> datetime | None:
    """When the proof runs out unless something is done: the end of the last certificate.

    Of the last archive timestamp where there is one, else of the signatures themselves.
    """
    last = facts.signatures[-1] if facts.signatures else None
    outermost = [last] if last and last.kind == "timestamp" else facts.signatures
    return min(
        (one.certificate_ends for one in outermost if one and one.certificate_ends), default=None
    )


def _below(facts: FileFacts, level: str) -> bool:
    """Whether any signature has not reached the level; those of other formats never do."""
    signatures = (one for one in facts.signatures if one.kind == "signature")
    return not all(reaches(level_of(one, facts), level) for one in signatures)


def _settled(facts: FileFacts) -> set[str]:
    """The fields whose evidence is in the file, with a later timestamp that proves when.

    Theirs cannot be gathered again once their certificates have ended, and need not be.
    """
    count = len(facts.signatures)
    covered = (
        one
        for number, one in enumerate(facts.signatures)
        if any(facts.signatures[later].kind == "timestamp" for later in range(number + 1, count))
    )
    return {one.field for one in covered if one.revocation == "good"}


async def _append(source: Path, part: Path, before: FileFacts, tools: _Tools) -> None:
    stamped = all(
        level_of(one, before) != "b-b" for one in before.signatures if one.kind == "signature"
    )
    if not stamped:
        with faults_of_evidence(source), part.open("r+b") as stream:
            await append_document_timestamp(stream, tools.means.timestamps)
    if tools.lift.level in ("b-lt", "b-lta"):
        archive = tools.lift.level == "b-lta"
        await append_evidence(source, part, tools.means, archive=archive, settled=_settled(before))


async def _check(source: Path, part: Path, tools: _Tools) -> None:
    """See that every signature holds and has reached the level before the file gets its name."""
    after = await gather_async(part, tools.means.anchors, utc_now())
    verdict, cause = judge_file(after)
    if verdict != "valid" or _below(after, tools.lift.level):
        detail = explain(cause) or _("The level was not reached.")
        raise errors.OutputNotSound(file=source, detail=detail)
    # Last: somebody may have signed the file where it lies while this was going on.
    if not begins_with(part, source):
        raise errors.OutputNotSound(file=source, detail=_("The original was altered."))
