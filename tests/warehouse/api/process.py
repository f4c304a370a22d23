"""``sohoa serve`` as a process of its own, and what it takes to talk to it over a socket."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

import profiles

from .conftest import AN, AUDIENCE, ISSUER, Issuer

SOHOA = Path(sys.executable).with_name("sohoa")
#: A client's silence is ended after a second here, and a body must be quick after two.
SERVE = "\n[serve]\npatience = 1.0\nrequests_a_minute = 60000\nmax_upload = 1\n"
BOUNDARY = "b"


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
def serving(home: Path, *more: str, program: Sequence[str | Path] = (SOHOA,)) -> Iterator[Server]:
    # A short name: the sockets of worker processes stand below it, and their names are bounded.
    with (
        TemporaryDirectory(prefix="sohoa-") as temporary,
        _serving(home, Path(temporary), program, *more) as server,
    ):
        yield server


@contextmanager
def _serving(
    home: Path, temporary: Path, program: Sequence[str | Path], *more: str
) -> Iterator[Server]:
    offices = home / "profiles" / "offices"
    offices.mkdir(parents=True, exist_ok=True)
    shipped = Path(profiles.__file__).parent / "offices" / "office.toml"
    (offices / "office.toml").write_text(shipped.read_text("utf-8") + SERVE, encoding="utf-8")
    issuer, port = Issuer(home), free_port()
    environ = os.environ | {"SOHOA_HOME": str(home), "TMPDIR": str(temporary)}
    environ.pop("SOHOA_PROFILES", None)
    words = ["--port", str(port), "--issuer", ISSUER, "--audience", AUDIENCE]
    process = subprocess.Popen(
        [*program, "serve", *words, "--jwks", str(issuer.jwks), *more],
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


def until_closed(connection: socket.socket) -> bytes:
    """What the server says before it closes."""
    heard = b""
    try:
        while data := connection.recv(65536):
            heard += data
    except ConnectionResetError:
        pass
    return heard
