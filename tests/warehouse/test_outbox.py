"""Events reach who wants to hear of them: at least once, in order, signed, and never lost."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from warehouse import open_warehouse, rebuild_catalogue
from warehouse import outbox as room
from warehouse.events import Manner
from warehouse.grounds import Agreement, Evidence, Terms, Told
from warehouse.webhooks import SecretUnusable, may_go_to, post, read_secrets, signed_headers

_spec = spec_from_file_location("warehouse_receivers", Path(__file__).with_name("receivers.py"))
assert _spec
assert _spec.loader
receivers = module_from_spec(_spec)
_spec.loader.exec_module(receivers)

SEND = partial(post, timeout=0.5)
QUICK = Manner(timeout=2.0, attempts=3)


@pytest.fixture
def receiver():
    with receivers.receiving() as one:
        yield one


@pytest.fixture
def clock(monkeypatch):
    """The outbox's clock, to be put forward."""
    ahead = [timedelta()]
    monkeypatch.setattr(room, "_now", lambda: datetime.now(UTC) + ahead[0])

    def forward(**by: float) -> None:
        ahead[0] += timedelta(**by)

    return forward


def test_what_happens_to_a_record_is_told_in_its_order_and_names_nobody(
    kho, put, pdf, clerk, owner, receiver, tmp_path
) -> None:
    told = Told("luu-kho", "vi", "0" * 64)
    said = Agreement(owner, ("khai-sinh",), told, Evidence("witness", "Bình"), "UBND")
    consent = kho.consents.grant(said, clerk)
    record = put(pdf("a"), number="1", basis=None)
    put(pdf("b"), number="1", code="c2", supersede=True, basis=None)
    kho.reuse(
        record.id, procedure="1.004222", reason="x", actor=clerk, out=tmp_path / "o.pdf",
        terms=Terms(),
    )  # fmt: skip
    kho.consents.withdraw(consent.id, clerk, Evidence("witness", "Bình"))
    kho.erase(record.id, "đã rút", clerk)
    done = kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    mine = [kind for kind, about in receiver.told() if about == record.id]
    assert mine == [
        "record.deposited",
        "record.superseded",
        "record.deposited",
        "record.reused",
        "record.keeping-ended",
        "record.keeping-ended",
        "record.erased",
        "record.erased",
    ]
    withdrawn = next(one for one in receiver.heard if one["type"] == "consent.withdrawn")
    assert withdrawn["data"]["consent"] == consent.id
    assert (done.arrived, done.failed, done.dead) == (9, 0, 0)
    assert receiver.ids() == receiver.tried
    said_aloud = str(receiver.heard)
    assert owner.identifier not in said_aloud
    assert owner.name not in said_aloud
    assert {one["data"].get("type", "KQ.G15.000031") for one in receiver.heard} == {"KQ.G15.000031"}


def test_nothing_is_told_of_what_was_refused_or_rolled_back(kho, put, pdf, receiver) -> None:
    put(pdf("a"), number="1")
    with pytest.raises(Exception, match="other content"):
        put(pdf("b"), number="1", code="other")
    put(pdf("a"), number="1")  # the same again
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert [kind for kind, _record in receiver.told()] == ["record.deposited"]


