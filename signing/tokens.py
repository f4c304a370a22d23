"""Tokens through PKCS#11: what is plugged in, and one session that signs.

The PIN is asked for once and tried once. The flags of the token are read right
before the login: a locked token is left alone, a last try needs a yes in words.
A session stays open for a batch and is closed, and the PIN forgotten, after it.
Drivers run in processes of their own (:mod:`signing.driver_process`); what they
answer becomes an error of this room here.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, Protocol

from asn1crypto import algos, x509
from pkcs11 import KeyType, TokenFlag

from foundation.errors import SohoaError
from foundation.times import utc_now
from profiles.schema import Signer
from signing import errors
from signing.certificates import (
    chain_of,
    display_name,
    has_public_key,
    key_usages,
    may_sign,
    signed_with,
    valid_at,
    whole_name,
)
from signing.driver_process import KEYPAD_TIME, LIST_TIME, DriverProcess, Refused, driver_process
from signing.drivers import known_modules
from signing.mechanisms import operation_for
from signing.pins import Pin, PinSource, say_keypad

_log = logging.getLogger(__name__)

#: The token is no longer there, in the words of the drivers.
_GONE = {
    "DeviceRemoved",
    "DeviceError",
    "TokenNotPresent",
    "TokenNotRecognised",
    "SessionHandleInvalid",
    "SessionClosed",
    "UserNotLoggedIn",
}
#: What a driver may say of a PIN, before a login or at one.
_PIN_ERRORS: dict[str, type[errors.TokenError]] = {
    "PinIncorrect": errors.WrongPin,
    "PinInvalid": errors.WrongPin,
    "PinLenRange": errors.PinLengthWrong,
    "PinLocked": errors.TokenLocked,
    "PinExpired": errors.PinExpired,
    "PinFinalTry": errors.PinLastTry,
    "UserPinNotInitialized": errors.PinNotSet,
    "FunctionCancelled": errors.PinNotTyped,
}
#: Kinds of keys that certificates name, in PKCS#11's words.
_KEY_TYPES = {"rsa": KeyType.RSA, "ec": KeyType.EC}


@dataclass(frozen=True)
class CertificateInfo:
    """A certificate on a token. ``key_id`` is CKA_ID in hexadecimal.

    ``has_key``: whether the key of that id belongs to it; ``None`` where the token shows
    its keys only after the PIN.
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
    pin_to_be_changed: bool = False


@dataclass(frozen=True)
class TokensFound:
    """The tokens of all drivers, and what went wrong with some of them."""

    tokens: tuple[TokenInfo, ...]
    faults: tuple[SohoaError, ...]


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


def look_for_tokens(modules: Sequence[str]) -> TokensFound:
    """Every token of these drivers, without asking for a PIN.

    All drivers are asked at once, each in a process of its own: one that hangs or crashes
    costs its time limit and hides nobody else's tokens.
    """
    if not modules:
        return TokensFound((), ())
    with ThreadPoolExecutor(len(modules)) as askers:
        answers = list(askers.map(_tokens_of, modules))
    tokens = [token for found in answers for token in found.tokens]
    faults = [fault for found in answers for fault in found.faults]
    return TokensFound(tuple(_without_twins(tokens)), tuple(faults))


def list_tokens(modules: Sequence[str] | None = None) -> list[TokenInfo]:
    """Every token of every driver, without asking for a PIN.

    Args:
        modules: driver paths; ``None`` looks through p11-kit's and ``drivers.toml``,
            where a driver that does not start is logged and passed over.

    Raises:
        DriverMissing, DriverFault, DriverSilent, DriverCrashed: a driver named in
            ``modules`` is not there or faulty.
    """
    found = look_for_tokens(known_modules() if modules is None else modules)
    for fault in found.faults:
        if modules is not None:
            raise fault
        _log.warning("%s", fault)
    return list(found.tokens)


