"""Tokens through PKCS#11: what is plugged in, and one session that signs.

The PIN is asked for once and tried once. The flags of the token are read right
before the login: a locked token is left alone, a last try needs a yes in words.
A session stays open for a batch and is closed, and the PIN forgotten, after it.
"""

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

import pkcs11
from asn1crypto import algos, x509
from pkcs11 import Attribute, Mechanism, ObjectClass, TokenFlag

from foundation.errors import SohoaError
from foundation.times import utc_now
from profiles.schema import Signer
from signing import errors
from signing.certificates import (
    chain_of,
    display_name,
    key_usages,
    may_sign,
    signed_with,
    valid_at,
)
from signing.drivers import driver, find_module, known_modules
from signing.pins import Pin, PinSource

if TYPE_CHECKING:
    from pkcs11.types import Object, Session, Slot, Token

_log = logging.getLogger(__name__)

#: The token is no longer there, in the words of the drivers.
_GONE = (
    pkcs11.DeviceRemoved,
    pkcs11.DeviceError,
    pkcs11.TokenNotPresent,
    pkcs11.TokenNotRecognised,
    pkcs11.SessionHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.UserNotLoggedIn,
)
_WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)


@dataclass(frozen=True)
class CertificateInfo:
    """A certificate on a token. ``key_id`` is CKA_ID in hexadecimal.

    ``has_key``: ``None`` where the token shows its keys only after the PIN.
    """

    subject: str
    issuer: str
    serial_number: int
    not_before: datetime
    not_after: datetime
    usages: frozenset[str]
    key_id: str
    has_key: bool | None

    @property
    def may_sign(self) -> bool:
        """Whether it is meant for signing documents and holds today."""
        allowed = not self.usages or bool(self.usages & {"digital_signature", "non_repudiation"})
        return allowed and self.not_before <= utc_now() <= self.not_after


@dataclass(frozen=True)
class TokenInfo:
    """A token as it can be seen without its PIN."""

    module: str
    slot: int
    label: str
    manufacturer: str
    model: str
    serial: str
    initialised: bool
    pin_set: bool
    pin_count_low: bool
    pin_final_try: bool
    pin_locked: bool
    protected_path: bool
    certificates: tuple[CertificateInfo, ...] = ()


class TokenSession(Protocol):
    """What signing needs of a token that has been opened, wherever its driver runs."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""
        ...

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates of its issuers that the token holds, without the root."""
        ...

    def sign(self, data: bytes, mechanism: algos.SignedDigestAlgorithm) -> bytes:
        """Sign with SHA-256; ECDSA in DER form. Raises :class:`errors.TokenError`."""
        ...


def list_tokens(modules: Sequence[str] | None = None) -> list[TokenInfo]:
    """Every token of every driver, without asking for a PIN.

    Args:
        modules: driver paths; ``None`` looks through p11-kit's and ``drivers.toml``,
            where a driver that does not start is logged and passed over.

    Raises:
        DriverMissing, DriverFault: a driver named in ``modules`` is not there or faulty.
    """
    found: list[TokenInfo] = []
    for module in known_modules() if modules is None else modules:
        try:
            with driver(module) as library:
                for slot in library.get_slots(token_present=True):
                    found += _read_slot(find_module(module), slot)
        except SohoaError as error:
            if modules is not None:
                raise
            _log.warning("%s", error)
        except pkcs11.PKCS11Error as error:
            fault = errors.DriverFault(module=module, detail=_words(error))
            if modules is not None:
                raise fault from error
            _log.warning("%s", fault)
    return _without_twins(found)


@contextmanager
def open_token(
    signer: Signer, pins: PinSource, *, allow_last_try: bool = False
) -> Iterator[TokenSession]:
    """Log in once and give a session that signs with the key of ``signer``.

    Before the session is handed out the certificate must be in force, meant for
    signing, and proven to belong to the key by a signature over random bytes.

    Raises:
        DriverMissing, DriverFault: the module.
        TokenNotFound, TokenLocked, PinLastTry, PinNotSet, NoPin, WrongPin: before or at login.
        KeyNotFound, CertificateExpired, CertificateNotForSigning, CertificateMismatch: after.
    """
    with driver(signer.module) as library:
        try:
            slot = _find_slot(library.get_slots(token_present=True), signer)
            session = _log_in(slot, signer, pins, allow_last_try)
        except pkcs11.PKCS11Error as error:
            _raise_fault(error, signer.token_serial)
        try:
            yield _LocalSession(session, signer)
        finally:
            _close(session)


