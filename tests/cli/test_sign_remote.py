"""``sohoa sign`` and ``sohoa devices`` with a key at a remote service: a stub that can refuse."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from signing.rehearsal import Rehearsal


class StubService(ThreadingHTTPServer):
    """Speaks CSC 1.0.4 with the rehearsal's seal key; knows one code, and each only once."""

    def __init__(self, pki: Rehearsal) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = serialization.load_pem_private_key(pki.seal_key.read_bytes(), None)
        held = x509.load_pem_x509_certificate(pki.seal_pem.read_bytes())
        self.certificate = base64.b64encode(held.public_bytes(serialization.Encoding.DER)).decode()
        self.code, self.down, self.calls = "246810", False, []  # type: ignore[var-annotated]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {}
        match method:
            case "credentials/list":
                return 200, {"credentialIDs": ["khoa-co-quan"]}
            case "credentials/info":
                asks = {"authMode": "explicit", "OTP": {"presence": "true", "type": "offline"}}
                key = {"status": "enabled", "algo": ["1.2.840.10045.4.3.2"]}
                return 200, asks | {"key": key, "cert": {"certificates": [self.certificate]}}
            case "credentials/authorize":
                right = body["OTP"] == self.code
                return (200, {"SAD": "leave"}) if right else (400, {"error": "invalid_otp"})
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        how = ec.ECDSA(Prehashed(hashes.SHA256()))
        made = [self.key.sign(base64.b64decode(one), how) for one in body["hash"]]
        return 200, {"signatures": [base64.b64encode(one).decode() for one in made]}


class _Handler(BaseHTTPRequestHandler):
    server: StubService

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method = self.path.removeprefix("/csc/v1/")
        self.server.calls.append((method, self.headers["Authorization"]))
        status, answer = self.server.answer(method, body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_said: object) -> None: ...


@pytest.fixture
def service(pki: Rehearsal, counter: Any, tmp_path: Path) -> Iterator[StubService]:
    """The counter's agency signs there; the clerk with a token."""
    access = tmp_path / "access"
    access.write_text("office-token\n")
    access.chmod(0o600)
    with StubService(pki) as stub:
        thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        text = counter.office.read_text()
        text = text[: text.index("[signers.agency]")] + (
            f'[signers.agency]\nkind = "remote"\nrole = "agency"\nurl = "{stub.url}"\n'
            f'credential = "khoa-co-quan"\naccess_file = "{access}"\n'
        )
        counter.office.write_text(text)
        yield stub
        stub.shutdown()
        thread.join()


def test_the_clerk_signs_with_a_token_and_the_agency_far_away(
    counter: Any, complains: Any, service: StubService
) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(420, 595))
    pdf.save(counter.folder / "plain.pdf")
    done = counter.run(
        "sign", "plain.pdf", "-o", "once.pdf", "--signer", "clerk", "--level", "b-b", "--pin-fd"
    )
    assert done.returncode == 0, done.stderr
    order = ("sign", "once.pdf", "-o", "twice.pdf", "--level", "b-b", "--pin-fd")
    complains(counter.run(*order, pins=b"135790\n"), 7, "one-time code", "once")
    assert [one[0] for one in service.calls].count("credentials/authorize") == 1
    service.down = True
    complains(counter.run(*order, pins=b"246810\n"), 9, "busy")
    service.down = False
    complains(counter.run(*order, pins=b""), 7, "--pin-fd")
    assert not (counter.folder / "twice.pdf").exists()
    done = counter.run(*order, pins=b"246810\n")
    assert done.returncode == 0, done.stderr
    assert {one[1] for one in service.calls} == {"Bearer office-token"}
    assert not any(word in done.stdout + done.stderr for word in ("246810", "office-token"))
    verdict = counter.run("verify", "twice.pdf", "--json")
    assert verdict.returncode == 0, verdict.stdout
    signers = [one["signer"] for one in json.loads(verdict.stdout)[0]["signatures"]]
    assert signers == ["Lò Thị Hạnh", "DẤU QR XÃ HÒA AN"]
    assert not counter.leftovers()


def test_the_keys_of_a_service_are_listed_and_one_that_is_away_is_told(
    counter: Any, service: StubService
) -> None:
    found = counter.run("devices", "--json")
    (remote,) = json.loads(found.stdout)["remote"]
    assert remote == {"url": service.url, "credentials": ["khoa-co-quan"]}
    service.down = True
    told = json.loads(counter.run("devices", "--json").stdout)
    assert told["remote"] == []
    assert any(service.url in fault for fault in told["faults"])