def test_failures_are_tried_again_later_and_the_order_is_kept(
    kho, put, pdf, clerk, receiver, clock
) -> None:
    record = put(pdf("a"))
    kho.revoke(record.id, "nhầm", clerk)
    other = put(pdf("b"))
    receiver.about, receiver.script = record.id, [500]
    done = kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert (done.arrived, done.failed, done.problems) == (1, 1, ("http-500",))
    assert receiver.told() == [("record.deposited", other.id)]  # others need not wait
    assert kho.outbox.deliver([receiver.subscriber()], SEND, QUICK).failed == 0  # not due yet
    clock(hours=1)
    receiver.script = [0]
    assert kho.outbox.deliver([receiver.subscriber()], SEND, QUICK).problems == ("broken-off",)
    clock(hours=1)
    receiver.script = [2.0]
    done = kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert (done.dead, done.problems) == (1, ("timeout",))
    clock(days=1)
    assert kho.outbox.deliver([receiver.subscriber()], SEND, QUICK).arrived == 0
    (standing,) = kho.outbox.standings([receiver.subscriber()])
    assert (standing.delivered, standing.pending, standing.dead) == (1, 1, 1)
    assert (standing.problem, standing.oldest) == ("timeout", kho.history(record.id)[0].at)
    (letter,) = kho.outbox.dead()
    assert (letter["type"], letter["attempts"]) == ("record.deposited", 3)
    assert kho.outbox.retry([letter["event"]]) == 1
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    mine = [kind for kind, about in receiver.told() if about == record.id]
    # The one that hung had arrived: told again under the same id.
    assert list(dict.fromkeys(mine)) == ["record.deposited", "record.revoked"]
    assert len(set(receiver.ids())) == 3


def test_a_redirect_is_not_followed_and_gone_is_final(kho, put, pdf, receiver) -> None:
    put(pdf("a"))
    receiver.headers = {"location": receiver.url}
    receiver.script = [307]
    assert kho.outbox.deliver([receiver.subscriber()], SEND, QUICK).problems == ("http-307",)
    assert len(receiver.tried) == 1
    put(pdf("b"))
    receiver.script = [410]
    assert kho.outbox.deliver([receiver.subscriber()], SEND, QUICK).dead == 1


def test_a_receiver_that_is_away_costs_one_round_and_hides_nobody_else(
    kho, put, pdf, receiver
) -> None:
    for text in "abcdef":
        put(pdf(text))
    away = receiver.subscriber("away", url="http://127.0.0.1:9/hook")
    few = Manner(timeout=0.5, at_once=2)
    done = kho.outbox.deliver([away, receiver.subscriber()], SEND, few)
    assert (done.arrived, done.failed, done.problems) == (6, 2, ("unreachable",))
    assert kho.outbox.standings([away])[0].pending == 6
    assert kho.outbox.strangers([receiver.subscriber()]) == ["away"]
    assert kho.outbox.forget("away")
    assert not kho.outbox.forget("away")


def test_only_events_that_are_wanted_are_told(kho, put, pdf, clerk, receiver) -> None:
    record = put(pdf("a"))
    kho.revoke(record.id, "nhầm", clerk)
    wants = receiver.subscriber(events=frozenset({"record.revoked"}))
    assert kho.outbox.standings([wants])[0].pending == 1
    kho.outbox.deliver([wants], SEND, QUICK)
    assert receiver.told() == [("record.revoked", record.id)]


