"""What the store does a second over HTTP: a real server, asked by clients at once.

A deposit over HTTP is judged (signatures, marks of secrecy) in a process of its own before it is
stored, so it costs more than ``python -m benchmarks store`` measures.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import jwt
import pikepdf
from cryptography.hazmat.primitives.asymmetric import ec

_OWNER = "0010870{:05d}"
_BYTES = 100_000


def measure_http(deposits: int, questions: int, clients: int) -> None:
    """Deposit papers of 100 KB, then ask for them; prints rates and times."""
    with tempfile.TemporaryDirectory() as work, _server(Path(work)) as (url, headers):
        papers = [_paper(Path(work), number) for number in range(deposits)]

        def deposit(client: httpx2.Client, number: int) -> None:
            said = {"type": "khai-sinh", "owner": {"number": _OWNER.format(number)}}
            files = {"file": ("x.pdf", papers[number], "application/pdf")}
            data = {"paper": json.dumps(said)}
            client.post("/v1/records", data=data, files=files).raise_for_status()

        def find(client: httpx2.Client, number: int) -> None:
            asked = {"owner": {"number": _OWNER.format(number % deposits)}}
            assert len(client.post("/v1/records/find", json=asked).raise_for_status().json()) == 1

        def plan(client: httpx2.Client, number: int) -> None:
            owner = {"number": _OWNER.format(number % deposits)}
            asked = {"owner": owner, "procedure": "thuong-tru-cho-con"}
            client.post("/v1/plans", json=asked).raise_for_status()

        for name, work_, count in (
            ("deposits of 100 KB", deposit, deposits),
            ("find, put on record", find, questions),
            ("plan, put on record", plan, questions),
        ):
            print(f"{name}: {_timed(url, headers, work_, count, clients)}", flush=True)


def _timed(
    url: str,
    headers: dict[str, str],
    work: Callable[[httpx2.Client, int], None],
    count: int,
    clients: int,
) -> str:
    taken: list[float] = []

    def some(first: int) -> None:
        with httpx2.Client(base_url=url, headers=headers, timeout=300) as client:
            for number in range(first, count, clients):
                began = time.perf_counter()
                work(client, number)
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    threads = [threading.Thread(target=some, args=(first,)) for first in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    assert len(taken) == count
    p50, p99 = (sorted(taken)[int(count * share)] * 1000 for share in (0.5, 0.99))
    return f"{count / seconds:.0f} a second, median {p50:.0f} ms, p99 {p99:.0f} ms"


def _paper(folder: Path, number: int) -> bytes:
    path = folder / f"{number}.pdf"
    with pikepdf.new() as new:
        new.add_blank_page()
        new.Root.Noise = pikepdf.Stream(new, secrets.token_bytes(_BYTES))
        new.save(path)
    return path.read_bytes()


@contextmanager
def _server(home: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A server with an issuer of its own, and the headers of a clerk."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    (home / "jwks.json").write_text(json.dumps({"keys": [jwk | {"kid": "1"}]}))
    said = {"iss": "i", "aud": "a", "sub": "s", "exp": time.time() + 3600}
    said |= {"roles": ["clerk"], "office": "H99.01"}
    token = jwt.encode(said, key, "ES256", {"kid": "1"})
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    offices = home / "profiles" / "offices"
    offices.mkdir(parents=True)
    shipped = Path(__file__).parent.parent / "profiles" / "offices" / "office.toml"
    fast = "\n[serve]\nrequests_a_minute = 1000000\n"
    (offices / "office.toml").write_text(shipped.read_text("utf-8") + fast, encoding="utf-8")
    words = ["--port", str(port), "--issuer", "i", "--audience", "a"]
    server = subprocess.Popen(
        [Path(sys.executable).with_name("sohoa"), "serve", *words, "--jwks", home / "jwks.json"],
        env=os.environ | {"SOHOA_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            time.sleep(0.2)
        yield url, {"Authorization": f"Bearer {token}"}
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", timeout=60).is_success
    except httpx2.HTTPError:
        return False
