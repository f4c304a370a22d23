"""Papers of several owners: each agrees, has it handed out, and takes back for themselves."""

from dataclasses import replace

import pytest

from foundation.times import today
from warehouse import Owner
from warehouse.account import verify_excerpt
from warehouse.ground_errors import (
    ConsentLacking,
    ConsentNotInForce,
    KeepingEnded,
    MinorNeedsGuardian,
    NoBasis,
    NotTheirs,
    OwnerUnnamed,
    RepresentativeMissing,
)
from warehouse.grounds import Agreement, Basis, Evidence, Giver, Terms, Told, Wanted
from warehouse.receipts import check, known_keys

BINH = Owner("079199000012", "Lê Thị Bình")
STRANGER = Owner("001087000099", "Phạm Văn Xuân")
CHILD = Owner(f"0012{today().year % 100 - 8:02d}000084", "Nguyễn Minh Chi")
COMPANY = Owner("0101234567", "Công ty TNHH Sao Mai", "organisation")
HEARD = Evidence("witness", "Trần Thị Bình")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")


@pytest.fixture
def agree(kho, clerk):
    def grant(owner, **changes):
        told = Told("luu-kho", "vi", "a" * 64)
        asked = Agreement(owner, ("ket-hon",), told, HEARD, "UBND xã Hòa An", adult_age=16)
        return kho.consents.grant(replace(asked, **changes), clerk)

    return grant


@pytest.fixture
def marriage(put, pdf, owner):
    """Deposit the certificate of An and Bình as a component, on whatever they agreed to."""

    def deposit(text="a", **changes):
        said = {"paper_type": "ket-hon", "co_owners": [BINH], "basis": None, "owner": owner}
        return put(pdf(text), **(said | changes))

    return deposit


@pytest.fixture
def hand_out(kho, clerk):
    def reuse(record, owner="", **terms):
        return kho.reuse(
            record.id, procedure="1.004222", reason="Đăng ký thường trú", actor=clerk, out=None,
            terms=Terms(**terms), owner=owner,
        )  # fmt: skip

    return reuse


def held(kho, one) -> list[str]:
    return [record.id for record in kho.find(one.identifier)]


def planned(kho, one) -> str:
    (found,) = kho.plan(one.identifier, "1.004222", [Wanted("ket-hon")])
    return "held" if found.record else found.why[0].cause


def test_it_is_kept_as_soon_as_one_agrees_and_for_those_who_did(
    kho, agree, marriage, hand_out, owner
) -> None:
    with pytest.raises(NoBasis):
        marriage()
    agree(BINH)
    record = marriage()
    assert (held(kho, BINH), held(kho, owner)) == ([record.id], [])
    assert (planned(kho, BINH), planned(kho, owner)) == ("held", "no-consent")
    assert hand_out(record, BINH.identifier).basis
    with pytest.raises(ConsentLacking):
        hand_out(record, owner.identifier)
    agree(owner)
    assert marriage(code="again").id == record.id
    assert held(kho, owner) == [record.id]
    assert planned(kho, owner) == "held"


def test_it_leaves_on_the_consent_of_the_owner_it_is_for(
    kho, agree, marriage, hand_out, owner, folder
) -> None:
    consents = {one.identifier: agree(one) for one in (owner, BINH)}
    record = marriage()
    for number, consent in consents.items():
        release = hand_out(record, number)
        said = check(release.receipt, known_keys(folder), "release-receipt").said
        assert (release.basis, said["basis"]["consent"]) == (consent.id, consent.id)
        assert said["owner"].startswith(number[:3])
    with pytest.raises(OwnerUnnamed):
        hand_out(record)
    for number in (STRANGER.identifier, CHILD.identifier):
        with pytest.raises(NotTheirs):
            hand_out(record, number)


def test_nobody_s_consent_is_spent_on_another_s_matter(kho, agree, marriage, hand_out, owner):
    agree(owner)
    once = agree(BINH, once=True)
    record = marriage()
    hand_out(record, owner.identifier)
    assert kho.consents.get(once.id).state(today()) == "in-force"
    hand_out(record, BINH.identifier)
    with pytest.raises(ConsentLacking):
        hand_out(record, BINH.identifier)


