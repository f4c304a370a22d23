"""``sohoa serve`` as a process of its own, asked over real sockets, by clients of every kind."""

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from profiles import load_office
from warehouse import Actor, Owner, open_warehouse
from warehouse.grounds import Basis

from .conftest import AN
from .process import Server, body, serving, until_closed

DEADLY = Path(__file__).with_name("deadly.py")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture
def paper(pdf: Callable[..., Path]) -> bytes:
    return pdf("a").read_bytes()


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
def test_a_server_killed_between_act_and_answer_does_not_do_it_twice(tmp_path, pdf) -> None:
    home = tmp_path / "home"
    (home / "warehouse").mkdir(parents=True)
    with open_warehouse(home / "warehouse") as kho:
        record = kho.deposit(
            pdf("a"),
            owner=Owner(AN),
            paper_type="khai-sinh",
            type_code="KQ.1",
            title="Giấy khai sinh",
            code="a",
            actor=Actor("Lò Thị Hạnh", "clerk", load_office().title),
            basis=Basis("law", "ket-qua"),
        ).id
    asked = {
        "consents": {
            "owner": {"number": AN},
            "papers": ["giay-to"],
            "evidence": {"kind": "witness", "reference": "Trần Thị Bình"},
        },
        f"records/{record}/releases": {"procedure": "thuong-tru-cho-con"},
    }

    def ask(server: Server, address: str) -> httpx2.Response:
        headers = server.issuer.of("clerk") | {"Idempotency-Key": "k"}
        return httpx2.post(
            f"{server.url}/v1/{address}", json=asked[address], headers=headers, timeout=60
        )

    for address in asked:
        with serving(home, program=[sys.executable, DEADLY]) as server:
            with pytest.raises(httpx2.HTTPError):
                ask(server, address)
            assert server.process.wait(30) == -signal.SIGKILL
    with serving(home) as server:
        for address in asked:
            first, again = ask(server, address), ask(server, address)
            assert first.status_code == 201, first.text
            assert first.headers["idempotency-replayed"] == "true"
            assert again.content == first.content
        release = first.json()
        head = server.issuer.of("clerk")
        paper = httpx2.get(server.url + release["document"], headers=head, timeout=60)
        assert paper.content == pdf("a").read_bytes()
    with open_warehouse(home / "warehouse") as kho:
        assert len(kho.consents.of(AN)) == 1
        assert [one.action for one in kho.history(record)] == ["deposit", "release"]
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
