from datetime import UTC, date, datetime, timedelta

import pikepdf
import pytest

from foundation import ExitCode
from warehouse import Owner, RecordConflict, RecordNotFound
from warehouse.blobs import Blobs
from warehouse.errors import (
    CodeTaken,
    ContentWithdrawn,
    DiskUnsound,
    EmptyFile,
    NotAPdf,
    OwnerMissing,
    ProtectedPdf,
    UnreadableFile,
)


def test_a_paper_is_kept_byte_for_byte_with_what_was_said_of_it(kho, put, pdf, owner) -> None:
    paper = pdf("khai sinh")
    record = put(
        paper,
        code="001087000084.KQ.G15.000031.000001",
        number=" 12 / 2020 ",
        fields={"ho_ten": "Nguyễn Văn An"},
        valid_until=date(2030, 1, 1),
        procedure="1.004222",
        dossier_code="H99.01-20261120-0000001",
    )
    assert kho.read(record) == paper.read_bytes()
    assert kho.get(record.id) == kho.get(record.code) == record
    assert kho.find(owner.identifier) == [record]
    assert (record.version, record.status, record.number) == (1, "active", "12 / 2020")
    assert record.size == paper.stat().st_size
    assert record.fields == {"ho_ten": "Nguyễn Văn An"}
    assert (record.deposited_by, record.office) == ("Trần Thị Bình", "H99.01")
    assert datetime.now(UTC) - record.deposited_at < timedelta(minutes=1)


def test_a_record_id_is_a_sortable_ulid_that_says_nothing_of_its_owner(put, pdf, owner) -> None:
    record = put(pdf("a"))
    assert len(record.id) == 26
    assert not set(record.id) & set("ILOU")
    assert owner.identifier not in record.id


def test_the_same_paper_again_is_the_same_record(kho, put, pdf, owner) -> None:
    first = put(pdf("a"))
    assert put(pdf("a"), code="another code") == first
    assert kho.find(owner.identifier, status="any") == [first]
    assert [event.action for event in kho.history(first.id)] == ["deposit", "deposit-again"]


def test_the_same_file_is_another_record_for_another_owner_or_type(put, pdf) -> None:
    ids = {
        put(pdf("a"), code="1").id,
        put(pdf("a"), code="2", owner=Owner("079199000012")).id,
        put(pdf("a"), code="3", paper_type="ket-hon").id,
    }
    assert len(ids) == 3


def test_papers_without_a_number_stand_side_by_side(kho, put, pdf, owner) -> None:
    put(pdf("a"))
    put(pdf("b"))
    assert len(kho.find(owner.identifier, "khai-sinh")) == 2


def test_another_paper_under_the_same_number_is_a_conflict_for_a_person(kho, put, pdf) -> None:
    first = put(pdf("a"), number="12/2020")
    with pytest.raises(RecordConflict) as caught:
        put(pdf("b"), number="12/2020")
    assert caught.value.exit_code == ExitCode.NOT_ALLOWED
    assert first.id in str(caught.value)
    assert kho.get(first.id) == first
    assert kho.check().ok


def test_superseding_makes_the_next_version_of_the_same_record(kho, put, pdf, owner) -> None:
    first = put(pdf("a"), number="12/2020")
    second = put(pdf("b"), number="12/2020", code="second", supersede=True)
    assert (second.id, second.version) == (first.id, 2)
    assert kho.find(owner.identifier) == [second]
    assert kho.get(first.id) == second
    assert kho.get(first.code).status == "superseded"
    assert [v.status for v in kho.versions(first.id)] == ["superseded", "active"]
    assert kho.read(kho.get(first.code)) == pdf("a").read_bytes()
    assert kho.check().ok


def test_superseding_where_there_is_nothing_to_replace_is_a_plain_deposit(put, pdf) -> None:
    assert put(pdf("a"), number="1", supersede=True).version == 1
    assert put(pdf("b"), number="2", supersede=True).version == 1


def test_withdrawn_content_does_not_come_back_by_itself(kho, put, pdf, clerk) -> None:
    record = put(pdf("a"), number="1")
    kho.revoke(record.id, "cấp sai", clerk)
    with pytest.raises(ContentWithdrawn):
        put(pdf("a"), number="1", code="new", supersede=True)
    renewed = put(pdf("b"), number="1", code="newer")
    assert (renewed.id != record.id, renewed.status) == (True, "active")


