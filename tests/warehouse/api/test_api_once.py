"""A request under a key is carried out once; on both kinds of store."""

import threading
from datetime import timedelta

import pytest

from warehouse import once as room
from warehouse.once import Answer, StillAtWork

from .conftest import AN

CONSENT = {
    "owner": {"number": AN},
    "papers": ["giay-to"],
    "evidence": {"kind": "witness", "reference": "Trần Thị Bình"},
}


@pytest.fixture
def clerk_headers(world):
    return world.issuer.of("clerk")


def send(world, who, key, body=CONSENT, address="/v1/consents"):
    return world.client.post(address, json=body, headers=who | {"Idempotency-Key": key})


def test_the_same_request_again_is_given_the_same_answer(world, clerk_headers) -> None:
    first, again = (send(world, clerk_headers, "k-1") for _time in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(world.kho.consents.of(AN)) == 1


def test_another_request_under_the_key_is_refused(world, clerk_headers) -> None:
    send(world, clerk_headers, "k-1")
    other = send(world, clerk_headers, "k-1", CONSENT | {"once": True})
    assert (other.status_code, other.json()["type"]) == (422, "urn:sohoa:problem:key-reused")
    assert len(world.kho.consents.of(AN)) == 1


def test_somebody_elses_key_is_another_key(world, clerk_headers) -> None:
    send(world, clerk_headers, "k-1")
    assert send(world, world.issuer.of("supervisor"), "k-1").status_code == 201
    assert len(world.kho.consents.of(AN)) == 2


def test_a_deposit_a_release_and_a_revocation_are_done_once(world, clerk_headers) -> None:
    pdf = world.paper("a")
    first, again = (world.deposit(pdf, clerk_headers, key="d") for _time in range(2))
    assert first.status_code == 201, first.text
    assert again.content == first.content
    record = first.json()["id"]
    release = {"procedure": "thuong-tru-cho-con"}
    address = f"/v1/records/{record}/releases"
    given, twice = (send(world, clerk_headers, "r", release, address) for _time in range(2))
    assert given.status_code == 201, given.text
    assert twice.json()["release"] == given.json()["release"]
    why, address = {"reason": "cấp sai"}, f"/v1/records/{record}/revoke"
    gone, still = (send(world, clerk_headers, "v", why, address) for _time in range(2))
    assert (gone.status_code, still.status_code) == (200, 200)
    actions = [event.action for event in world.kho.history(record)]
    assert actions == ["deposit", "release", "revoke"]


def test_the_key_of_a_deposit_stands_for_its_pdf_too(world, clerk_headers) -> None:
    assert world.deposit(world.paper("a"), clerk_headers, key="d").status_code == 201
    assert world.deposit(world.paper("b"), clerk_headers, key="d").status_code == 422


def test_what_was_refused_may_be_tried_again_under_its_key(world, clerk_headers) -> None:
    lacking = CONSENT | {"evidence": {"kind": "form"}}
    assert send(world, clerk_headers, "k-1", lacking).status_code == 409
    assert send(world, clerk_headers, "k-1").status_code == 201


def test_while_a_request_is_carried_out_the_same_one_is_told_to_wait(kho) -> None:
    at_work, go_on, answers = threading.Event(), threading.Event(), []

    def slow(_request: str) -> Answer:
        at_work.set()
        assert go_on.wait(30)
        return Answer(201, b"{}")

    thread = threading.Thread(target=lambda: answers.append(kho.service.once("k", "c", slow)))
    thread.start()
    assert at_work.wait(30)
    with pytest.raises(StillAtWork):
        kho.service.once("k", "c", slow)
    go_on.set()
    thread.join()
    assert kho.service.once("k", "c", slow) == Answer(201, b"{}", again=True)
    assert answers == [Answer(201, b"{}")]


def test_keys_of_a_dead_server_may_be_used_again(kho, folder) -> None:
    from warehouse import open_warehouse

    class Killed(BaseException):
        """Ends the work as a kill would, so that nothing is cleared away."""

    def killed(_request: str) -> Answer:
        raise Killed

    with open_warehouse(folder) as dead, pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "delete", lambda _table: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            dead.service.once("k", "c", killed)
    assert kho.service.once("k", "c", lambda _request: Answer(200, b"1")).body == b"1"


ACTS = {
    "consent": ("consents", CONSENT),
    "release": ("records/{record}/releases", {"procedure": "thuong-tru-cho-con"}),
    "revoke": ("records/{record}/revoke", {"reason": "cấp sai"}),
    "bind": ("records/{record}/bind", {"owner": {"number": AN}}),
    "erase": ("records/{record}/erase", {"reason": "theo yêu cầu"}),
}


@pytest.mark.parametrize("act", ["deposit", *ACTS])
def test_what_was_done_and_not_answered_is_answered_and_not_done_again(
    world, act, monkeypatch
) -> None:
    who, pdf, record = world.issuer.of("supervisor"), world.paper("a"), ""
    if act not in ("deposit", "consent"):
        owner = None if act == "bind" else {"number": AN}
        record = world.deposit(pdf, who, owner=owner).json()["id"]

    def ask():
        if act == "deposit":
            return world.deposit(pdf, who, key="k")
        address, body = ACTS[act]
        return send(world, who, "k", body, f"/v1/{address.format(record=record)}")

    with monkeypatch.context() as patch:
        patch.setattr(room, "_keep", lambda *_words: 1 / 0)  # as where the store went away
        assert ask().status_code == 500
    first, again = ask(), ask()
    assert first.status_code in (200, 201), first.text
    assert (first.headers["idempotency-replayed"], first.content) == ("true", again.content)
    did = [one[0] for one in world.actions() if one[0] != "supersede"]
    assert did.count(act) == 1
    assert did[-1] == act


def test_an_answer_is_kept_a_day_sealed_and_goes_with_its_record(
    world, clerk_headers, kho, store, monkeypatch
) -> None:
    record = world.deposit(world.paper("a"), clerk_headers, key="d").json()["id"]
    ((answer, key),) = store.rows("SELECT answer, key FROM requests")
    assert record.encode() not in bytes(answer)
    supervisor = world.issuer.of("supervisor")
    address = f"/v1/records/{record}/erase"
    assert send(world, supervisor, "e", {"reason": "x"}, address).status_code == 200
    assert [row for row in store.rows("SELECT key FROM requests") if row[0] == key] == []
    monkeypatch.setattr(room, "KEPT", timedelta(seconds=-5))
    send(world, clerk_headers, "later")
    assert len(store.rows("SELECT key FROM requests")) == 1


@pytest.mark.on_disk
def test_ten_senders_of_one_request_get_one_answer_or_are_told_to_wait(world) -> None:
    who = world.issuer.of("clerk")
    answers = []

    def one() -> None:
        answers.append(send(world, who, "k"))

    threads = [threading.Thread(target=one) for _number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = {answer.json()["consent"] for answer in answers if answer.status_code == 201}
    assert len(done) == 1
    assert len(world.kho.consents.of(AN)) == 1
