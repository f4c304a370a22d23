"""Signing with a key at a remote service: certomancer's CSC server, and one that misbehaves."""

import asyncio
import base64
import hashlib
import json
import logging
import os
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from certomancer.registry.config import CertomancerConfig
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from csc_dummy.csc_dummy_server import CSCWithCertomancer, DummyServiceParams

from foundation.errors import ExitCode, SohoaError
from profiles.schema import RemoteSigner, SignatureRules
from signing import csc
from signing.detached import open_sealer, verify_detached
from signing.errors import TokenError
from signing.pades import SigningRequest, SignJob, sign_file, sign_files
from signing.pins import Pin, PinFromDescriptor, PinPrompt
from signing.rehearsal import Rehearsal
from signing.remote import list_credentials
from signing.verify import verify_file

MakePdf = Callable[..., Path]

PKI = """
keysets: {k: {keys: {root: {path: root.pem}, rsa: {path: rsa.pem}, ec: {path: ec.pem}}}}
pki-architectures:
  far:
    keyset: k
    entity-defaults: {country-name: VN}
    entities:
      root: {common-name: CA XA}
      rsa: {common-name: Lò Thị Hạnh}
      ec: {common-name: UBND XÃ HÒA AN}
    certs:
      root:
        subject: root
        issuer: root
        subject-key: root
        authority-key: root
        validity: {valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000"}
        extensions:
          - {id: basic_constraints, critical: true, value: {ca: true}}
          - id: key_usage
            critical: true
            smart-value: {schema: key-usage, params: [key_cert_sign, crl_sign]}
      rsa: &leaf
        issuer: root
        validity: {valid-from: "2025-01-01T00:00:00+0000", valid-to: "2045-01-01T00:00:00+0000"}
        extensions:
          - id: key_usage
            critical: true
            smart-value: {schema: key-usage, params: [digital_signature, non_repudiation]}
      ec: *leaf
      old:
        subject: ec
        subject-key: ec
        issuer: root
        validity: {valid-from: "2021-01-01T00:00:00+0000", valid-to: "2022-01-01T00:00:00+0000"}
"""


