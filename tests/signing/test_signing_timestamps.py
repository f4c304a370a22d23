"""Timestamps: what a service may answer, and what is taken for one."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from asn1crypto import cms, keys, pem, tsp, x509
from certomancer.services import TimeStamper

from foundation.errors import ExitCode
from foundation.times import utc_now
from profiles.schema import ServiceRules
from signing import errors, timestamps
from signing.pades import SignJob, sign_files
from signing.rehearsal import Rehearsal
from signing.timestamps import TimestampService
from signing.trust import load_anchors

IMPRINT = hashlib.sha256(b"a document").digest()
Answer = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamps, "PAUSE", 0)


@contextmanager
def stub_service(answer: Answer, *, status: int = 200, drip: float = 0) -> Iterator[str]:
    """A stub of a timestamp service that answers as it likes; ``drip``: seconds a byte takes."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for number in range(len(body) if drip else 1):
                if ended.wait(drip):
                    return
                try:
                    self.wfile.write(body[number : number + 1] if drip else body)
                except OSError:  # who asked has gone
                    return

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def stamp(
    *urls: str, anchors: tuple[Path, ...] = (), timeout: float = 5, **rules: object
) -> cms.ContentInfo:
    roots = [anchor.certificate for anchor in load_anchors(anchors)]
    values: dict[str, object] = {"rounds": 1} | rules

    async def ask() -> cms.ContentInfo:
        asked = ServiceRules(timeout=max(timeout, 1), **values)  # type: ignore[arg-type]
        service = TimestampService(
            urls, asked.model_copy(update={"timeout": timeout}), anchors=roots
        )
        try:
            return await service.async_timestamp(IMPRINT, "sha256")
        finally:
            await service.aclose()

    return asyncio.run(ask())


@pytest.fixture
def tsa(pki: Rehearsal) -> Callable[..., TimeStamper]:
    """The rehearsal's own service, to be made to answer wrongly."""
    token = stamp(pki.timestamp_url)
    held = [choice.chosen for choice in token["content"]["certificates"]]
    serial = token["content"]["signer_infos"][0]["sid"].chosen["serial_number"].native
    certificate: x509.Certificate = next(one for one in held if one.serial_number == serial)
    _kind, _headers, der = pem.unarmor((pki.root_pem.parents[1] / "keys/tsa.pem").read_bytes())
    key = keys.PrivateKeyInfo.load(der)
    others = [one for one in held if one is not certificate]
    return lambda **wrong: TimeStamper(certificate, key, certs_to_embed=others, **wrong)


def answered(tsa: TimeStamper, change: Callable[[tsp.TimeStampReq], None] | None = None) -> Answer:
    """What the service says to a request, or to another one in its place."""

    def answer(request: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(request)
        if change:
            change(asked)
        return bytes(tsa.request_tsa_response(asked).dump())

    return answer


def refusal(_request: bytes) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["closed today"]})
    return _response(status)


def _response(status: tsp.PKIStatusInfo) -> bytes:
    """A response without a token: asn1crypto takes that for required."""
    content = status.dump()
    return bytes([0x30, len(content)]) + content


def granted_without_token(_request: bytes) -> bytes:
    return _response(tsp.PKIStatusInfo({"status": "granted"}))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refusal, "refused: closed today"),
        (granted_without_token, "no timestamp"),
        (lambda _request: b"<html>", "no timestamp"),
        (lambda _request: b"", "no timestamp"),
        (lambda request: request, "no timestamp"),
    ],
)
def test_what_is_no_timestamp_is_told_apart(answer: Answer, says: str) -> None:
    with (
        stub_service(answer) as url,
        pytest.raises(errors.TimestampUnavailable, match=says) as told,
    ):
        stamp(url)
    assert told.value.exit_code == ExitCode.SERVICE


def _other_nonce(request: tsp.TimeStampReq) -> None:
    request["nonce"] = 7


def _no_nonce(request: tsp.TimeStampReq) -> None:
    del request["nonce"]


