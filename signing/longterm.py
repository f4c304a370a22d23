"""What makes signatures last: revocation data and archive timestamps, appended to a file.

B-LT is B-T with the certificates, CRLs and OCSP answers for every signature and timestamp in
the document security store; B-LTA has a timestamp over all of that (ETSI EN 319 142-1, 6.3).
The store gets a revision of its own behind the signatures it speaks for: revocation data that
are older than the signature prove nothing about the moment it was made, and EU DSS counts
only what lies behind it. Roots are stored too: nobody trusts them for that, but pyHanko looks
for the issuer of a root's CRL nowhere else.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper, TimestampDSSContentSettings
from pyhanko.sign.validation.dss import DocumentSecurityStore, collect_validation_info
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    InsufficientRevinfoError,
    PathError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.fetchers.api import OwnedFetcherBackend

from foundation.messages import _
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from profiles.schema import ServiceRules
from signing import errors
from signing.document import AppendingWriter
from signing.timestamps import TimestampService
from signing.trust import load_anchors, split_roots

DIGEST = "sha256"


@dataclass(frozen=True)
class Means:
    """What evidence is gathered with.

    Args:
        anchors: trusted roots: evidence is gathered up to them.
        chain: issuing certificates that signatures may lack.
        timestamps: the office's time-stamping services.
        timeout: seconds one OCSP responder or CRL server may take.
    """

    anchors: tuple[x509.Certificate, ...]
    chain: tuple[x509.Certificate, ...]
    timestamps: TimestampService = field(repr=False)
    timeout: float


def means_of(
    timestamp_urls: Sequence[str],
    services: ServiceRules,
    trust: Sequence[Path],
    chain: Sequence[Path],
) -> Means:
    """The services and roots an office names. Raises :class:`errors.BadTrustFile`."""
    relied, others = ([anchor.certificate for anchor in load_anchors(p)] for p in (trust, chain))
    roots, below = split_roots(relied)
    anchors, issuers = tuple(roots), (*below, *others)
    stamps = TimestampService(timestamp_urls, services, anchors=anchors, chain=issuers)
    return Means(anchors, issuers, stamps, services.timeout)


async def append_evidence(
    source: Path, part: Path, means: Means, *, archive: bool, settled: Collection[str] = ()
) -> None:
    """Append the evidence for the signatures of ``part``, a copy of ``source``: B-LT or B-LTA.

    Args:
        source: the file as its owner knows it, for messages.
        part: the file to append to; its signatures have timestamps.
        means: roots, certificates and services.
        archive: whether an archive timestamp goes over it all.
        settled: fields of signatures and timestamps that need no evidence any more: theirs is
            in the file and a later timestamp proves when it was.

    Raises:
        TimestampUnavailable, RevocationUnavailable: a service; it may answer later.
        CertificateRevoked, ChainNotProven: a certificate.
        PdfUnreadable: ``source`` is damaged.
    """
    context = _context(means)
    try:
        with faults_of_evidence(source), part.open("r+b") as stream:
            await _append_store(stream, context, settled)
            if archive:
                await append_document_timestamp(stream, means.timestamps, context)
    finally:
        await context.aclose()


async def append_document_timestamp(
    stream: IO[bytes], timestamps: TimestampService, context: ValidationContext | None = None
) -> None:
    """A timestamp over the whole document, with evidence for itself where there is a context."""
    await PdfTimeStamper(timestamps).async_timestamp_pdf(
        AppendingWriter(stream),
        DIGEST,
        validation_context=context,
        in_place=True,
        dss_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True),
    )


@contextmanager
def faults_of_evidence(source: Path) -> Iterator[None]:
    """Turn what gathering evidence for ``source`` raises into errors of this room, by cause."""
    try:
        yield
    except RevokedError as error:
        raise errors.CertificateRevoked(file=source, detail=_said(error)) from error
    except InsufficientRevinfoError as error:
        raise errors.RevocationUnavailable(file=source, detail=_said(error)) from error
    except TimeoutError as error:  # the fetchers of pyhanko-certvalidator do not wrap it
        raise errors.RevocationUnavailable(file=source, detail=_("no answer in time")) from error
    except (PathError, ValidationError, SigningError) as error:
        detail = _said(error.__cause__ or error)
        raise errors.ChainNotProven(file=source, detail=detail) from error
    except PdfError as error:
        raise errors.PdfUnreadable(file=source, detail=reason_of(error)) from error


def _said(error: BaseException) -> str:
    """The library's words, which name the holders of certificates."""
    return mask_text(str(error))


async def _append_store(
    stream: IO[bytes], context: ValidationContext, settled: Collection[str]
) -> None:
    """Certificates, CRLs and OCSP answers for the signatures not settled, in one revision."""
    reader = PdfFileReader(stream)
    paths = []
    for embedded in reader.embedded_signatures:
        if embedded.field_name not in settled:
            paths += await collect_validation_info(embedded, context)
    writer = AppendingWriter(stream)
    store = DocumentSecurityStore.supply_dss_in_writer(
        writer, None, validation_context=context, paths=paths
    )
    if store.modified:
        writer.write_in_place()  # type: ignore[no-untyped-call]


def _context(means: Means) -> ValidationContext:
    fetchers = AIOHttpFetcherBackend(per_request_timeout=means.timeout)
    return ValidationContext(
        trust_roots=list(means.anchors),
        other_certs=list(means.chain),
        allow_fetching=True,
        revocation_mode="hard-fail",
        fetcher_backend=OwnedFetcherBackend(fetchers),
    )
