"""A backlog by command: planned, run to the store, looked at, tried again; and what is refused."""

import json
import shutil
import socket
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from dossier.ledger import open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Who
from dossier.turns import counter_at_work

RUN = ("batch", "run", "--level", "b-b", "--jobs", "2")


@pytest.fixture(autouse=True)
def _at_once(counter) -> None:
    """A backlog that does not stand behind the other programs of the machine."""
    with counter.office.open("a") as office:
        office.write("\n[batch]\nniceness = 0\n[quality]\ninspect = false\n")


@pytest.fixture
def scans(tmp_path: Path, papers: dict[str, Path]) -> Path:
    """Documents that become records (a, b of two pages) and that do not (c, d)."""
    folder = tmp_path / "scans"
    (folder / "b").mkdir(parents=True)
    shutil.copy(papers["quyet-dinh"], folder / "a.png")
    shutil.copy(papers["quyet-dinh"], folder / "b" / "1.png")
    shutil.copy(papers["more"], folder / "b" / "2.png")
    return folder


def plan(counter, folder: Path, *more: object):
    return counter.run("batch", "plan", folder, "--profile", "quyet-dinh", *more)


def all_documents(counter) -> list[dict]:
    return json.loads(counter.run("batch", "status", "--all", "--json").stdout)["documents"]


def standing(counter) -> dict:
    return json.loads(counter.run("batch", "status", "--json").stdout)


@pytest.mark.timeout(400)
def test_a_folder_becomes_records_with_one_pin_and_the_doubtful_wait_for_a_person(
    counter, scans, papers, complains
) -> None:
    shutil.copy(papers["khai-sinh"], scans / "c.png")
    shutil.copy(papers["coarse"], scans / "d.png")
    shutil.copy(papers["quyet-dinh"], scans / "e.png")  # the sheets of "a" again
    (scans / "f.png").write_bytes(b"")
    (scans / "nothing").mkdir()
    planned = plan(counter, scans, "--lot", "lô 1", "--json")
    assert planned.returncode == 12
    told = json.loads(planned.stdout)
    assert told["entered"] == 5
    assert {one["error"] for one in told["troubles"]} == {"empty-file", "empty-folder"}

    done = counter.run(*RUN, "--quiet", "--pin-fd")
    complains(done, 12, "3 documents were set aside", "sohoa batch status")
    found = standing(counter)
    assert found["states"] == {"deposited": 2, "set-aside": 3}
    assert found["set_aside"] == {"other-paper": 1, "below-bar": 1, "sheets-twice": 1}
    assert found["lots"] == {"lô 1": found["states"]}
    assert counter.run("warehouse", "check").returncode == 0
    assert not counter.leftovers()
    complains(counter.run("batch", "retry", "--reason", "foo"), 3, "foo", "below-bar")
    with open_ledger(LedgerPlace(counter.home / "batch")) as ledger:
        made = list(ledger.documents("deposited"))
        assert {one.pages for one in made} == {1, 2}
        assert all(one.record_id and not one.fields for one in made)
        stations = {(one.operator, one.station) for one in ledger.transitions()}
        assert len(stations) == 1
        aside = next(ledger.documents("set-aside"))
    complains(counter.run("batch", "retry", aside.id, made[0].id), 3, made[0].id, "not set aside")

    # Who looked at a paper may say that it is right; the same sheets twice are nobody's to say so.
    found = {one["reason"]: one["id"] for one in all_documents(counter) if one["reason"]}
    assert "sohoa batch withdraw" in counter.run("batch", "status").stdout
    complains(counter.run("batch", "retry", "--as-is"), 2, "name the documents")
    named = (found["sheets-twice"], "--reason", "below-bar")
    complains(counter.run("batch", "retry", *named), 3, "“sheets-twice”, not for “below-bar”")
    complains(counter.run("batch", "retry", found["sheets-twice"], "--as-is"), 11, "by hand")
    right = counter.run("batch", "retry", found["other-paper"], "--as-is", "--operator", "Châu")
    assert right.returncode == 0, right.stderr
    with open_ledger(LedgerPlace(counter.home / "batch")) as ledger:
        *_before, last = ledger.transitions(found["other-paper"])
        assert (last.to_state, last.operator) == ("checked", "Châu")
        assert last.work.reasons == ("as-is", "other-paper")
        aside = ledger.document(found["below-bar"])

    # A sheet scanned again into the same place is made from the start, with the rescan on record.
    shutil.copy(papers["more"], scans / aside.plan.source.name)
    again = counter.run("batch", "retry", aside.id, "--rescanned", "--json")
    assert json.loads(again.stdout) == [aside.id]
    assert counter.run(*RUN, "--quiet", "--pin-fd").returncode == 0
    with open_ledger(LedgerPlace(counter.home / "batch")) as ledger:
        document = ledger.document(aside.id)
        assert (document.state, document.rescans) == ("deposited", 1)
        assert sum(one.work.rescans for one in ledger.transitions(aside.id)) == 1


