"""What a verifier has to judge with: roots, a moment, certificates and revocation data.

The file brings its own (DSS, ISO 32000-2 12.8.4.3; the archive Adobe's programs put into the
signature); what is missing may be asked over the network, within limits.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import find_unique_cms_attribute
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import CRLFetchError, OCSPFetchError
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.crl_client import AIOHttpCRLFetcher
from pyhanko_certvalidator.fetchers.aiohttp_fetchers.ocsp_client import AIOHttpOCSPFetcher
from pyhanko_certvalidator.fetchers.api import CertificateFetcher, Fetchers, FetchLimits
from pyhanko_certvalidator.fetchers.common_utils import FetchBudget
from pyhanko_certvalidator.policy_decl import (
    AlgorithmUsageConstraint,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
    RevocationCheckingPolicy,
)

from signing.document import MALFORMED
from signing.validation_policy import ValidationPolicy

#: Bits of a curve.
_SHORTEST_CURVE = 224
#: Bytes read of an answer at once.
_BLOCK = 1 << 16


class Network:
    """Asks OCSP responders and CRL services for one file, within the policy's limits.

    An answer, or its failure, is kept: a dead service costs its timeout once a file.
    Certificates are never fetched: their addresses come from whoever made the file.
    """

    def __init__(self, policy: ValidationPolicy) -> None:
        self._policy = policy
        self._session: aiohttp.ClientSession | None = None
        self._fetchers: Fetchers | None = None

    def fetchers(self) -> Fetchers:
        """The clients, made when first needed. To be called in a running event loop."""
        if self._fetchers is None:
            self._session = aiohttp.ClientSession(response_class=_bounded(self._policy.max_answer))
            budget = FetchBudget(FetchLimits(max_requests=self._policy.max_requests))
            common: dict[str, Any] = {
                "per_request_timeout": self._policy.timeout,
                "budget": budget,
            }
            self._fetchers = Fetchers(
                ocsp_fetcher=_Responders(self._session, **common),
                crl_fetcher=_Lists(self._session, **common),
                cert_fetcher=_NoCertificates(),
            )
        return self._fetchers

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


@dataclass(frozen=True)
class Evidence:
    """Roots, policy, moment of judging, and what the file and the caller bring."""

    anchors: tuple[x509.Certificate, ...]
    at: datetime
    policy: ValidationPolicy
    network: Network
    certificates: tuple[x509.Certificate, ...] = ()
    ocsps: tuple[Any, ...] = ()
    crls: tuple[Any, ...] = ()
    known: tuple[x509.Certificate, ...] = field(default=())

    @property
    def embedded(self) -> bool:
        """Whether the file brings any revocation data."""
        return bool(self.ocsps or self.crls)

    def context(
        self, moment: datetime, rule: RevocationCheckingPolicy, *, ask: bool = False
    ) -> ValidationContext:
        """What pyHanko validates a chain with, as of ``moment``.

        Revocation data newer than ``moment`` count: they name the time of revocation.
        """
        return ValidationContext(
            trust_roots=list(self.anchors),
            other_certs=[*self.certificates, *self.known],
            moment=moment,
            ocsps=list(self.ocsps),
            crls=list(self.crls),
            revinfo_policy=CertRevTrustPolicy(rule, retroactive_revinfo=True),
            algorithm_usage_policy=_NoShortCurves(),  # type: ignore[no-untyped-call]
            allow_fetching=ask,
            fetchers=self.network.fetchers() if ask else None,
        )


def with_store(evidence: Evidence, reader: PdfFileReader) -> Evidence:
    """The evidence with that of the file's security store (DSS)."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return evidence
    return replace(
        evidence,
        certificates=tuple(store.load_certs()),
        ocsps=tuple(item.get_object().data for item in store.ocsps),
        crls=tuple(item.get_object().data for item in store.crls),
    )


def with_archive(evidence: Evidence, embedded: EmbeddedPdfSignature) -> Evidence:
    """The evidence with what Adobe's programs put into the signature itself."""
    try:
        archive = find_unique_cms_attribute(
            embedded.signer_info["signed_attrs"], "adobe_revocation_info_archival"
        )
        ocsps = tuple(item.dump() for item in archive["ocsp"] or ())
        crls = tuple(item.dump() for item in archive["crl"] or ())
    except MALFORMED:  # none, or none that can be read
        return evidence
    return replace(evidence, ocsps=evidence.ocsps + ocsps, crls=evidence.crls + crls)


class _NoShortCurves(DisallowWeakAlgorithmsPolicy):
    """pyHanko's, and elliptic curves must be as strong as RSA of 2048 bits (NIST SP 800-57)."""

    def signature_algorithm_allowed(
        self, algo: Any, moment: datetime | None, public_key: Any
    ) -> AlgorithmUsageConstraint:
        """Whether a key may be relied on."""
        if public_key and public_key.algorithm == "ec" and public_key.bit_size < _SHORTEST_CURVE:
            return AlgorithmUsageConstraint(allowed=False, failure_reason="short curve")
        return super().signature_algorithm_allowed(algo, moment, public_key)


class _Responders(AIOHttpOCSPFetcher):
    """OCSP; a timeout is a failed answer, so that the CRL is tried next."""

    async def _post_fetch_task(self, tag: Any, async_fun: Callable[[], Awaitable[Any]]) -> Any:
        async def ask() -> Any:
            try:
                return await async_fun()
            except OSError as error:
                raise OCSPFetchError("no answer") from error

        return await super()._post_fetch_task(tag, ask)  # type: ignore[no-untyped-call]


class _Lists(AIOHttpCRLFetcher):
    """CRLs, likewise."""

    async def _post_fetch_task(self, tag: Any, async_fun: Callable[[], Awaitable[Any]]) -> Any:
        async def ask() -> Any:
            try:
                return await async_fun()
            except OSError as error:
                raise CRLFetchError("no answer") from error

        return await super()._post_fetch_task(tag, ask)  # type: ignore[no-untyped-call]


class _NoCertificates(CertificateFetcher):
    """Fetches no certificate."""

    async def _none(self) -> Any:
        for certificate in self.fetched_certs():
            yield certificate

    def fetch_cert_issuers(self, _cert: Any) -> Any:
        """None."""
        return self._none()

    def fetch_crl_issuers(self, _certificate_list: Any) -> Any:
        """None."""
        return self._none()

    def fetched_certs(self) -> Sequence[x509.Certificate]:
        """None."""
        return ()


def _bounded(limit: int) -> type[aiohttp.ClientResponse]:
    """A response that is not read beyond ``limit`` bytes: a service may be hostile too."""

    class Bounded(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            body = bytearray()
            async for block in self.content.iter_chunked(_BLOCK):
                body += block
                if len(body) > limit:
                    self.close()
                    raise aiohttp.ClientPayloadError("the answer is too long")
            self._body = bytes(body)
            return self._body

    return Bounded
