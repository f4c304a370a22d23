"""The seal as a credential: what the QR says, signed, so that it can be checked off-line.

A CBOR Web Token (RFC 8392) in a COSE_Sign1 (RFC 9052) with ES256, deflated and written in
base45 (RFC 9285), which a QR code holds in its dense alphanumeric mode: the recipe of the
EU's health certificates (HC1). It says what the paper is, of whom (masked), when it was
sealed and by whom, and carries the digest of the document and a sketch of its words.

    key = load_seal_key(Path("seal.key.pem"), Path("seal.pem"))
    text = issue(SealClaims(fields, utc_now(), digest), key)
    check(text, [Path("roots")], utc_now()).verdict            # 'valid'
"""

import stat
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import base45
import cbor2
from asn1crypto import pem, x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cwt import COSE, COSEKey, COSEMessage, CWTError
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from foundation.errors import ExitCode, SohoaError
from foundation.interrupts import run_async
from foundation.messages import N_
from signing.certificates import display_name, may_issue, valid_at
from signing.errors import BadTrustFile
from signing.policy import Verdict
from signing.trust import load_anchors
from signing.validation_policy import default_policy

#: How the text of every such seal begins: what it is, and the version of this layout.
PREFIX = "SOHOA1:"
#: Registered claims (RFC 8392) and COSE header labels (RFC 9052) used here.
_ISSUER, _ISSUED_AT, _KEY_ID, _ALGORITHM, _ES256 = 1, 6, 4, 1, -7
#: Private claims (below -65536, RFC 8392 9.1): fields, digest, sketch.
_FIELDS, _DIGEST, _SKETCH = -70001, -70002, -70003
#: The fields a seal may carry, by their number in the token: names would cost a fifth of it.
#: Numbers are never given anew.
_NUMBERS = {
    "record_code": 1,
    "dossier_code": 2,
    "procedure_code": 3,
    "owner": 4,
    "paper_name": 5,
    "paper_type": 6,
    "system": 7,
    "valid_until": 8,
}
#: Bytes a token may inflate to: the largest QR code holds 2.8 KB, honest tokens inflate to 1 KB.
_MOST_BYTES = 16_384
#: What its parsers say of a token that is none.
_MALFORMED = (
    CWTError,
    cbor2.CBORError,
    zlib.error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class SealKeyUnusable(SohoaError):
    """The office's seal key or its certificate cannot be used."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The seal key {file} cannot be used ({detail}). Correct [credential] in the office profile."
    )


@dataclass(frozen=True)
class SealClaims:
    """What a seal says.

    Attributes:
        fields: by the names of the profile's ``[seal] fields``; the owner is masked already.
        issued_at: when it was sealed; kept to the second.
        digest: SHA-256 of the document's content without the seal.
        sketch: what the words of page 1 come to, see :mod:`ocr.sketch`; may be empty.
        office: code of the office that sealed.
    """

    fields: Mapping[str, str]
    issued_at: datetime
    digest: bytes
    sketch: bytes = b""
    office: str = ""


@dataclass(frozen=True)
class SealKey:
    """The key that signs an office's seals (ECDSA, P-256), and its certificate."""

    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def id(self) -> bytes:
        """The first 8 bytes of the certificate's SHA-256, as in HC1."""
        return key_id(self.certificate)

    def sign(self, data: bytes) -> bytes:
        """The ECDSA signature with SHA-256 over any bytes, DER (RFC 3279): for receipts."""
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True)
class SealVerdict:
    """What a seal's check came to.

    Attributes:
        cause: why it is not valid, a stable word: ``malformed``, ``unknown-key``, ``forged``,
            ``untrusted``, ``out-of-date``, ``future``; empty when valid.
        claims: what it says; None where it cannot even be read. Not to be relied on unless valid.
        signer: who the certificate names; empty where it is not known.
    """

    verdict: Verdict
    cause: str = ""
    claims: SealClaims | None = None
    signer: str = ""


def key_id(certificate: x509.Certificate) -> bytes:
    """How a token names the certificate of its key: the first 8 bytes of its SHA-256."""
    return bytes(certificate.sha256[:8])


def load_seal_key(key: Path, certificate: Path) -> SealKey:
    """An office's seal key from PEM files.

    Raises:
        SealKeyUnusable: missing, readable by others, no P-256 key, or not the certificate's.
    """
    try:
        if stat.S_IMODE(key.stat().st_mode) & 0o077:
            raise SealKeyUnusable(file=key, detail=f"chmod 600 {key.name}")
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except OSError as error:
        raise SealKeyUnusable(file=key, detail=error.strerror) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SealKeyUnusable(file=key, detail="PEM, PKCS#8") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise SealKeyUnusable(file=key, detail="ECDSA P-256")
    try:
        held = load_anchors([certificate])[0].certificate
    except BadTrustFile as error:
        raise SealKeyUnusable(file=certificate, detail=error.facts["detail"]) from error
    if held.public_key.dump() != _public(private):
        raise SealKeyUnusable(file=certificate, detail=str(key))
    return SealKey(held, private)