def test_no_two_records_bear_one_code(kho, put, pdf, owner) -> None:
    first = put(pdf("a"), code="the code")
    with pytest.raises(CodeTaken, match=first.id):
        put(pdf("b"), code="the code")
    assert kho.find(owner.identifier) == [first]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b"Xin chao, day la van ban.", NotAPdf),
        (b"%PDF-1.7\n", NotAPdf),
        (b"\xff\xd8\xff\xe0 JFIF", NotAPdf),
    ],
)
def test_what_is_no_paper_is_refused_and_leaves_nothing(
    kho, put, tmp_path, owner, content, error, store
) -> None:
    path = tmp_path / "001087000084.pdf"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        put(path, code="c")
    assert caught.value.exit_code == ExitCode.INPUT
    assert owner.identifier not in str(caught.value)
    assert not kho.find(owner.identifier, status="any")
    assert not list((kho.folder / "incoming").iterdir())
    assert not store.papers()


def test_a_truncated_pdf_is_refused(put, pdf) -> None:
    whole = pdf("a", padding=5000)
    whole.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(NotAPdf):
        put(whole)


def test_a_pdf_under_a_password_is_refused(put, tmp_path) -> None:
    path = tmp_path / "locked.pdf"
    with pikepdf.new() as new:
        new.add_blank_page()
        new.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(ProtectedPdf):
        put(path)


@pytest.mark.parametrize("name", ["not-there.pdf", "."])
def test_a_file_that_cannot_be_read_is_named(put, tmp_path, name) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        put(tmp_path / name)


def test_a_paper_of_nobody_is_refused(put, pdf) -> None:
    with pytest.raises(OwnerMissing):
        put(pdf("a"), owner=Owner("  "))


def test_a_number_typed_with_spaces_is_the_same_owner(kho, put, pdf, owner) -> None:
    record = put(pdf("a"), owner=Owner("001 087 000 084"))
    assert record.owner == Owner(owner.identifier)
    assert kho.find(" 001087000084 ") == [record]


def test_a_disk_that_forgets_what_was_written_is_not_trusted(
    kho, put, pdf, owner, monkeypatch, store, damaged
) -> None:
    def forgetful(blobs, path, data):
        whole(blobs, path, damaged(data) if path.endswith("paper.pdf") else data)

    whole = Blobs.put
    monkeypatch.setattr(Blobs, "put", forgetful)
    with pytest.raises(DiskUnsound) as caught:
        put(pdf("a"))
    assert caught.value.exit_code == ExitCode.WAREHOUSE
    assert not kho.find(owner.identifier)
    assert not store.papers()


def test_find_tells_types_days_and_states_apart(kho, put, pdf, owner, clerk) -> None:
    lasting = put(pdf("a"))
    until = put(pdf("b"), paper_type="quyet-dinh", valid_until=date(2027, 1, 31))
    revoked = kho.revoke(put(pdf("c")).id, "cấp sai", clerk)
    find = kho.find
    assert {r.id for r in find(owner.identifier)} == {lasting.id, until.id}
    assert find(owner.identifier, "quyet-dinh", on=date(2027, 1, 31)) == [until]
    assert find(owner.identifier, "quyet-dinh", on=date(2027, 2, 1)) == []
    (expired,) = find(owner.identifier, on=date(2027, 2, 1), status="expired")
    assert (expired.id, expired.status) == (until.id, "expired")
    assert find(owner.identifier, status="revoked") == [revoked]
    assert len(find(owner.identifier, status="any")) == 3
    assert find("079199000012") == []


def test_an_unknown_code_is_not_echoed_with_the_number_in_it(kho) -> None:
    with pytest.raises(RecordNotFound) as caught:
        kho.get("001087000084.KQ.G15.000031.000009")
    assert caught.value.exit_code == ExitCode.INPUT
    assert "001087000084" not in str(caught.value)
    with pytest.raises(RecordNotFound):
        kho.versions("01JD0000000000000000000000")


def test_a_record_printed_into_a_log_hides_its_owner(put, pdf, owner) -> None:
    record = put(
        pdf("a"),
        code=f"{owner.identifier}.KQ.1",
        number=owner.identifier,
        fields={"so_dinh_danh": owner.identifier},
    )
    assert record.id in repr(record)
    assert owner.identifier not in repr(record)


def test_an_id_may_be_typed_in_small_letters(kho, put, pdf) -> None:
    record = put(pdf("a"))
    assert kho.get(f" {record.id.lower()} ") == record


def test_a_large_paper_does_not_pass_through_memory_whole(kho, put, pdf, tmp_path) -> None:
    paper = pdf("large", padding=5 << 20)
    record = put(paper)
    kho.copy_out(record, tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == paper.read_bytes()
    assert (tmp_path / "out.pdf").stat().st_mode & 0o777 == 0o600