def test_who_takes_their_consent_back_does_so_for_themselves(
    kho, agree, marriage, hand_out, owner, clerk, folder
) -> None:
    hers, his = agree(BINH), agree(owner)
    record = marriage()
    rests_on, other = (his, hers)
    done = kho.consents.withdraw(rests_on.id, clerk, HEARD)
    assert (done.kept, done.shared, done.ended) == ((), (record.id,), ())
    said = check(done.consent.withdrawal, known_keys(folder), "withdrawal-receipt").said
    assert said["kept_for_others"] == [record.id]
    assert (held(kho, owner), held(kho, BINH)) == ([], [record.id])
    assert kho.due_for_erasure() == []
    with pytest.raises(ConsentLacking):
        hand_out(record, owner.identifier)
    hand_out(record, BINH.identifier)
    last = kho.consents.withdraw(other.id, clerk, HEARD)
    assert last.ended == (record.id,)
    assert held(kho, BINH) == []
    assert [one.id for one in kho.due_for_erasure()] == [record.id]
    with pytest.raises(KeepingEnded):
        hand_out(record, BINH.identifier)
    assert kho.check().ok


def test_what_a_law_asks_for_is_kept_and_used_for_each_of_them(kho, marriage, hand_out, owner):
    record = marriage(basis=LAW)
    assert held(kho, owner) == held(kho, BINH) == [record.id]
    assert hand_out(record).basis == hand_out(record, BINH.identifier).basis == LAW.rule
    with pytest.raises(NotTheirs):
        hand_out(record, STRANGER.identifier)


def test_a_consent_of_somebody_else_keeps_nothing(agree, marriage) -> None:
    theirs = agree(STRANGER)
    with pytest.raises(ConsentNotInForce):
        marriage(basis=Basis("consent", "dong-y", consent_id=theirs.id))


def test_a_child_s_paper_is_used_for_the_child_as_a_guardian_agreed(
    kho, agree, marriage, hand_out, owner
) -> None:
    with pytest.raises(MinorNeedsGuardian):
        agree(CHILD)
    agree(owner)
    record = marriage(owner=CHILD, co_owners=[owner])
    with pytest.raises(ConsentLacking):  # the father agreed for himself
        hand_out(record, CHILD.identifier)
    agree(CHILD, giver=Giver("guardian", owner.name, "khai sinh 12/2018"))
    assert hand_out(record, CHILD.identifier).basis
    assert held(kho, CHILD) == [record.id]


def test_an_organisation_agrees_through_a_person_who_may(kho, agree, marriage, hand_out) -> None:
    for giver in (Giver(), Giver("guardian", "Lê Văn Cường", "ĐKKD 0101234567")):
        with pytest.raises(RepresentativeMissing):
            agree(COMPANY, giver=giver)
    agree(COMPANY, giver=Giver("delegate", "Lê Văn Cường", "ĐKKD 0101234567"))
    record = marriage(owner=COMPANY, co_owners=[])
    assert hand_out(record).basis  # the only owner need not be named


def test_each_owner_s_account_tells_what_was_done_for_the_others(
    kho, agree, marriage, hand_out, owner, clerk, folder
) -> None:
    agree(owner)
    record = marriage()
    hand_out(record, owner.identifier)
    kho.revoke(record.id, "cấp sai", clerk)
    theirs = kho.account.of(BINH.identifier, clerk)
    assert [(one.action, one.details.get("did", "")) for one in theirs] == [
        ("co-owner", "deposit"),
        ("co-owner", "release"),
        ("co-owner", "revoke"),
        ("account", ""),
    ]
    assert theirs[1].details["procedure"] == "1.004222"
    own = [one.action for one in kho.account.of(owner.identifier, clerk)]
    assert own == ["consent", "deposit", "release", "revoke", "account"]
    import json

    excerpt = json.dumps(kho.account.excerpt(BINH.identifier, clerk))
    assert verify_excerpt(excerpt, known_keys(folder)).ok
    assert owner.identifier not in excerpt
    assert kho.check().ok
