import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import Actor, DamagedObject, Owner, open_warehouse
from warehouse.grounds import Basis


def stored(kho):
    return sorted((kho.folder / "objects").rglob("*.pdf"))


def test_a_sound_warehouse_passes_and_is_counted(kho, put, pdf) -> None:
    sizes = [put(pdf(text), number="1", code=text, supersede=True).size for text in "abc"]
    report = kho.check()
    assert (report.ok, report.records, report.bytes) == (True, 3, sum(sizes))


def test_each_thing_wrong_is_named(kho, put, pdf) -> None:
    lost, damaged = put(pdf("a")), put(pdf("b"))
    (path_of_lost,) = (p for p in stored(kho) if p.stem == lost.object_id)
    path_of_lost.unlink()
    (path_of_damaged,) = (p for p in stored(kho) if p.stem == damaged.object_id)
    path_of_damaged.write_bytes(path_of_damaged.read_bytes() + b"\n")
    (kho.folder / "objects" / "stranger.txt").write_text("?")
    found = {(fault.cause, fault.where) for fault in kho.check().faults}
    assert found == {
        ("object-missing", f"{lost.id} v1"),
        ("object-damaged", f"{damaged.id} v1"),
        ("object-unknown", "stranger.txt"),
    }


def test_an_object_no_record_knows_is_reported_but_never_deleted(kho, put, pdf, folder) -> None:
    put(pdf("a"))
    (path,) = stored(kho)
    stranger = path.with_name("01JD00000000000000000000" + path.stem[-2:] + ".pdf")
    stranger.write_bytes(b"perhaps the only copy there is")
    with open_warehouse(folder) as again:
        assert [f.where for f in again.check().faults] == [stranger.stem]
    assert stranger.exists()


@pytest.fixture(scope="module")
def one_paper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flip")
    with pikepdf.new() as new:
        new.add_blank_page()
        new.save(folder / "a.pdf")
    with open_warehouse(folder / "kho") as kho:
        record = kho.deposit(
            folder / "a.pdf",
            owner=Owner("001087000084"),
            paper_type="khai-sinh",
            type_code="KQ.1",
            title="Giấy khai sinh",
            code="c",
            actor=Actor("Trần Thị Bình", "clerk", "H99.01"),
            basis=Basis("law", "ket-qua"),
        )
        yield kho, record


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_bit_flipped_in_an_object_is_refused_and_found(one_paper, data) -> None:
    kho, record = one_paper
    (path,) = stored(kho)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    try:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
        with pytest.raises(DamagedObject):
            kho.read(record)
        assert [fault.cause for fault in kho.check().faults] == ["object-damaged"]
    finally:
        path.write_bytes(whole)
    assert kho.check().ok
