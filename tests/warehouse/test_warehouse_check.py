"""Every byte that is altered or lost is found, refused to readers, and healed from a copy."""

import shutil
from datetime import UTC, datetime, timedelta

import ocfl
import pytest

from foundation import ExitCode
from warehouse import DamagedObject, WarehouseUnreachable, open_warehouse
from warehouse.errors import NothingToRepairFrom
from warehouse.ocfl import object_path


def causes(report) -> set[tuple[str, str]]:
    return {(fault.cause, fault.where) for fault in (*report.faults, *report.audit.faults)}


def test_a_sound_warehouse_passes_and_is_counted(kho, put, pdf) -> None:
    sizes = [put(pdf(text), number="1", code=text, supersede=True).size for text in "abc"]
    report = kho.check()
    assert (report.ok, report.records, report.bytes) == (True, 3, sum(sizes))


def test_each_thing_wrong_is_named(kho, put, pdf, store) -> None:
    lost, damaged, locked, more = (put(pdf(text)) for text in "abcd")
    papers = {path.split("/")[3]: path for path in store.papers()}
    store.remove(papers[lost.id])
    store.write(papers[damaged.id], store.read(papers[damaged.id]) + b"\n")
    store.remove(*store.paths("sealed-keys", end=locked.id))
    store.write(f"{store.of(more)}/v1/content/more.txt", b"?")
    store.write("objects/stranger.txt", b"?")
    store.remove("journal/000000/002")
    assert causes(kho.check()) == {
        ("object-missing", lost.id),
        ("object-damaged", damaged.id),
        ("key-damaged", locked.id),
        ("object-unknown", f"{store.of(more)}/v1/content/more.txt"),
        ("object-unknown", "objects/stranger.txt"),
        ("journal-damaged", "2"),
    }


def test_an_object_no_record_knows_is_reported_but_never_deleted(kho, put, pdf, folder, store):
    put(pdf("a"))
    stranger = object_path("01JD0000000000000000000000")
    store.write(f"{stranger}/inventory.json", b"perhaps the only copy there is")
    with open_warehouse(folder) as again:
        again.recover()
        assert [fault.where for fault in again.check().faults] == [stranger]
    assert store.paths(stranger)


def test_a_record_whose_row_was_changed_is_found(kho, put, pdf, store) -> None:
    record = put(pdf("a"))
    store.sql("UPDATE records SET title = 'Sổ đỏ'")
    assert causes(kho.check()) == {("record-differs", record.id)}


def test_a_check_goes_on_where_the_last_one_stopped(kho, put, pdf) -> None:
    for text in "abcde":
        put(pdf(text))
    first, second, third = (kho.check(limit=2) for _turn in range(3))
    assert [report.records for report in (first, second, third)] == [2, 2, 1]
    assert [report.whole for report in (first, second, third)] == [False, False, True]
    hour = datetime.now(UTC) - timedelta(hours=1)
    assert kho.check(not_since=hour).records == 0  # a whole one has just ended
    assert kho.check(not_since=datetime.now(UTC)).records == 5


@pytest.mark.on_disk
def test_the_objects_are_a_valid_ocfl_storage_root(kho, put, pdf, clerk, folder) -> None:
    first = put(pdf("a"), number="1", masters=[pdf("master")])
    put(pdf("b"), number="1", code="b", supersede=True)
    kho.revoke(first.id, "cấp sai", clerk)
    kho.erase(put(pdf("c")).id, "yêu cầu", clerk)
    root = ocfl.StorageRoot(root=str(folder / "objects"))
    assert root.validate(log_warnings=False), root.errors
    assert (root.num_objects, root.good_objects) == (2, 2)


@pytest.fixture
def replica(folder, tmp_path, store):
    """Copy the store elsewhere, as the office's nightly job does."""

    def copy():
        target = tmp_path / "replica"
        for path in store.paths(""):
            if path.split("/")[0] in ("objects", "sealed-keys", "erased", "journal"):
                file = target / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(store.read(path))
        return str(target)

    return copy


def test_any_byte_of_any_object_flipped_is_refused_found_and_healed(
    kho, put, pdf, store, clerk, replica
) -> None:
    record = put(pdf("a", padding=300), number="1")
    kho.revoke(record.id, "cấp sai", clerk)
    record, copy = kho.get(record.id), replica()
    key = store.paths("sealed-keys", end=record.id)
    every = store.paths(store.of(record))
    assert len(every) == 10  # three at the top, two of each version, a paper and two records
    for turn, path in enumerate([*every, *key]):
        whole = store.read(path)
        at = (turn * 7919) % len(whole)
        store.write(path, whole[:at] + bytes([whole[at] ^ 1 << turn % 8]) + whole[at + 1 :])
        if not path.endswith("record.json"):
            with pytest.raises(DamagedObject):
                kho.read(record)
        assert [fault.where for fault in kho.check().faults] == [record.id], path
        report = kho.repair(copy)
        assert report.faults == (), path
        assert len(report.mended) == 1
        assert path in key or store.read(path) == whole
    assert kho.read(record) == pdf("a", padding=300).read_bytes()


def test_what_was_lost_comes_back_from_a_copy_but_not_what_was_erased(
    kho, put, pdf, store, clerk, replica
) -> None:
    lost, erased = put(pdf("a")), put(pdf("b"))
    copy = replica()
    kho.erase(erased.id, "yêu cầu của chủ", clerk)
    store.remove(*store.paths(store.of(lost)), *store.paths("sealed-keys", end=lost.id))
    store.remove("journal/000000/001")
    assert not kho.check().ok
    assert kho.repair(copy).faults == ()
    assert kho.read(lost) == pdf("a").read_bytes()
    assert not store.paths("sealed-keys", end=erased.id)


def test_a_copy_that_is_none_is_refused(kho, tmp_path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NothingToRepairFrom) as caught:
        kho.repair(str(tmp_path / "nothing"))
    assert caught.value.exit_code == ExitCode.WAREHOUSE


@pytest.mark.on_disk
def test_objects_that_are_not_mounted_are_asked_for(folder, put, pdf, kho) -> None:
    put(pdf("a"))
    shutil.move(folder / "objects", folder.parent / "elsewhere")
    with pytest.raises(WarehouseUnreachable, match="mounted"), open_warehouse(folder):
        pass
