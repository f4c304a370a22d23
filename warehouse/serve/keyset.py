"""The keys of who issues tokens: a JWKS (RFC 7517) from a file or an address, kept and renewed.

A key nobody has seen yet makes the set be read again, but not more often than the set allows:
a stranger's made-up key ids must not become requests to the issuer. An issuer that cannot be
reached leaves the known keys in use for an hour.
"""

import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

_MOST_BYTES = 256 * 1024
_TIMEOUT = 5.0
#: Seconds the keys are used before they are read again, between two readings, and at most.
_FRESH_URL, _PAUSE_URL = 300.0, 15.0
_FRESH_FILE, _PAUSE_FILE = 10.0, 1.0
_STALE = 3600.0
_SMALLEST_RSA = 2048
#: Which algorithms (RFC 7518, RFC 8037) a key may sign with, by its type and curve.
_FITTING: dict[tuple[str, str], frozenset[str]] = {
    ("RSA", ""): frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}


class KeysUnavailable(SohoaError):
    """The issuer's keys cannot be had."""

    exit_code = ExitCode.SERVICE
    message = N_("The keys of who issues tokens cannot be read from {place}. Check [serve] jwks.")


@dataclass(frozen=True)
class VerifyingKey:
    """A public key, and the algorithms it may have signed with."""

    key: Any = field(repr=False)
    algorithms: frozenset[str]


@dataclass
class KeySet:
    """The issuer's keys; threads may share it.

    Attributes:
        place: a file, or an https address (http on this machine alone).
        clock: seconds that only go on.
    """

    place: str
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str, VerifyingKey] = field(default_factory=dict, repr=False)
    _read_at: float = float("-inf")
    _tried_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def find(self, key_id: str) -> VerifyingKey | None:
        """The key of that id, or the only one there is where no id is given.

        Raises:
            KeysUnavailable: there are none, or they are older than an hour.
        """
        fresh = _FRESH_URL if self._is_url else _FRESH_FILE
        if self.clock() - self._read_at > fresh or (key_id and key_id not in self._keys):
            self._renew()
        if not self._keys or self.clock() - self._read_at > _STALE:
            raise KeysUnavailable(place=self.place)
        if not key_id and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    @property
    def _is_url(self) -> bool:
        return "://" in self.place

    def _renew(self) -> None:
        # Whoever finds somebody at it goes on with the keys that are known, if there are any.
        if not self._lock.acquire(blocking=not self._keys):
            return
        try:
            self._read()
        finally:
            self._lock.release()

    def _read(self) -> None:
        pause = _PAUSE_URL if self._is_url else _PAUSE_FILE
        if self.clock() - self._tried_at < pause:
            return
        self._tried_at = self.clock()
        try:
            data = _fetched(self.place) if self._is_url else Path(self.place).read_bytes()
            self._keys = usable_keys(data)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return  # the known keys serve on, for a while
        self._read_at = self.clock()


def usable_keys(data: bytes) -> dict[str, VerifyingKey]:
    """The keys in a JWKS that may verify tokens, by id; secret, weak and unknown ones are left out.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: it is no JWKS.
    """
    found = {}
    for number, one in enumerate(json.loads(data)["keys"]):
        fitting = _FITTING.get((one.get("kty", ""), one.get("crv", "")))
        if fitting is None or one.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK.from_dict(one).key
        except jwt.PyJWTError:
            continue
        if getattr(key, "key_size", _SMALLEST_RSA) < _SMALLEST_RSA and one["kty"] == "RSA":
            continue
        named = {one["alg"]} if "alg" in one else fitting
        found[str(one.get("kid", f"#{number}"))] = VerifyingKey(key, fitting & frozenset(named))
    return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Go nowhere the settings do not name."""


def _fetched(url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError(url)
    opener = urllib.request.build_opener(
        _NoRedirect, urllib.request.HTTPSHandler(context=ssl.create_default_context())
    )
    with opener.open(url, timeout=_TIMEOUT) as answer:
        data: bytes = answer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(url)
    return data
