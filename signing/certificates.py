"""Small questions to X.509 certificates (asn1crypto objects, as pyHanko takes them)."""

from collections.abc import Iterable
from datetime import datetime

from asn1crypto import x509
from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from foundation.privacy import mask_text, printable

#: What a certificate must allow, one of both, to sign documents (RFC 5280 4.2.1.3).
SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})
#: Purposes (extended key usages, RFC 5280 4.2.1.12) that documents are not signed for: who may do
#: nothing else may not sign one.
_OTHER_PURPOSES = frozenset({"server_auth", "time_stamping", "ocsp_signing", "code_signing"})


def display_name(certificate: x509.Certificate) -> str:
    """The subject's common name, else its organisation, else the whole name.

    Personal numbers are masked: people's certificates often bear them.
    """
    native = certificate.subject.native
    for key in ("common_name", "organization_name"):
        value = native.get(key)
        if isinstance(value, str):
            return _readable(value)
    return whole_name(certificate.subject)


def whole_name(name: x509.Name) -> str:
    """All parts of a name, likewise."""
    return _readable(str(name.human_friendly))


def _readable(name: str) -> str:
    return mask_text(printable(name))


def key_usages(certificate: x509.Certificate) -> frozenset[str]:
    """The key usages it names; empty when it names none."""
    usage = certificate.key_usage_value
    return frozenset(usage.native) if usage is not None else frozenset()


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether it may sign documents; one without key usage may (RFC 5280)."""
    usages, purposes = key_usages(certificate), certificate.extended_key_usage_value
    meant = purposes is None or not _OTHER_PURPOSES.issuperset(purposes.native)
    return meant and (not usages or bool(usages & SIGNING_USAGES))


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether it may issue certificates (RFC 5280 4.2.1.9); of old roots, which do not say, yes."""
    basic = certificate.basic_constraints_value
    if basic is None:
        return bool(certificate.subject == certificate.issuer)
    usages = key_usages(certificate)
    return bool(basic["ca"].native) and (not usages or "key_cert_sign" in usages)


def valid_at(certificate: x509.Certificate, moment: datetime) -> bool:
    """Whether ``moment`` lies in the certificate's validity."""
    start, end = certificate.not_valid_before, certificate.not_valid_after
    return bool(start <= moment <= end)


def in_date(certificate: x509.Certificate, moment: datetime, claimed: datetime | None) -> bool:
    """Whether it was in force at ``moment``, and the signature does not call itself older."""
    older = claimed is not None and claimed < certificate.not_valid_before
    return valid_at(certificate, moment) and not older


def has_public_key(certificate: x509.Certificate, number: bytes) -> bool:
    """Whether its key has this modulus (RSA), or this point (EC), as PKCS#11 tokens give them."""
    key = pyca.load_der_x509_certificate(certificate.dump()).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_numbers().n == int.from_bytes(number, "big")
    if isinstance(key, ec.EllipticCurvePublicKey):
        form = serialization.PublicFormat.UncompressedPoint
        # CKA_EC_POINT is an OCTET STRING around the point; some tokens leave it away.
        return number.endswith(key.public_bytes(serialization.Encoding.X962, form))
    return False


def signed_with(certificate: x509.Certificate, signature: bytes, data: bytes) -> bool:
    """Whether the key of ``certificate`` made ``signature`` over ``data`` (SHA-256).

    RSA PKCS#1 v1.5 or ECDSA in DER form; any other kind of key is "no".
    """
    key = pyca.load_der_x509_certificate(certificate.dump()).public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` really signed ``certificate``: names and signature."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        child = pyca.load_der_x509_certificate(certificate.dump())
        child.verify_directly_issued_by(pyca.load_der_x509_certificate(issuer.dump()))
    except (InvalidSignature, UnsupportedAlgorithm, pyca.InvalidVersion, ValueError, TypeError):
        return False
    return True


def chain_of(
    certificate: x509.Certificate, others: Iterable[x509.Certificate]
) -> list[x509.Certificate]:
    """The issuers of ``certificate`` among ``others``, nearest first, no self-signed root."""
    remaining, chain, current = list(others), [], certificate
    while issuer := next((other for other in remaining if issued_by(current, other)), None):
        if issuer.subject == issuer.issuer:
            break
        chain.append(issuer)
        remaining.remove(issuer)
        current = issuer
    return chain


def crosswise(one: x509.Certificate, other: x509.Certificate) -> bool:
    """Whether two issuers certify the same holder and key, each in a certificate of its own.

    Serial number and signature must differ too: a damaged copy shares them.
    """
    same_holder = one.subject == other.subject
    same_key = one.public_key.dump() == other.public_key.dump()
    own_work = (
        one.issuer != other.issuer
        and one.serial_number != other.serial_number
        and one.signature != other.signature
    )
    return bool(same_holder and same_key and own_work)
