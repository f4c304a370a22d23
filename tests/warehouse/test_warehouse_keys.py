"""Encryption, the office's key, erasure that lasts, and rotation."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation import ExitCode
from warehouse import WarehouseUnreachable, open_warehouse
from warehouse.cipher import Unauthentic, decrypt_bytes, encrypt_bytes
from warehouse.errors import KeyDamaged, KeyMissing, NotReusable, RecordErased

KEY = bytes(range(32))


@settings(max_examples=30, deadline=None)
@given(plain=st.binary(max_size=3000), at=st.integers(0), bit=st.integers(0, 7))
def test_what_was_encrypted_comes_back_and_nothing_else_does(plain, at, bit) -> None:
    sealed = encrypt_bytes(KEY, "record/path", plain)
    assert decrypt_bytes(KEY, "record/path", sealed) == plain
    at %= len(sealed)
    forged = sealed[:at] + bytes([sealed[at] ^ 1 << bit]) + sealed[at + 1 :]
    for key, name, bad in (
        (KEY, "record/path", forged),
        (KEY, "record/path", sealed[:at]),
        (KEY, "record/path", sealed + b"?"),
        (KEY, "record/other", sealed),
        (bytes(32), "record/path", sealed),
    ):
        with pytest.raises(Unauthentic):
            decrypt_bytes(key, name, bad)


def test_chunks_of_a_large_file_can_be_neither_swapped_nor_dropped() -> None:
    plain, head, size = bytes(3 << 20), 24, (1 << 20) + 16
    sealed = encrypt_bytes(KEY, "n", plain)
    assert decrypt_bytes(KEY, "n", sealed) == plain
    first, second = sealed[head : head + size], sealed[head + size : head + 2 * size]
    rest = sealed[head + 2 * size :]
    for forged in (second + first + rest, first + rest, first + second):
        with pytest.raises(Unauthentic):
            decrypt_bytes(KEY, "n", sealed[:head] + forged)


def test_nothing_of_a_paper_can_be_read_in_the_store(put, pdf, owner, store) -> None:
    put(pdf("bí mật"), number="12/2020", fields={"so_dinh_danh": owner.identifier})
    for path in store.paths(""):
        data = store.read(path)
        if not path.startswith(("catalogue", "keys/", "warehouse")):
            for words in (b"%PDF", "bí mật".encode(), owner.identifier.encode(), b"12/2020"):
                assert words not in data, path


def test_an_erased_record_is_gone_for_good_and_said_to_be(
    kho, put, pdf, clerk, owner, store, tmp_path
) -> None:
    first = put(pdf("a"), number="1", fields={"ho_ten": "Nguyễn Văn An"})
    put(pdf("b"), number="1", code="b", supersede=True)
    erased = kho.erase(first.id, " theo yêu cầu của chủ sở hữu ", clerk)
    assert [one.status for one in erased] == ["erased", "erased"]
    assert kho.find(owner.identifier, status="any") == []
    tombstone = kho.get(first.id)
    assert (tombstone.owner.identifier, tombstone.fields, tombstone.number) == ("", {}, "")
    assert tombstone.status_reason == "theo yêu cầu của chủ sở hữu"
    for attempt in (
        lambda: kho.read(tombstone),
        lambda: kho.reuse(
            first.id, procedure="1", reason="?", actor=clerk, out=tmp_path / "out.pdf"
        ),
        lambda: kho.erase(first.id, "lần nữa", clerk),
    ):
        with pytest.raises(RecordErased) as caught:
            attempt()
        assert isinstance(caught.value, NotReusable)
        assert caught.value.exit_code == ExitCode.NOT_ALLOWED
    assert not store.paths("sealed-keys", end=first.id)
    assert [event.action for event in kho.history(first.id)].count("erase") == 2
    assert put(pdf("a"), number="1", code="again").id != first.id  # it may be handed in anew
    assert kho.check().ok


@pytest.mark.on_disk
def test_a_backup_put_back_does_not_bring_an_erased_record_back(
    folder, kho, put, pdf, clerk, tmp_path
) -> None:
    record = put(pdf("a"))
    for name in ("objects", "sealed-keys"):
        shutil.copytree(folder / name, tmp_path / "backup" / name)
    kho.erase(record.id, "theo yêu cầu", clerk)
    for name in ("objects", "sealed-keys"):
        shutil.rmtree(folder / name)
        shutil.copytree(tmp_path / "backup" / name, folder / name)
    with pytest.raises(RecordErased):
        kho.read(record)
    assert kho.recover() == 1
    assert not list((folder / "sealed-keys").rglob(record.id))
    assert kho.check().ok


@pytest.mark.on_disk
def test_after_a_rotation_an_older_copy_of_everything_opens_nothing_erased(
    folder, kho, put, pdf, clerk, tmp_path
) -> None:
    record, kept = put(pdf("a")), put(pdf("b"))
    wrapped = next((folder / "sealed-keys").rglob(record.id))
    copy = wrapped.read_bytes()
    kho.erase(record.id, "theo yêu cầu", clerk)
    assert kho.rotate_key(clerk) == 2  # the record's that is left, and the journal's
    shutil.rmtree(folder / "erased")  # the register itself from an older backup, too
    wrapped.write_bytes(copy)
    with open_warehouse(folder) as again:
        with pytest.raises(KeyDamaged):
            again.read(record)
        assert again.read(kept) == pdf("b").read_bytes()


def test_a_rotation_leaves_every_paper_readable(kho, put, pdf, clerk, folder, store) -> None:
    records = [put(pdf(text)) for text in "abc"]
    before = {path: store.read(path) for path in store.paths("sealed-keys")}
    keys = set((folder / "keys").glob("*.key"))
    assert kho.rotate_key(clerk) == 4
    assert all(store.read(path) != data for path, data in before.items())
    assert set((folder / "keys").glob("*.key")) != keys
    assert len(set((folder / "keys").glob("*.key"))) == len(keys)  # the old one is destroyed
    for record, text in zip(records, "abc", strict=True):
        assert kho.read(record) == pdf(text).read_bytes()
    assert kho.check().ok


def test_a_rotation_cut_short_is_gone_on_with(kho, put, pdf, clerk, folder, monkeypatch) -> None:
    from warehouse.keys import Keys

    records = [put(pdf(text)) for text in "abcd"]
    left = [2]

    def failing(keys, made):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(5, "I/O")
        whole(keys, made)

    whole = Keys._store
    with monkeypatch.context() as patch:
        patch.setattr(Keys, "_store", failing)
        with pytest.raises(WarehouseUnreachable):
            kho.rotate_key(clerk)
    for record, text in zip(records, "abcd", strict=True):
        assert kho.read(record) == pdf(text).read_bytes()
    with open_warehouse(folder) as again:
        assert again.rotate_key(clerk) == 3  # of five, two were done
        assert again.rotate_key(clerk) == 5  # a new rotation
        assert again.check().ok


@pytest.mark.parametrize("name", ["pseudonym.key", "office"])
def test_a_lost_key_is_asked_for_by_name(folder, put, pdf, kho, name) -> None:
    put(pdf("a"))
    (folder / "keys" / name).unlink()
    with pytest.raises(KeyMissing, match=name), open_warehouse(folder):
        pass
