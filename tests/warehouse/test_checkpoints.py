"""Whatever is done to the audit behind sohoa's back is found; an owner's excerpt proves itself."""

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import Actor, Owner, open_warehouse
from warehouse.account import verify_excerpt
from warehouse.checkpoints import RUN
from warehouse.grounds import Agreement, Basis, Evidence, Told
from warehouse.merkle import grown, leaf_hash, path_to, peaks_of, root_by, root_of
from warehouse.receipts import ReceiptInvalid, known_keys

CLERK = Actor("Trần Thị Bình", "clerk", "H99.01")
AN, BA = Owner("001087000084"), Owner("001187000085")
LAW = Basis("law", "ket-qua", "NĐ 45/2020/NĐ-CP Điều 16")
HEARD = Evidence("witness", "Trần Thị Bình")


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Path:
    """A warehouse with some more entries than one checkpoint covers, of two owners."""
    base = tmp_path_factory.mktemp("told")
    with open_warehouse(base / "kho") as kho:
        for number, owner in enumerate((AN, BA, AN)):
            path = base / f"{number}.pdf"
            with pikepdf.new() as new:
                new.add_blank_page()
                new.Root.Number = number
                new.save(path)
            record = kho.deposit(
                path, owner=owner, paper_type="khai-sinh", type_code="KQ.1", title="Giấy khai sinh",
                code=str(number), actor=CLERK, basis=LAW,
            )  # fmt: skip
        asked = Agreement(AN, ("ket-hon",), Told("n", "vi", "0" * 64), HEARD, "UBND")
        kho.consents.withdraw(kho.consents.grant(asked, CLERK).id, CLERK, HEARD)
        for number in range(RUN):
            owner = (AN, BA)[number % 2]
            kho.account.note("look-up", owner.identifier, CLERK, {"found": str(number)})
        kho.reuse(record.id, procedure="1.1", reason="r", actor=CLERK, out=base / "out.pdf")
        assert kho.account.verify().checkpoints == 2
        assert kho.account.verify().ok
    return base / "kho"


@pytest.fixture
def copy(told, tmp_path) -> Path:
    return Path(shutil.copytree(told, tmp_path / "kho"))


def run_sql(folder: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    """What somebody with the file in hand can do, the triggers out of the way."""
    with closing(sqlite3.connect(folder / "catalogue.sqlite")) as db:
        db.execute("DROP TRIGGER IF EXISTS audit_no_update")
        db.execute("DROP TRIGGER IF EXISTS audit_no_delete")
        for statement in statements:
            db.execute(statement, values)
        db.commit()


def ask(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "catalogue.sqlite")) as db:
        return db.execute(query).fetchall()


def faults(folder: Path, **options: object) -> list[str]:
    with open_warehouse(folder) as kho:
        return [fault.cause for fault in kho.account.verify(**options).faults]


