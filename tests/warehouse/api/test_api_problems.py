"""What goes wrong is told in one form, and nothing personal gets where it does not belong."""

import json
import logging

import pytest

from .conftest import AN

pytestmark = pytest.mark.on_disk


def told(answer) -> str:
    """The cause an answer names, once its form was looked at."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == answer.status_code
    return body["type"].removeprefix("urn:sohoa:problem:")


def test_every_refusal_has_the_form_of_problem_details(world) -> None:
    clerk, ask = world.issuer.of("clerk"), world.client.request
    unknown = "01M87CHH6H7PPSJK6FRKKVZC5N"
    cases = [
        (ask("GET", "/v1/check"), 401, "no-token"),
        (ask("GET", "/v1/check", headers={"Authorization": "Basic eDp5"}), 401, "no-token"),
        (ask("GET", "/v1/check", headers={"Authorization": "Bearer x.y.z"}), 401, "bad-token"),
        (ask("GET", "/v1/check", headers=clerk), 403, "access-denied"),
        (ask("GET", "/v1/nowhere", headers=clerk), 404, "no-such-address"),
        (ask("GET", "/nowhere"), 404, "no-such-address"),
        (ask("GET", f"/v1/records/{unknown}", headers=clerk), 404, "record-not-found"),
        (ask("GET", f"/v1/consents/{unknown}", headers=clerk), 404, "consent-not-found"),
        (ask("GET", f"/v1/records/{AN}", headers=clerk), 422, "invalid-request"),
        (ask("DELETE", f"/v1/records/{unknown}", headers=clerk), 405, "no-such-method"),
        (ask("POST", "/v1/plans", content=b"{", headers=clerk | JSON), 422, "invalid-request"),
        (ask("POST", "/v1/plans", json={"owner": 1}, headers=clerk), 422, "invalid-request"),
        (ask("POST", "/v1/plans", content=b"x" * 300_000, headers=clerk), 413, "too-large"),
        (ask("POST", "/v1/plans", content=b"<x/>", headers=clerk), 415, "not-json"),
        (ask("POST", "/v1/records", json={}, headers=clerk), 415, "about:blank"),
    ]
    for answer, status, cause in cases:
        assert (answer.status_code, told(answer)) == (status, cause), answer.text


JSON = {"Content-Type": "application/json"}


def test_a_wrong_request_is_told_where_it_is_wrong_and_not_what_it_said(world) -> None:
    body = {"owner": {"number": "001087000084x"}, "procedure": "p", "more": AN}
    answer = world.client.post("/v1/plans", json=body, headers=world.issuer.of("clerk"))
    errors = {one["pointer"]: one["reason"] for one in answer.json()["errors"]}
    assert set(errors) == {"/owner/number", "/more"}
    assert "001087" not in answer.text


@pytest.mark.parametrize(
    ("body", "pointer", "vi", "en"),
    [
        (b'{"owner": ', "", "không phải JSON", "it is no JSON"),
        (b'{"owner": 1, "procedure": "p"}', "/owner", "cần một đối tượng", "an object"),
        (
            b'{"owner": {"number": "001087000084"}, "procedure": 1}',
            "/procedure",
            "ngoặc kép",
            "quotes",
        ),
    ],
)
def test_what_is_wrong_with_a_body_is_said_in_the_language_asked_for(
    world, body, pointer, vi, en
) -> None:
    for tag, words in (("vi", vi), ("en", en)):
        headers = world.issuer.of("clerk") | JSON | {"Accept-Language": tag}
        (found,) = world.client.post("/v1/plans", content=body, headers=headers).json()["errors"]
        assert found["pointer"] == pointer
        assert words in found["reason"]


def test_what_is_wrong_with_a_deposit_s_words_is_said_so_too(world) -> None:
    pdf = ("x.pdf", world.paper("a").read_bytes(), "application/pdf")
    long = json.dumps({"type": "khai-sinh", "number": "1" * 301})
    for tag, words, whole in (("vi", "không phải JSON", "300 ký tự"), ("en", "no JSON", "300")):
        headers = world.issuer.of("clerk") | {"Accept-Language": tag}
        for said, reason in (("{", words), (long, whole)):
            send = {"data": {"paper": said}, "files": [("file", pdf)], "headers": headers}
            (found,) = world.client.post("/v1/records", **send).json()["errors"]
            assert reason in found["reason"]


def test_refusals_speak_the_language_that_is_asked_for(world) -> None:
    for tag, word in (("vi-VN", "đăng nhập"), ("en-GB, vi;q=0.5", "Sign in"), ("fr", "đăng nhập")):
        answer = world.client.get("/v1/check", headers={"Accept-Language": tag})
        assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=b", 422),
        (b"", "multipart/form-data", 400),
        (b"--b\r\n", "multipart/form-data; boundary=b", 422),
        (b"--b\r\nX: y\r\n\r\nz\r\n--b--\r\n", "multipart/form-data; boundary=b", 400),
        (b"\x00" * 5000, "multipart/form-data; boundary=b", 400),
        (b"--b\r\n" + b"A" * 100_000 + b": x\r\n", "multipart/form-data; boundary=b", 400),
        (b"%PDF-1.7", "application/pdf", 415),
    ],
)
def test_a_malformed_upload_is_refused(world, content, kind, status) -> None:
    headers = world.issuer.of("clerk") | {"Content-Type": kind}
    answer = world.client.post("/v1/records", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    told(answer)


def test_a_deposit_that_lacks_a_part_or_has_one_too_many_is_refused(world) -> None:
    clerk = world.issuer.of("clerk")
    paper = {"paper": json.dumps({"type": "khai-sinh", "owner": {"number": AN}})}
    pdf = ("x.pdf", world.paper("a").read_bytes(), "application/pdf")
    for data, files in (
        (paper, [("master", ("x.jpg", b"x", "image/jpeg"))]),
        ({}, [("file", pdf)]),
        (paper, [("file", pdf), ("file", pdf)]),
        (paper, [("file", pdf), ("other", pdf)]),
        ({"paper": "x" * 300_000}, [("file", pdf)]),
        ({"paper": '{"type": "khai-sinh", "number": "\\u0000"}'}, [("file", pdf)]),
        ({"paper": '{"type": "khai-sinh", "number": "\\ud800"}'}, [("file", pdf)]),
        ({"paper": '{"type": "khai-sinh", "owner": {"number": "1"}}'}, [("file", pdf)]),
        ({"paper": '{"type": "no-such-paper"}'}, [("file", pdf)]),
    ):
        answer = world.client.post("/v1/records", data=data, files=files, headers=clerk)
        assert answer.status_code in (400, 422), answer.text
        told(answer)


def test_an_upload_larger_than_is_taken_is_refused_with_or_without_its_length(make_world) -> None:
    world = make_world(max_upload=1)
    clerk = world.issuer.of("clerk") | {"Content-Type": "multipart/form-data; boundary=b"}
    body = [b"--b\r\n" + b'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n']
    body += [b"x" * 100_000] * 11
    for content in (b"".join(body), iter(body)):
        answer = world.client.post("/v1/records", content=content, headers=clerk)
        assert (answer.status_code, told(answer)) == (413, "too-large")


def test_who_may_never_deposit_is_refused_before_the_upload_is_read(world) -> None:
    headers = world.issuer.of("auditor") | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = world.client.post("/v1/records", content=b"no form at all", headers=headers)
    assert told(answer) == "access-denied"


def test_who_asks_too_often_is_told_to_wait_and_nobody_else_is(make_world) -> None:
    world = make_world(requests_a_minute=5)
    clerk, auditor = world.issuer.of("clerk"), world.issuer.of("auditor")
    answers = [world.client.get("/v1/nowhere", headers=clerk) for _time in range(12)]
    assert [answer.status_code for answer in answers[:10]] == [404] * 10
    assert (answers[-1].status_code, told(answers[-1])) == (429, "too-many-requests")
    assert answers[-1].headers["retry-after"]
    assert world.client.get("/v1/check", headers=auditor).status_code == 200


def test_a_fault_is_told_without_its_insides_and_noted_without_its_words(
    world, monkeypatch, caplog
) -> None:
    def broken(*_args, **_more):
        raise RuntimeError(f"no idea about {AN}")

    monkeypatch.setattr("warehouse.store.Warehouse.find", broken)
    with caplog.at_level(logging.INFO):
        ask = {"owner": {"number": AN}}
        answer = world.client.post("/v1/records/find", json=ask, headers=world.issuer.of("clerk"))
    assert answer.status_code == 500
    told(answer)
    assert "RuntimeError at" in caplog.text
    assert AN not in answer.text + caplog.text


def test_neither_log_nor_meters_hold_what_somebody_put_into_an_address(world, caplog) -> None:
    clerk = world.issuer.of("clerk")
    with caplog.at_level(logging.INFO):
        world.deposit(world.paper("a"), clerk)
        world.client.get(f"/v1/records/{AN}?owner={AN}", headers=clerk)
        world.client.get(f"/{AN}", headers=clerk)
        world.client.post("/v1/records/find", json={"owner": {"number": AN}}, headers=clerk)
        world.client.request("X001087000084", "/v1/records", headers=clerk)
    metrics = world.client.get("/metrics").text
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("sohoa")]
    assert any("POST /v1/records/find 200" in line for line in ours)
    assert AN not in "\n".join(ours) + metrics
    counted = 'sohoa_http_requests_total{method="POST",route="/v1/records",status="201"} 1.0'
    assert counted in metrics
    assert 'route="/v1/records/{record}",status="422"' in metrics


def test_a_monitor_hears_whether_requests_can_be_carried_out(world) -> None:
    assert world.client.get("/health/live").json() == {"status": "live"}
    assert world.client.get("/health/ready").json() == {"status": "ready"}
    world.issuer.jwks.unlink()
    fresh = world.client.get("/health/ready")
    assert fresh.status_code == 200  # the keys that are known serve on


def test_without_keys_nobody_is_let_in_and_nothing_is_ready(make_world) -> None:
    world = make_world(jwks="/nowhere/jwks.json")
    answers = (
        world.client.get("/health/ready"),
        world.client.get("/v1/check", headers=world.issuer.of("auditor")),
    )
    for answer in answers:
        assert (answer.status_code, told(answer)) == (503, "keys-unavailable")
        assert "nowhere" not in answer.text


def test_the_api_describes_itself(world) -> None:
    said = world.client.get("/openapi.json").json()
    assert said["openapi"].startswith("3.")
    assert set(said["components"]["schemas"]) >= {"DepositIn", "Problem", "OwnerIn"}
    for path, verbs in said["paths"].items():
        for verb in verbs.values():
            assert ("security" in verb) is path.startswith("/v1/")
            for one in verb.get("parameters", ()):
                assert "owner" not in one["name"].lower()
