from contextlib import contextmanager
from datetime import timedelta

import pytest

from foundation import ExitCode
from foundation.files import atomic_path
from foundation.times import today
from warehouse import DamagedObject, NotReusable, open_warehouse
from warehouse import reuse as room
from warehouse.errors import (
    CannotWrite,
    MissingObject,
    NotInForce,
    ReasonMissing,
    RecordExpired,
    RecordNotFound,
    RecordRevoked,
    RecordSuperseded,
)
from warehouse.ground_errors import TooOften
from warehouse.grounds import Limits, Terms


@pytest.fixture
def reuse(kho, clerk, tmp_path):
    def release(name, **changes):
        given = {
            "procedure": "1.004222",
            "reason": "Đăng ký thường trú",
            "actor": clerk,
            "out": tmp_path / "handed-out.pdf",
        }
        return kho.reuse(name, **(given | changes))

    return release


def test_a_reused_paper_is_the_deposited_one_and_its_release_on_record(
    kho, put, pdf, reuse, tmp_path, clerk
) -> None:
    record = put(pdf("a"))
    release = reuse(record.code)
    assert (tmp_path / "handed-out.pdf").read_bytes() == pdf("a").read_bytes()
    assert (tmp_path / "handed-out.pdf").stat().st_mode & 0o777 == 0o600
    event = kho.history(record.id)[-1]
    assert (event.id, event.action, event.actor) == (release.id, "release", clerk)
    assert event.details == {
        "procedure": "1.004222",
        "reason": "Đăng ký thường trú",
        "sha256": record.sha256,
        "basis": "NĐ 45/2020/NĐ-CP Điều 16",
        "consent": "",
    }
    assert (release.record_id, release.sha256, release.at) == (record.id, record.sha256, event.at)


def test_a_paper_on_its_last_day_is_reused_and_the_day_after_not(put, pdf, reuse) -> None:
    reuse(put(pdf("a"), valid_until=today()).id)
    expired = put(pdf("b"), valid_until=today() - timedelta(days=1))
    with pytest.raises(RecordExpired, match=str(expired.valid_until)):
        reuse(expired.id)


def test_a_revoked_paper_is_not_reused(kho, put, pdf, reuse, clerk, tmp_path) -> None:
    record = put(pdf("a"))
    kho.revoke(record.id, "cấp sai", clerk)
    with pytest.raises(RecordRevoked) as caught:
        reuse(record.id)
    assert isinstance(caught.value, NotReusable)
    assert caught.value.exit_code == ExitCode.NOT_ALLOWED
    assert not (tmp_path / "handed-out.pdf").exists()
    assert kho.history(record.id)[-1].details == {
        "attempt": "reuse",
        "cause": "record-revoked",
        "procedure": "1.004222",
    }


def test_a_superseded_version_is_not_reused_but_its_record_is(put, pdf, reuse, tmp_path) -> None:
    old = put(pdf("a"), number="1")
    put(pdf("b"), number="1", code="new", supersede=True)
    with pytest.raises(RecordSuperseded, match=old.id):
        reuse(old.code)
    reuse(old.id)
    assert (tmp_path / "handed-out.pdf").read_bytes() == pdf("b").read_bytes()


@pytest.mark.parametrize("missing", ["reason", "procedure"])
def test_nothing_is_handed_out_without_saying_why_and_what_for(
    put, pdf, reuse, tmp_path, missing
) -> None:
    record = put(pdf("a"))
    with pytest.raises(ReasonMissing):
        reuse(record.id, **{missing: "  "})
    assert not (tmp_path / "handed-out.pdf").exists()


def test_asking_for_what_is_not_there_is_on_record_too(kho, reuse) -> None:
    with pytest.raises(RecordNotFound):
        reuse("001087000084.KQ.1")
    assert kho.account.verify().entries == 1


def test_a_revocation_stays(kho, put, pdf, clerk) -> None:
    record = put(pdf("a"))
    revoked = kho.revoke(record.id, " cấp sai ", clerk)
    assert (revoked.status, revoked.status_reason) == ("revoked", "cấp sai")
    assert kho.get(record.id) == revoked
    with pytest.raises(NotInForce):
        kho.revoke(record.id, "lần nữa", clerk)
    with pytest.raises(ReasonMissing):
        kho.revoke(record.id, "", clerk)


def test_a_damaged_paper_is_never_handed_out(
    kho, put, pdf, reuse, tmp_path, store, damaged
) -> None:
    record = put(pdf("a"))
    (stored,) = store.papers()
    store.write(stored, damaged(store.read(stored)))
    out = tmp_path / "handed-out.pdf"
    attempts = (
        lambda: reuse(record.id),
        lambda: kho.read(record),
        lambda: kho.copy_out(record, out),
    )
    for attempt in attempts:
        with pytest.raises(DamagedObject) as caught:
            attempt()
        assert caught.value.exit_code == ExitCode.WAREHOUSE
    assert not out.exists()
    assert [event.action for event in kho.history(record.id)] == ["deposit", "refusal"]


def test_a_missing_paper_is_called_missing(kho, put, pdf, reuse, store) -> None:
    record = put(pdf("a"))
    store.remove(*store.papers())
    with pytest.raises(MissingObject) as caught:
        reuse(record.id)
    assert caught.value.exit_code == ExitCode.WAREHOUSE


def test_where_the_copy_cannot_be_written_nothing_is_handed_out(kho, put, pdf, reuse) -> None:
    record = put(pdf("a"))
    with pytest.raises(CannotWrite) as caught:
        reuse(record.id, out=pdf("a") / "under-a-file.pdf")
    assert caught.value.exit_code == ExitCode.INPUT
    assert [event.action for event in kho.history(record.id)][1:] in ([], ["refusal"])


def test_a_refused_release_leaves_no_file(kho, put, pdf, reuse, tmp_path) -> None:
    record = put(pdf("a"))
    limits = Limits(operator_an_hour=0, record_a_day=9)  # judged when all is written
    with pytest.raises(TooOften):
        reuse(record.id, terms=Terms(limits=limits), out=tmp_path / "out" / "copy.pdf")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_release_is_committed_before_the_paper_appears(
    kho, put, pdf, reuse, folder, tmp_path, monkeypatch
) -> None:
    record, seen = put(pdf("a")), []

    @contextmanager
    def watched(target, **more):
        with atomic_path(target, **more) as part:
            yield part
            with open_warehouse(folder) as other:
                seen.append([event.action for event in other.history(record.id)])
            seen.append(target.exists())

    monkeypatch.setattr(room, "atomic_path", watched)
    reuse(record.id)
    assert seen == [["deposit", "release"], False]
