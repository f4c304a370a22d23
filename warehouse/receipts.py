"""Signed receipts: JSON Web Signatures that anybody can check off-line.

A receipt is a JWS in compact form (RFC 7515) signed with ES256 (RFC 7518): three strings
joined by dots, with the public key in its header (``jwk``) under its thumbprint (RFC 7638).
That the key is the office's is known from elsewhere: the folder ``keys/receipts`` of the
warehouse, a certificate, a sheet of paper on the wall.

    signer = store_signer(Path("kho"))
    text = issue("consent-receipt", {"owner": "…"}, signer)
    check(text, {signer.id: signer.public}).known          # True
"""

import base64
import fcntl
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from foundation.errors import ExitCode, SohoaError
from foundation.files import write_atomic
from foundation.messages import N_
from warehouse.catalog import locked

#: The store's own key, made where no other is handed in; and who signed here so far.
STORE_KEY = Path("keys") / "receipts.key"
KNOWN = Path("keys") / "receipts"
_ES256 = ec.ECDSA(hashes.SHA256())
#: Bytes of each of the two numbers of a P-256 signature (RFC 7518, 3.4).
_HALF = 32


class ReceiptInvalid(SohoaError):
    """A text is no receipt, or its signature does not fit it."""

    exit_code = ExitCode.SIGNATURE
    message = N_("This receipt is not valid ({detail}). Ask the office that gave it for a new one.")


class KeyUnusable(SohoaError):
    """A file named as a key holds none that signs receipts."""

    exit_code = ExitCode.INPUT
    message = N_("{file} holds no P-256 public key and no certificate of one (PEM).")


@dataclass(frozen=True)
class Signer:
    """Who signs receipts.

    Attributes:
        sign: gives the ECDSA signature (P-256, SHA-256) of bytes, DER as OpenSSL makes it.
        certificate: DER, put into the receipts' headers; empty where there is none.
    """

    public: ec.EllipticCurvePublicKey
    sign: Callable[[bytes], bytes] = field(repr=False)
    certificate: bytes = field(default=b"", repr=False)

    @property
    def id(self) -> str:
        """The key's thumbprint (RFC 7638), 43 characters."""
        return thumbprint(self.public)


@dataclass(frozen=True)
class Receipt:
    """A receipt whose signature fits it.

    Attributes:
        known: whether the key that signed is one of those relied on.
    """

    kind: str
    said: dict[str, Any] = field(hash=False)
    key: str = ""
    known: bool = False


def store_signer(folder: Path) -> Signer:
    """The warehouse's own signing key, made at first use, readable by this user alone."""
    path = folder / STORE_KEY
    if not path.exists():
        with locked(folder, fcntl.LOCK_EX):
            if not path.exists():
                _make_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyUnusable(file=path)
    return Signer(key.public_key(), lambda data: key.sign(data, _ES256))


def signer_by_certificate(certificate: Path, sign: Callable[[bytes], bytes]) -> Signer:
    """A signer whose public key is that of a certificate (PEM); ``sign`` as in :class:`Signer`.

    Raises:
        KeyUnusable: no certificate of a P-256 key.
        OSError: it cannot be read.
    """
    public = load_key(certificate)
    held = x509.load_pem_x509_certificate(certificate.read_bytes())
    return Signer(public, sign, held.public_bytes(serialization.Encoding.DER))


def _make_key(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(path, data, mode=0o600)


def remember(folder: Path, signer: Signer) -> None:
    """Put a signer's public key among those of this warehouse; later signers do not remove it."""
    path = folder / KNOWN / f"{signer.id}.pem"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        write_atomic(path, signer.public.public_bytes(serialization.Encoding.PEM, form), mode=0o600)


def known_keys(folder: Path) -> dict[str, ec.EllipticCurvePublicKey]:
    """All keys that ever signed for this warehouse, by their thumbprints."""
    keys = [load_key(path) for path in sorted((folder / KNOWN).glob("*.pem"))]
    return {thumbprint(key): key for key in keys}


def load_key(path: Path) -> ec.EllipticCurvePublicKey:
    """A public key from a PEM file, of the key or of its certificate.

    Raises:
        KeyUnusable: it holds neither.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        if b"CERTIFICATE" in data:
            key: object = x509.load_pem_x509_certificate(data).public_key()
        else:
            key = serialization.load_pem_public_key(data)
    except ValueError as error:
        raise KeyUnusable(file=path) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise KeyUnusable(file=path)
    return key


def issue(kind: str, said: Mapping[str, Any], signer: Signer) -> str:
    """A receipt of that kind that says this."""
    header: dict[str, Any] = {
        "alg": "ES256",
        "typ": f"sohoa-{kind}+jws",
        "kid": signer.id,
        "jwk": _jwk(signer.public),
    }
    if signer.certificate:
        header["x5c"] = [base64.b64encode(signer.certificate).decode()]
    signed = f"{_packed(_json(header))}.{_packed(_json(said))}"
    r, s = utils.decode_dss_signature(signer.sign(signed.encode()))
    return f"{signed}.{_packed(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"


def check(text: str, known: Mapping[str, ec.EllipticCurvePublicKey], kind: str = "") -> Receipt:
    """What a receipt says, its signature checked with the key in its header.

    Args:
        known: the keys relied on, by thumbprint.
        kind: refuse receipts of any other kind.

    Raises:
        ReceiptInvalid: no receipt, another kind, or a signature that does not fit.
    """
    try:
        signed, _, signature = text.strip().rpartition(".")
        first, second = signed.split(".")
        header, raw = json.loads(_unpacked(first)), _unpacked(signature)
        said = json.loads(_unpacked(second))
        key = _from_jwk(header["jwk"])
        told = header["typ"].removeprefix("sohoa-").removesuffix("+jws")
        if header["alg"] != "ES256" or len(raw) != 2 * _HALF or not isinstance(said, dict):
            raise ReceiptInvalid(detail="JWS, ES256")
        if kind and told != kind:
            raise ReceiptInvalid(detail=told)
        r, s = int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
        key.verify(utils.encode_dss_signature(r, s), signed.encode(), _ES256)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReceiptInvalid(detail="JWS") from error
    except InvalidSignature as error:
        raise ReceiptInvalid(detail="signature") from error
    return Receipt(told, said, thumbprint(key), thumbprint(key) in known)


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """A key's name (RFC 7638): SHA-256 of its JWK, base64url."""
    return _packed(sha256(_json(_jwk(key))).digest())


def _jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    point = key.public_numbers()
    x, y = (_packed(number.to_bytes(_HALF, "big")) for number in (point.x, point.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _from_jwk(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(_unpacked(jwk[name]), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