@dataclass(frozen=True)
class FarPki:
    config: CertomancerConfig
    root: Path
    keys: dict[str, Any]

    def certificate(self, name: str) -> bytes:
        return self.config.pki_archs["far"].get_cert(name).dump()


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> FarPki:
    folder = tmp_path_factory.mktemp("far")
    keys: dict[str, Any] = {
        "rsa": rsa.generate_private_key(65537, 2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "root": ec.generate_private_key(ec.SECP256R1()),
    }
    for name, key in keys.items():
        (folder / f"{name}.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    config = CertomancerConfig(
        yaml.safe_load(PKI), key_search_dir=str(folder), external_url_prefix="http://127.0.0.1"
    )
    root = folder / "far-root.pem"
    held = pyca.load_der_x509_certificate(config.get_pki_arch("far").get_cert("root").dump())
    root.write_bytes(held.public_bytes(serialization.Encoding.PEM))
    return FarPki(config, root, keys)


@contextmanager
def serve(app: web.Application) -> Iterator[str]:
    """An aiohttp application on a free loopback port, from a thread; its address."""
    loop, ready, place = asyncio.new_event_loop(), threading.Event(), socket.socket()
    place.bind(("127.0.0.1", 0))

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        loop.run_until_complete(runner.setup())
        loop.run_until_complete(web.SockSite(runner, place).start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@dataclass
class Secrets:
    """Answers in the order of what is asked; remembers what was."""

    pin: str = "471147"
    codes: list[str] = field(default_factory=lambda: ["111111", "222222", "333333"])
    asked: list[str] = field(default_factory=list)

    def pin_for(self, token: object) -> Pin:
        raise AssertionError("no token is asked for")

    def secret_for(self, kind: str, service: str) -> Pin:
        self.asked.append(kind)
        return Pin(self.codes.pop(0) if kind == "otp" else self.pin)


def request_of(url: str, credential: str, **changes: Any) -> SigningRequest:
    settings = {"access": "none", "kind": "remote", "role": "agency"} | changes
    signer = RemoteSigner(url=url, credential=credential, **settings)
    rules = SignatureRules(role="agency", visible=True)
    return SigningRequest(signer, rules, "SAO Y", "UBND XÃ HÒA AN", "b-b")


# ----- certomancer's CSC server ---------------------------------------------------------------


@pytest.fixture(scope="module")
def dummy(far: FarPki) -> Iterator[str]:
    """Wants its SAD bound to the hashes (SCAL 2), and takes ten hashes at a time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", web.NotAppKeyWarning)  # its own affair
        service = CSCWithCertomancer(far.config, service_params=DummyServiceParams())
    service.register_routes()
    with serve(service.app) as url:
        yield url


@pytest.mark.parametrize("credential", ["far/rsa", "far/ec"])
def test_a_file_is_signed_by_the_service_and_holds(
    credential: str, dummy: str, far: FarPki, page: Path, tmp_path: Path
) -> None:
    target = tmp_path / "signed.pdf"
    facts = sign_file(SignJob(page, target), request_of(dummy, credential), Secrets())
    assert facts.signer in ("Lò Thị Hạnh", "UBND XÃ HÒA AN")
    assert verify_file(target, [far.root]).verdict == "valid"


def test_what_stands_beside_a_file_is_signed_by_the_service_too(dummy: str, far: FarPki) -> None:
    with open_sealer(request_of(dummy, "far/ec"), Secrets()) as seal:
        for data in (b"one", b"two"):
            assert verify_detached(seal(data), data, [far.root]).verdict == "valid"


def test_more_files_than_one_authorisation_takes_are_signed_in_groups(
    dummy: str, far: FarPki, make_pdf: MakePdf, tmp_path: Path
) -> None:
    sources = [make_pdf(tmp_path / f"{number}.pdf") for number in range(23)]
    sources[4].write_text("no PDF")
    jobs = [SignJob(file, tmp_path / "out" / file.name) for file in sources]
    seen: list[int] = []
    results = sign_files(
        jobs,
        request_of(dummy, "far/ec"),
        Secrets(),
        on_progress=lambda n, _all, _job: seen.append(n),
    )
    assert [one.outcome for one in results] == ["signed"] * 4 + ["failed"] + ["signed"] * 18
    assert seen == list(range(1, 24))
    assert all(verify_file(job.target, [far.root]).valid for job in (jobs[0], jobs[9], jobs[22]))
    again = sign_files(jobs, request_of(dummy, "far/ec"), Secrets())
    assert [one.outcome for one in again] == ["kept"] * 4 + ["failed"] + ["kept"] * 18


def test_the_clerk_signs_with_a_token_and_the_agency_at_a_service_with_a_timestamp(
    dummy: str, far: FarPki, pki: Rehearsal, page: Path, tmp_path: Path, request_for: Any
) -> None:
    once, twice = tmp_path / "once.pdf", tmp_path / "twice.pdf"
    sign_file(SignJob(page, once), request_for("clerk"), pki.pin_source("clerk"))
    far_away = request_of(dummy, "far/ec")
    changes = {"level": "b-t", "timestamp_urls": (pki.timestamp_url,)}
    sign_file(SignJob(once, twice), SigningRequest(**(vars(far_away) | changes)), Secrets())
    verdict = verify_file(twice, [pki.root_pem, far.root])
    assert verdict.verdict == "valid"
    assert [one.level for one in verdict.signatures] == ["b-t", "b-t"]
    assert twice.read_bytes().startswith(once.read_bytes())


def test_the_credentials_are_listed_and_one_that_is_not_there_is_named(
    dummy: str, page: Path, tmp_path: Path
) -> None:
    signer = request_of(dummy, "far/nobody").signer
    assert set(list_credentials(signer)) == {"far/root", "far/rsa", "far/ec", "far/old"}  # type: ignore[arg-type]
    job = SignJob(page, tmp_path / "signed.pdf")
    with pytest.raises(SohoaError, match="far/nobody") as missing:
        sign_file(job, request_of(dummy, "far/nobody"), Secrets())
    assert missing.value.exit_code == ExitCode.SETUP
    with pytest.raises(SohoaError, match="2021-01-01 to 2022-01-01") as expired:
        sign_file(job, request_of(dummy, "far/old"), Secrets())
    assert expired.value.exit_code == ExitCode.TOKEN
    assert not job.target.exists()


# ----- a stub: no real server can be made to refuse, stall and lie -------------------------------


class StubService:
    """A CSC service, version 1 or 2, that wants PIN and code, and does what ``faults`` say.

    ``faults``: by the name of the method what it does instead of answering.
    """

    def __init__(self, far: FarPki, key: str, version: str, *, most: int = 100) -> None:
        self.far, self.key, self.version, self.most = far, key, version, most
        self.faults: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.calls: list[tuple[str, dict[str, Any], str]] = []
        self.leaves: dict[str, list[str]] = {}
        self.mode = "explicit"
        self.app = web.Application()
        self.app.router.add_post("/{path:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if path == "token":
            body = dict(await request.post())
        else:
            assert path.startswith(f"csc/{self.version}/"), path
            path, body = path.removeprefix(f"csc/{self.version}/"), await request.json()
        self.calls.append((path, body, request.headers.get("Authorization", "")))
        if fault := self.faults.get(path):
            result = fault(body)
            result = await result if asyncio.iscoroutine(result) else result
            if isinstance(result, web.StreamResponse):
                return result
            return web.json_response(result)
        name = path.replace("/", "_").lower()
        return web.json_response(getattr(self, name)(body))

    def token(self, body: dict[str, Any]) -> dict[str, Any]:
        assert (body["client_id"], body["client_secret"]) == ("office", "s3cret")
        return {"access_token": "from-client", "token_type": "Bearer"}

    def auth_login(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"access_token": "from-login"}

    def credentials_list(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"credentialIDs": ["one"]}

    def credentials_info(self, body: dict[str, Any]) -> dict[str, Any]:
        chain = [base64.b64encode(self.far.certificate(n)).decode() for n in (self.key, "root")]
        oid = "1.2.840.113549.1.1.1" if self.key == "rsa" else "1.2.840.10045.4.3.2"
        info: dict[str, Any] = {
            "key": {"status": "enabled", "algo": [oid]},
            "cert": {"certificates": chain},
            "multisign": self.most,
        }
        if self.version == "v1":
            asks = {"PIN": {"presence": "true"}, "OTP": {"presence": True, "type": "online"}}
            return info | {"authMode": self.mode, "SCAL": "2"} | asks
        objects = [
            {"type": "Password", "id": "PIN"},
            {"type": "ChallengeResponse", "id": "OTP", "generator": "totp"},
        ]
        auth = {"mode": self.mode, "expression": "PIN AND OTP", "objects": objects}
        return info | {"auth": auth, "SCAL": "2"}

    def credentials_sendotp(self, body: dict[str, Any]) -> dict[str, Any]:
        assert self.version == "v1"
        return {}

    def credentials_getchallenge(self, body: dict[str, Any]) -> dict[str, Any]:
        assert self.version == "v2"
        return {}

    def credentials_authorize(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.version == "v1":
            given, wanted = (body["PIN"], body["OTP"]), body["hash"]
        else:
            answers = {one["id"]: one["value"] for one in body["authData"]}
            given, wanted = (answers["PIN"], answers["OTP"]), body["hashes"]
            assert body["hashAlgorithmOID"] == "2.16.840.1.101.3.4.2.1"
        assert given[0] == "471147"
        assert body["numSignatures"] == len(wanted)
        leave = f"SAD-{len(self.leaves)}"
        self.leaves[leave] = wanted
        return {"SAD": leave, "expiresIn": 60}

    def signatures_signhash(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["hash" if self.version == "v1" else "hashes"]
        assert body["hashAlgo" if self.version == "v1" else "hashAlgorithmOID"]
        assert self.leaves.pop(body["SAD"]) == wanted  # good once, for these hashes alone
        return {"signatures": [self.signature(base64.b64decode(one)) for one in wanted]}

    def signature(self, digest: bytes) -> str:
        key, how = self.far.keys[self.key], Prehashed(hashes.SHA256())
        if self.key == "rsa":
            made = key.sign(digest, padding.PKCS1v15(), how)
        else:  # as r and s, which some services do
            r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(how)))
            made = r.to_bytes(32) + s.to_bytes(32)
        return base64.b64encode(made).decode()

    def count(self, path: str) -> int:
        return sum(one[0] == path for one in self.calls)


@pytest.mark.parametrize(("version", "key"), [("v1", "rsa"), ("v2", "ec"), ("v1", "ec")])
def test_one_authorisation_for_a_batch_and_a_new_code_for_each_further_one(
    version: str, key: str, far: FarPki, make_pdf: MakePdf, tmp_path: Path
) -> None:
    stub, secrets = StubService(far, key, version, most=4), Secrets()
    jobs = [
        SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / "out" / f"{n}.pdf") for n in range(9)
    ]
    with serve(stub.app) as url:
        results = sign_files(jobs, request_of(url, "one", api=version), secrets)
    assert [one.outcome for one in results] == ["signed"] * 9
    assert secrets.asked == ["pin", "otp", "otp", "otp"]
    assert stub.count("credentials/authorize") == stub.count("signatures/signHash") == 3
    sent = "credentials/sendOTP" if version == "v1" else "credentials/getChallenge"
    assert stub.count(sent) == 3
    assert all(verify_file(job.target, [far.root]).valid for job in jobs[::4])


def refuse(status: int, word: str = "", description: str = "") -> Callable[[Any], web.Response]:
    body = {"error": word, "error_description": description} if word else {}
    return lambda _body: web.json_response(body, status=status)


async def stall(_body: object) -> dict[str, Any]:
    await asyncio.sleep(1.0)
    return {}


def raw(text: bytes, status: int = 200) -> Callable[[Any], web.Response]:
    return lambda _body: web.Response(body=text, status=status, content_type="application/json")


AUTHORIZE, SIGN, INFO = "credentials/authorize", "signatures/signHash", "credentials/info"
FAULTS = [
    ("wrong code", AUTHORIZE, refuse(400, "invalid_otp"), 7, "one-time code"),
    ("wrong PIN", AUTHORIZE, refuse(400, "invalid_pin"), 7, "PIN"),
    ("not let in", INFO, refuse(401, "invalid_token"), 9, "let this office in"),
    ("too many", AUTHORIZE, refuse(429), 9, "busy"),
    ("no service", SIGN, refuse(503), 9, "busy"),
    ("leave has run out", SIGN, refuse(400, "invalid_request", "SAD expired"), 9, "run out"),
    ("fault of its own", SIGN, refuse(500), 9, "HTTP 500"),
    ("stalls at authorising", AUTHORIZE, stall, 9, "no answer"),
    ("stalls at signing", SIGN, stall, 9, "no answer"),
    ("sends elsewhere", AUTHORIZE, raw(b"", 302), 9, "HTTP 302"),
    ("no JSON", SIGN, raw(b"{"), 9, "JSON"),
    ("deep JSON", SIGN, raw(b"[" * 400_000), 9, "JSON"),
    ("too long", SIGN, raw(b" " * 1_200_000), 9, "too long"),
    ("a list", AUTHORIZE, raw(b"[1]"), 9, "SAD"),
    ("a number for SAD", AUTHORIZE, raw(b'{"SAD": 5}'), 9, "SAD"),
    ("no signatures", SIGN, raw(b"{}"), 9, "not as many"),
    ("one signature too many", SIGN, raw(b'{"signatures": ["AA==", "AA=="]}'), 9, "not as many"),
    ("no base64", SIGN, raw(b'{"signatures": ["\xc3\xa1"]}'), 9, "signatures"),
    ("numbers", SIGN, raw(b'{"signatures": [7]}'), 9, "signatures"),
    ("empty signature", SIGN, raw(b'{"signatures": [""]}'), 9, "not over this document"),
    ("no certificate", INFO, raw(b'{"key": {"algo": []}, "cert": {}}'), 9, "credentials/info"),
    ("garbage for certificate", INFO,
     raw(b'{"key": {"algo": []}, "cert": {"certificates": ["MAA="]}}'), 9, "credentials/info"),
    ("words to show people", SIGN, refuse(400, "\x1b[31m" + "x" * 500), 9, "HTTP 400"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "fault", "code", "says"), [one[1:] for one in FAULTS],
                         ids=[one[0] for one in FAULTS])  # fmt: skip
def test_a_service_that_refuses_stalls_or_lies_leaves_no_file_and_is_asked_once(  # noqa: PLR0917
    where: str, fault: Any, code: int, says: str, far: FarPki, page: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(csc, "PATIENT_SECONDS", 0.3)
    caplog.set_level(logging.DEBUG)
    stub, secrets = StubService(far, "ec", "v1"), Secrets()
    stub.faults[where] = fault
    target = tmp_path / "out" / "signed.pdf"
    with serve(stub.app) as url, pytest.raises(SohoaError) as failed:
        sign_file(SignJob(page, target), request_of(url, "one"), secrets)
    assert (failed.value.exit_code, says in str(failed.value)) == (code, True), str(failed.value)
    assert isinstance(failed.value, TokenError) == (code == 7)
    assert stub.count(where) == 1
    assert stub.count(AUTHORIZE) <= 1
    assert secrets.asked in (["pin", "otp"], [])
    assert not list(target.parent.glob("*"))
    told = str(failed.value) + caplog.text
    assert "471147" not in told
    assert "111111" not in told
    assert "\x1b" not in str(failed.value)


@pytest.mark.parametrize("kind", ["other hash", "other key", "swapped"])
def test_a_signature_over_something_else_or_by_another_key_yields_no_file(
    kind: str, far: FarPki, make_pdf: MakePdf, tmp_path: Path
) -> None:
    stub = StubService(far, "ec", "v1")

    def lie(body: dict[str, Any]) -> dict[str, Any]:
        digests = [base64.b64decode(one) for one in body["hash"]]
        if kind == "other hash":
            digests = [hashlib.sha256(one).digest() for one in digests]
        elif kind == "swapped":
            digests.reverse()
        else:
            how = ec.ECDSA(Prehashed(hashes.SHA256()))
            made = [far.keys["root"].sign(one, how) for one in digests]
            return {"signatures": [base64.b64encode(one).decode() for one in made]}
        return {"signatures": [stub.signature(one) for one in digests]}

    stub.faults[SIGN] = lie
    jobs = [
        SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / "out" / f"{n}.pdf") for n in range(2)
    ]
    with serve(stub.app) as url:
        results = sign_files(jobs, request_of(url, "one"), Secrets())
    assert [one.outcome for one in results] == ["failed", "failed"]
    assert all(one.error and one.error.exit_code == ExitCode.SERVICE for one in results)
    assert not list((tmp_path / "out").glob("*"))


def test_a_refused_code_stops_the_batch_and_keeps_what_was_signed(
    far: FarPki, make_pdf: MakePdf, tmp_path: Path
) -> None:
    stub, secrets = StubService(far, "ec", "v2", most=2), Secrets()
    honest = stub.credentials_authorize
    stub.faults[AUTHORIZE] = lambda body: (
        honest(body) if stub.count(AUTHORIZE) == 1 else refuse(400, "invalid_otp")(body)
    )
    jobs = [
        SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / "out" / f"{n}.pdf") for n in range(6)
    ]
    with serve(stub.app) as url:
        request = request_of(url, "one", api="v2")
        results = sign_files(jobs, request, secrets)
        assert [one.outcome for one in results] == ["signed"] * 2 + ["failed"] * 2 + ["skipped"] * 2
        assert stub.count(AUTHORIZE) == 2
        stub.faults.clear()
        again = sign_files(jobs, request, Secrets())
    assert [one.outcome for one in again] == ["kept"] * 2 + ["signed"] * 4


def test_a_key_to_be_confirmed_in_a_browser_is_refused_before_any_secret_is_asked(
    far: FarPki, page: Path, tmp_path: Path
) -> None:
    stub, secrets = StubService(far, "ec", "v2"), Secrets()
    stub.mode = "oauth2code"
    with serve(stub.app) as url, pytest.raises(SohoaError, match="browser") as refused:
        sign_file(SignJob(page, tmp_path / "o.pdf"), request_of(url, "one", api="v2"), secrets)
    assert refused.value.exit_code == ExitCode.SETUP
    assert secrets.asked == []


@pytest.mark.parametrize("access", ["token", "login", "client"])
def test_the_office_is_let_in_by_a_file_only_it_can_read(
    access: str, far: FarPki, page: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "access"
    secret.write_text("s3cret\n")
    stub = StubService(far, "rsa", "v1")
    with serve(stub.app) as url:
        settings = {"access": access, "access_file": str(secret), "account": "office"}
        request = request_of(url, "one", token_url=f"{url}/token", **settings)
        job = SignJob(page, tmp_path / "signed.pdf")
        secret.chmod(0o644)
        with pytest.raises(SohoaError, match="chmod 600") as refused:
            sign_file(job, request, Secrets())
        assert refused.value.exit_code == ExitCode.SETUP
        assert stub.calls == []
        secret.chmod(0o600)
        sign_file(job, request, Secrets())
    shown = {"token": "s3cret", "login": "from-login", "client": "from-client"}[access]
    assert {one[2] for one in stub.calls[1:]} == {f"Bearer {shown}"}
    if access == "login":
        basic = base64.b64encode(b"office:s3cret").decode()
        assert stub.calls[0][2] == f"Basic {basic}"


def test_without_a_file_the_access_is_asked_for_and_nobody_there_is_told(
    far: FarPki, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = StubService(far, "rsa", "v1")
    reading, writing = os.pipe()
    os.write(writing, b"token-of-the-office\n471147\n123456\n")
    os.close(writing)
    with serve(stub.app) as url:
        request = request_of(url, "one", access="token")
        sign_file(SignJob(page, tmp_path / "s.pdf"), request, PinFromDescriptor(reading))
        assert stub.calls[0][2] == "Bearer token-of-the-office"
        assert json.dumps(stub.calls).count("123456") == 1
        for source in (PinFromDescriptor(reading), PinPrompt()):
            with pytest.raises(SohoaError, match="--pin-fd") as nobody:
                sign_file(SignJob(page, tmp_path / "t.pdf"), request, source)
            assert nobody.value.exit_code == ExitCode.TOKEN
    os.close(reading)


def test_nobody_there_is_one_line_and_plain_http_is_for_this_machine_alone(
    page: Path, tmp_path: Path
) -> None:
    with pytest.raises(SohoaError, match=r"127\.0\.0\.1:9") as gone:
        sign_file(
            SignJob(page, tmp_path / "s.pdf"), request_of("http://127.0.0.1:9", "x"), Secrets()
        )
    assert gone.value.exit_code == ExitCode.SERVICE
    for url in ("http://ky.example.vn", "ftp://ky.example.vn", "https://a:b@ky.example.vn", "ky"):
        with pytest.raises(ValueError, match=r"https://|address"):
            request_of(url, "x")
    assert request_of("https://ky.example.vn/", "x").signer.key == ("https://ky.example.vn", "x")
