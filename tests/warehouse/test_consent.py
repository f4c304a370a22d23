"""Silence is not consent; what was said is signed, acted on, and can be taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation import ExitCode
from foundation.times import today
from warehouse import Owner
from warehouse.errors import NotReusable
from warehouse.ground_errors import (
    AuthorityMissing,
    BasisUnrecorded,
    ConsentLacking,
    ConsentNotFound,
    ConsentNotInForce,
    KeepingEnded,
    MinorNeedsGuardian,
    NoBasis,
    NoEvidence,
    NotForProcedure,
    NothingAgreed,
    ProcedureUnknown,
    TooOften,
)
from warehouse.grounds import Agreement, Basis, Evidence, Giver, Limits, Terms, Told
from warehouse.receipts import check, known_keys

HEARD = Evidence("witness", "Trần Thị Bình")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")


@pytest.fixture
def asked(owner):
    return Agreement(
        owner=owner,
        papers=("khai-sinh", "ket-hon"),
        told=Told("luu-kho", "vi", "a" * 64),
        evidence=HEARD,
        controller="UBND xã Hòa An (H99.01)",
        adult_age=16,
    )


@pytest.fixture
def grant(kho, clerk, asked):
    return lambda **changes: kho.consents.grant(replace(asked, **changes), clerk)


@pytest.fixture
def reuse(kho, clerk, tmp_path):
    def release(record, procedure="1.004222", **terms):
        return kho.reuse(
            record.id, procedure=procedure, reason="Đăng ký thường trú", actor=clerk,
            out=tmp_path / "out.pdf", terms=Terms(**terms),
        )  # fmt: skip

    return release


def test_a_component_nobody_agreed_to_is_not_kept_and_the_refusal_is_on_record(
    kho, put, pdf
) -> None:
    with pytest.raises(NoBasis, match="--agreed") as caught:
        put(pdf("a"), basis=None)
    assert caught.value.exit_code == ExitCode.NOT_ALLOWED
    assert not list((kho.folder / "objects").rglob("*.pdf"))
    assert kho.account.verify().entries == 1


def test_a_component_is_kept_on_the_consent_that_covers_it(kho, put, pdf, grant) -> None:
    consent = grant()
    record = put(pdf("a"), basis=None)
    assert kho.history(record.id)[0].details["consent"] == consent.id
    with pytest.raises(NoBasis):
        put(pdf("b"), basis=None, paper_type="quyet-dinh")


@pytest.mark.parametrize(
    "changes",
    [
        {"papers": ("ket-hon",)},
        {"purposes": ("reuse",)},
        {"owner": Owner("001087000085")},
    ],
)
def test_a_consent_to_something_else_is_none_for_this(put, pdf, grant, changes) -> None:
    consent = grant(**changes)
    for basis in (None, Basis("consent", "dong-y", consent_id=consent.id)):
        with pytest.raises((NoBasis, ConsentNotInForce)):
            put(pdf("a"), basis=basis)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"evidence": Evidence("witness", "  ")}, NoEvidence),
        ({"evidence": Evidence("form", "tờ đơn")}, NoEvidence),
        ({"evidence": Evidence("otp")}, NoEvidence),
        ({"papers": ()}, NothingAgreed),
        ({"purposes": ()}, NothingAgreed),
        ({"until": today() - timedelta(days=1)}, NothingAgreed),
        ({"giver": Giver("guardian", "Lê Văn Cường")}, AuthorityMissing),
        ({"giver": Giver("delegate", "", "GUQ 12/2026")}, AuthorityMissing),
        ({"owner": Owner(f"0012{today().year % 100 - 8:02d}000084")}, MinorNeedsGuardian),
    ],
)
def test_what_shows_no_will_is_no_consent(kho, grant, changes, refusal) -> None:
    with pytest.raises(refusal):
        grant(**changes)
    assert kho.account.verify().entries == 1


def test_a_guardian_agrees_for_a_minor_and_stands_in_the_receipt(kho, grant) -> None:
    child = Owner(f"0012{today().year % 100 - 8:02d}000084")
    consent = grant(owner=child, giver=Giver("guardian", "Lê Văn Cường", "khai sinh 12/2018"))
    said = check(consent.receipt, known_keys(kho.folder), "consent-receipt").said
    assert said["given_by"]["role"] == "guardian"
    assert child.identifier not in consent.receipt


def test_a_receipt_says_what_was_agreed_and_holds_no_number(kho, grant, owner, clerk) -> None:
    until = today() + timedelta(days=30)
    consent = grant(until=until, once=True, procedures=("1.004222",), sensitive=("ket-hon",))
    receipt = check(consent.receipt, known_keys(kho.folder), "consent-receipt")
    assert receipt.known
    said = receipt.said
    assert said["record_id"] == consent.id
    assert said["pii_principal"] == "001*******84"
    assert said["privacy_notice"] == {"notice": "luu-kho", "language": "vi", "sha256": "a" * 64}
    assert [one["purpose"] for one in said["purposes"]] == ["keep", "reuse"]
    assert said["purposes"][0]["pii_types"][1] == {"paper": "ket-hon", "sensitive": True}
    assert said["purposes"][0]["retention_period"] == until.isoformat()
    assert said["purposes"][0]["services"] == ["1.004222"]
    assert said["evidence"]["kind"] == "witness"
    assert said["events"][0]["event_state"] == "given"
    assert said["events"][0]["entity_id"]["name"] == clerk.name
    assert owner.identifier not in str(said)


def test_what_was_kept_on_consent_leaves_only_for_what_was_agreed(
    put, pdf, grant, reuse, kho
) -> None:
    grant(procedures=("1.004222",))
    record = put(pdf("a"), basis=None)
    release = reuse(record)
    said = check(release.receipt, known_keys(kho.folder), "release-receipt").said
    assert said["basis"]["kind"] == "consent"
    assert (said["sha256"], said["procedure"]) == (record.sha256, "1.004222")
    with pytest.raises(ConsentLacking) as caught:
        reuse(record, "2.000815")
    assert isinstance(caught.value, NotReusable)
    grant(procedures=("2.000815",))
    reuse(record, "2.000815")


def test_a_consent_for_one_time_is_spent_by_the_first_release(put, pdf, grant, reuse, kho) -> None:
    grant(purposes=("keep",))
    record = put(pdf("a"), basis=None)
    once = grant(purposes=("reuse",), once=True)
    assert reuse(record).basis == once.id
    assert kho.consents.get(once.id).state(today()) == "spent"
    with pytest.raises(ConsentLacking):
        reuse(record)


def test_a_standing_consent_is_used_before_one_that_would_be_spent(
    put, pdf, grant, reuse, kho
) -> None:
    once, standing = grant(once=True), grant()
    assert reuse(put(pdf("a"), basis=None)).basis == standing.id
    assert kho.consents.get(once.id).state(today()) == "in-force"


def test_what_is_held_by_law_is_used_by_law(put, pdf, reuse) -> None:
    use = Basis("law", "tai-su-dung", "NĐ 45/2020/NĐ-CP Điều 4")
    record = put(pdf("a"))
    assert reuse(record, basis=use).basis == use.rule
    assert reuse(record).basis == LAW.rule


def test_a_withdrawal_acts_at_once_and_is_proven(kho, put, pdf, grant, reuse, clerk, owner) -> None:
    consent = grant()
    birth, marriage = put(pdf("a"), basis=None), put(pdf("b"), basis=None, paper_type="ket-hon")
    done = kho.consents.withdraw(consent.id, clerk, HEARD, laws={"khai-sinh": LAW})
    assert (done.kept, done.ended) == ((birth.id,), (marriage.id,))
    assert [one.id for one in kho.find(owner.identifier)] == [birth.id]
    assert [one.id for one in kho.due_for_erasure()] == [marriage.id]
    with pytest.raises(KeepingEnded):
        reuse(marriage)
    assert reuse(birth).basis == LAW.rule
    with pytest.raises(NoBasis):
        put(pdf("c"), basis=None)
    said = check(done.consent.withdrawal, known_keys(kho.folder), "withdrawal-receipt").said
    assert (said["kept_by_law"], said["ended"]) == ([birth.id], [marriage.id])
    assert said["events"][0]["event_state"] == "withdrawn"
    again = kho.consents.withdraw(consent.id, clerk, HEARD)
    assert again.consent.withdrawal == done.consent.withdrawal
    assert (again.kept, again.ended) == (done.kept, done.ended)
    assert kho.check().ok


def test_a_withdrawal_nobody_was_heard_to_say_changes_nothing(kho, grant, clerk) -> None:
    consent = grant()
    with pytest.raises(NoEvidence):
        kho.consents.withdraw(consent.id, clerk, Evidence("witness"))
    with pytest.raises(ConsentNotFound):
        kho.consents.withdraw("01ARZ3NDEKTSV4RRFFQ69G5FAV", clerk, HEARD)
    assert kho.consents.get(consent.id).state(today()) == "in-force"


def test_who_agrees_again_has_their_paper_kept_again(kho, put, pdf, grant, clerk, owner) -> None:
    consent = grant()
    record = put(pdf("a"), basis=None)
    kho.consents.withdraw(consent.id, clerk, HEARD)
    assert kho.find(owner.identifier) == []
    grant()
    assert put(pdf("a"), basis=None).id == record.id
    assert [one.id for one in kho.find(owner.identifier)] == [record.id]


def test_a_paper_whose_ground_is_not_on_record_is_not_handed_out(kho, put, pdf, reuse, grant):
    record = put(pdf("a"))
    with kho._catalog.writing() as tx:
        tx.exec_driver_sql("DELETE FROM bases")
    with pytest.raises(BasisUnrecorded):
        reuse(record)
    grant()
    reuse(record)


def test_a_paper_the_procedure_does_not_ask_for_needs_a_reason_in_words(put, pdf, reuse) -> None:
    record = put(pdf("a"))
    with pytest.raises(NotForProcedure):
        reuse(record, papers=frozenset({"ket-hon"}))
    reuse(record, papers=frozenset({"ket-hon"}), explicit=True)


def test_an_unknown_procedure_needs_a_reason_in_words(kho, put, pdf, reuse) -> None:
    record = put(pdf("a"))
    with pytest.raises(ProcedureUnknown) as caught:
        reuse(record, known=False)
    assert caught.value.exit_code == ExitCode.USAGE
    assert kho.history(record.id)[-1].details["cause"] == "procedure-unknown"
    reuse(record, known=False, explicit=True)


def test_more_than_the_measure_is_refused(put, pdf, reuse) -> None:
    first, second = put(pdf("a")), put(pdf("b"))
    limits = Limits(operator_an_hour=3, record_a_day=2)
    reuse(first, limits=limits)
    reuse(first, limits=limits)
    with pytest.raises(TooOften, match="record_a_day = 2"):
        reuse(first, limits=limits)
    reuse(second, limits=limits)
    with pytest.raises(TooOften, match="operator_an_hour = 3"):
        reuse(second, limits=limits)


def test_owners_see_what_they_agreed_to_the_latest_first(kho, grant, owner) -> None:
    first, second = grant(), grant(papers=("ket-hon",))
    assert {one.id for one in kho.consents.of(owner.identifier)} == {first.id, second.id}
    assert kho.consents.of("001087000085") == []
    assert kho.consents.covering(owner.identifier, ("khai-sinh",), "1.1") == first
    assert kho.consents.covering(owner.identifier, ("khai-sinh", "quyet-dinh"), "1.1") is None