FIELDS = {
    "audit": ("seq", "record_id", "entry", "hash"),
    "audit_head": ("seq", "hash"),
    "audit_owners": ("owner", "number", "seq"),
    "checkpoints": ("number", "first", "last", "statement", "peaks"),
    "releases": ("receipt",),
    "consents": ("receipt", "withdrawal"),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_field_of_any_row_that_was_altered_is_found(told, data, tmp_path_factory) -> None:
    table = data.draw(st.sampled_from(sorted(FIELDS)))
    field = data.draw(st.sampled_from(FIELDS[table]))
    kept = f"SELECT rowid, {field} FROM {table} WHERE {field} <> ''"
    rowid, value = data.draw(st.sampled_from(ask(told, kept)))
    if isinstance(value, int):
        changed: object = value + data.draw(st.integers(1000, 9000))
    else:
        place = data.draw(st.integers(0, len(value) - 2))  # base64's last may hold unused bits
        letter = data.draw(st.sampled_from("abcdef0123456789").filter(lambda c: c != value[place]))
        changed = value[:place] + letter + value[place + 1 :]
    folder = Path(shutil.copytree(told, tmp_path_factory.mktemp("altered") / "kho"))
    update = f"UPDATE {table} SET {field} = ? WHERE rowid = ?"
    run_sql(folder, update, values=(changed, rowid))
    assert faults(folder), (table, field, rowid)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_row_that_was_deleted_is_found(told, data, tmp_path_factory) -> None:
    table = data.draw(st.sampled_from(["audit", "audit_head", "audit_owners", "checkpoints"]))
    rowid = data.draw(st.sampled_from([row for (row,) in ask(told, f"SELECT rowid FROM {table}")]))
    folder = Path(shutil.copytree(told, tmp_path_factory.mktemp("deleted") / "kho"))
    run_sql(folder, f"DELETE FROM {table} WHERE rowid = ?", values=(rowid,))
    assert faults(folder), (table, rowid)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_two_rows_that_changed_places_are_found(told, data, tmp_path_factory) -> None:
    last = ask(told, "SELECT max(seq) FROM audit")[0][0]
    one, other = data.draw(
        st.lists(st.integers(1, last), min_size=2, max_size=2, unique=True), label="rows"
    )
    folder = Path(shutil.copytree(told, tmp_path_factory.mktemp("swapped") / "kho"))
    run_sql(
        folder,
        f"UPDATE audit SET seq = 0 WHERE seq = {one}",
        f"UPDATE audit SET seq = {one} WHERE seq = {other}",
        f"UPDATE audit SET seq = {other} WHERE seq = 0",
    )
    assert faults(folder), (one, other)


@pytest.mark.parametrize("left", [1, 5, RUN - 1, RUN, RUN + 1, RUN + 4])
def test_an_end_cut_off_with_its_head_put_right_is_found(copy, left) -> None:
    run_sql(
        copy,
        f"DELETE FROM audit WHERE seq > {left}",
        f"DELETE FROM audit_owners WHERE seq > {left}",
        "UPDATE audit_head SET seq = (SELECT max(seq) FROM audit),"
        " hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)",
    )
    assert "checkpoint-differs" in faults(copy)
    run_sql(copy, f"DELETE FROM checkpoints WHERE last > {left}")
    assert faults(copy)


def test_the_whole_put_back_to_an_earlier_day_is_shown_by_what_is_kept_elsewhere(copy) -> None:
    with open_warehouse(copy) as kho:
        checkpoint = kho.account.checkpoint(None)
        (receipt,) = ask(copy, "SELECT receipt FROM releases")[0]
        assert kho.account.verify(witnesses=(checkpoint, str(receipt))).ok
    run_sql(
        copy,
        f"DELETE FROM audit WHERE seq > {RUN}",
        f"DELETE FROM audit_owners WHERE seq > {RUN}",
        f"DELETE FROM checkpoints WHERE last > {RUN}",
        "DELETE FROM releases",
        "UPDATE audit_head SET seq = (SELECT max(seq) FROM audit),"
        " hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)",
    )
    assert faults(copy) == []  # nothing in the warehouse itself can show it
    assert faults(copy, witnesses=(checkpoint, receipt)) == ["receipt-untold", "receipt-untold"]


def test_an_entry_added_without_the_key_is_found(copy) -> None:
    run_sql(copy, "INSERT INTO audit SELECT seq + 1, record_id, entry, hash FROM audit"
            " WHERE seq = (SELECT max(seq) FROM audit)")  # fmt: skip
    assert "audit-unsigned" in faults(copy)


def test_a_history_rewritten_whole_under_a_key_of_ones_own_is_foreign(copy, tmp_path) -> None:
    with open_warehouse(copy) as kho:
        good = known_keys(copy)
        assert kho.account.verify(good).ok
    shutil.rmtree(copy / "keys" / "receipts")
    (copy / "keys" / "receipts.key").unlink()
    with open_warehouse(copy) as kho:
        kho.account.note("look-up", AN.identifier, CLERK, {})
        assert "checkpoint-foreign" in [one.cause for one in kho.account.verify(good).faults]
        assert "checkpoint-foreign" in [one.cause for one in kho.account.verify().faults]


def test_the_account_of_an_owner_is_theirs_alone_and_numbered_without_gaps(copy) -> None:
    with open_warehouse(copy) as kho:
        events = kho.account.of(AN.identifier, CLERK)
    assert [event.owner_number for event in events] == list(range(1, len(events) + 1))
    assert {event.owner for event in events} == {events[0].owner}
    assert [event.action for event in events][-1] == "account"
    assert {"deposit", "consent", "withdrawal", "look-up", "release"} <= {e.action for e in events}


@pytest.fixture(scope="module")
def excerpt(told, tmp_path_factory):
    folder = Path(shutil.copytree(told, tmp_path_factory.mktemp("excerpt") / "kho"))
    with open_warehouse(folder) as kho:
        return kho.account.excerpt(AN.identifier, CLERK), known_keys(folder)


def test_an_excerpt_proves_itself_and_shows_nobody_else(excerpt) -> None:
    data, keys = excerpt
    text = json.dumps(data)
    report = verify_excerpt(text, keys)
    assert report.ok
    assert len({event.owner for event in report.entries}) == 1
    assert AN.identifier not in text
    assert {event.seq for event in report.entries} > {1, 3}
    assert 2 not in {event.seq for event in report.entries}  # another owner's
    assert not verify_excerpt(text, {}).known


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_excerpt_that_was_changed_anywhere_does_not_hold(excerpt, data) -> None:
    content, keys = excerpt
    forged = json.loads(json.dumps(content))
    number = data.draw(st.integers(0, len(forged["entries"]) - 1))
    one = forged["entries"][number]
    match data.draw(st.sampled_from(["entry", "path", "drop", "swap", "checkpoint"])):
        case "entry":
            one["entry"] = one["entry"].replace("Trần Thị Bình", "Lê Thị Cúc")
        case "path":
            one["path"][data.draw(st.integers(0, len(one["path"]) - 1))] = "0" * 64
        case "drop":
            del forged["entries"][number]
        case "swap":
            other = (number + 1) % len(forged["entries"])
            entries = forged["entries"]
            entries[number], entries[other] = entries[other], entries[number]
        case "checkpoint":
            one["checkpoint"] = "1" if one["checkpoint"] == "2" else "2"
    with suppress(ReceiptInvalid):
        assert not verify_excerpt(json.dumps(forged), keys).ok


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"format": "sohoa-audit-excerpt-1"}', "[" * 100_000]
)
def test_a_file_that_is_no_excerpt_is_refused(text) -> None:
    with pytest.raises(ReceiptInvalid):
        verify_excerpt(text, {})


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 70), data=st.data())
def test_every_leaf_of_a_tree_leads_to_its_root_and_no_other_leaf_does(count, data) -> None:
    leaves = [leaf_hash(str(number)) for number in range(count)]
    peaks = ()
    for leaf in leaves:
        peaks = grown(peaks, leaf)
    assert peaks == peaks_of(leaves)
    place = data.draw(st.integers(0, count - 1))
    path = path_to(place, leaves)
    assert root_by(place, count, leaves[place], path) == root_of(peaks)
    assert root_by(place, count, leaf_hash("x"), path) != root_of(peaks)
    with pytest.raises(ValueError, match="path"):
        root_by(place, count, leaves[place], [*path, leaves[0]])
    with pytest.raises(ValueError, match="leaf"):
        root_by(count, count, leaves[place], path)


def test_a_tree_is_that_of_certificate_transparency() -> None:
    """Roots of the trees over the eight leaves of RFC 6962's reference test vectors."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    leaves = [leaf_hash(bytes.fromhex(one).decode("latin-1")) for one in data]
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of(peaks_of(leaves)) == root
