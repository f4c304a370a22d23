"""Sign PDF files with a token: PAdES, incrementally, checked before they count.

One PIN and one session serve many files; see :mod:`signing.batch`. What is slow to start is
loaded here when it is needed, so that a long batch has its second process start first.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from signing.beside import beside
from signing.facts import SignatureFacts
from signing.jobs import Level, Progress, SigningRequest, SignJob, SignResult

if TYPE_CHECKING:
    from signing.pins import PinSource

__all__ = ["Level", "SignJob", "SignResult", "SigningRequest", "sign_file", "sign_files"]


def sign_files(
    jobs: Sequence[SignJob],
    request: SigningRequest,
    pin_source: "PinSource",
    *,
    on_progress: Progress | None = None,
) -> list[SignResult]:
    """Sign many files with one PIN and one session.

    A file that cannot be signed is reported and the next is taken. An error of the
    token, of a service or of a full disk would repeat itself with every file, so it stops
    the batch: what was signed before stays, the rest is ``skipped``.

    Args:
        jobs: what to sign, in this order.
        request: how.
        pin_source: asked once.
        on_progress: called after each file with done, total and its job.

    Raises:
        TokenError, DriverMissing, DriverFault: the token could not be opened; nothing was signed.
        FontMissing, NoTimestampService, BadTrustFile: found before the PIN is asked for.
    """
    with beside(jobs) as look:  # it starts while pyHanko is loaded here and the PIN is typed
        from signing.batch import sign_batch

        return sign_batch(jobs, request, pin_source, look, on_progress)


def sign_file(job: SignJob, request: SigningRequest, pin_source: "PinSource") -> SignatureFacts:
    """Sign one file. Raises what :func:`sign_files` raises and what it reports for the file."""
    (result,) = sign_files([job], request, pin_source)
    if result.error is not None:
        raise result.error
    assert result.signature is not None  # noqa: S101  a signed result has one
    return result.signature
