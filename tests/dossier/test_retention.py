"""Scans are dropped by rule, after the store gave the document back, and it can be proven."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from dossier import retention
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Document, Plan, Work
from dossier.lot_checks import Entry, enter_check
from dossier.lot_values import Decision
from dossier.lots import close_lot, decide
from dossier.retention import KIND, drop_masters
from profiles import load_office
from tests.dossier.backlog_made import HANH, typed, walk
from tests.dossier.backlog_made import planned as planned_in
from warehouse import Actor, Warehouse, open_warehouse
from warehouse.grounds import Basis
from warehouse.receipts import check, known_keys

BOSS = Actor("Vũ Minh Châu", "supervisor", "UBND xã Hòa An")
RULE = "Quy chế số hóa của tỉnh, Điều 12"
MASTERS = f'[masters]\nafter = "drop"\ndays = 0\nrule = "{RULE}"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office whose decisions' scans are dropped at once."""
    shipped = Path("profiles/papers/quyet-dinh.toml").read_text(encoding="utf-8")
    head, bracket, tables = shipped.partition("\n[")
    own = tmp_path / "profiles" / "papers" / "quyet-dinh.toml"
    own.parent.mkdir(parents=True)
    own.write_text(f"{head}\n{MASTERS}{bracket}{tables}", encoding="utf-8")
    monkeypatch.setenv("SOHOA_PROFILES", str(tmp_path / "profiles"))
    return tmp_path


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(LedgerPlace(home / "batch"), create=True) as opened:
        yield opened


@pytest.fixture
def store(home: Path) -> Iterator[Warehouse]:
    with open_warehouse(home / "store") as opened:
        yield opened


def stored(ledger: Ledger, store: Warehouse, home: Path, count: int = 2) -> list[Document]:
    """Documents of an accepted lot in the store; each was scanned as a file of two sheets."""
    documents = planned_in(ledger, "A", count)
    for number, document in enumerate(documents):
        folder = home / "scans" / str(number)
        folder.mkdir(parents=True)
        for sheet in ("1.jpg", "2.jpg"):
            (folder / sheet).write_bytes(f"{number} {sheet}".encode())
        ledger.note(document, {"source": str(folder)})
    walk(ledger, list(ledger.documents("planned")))
    office = load_office("office")
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    for one in lot.drawn:
        enter_check(ledger, office, "A", Entry(one, typed(ledger.document(one))), BOSS)
    decide(ledger, office, store.account, "A", Decision("accepted"), BOSS)
    for document in list(ledger.documents("signed")):
        put_in_store(ledger, store, document, home)
    return list(ledger.documents())


def put_in_store(ledger: Ledger, store: Warehouse, document: Document, home: Path) -> None:
    file = home / f"{document.id}.pdf"
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 300))
    pdf.docinfo["/Title"] = document.id
    pdf.save(file)
    record = store.deposit(
        file, owner=document.plan.owner, paper_type="quyet-dinh", type_code="QD",
        title="Quyết định", code=document.id, actor=BOSS, basis=Basis("law", "ket-qua", "NĐ 45"),
    )  # fmt: skip
    ledger.move(document, "deposited", Work(), HANH, changes={"record_id": record.id})


def scans(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home / "scans")) for path in (home / "scans").rglob("*.jpg"))


def test_scans_go_by_rule_and_a_signed_list_in_the_audit_proves_what_went(
    ledger: Ledger, store: Warehouse, home: Path
) -> None:
    documents = stored(ledger, store, home)
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in home.rglob("*.jpg")}
    dry = drop_masters(ledger, store, BOSS, dry_run=True)
    assert (dry.documents, dry.files, dry.statements) == (2, 4, ())
    assert len(scans(home)) == 4

    done = drop_masters(ledger, store, BOSS)
    assert (done.documents, done.files) == (2, 4)
    assert not (home / "scans" / "0").exists()
    (statement,) = done.statements
    receipt = check(statement, known_keys(home / "store"), KIND)
    assert receipt.known
    listed = receipt.said["documents"]
    assert {one["sha256"] for document in listed for one in document["files"]} == digests
    assert {one["document"] for one in listed} == {one.id for one in documents}
    assert {one["rule"] for one in listed} == {RULE}
    (event,) = store.account.entries(KIND)
    assert event.details["sha256"] == hashlib.sha256(statement.encode()).hexdigest()
    assert store.account.verify().ok
    assert str(home) not in statement  # names of files may be names of people

    again = drop_masters(ledger, store, BOSS)
    assert (again.documents, again.kept, again.statements) == (0, {}, ())


def test_scans_stay_while_anything_about_their_document_is_not_settled(
    ledger: Ledger, store: Warehouse, home: Path
) -> None:
    documents = stored(ledger, store, home, count=3)
    first, second, third = documents
    store.erase(first.record_id, "thử", BOSS)  # the store cannot give it back
    ledger.note(second, {"sha256": "0" * 64})  # it is not what was accepted
    late = Plan(home / "scans" / "late", "quyet-dinh", "B")
    ledger.plan([late, replace(late, source=home / "scans" / "other", paper="khai-sinh")], HANH)
    (home / "scans" / "2" / "1.jpg").unlink()
    (home / "scans" / "2" / "2.jpg").unlink()
    assert third.state == "deposited"
    found = drop_masters(ledger, store, BOSS)
    assert found.kept == {
        "not-intact": 1, "not-accepted": 1, "gone": 1, "not-deposited": 1, "profile-keeps": 1,
    }  # fmt: skip
    assert found.documents == 0
    assert len(scans(home)) == 4


def test_who_is_killed_after_the_announcement_goes_on_from_it_and_spares_what_changed(
    ledger: Ledger, store: Warehouse, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(ledger, store, home)
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_finish", killed_after_first_call())
        with pytest.raises(KeyboardInterrupt):
            drop_masters(ledger, store, BOSS)
    assert len(scans(home)) == 4
    (home / "scans" / "1" / "2.jpg").write_bytes(b"scanned anew, under an old name")
    done = drop_masters(ledger, store, BOSS)
    assert done.documents == 0  # nothing is announced twice
    assert scans(home) == ["1/2.jpg"]
    assert len(list(store.account.entries(KIND))) == 1


def killed_after_first_call() -> object:
    calls = []

    def finish(_ledger: Ledger) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    return finish