def issue(claims: SealClaims, key: SealKey) -> str:
    """The text of the QR code: the claims, signed.

    Raises:
        KeyError: a field that no seal can carry.
    """
    token = {
        _ISSUER: claims.office,
        _ISSUED_AT: int(claims.issued_at.timestamp()),
        _FIELDS: {_NUMBERS[name]: value for name, value in claims.fields.items() if value},
        _DIGEST: claims.digest,
        _SKETCH: claims.sketch,
    }
    signing_key = COSEKey.from_pem(_pem(key), alg="ES256", kid=key.id)
    signed = COSE.new().encode_and_sign(
        cbor2.dumps(token, canonical=True), signing_key, {_ALGORITHM: _ES256, _KEY_ID: key.id}
    )
    packed: bytes = base45.b45encode(zlib.compress(_bytes(signed), 9))
    return PREFIX + packed.decode("ascii")


def is_credential(text: str) -> bool:
    """Whether a QR code's text claims to be such a seal."""
    return text.startswith(PREFIX)


def check(
    text: str, trust: Sequence[Path], moment: datetime, *, known: Sequence[Path] = ()
) -> SealVerdict:
    """Judge a seal without a network.

    Args:
        text: of the QR code.
        trust: files or folders with the certificates relied on.
        moment: when it is judged.
        known: more certificates, of issuers and of seal keys, not relied on by themselves: a
            seal names its certificate and does not hold it.

    Raises:
        BadTrustFile: a file of ``trust`` cannot be read.
    """
    try:
        signed = _inflated(text)
        message = COSEMessage.loads(signed)
        claims, named = _claims(message.payload), message.protected[_KEY_ID]
    except _MALFORMED:
        return SealVerdict("invalid", "malformed")
    trusted = [anchor.certificate for anchor in load_anchors(trust)]
    others = [anchor.certificate for anchor in load_anchors(known)]
    certificate = next((one for one in [*trusted, *others] if key_id(one) == named), None)
    if certificate is None:
        return SealVerdict("indeterminate", "unknown-key", claims)
    signer = display_name(certificate)
    if not _signed_by(certificate, signed):
        return SealVerdict("invalid", "forged", claims, signer)
    if claims.issued_at > moment + default_policy().tolerance:
        return SealVerdict("invalid", "future", claims, signer)
    doubt = ""
    if not valid_at(certificate, claims.issued_at):
        doubt = "out-of-date"
    elif not _trusted(certificate, trusted, others, claims.issued_at):
        doubt = "untrusted"
    return SealVerdict("indeterminate" if doubt else "valid", doubt, claims, signer)


def read_claims(text: str) -> SealClaims | None:
    """What a seal says, not checked; None where it cannot be read."""
    try:
        return _claims(COSEMessage.loads(_inflated(text)).payload)
    except _MALFORMED:
        return None


def _inflated(text: str) -> bytes:
    if not is_credential(text):
        raise ValueError("not a seal")
    unpacker = zlib.decompressobj()
    signed = unpacker.decompress(base45.b45decode(text.removeprefix(PREFIX)), _MOST_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("longer than any seal, or cut off")
    return signed


def _claims(payload: bytes) -> SealClaims:
    token: dict[int, Any] = cbor2.loads(payload)
    names = {number: name for name, number in _NUMBERS.items()}
    fields = {names[number]: value for number, value in token[_FIELDS].items()}
    issued_at, issuer, digest, sketch = (
        token[claim] for claim in (_ISSUED_AT, _ISSUER, _DIGEST, _SKETCH)
    )
    # CBOR has numbers of a billion digits and texts that are programs: nothing is converted.
    texts, plain = (*fields.values(), issuer), (digest, sketch)
    if not all(isinstance(one, str) for one in texts) or not isinstance(issued_at, int):
        raise TypeError("fields and issuer are texts, the time is whole seconds")
    if not all(isinstance(one, bytes) for one in plain):
        raise TypeError("digest and sketch are bytes")
    moment = datetime.fromtimestamp(issued_at, UTC)
    return SealClaims(fields, moment, digest, sketch, issuer)


def _signed_by(certificate: x509.Certificate, signed: bytes) -> bool:
    try:
        public = pem.armor("PUBLIC KEY", certificate.public_key.dump())
        COSE.new().decode(signed, COSEKey.from_pem(public, alg="ES256", kid=key_id(certificate)))
    except (CWTError, ValueError):
        return False
    return True


def _trusted(
    certificate: x509.Certificate,
    trusted: Sequence[x509.Certificate],
    others: Sequence[x509.Certificate],
    moment: datetime,
) -> bool:
    """Whether a path of certificates leads to a trusted one, as of the time of sealing."""
    context = ValidationContext(
        # A seal's own certificate may be relied on, but vouches for no other.
        trust_roots=[one for one in trusted if one is certificate or may_issue(one)],
        other_certs=list(others),
        moment=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    validator = CertificateValidator(certificate, validation_context=context)
    try:
        run_async(validator.async_validate_usage({"digital_signature"}))
    except (PathError, ValidationError):
        return False
    return True


def _public(private: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.DER, form)


def _pem(key: SealKey) -> bytes:
    return key._key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _bytes(signed: bytes | cbor2.CBORTag) -> bytes:
    return signed if isinstance(signed, bytes) else cbor2.dumps(signed)
