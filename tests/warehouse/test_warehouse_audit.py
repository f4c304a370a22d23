import hashlib
import json

import pytest
from sqlalchemy.exc import IntegrityError

from warehouse import RecordConflict, open_warehouse
from warehouse.errors import CatalogueDamaged, EmptyFile
from warehouse.grounds import Basis


@pytest.fixture
def told(folder, kho, put, pdf, clerk, tmp_path):
    """A warehouse with six entries: three deposits, a revocation, a release, a refusal."""
    first = put(pdf("a"), number="1")
    second = put(pdf("b"))
    put(pdf("c"))
    kho.revoke(second.id, "cấp sai", clerk)
    kho.reuse(first.id, procedure="1.1", reason="thường trú", actor=clerk, out=tmp_path / "o")
    with pytest.raises(RecordConflict):
        put(pdf("d"), number="1", code="d")
    return kho


@pytest.fixture
def tamper(store):
    """Do what someone with the catalogue in hand can, the triggers out of the way."""

    def change(*statements) -> None:
        store.allow_changes()
        store.sql(*statements)

    return change


def of_the_chain(kho):
    return [fault for fault in kho.account.verify().faults if fault.cause.startswith("audit-")]


@pytest.fixture
def rows(store):
    return lambda: store.rows("SELECT seq, record_id, entry, hash FROM audit ORDER BY seq")


def test_everything_that_happened_is_told_in_order(told, rows, tamper) -> None:
    report = told.account.verify()
    assert (report.entries, report.ok) == (6, True)
    entries = [json.loads(entry) for _seq, _record, entry, _hash in rows()]
    actions = ["deposit", "deposit", "deposit", "revoke", "release", "refusal"]
    assert [entry["action"] for entry in entries] == actions
    assert entries[5]["details"]["cause"] == "record-conflict"
    assert all(entry["at"].endswith("Z") for entry in entries)
    assert len({entry["id"] for entry in entries}) == 6
    assert entries[0]["actor"] == {"name": "Trần Thị Bình", "office": "H99.01", "role": "clerk"}


@pytest.mark.parametrize("change", ["UPDATE audit SET entry = '{}'", "DELETE FROM audit"])
def test_rows_can_neither_be_changed_nor_deleted_by_mistake(told, store, change) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        store.sql(change)


@pytest.mark.parametrize(
    ("statements", "cause", "where"),
    [
        (["UPDATE audit SET entry = replace(entry, 'sai', 'cũ') WHERE seq = 4"], "altered", "4"),
        (["UPDATE audit SET record_id = 'X' WHERE seq = 5"], "altered", "5"),
        (["UPDATE audit SET hash = 'not a hash' WHERE seq = 6"], "altered", "6"),
        (["UPDATE audit SET entry = 'no json' WHERE seq = 3"], "altered", "3"),
        (["DELETE FROM audit WHERE seq = 1"], "missing", "2"),
        (["DELETE FROM audit WHERE seq = 4"], "missing", "5"),
        (["DELETE FROM audit WHERE seq = 6"], "cut", "5"),
        (["DELETE FROM audit"], "cut", "0"),
        (["DELETE FROM audit_head"], "cut", "6"),
        (["UPDATE audit_head SET hash = 'x'"], "altered", "6"),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            ],
            "altered",
            "2",
        ),
    ],
)
def test_tampering_is_found_and_named(told, tamper, statements, cause, where) -> None:
    tamper(*statements)
    report = told.account.verify()
    first = report.faults[0]
    assert (first.cause, first.where) == (f"audit-{cause}", where)
    assert where in str(first)
    assert not told.check().ok


def test_an_entry_rewritten_with_its_own_hash_breaks_the_next(told, rows, tamper) -> None:
    (_, _, _, previous), (_, _, entry, _) = rows()[2:4]
    forged = entry.replace("sai", "cũ")
    digest = hashlib.sha256((previous + forged).encode()).hexdigest()
    tamper(f"UPDATE audit SET entry = '{forged}' WHERE seq = 4")  # noqa: S608
    tamper(f"UPDATE audit SET hash = '{digest}' WHERE seq = 4")  # noqa: S608
    assert [fault.where for fault in of_the_chain(told)] == ["5"]


def test_entries_cut_off_stay_found_when_the_account_goes_on(told, tamper, put, pdf) -> None:
    tamper("DELETE FROM audit WHERE seq = 6")
    put(pdf("e"))
    assert [fault.cause for fault in of_the_chain(told)] == ["audit-missing"]


def test_a_catalogue_without_its_audit_head_takes_nothing_in(told, tamper, put, pdf) -> None:
    tamper("DELETE FROM audit_head")
    with pytest.raises(CatalogueDamaged):
        put(pdf("e"))


def test_a_record_changed_behind_the_audits_back_is_found(told, rows, tamper) -> None:
    tamper("UPDATE records SET status = 'active' WHERE status = 'revoked'")
    causes = sorted(fault.cause for fault in told.check().faults)
    assert causes == ["record-differs", "record-unaudited"]


def test_a_record_removed_from_the_catalogue_is_found(told, rows, tamper) -> None:
    tamper("DELETE FROM records WHERE status = 'revoked'")
    assert [fault.cause for fault in told.check().faults] == ["record-unaudited"]


def test_no_personal_number_stands_in_the_audit(kho, put, pdf, clerk, rows, tmp_path, owner):
    record = put(pdf("a"), code=f"{owner.identifier}.KQ.000001")
    out, why = tmp_path / "o", f"theo đơn của {owner.identifier}"
    kho.reuse(record.code, procedure="1.1", reason=why, actor=clerk, out=out)
    kho.revoke(record.code, why, clerk)
    nothing = tmp_path / f"{owner.identifier}.pdf"
    nothing.touch()
    with pytest.raises(EmptyFile):
        put(nothing, code="c")
    entries = [entry for _seq, _record, entry, _hash in rows()]
    assert not any(owner.identifier in entry for entry in entries)
    pseudonyms = {json.loads(entry)["owner"] for entry in entries}
    assert len(pseudonyms) == 1
    assert kho.account.verify().ok


def test_an_owner_goes_by_another_pseudonym_in_another_warehouse(new_folder, pdf, clerk, owner):
    names = set()
    for name in ("a", "b"):
        with open_warehouse(new_folder(name)) as kho:
            record = kho.deposit(
                pdf("x"), owner=owner, paper_type="k", type_code="K", title="K", code="c",
                actor=clerk, basis=Basis("law", "ket-qua"),
            )  # fmt: skip
            names.add(kho.history(record.id)[0].owner)
    assert len(names) == 2
