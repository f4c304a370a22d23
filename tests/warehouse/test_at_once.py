"""Two things at once, and things at the turn of a day: one of them is refused, nothing is torn."""

import threading
from datetime import UTC, date, datetime

import pytest

from dossier.exporting import _Room
from foundation import SohoaError
from warehouse import Owner, open_warehouse
from warehouse.errors import OwnerKnown, RecordConflict, RecordErased, RecordSuperseded
from warehouse.ground_errors import ConsentLacking, KeepingEnded
from warehouse.grounds import Agreement, Basis, Evidence, Terms, Told, Wanted

BINH = Owner("079199000012", "Lê Thị Bình")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
HEARD = Evidence("witness", "Trần Thị Bình")


def both(*works) -> list[object]:
    """What each of some works comes to, all begun at the same moment."""
    start, came = threading.Barrier(len(works)), dict[int, object]()

    def run(number, work) -> None:
        start.wait()
        try:
            came[number] = work()
        except SohoaError as error:
            came[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [came[number] for number in range(len(works))]


@pytest.fixture
def other(folder, kho):
    with open_warehouse(folder) as warehouse:
        yield warehouse


@pytest.fixture
def agree(kho, owner, clerk):
    def grant(**changes):
        told = Told("luu-kho", "vi", "a" * 64)
        return kho.consents.grant(
            Agreement(owner, ("khai-sinh",), told, HEARD, "UBND xã Hòa An", **changes), clerk
        )

    return grant


@pytest.fixture
def release(kho, clerk):
    def leave(record, before=None):
        return kho.exports.release(
            [record.id], procedure="1.004222", reason="Chuyển hồ sơ", actor=clerk, form="asic",
            terms=Terms(), before=before,
        )  # fmt: skip

    return leave


def test_of_two_clerks_who_bind_one_paper_one_does(kho, other, put, pdf, clerk, owner) -> None:
    for number in range(5):
        record = put(pdf(f"{number}"), owner=Owner(""), owner_unknown=True, code=f".{number}")
        came = both(
            lambda record=record: kho.bind_owner(record.id, owner, clerk, code=f"A.{record.id}"),
            lambda record=record: other.bind_owner(record.id, BINH, clerk, code=f"B.{record.id}"),
        )
        (lost,) = (one for one in came if isinstance(one, SohoaError))
        (bound,) = (one for one in came if not isinstance(one, SohoaError))
        assert isinstance(lost, OwnerKnown)
        assert kho.get(record.id) == kho.get(f".{number}") == bound
    assert kho.check().ok


def test_of_two_copies_bound_to_one_owner_at_once_one_is(kho, other, put, pdf, clerk, owner):
    made = [
        put(pdf(text), owner=Owner(""), owner_unknown=True, code=f".{text}", number=number)
        for text, number in (("a", ""), ("b", ""))
    ]
    third = put(pdf("c"), owner=Owner(""), owner_unknown=True, code=".c", number="1")
    put(pdf("d"), owner=BINH, number="1")
    came = both(
        lambda: kho.bind_owner(made[0].id, owner, clerk, code="same"),
        lambda: other.bind_owner(made[1].id, owner, clerk, code="same"),
        lambda: other.bind_owner(third.id, BINH, clerk, code="c"),
    )
    assert sum(isinstance(one, SohoaError) for one in came) == 2
    assert isinstance(came[2], RecordConflict)
    assert kho.check().ok


def test_nothing_leaves_on_a_consent_once_it_was_taken_back(
    kho, other, put, pdf, agree, release, clerk
) -> None:
    for number in range(5):
        consent = agree()
        record = put(pdf(f"{number}"), basis=None)
        both(
            lambda record=record: release(record),
            lambda consent=consent: other.consents.withdraw(consent.id, clerk, HEARD),
        )
        ended = next(e.seq for e in kho.history(record.id) if e.action == "keeping-ended")
        assert all(e.seq < ended for e in kho.history(record.id) if e.action == "release")
    assert kho.account.verify().ok


def test_what_changes_while_a_package_is_made_ready_does_not_leave(
    kho, other, put, pdf, agree, release, clerk, tmp_path
) -> None:
    consent = agree()
    changes = {
        RecordSuperseded: lambda record: other.deposit(
            pdf("newer"), owner=record.owner, paper_type="khai-sinh", type_code="x",
            title="Giấy khai sinh", code="newer", actor=clerk, number=record.number,
            supersede=True, basis=LAW,
        ),
        RecordErased: lambda record: other.erase(record.id, "theo yêu cầu", clerk),
        KeepingEnded: lambda _record: other.consents.withdraw(consent.id, clerk, HEARD),
    }  # fmt: skip
    for number, (refusal, change) in enumerate(changes.items()):
        basis = None if refusal is KeepingEnded else LAW
        record = put(pdf(f"{number}"), number=f"{number}", basis=basis)
        room = _Room(kho, tmp_path / "out" / "p.asice")

        def before(records, record=record, room=room, change=change) -> None:
            with room.taken_for(records):
                change(record)

        with pytest.raises(refusal):
            release(record, before)
        assert "release" not in [event.action for event in kho.history(record.id)]
    assert list((tmp_path / "out").iterdir()) == []
    assert kho.check().ok


def test_a_consent_ends_at_midnight_in_vietnam(
    kho, put, pdf, agree, release, owner, monkeypatch
) -> None:
    last = date(2031, 5, 1)
    agree(until=last)
    record = put(pdf("a"), basis=None)
    moments = {
        datetime(2031, 5, 1, 16, 59, 59, tzinfo=UTC): "held",
        datetime(2031, 5, 1, 17, 0, 0, tzinfo=UTC): "no-consent",
    }
    for moment, cause in moments.items():
        monkeypatch.setattr("foundation.times.utc_now", lambda moment=moment: moment)
        (planned,) = kho.plan(owner.identifier, "1.004222", [Wanted("khai-sinh")])
        assert planned.why[0].cause == cause
        if cause == "held":
            assert release(record)
        else:
            with pytest.raises(ConsentLacking):
                release(record)


def test_what_is_kept_until_a_day_is_let_go_after_it(
    kho, put, pdf, agree, owner, clerk, monkeypatch
) -> None:
    agree(until=date(2031, 5, 1))
    birth = put(pdf("a"), basis=None)
    assert kho.consents.end_past(clerk) == []
    monkeypatch.setattr("foundation.times.utc_now", lambda: datetime(2031, 5, 1, 17, tzinfo=UTC))
    later = agree()  # asked again
    (left,) = kho.consents.end_past(clerk)
    assert left.for_others == [birth.id]
    assert [one.id for one in kho.find(owner.identifier)] == [birth.id]
    kho.consents.withdraw(later.id, clerk, HEARD)
    monkeypatch.undo()
    agree(until=date(2031, 5, 1))
    again = put(pdf("b"), basis=None)
    monkeypatch.setattr("foundation.times.utc_now", lambda: datetime(2031, 5, 1, 17, tzinfo=UTC))
    (left,) = kho.consents.end_past(clerk)
    assert left.ended == [again.id]
    assert kho.find(owner.identifier) == []
    assert {one.id for one in kho.due_for_erasure()} == {birth.id, again.id}
    assert kho.consents.end_past(clerk) == []
    assert kho.check().ok