@contextmanager
def open_token(
    signer: Signer, pins: PinSource, *, allow_last_try: bool = False
) -> Iterator[TokenSession]:
    """Log in once and give a session that signs with the key of ``signer``.

    Before the session is handed out the certificate must be in force and meant for
    signing; every signature is held against it before it is given out.

    Raises:
        DriverMissing, DriverFault, DriverSilent, DriverCrashed: the module.
        TokenNotFound, TokenLocked, PinLastTry, PinNotSet, NoPin: before the login.
        WrongPin, PinLengthWrong, PinExpired, PinNotTyped: at the login, which is not repeated.
        KeyNotFound, CertificateExpired, CertificateNotForSigning, CertificateMismatch: after.
    """
    with driver_process(signer.module) as process:
        try:
            seen = _log_in(process, signer, pins, allow_last_try)
            chosen = process.ask({"do": "choose", "id": signer.key_id})
        except Refused as refused:
            _raise_fault(refused, signer.token_serial)
        yield _Session(process, signer, seen, chosen)


class _Session:
    """A logged-in session with one key. The first error is its last word."""

    def __init__(
        self, process: DriverProcess, signer: Signer, seen: TokenInfo, chosen: dict[str, Any]
    ) -> None:
        if chosen["certificate"] is None:
            raise errors.KeyNotFound(token=signer.token_serial, key_id=signer.key_id)
        self._process, self._signer, self._seen = process, signer, seen
        self._failure: SohoaError | None = None
        self._mechanisms = frozenset(chosen["mechanisms"])
        self._types_pin = seen.protected_path and chosen["each_time"]
        self.certificate = _certificate(chosen["certificate"])
        self.chain = tuple(chain_of(self.certificate, map(_certificate, chosen["others"])))
        self._check(chosen["key_type"])

    def sign(self, data: bytes, mechanism: algos.SignedDigestAlgorithm) -> bytes:
        """Sign ``data`` with SHA-256; what the token cannot do of it is done here.

        Raises:
            CertificateMismatch: the signature is not one of the certificate's key.
            TokenError: what the token or its driver refused, now or before.
        """
        if self._failure is not None:
            raise self._failure
        try:
            signature = self._signed(data, mechanism)
        except SohoaError as error:
            self._failure = error
            raise
        return signature

    def _signed(self, data: bytes, mechanism: algos.SignedDigestAlgorithm) -> bytes:
        operation = operation_for(mechanism, self._mechanisms, self.certificate.public_key)
        if self._types_pin:
            say_keypad(self._seen)
        question = {
            "do": "sign",
            "mechanism": int(operation.mechanism),
            "data": operation.prepare(data).hex(),
        }
        try:
            limit = KEYPAD_TIME if self._types_pin else None
            answer = self._process.ask(question, limit=limit)
        except Refused as refused:
            _raise_fault(refused, _called(self._seen))
        signature = operation.finish(bytes.fromhex(answer["value"]))
        # Any object may stand under an id; only a signature proves that the two belong together.
        if not signed_with(self.certificate, signature, data):
            raise self._mismatch()
        return signature

    def _check(self, key_type: int) -> None:
        certificate = self.certificate
        if not valid_at(certificate, utc_now()):
            raise errors.CertificateExpired(
                signer=display_name(certificate),
                start=f"{certificate.not_valid_before:%Y-%m-%d}",
                end=f"{certificate.not_valid_after:%Y-%m-%d}",
            )
        if not may_sign(certificate):
            raise errors.CertificateNotForSigning(signer=display_name(certificate))
        if _KEY_TYPES.get(certificate.public_key.algorithm) != key_type:
            raise self._mismatch()

    def _mismatch(self) -> errors.CertificateMismatch:
        signer = self._signer
        return errors.CertificateMismatch(token=signer.token_serial, key_id=signer.key_id)


def _log_in(
    process: DriverProcess, signer: Signer, pins: PinSource, allow_last_try: bool
) -> TokenInfo:
    """One login, one attempt. The PIN is forgotten whatever comes of it."""
    seen = _token_to_try(process, signer, allow_last_try)
    pin = Pin("") if seen.protected_path else pins.pin_for(seen)
    try:
        # The flags are a snapshot and the question took time: read them again.
        _token_to_try(process, signer, allow_last_try)
        if seen.protected_path:
            say_keypad(seen)
        process.ask({"do": "log_in"}, pin=pin, limit=KEYPAD_TIME if seen.protected_path else None)
    except Refused as refused:
        _raise_fault(refused, _called(seen))
    finally:
        pin.forget()
    return seen