def test_two_deliverers_at_once_tell_each_event_once(folder, kho, put, pdf, receiver) -> None:
    for number in range(24):
        put(pdf(str(number)))
    receiver.always = 0.02
    with open_warehouse(folder) as other:
        runs = [
            threading.Thread(
                target=store.outbox.deliver,
                args=([receiver.subscriber()], partial(post, timeout=5.0), Manner(at_once=3)),
            )
            for store in (kho, other)
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
    assert len(receiver.tried) == len(set(receiver.tried)) == 24


def test_what_a_dead_deliverer_had_in_hand_is_told_again(kho, put, pdf, receiver, clock) -> None:
    put(pdf("a"))

    def dies(_messages):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kho.outbox.deliver([receiver.subscriber()], dies, QUICK)
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert receiver.tried == []  # as long as it may be alive
    clock(seconds=QUICK.lease.total_seconds() + 1)
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert len(receiver.heard) == 1


@pytest.mark.on_disk
def test_kill_9_between_sending_and_noting_loses_nothing(
    folder, kho, put, pdf, receiver, tmp_path, clock
) -> None:
    kills = int(os.environ.get("SOHOA_OUTBOX_KILLS", "3"))
    chance = random.Random(11)  # noqa: S311  when to kill, no secret
    for number in range(8):
        put(pdf(str(number)))
    secret = tmp_path / "secret"
    secret.write_text(receivers.LINE + "\n")
    secret.chmod(0o600)
    program = [sys.executable, str(Path(receivers.__file__)), str(folder), receiver.url]
    for number in range(kills):
        with subprocess.Popen([*program, str(secret), str(5 * number)], cwd=Path.cwd()) as child:
            left = itertools.count(chance.randrange(1, 4), -1)
            # Killed once the receiver has it, before its answer can be noted.
            receiver.when_heard = lambda left=left, child=child: (
                child.send_signal(signal.SIGKILL) if next(left) <= 1 else None
            )
            assert child.wait(60) == -signal.SIGKILL
        receiver.when_heard = lambda: None
    assert len(receiver.heard) >= kills
    clock(minutes=5 * kills)
    assert kho.outbox.deliver([receiver.subscriber()], partial(post, timeout=10.0)).failed == 0
    assert len(set(receiver.ids())) == 8
    assert kho.outbox.standings([receiver.subscriber()])[0].pending == 0


def test_a_rebuilt_catalogue_goes_on_telling_where_it_was(
    folder, put, pdf, clerk, receiver
) -> None:
    with open_warehouse(folder) as kho:
        record = put(pdf("a"))
        kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
        kho.revoke(record.id, "nhầm", clerk)
    rebuild_catalogue(folder)
    with open_warehouse(folder) as kho:
        kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert [kind for kind, _record in receiver.told()] == ["record.deposited", "record.revoked"]


def test_old_events_go_when_everybody_has_heard_them(kho, put, pdf, receiver, clock, store) -> None:
    put(pdf("a"))
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    clock(days=31)
    put(pdf("b"))
    kho.outbox.deliver([receiver.subscriber("second")], SEND, QUICK)
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    kho.outbox.deliver([receiver.subscriber()], SEND, QUICK)
    assert store.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://kho.tinh.example.vn/hook", True),
        ("https://10.1.2.3/hook", True),
        ("http://kho.tinh.example.vn/hook", False),
        ("https://127.0.0.1/hook", False),
        ("https://[::1]/hook", False),
        ("https://[::ffff:127.0.0.1]/hook", False),
        ("https://localhost/hook", False),
        ("https://169.254.169.254/latest", False),
        ("https://0.0.0.0/", False),
        ("https:///hook", False),
        ("file:///etc/passwd", False),
    ],
)
def test_messages_go_to_https_and_not_back_into_the_machine(url, fits) -> None:
    assert may_go_to(url, loopback=False) == fits


def test_a_name_that_leads_back_into_the_machine_is_refused(kho, put, pdf, receiver) -> None:
    put(pdf("a"))
    by_name = receiver.url.replace("http://127.0.0.1", "https://localhost.localdomain")
    sneaky = receiver.subscriber(url=by_name, loopback=False)
    assert kho.outbox.deliver([sneaky], SEND, QUICK).problems in (
        ("address-refused",),
        ("unreachable",),  # where the name is not known at all
        ("timeout",),  # or nobody says so in time
    )
    assert receiver.tried == []


def test_a_secret_is_taken_from_a_private_file_alone(tmp_path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{receivers.LINE}\n{receivers.LINE}\n")
    file.chmod(0o644)
    with pytest.raises(SecretUnusable, match="chmod 600"):
        read_secrets(file)
    file.chmod(0o600)
    both = read_secrets(file)
    assert both == (receivers.SECRET,) * 2
    assert signed_headers("m", b"{}", both, 1)["webhook-signature"].count("v1,") == 2
    for wrong in ("", "whsec_short", "no-prefix" * 8, "whsec_" + "é"):
        file.write_text(wrong)
        with pytest.raises(SecretUnusable):
            read_secrets(file)


def test_the_signature_is_that_of_standard_webhooks_own_example() -> None:
    """The example of the specification's reference libraries."""
    import base64

    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [secret], 1614265330
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
