"""Who is let in: tokens of the issuer, for this audience, now, signed as they should be."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from profiles import load_office
from warehouse.serve.bearer import BadToken, Bearer, Claims, NoRole
from warehouse.serve.keyset import KeySet, KeysUnavailable, usable_keys

from .conftest import AUDIENCE, HERE, ISSUER, Issuer, public_jwk

CLERK = {"roles": ["clerk"], "office": HERE, "name": "Trần Thị Bình"}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer(tmp_path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bearer(issuer: Issuer, clock: Clock) -> Bearer:
    return Bearer(ISSUER, AUDIENCE, KeySet(str(issuer.jwks), clock), {HERE: load_office()})


def test_a_token_says_who_it_is_in_which_role_and_where(issuer, bearer) -> None:
    found = bearer.principal(issuer.token(**CLERK))
    assert (found.name, found.roles, found.office_code) == ("Trần Thị Bình (u-1)", ("clerk",), HERE)
    assert found.office == load_office().title


UNFIT = {
    "past": lambda: {"exp": time.time() - 60},
    "without an end": lambda: {"exp": None},
    "with words for an end": lambda: {"exp": "soon"},
    "not yet": lambda: {"nbf": time.time() + 120},
    "of another issuer": lambda: {"iss": "https://other.example.vn"},
    "of no issuer": lambda: {"iss": None},
    "for somebody else": lambda: {"aud": "another"},
    "for nobody": lambda: {"aud": None},
    "about nobody": lambda: {"sub": None},
    "about nothing": lambda: {"sub": ""},
    "about a number": lambda: {"sub": 17},
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_token_that_is_past_or_for_somebody_else_is_refused(issuer, bearer, unfit) -> None:
    with pytest.raises(BadToken):
        bearer.principal(issuer.token(**(CLERK | UNFIT[unfit]())))


def test_a_clock_that_is_a_little_behind_is_forgiven(issuer, bearer) -> None:
    assert bearer.principal(issuer.token(**CLERK, nbf=time.time() + 20))


def raw(header: dict[str, Any], said: dict[str, Any], sign: Any) -> str:
    def packed(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{packed(json.dumps(header).encode())}.{packed(json.dumps(said).encode())}"
    return f"{signed}.{packed(sign(signed.encode()))}"


def claims() -> dict[str, Any]:
    return CLERK | {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "exp": time.time() + 600}


def test_no_algorithm_is_no_signature(bearer) -> None:
    for name in ("none", "None", "NONE", ""):
        token = raw({"alg": name, "kid": "first"}, claims(), lambda _signed: b"")
        with pytest.raises(BadToken):
            bearer.principal(token)


def test_a_public_key_is_never_taken_for_a_shared_secret(issuer, bearer, clock) -> None:
    key = rsa.generate_private_key(65537, 2048)
    issuer.add("rsa", key)
    clock.now += 11
    assert bearer.principal(issuer.token("rsa", algorithm="RS256", **CLERK))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    token = raw(
        {"alg": "HS256", "kid": "rsa"},
        claims(),
        lambda signed: hmac.new(secret, signed, hashlib.sha256).digest(),
    )
    with pytest.raises(BadToken, match="header"):
        bearer.principal(token)


def test_a_key_only_signs_with_algorithms_of_its_kind(issuer, bearer) -> None:
    wide = Bearer(
        ISSUER, AUDIENCE, bearer.keys, bearer.offices, ("HS256", "RS256", "ES256", "ES384")
    )
    for name in ("HS256", "RS256", "ES384"):
        token = raw({"alg": name, "kid": "first"}, claims(), lambda _signed: b"x" * 64)
        with pytest.raises(BadToken, match="key"):
            wide.principal(token)


def test_an_algorithm_that_is_not_listed_is_refused(issuer, bearer) -> None:
    narrow = Bearer(ISSUER, AUDIENCE, bearer.keys, bearer.offices, ("RS256",))
    with pytest.raises(BadToken, match="header"):
        narrow.principal(issuer.token(**CLERK))


def test_a_forged_altered_or_garbled_token_is_refused(issuer, bearer) -> None:
    token = issuer.token(**CLERK)
    stranger = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256")
    for bad in (
        token[:-4] + "AAAA",
        token.replace(".", ".e30", 1),
        stranger,
        "",
        "a.b.c",
        "..",
        "x" * 9000,
        "ê.ê.ê",
        token + "." + token,
    ):
        with pytest.raises(BadToken):
            bearer.principal(bad)


def test_extensions_that_must_be_understood_are_not(issuer, bearer) -> None:
    for more in ({"crit": ["b64"], "b64": False}, {"typ": "logout+jwt"}):
        token = jwt.encode(claims(), issuer.keys["first"], "ES256", {"kid": "first"} | more)
        with pytest.raises(BadToken, match="header"):
            bearer.principal(token)


def test_weak_secret_and_foreign_keys_of_a_set_are_left_out() -> None:
    strong, weak = (rsa.generate_private_key(65537, size) for size in (2048, 1024))
    secret = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
    sealing = public_jwk(strong) | {"kid": "enc", "use": "enc"}
    keys = [
        secret,
        sealing,
        {"kty": "EC", "crv": "P-256", "kid": "broken", "x": "AA", "y": "AA"},
        public_jwk(weak) | {"kid": "weak"},
        public_jwk(strong) | {"kid": "strong", "alg": "PS256"},
        public_jwk(ec.generate_private_key(ec.SECP384R1())) | {"kid": "ec"},
    ]
    found = usable_keys(json.dumps({"keys": keys}).encode())
    assert set(found) == {"strong", "ec"}
    assert found["strong"].algorithms == {"PS256"}
    assert found["ec"].algorithms == {"ES384"}


def test_edwards_curves_sign_too(issuer, bearer, clock) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    issuer.jwks.write_text(json.dumps({"keys": [jwk | {"kid": "ed"}]}))
    token = jwt.encode(claims(), key, "EdDSA", {"kid": "ed"})
    assert bearer.principal(token)


def test_claims_may_lie_deeper_and_be_called_otherwise(issuer, bearer) -> None:
    named = Claims(roles="realm_access.roles", office="org")
    other = Bearer(ISSUER, AUDIENCE, bearer.keys, bearer.offices, claims=named)
    token = issuer.token(realm_access={"roles": ["offline_access", "clerk"]}, org=HERE)
    assert other.principal(token).roles == ("clerk",)
    with pytest.raises(NoRole):
        other.principal(issuer.token(**CLERK))


MINE, OTHER = "A" * 43, "B" * 43


@pytest.mark.parametrize(
    ("cnf", "shown", "good"),
    [
        ({"x5t#S256": MINE}, MINE, True),
        ({"x5t#S256": MINE}, OTHER, False),
        ({"x5t#S256": MINE}, "", False),
        ({"x5t#S256": ""}, "", False),
        ({"jkt": MINE}, MINE, False),
        ({"x5t#S256": MINE, "jkt": MINE}, MINE, False),
        ({}, MINE, False),
        (MINE, MINE, False),
    ],
)
def test_a_token_bound_to_a_certificate_is_good_with_that_one_only(
    issuer, bearer, cnf, shown, good
) -> None:
    token = issuer.token(**CLERK, cnf=cnf)
    if good:
        assert bearer.principal(token, shown)
        return
    with pytest.raises(BadToken, match="cnf"):
        bearer.principal(token, shown)


def test_tokens_bound_to_nothing_are_refused_where_they_must_be_bound(issuer, bearer) -> None:
    strict = replace(bearer, bound=True)
    assert bearer.principal(issuer.token(**CLERK), MINE)
    for cnf in (None, {}, {"x5t#S256": OTHER}):
        with pytest.raises(BadToken, match="cnf"):
            strict.principal(issuer.token(**CLERK, cnf=cnf), MINE)
    assert strict.principal(issuer.token(**CLERK, cnf={"x5t#S256": MINE}), MINE)


def test_personal_numbers_in_a_name_or_subject_are_masked(issuer, bearer) -> None:
    found = bearer.principal(issuer.token(**(CLERK | {"sub": "001087000084"})))
    assert "001087000084" not in found.name
    assert found.name == "Trần Thị Bình (001*******84)"


def test_keys_are_rotated(issuer, bearer, clock) -> None:
    old = issuer.token(**CLERK)
    assert bearer.principal(old)
    issuer.add("second")
    clock.now += 2  # a key not seen before makes the file be read again
    assert bearer.principal(issuer.token("second", **CLERK))
    issuer.remove("first")
    clock.now += 11  # and what is gone from it is trusted no longer once it was read anew
    with pytest.raises(BadToken, match="key"):
        bearer.principal(old)


@dataclass
class Served:
    """An issuer's address, counting who asks."""

    issuer: Issuer
    asked: int = 0
    status: int = 200
    url: str = field(default="")


