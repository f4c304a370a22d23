"""A dossier's state comes back from the disk as it was, or is said to be unreadable."""

import json
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dossier import intake
from dossier.desk import Desk, NoSigner, SameKey
from dossier.people import BadOwner, owner_of
from dossier.values import (
    Dossier,
    DossierUnreadable,
    Hold,
    Part,
    Stage,
    dossiers_folder,
    load,
    save,
    unfinished,
)
from foundation.errors import ExitCode
from profiles import load_paper, load_procedure
from signing.errors import DriverMissing, NoTimestampService, TokenNotFound
from warehouse import Actor, Owner
from warehouse.grounds import Basis
from warehouse.values import new_id

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PARTS = st.builds(
    Part,
    paper=TEXT,
    stage=st.sampled_from(get_args(Stage)),
    file=TEXT,
    pages=st.integers(0, 99),
    advice=st.lists(TEXT, max_size=3).map(tuple),
    fields=st.dictionaries(TEXT, TEXT, max_size=3),
)
DOSSIERS = st.builds(
    Dossier,
    id=st.builds(new_id),
    code=TEXT,
    procedure=TEXT,
    owner=st.builds(Owner, TEXT, TEXT),
    actor=st.builds(Actor, TEXT, TEXT, TEXT),
    started_at=TEXT,
    agreed=st.booleans(),
    finished=st.booleans(),
    given_up=st.booleans(),
    parts=st.lists(PARTS, max_size=4).map(tuple),
)
DISK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


@DISK
@given(DOSSIERS)
def test_what_is_saved_is_what_is_loaded(place: Path, dossier: Dossier) -> None:
    assert load(save(dossier).id) == dossier


@DISK
@given(DOSSIERS, st.data())
def test_a_state_that_was_tampered_with_is_unreadable_and_hides_no_other(
    place: Path, dossier: Dossier, data: st.DataObject
) -> None:
    state = save(dossier).folder / "dossier.json"
    whole = json.loads(state.read_text())
    key = data.draw(st.sampled_from(["owner", "actor", "parts"]))
    wrong = data.draw(st.sampled_from([None, 3, "x", [1], {"no": 1}, [{}]]))
    state.write_text(json.dumps(whole | {key: wrong}))
    with pytest.raises(DossierUnreadable) as unreadable:
        load(dossier.id)
    assert unreadable.value.exit_code == ExitCode.INPUT
    good = save(Dossier(new_id(), "", "x", Owner("1"), Actor("a", "b", "c"), "now"))
    left = list(unfinished())
    assert good in left
    assert any(isinstance(one, DossierUnreadable) for one in left)
    state.unlink()


def test_no_field_of_a_dossier_is_forgotten_on_the_disk(place: Path) -> None:
    dossier = Dossier(
        new_id(), "c", "p", Owner("1"), Actor("a", "b", "c"), "now", parts=(Part("x"),)
    )
    stored = json.loads((save(dossier).folder / "dossier.json").read_text())
    assert set(stored) == {one.name for one in fields(Dossier)}
    assert set(stored["parts"][0]) == {one.name for one in fields(Part)}


def test_a_dossier_is_held_by_one_at_a_time(place: Path) -> None:
    one, other = (
        save(Dossier(new_id(), "", "x", Owner("1"), Actor("a", "b", "c"), "now")) for _ in range(2)
    )
    mine, yours = Hold(), Hold()
    assert mine.take(one)
    assert not yours.take(one)
    assert yours.dossier_id == ""
    assert mine.take(other)  # taking another one lets the first go
    assert yours.take(one)
    mine.release()
    yours.release()


@pytest.mark.parametrize(
    ("text", "number", "kind"),
    [
        ("001087000084", "001087000084", "person"),
        (" 001 087 000 084\n", "001087000084", "person"),
        ("001.087.000.084", "001087000084", "person"),
        ("123456789", "123456789", "person"),
        ("0101243150", "0101243150", "organisation"),
        ("0101243150-001", "0101243150001", "organisation"),
    ],
)
def test_numbers_are_known_by_their_form(text: str, number: str, kind: str) -> None:
    owner = owner_of(text, "A")
    assert (owner.identifier, owner.name, owner.kind) == (number, "A", kind)


