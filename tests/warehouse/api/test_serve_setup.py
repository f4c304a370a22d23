"""What it takes to serve: an issuer, protection on a network, a port; and client certificates."""

import base64
import socket
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import profiles
from dossier import doctor
from dossier import serving as serving_room
from foundation import ExitCode

from .process import serving

LOOPBACK = ip_address("127.0.0.1")


def certificate(folder: Path, name: str, issuer: Any = None) -> tuple[Any, Any, Path, Path]:
    """A certificate for 127.0.0.1, by itself or by an issuer: key, certificate, and their files."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by_key, by_name = (issuer[0], issuer[1].subject) if issuer else (key, named)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)])
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(by_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(alternative, critical=False)
        .sign(by_key, hashes.SHA256())
    )
    pem, key_pem = folder / f"{name}.pem", folder / f"{name}.key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    key_pem.chmod(0o600)
    return key, made, pem, key_pem


@pytest.mark.on_disk
def test_with_client_issuers_only_who_has_a_certificate_of_theirs_is_heard(tmp_path) -> None:
    root = certificate(tmp_path, "root")
    _key, _made, pem, key_pem = certificate(tmp_path, "server", root)
    _key, _made, mine, my_key = certificate(tmp_path, "client", root)
    _key, _made, other, other_key = certificate(tmp_path, "stranger")
    tls = ["--tls-cert", str(pem), "--tls-key", str(key_pem), "--client-ca", str(root[2])]
    with serving(tmp_path / "home", *tls) as server:
        assert server.scheme == "https"

        def ask(*files: Path) -> int:
            context = ssl.create_default_context(cafile=str(root[2]))
            if files:
                context.load_cert_chain(*files)
            return httpx2.get(f"{server.url}/health/live", verify=context).status_code

        assert ask(mine, my_key) == 200
        for files in ((), (other, other_key)):
            with pytest.raises(httpx2.HTTPError):
                ask(*files)
        with pytest.raises(httpx2.HTTPError):
            httpx2.get(f"http://127.0.0.1:{server.port}/health/live")
        assert ask(mine, my_key) == 200


def thumbprint(made: Any) -> str:
    digest = made.fingerprint(hashes.SHA256())
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.on_disk
def test_a_token_bound_to_a_client_s_certificate_serves_nobody_else(tmp_path) -> None:
    root = certificate(tmp_path, "root")
    _key, _made, pem, key_pem = certificate(tmp_path, "server", root)
    mine, thief = (certificate(tmp_path, name, root) for name in ("client", "thief"))
    tls = ["--tls-cert", str(pem), "--tls-key", str(key_pem), "--client-ca", str(root[2])]
    with serving(tmp_path / "home", *tls) as server:

        def ask(who: Any, **claims: Any) -> tuple[int, str]:
            context = ssl.create_default_context(cafile=str(root[2]))
            context.load_cert_chain(who[2], who[3])
            headers = server.issuer.of("auditor", **claims)
            with httpx2.Client(verify=context) as client:
                answers = [client.get(f"{server.url}/v1/check", headers=headers) for _n in range(2)]
            assert answers[0].status_code == answers[1].status_code  # over one connection
            return answers[0].status_code, answers[0].text

        bound = {"cnf": {"x5t#S256": thumbprint(mine[1])}}
        assert ask(mine, **bound)[0] == ask(mine)[0] == ask(thief)[0] == 200
        status, said = ask(thief, **bound)
        assert (status, "bad-token" in said, "cnf" in said) == (401, True, True)


@pytest.mark.on_disk
def test_it_does_not_serve_without_issuer_protection_or_port(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    monkeypatch.setattr(serving_room, "_log", lambda: None)  # the test's own log stays
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        signed = {"issuer": "https://i", "audience": "a", "jwks": "/nowhere"}
        open_key = tmp_path / "open.key.pem"
        open_key.touch(mode=0o644)
        readable = {"tls_cert": "/nowhere", "tls_key": str(open_key)}
        nowhere = {"tls_cert": "/nowhere", "tls_key": "/nowhere"}
        for said, cause in (
            ({}, serving_room.NotSetUp),
            (signed | {"bound_tokens": True}, serving_room.TlsUnusable),
            (signed | {"audience": ""}, serving_room.NotSetUp),
            (signed | {"host": "10.0.0.1"}, serving_room.Unprotected),
            (signed | nowhere, serving_room.TlsUnusable),
            (signed | nowhere | {"tls_key": ""}, serving_room.TlsUnusable),
            (signed | readable, serving_room.TlsUnusable),
            (signed | {"client_ca": "/nowhere"}, serving_room.TlsUnusable),
            (signed | {"port": taken.getsockname()[1]}, serving_room.PortTaken),
        ):
            with pytest.raises(cause) as caught:
                serving_room.serve(serving_room.settings(said))
            assert caught.value.exit_code == ExitCode.SETUP


def test_the_doctor_names_files_of_serve_that_are_not_there(tmp_path, monkeypatch) -> None:
    shipped = Path(profiles.__file__).parent / "offices" / "office.toml"
    offices = tmp_path / "offices"
    offices.mkdir()
    monkeypatch.setenv("SOHOA_PROFILES", str(tmp_path))

    def found(lines: str) -> list[tuple[bool, bool]]:
        text = shipped.read_text("utf-8") + "\n[serve]\n" + lines
        (offices / "office.toml").write_text(text, encoding="utf-8")
        return [(check.fine, "/nowhere" in check.mend) for check in doctor._serving()]

    assert found("") == []
    assert found('issuer = "https://i"\njwks = "https://i/jwks"\n') == [(True, False)]
    assert found('issuer = "https://i"\njwks = "/nowhere"\n') == [(False, True)]