class _LocalSession:
    """A logged-in session whose driver runs in this process and thread."""

    def __init__(self, session: "Session", signer: Signer) -> None:
        self._token, self._session = signer.token_serial, session
        try:
            self._key = cast(pkcs11.SignMixin, self._only(ObjectClass.PRIVATE_KEY, signer))
            held = self._only(ObjectClass.CERTIFICATE, signer)
            self.certificate = x509.Certificate.load(held[Attribute.VALUE])
            self.chain = tuple(chain_of(self.certificate, self._all_certificates()))
            self._mechanisms = session.token.slot.get_mechanisms()
        except pkcs11.PKCS11Error as error:
            _raise_fault(error, self._token)
        self._check(signer)

    def sign(self, data: bytes, mechanism: algos.SignedDigestAlgorithm) -> bytes:
        """Sign ``data`` with SHA-256; hashed here when the token only offers the raw operation."""
        from pyhanko.sign.pkcs11 import select_pkcs11_signing_params

        hashing = Mechanism.ECDSA_SHA256, Mechanism.SHA256_RSA_PKCS
        kind = hashing[0] if self.certificate.public_key.algorithm == "ec" else hashing[1]
        spec = select_pkcs11_signing_params(
            mechanism, "sha256", use_raw_mechanism=kind not in self._mechanisms, sign_kwargs={}
        )
        prepared = spec.pre_sign_transform(data) if spec.pre_sign_transform else data
        try:
            signature = bytes(self._key.sign(prepared, **spec.sign_kwargs))
        except pkcs11.PKCS11Error as error:
            _raise_fault(error, self._token)
        return spec.post_sign_transform(signature) if spec.post_sign_transform else signature

    def _only(self, kind: ObjectClass, signer: Signer) -> "Object":
        wanted = {Attribute.CLASS: kind, Attribute.ID: bytes.fromhex(signer.key_id)}
        found = list(self._session.get_objects(wanted))
        if len(found) != 1:
            raise errors.KeyNotFound(token=signer.token_serial, key_id=signer.key_id)
        return found[0]

    def _all_certificates(self) -> list[x509.Certificate]:
        held = self._session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
        return [x509.Certificate.load(item[Attribute.VALUE]) for item in held]

    def _check(self, signer: Signer) -> None:
        certificate = self.certificate
        if not valid_at(certificate, utc_now()):
            raise errors.CertificateExpired(
                signer=display_name(certificate),
                start=f"{certificate.not_valid_before:%Y-%m-%d}",
                end=f"{certificate.not_valid_after:%Y-%m-%d}",
            )
        if not may_sign(certificate):
            raise errors.CertificateNotForSigning(signer=display_name(certificate))
        # Any object may stand under an id; only a signature proves that the two belong together.
        challenge = b"sohoa: does this key belong to its certificate? " + secrets.token_bytes(32)
        algorithm = {"rsa": "sha256_rsa", "ec": "sha256_ecdsa"}.get(
            certificate.public_key.algorithm
        )
        mismatch = errors.CertificateMismatch(token=signer.token_serial, key_id=signer.key_id)
        if algorithm is None:
            raise mismatch
        try:
            proof = self.sign(challenge, algos.SignedDigestAlgorithm({"algorithm": algorithm}))
        except errors.TokenFault as error:  # a key of another kind than the certificate's
            raise mismatch from error
        if not signed_with(certificate, proof, challenge):
            raise mismatch


def _find_slot(slots: "Sequence[Slot]", signer: Signer) -> "Slot":
    for slot in slots:
        try:
            if _serial(slot.get_token()) == signer.token_serial:
                return slot
        except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
            continue
    raise errors.TokenNotFound(token=signer.token_serial)


