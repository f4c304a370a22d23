"""pyHanko's signer over a session that holds a key, as quick as a batch wants it.

asn1crypto encodes what was built, and not read, anew at every look, twice at each level. What
lies deepest, the reference to the signer's certificate (ESS signing-certificate-v2, RFC 5035),
took half of the time of signing a file; it is the same as long as the certificate is, so it is
encoded once and read back.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from asn1crypto import cms, tsp, x509
from pyhanko.sign.attributes import CMSAttributeProvider, SigningCertificateV2Provider
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.signers.pdf_cms import (
    CAdESSignedAttributeProviderSpec,
    PdfCMSSignedAttributes,
    Signer,
    format_signed_attributes,
)
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.remote import RemoteSession
from signing.tokens import TokenSession


class CmsSigner(Signer):
    """Signs with the session's key. Roots are left out: the verifier has its own.

    Args:
        chain: the certificates of the signer's issuers.
    """

    def __init__(
        self, session: TokenSession | RemoteSession, chain: Sequence[x509.Certificate]
    ) -> None:
        super().__init__(
            signing_cert=session.certificate,
            cert_registry=SimpleCertificateStore.from_certs(chain),
            embed_roots=False,
        )
        self._session = session

    async def signed_attrs(
        self,
        data_digest: bytes,
        digest_algorithm: str,
        attr_settings: PdfCMSSignedAttributes | None = None,
        content_type: str = "data",
        use_pades: bool = False,  # noqa: ARG002  CAdES in any case, in a PDF or beside a file
        timestamper: TimeStamper | None = None,
        dry_run: bool = False,
        is_pdf_sig: bool = True,
    ) -> cms.CMSAttributes:
        """pyHanko's for CAdES, with the reference to the certificate read back."""
        attributes = _Attributes(
            attr_settings=attr_settings or PdfCMSSignedAttributes(),
            signing_cert=self._session.certificate,
            is_pades=is_pdf_sig,
            timestamper=timestamper,
        )
        return await format_signed_attributes(
            data_digest,
            list(attributes.signed_attr_providers(data_digest, digest_algorithm)),
            content_type=content_type,
            dry_run=dry_run,
        )

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """The signature value, from the token, in this thread: drivers want only one."""
        if dry_run:  # room for RSA and for the two numbers of ECDSA
            return bytes(2 * self._session.certificate.public_key.byte_size + 16)
        mechanism = self.get_signature_mechanism_for_digest(digest_algorithm)
        if isinstance(self._session, RemoteSession):
            return await self._session.sign(data, mechanism)
        return self._session.sign(data, mechanism)


class _Attributes(CAdESSignedAttributeProviderSpec):
    """pyHanko's, but for the reference to the signer's certificate."""

    def signed_attr_providers(
        self, data_digest: bytes, digest_algorithm: str
    ) -> Iterable[CMSAttributeProvider]:
        """The providers in pyHanko's order."""
        for provider in super().signed_attr_providers(data_digest, digest_algorithm):
            own = isinstance(provider, SigningCertificateV2Provider)
            yield _Reference(self.signing_cert) if own else provider


class _Reference(SigningCertificateV2Provider):
    """The reference to the signer's certificate, encoded once."""

    async def build_attr_value(
        self,
        dry_run: bool = False,  # noqa: ARG002  the same when only sizes matter
    ) -> tsp.SigningCertificateV2:
        """The attribute's value."""
        return tsp.SigningCertificateV2.load(_reference_to(self.signing_cert.dump()))


@lru_cache(maxsize=8)
def _reference_to(certificate: bytes) -> bytes:
    return bytes(as_signing_certificate_v2(x509.Certificate.load(certificate)).dump())
