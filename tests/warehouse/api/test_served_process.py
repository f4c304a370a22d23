"""``sohoa serve`` as a process of its own, asked over real sockets, by clients of every kind."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import profiles
from dossier import serving as serving_room
from foundation import ExitCode
from profiles import load_office
from warehouse import Actor, Owner, open_warehouse
from warehouse.grounds import Basis

from .conftest import AN, AUDIENCE, ISSUER, Issuer

SOHOA = Path(sys.executable).with_name("sohoa")
#: A client's silence is ended after a second here, and a body must be quick after two.
SERVE = "\n[serve]\npatience = 1.0\nrequests_a_minute = 60000\nmax_upload = 1\n"
BOUNDARY = "b"
LOOPBACK = ip_address("127.0.0.1")


@dataclass
class Server:
    """One server, in a home of its own."""

    home: Path
    port: int
    issuer: Issuer
    temporary: Path
    process: "subprocess.Popen[str]"
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def live(self) -> float:
        """Seconds until it says that it lives."""
        begun = time.monotonic()
        answer = httpx2.get(f"{self.url}/health/live", timeout=5)
        assert answer.json() == {"status": "live"}
        return time.monotonic() - begun

    def deposit(self, pdf: bytes, **more: Any) -> httpx2.Response:
        paper = {"type": "khai-sinh", "owner": {"number": AN}}
        return httpx2.post(
            f"{self.url}/v1/records",
            headers=self.issuer.of("clerk"),
            data={"paper": json.dumps(paper)},
            files={"file": ("x.pdf", pdf, "application/pdf")},
            timeout=60,
            **more,
        )

    def head(self, length: int | None, role: str = "clerk") -> bytes:
        """The head of a deposit."""
        how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        token = self.issuer.of(role)["Authorization"]
        return (
            f"POST /v1/records HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{how}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        ).encode()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def scratch(self) -> list[Path]:
        return list(self.temporary.glob(".sohoa-scratch-*"))


def body(pdf: bytes) -> bytes:
    paper = json.dumps({"type": "khai-sinh", "owner": {"number": AN}}).encode()
    words = b'--b\r\nContent-Disposition: form-data; name="paper"\r\n\r\n' + paper
    file = b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x.pdf"\r\n\r\n'
    return words + file + pdf + b"\r\n--b--\r\n"


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(home: Path, *more: str) -> Iterator[Server]:
    # A short name: the sockets of worker processes stand below it, and their names are bounded.
    with (
        TemporaryDirectory(prefix="sohoa-") as temporary,
        _serving(home, Path(temporary), *more) as server,
    ):
        yield server


@contextmanager
def _serving(home: Path, temporary: Path, *more: str) -> Iterator[Server]:
    offices = home / "profiles" / "offices"
    offices.mkdir(parents=True, exist_ok=True)
    shipped = Path(profiles.__file__).parent / "offices" / "office.toml"
    (offices / "office.toml").write_text(shipped.read_text("utf-8") + SERVE, encoding="utf-8")
    issuer, port = Issuer(home), free_port()
    environ = os.environ | {"SOHOA_HOME": str(home), "TMPDIR": str(temporary)}
    environ.pop("SOHOA_PROFILES", None)
    words = ["--port", str(port), "--issuer", ISSUER, "--audience", AUDIENCE]
    process = subprocess.Popen(
        [SOHOA, "serve", *words, "--jwks", str(issuer.jwks), *more],
        env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    said = process.stderr.readline()
    threading.Thread(target=process.stderr.read, daemon=True).start()
    scheme = "https" if "https" in said else "http"
    server = Server(home, port, issuer, temporary, process, scheme)
    try:
        _wait_for(server)
        yield server
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream
            stream.close()


def _wait_for(server: Server) -> None:
    until = time.monotonic() + 90
    while True:
        try:
            server.connect().close()
        except OSError:
            assert server.process.poll() is None, "it ended"
            assert time.monotonic() < until, "it did not come up"
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture
def paper(pdf: Callable[..., Path]) -> bytes:
    return pdf("a").read_bytes()


def until_closed(connection: socket.socket) -> bytes:
    """What the server says before it closes."""
    heard = b""
    try:
        while data := connection.recv(65536):
            heard += data
    except ConnectionResetError:
        pass
    return heard


@pytest.mark.on_disk
def test_slow_clients_keep_nobody_else_out_and_are_ended(server, paper) -> None:
    with ExitStack() as stack:
        silent, mute_heads, mute_bodies, dribbling = (
            [stack.enter_context(server.connect()) for _number in range(count)]
            for count in (150, 150, 20, 5)
        )
        for one in mute_heads:
            one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ")
        for one in (*mute_bodies, *dribbling):
            one.sendall(server.head(5000) + b"--b\r\n")
        stop = threading.Event()

        def dribble() -> None:
            while not stop.wait(0.2):
                for one in dribbling:
                    try:
                        one.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            assert server.live() < 5
            assert server.deposit(paper).status_code == 201
            for one in (*silent, *mute_heads):
                assert until_closed(one) == b""
            for one in (*mute_bodies, *dribbling):
                assert until_closed(one).startswith(b"HTTP/1.1 408 ")
        finally:
            stop.set()
            thread.join()
    assert server.scratch() == []
    server.live()


@pytest.mark.on_disk
def test_more_silent_connections_than_are_held_make_room_for_who_asks(server) -> None:
    with ExitStack() as stack:
        for number in range(540):
            one = stack.enter_context(server.connect())
            if number % 2:
                one.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert server.live() < 5


@pytest.mark.on_disk
def test_an_upload_without_end_is_cut_off_and_leaves_nothing(server) -> None:
    with server.connect() as one:
        one.sendall(server.head(10**10))
        assert until_closed(one).startswith(b"HTTP/1.1 413 ")
    with server.connect() as one:
        one.sendall(server.head(None))
        start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        sent = 0
        try:
            for piece in (start, *([b"x" * 50_000] * 1000)):
                one.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
        except OSError:
            pass
        assert sent < 20_000_000
    server.live()
    assert server.scratch() == []


@pytest.mark.on_disk
@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 30_000 + b"\r\n",
    ],
    ids=["TLS", "two hosts", "NUL", "two lengths", "negative", "long", "many"],
)
def test_what_is_no_http_is_refused_as_a_problem(server, words) -> None:
    with server.connect() as one:
        with suppress(OSError):
            one.sendall(words)
        heard = until_closed(one)
    if heard:  # a reset may come before the answer is read
        assert heard.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in heard
    server.live()


@pytest.mark.on_disk
def test_a_malformed_chunk_or_a_client_that_goes_away_ends_one_request_only(server, paper) -> None:
    whole = body(paper)
    for words in (
        server.head(None) + b"zz\r\n",
        server.head(None) + b"5\r\n--b\r\nXX",
        server.head(len(whole)) + whole[:300],
    ):
        with server.connect() as one:
            one.sendall(words)
    with server.connect() as one:  # answered before its body has come, which then never ends
        one.sendall(server.head(900_000, "auditor"))
        assert until_closed(one).startswith(b"HTTP/1.1 403 ")
    assert server.deposit(paper).status_code == 201
    assert server.scratch() == []


@pytest.mark.on_disk
def test_who_does_not_take_a_paper_is_not_waited_for(server, pdf) -> None:
    large = pdf("large", padding=20_000_000)
    with open_warehouse(server.home / "warehouse") as kho:
        record = kho.deposit(
            large,
            owner=Owner(AN),
            paper_type="khai-sinh",
            type_code="KQ.1",
            title="Giấy khai sinh",
            code="large",
            actor=Actor("Lò Thị Hạnh", "clerk", load_office().title),
            basis=Basis("law", "ket-qua"),
        )
    token = server.issuer.of("clerk")["Authorization"]
    head = f"GET /v1/records/{record.id}/document HTTP/1.1\r\nHost: x\r\n"
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        one.settimeout(30)
        one.connect(("127.0.0.1", server.port))
        one.sendall(f"{head}Authorization: {token}\r\n\r\n".encode())
        time.sleep(6)  # four seconds are waited for an answer to be taken
        heard = until_closed(one)
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert len(heard) < 20_000_000
    server.live()


@pytest.mark.on_disk
def test_a_server_told_to_stop_finishes_what_was_begun(tmp_path, paper) -> None:
    with serving(tmp_path / "home") as server, server.connect() as one:
        whole = body(paper)
        one.sendall(server.head(len(whole)) + whole[:200])
        time.sleep(0.3)  # until it is at work on it
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        one.sendall(whole[200:])
        answer = until_closed(one)
        assert answer.startswith(b"HTTP/1.1 201 "), answer
        assert server.process.wait(60) == 0
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        acknowledged = json.loads(answer.partition(b"\r\n\r\n")[2])["id"]
        with open_warehouse(server.home / "warehouse") as kho:
            assert kho.read(kho.get(acknowledged)) == paper
            assert kho.check().ok


@pytest.mark.on_disk
def test_a_server_that_is_killed_has_lost_nothing_it_acknowledged(tmp_path, pdf) -> None:
    papers = [pdf(f"{n}").read_bytes() for n in range(60)]
    acknowledged: list[tuple[str, bytes]] = []
    enough = threading.Event()

    def deposit(mine: list[bytes]) -> None:
        for one in mine:
            try:
                answer = server.deposit(one)
            except httpx2.HTTPError:
                return
            acknowledged.append((answer.json()["id"], one))
            if len(acknowledged) >= 8:
                enough.set()

    with serving(tmp_path / "home") as server:
        threads = [threading.Thread(target=deposit, args=(papers[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(90)
        server.process.kill()
        for thread in threads:
            thread.join()
        server.process.wait()
    with open_warehouse(server.home / "warehouse") as kho:
        kho.recover()
        for record, paper in acknowledged:
            assert kho.read(kho.get(record)) == paper
        assert kho.check().ok


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


@pytest.mark.on_disk
def test_it_does_not_serve_without_issuer_protection_or_port(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    monkeypatch.setattr(serving_room, "_log", lambda: None)  # the test's own log stays
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        signed = {"issuer": "https://i", "audience": "a", "jwks": "/nowhere"}
        nowhere = {"tls_cert": "/nowhere", "tls_key": "/nowhere"}
        for said, cause in (
            ({}, serving_room.NotSetUp),
            (signed | {"audience": ""}, serving_room.NotSetUp),
            (signed | {"host": "10.0.0.1"}, serving_room.Unprotected),
            (signed | nowhere, serving_room.TlsUnusable),
            (signed | nowhere | {"tls_key": ""}, serving_room.TlsUnusable),
            (signed | {"client_ca": "/nowhere"}, serving_room.TlsUnusable),
            (signed | {"port": taken.getsockname()[1]}, serving_room.PortTaken),
        ):
            with pytest.raises(cause) as caught:
                serving_room.serve(serving_room.settings(said))
            assert caught.value.exit_code == ExitCode.SETUP
