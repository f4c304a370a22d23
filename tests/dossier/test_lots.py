"""Lots: drawn from, checked by a second person, decided by somebody who did not make them."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from dossier.backlog_figures import backlog_figures
from dossier.conversation import Move
from dossier.identity import OddName, same_person
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Plan
from dossier.lot_checks import (
    Entry,
    ask_entry,
    asked_of,
    differing,
    enter_check,
    read_entries,
    unchecked,
)
from dossier.lot_errors import (
    BadEntries,
    InspectionStopped,
    LotChanged,
    LotFailed,
    LotUnfinished,
    NoSuchLot,
    NoSupervisor,
    NotDrawn,
    NothingToInspect,
    NotInSample,
    OtherFields,
    OwnLot,
    ReasonMissing,
    Uninspected,
)
from dossier.lot_schema import lot_checks
from dossier.lot_values import Decision, Lot
from dossier.lots import all_lots, close_lot, decide, may_deposit, waiting_lot
from dossier.retention import drop_masters
from dossier.sampling import draw, lot_digest, seed_of
from profiles import Office, Staff, load_office, load_paper
from tests.dossier.backlog_made import DUNG, HANH, planned, typed, walk
from warehouse import Actor, Warehouse, open_warehouse

BOSS = Actor("Vũ Minh Châu", "supervisor", "UBND xã Hòa An")
SECOND = Actor("Đỗ Lan", "clerk", "UBND xã Hòa An")
YES, NO, AGAIN = (
    Decision("accepted"),
    Decision("rejected", "Ảnh mờ"),
    Decision("rework", "Sai số định danh"),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger and a store with nothing in them, made once and copied."""
    folder = tmp_path_factory.mktemp("empty")
    with open_ledger(LedgerPlace(folder / "batch"), create=True), open_warehouse(folder / "store"):
        return folder


