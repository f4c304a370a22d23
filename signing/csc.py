"""The Cloud Signature Consortium API: what is asked of a remote signing service, and how.

Version 1.0.4 (2019) and 2.0 (2023) differ in names: ``hash``/``hashes``, ``hashAlgo``/
``hashAlgorithmOID``, ``PIN`` and ``OTP``/``authData``, ``authMode``/``auth``. pyHanko's client
speaks the first alone, drops what the service says when it refuses, and reads answers of any
size; hence this one. Each question is asked once: an authorisation that was sent is never sent
again by itself. No redirect is followed, nothing but the answer's known fields is believed.
"""

import base64
import binascii
import json
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
from asn1crypto import algos, x509

from foundation.messages import _
from foundation.reasons import reason_of
from profiles.schema import RemoteSigner
from signing import remote_errors as errors
from signing.pins import SECRETS, Pin

#: Seconds a question may take; authorising may wait for a person to nod on a telephone.
SECONDS, PATIENT_SECONDS = 30.0, 120.0
#: Bytes an answer may have: a chain of ten certificates, or 100 signatures, come to 60 KB.
_MOST_BYTES = 1_000_000
#: Hashes sent in one authorisation, whatever more the service allows: each is an open file.
_MOST_HASHES = 50
_SHA256 = algos.DigestAlgorithmId("sha256").dotted
#: Signature algorithms by kind of key, best first: with the hash in the name, or without it.
_ALGORITHMS = {
    "rsa": ("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"),
    "ec": ("1.2.840.10045.4.3.2", "1.2.840.10045.2.1"),
}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True)
class Ask:
    """A secret that the service wants before it signs.

    Attributes:
        id: the name under which it is sent.
        kind: ``pin`` stays the same, ``otp`` is good once; None: the person answers elsewhere.
        challenge: whether the service must be asked to send the code first.
    """

    id: str
    kind: Literal["pin", "otp"] | None
    challenge: bool = False


