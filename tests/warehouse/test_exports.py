"""Papers leave together: all of them, each on a ground and on record, or none."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from dossier import exporting
from foundation.times import today
from warehouse.errors import CannotWrite, ReasonMissing, RecordExpired, RecordRevoked
from warehouse.ground_errors import ConsentLacking, NotForProcedure, TooOften
from warehouse.grounds import Agreement, Evidence, Limits, Terms, Told
from warehouse.receipts import check, known_keys


@pytest.fixture
def export(kho, clerk):
    def release(*names, **changes):
        given = {
            "procedure": "1.004222",
            "reason": "Chuyển hồ sơ",
            "actor": clerk,
            "form": "asic",
            "terms": Terms(),
        }
        return kho.exports.release(names, **(given | changes))

    return release


def actions(kho, record) -> list[str]:
    return [event.action for event in kho.history(record.id)]


def test_each_record_has_its_receipt_and_its_entry(kho, put, pdf, export, tmp_path, folder) -> None:
    one, two = put(pdf("a")), put(pdf("b"))
    first, second = export(one.id, two.code)
    kho.copy_out(first.record, tmp_path / "copy.pdf")
    assert (tmp_path / "copy.pdf").read_bytes() == pdf("a").read_bytes()
    for record, release in ((one, first), (two, second)):
        said = check(release.receipt, known_keys(folder), "release-receipt")
        assert (said.known, said.said["sha256"]) == (True, record.sha256)
        event = kho.history(record.id)[-1]
        assert (event.id, event.details["form"]) == (release.id, "asic")
    assert kho.account.verify().ok
    assert len(export(one.id, one.code)) == 1  # named twice, it leaves once


@pytest.mark.parametrize("why", ["revoked", "expired", "not asked for", "no reason"])
def test_where_one_may_not_leave_none_does(kho, put, pdf, clerk, export, why) -> None:
    good = put(pdf("a"))
    days = {"valid_until": today() - timedelta(days=1)} if why == "expired" else {}
    bad = put(pdf("b"), **days)
    if why == "revoked":
        kho.revoke(bad.id, "nhầm", clerk)
    refused, changes = {
        "revoked": (RecordRevoked, {}),
        "expired": (RecordExpired, {}),
        "not asked for": (NotForProcedure, {"terms": Terms(papers=frozenset({"ket-hon"}))}),
        "no reason": (ReasonMissing, {"reason": " "}),
    }[why]
    with pytest.raises(refused):
        export(good.id, bad.id, **changes)
    assert "release" not in actions(kho, good)
    events = kho.history(bad.id) + kho.history(good.id)
    told = [one.details["attempt"] for one in events if one.action == "refusal"]
    assert told == ([] if why == "no reason" else ["export"])


def test_what_cannot_be_made_ready_is_not_on_record(kho, put, pdf, export) -> None:
    record, seen = put(pdf("a")), []

    def full(records) -> None:
        seen.extend(one.id for one in records)
        raise CannotWrite(file="/mnt/usb", detail="the disk is full")

    with pytest.raises(CannotWrite):
        export(record.id, before=full)
    assert seen == [record.id]
    assert "release" not in actions(kho, record)


@pytest.mark.on_disk
def test_room_that_is_not_there_is_missed_before_anything_is_on_record(
    kho, put, pdf, export, tmp_path, monkeypatch
) -> None:
    record, out = put(pdf("a")), tmp_path / "out" / "p.asice"
    monkeypatch.setattr(exporting, "_BESIDE", 1 << 60)  # more than any disk has
    room = exporting._Room(kho, out)
    with ExitStack() as place, pytest.raises(CannotWrite, match=r"p\.asice"):
        export(record.id, before=lambda found: place.enter_context(room.taken_for(found)))
    assert "release" not in actions(kho, record)
    assert list(out.parent.iterdir()) == []


def test_a_consent_for_once_is_not_spent_by_a_package_that_does_not_leave(
    kho, put, pdf, clerk, owner, export
) -> None:
    told = Told("luu-kho", "vi", "0" * 64)
    said = Agreement(owner, ("khai-sinh",), told, Evidence("witness", "Bình"), "UBND", once=True)
    consent = kho.consents.grant(said, clerk)
    one, two = put(pdf("a"), basis=None), put(pdf("b"), basis=None)
    with pytest.raises(ConsentLacking):
        export(one.id, two.id)
    assert kho.consents.get(consent.id).spent_at is None
    export(one.id)
    assert kho.consents.get(consent.id).spent_at is not None


def test_the_office_s_measure_counts_every_paper_of_a_package(kho, put, pdf, export) -> None:
    records = [put(pdf(text)).id for text in "abc"]
    with pytest.raises(TooOften):
        export(*records, terms=Terms(limits=Limits(operator_an_hour=2, record_a_day=9)))
    export(*records, terms=Terms(limits=Limits(operator_an_hour=3, record_a_day=9)))


def test_a_dossier_is_what_is_in_force_of_its_papers(kho, put, pdf, clerk) -> None:
    one, two = (put(pdf(text), dossier_code="H99-1") for text in "ab")
    put(pdf("c"), dossier_code="H99-2")
    kho.revoke(two.id, "nhầm", clerk)
    assert [record.id for record in kho.exports.in_dossier("H99-1")] == [one.id]
    assert kho.exports.in_dossier("") == []