def _other_imprint(request: tsp.TimeStampReq) -> None:
    request["message_imprint"]["hashed_message"] = hashlib.sha256(b"another").digest()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_other_nonce, "another request"),
        (_no_nonce, "another request"),
        (_other_imprint, "another document"),
    ],
)
def test_the_answer_to_another_request_is_none(
    tsa: Callable[..., TimeStamper], change: Callable[[tsp.TimeStampReq], None], says: str
) -> None:
    with (
        stub_service(answered(tsa(), change)) as url,
        pytest.raises(errors.TimestampUnavailable, match=says),
    ):
        stamp(url)


def test_a_service_with_a_wrong_clock_is_not_used(tsa: Callable[..., TimeStamper]) -> None:
    for days in (-3, 3):
        late = tsa(fixed_dt=utc_now() + timedelta(days=days))
        with (
            stub_service(answered(late)) as url,
            pytest.raises(errors.TimestampUnavailable, match="clock"),
        ):
            stamp(url)


def test_a_damaged_token_is_not_used(tsa: Callable[..., TimeStamper]) -> None:
    def spoiled(request: bytes) -> bytes:
        answer = bytearray(answered(tsa())(request))
        answer[-5] ^= 1  # in the signature value
        return bytes(answer)

    with (
        stub_service(spoiled) as url,
        pytest.raises(errors.TimestampUnavailable, match=r"damaged|no timestamp"),
    ):
        stamp(url)


def test_a_policy_that_the_office_does_not_accept_is_named(
    pki: Rehearsal,
) -> None:
    with pytest.raises(errors.TimestampUnavailable, match=r"1\.3\.6\.1\.4\.1\.4146\.2\.3"):
        stamp(pki.timestamp_url, timestamp_policies=("1.2.3.4",))
    assert stamp(pki.timestamp_url, timestamp_policies=("1.2.3.4", "1.3.6.1.4.1.4146.2.3"))


def test_only_a_service_that_the_roots_stand_for_is_used(pki: Rehearsal) -> None:
    assert stamp(pki.timestamp_url, anchors=(pki.root_pem,))
    with pytest.raises(errors.TimestampUnavailable, match="trusted root"):
        stamp(pki.timestamp_url, anchors=(pki.seal_pem,))


def test_granted_with_changes_is_granted(tsa: Callable[..., TimeStamper]) -> None:
    def with_mods(request: bytes) -> bytes:
        response = tsa().request_tsa_response(tsp.TimeStampReq.load(request))
        response["status"] = {"status": "granted_with_mods"}
        return bytes(response.dump())

    with stub_service(with_mods) as url:
        assert stamp(url)


def test_a_slow_service_costs_its_time_limit_once_and_the_next_is_asked(
    pki: Rehearsal, page: Path, tmp_path: Path, request_for
) -> None:
    asked: list[int] = []

    def counted(_request: bytes) -> bytes:
        asked.append(1)
        return bytes(60)

    jobs = [SignJob(page, tmp_path / f"{number}.pdf") for number in range(3)]
    with stub_service(counted, drip=0.2) as url:  # a byte now and then: it never falls silent
        request = request_for(
            "clerk", timestamp_urls=(url, pki.timestamp_url), services=ServiceRules(timeout=1)
        )
        results = sign_files(jobs, request, pki.pin_source("clerk"))
    assert [one.outcome for one in results] == ["signed"] * 3
    assert len(asked) == 1


def test_a_service_that_never_answers_is_given_up(pki: Rehearsal) -> None:
    began = time.monotonic()
    with (
        stub_service(lambda _request: bytes(1000), drip=0.1) as url,
        pytest.raises(errors.TimestampUnavailable, match="no answer in time"),
    ):
        stamp(url, timeout=0.3, rounds=2)
    assert time.monotonic() - began < 30  # 100 seconds, if it were waited for


def test_a_service_that_fails_now_and_then_is_asked_again(tsa: Callable[..., TimeStamper]) -> None:
    answers = iter([lambda _request: b"busy", answered(tsa())])

    def second_time(request: bytes) -> bytes:
        return next(answers)(request)

    with stub_service(second_time) as url:
        assert stamp(url, rounds=2)


def test_an_http_error_is_named(tsa: Callable[..., TimeStamper]) -> None:
    with (
        stub_service(answered(tsa()), status=503) as url,
        pytest.raises(errors.TimestampUnavailable, match="HTTP 503"),
    ):
        stamp(url)