@contextmanager
def serving(issuer: Issuer) -> Iterator[Served]:
    served = Served(issuer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked += 1
            data = issuer.jwks.read_bytes() if self.path == "/jwks" else b"{}"
            self.send_response(served.status)
            if served.status == 302:
                self.send_header("Location", "/jwks")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/jwks"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_made_up_key_ids_do_not_become_requests_to_the_issuer(issuer, clock) -> None:
    with serving(issuer) as served:
        keys = KeySet(served.url, clock)
        for number in range(200):
            assert keys.find(f"made-up-{number}") is None
            clock.now += 0.05
        assert served.asked == 1
        issuer.add("second")
        clock.now += 15
        assert keys.find("second") is not None
        assert served.asked == 2


def test_an_issuer_that_is_away_is_done_without_for_an_hour(issuer, clock) -> None:
    with serving(issuer) as served:
        keys = KeySet(served.url, clock)
        assert keys.find("first")
    clock.now += 3500
    assert keys.find("first")
    clock.now += 101
    with pytest.raises(KeysUnavailable):
        keys.find("first")


def test_an_issuer_that_answers_with_something_else_changes_nothing(issuer, clock) -> None:
    with serving(issuer) as served:
        keys = KeySet(served.url, clock)
        assert keys.find("first")
        for status, text in ((500, "{}"), (302, "{}"), (200, "[]"), (200, "x" * 300_000)):
            served.status = status
            issuer.jwks.write_text(text)
            clock.now += 301
            assert keys.find("first")


def test_keys_do_not_come_over_an_unprotected_network(clock) -> None:
    with pytest.raises(KeysUnavailable):
        KeySet("http://login.example.vn/jwks", clock).find("first")