@pytest.mark.parametrize(
    "text", ["", "12345678", "00108700008", "٠٠١٠٨٧٠٠٠٠٨٤", "abc", "00108700008412"]
)
def test_other_texts_are_refused_without_saying_them(text: str) -> None:
    with pytest.raises(BadOwner) as refused:
        owner_of(text)
    assert len(text) <= 5 or text not in str(refused.value)


def test_what_an_office_lacks_is_found_before_the_work(desk: Desk) -> None:
    papers = [load_paper("quyet-dinh")]
    desk.require_signers(papers)
    desk.require_tokens(papers)
    office, signers = desk.office, desk.office.signers

    def lacking(level: str = "b-b", **changes: object) -> Desk:
        changed = office.model_copy(update=changes)
        return Desk(changed, desk.actor, pins=desk.pins, level=level)

    clerk, agency = signers["clerk"], signers["agency"]
    with pytest.raises(NoSigner, match="agency"):
        lacking(signers={"clerk": clerk}).require_signers(papers)
    twin = clerk.model_copy(update={"role": "agency", "key_id": clerk.key_id.upper()})
    with pytest.raises(SameKey):
        lacking(signers={"clerk": clerk, "agency": twin}).require_signers(papers)
    with pytest.raises(NoTimestampService, match="b-t"):
        lacking("", timestamp_urls=()).require_signers(papers)
    gone = agency.model_copy(update={"module": "/usr/lib/no-such.so"})
    with pytest.raises(DriverMissing):
        lacking(signers={"clerk": clerk, "agency": gone}).require_signers(papers)
    pulled = agency.model_copy(update={"token_serial": "ffff"})
    with pytest.raises(TokenNotFound):
        lacking(signers={"clerk": clerk, "agency": pulled}).require_tokens(papers)
    lacking(signers={"clerk": clerk}, signatures=()).require_signers(papers)  # a receipt is signed


def test_giving_up_deletes_sheets_and_sensitive_documents_only(desk: Desk) -> None:
    dossier = intake.start(desk, load_procedure("thuong-tru-cho-con"), Owner("001087000084"))
    for name in ("khai-sinh", "can-cuoc"):
        path = dossier.folder / "parts" / f"{name}.pdf"
        path.parent.mkdir(exist_ok=True)
        path.touch()
        dossier = dossier.with_part(Part(name, "made", file=f"parts/{name}.pdf"))
    sheets = dossier.folder / "sheets" / "can-cuoc"
    sheets.mkdir(parents=True)
    (sheets / "page-0001.jpg").touch()
    intake.give_up(dossier)
    left = {path.name for path in dossier.folder.rglob("*") if path.is_file()}
    assert left == {"dossier.json", "khai-sinh.pdf"}
    assert list(unfinished()) == []
    assert dossiers_folder().stat().st_mode & 0o077 == 0


def test_going_on_looks_up_anew_what_the_store_holds(desk: Desk, tmp_path: Path) -> None:
    import pikepdf

    procedure, owner, hold = load_procedure("mot-giay"), Owner("001087000084"), Hold()
    begun = intake.start_or_go_on(desk, procedure, owner, hold)
    assert begun.part("quyet-dinh").stage == "needed"
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(tmp_path / "a.pdf")
    with desk.store() as store:
        record = store.deposit(
            tmp_path / "a.pdf", owner=owner, paper_type="quyet-dinh", type_code="QD",
            title="Quyết định", code="1.QD.000001", actor=desk.actor,
            basis=Basis("law", "ket-qua"),
        )  # fmt: skip
    again = intake.start_or_go_on(desk, procedure, owner, hold)
    assert (again.id, again.part("quyet-dinh").stage) == (begun.id, "held")
    with desk.store() as store:
        store.revoke(record.id, "sai", desk.actor)
    assert intake.look_up(desk, again).part("quyet-dinh").stage == "needed"
    other = intake.start_or_go_on(desk, procedure, Owner("001187000085"), hold)
    assert other.id != begun.id
    hold.release()
