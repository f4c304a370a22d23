"""What the page's server does and lets be: headers, limits, hostile files, what it keeps."""

import http.client
import socket
import threading
import time
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import pytest

from dossier.verification import Verification
from foundation.places import fast_storage
from tests.page.conftest import OWNER, Commune, Site, served
from warehouse.web import Finding, Limits
from warehouse.web.limits import Quota, TooManyRequests, network_of

BOUNDARY = "-----sohoa"


def ask(
    site: Site, method: str, path: str, body: bytes = b"", kind: str = "", source: str = ""
) -> tuple:
    connection = http.client.HTTPConnection(
        urlsplit(site.url).netloc, timeout=90, source_address=(source, 0) if source else None
    )
    connection.request(method, path, body, {"Content-Type": kind} if kind else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def upload(site: Site, data: bytes, source: str = "") -> tuple:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return ask(site, "POST", "/v/check/file", body, kind, source)


def slow_pdf() -> bytes:
    """A PDF of 100 KB that takes a renderer an hour: a page filled a million times."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(3000, 3000))
    packed = zlib.compress(b"0 0 3000 3000 re f\n" * 2_000_000, 9)
    page.Contents = pikepdf.Stream(pdf, packed, Filter=pikepdf.Name.FlateDecode)
    return _bytes(pdf)


def _bytes(pdf: pikepdf.Pdf) -> bytes:
    from io import BytesIO

    out = BytesIO()
    pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize("path", ["/v", "/v/unknown", "/v/static/page.css", "/v/static/nothing"])
def test_every_answer_carries_the_headers_that_guard_the_browser(site: Site, path) -> None:
    _status, headers, _text = ask(site, "GET", path)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy  # no script at all
    assert "frame-ancestors 'none'" in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers
    assert ("no-store" in headers["Cache-Control"]) == ("page.css" not in path)


def test_pages_hold_no_script_and_no_inline_style(site: Site, commune: Commune) -> None:
    for path in ("/v", f"/v/{commune.check_code('active')}"):
        _status, _headers, text = ask(site, "GET", path)
        assert "<script" not in text
        assert " style=" not in text
        assert "<style" not in text
        assert "http://" not in text.replace(site.url, "")


def test_a_number_in_an_address_is_neither_answered_nor_written_down(
    site: Site, commune: Commune
) -> None:
    status, _headers, text = ask(site, "GET", f"/v/{commune.papers['active'].code}")
    assert (status, OWNER in text) == (200, False)
    assert "còn hiệu lực" not in text
    known, unknown = (
        ask(site, "GET", f"/v/{code}")[2] for code in (commune.papers["active"].code, f"{OWNER}.X")
    )
    assert known.split("Kiểm tra lúc")[0] == unknown.split("Kiểm tra lúc")[0]
    assert site.log
    assert not any(OWNER in line for line in site.log)


def test_languages_are_weighed_as_the_browser_says(site: Site) -> None:
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc)
    for wish, language in (
        ("en-US,en;q=0.9,vi;q=0.8", "en"),
        ("fr,vi;q=0.5,en;q=0.4", "vi"),
        ("de", "vi"),
        ("en;q=x,vi;q=0.1", "vi"),
        ("", "vi"),
    ):
        connection.request("GET", "/v", headers={"Accept-Language": wish})
        answer = connection.getresponse()
        assert f'<html lang="{language}">' in answer.read().decode()
        assert answer.headers["Content-Language"] == language
    connection.close()


def test_a_plain_seal_counts_only_word_for_word(commune: Commune) -> None:
    desk, seal = commune.desk, commune.papers["plain"].seal
    from digitize.seal import HEADER
    from dossier.checking import judge_seal

    held = desk._seal(judge_seal(seal, desk.relied))
    assert (held.outcome, held.status) == ("seal-genuine", "active")
    guessed = seal.replace("123456", "123457")
    assert desk._seal(judge_seal(guessed, desk.relied)) == Finding("seal-unproven")
    boast = f"{HEADER}\nrecord_code=x\nform=signed\nverdict=valid\nsketch=00\ndigest=00"
    assert desk._seal(judge_seal(boast, desk.relied)) == Finding("seal-unproven")


def test_a_file_lifted_since_is_a_copy_of_what_is_held(commune: Commune, tmp_path: Path) -> None:
    lifted = tmp_path / "lifted.pdf"
    held = commune.papers["active"].file
    with pikepdf.open(held) as pdf:
        assert len(pdf.pages) == 1
    commune.press.lift(held, lifted)
    assert lifted.read_bytes().startswith(held.read_bytes())
    finding = commune.desk.check_pdf(lifted)
    assert (finding.outcome, finding.status) == ("copy", "active")


def test_hanging_files_keep_nobody_else_waiting_and_are_ended(commune: Commune) -> None:
    desk = Verification(commune.store, commune.desk.relied, seconds=8)
    told: list[tuple] = []
    with served(desk, Limits(files_at_once=2, files_of_one=1)) as site:
        hostile = [
            threading.Thread(target=lambda: told.append(upload(site, slow_pdf(), "127.0.0.2")))
            for _ in range(2)
        ]
        for thread in hostile:
            thread.start()
        time.sleep(1)
        assert ask(site, "GET", "/v")[0] == 200
        assert ask(site, "GET", f"/v/{commune.papers['erased'].id}")[0] == 200
        assert "từng byte" in upload(site, commune.papers["active"].file.read_bytes())[2]
        assert not told  # still at it, while the others were served
        for thread in hostile:
            thread.join()
    assert [status for status, *_ in told] == [200, 200]
    assert all("Không đọc được tệp" in text for *_, text in told)


class _NobodysDesk:
    """A desk that only counts: what reaches it is not the matter here."""

    def __init__(self) -> None:
        self.seen: list[Path] = []

    def status(self, code: str) -> Finding:
        return Finding("unknown")

    def check_pdf(self, path: Path) -> Finding:
        assert path.read_bytes().startswith(b"%PDF-")
        self.seen.append(path)
        return Finding("unsigned")

    def check_picture(self, path: Path) -> Finding:
        self.seen.append(path)
        return Finding("no-seal")


def test_uploads_are_gone_once_they_are_judged() -> None:
    desk = _NobodysDesk()
    with served(desk, Limits()) as site:
        upload(site, b"%PDF-1.7 " + bytes(2 << 20))
        upload(site, b"\xff\xd8\xff" + bytes(99))
    assert len(desk.seen) == 2
    for path in desk.seen:
        assert not path.exists()
        assert not path.parent.exists()
        assert path.is_relative_to(fast_storage() or path.anchor)


def test_too_many_uploads_from_one_address_are_put_off() -> None:
    with served(_NobodysDesk(), Limits(files_a_minute=3)) as site:
        answers = [upload(site, b"%PDF-1.7") for _ in range(5)]
        assert ask(site, "GET", "/v/ABC")[0] == 404  # codes are counted apart
    assert [status for status, *_ in answers] == [200, 200, 200, 429, 429]
    assert answers[3][1]["Retry-After"] == "60"
    assert 'role="alert"' in answers[3][2]


def test_one_household_is_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db9::1")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7")
    quota = Quota(2)
    quota.take("2001:db8::1")
    quota.take("2001:db8::2")
    with pytest.raises(TooManyRequests):
        quota.take("2001:db8::3")
    quota.take("192.0.2.7")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "", 422),
        (b"nonsense", f"multipart/form-data; boundary={BOUNDARY}", 408),
        (b"x", "multipart/form-data", 422),
        (b"file=%PDF-", "application/x-www-form-urlencoded", 422),
        (f"--{BOUNDARY}\r\n".encode() * 9, f"multipart/form-data; boundary={BOUNDARY}", 408),
    ],
)
def test_malformed_forms_are_refused_with_a_page(body, kind, status) -> None:
    with served(_NobodysDesk(), Limits()) as site:
        found, _headers, text = ask(site, "POST", "/v/check/file", body, kind)
    assert found == status
    assert 'role="alert"' in text


def test_a_file_beyond_the_limit_is_not_kept_and_one_that_trickles_in_is_dropped() -> None:
    limits = Limits(most_bytes=1 << 20, receive_seconds=0.5)
    with served(_NobodysDesk(), limits) as site:
        assert upload(site, b"%PDF-" + bytes(2 << 20))[0] == 413
        assert upload(site, b"%PDF-" + bytes(40 << 20))[0] in (408, 413)
        with socket.create_connection(site.url.removeprefix("http://").split(":")) as line:
            line.sendall(
                b"POST /v/check/file HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
            )
            assert b"408" in line.recv(99)
