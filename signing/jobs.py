"""What is signed, how, and what came of it: the values that travel through signing."""

import errno
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foundation.errors import SohoaError
from foundation.reasons import reason_of
from profiles.schema import AnySigner, ServiceRules, SignatureRules
from signing.errors import NoSpace, NotWritable
from signing.facts import SignatureFacts

if TYPE_CHECKING:
    from signing.placing import Taken

Level = Literal["b-b", "b-t", "b-lt", "b-lta"]


@dataclass(frozen=True)
class SignJob:
    """A file to sign and where the signed file goes; both may be the same path."""

    source: Path
    target: Path


@dataclass(frozen=True)
class SigningRequest:
    """How a batch is signed.

    Args:
        signer: the key, from the office profile.
        rules: role, look and place of the signature, from the paper or office profile.
        kind: kind of copy for the visible text: SAO Y, SAO LỤC, TRÍCH SAO.
        agency: the agency's name for the visible text.
        level: PAdES level (ETSI EN 319 142-1), ``b-b`` to ``b-lta``.
        timestamp_urls: RFC 3161 services, tried in order; needed from ``b-t`` up.
        reason: /Reason of the signature, if any; ``location`` and ``contact`` likewise.
        trust: root certificates; needed from ``b-lt`` up, to gather revocation data.
        chain: files with issuing certificates, for tokens that do not hold them.
        services: time limits and what is taken from services.
        on_waiting: where no service answers, files are signed at ``b-b``, and this is told of
            each before it gets its name, to have it lifted later. None: nothing is signed then.
        offline: do not ask the services at all; needs ``on_waiting``.
        again: sign even what this signer has signed before.
        allow_last_try: log in although one more wrong PIN would lock the token.
        look: shows where something stands on a file's page 1, see :data:`signing.placing.Taken`
            (None: it cannot be seen); without it the text goes to its corner.
    """

    signer: AnySigner
    rules: SignatureRules
    kind: str
    agency: str
    level: Level
    timestamp_urls: tuple[str, ...] = ()
    reason: str | None = None
    location: str = ""
    contact: str = ""
    trust: tuple[Path, ...] = ()
    chain: tuple[Path, ...] = ()
    services: ServiceRules = field(default_factory=ServiceRules)
    on_waiting: Callable[[SignJob, SignatureFacts], None] | None = None
    offline: bool = False
    again: bool = False
    allow_last_try: bool = False
    look: "Callable[[Path], Taken | None] | None" = None


#: Signed files that may wait for their look while the next is signed: neither side waits long.
_OUTSTANDING = 3

#: Called after each file with how many are done, how many there are, and its job.
Progress = Callable[[int, int, SignJob], None]


@dataclass(frozen=True)
class SignResult:
    """What became of one job.

    ``outcome`` is ``signed``; ``kept``, where an earlier run had done it; ``failed``, with
    its error; or ``skipped``, with the error that stopped the batch before this file was tried.
    ``waiting``: signed at ``b-b`` and to be lifted later; ``waits_for`` says what kept it so.
    """

    job: SignJob
    outcome: Literal["signed", "kept", "waiting", "failed", "skipped"]
    error: SohoaError | None = None
    signature: SignatureFacts | None = None
    waits_for: SohoaError | None = None


#: What a job gives: its result, or one that comes while the next job is begun.
Outcome = SignResult | Awaitable[SignResult]


async def run_batch(
    jobs: Sequence[SignJob],
    do: Callable[[SignJob], Awaitable[Outcome]],
    stops_at: tuple[type[SohoaError], ...],
    on_progress: Progress | None,
) -> list[SignResult]:
    """Do the jobs one after the other; each fails for itself.

    Args:
        do: does one job. Where it gives an awaitable, the next jobs are begun before that is
            waited for; see :data:`_OUTSTANDING`.
        stops_at: errors that would repeat themselves with every file: the rest is ``skipped``.
    """
    results: list[SignResult] = []

    async def settle(job: SignJob, outcome: Outcome) -> None:
        results.append(outcome if isinstance(outcome, SignResult) else await _result(job, outcome))
        if on_progress:
            on_progress(len(results), len(jobs), job)

    outstanding: list[tuple[SignJob, Outcome]] = []
    for job in jobs:
        outcome = await _begun(job, do)
        outstanding.append((job, outcome))
        while len(outstanding) > _OUTSTANDING or (outstanding and isinstance(outcome, SignResult)):
            await settle(*outstanding.pop(0))
        if results and isinstance(results[-1].error, stops_at):
            break
    for rest in outstanding:
        await settle(*rest)
    skipped = jobs[len(results) :]
    return results + [SignResult(job, "skipped", results[-1].error) for job in skipped]


async def _begun(job: SignJob, do: Callable[[SignJob], Awaitable[Outcome]]) -> Outcome:
    try:
        return await do(job)
    except SohoaError as error:
        return SignResult(job, "failed", error)


async def _result(job: SignJob, coming: Awaitable[SignResult]) -> SignResult:
    try:
        return await coming
    except SohoaError as error:
        return SignResult(job, "failed", error)


def not_written(file: Path, error: OSError) -> SohoaError:
    """The error for a file that the system did not let be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(file=file)
    return NotWritable(file=file, detail=reason_of(error))
