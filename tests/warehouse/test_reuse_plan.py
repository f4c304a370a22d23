"""What need not be handed in again, what must be scanned, and why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.times import today
from warehouse.grounds import Agreement, Evidence, Told, Wanted

COMPONENTS = [
    Wanted("khai-sinh"),
    Wanted("ket-hon"),
    Wanted("quyet-dinh"),
    Wanted("quyen-su-dung-dat"),
    Wanted("ban-sao-chung-thuc"),
    Wanted("can-cuoc", reusable=False),
]


@pytest.fixture
def asked(owner):
    return Agreement(
        owner=owner,
        papers=("ban-sao-chung-thuc",),
        told=Told("luu-kho", "vi", "a" * 64),
        evidence=Evidence("witness", "Trần Thị Bình"),
        controller="UBND xã Hòa An",
    )


def causes(planned):
    return [(one.record is not None, [why.cause for why in one.why]) for one in planned]


def test_each_component_is_planned_with_its_reason(kho, put, pdf, clerk, owner, asked) -> None:
    birth = put(pdf("a"))
    yesterday = today() - timedelta(days=1)
    put(pdf("b"), paper_type="ket-hon", valid_until=yesterday)
    kho.revoke(put(pdf("c"), paper_type="quyet-dinh").id, "cấp sai", clerk)
    consent = kho.consents.grant(replace(asked, procedures=("1.1",)), clerk)
    put(pdf("d"), paper_type="ban-sao-chung-thuc", basis=None)
    planned = kho.plan(owner.identifier, "1.1", COMPONENTS)
    assert causes(planned) == [
        (True, ["held"]),
        (False, ["expired"]),
        (False, ["revoked"]),
        (False, ["not-held"]),
        (True, ["held"]),
        (False, ["asked-anew"]),
    ]
    assert planned[0].record == birth
    assert str(yesterday) in str(planned[1].why[0])
    other = kho.plan(owner.identifier, "2.2", COMPONENTS)
    assert causes(other)[4] == (False, ["no-consent"])
    kho.consents.withdraw(consent.id, clerk, asked.evidence)
    assert causes(kho.plan(owner.identifier, "1.1", COMPONENTS))[4] == (False, ["withdrawn"])


def test_the_latest_that_serves_is_chosen(kho, put, pdf, clerk, owner) -> None:
    good = put(pdf("a"), number="1")
    kho.revoke(put(pdf("b"), number="2").id, "cấp sai", clerk)
    put(pdf("c"), number="3", valid_until=today() - timedelta(days=1))
    (planned,) = kho.plan(owner.identifier, "1.1", COMPONENTS[:1])
    assert planned.record == good
    (later,) = kho.plan(owner.identifier, "1.1", COMPONENTS[:1], on=today() + timedelta(days=9))
    assert later.record == good


def test_a_replaced_version_serves_by_the_one_that_replaced_it(kho, put, pdf, owner) -> None:
    put(pdf("a"), number="1")
    new = put(pdf("b"), number="1", code="new", supersede=True)
    (planned,) = kho.plan(owner.identifier, "1.1", COMPONENTS[:1])
    assert (planned.record.version, planned.record.sha256) == (2, new.sha256)


def test_a_paper_valid_on_the_day_asked_for_is_planned_for_it(kho, put, pdf, owner) -> None:
    put(pdf("a"), valid_until=today())
    (now,) = kho.plan(owner.identifier, "1.1", COMPONENTS[:1])
    (tomorrow,) = kho.plan(owner.identifier, "1.1", COMPONENTS[:1], on=today() + timedelta(days=1))
    assert (now.record is None, tomorrow.record is None) == (False, True)


def test_nobody_elses_paper_is_ever_planned(kho, put, pdf) -> None:
    put(pdf("a"))
    assert causes(kho.plan("001087000085", "1.1", COMPONENTS[:1])) == [(False, ["not-held"])]