def _log_in(slot: "Slot", signer: Signer, pins: PinSource, allow_last_try: bool) -> "Session":
    """One login, one attempt. The PIN is forgotten whatever comes of it."""
    path = find_module(signer.module)
    seen = _check_flags(path, slot, allow_last_try)
    pin = Pin("") if seen.protected_path else pins.pin_for(seen)
    try:
        # The flags are a snapshot and the question took time: read them again.
        _check_flags(path, slot, allow_last_try)
        secret = pkcs11.types.PROTECTED_AUTH if seen.protected_path else pin.reveal()
        return slot.get_token().open(user_pin=secret)
    except _WRONG_PIN:
        raise errors.WrongPin(token=_called(seen)) from None
    except pkcs11.PinLocked:
        raise errors.TokenLocked(token=_called(seen)) from None
    except pkcs11.UserPinNotInitialized:
        raise errors.PinNotSet(token=_called(seen)) from None
    finally:
        pin.forget()


def _check_flags(module: str, slot: "Slot", allow_last_try: bool) -> TokenInfo:
    info = _describe(module, slot, slot.get_token())
    if info.pin_locked:
        raise errors.TokenLocked(token=_called(info))
    if not info.pin_set:
        raise errors.PinNotSet(token=_called(info))
    if info.pin_final_try and not allow_last_try:
        raise errors.PinLastTry(token=_called(info))
    if info.pin_count_low:
        _log.warning("token %s: a wrong PIN was entered before", _called(info))
    return info


def _read_slot(module: str, slot: "Slot") -> list[TokenInfo]:
    try:
        token = slot.get_token()
    except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
        return []  # pulled out since the slots were listed
    info = _describe(module, slot, token)
    if not info.initialised:
        return []
    with token.open() as session:
        return [_describe(module, slot, token, tuple(_certificates(session)))]


def _describe(
    module: str, slot: "Slot", token: "Token", certificates: tuple[CertificateInfo, ...] = ()
) -> TokenInfo:
    flags = token.flags
    return TokenInfo(
        module=module,
        slot=slot.slot_id,
        label=token.label,
        manufacturer=token.manufacturer_id,
        model=token.model,
        serial=_serial(token),
        initialised=bool(flags & TokenFlag.TOKEN_INITIALIZED),
        pin_set=bool(flags & TokenFlag.USER_PIN_INITIALIZED),
        pin_count_low=bool(flags & TokenFlag.USER_PIN_COUNT_LOW),
        pin_final_try=bool(flags & TokenFlag.USER_PIN_FINAL_TRY),
        pin_locked=bool(flags & TokenFlag.USER_PIN_LOCKED),
        protected_path=bool(flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        certificates=certificates,
    )


def _certificates(session: "Session") -> Iterator[CertificateInfo]:
    shown = set()
    for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
        shown |= {key[Attribute.ID] for key in session.get_objects({Attribute.CLASS: kind})}
    for held in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        key_id = held[Attribute.ID]
        try:
            certificate = x509.Certificate.load(held[Attribute.VALUE])
            yield CertificateInfo(
                subject=display_name(certificate),
                issuer=str(certificate.issuer.human_friendly),
                serial_number=certificate.serial_number,
                not_before=certificate.not_valid_before,
                not_after=certificate.not_valid_after,
                usages=key_usages(certificate),
                key_id=key_id.hex(),
                has_key=True if key_id in shown else None,
            )
        except ValueError as error:
            _log.warning("certificate %s cannot be read: %s", key_id.hex(), error)


def _without_twins(tokens: list[TokenInfo]) -> list[TokenInfo]:
    """The same token seen through two drivers is listed once, through the first."""
    return list({(token.manufacturer, token.serial): token for token in reversed(tokens)}.values())[
        ::-1
    ]


def _serial(token: "Token") -> str:
    return bytes(token.serial).decode("ascii", errors="replace").strip("\0 ")


def _called(info: TokenInfo) -> str:
    return f"{info.label} ({info.serial})" if info.label else info.serial


def _words(error: pkcs11.PKCS11Error) -> str:
    return str(error) or type(error).__name__  # most of them have no text of their own


def _raise_fault(error: pkcs11.PKCS11Error, token: str) -> NoReturn:
    if isinstance(error, _GONE):
        raise errors.TokenGone(token=token) from error
    raise errors.TokenFault(token=token, detail=_words(error)) from error


def _close(session: "Session") -> None:
    try:
        session.close()
    except pkcs11.PKCS11Error as error:  # the token was pulled: an error worth less than the first
        _log.debug("closing the session: %s", _words(error))
