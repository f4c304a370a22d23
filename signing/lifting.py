"""Lift signed files to a higher PAdES level later, and renew archive timestamps in time.

A counter without a network signs B-B; when the network is back, its files are lifted
before the certificate runs out. Archive timestamps are renewed before the service's own
certificate expires. No key is needed. What was signed stays a prefix of the new file, and a
file that has what it needs is left alone: safe to run every day.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.dss import DocumentSecurityStore, collect_validation_info
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from foundation.files import atomic_path
from foundation.messages import _
from foundation.times import utc_now
from signing import errors
from signing.document import AppendingWriter
from signing.facts import FileFacts
from signing.gather import gather_async
from signing.jobs import Level, Progress, SignJob, SignResult, not_written, run_batch
from signing.policy import judge_file, level_of
from signing.stages import append_document_timestamp, begins_with, unreadable
from signing.timestamps import TimestampService
from signing.trust import load_anchors
from signing.verify import explain

#: Levels from the lowest to the highest (ETSI EN 319 142-1).
_LEVELS = ("b-b", "b-t", "b-lt", "b-lta")


@dataclass(frozen=True)
class Lift:
    """How files are lifted.

    Args:
        level: PAdES level each signature shall reach, ``b-t`` to ``b-lta``.
        timestamp_urls: RFC 3161 services, tried in order.
        trust: files or folders with root certificates: evidence is gathered up to them.
        renew_within: an archive timestamp whose certificate ends sooner than this is renewed.
    """

    level: Level
    timestamp_urls: tuple[str, ...]
    trust: tuple[Path, ...]
    renew_within: timedelta = timedelta(days=90)


@dataclass(frozen=True)
class _Tools:
    lift: Lift
    anchors: tuple[x509.Certificate, ...]
    timestamps: TimestampService


def lift_files(
    jobs: Sequence[SignJob], lift: Lift, on_progress: Progress | None = None
) -> list[SignResult]:
    """Lift many files; ``kept`` are those that needed nothing.

    Raises:
        NoTimestampService, BadTrustFile: found before any file is touched.
    """
    if not lift.timestamp_urls:
        raise errors.NoTimestampService(level=lift.level)
    anchors = tuple(anchor.certificate for anchor in load_anchors(lift.trust))
    tools = _Tools(lift, anchors, TimestampService(lift.timestamp_urls))
    return asyncio.run(_lift_all(jobs, tools, on_progress))


async def _lift_all(
    jobs: Sequence[SignJob], tools: _Tools, on_progress: Progress | None
) -> list[SignResult]:
    async def lift(job: SignJob) -> SignResult:
        return SignResult(job, "signed" if await _lift_one(job, tools) else "kept")

    return await run_batch(jobs, lift, (errors.TimestampUnavailable, errors.NoSpace), on_progress)


async def _lift_one(job: SignJob, tools: _Tools) -> bool:
    """Whether there was anything to do; the file stands at its target either way."""
    before = await _facts(job.source, tools)
    needed = _needed(before, tools.lift)
    if not needed and job.source == job.target:
        return False
    try:
        with atomic_path(job.target) as part:
            shutil.copyfile(job.source, part)
            if needed:
                await _append(job.source, part, before, tools)
                await _check(job.source, part, tools)
    except OSError as error:
        raise not_written(job.target, error) from error
    return needed


async def _facts(file: Path, tools: _Tools) -> FileFacts:
    """What is known of a file that is worth lifting. Raises where one of its signatures is not."""
    try:
        facts = await gather_async(file, tools.anchors, utc_now())
    except OSError as error:
        raise unreadable(file, error) from error
    verdict, cause = judge_file(facts)
    if verdict != "valid":
        detail = explain(cause) or _("A signature does not hold or is not trusted.")
        raise errors.EarlierSignatureBroken(file=file, detail=detail)
    return facts


def _needed(facts: FileFacts, lift: Lift) -> bool:
    """Whether a signature is below the level, or the last archive timestamp runs out soon."""
    if _below(facts, lift.level):
        return True
    last = facts.signatures[-1]
    ends = last.certificate_ends
    archived = lift.level == "b-lta" and last.kind == "timestamp"
    return bool(archived and ends and ends < utc_now() + lift.renew_within)


def _below(facts: FileFacts, level: str) -> bool:
    """Whether any signature has not reached the level; those of other formats never do."""
    reached = [level_of(one, facts) for one in facts.signatures if one.kind == "signature"]
    return any(one not in _LEVELS or _LEVELS.index(one) < _LEVELS.index(level) for one in reached)


async def _append(source: Path, part: Path, before: FileFacts, tools: _Tools) -> None:
    stamped = all(
        level_of(one, before) != "b-b" for one in before.signatures if one.kind == "signature"
    )
    context = ValidationContext(
        trust_roots=list(tools.anchors), allow_fetching=True, revocation_mode="hard-fail"
    )
    try:
        with part.open("r+b") as stream:
            if not stamped:
                await append_document_timestamp(stream, tools.timestamps)
            if tools.lift.level in ("b-lt", "b-lta"):
                await _append_evidence(stream, context)
            if tools.lift.level == "b-lta":
                await append_document_timestamp(stream, tools.timestamps, context)
    except (PathError, ValidationError, SigningError) as error:
        raise errors.RevocationUnavailable(file=source, detail=error) from error
    except PdfError as error:
        raise unreadable(source, error) from error
    finally:
        await context.aclose()


async def _append_evidence(stream: IO[bytes], context: ValidationContext) -> None:
    """Certificates, CRLs and OCSP answers for every signature and timestamp, in one revision."""
    reader = PdfFileReader(stream)
    paths = []
    for embedded in reader.embedded_signatures:
        paths += await collect_validation_info(embedded, context)
    writer = AppendingWriter(stream)
    store = DocumentSecurityStore.supply_dss_in_writer(
        writer, None, validation_context=context, paths=paths, embed_roots=False
    )
    if store.modified:
        writer.write_in_place()  # type: ignore[no-untyped-call]


async def _check(source: Path, part: Path, tools: _Tools) -> None:
    """See that every signature holds and has reached the level before the file gets its name."""
    if not begins_with(part, source):
        raise errors.OutputNotSound(file=source, detail=_("The original was altered."))
    after = await gather_async(part, tools.anchors, utc_now())
    verdict, cause = judge_file(after)
    if verdict != "valid" or _below(after, tools.lift.level):
        detail = explain(cause) or _("The level was not reached.")
        raise errors.OutputNotSound(file=source, detail=detail)