@pytest.fixture
def place(tmp_path: Path, empty: Path) -> LedgerPlace:
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    return LedgerPlace(tmp_path / "batch")


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with open_ledger(place) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, place: LedgerPlace) -> Iterator[Warehouse]:
    with open_warehouse(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def office() -> Office:
    return load_office("office")


def check_all(
    ledger: Ledger, office: Office, lot: Lot, wrong: int = 0, actor: Actor = SECOND
) -> None:
    """Have the whole sample checked; so many of it with another number than the ledger has."""
    for place, one in enumerate(lot.drawn):
        fields = typed(ledger.document(one))
        if place < wrong:
            fields["number"] = "999/QĐ-UBND"
        enter_check(ledger, office, lot.name, Entry(one, fields), actor)


def test_a_lot_is_in_the_store_only_after_somebody_else_accepted_it(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    walk(ledger, planned(ledger, "A", 20))
    assert not any(may_deposit(ledger, one) for one in ledger.documents(lot="A"))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    assert (lot.plan.letter, len(lot.drawn), lot.makers) == ("E", 13, ("Lò Thị Hạnh",))
    check_all(ledger, office, lot)
    assert not any(may_deposit(ledger, one) for one in ledger.documents(lot="A"))
    assert decide(ledger, office, store.account, "A", YES, BOSS).state == "accepted"
    assert all(may_deposit(ledger, one) for one in ledger.documents(lot="A"))
    # Not what was changed since, and not what came later under the same name.
    changed = replace(next(ledger.documents(lot="A")), sha256="0" * 64)
    assert not may_deposit(ledger, changed)


def test_closing_and_deciding_are_in_the_audit_and_the_sample_follows_from_it(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    walk(ledger, planned(ledger, "A", 20))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    check_all(ledger, office, lot)
    decide(ledger, office, store.account, "A", YES, BOSS)
    closed, accepted = store.account.entries("lot-closed", "lot-accepted")
    documents = {one.id: one.sha256 for one in ledger.documents(lot="A")}
    assert closed.details["sha256"] == lot_digest(documents)
    assert closed.details["makers"] == "Lò Thị Hạnh"
    again = draw(seed_of(closed.details["lot"], closed.details["sha256"]), documents, 13)
    assert lot.drawn == again
    assert (accepted.actor, accepted.details["lot"], accepted.details["wrong"]) == (
        BOSS, lot.id, "0",
    )  # fmt: skip
    assert accepted.details["checkers"] == SECOND.name
    found = "".join(f"{one} {SECOND.name}\n" for one in sorted(lot.drawn))  # nothing differed
    assert accepted.details["checks"] == sha256(found.encode()).hexdigest()
    assert store.account.verify().ok


def test_drawing_again_gives_the_same_sample_and_no_second_lot(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    walk(ledger, planned(ledger, "A", 30))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    assert close_lot(ledger, office, store.account, "A", SECOND) == lot
    assert all_lots(ledger) == [lot]


SPELLINGS = (
    "Lò Thị Hạnh", "lò thị hạnh", "LO THI HANH", "lothihanh", "hanh.lo-thi", " Lò  Thị\tHạnh ",
    "Lo\u0300 Thi\u0323 Ha\u0323nh", "Lò\u200bThịHạnh", "Hạnh Lò Thị", "hanhlt",
)  # fmt: skip


def test_nobody_judges_their_own_lot_under_any_spelling_of_their_name(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    staff = {"hanhlt": Staff(names=("Lò Thị Hạnh",))}
    office = office.model_copy(update={"staff": staff})
    walk(ledger, planned(ledger, "A", 5))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    one = Entry(lot.drawn[0], typed(ledger.document(lot.drawn[0])))
    check_all(ledger, office, lot)
    for own in (replace(BOSS, name=name) for name in SPELLINGS):
        with pytest.raises(OwnLot):
            enter_check(ledger, office, "A", one, own)
        for decision in (YES, NO, AGAIN):
            with pytest.raises(OwnLot):
                decide(ledger, office, store.account, "A", decision, own)
    assert waiting_lot(ledger, "A").state == "drawn"


def test_a_name_in_look_alike_letters_is_refused_and_others_stay_others(office: Office) -> None:
    with pytest.raises(OddName):
        same_person("Lò Thị Hạnh", "L\u043e Th\u1ecb H\u1ea1nh", office)  # a Cyrillic o
    assert not same_person("Lò Thị Hạnh", "Lò Thị Hạ", office)
    assert not same_person("Trần Dũng", "Trần Dương", office)


def test_everybody_who_had_a_hand_in_it_is_a_maker_but_not_who_planned_it(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    documents = planned(ledger, "A", 3, replace(HANH, operator=BOSS.name))
    walk(ledger, walk(ledger, documents, "recognised"), "signed", DUNG)
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    assert lot.makers == ("Lò Thị Hạnh", "Trần Dũng")
    assert lot.stations == ("trạm 1", "trạm 2")
    check_all(ledger, office, lot)
    assert decide(ledger, office, store.account, "A", YES, BOSS).state == "accepted"


def test_only_supervisors_decide_where_the_profile_names_some(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    staff = {"chau": Staff(names=("Vũ Minh Châu",), supervisor=True)}
    office = office.model_copy(update={"staff": staff})
    walk(ledger, planned(ledger, "A", 3))
    check_all(ledger, office, close_lot(ledger, office, store.account, "A", BOSS))
    with pytest.raises(NoSupervisor):
        decide(ledger, office, store.account, "A", YES, SECOND)
    decide(ledger, office, store.account, "A", YES, replace(BOSS, name="chau"))


def test_a_lot_its_sample_condemns_cannot_be_accepted_only_sent_back(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    walk(ledger, planned(ledger, "A", 20))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    with pytest.raises(Uninspected, match="13 documents"):
        decide(ledger, office, store.account, "A", YES, BOSS)
    check_all(ledger, office, lot, wrong=1)  # letter E, AQL 1.0: none may be wrong
    with pytest.raises(LotFailed, match="1 of 13"):
        decide(ledger, office, store.account, "A", YES, BOSS)
    with pytest.raises(ReasonMissing):
        decide(ledger, office, store.account, "A", Decision("rejected", "  "), BOSS)
    assert decide(ledger, office, store.account, "A", NO, BOSS).state == "rejected"
    # All of it is made anew.
    assert ledger.counts() == {"set-aside": 20}
    assert ledger.reasons() == {"lot-rejected": 20}
    assert not any(may_deposit(ledger, one) for one in ledger.documents())


def test_after_rework_only_what_was_wrong_is_made_anew_and_the_lot_comes_again(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    walk(ledger, planned(ledger, "A", 20))
    first = close_lot(ledger, office, store.account, "A", BOSS)
    check_all(ledger, office, first, wrong=2)
    decide(ledger, office, store.account, "A", AGAIN, BOSS)
    assert ledger.counts() == {"signed": 18, "set-aside": 2}
    aside = list(ledger.documents("set-aside"))
    assert {one.id for one in aside} == set(first.drawn[:2])
    mended = [ledger.retry(one, HANH, rescanned=True) for one in aside]
    with pytest.raises(LotUnfinished, match="2 documents"):
        close_lot(ledger, office, store.account, "A", BOSS)
    walk(ledger, mended)
    second = close_lot(ledger, office, store.account, "A", BOSS)
    assert (second.again, second.plan.lot_size) == (True, 20)
    check_all(ledger, office, second)
    decide(ledger, office, store.account, "A", YES, BOSS)
    assert all(may_deposit(ledger, one) for one in ledger.documents(lot="A"))


def test_a_document_changed_after_the_draw_keeps_its_lot_from_being_accepted(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    documents = walk(ledger, planned(ledger, "A", 20))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    check_all(ledger, office, lot)
    ledger.note(documents[3], {"sha256": "f" * 64})
    with pytest.raises(LotChanged, match="1 documents"):
        decide(ledger, office, store.account, "A", YES, BOSS)


def test_who_exchanges_the_sample_in_the_ledger_is_found_out(
    ledger: Ledger, store: Warehouse, office: Office, place: LedgerPlace
) -> None:
    walk(ledger, planned(ledger, "A", 20))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    with closing(sqlite3.connect(place.file)) as raw:
        raw.execute("DROP TRIGGER lot_documents_no_update")
        raw.execute("UPDATE lot_documents SET drawn = 1 - drawn")
        raw.execute("UPDATE lots SET sample_size = 7")
        raw.commit()
    check_all(ledger, office, waiting_lot(ledger, "A"))
    with pytest.raises(LotChanged):
        decide(ledger, office, store.account, "A", YES, BOSS)
    assert lot.state == "drawn"


def test_checks_and_decisions_cannot_be_rewritten(
    ledger: Ledger, store: Warehouse, office: Office, place: LedgerPlace
) -> None:
    walk(ledger, planned(ledger, "A", 3))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    check_all(ledger, office, lot, wrong=1)
    check_all(ledger, office, lot)  # typed right afterwards: the first entry stands
    assert waiting_lot(ledger, "A").wrong == 1
    with closing(sqlite3.connect(place.file)) as raw:
        for table in ("lot_checks", "lot_documents"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(f"DELETE FROM {table}")  # noqa: S608  the names above


def test_what_the_second_person_types_is_not_kept(
    ledger: Ledger, store: Warehouse, office: Office, place: LedgerPlace
) -> None:
    walk(ledger, planned(ledger, "A", 2))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    fields = typed(ledger.document(lot.drawn[0])) | {"owner_identifier": "079199123456"}
    found = enter_check(ledger, office, "A", Entry(lot.drawn[0], fields), SECOND)
    assert found.differs == ("owner_identifier",)
    with closing(sqlite3.connect(place.file)) as raw:
        assert "079199123456" not in "\n".join(raw.iterdump())
    assert "079199123456" not in repr(Entry("x", fields))


TYPED = (
    ("owner_identifier", "0010 8700 0000", True),
    ("owner_identifier", "001087000001", False),
    ("owner_name", "NGUYỄN  HẢI", True),
    ("owner_name", "Nguyễn Hai", False),  # another name
    ("number", "0/qđ–ubnd", True),  # the dash and the case of a typewriter
    ("number", "O/QĐ-UBND", False),  # the letter for the figure
    ("issued_on", "1.3.2015", True),
    ("issued_on", "2015-03-01", True),
    ("issued_on", "3/1/2015", False),  # month and day exchanged
    ("issued_on", "-", False),
)


def test_fields_are_compared_as_a_clerk_would(ledger: Ledger, office: Office) -> None:
    (document,) = planned(ledger, "A", 1)
    for field, value, same in TYPED:
        found = differing(office, document, typed(document) | {field: value})
        assert found == (() if same else (field,)), value


def test_numbers_that_were_read_are_typed_again_and_what_nobody_knows_is_not_asked(
    ledger: Ledger, office: Office
) -> None:
    (document,) = planned(ledger, "A", 1)
    read = {"so_quyet_dinh": "12/QĐ-UBND", "noi_dung": "Về việc"}
    papers = {one.name: one.kind for one in load_paper("quyet-dinh").fields}
    number = next(name for name, kind in papers.items() if kind == "decision_number")
    bare = replace(
        document,
        plan=Plan(document.plan.source, "quyet-dinh", "A"),
        fields={number: "12/QĐ-UBND"} | read,
    )
    assert asked_of(office, bare) == {f"read:{number}": "12/QĐ-UBND"}
    assert differing(office, bare, {f"read:{number}": "12/QĐ-UBNĐ"}) == (f"read:{number}",)


class TypingTalk:
    """Answers questions from a list, as a person at the keyboard would."""

    def __init__(self, answers: list[str], choice: int) -> None:
        self.answers, self.choice, self.told = answers, choice, []

    def tell(self, text: str) -> None:
        self.told.append(text)

    def choose(self, question: str, options: list[str]) -> int:
        return self.choice

    def ask(self, question: str, read: object, wrong: str) -> str:
        return self.answers.pop(0)

    def wait(self, question: str, *, hidden: bool = False) -> None:
        return None


def test_a_slip_of_the_second_person_is_asked_once_more_without_a_hint(
    ledger: Ledger, office: Office
) -> None:
    (document,) = planned(ledger, "A", 1)
    right = typed(document)
    slipped = [right["owner_identifier"], right["owner_name"], "0/QĐ-UBNM", right["issued_on"]]
    talk = TypingTalk([*slipped, right["number"]], choice=0)
    entry = ask_entry(talk, office, document, Path("/x.pdf"))
    assert isinstance(entry, Entry)
    assert differing(office, document, entry.fields) == ()
    assert not any(value in " ".join(talk.told) for value in right.values())


def test_who_leaves_after_a_wrong_answer_has_given_it(ledger: Ledger, office: Office) -> None:
    (document,) = planned(ledger, "A", 1)
    right = typed(document)
    answers = [right["owner_identifier"], right["owner_name"], "0/QĐ-UBNM", right["issued_on"]]
    entry = ask_entry(TypingTalk([*answers, Move.QUIT], 0), office, document, Path("/x.pdf"))
    assert isinstance(entry, Entry)
    assert differing(office, document, entry.fields) == ("number",)


def test_what_cannot_be_is_refused_by_name(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    planned(ledger, "A", 2)
    for name, error in (("B", NoSuchLot), ("A", LotUnfinished)):
        with pytest.raises(error):
            close_lot(ledger, office, store.account, name, BOSS)
    with pytest.raises(NotDrawn):
        decide(ledger, office, store.account, "A", YES, BOSS)
    walk(ledger, list(ledger.documents("planned")))
    lot = close_lot(ledger, office, store.account, "A", BOSS)
    with pytest.raises(NotInSample):
        enter_check(ledger, office, "A", Entry("nobody", {}), SECOND)
    with pytest.raises(OtherFields, match="owner_identifier, owner_name, number, issued_on"):
        enter_check(ledger, office, "A", Entry(lot.drawn[0], {"number": "1"}), SECOND)
    check_all(ledger, office, lot)
    assert unchecked(ledger, lot) == []
    decide(ledger, office, store.account, "A", YES, BOSS)
    with pytest.raises(NothingToInspect):
        close_lot(ledger, office, store.account, "A", BOSS)
    with pytest.raises(BadEntries):
        read_entries('{"document": 1}', "x.json")


def test_refused_lots_of_one_maker_tighten_and_then_stop_inspection(
    ledger: Ledger, store: Warehouse, office: Office
) -> None:
    seen = []
    for number in range(8):
        name = f"L{number}"
        walk(ledger, planned(ledger, name, 3))
        if number == 7:
            break
        lot = close_lot(ledger, office, store.account, name, BOSS)
        seen.append(lot.plan.severity)
        check_all(ledger, office, lot, wrong=1)
        decide(ledger, office, store.account, name, NO, BOSS)
    assert seen == ["normal"] * 2 + ["tightened"] * 5
    with pytest.raises(InspectionStopped, match="Lò Thị Hạnh"):
        close_lot(ledger, office, store.account, "L7", BOSS)
    own = replace(BOSS, name="lo thi hanh")
    with pytest.raises(OwnLot):
        close_lot(ledger, office, store.account, "L7", own, resume="Đã tập huấn")
    lot = close_lot(ledger, office, store.account, "L7", BOSS, resume="Đã tập huấn")
    assert lot.plan.severity == "tightened"
    # Somebody else's lots were never touched by it.
    walk(ledger, planned(ledger, "M", 3, DUNG), who=DUNG)
    assert close_lot(ledger, office, store.account, "M", BOSS).plan.severity == "normal"


def test_a_ledger_shared_on_postgresql_judges_lots_alike(
    tmp_path: Path, office: Office, empty: Path
) -> None:
    from tests.warehouse.servers import postgresql

    with (
        postgresql() as url,
        open_ledger(LedgerPlace(tmp_path, url), create=True) as ledger,
        open_warehouse(shutil.copytree(empty / "store", tmp_path / "store")) as store,
    ):
        walk(ledger, planned(ledger, "A", 20))
        lot = close_lot(ledger, office, store.account, "A", BOSS)
        check_all(ledger, office, lot, wrong=1)
        decide(ledger, office, store.account, "A", AGAIN, BOSS)
        (aside,) = ledger.documents("set-aside")
        walk(ledger, [ledger.retry(aside, HANH, rescanned=True)])
        again = close_lot(ledger, office, store.account, "A", BOSS)
        check_all(ledger, office, again)
        decide(ledger, office, store.account, "A", YES, BOSS)
        assert all(may_deposit(ledger, one) for one in ledger.documents())
        with pytest.raises(IntegrityError, match="append-only"), ledger.writing() as tx:
            tx.execute(delete(lot_checks))
        figures = backlog_figures(ledger, office, store)
        assert (figures.documents, figures.lots.decided) == (20, {"accepted": 1, "rework": 1})
        assert (figures.lots.checked, figures.lots.nonconforming) == (26, 1)
        assert figures.lots.by_field == {"number": 1}
        assert drop_masters(ledger, store, BOSS).kept == {"profile-keeps": 20}