@pytest.mark.timeout(300)
def test_what_would_stop_a_run_is_said_before_it_begins_and_nothing_is_lost(
    counter, scans, complains, tmp_path
) -> None:
    complains(counter.run(*RUN, "--quiet"), 3, "sohoa batch plan")
    complains(counter.run("batch", "plan", scans, "--quiet"), 2, "--profile")
    complains(plan(counter, tmp_path / "none", "--quiet"), 3, "network share")
    empty = tmp_path / "empty"
    empty.mkdir()
    complains(plan(counter, empty, "--quiet"), 3, "holds no pictures")
    complains(counter.run("batch", "plan", scans, "--profile", "can-cuoc", "-q"), 11, "never kept")
    (scans / "quanh").symlink_to("quanh")
    (scans / "lên").symlink_to("..")
    looped = plan(counter, scans)
    assert looped.returncode == 12
    assert looped.stdout.count("a link leads back to itself") == 2
    dry = counter.run("batch", "retention", "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)["kept"]) == (0, {"not-deposited": 2})
    place = LedgerPlace(counter.home / "batch")
    with open_ledger(place) as ledger, ledger.running(Who("a", "b", socket.gethostname())):
        complains(counter.run(*RUN, "--quiet", "--pin-fd"), 11, "already at work", "--station")
    wrong = counter.run(*RUN, "--quiet", "--pin-fd", pins=b"00000000\n00000000\n")
    complains(wrong, 7, "tried once")
    assert standing(counter)["states"] == {"sealed": 2}
    nobody = counter.run(*RUN, "--cluster", "tcp://127.0.0.1:9", "--quiet", "--pin-fd")
    complains(nobody, 9, "does not answer", "nothing is lost")
    assert counter.run(*RUN, "--quiet", "--pin-fd").returncode == 0
    assert standing(counter)["states"] == {"deposited": 2}


@pytest.mark.timeout(300)
def test_a_stack_with_separators_is_cut_by_its_register(
    counter, scans, draw, tmp_path, complains
) -> None:
    """Two papers of a register and one of no row, scanned in one go with printed separators."""
    register = tmp_path / "so.csv"
    register.write_text(
        "Số,Ngày,Họ và tên,Số định danh,Loại giấy tờ,Số trang\n"
        "15/QĐ-UBND,03/02/2005,Trần Văn Hải,001087000084,Quyết định,1\n"
        "16/QĐ-UBND,04/02/2005,Lò Thị Hạnh,001187000085,Quyết định,2\n",
        encoding="utf-8",
    )
    printed = tmp_path / "separators.pdf"
    assert counter.run("separators", register, "-o", printed).returncode == 0
    stack = tmp_path / "stack"
    stack.mkdir()
    with pypdfium2.PdfDocument(printed) as pdf:
        sheets = [page.render(scale=2).to_pil() for page in pdf]
    order = [
        sheets[0], draw("p1", "QUYẾT ĐỊNH", lines=3),
        sheets[1], draw("p2", "QUYẾT ĐỊNH", lines=4), draw("p3", lines=5),
    ]  # fmt: skip
    for number, sheet in enumerate(order):
        if isinstance(sheet, Image.Image):
            sheet.save(stack / f"{number}.png", dpi=(144, 144))
        else:
            shutil.copy(sheet, stack / f"{number}.png")
    gone = counter.run("batch", "plan", register, "--scans", tmp_path / "none")
    complains(gone, 3, "none", "network share")
    headings = tmp_path / "trong.csv"
    headings.write_text("Số,Họ và tên\n", encoding="utf-8")
    empty = counter.run("batch", "plan", headings, "--scans", stack)
    complains(empty, 3, "trong.csv", "no paper")
    planned = counter.run("batch", "plan", register, "--scans", stack, "--json")
    assert planned.returncode == 0, planned.stderr + planned.stdout
    assert json.loads(planned.stdout)["entered"] == 2
    again = counter.run("batch", "plan", register, "--scans", stack, "--json")
    assert json.loads(again.stdout)["known"] == 2
    # Another stack in the same folder is another one; a row that is taken waits for a person.
    shutil.copy(draw("p4", "QUYẾT ĐỊNH", lines=2), stack / "1.png")
    (stack / "extra").mkdir()
    shutil.copy(stack / "1.png", stack / "extra" / "1.png")
    other = counter.run("batch", "plan", register, "--scans", stack, "--json")
    assert (json.loads(other.stdout)["entered"], json.loads(other.stdout)["known"]) == (1, 1)
    assert standing(counter)["set_aside"] == {"claimed-twice": 1}
    assert other.returncode == 12
    assert "set aside" in other.stderr
    assert "extra is a subfolder of stack" in other.stdout
    (aside,) = (one["id"] for one in all_documents(counter) if one["state"] == "set-aside")
    shown = counter.run("batch", "status").stdout
    assert "claimed-twice: another document goes by the same row" in shown
    assert f"{counter.home}/batch/stacks/1.png-" in shown
    # The register had left a paper out: corrected, it has a row for it.
    whole = register.read_text(encoding="utf-8") + (
        "17/QĐ-UBND,05/02/2005,Vũ Minh Châu,001187000087,Quyết định,1\n"
    )
    corrected = tmp_path / "so-2.csv"
    corrected.write_text(whole, encoding="utf-8")
    complains(counter.run("batch", "assign", aside, corrected, "--line", "9"), 3, "line 9")
    complains(
        counter.run("batch", "assign", aside, corrected, "--line", "2"), 11, "Line 2", "another"
    )
    assert counter.run("batch", "assign", aside, corrected, "--line", "4").returncode == 0
    done = counter.run(*RUN, "--quiet", "--pin-fd")
    assert done.returncode == 0, done.stderr + counter.run("batch", "status").stdout
    for owner, number in (("001187000085", "16/QĐ-UBND"), ("001187000087", "17/QĐ-UBND")):
        (record,) = json.loads(counter.run("find", "--owner", owner, "--json").stdout)
        assert (record["number"], record["type"]) == (number, "quyet-dinh")


def test_a_run_waits_while_a_dossier_is_taken_in(counter, scans, monkeypatch) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(counter.home))
    assert plan(counter, scans).returncode == 0
    with counter_at_work():
        told = counter.run("batch", "status")
        assert "the backlog of this machine waits" in told.stdout