@dataclass(frozen=True)
class Credential:
    """A key at the service: certificate, issuers, how it signs, how many at once, what it asks."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    algorithm: str
    most: int
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class CscService:
    """A service and the office's access to it (empty where none is wanted)."""

    signer: RemoteSigner
    access: Pin

    async def credential_ids(self) -> list[str]:
        """The ids of this office's credentials."""
        answer = await self._post("credentials/list", {})
        ids = answer.get("credentialIDs")
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise self._wrong("credentialIDs")
        return ids

    async def credential(self) -> Credential:
        """The credential that the profile names.

        Raises:
            CredentialMissing, CredentialUnusable: it cannot be signed with.
            ServiceError: see :meth:`_post`.
        """
        asked = {"credentialID": self.signer.credential, "certificates": "chain", "certInfo": False}
        try:
            answer = await self._post("credentials/info", asked | {"authInfo": True})
        except errors.RemoteRefused as error:
            named = {"url": self.signer.url, "credential": self.signer.credential}
            raise errors.CredentialMissing(**named) from error
        try:
            return self._read_credential(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._wrong("credentials/info") from error

    async def challenge(self, ask: Ask) -> None:
        """Have the service send the person a code."""
        if self.signer.api == "v1":
            await self._post("credentials/sendOTP", {"credentialID": self.signer.credential})
            return
        body = {"credentialID": self.signer.credential, "authID": ask.id}
        await self._post("credentials/getChallenge", body)

    async def authorize(self, hashes: Sequence[bytes], answers: Mapping[str, Pin | None]) -> Pin:
        """Leave to sign these hashes (SHA-256) and no others: the signature activation data.

        Raises:
            SecretRefused: PIN or code; ServiceError: see :meth:`_post`.
        """
        body: dict[str, Any] = {"credentialID": self.signer.credential}
        body |= {"numSignatures": len(hashes)} | self._hashes(hashes, with_algorithm=False)
        if self.signer.api == "v1":
            body |= {name: pin.reveal() for name, pin in answers.items() if pin}
        else:
            body["hashAlgorithmOID"] = _SHA256
            body["authData"] = [
                {"id": name} | ({"value": pin.reveal()} if pin else {})
                for name, pin in answers.items()
            ]
        answer = await self._post("credentials/authorize", body, PATIENT_SECONDS)
        data = answer.get("SAD")
        if not isinstance(data, str) or not data:
            raise self._wrong("SAD")
        return Pin(data)

    async def sign(self, leave: Pin, hashes: Sequence[bytes], algorithm: str) -> list[bytes]:
        """A signature for each hash, in their order, not checked yet."""
        body: dict[str, Any] = {"credentialID": self.signer.credential, "SAD": leave.reveal()}
        body |= self._hashes(hashes, with_algorithm=True) | {"signAlgo": algorithm}
        if self.signer.api == "v2":
            body["operationMode"] = "S"
        answer = await self._post("signatures/signHash", body, PATIENT_SECONDS)
        signatures = answer.get("signatures")
        if not isinstance(signatures, list) or len(signatures) != len(hashes):
            raise self._wrong(_("not as many signatures as hashes"))
        try:
            return [base64.b64decode(one, validate=True) for one in signatures]
        except (binascii.Error, TypeError, ValueError) as error:
            raise self._wrong("signatures") from error

    async def log_in(self, name: str, password: Pin) -> Pin:
        """An access token for a name and password (auth/login)."""
        login = base64.b64encode(f"{name}:{password.reveal()}".encode()).decode("ascii")
        headers = {"Authorization": f"Basic {login}"}
        answer = await self._post("auth/login", {"rememberMe": False}, headers=headers)
        return self._token(answer)

    async def log_in_client(self, client: str, secret: Pin) -> Pin:
        """An access token for an OAuth 2 client (RFC 6749 4.4)."""
        form = {"grant_type": "client_credentials", "scope": "service"}
        form |= {"client_id": client, "client_secret": secret.reveal()}
        return self._token(await self._ask(self.signer.token_url, {"data": form}, SECONDS, {}))

    def _token(self, answer: Mapping[str, Any]) -> Pin:
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise self._wrong("access_token")
        return Pin(token)

    def _hashes(self, hashes: Sequence[bytes], *, with_algorithm: bool) -> dict[str, Any]:
        values = [base64.b64encode(one).decode("ascii") for one in hashes]
        if self.signer.api == "v1":
            return {"hash": values} | ({"hashAlgo": _SHA256} if with_algorithm else {})
        return {"hashes": values, "hashAlgorithmOID": _SHA256}

    def _read_credential(self, answer: Mapping[str, Any]) -> Credential:
        key = answer["key"]
        if key.get("status", "enabled") != "enabled":
            raise self._unusable(_("it is switched off"))
        held = [
            x509.Certificate.load(base64.b64decode(one, validate=True))
            for one in answer["cert"]["certificates"]
        ]
        for one in held:  # asn1crypto parses when it is asked
            _parsed = one.native
        kind = held[0].public_key.algorithm
        offered = {str(one) for one in key["algo"]}
        known = (one for one in _ALGORITHMS.get(kind, ()) if one in offered)
        algorithm = next(known, None)
        if algorithm is None:
            raise self._unusable(_("it does not sign with RSA or ECDSA and SHA-256"))
        most = min(int(answer.get("multisign", 1)), _MOST_HASHES)
        if most < 1:
            raise ValueError("multisign")
        return Credential(held[0], tuple(held[1:]), algorithm, most, tuple(self._asks(answer)))

    def _asks(self, answer: Mapping[str, Any]) -> list[Ask]:
        first = self.signer.api == "v1"
        auth: Mapping[str, Any] = {} if first else answer.get("auth", {})
        mode = answer.get("authMode", "implicit") if first else auth.get("mode", "implicit")
        if mode == "implicit":
            return []
        if mode != "explicit":
            text = _("it wants to be confirmed in a browser; ask for a key with a PIN or code")
            raise self._unusable(text)
        if first:
            return [
                Ask("PIN", "pin") if name == "PIN" else
                Ask("OTP", "otp", answer[name].get("type") == "online")
                for name in ("PIN", "OTP")
                if str(answer.get(name, {}).get("presence", "false")).lower() == "true"
            ]  # fmt: skip
        if re.search(r"\bOR\b|\bXOR\b", str(auth.get("expression", ""))):
            raise self._unusable(_("it wants one of several ways of confirming"))
        return [_ask(one) for one in auth.get("objects", ())]

    async def _post(
        self,
        method: str,
        body: Mapping[str, Any],
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """One question and its answer.

        Raises:
            RemoteUnavailable, RemoteBusy, RemoteAccessRefused, RemoteRefused, RemoteTooLate,
            RemoteAnswerWrong, SecretRefused: no usable answer.
        """
        if headers is None:
            headers = {"Authorization": f"Bearer {self.access.reveal()}"} if self.access else {}
        url = f"{self.signer.url}/csc/{self.signer.api}/{method}"
        return await self._ask(url, {"json": dict(body)}, seconds or SECONDS, headers)

    async def _ask(
        self, url: str, content: Mapping[str, Any], seconds: float, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        limit = aiohttp.ClientTimeout(total=seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.post(
                    url, headers=headers, allow_redirects=False, ssl=self._tls(), **content
                ) as response,
            ):
                status, text = response.status, await self._text(response)
        except TimeoutError as error:
            detail = _("no answer in {seconds:.0f} seconds").format(seconds=seconds)
            raise errors.RemoteUnavailable(url=self.signer.url, detail=detail) from error
        except (aiohttp.ClientError, OSError) as error:
            detail = reason_of(error) if isinstance(error, OSError) else type(error).__name__
            raise errors.RemoteUnavailable(url=self.signer.url, detail=detail) from error
        try:
            answer = json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            if status < 300:
                raise self._wrong("JSON") from error
            answer = {}
        if not isinstance(answer, dict):
            answer = {}
        if status >= 300:
            raise self._refusal(status, answer)
        return answer

    async def _text(self, response: aiohttp.ClientResponse) -> bytes:
        text = b""
        async for block in response.content.iter_any():
            text += block
            if len(text) > _MOST_BYTES:
                raise self._wrong(_("too long"))
        return text

    def _refusal(self, status: int, answer: Mapping[str, Any]) -> Exception:
        """The error for a refusal, by the word it gives (CSC 1.0.4, 11; RFC 6749 5.2)."""
        word = str(answer.get("error", ""))
        word = word if _WORD.fullmatch(word) else ""  # anything else is not shown to people
        said = {"url": self.signer.url, "detail": word or f"HTTP {status}"}
        if word in ("invalid_otp", "invalid_pin"):
            secret = SECRETS["pin"] if word == "invalid_pin" else SECRETS["otp"]
            return errors.SecretRefused(url=self.signer.url, secret=_(secret))
        if word in ("invalid_sad", "expired_sad") or "SAD" in str(answer.get("error_description")):
            return errors.RemoteTooLate(url=self.signer.url)
        if status == 401 or word in ("invalid_token", "invalid_client"):
            return errors.RemoteAccessRefused(**said)
        if status in (429, 503):
            return errors.RemoteBusy(**said)
        if status < 400:
            return self._wrong(f"HTTP {status}")
        return errors.RemoteRefused(**said)

    def _tls(self) -> ssl.SSLContext:
        trusted = self.signer.tls_trust or None
        try:
            return ssl.create_default_context(cafile=trusted)
        except OSError as error:  # also ssl.SSLError
            raise errors.AccessFileUnusable(
                file=Path(trusted or ""), detail=reason_of(error)
            ) from error

    def _wrong(self, detail: str) -> errors.RemoteAnswerWrong:
        return errors.RemoteAnswerWrong(url=self.signer.url, detail=detail)

    def _unusable(self, detail: str) -> errors.CredentialUnusable:
        return errors.CredentialUnusable(
            url=self.signer.url, credential=self.signer.credential, detail=detail
        )


def _ask(found: Mapping[str, Any]) -> Ask:
    """An authentication object of version 2 (its section 8.3.1)."""
    name, kind = str(found["id"]), found["type"]
    if kind == "PasswordOOB":
        return Ask(name, None)
    if kind not in ("Password", "ChallengeResponse"):
        raise ValueError("type")
    once = kind == "ChallengeResponse" or "generator" in found or "OTP" in name.upper()
    return Ask(name, "otp" if once else "pin", kind == "ChallengeResponse")
