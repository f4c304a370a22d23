"""The counter's figures, from the audit: against numbers counted by hand in its raw entries."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pikepdf
import pytest

from dossier.counter_figures import counter_figures
from dossier.desk import Desk
from dossier.grounds import law_of
from profiles import Cap, load_office, load_paper
from tests.dossier.test_guide import Clerk, sit_down
from warehouse import Actor, Warehouse, open_warehouse
from warehouse.values import Owner

HANH = Actor("Lò Thị Hạnh", "clerk", "UBND xã Hòa An")
DUNG = Actor("Trần Dũng", "clerk", "UBND xã Hòa An")
ANYBODY = "001087000084"


def finished(store: Warehouse, actor: Actor, number: int, **counts: int) -> None:
    said = {"dossier": f"d{number}", "code": f"H-{number}", "procedure": "1.004222"}
    said |= {"station": f"Quầy {number % 2}", "started": "2026-11-24T01:00:00+00:00"}
    said |= {name: str(count) for name, count in counts.items()}
    store.account.note("dossier", ANYBODY, actor, said | {"rescans": f"blurred:{number},dark:1"})


def test_the_figures_are_those_counted_in_the_audit_s_rows(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "store") as store:
        finished(store, HANH, 1, papers=3, reused=1, deposited=2, kept=0, pages=7)
        finished(store, HANH, 2, papers=2, reused=0, deposited=1, kept=1, pages=4)
        finished(store, DUNG, 3, papers=1, reused=1, deposited=0, kept=0, pages=0)
        finished(store, DUNG, 3, papers=1, reused=1, deposited=0, kept=0, pages=0)  # once more
        keep_result(store, tmp_path, "H-2")
        office = load_office("office")
        targets = office.targets.model_copy(update={"caps": {"4.3": Cap(points=6, full_at=0.5)}})
        figures = counter_figures(store, office.model_copy(update={"targets": targets}))
    with closing(sqlite3.connect(tmp_path / "store" / "catalogue.sqlite")) as raw:
        entries = [json.loads(row[0]) for row in raw.execute("SELECT entry FROM audit")]
    told = {one["details"]["dossier"]: one for one in entries if one["action"] == "dossier"}
    assert figures.whole == (len(entries), True)
    assert figures.dossiers == len(told) == 3
    for name, count in (("papers", figures.asked), ("reused", figures.spared)):
        assert count == sum(int(one["details"][name]) for one in told.values())
    assert figures.pages == sum(int(one["details"]["pages"]) for one in told.values()) == 11
    assert figures.documents == 4
    assert {one.name: one.pace.dossiers for one in figures.by("operator")} == {
        HANH.name: 2, DUNG.name: 1,
    }  # fmt: skip
    assert {one.name: one.pace.dossiers for one in figures.by("station")} == {
        "Quầy 1": 2, "Quầy 0": 1,
    }  # fmt: skip
    assert figures.rescans == {"blurred": 6, "dark": 3}
    ratios = {one.number: (one.ratio.part, one.ratio.whole) for one in figures.indicators}
    # Only dossier 2 has its result in the store; 1 and 3 reused a paper.
    assert ratios == {"4.1": (1, 3), "4.2": (1, 3), "4.3": (2, 3), "4.4": (3, 3)}
    assert [one.points for one in figures.indicators] == [None, None, 6.0, None]


def keep_result(store: Warehouse, folder: Path, dossier_code: str) -> None:
    """The result of a dossier, kept by law under the dossier's code."""
    file = folder / "result.pdf"
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(file)
    store.deposit(
        file, owner=Owner(ANYBODY), paper_type="quyet-dinh", type_code="KQ", title="Quyết định",
        code="KQ-1", actor=HANH, basis=law_of(load_paper("quyet-dinh")), dossier_code=dossier_code,
    )  # fmt: skip


def test_papers_scanned_again_at_the_counter_are_counted(
    desk: Desk, decision: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([False, True])
    monkeypatch.setattr("dossier.guide.is_good", lambda *_one: next(looks))
    clerk = Clerk(decision, at=lambda _place: False)
    clerk.answers["What now?"] = 0
    assert sit_down(desk, clerk).receipt.is_file()  # type: ignore[attr-defined]
    with desk.store() as store:
        figures = counter_figures(store, desk.office)
    assert figures.rescans == {"clerk": 1}
    assert (figures.dossiers, figures.pages, figures.documents) == (1, 1, 1)
    assert figures.dossier_time is not None
    assert figures.dossier_time.count == 1
