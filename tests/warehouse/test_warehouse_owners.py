"""Whose papers: several owners, organisations, owners not yet known; and what is refused."""

import pytest

from foundation import ExitCode
from warehouse import Judgement, Owner, RecordConflict, rebuild_catalogue
from warehouse.errors import (
    CodeTaken,
    InvalidSignature,
    OwnerKnown,
    OwnerMissing,
    SecretPaper,
    UnsignedPaper,
)

BINH = Owner("079199000012", "Lê Thị Bình")


def test_a_paper_of_two_is_found_under_both(kho, put, pdf, owner) -> None:
    record = put(pdf("a"), paper_type="ket-hon", co_owners=[BINH])
    assert kho.find(owner.identifier) == kho.find(BINH.identifier, "ket-hon") == [record]
    assert record.owners == (owner, BINH)


def test_the_other_spouse_s_deposit_of_the_same_paper_is_the_same_record(kho, put, pdf, owner):
    record = put(pdf("a"), co_owners=[BINH])
    assert put(pdf("a"), owner=BINH, code="b").id == record.id
    numbered = put(pdf("b"), number="1", co_owners=[BINH])
    with pytest.raises(RecordConflict, match=numbered.id):
        put(pdf("c"), owner=BINH, number="1", code="c")


def test_an_organisation_is_an_owner(kho, put, pdf) -> None:
    company = Owner("0101234567", "Công ty TNHH Sao Mai", "organisation")
    put(pdf("a"), owner=company)
    (found,) = kho.find(company.identifier)
    assert found.owner == company


def test_an_owner_not_yet_known_is_bound_later(kho, put, pdf, clerk, owner) -> None:
    record = put(pdf("a"), owner=Owner(""), owner_unknown=True, code=".KQ.000001")
    assert put(pdf("a"), owner=Owner(""), owner_unknown=True, code="x").id == record.id
    code = f"{owner.identifier}.KQ.000001"
    bound = kho.bind_owner(record.id, owner, clerk, code=code, co_owners=[BINH])
    assert kho.find(owner.identifier) == kho.find(BINH.identifier) == [bound] == [kho.get(code)]
    assert kho.read(bound) == pdf("a").read_bytes()
    with pytest.raises(OwnerKnown):
        kho.bind_owner(record.id, BINH, clerk)
    assert kho.check().ok


def test_the_code_a_paper_had_before_still_leads_to_it(kho, put, pdf, clerk, owner, folder) -> None:
    was = ".KQ.000001"
    record = put(pdf("a"), owner=Owner(""), owner_unknown=True, code=was)
    bound = kho.bind_owner(record.id, owner, clerk, code=f"{owner.identifier}.KQ.000001")
    assert kho.get(was) == kho.get(bound.code) == bound
    with pytest.raises(CodeTaken, match=record.id):  # it stands on a paper
        put(pdf("b"), code=was)
    with pytest.raises(OwnerKnown):
        kho.bind_owner(was, BINH, clerk)
    assert kho.revoke(was, "nhầm", clerk).id == record.id
    rebuild_catalogue(folder)
    assert kho.get(was).status == "revoked"
    kho.erase(was, "theo yêu cầu", clerk)
    assert kho.get(was).status == "erased"


def test_papers_whose_owner_is_unknown_are_not_doubled_either(kho, put, pdf) -> None:
    unknown = {"owner": Owner(""), "owner_unknown": True}
    record = put(pdf("a"), number="1", code="a", **unknown)
    assert put(pdf("a"), number="1", code="b", co_owners=[BINH], **unknown).id == record.id
    with pytest.raises(RecordConflict, match=record.id):
        put(pdf("b"), number="1", code="c", **unknown)
    theirs = put(pdf("c"), co_owners=[BINH], code="d", **unknown)
    assert put(pdf("c"), code="e", **unknown).id == theirs.id
    assert put(pdf("c"), owner=BINH, code="f").id == theirs.id


def test_binding_an_owner_doubles_nothing(kho, put, pdf, clerk, owner) -> None:
    theirs = put(pdf("a"), number="1", code="taken")
    for paper, number, code, error in (
        (pdf("a"), "", "1", RecordConflict),
        (pdf("b"), "1", "2", RecordConflict),
        (pdf("c"), "", "taken", CodeTaken),
    ):
        found = put(
            paper, owner=Owner(""), owner_unknown=True, number=number, code=f"of {code} {paper}"
        )
        with pytest.raises(error, match=theirs.id):
            kho.bind_owner(found.id, owner, clerk, code=code)
        with pytest.raises(OwnerMissing):
            kho.bind_owner(found.id, Owner(" "), clerk)
    assert kho.find(owner.identifier) == [theirs]
    assert kho.check().ok


def test_master_images_are_kept_with_the_paper(kho, put, pdf, tmp_path) -> None:
    image = tmp_path / "trang-1.TIF"
    image.write_bytes(b"II*\0" + bytes(9 << 20))
    record = put(pdf("a"), masters=[image])
    assert record.masters == ("0001.tif",)
    assert kho.read_master(record, "0001.tif") == image.read_bytes()
    assert kho.check().ok


@pytest.mark.parametrize(
    ("judgement", "error", "exit_code"),
    [
        (Judgement("none", signature_required=True), UnsignedPaper, ExitCode.SIGNATURE),
        (Judgement("broken", reason="Bị sửa."), InvalidSignature, ExitCode.SIGNATURE),
        (Judgement("sound", secret=True), SecretPaper, ExitCode.NOT_ALLOWED),
    ],
)
def test_what_was_judged_unfit_is_refused_and_on_record(
    kho, put, pdf, store, judgement, error, exit_code
) -> None:
    with pytest.raises(error) as caught:
        put(pdf("a"), judgement=judgement)
    assert caught.value.exit_code == exit_code
    assert not store.papers()
    assert kho.account.verify().entries == 1
    assert put(pdf("a"), judgement=Judgement("sound", signature_required=True)).status == "active"