def _token_to_try(process: DriverProcess, signer: Signer, allow_last_try: bool) -> TokenInfo:
    """The token as it is now, if its own flags let its PIN be tried."""
    found = process.ask({"do": "find", "serial": signer.token_serial})["token"]
    if found is None:
        raise errors.TokenNotFound(token=signer.token_serial)
    info = _described(process.module, found)
    if info.pin_locked:
        raise errors.TokenLocked(token=_called(info))
    if not info.pin_set:
        raise errors.PinNotSet(token=_called(info))
    if info.pin_final_try and not allow_last_try:
        raise errors.PinLastTry(token=_called(info))
    return info


def _tokens_of(module: str) -> TokensFound:
    try:
        with driver_process(module, LIST_TIME) as process:
            answer = process.ask({"do": "list"}, limit=LIST_TIME)
    except SohoaError as error:
        return TokensFound((), (error,))
    except Refused as refused:
        fault = errors.DriverFault(module=module, detail=refused.detail or refused.name)
        return TokensFound((), (fault,))
    described = (_described(process.module, one) for one in answer["tokens"])
    faults = (
        errors.TokenFault(token=f"{module} #{one['slot']}", detail=one["fault"])
        for one in answer["faults"]
    )
    return TokensFound(tuple(one for one in described if one.initialised), tuple(faults))


def _described(module: str, token: dict[str, Any]) -> TokenInfo:
    flags = token["flags"]
    return TokenInfo(
        module=module,
        slot=token["slot"],
        label=token["label"],
        manufacturer=token["manufacturer"],
        model=token["model"],
        serial=token["serial"],
        initialised=bool(flags & TokenFlag.TOKEN_INITIALIZED),
        pin_set=bool(flags & TokenFlag.USER_PIN_INITIALIZED),
        pin_count_low=bool(flags & TokenFlag.USER_PIN_COUNT_LOW),
        pin_final_try=bool(flags & TokenFlag.USER_PIN_FINAL_TRY),
        pin_locked=bool(flags & TokenFlag.USER_PIN_LOCKED),
        protected_path=bool(flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        certificates=tuple(_certificates(token["certificates"], token["keys"])),
        pin_to_be_changed=bool(flags & TokenFlag.USER_PIN_TO_BE_CHANGED),
    )


def _certificates(
    held: Sequence[dict[str, str]], keys: Sequence[dict[str, str]]
) -> Iterator[CertificateInfo]:
    for one in held:
        numbers = [bytes.fromhex(key["public"]) for key in keys if key["id"] == one["id"]]
        try:
            certificate = _certificate(one["value"])
            told = [has_public_key(certificate, number) for number in numbers if number]
            yield CertificateInfo(
                subject=display_name(certificate),
                issuer=whole_name(certificate.issuer),
                serial_number=certificate.serial_number,
                not_before=certificate.not_valid_before,
                not_after=certificate.not_valid_after,
                usages=key_usages(certificate),
                key_id=one["id"],
                has_key=all(told) if told else None,
            )
        except ValueError as error:
            _log.warning("certificate %s cannot be read: %s", one["id"], error)


def _certificate(encoded: str) -> x509.Certificate:
    return x509.Certificate.load(bytes.fromhex(encoded))


def _without_twins(tokens: list[TokenInfo]) -> list[TokenInfo]:
    """The same token seen through two drivers is listed once, through the first."""
    return list({(token.manufacturer, token.serial): token for token in reversed(tokens)}.values())[
        ::-1
    ]


def _called(info: TokenInfo) -> str:
    return f"{info.label} ({info.serial})" if info.label else info.serial


def _raise_fault(refused: Refused, token: str) -> NoReturn:
    """The error for what a driver refused; drivers give few words of their own."""
    if refused.name in _PIN_ERRORS:
        raise _PIN_ERRORS[refused.name](token=token) from None
    if refused.name in _GONE:
        raise errors.TokenGone(token=token) from None
    raise errors.TokenFault(token=token, detail=refused.detail or refused.name) from None
