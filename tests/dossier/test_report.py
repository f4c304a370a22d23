"""Reports: numbers recomputed from the ledger's rows, pages that stand alone, harmless cells."""

import csv
import io
import json
import random
import re
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from digitize.quality import AllBlank
from digitize.source_errors import InputRefused, NoSource
from dossier import ledger_steps
from dossier.backlog_figures import backlog_figures
from dossier.batch_finish import NotAsSigned
from dossier.batch_steps import BelowBar, OtherPaper, PagesOff
from dossier.fate import PageNotRead, SourceAway, StepFault, StorageFails
from dossier.figures import Figures, Lots
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_errors import SheetsTwice
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import WALK, Who, Work
from dossier.reason_words import word
from dossier.register_report import KINDS
from dossier.report import (
    FORMS,
    NotAReport,
    UnknownForm,
    as_csv,
    as_data,
    as_html,
    check_outputs,
    write_report,
)
from dossier.report_tables import tables_of
from dossier.report_words import shown
from dossier.row_check import RowDiffers
from foundation.messages import set_language
from profiles import Cap, load_office
from tests.dossier.backlog_made import planned

EVIL = '=HYPERLINK("http://evil.vn","Hạnh")'
PEOPLE = [
    Who("Lò Thị Hạnh", "UBND", "Trạm 1"),
    Who("Trần Dũng", "UBND", "+84 trạm"),
    Who(EVIL, "UBND", "@SUM(1)"),
    Who("CCCD 001087000084", "UBND", "<script>alert(1)</script>"),
]
STEPS = WALK[1:]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> LedgerPlace:
    """Six weeks of work on 300 documents, by chance: rescans, faults, some left undone."""
    place = LedgerPlace(tmp_path_factory.mktemp("report") / "batch")
    chance, clock = random.Random(2859), [datetime(2026, 10, 5, 2, tzinfo=UTC)]  # noqa: S311
    with pytest.MonkeyPatch.context() as patch, open_ledger(place, create=True) as ledger:
        patch.setattr(ledger_steps, "utc_now", lambda: clock[0])
        documents = [one for lot in "ABC" for one in planned(ledger, lot, 100)]
        with ledger.writing() as tx:
            tx.exec_driver_sql("UPDATE documents SET dossier = lot || (position / 2)")
            for document in documents[:270]:
                clock[0] += timedelta(hours=chance.choice([0, 1, 4]))
                one, who = document, chance.choice(PEOPLE)
                for to in STEPS[: chance.choice([2, 5, 6, 6, 6])]:
                    if chance.random() < 0.1:
                        failed = Work(seconds=1, error_kind=chance.choice(["io", "page-count"]))
                        one = ledger_steps.move(tx, one, one.state, failed, who, {}, keep=False)
                    again = 2 if to == "scanned" and chance.random() < 0.2 else 0
                    work = Work(
                        chance.random() * 9, 3, rescans=again, reasons=("blurred",) * bool(again)
                    )
                    pages = chance.randint(1, 8)
                    one = ledger_steps.move(tx, one, to, work, who, {"pages": pages}, keep=False)
                if chance.random() < 0.05:
                    aside = {"reason": "owner-differs", "resume": "planned"}
                    work = Work(error_kind="owner-differs")
                    ledger_steps.move(tx, one, "set-aside", work, who, aside, keep=False)
    return place


@pytest.fixture
def ledger(place: LedgerPlace) -> Iterator[Ledger]:
    with open_ledger(place) as opened:
        yield opened


@pytest.fixture
def figures(ledger: Ledger) -> Figures:
    return backlog_figures(ledger, load_office("office"))


def vietnam_day(moment: str) -> date:
    """The day of a stored UTC moment in Vietnam, seven hours ahead."""
    return (datetime.fromisoformat(moment) + timedelta(hours=7)).date()


def masked(text: str) -> str:
    return text.replace("001087000084", "001*******84")


def test_the_numbers_are_those_recomputed_from_the_ledger_s_rows(
    figures: Figures, place: LedgerPlace
) -> None:
    with closing(sqlite3.connect(place.file)) as raw:
        raw.row_factory = sqlite3.Row
        documents = {row["id"]: row for row in raw.execute("SELECT * FROM documents")}
        steps = raw.execute("SELECT * FROM transitions ORDER BY seq").fetchall()
    scans = {}
    for row in steps:
        if row["to_state"] == "scanned" != row["from_state"]:
            scans[row["document_id"]] = row
    made = {one for one, row in documents.items() if row["state"] in ("signed", "deposited")}
    done: Counter[tuple[date, str, str]] = Counter()
    pages: Counter[tuple[date, str, str]] = Counter()
    for one in made:
        scan = scans[one]
        key = (vietnam_day(scan["at"]), masked(scan["operator"]), masked(scan["station"]))
        done[key] += 1
        pages[key] += documents[one]["pages"]
    assert {
        (m.day, m.operator, m.station): m.documents for m in figures.made if m.documents
    } == done
    assert {(m.day, m.operator, m.station): m.pages for m in figures.made if m.documents} == pages

    whole = defaultdict(list)
    for one, row in documents.items():
        whole[row["dossier"]].append(one in made)
    assert figures.dossiers == sum(all(some) for some in whole.values())
    assert sum(one.pace.dossiers for one in figures.by("operator")) == figures.dossiers
    assert figures.states == Counter(row["state"] for row in documents.values())
    assert figures.set_aside == Counter(
        row["reason"] for row in documents.values() if row["state"] == "set-aside"
    )
    assert figures.errors == Counter(row["error_kind"] for row in steps if row["error_kind"])
    assert figures.rescans == {"blurred": sum(row["rescans"] for row in steps)}
    for state in STEPS:
        times = sorted(
            row["seconds"]
            for row in steps
            if row["to_state"] == state != row["from_state"] and row["seconds"]
        )
        found = figures.stages[state]
        assert (found.count, found.total) == (len(times), pytest.approx(sum(times)))
        assert found.ninth_tenth == times[-(-9 * len(times) // 10) - 1]
    took: Counter[str] = Counter()
    for row in steps:
        took[documents[row["document_id"]]["dossier"]] += row["seconds"]
    closed = [took[dossier] for dossier, some in whole.items() if all(some)]
    assert figures.dossier_time is not None
    assert figures.dossier_time.total == pytest.approx(sum(closed))
    assert figures.dossier_time.count == len(closed)
    assert figures.pages_done is not None
    assert figures.pages_done.part == sum(documents[one]["pages"] for one in made)
    by_number = {one.number: one.ratio for one in figures.indicators}
    stored = defaultdict(list)
    for row in documents.values():
        stored[row["dossier"]].append(row["state"] == "deposited")
    assert by_number["4.2"].whole == len(whole)
    assert by_number["4.2"].part == sum(all(some) for some in stored.values())
    left = sum(row["state"] not in ("signed", "deposited") for row in documents.values())
    assert figures.forecast is not None
    assert figures.forecast.left == left


def test_a_report_of_some_days_counts_what_was_made_in_them(
    ledger: Ledger, figures: Figures
) -> None:
    office = load_office("office")
    middle = sorted(one.day for one in figures.made)[len(figures.made) // 2]
    before = backlog_figures(ledger, office, last=middle - timedelta(days=1))
    after = backlog_figures(ledger, office, first=middle)
    assert before.documents + after.documents == figures.documents
    assert before.dossiers + after.dossiers == figures.dossiers
    assert 0 < before.documents < figures.documents
    assert before.states == after.states == figures.states


def test_a_report_takes_the_place_of_earlier_reports_only(figures: Figures, tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx"):
        report = tmp_path / name
        check_outputs([report])
        write_report(figures, [report])
        check_outputs([report])
        report.write_text("Số,Họ tên\n15/2005,Lê Lan\n", encoding="utf-8")
        with pytest.raises(NotAReport):
            check_outputs([report])


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_page_stands_alone_and_names_no_owner(figures: Figures, language: str) -> None:
    set_language(language)  # type: ignore[arg-type]
    page = as_html(figures)
    assert not re.search(r"<script|<link|<img|\bsrc=|href=|url\(|@import|javascript:", page)
    assert page.count("<svg") >= 8
    assert "&lt;script&gt;alert(1)" in page  # a station's odd name is text
    assert f'<html lang="{language}">' in page
    for form in (page, as_csv(figures), json.dumps(as_data(figures), ensure_ascii=False)):
        assert "Nguyễn Hải" not in form
        assert "001087000084" not in form
        assert not re.search(r"(?<![\d.])00108700\d{4}", form)
        assert "QĐ-UBND" not in form


def test_no_cell_of_the_csv_begins_a_formula_and_numbers_stay_numbers(figures: Figures) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(figures))))
    texts = [cell for row in rows for cell in row]
    assert any(cell == f"'{EVIL}" for cell in texts)
    for cell in texts:
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        if cell.startswith("-"):
            float(cell)
    assert all(len(row) == 4 for row in rows)


def test_the_workbook_holds_text_as_text_and_the_same_numbers(
    figures: Figures, tmp_path: Path
) -> None:
    write_report(figures, [tmp_path / "r.xlsx"])
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    for table in tables_of(figures):
        cells = list(book[table.id].iter_rows(min_row=2, max_row=1 + len(table.rows)))
        for row, kept in zip(table.rows, cells, strict=True):
            for value, cell in zip(row, kept, strict=False):
                assert cell.data_type != "f"
                found = cell.value.date() if isinstance(value, date) else cell.value
                assert found == (pytest.approx(value) if isinstance(value, float) else value)
    assert any(cell.value == EVIL for row in book["operators"].iter_rows() for cell in row)


def test_a_report_is_written_in_the_form_its_name_says_or_not_at_all(
    figures: Figures, tmp_path: Path
) -> None:
    with pytest.raises(UnknownForm):
        write_report(figures, [tmp_path / "a.html", tmp_path / "a.pdf"])
    assert not list(tmp_path.iterdir())
    write_report(figures, [tmp_path / f"a{form}" for form in FORMS])
    assert len(list(tmp_path.iterdir())) == len(FORMS)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    set_language("vi")
    assert [shown(1600.5, "number"), shown(0.125, "percent"), shown(3725, "seconds")] == [
        "1.600", "12,5 %", "1 giờ 2 phút",
    ]  # fmt: skip
    set_language("en")
    assert [shown(1234567, "count"), shown(0.125, "percent"), shown(None, "date")] == [
        "1,234,567", "12.5 %", "–",
    ]  # fmt: skip
    assert shown("CCCD 001087000084", "text") == "CCCD 001*******84"


def test_an_empty_ledger_gives_a_page_that_says_so(tmp_path: Path) -> None:
    with open_ledger(LedgerPlace(tmp_path / "b"), create=True) as ledger:
        page = as_html(backlog_figures(ledger, load_office("office")))
    assert "Nothing was done in this time." in page
    assert "<svg" not in page


def test_what_is_signed_and_not_in_the_store_is_told_at_its_head(figures: Figures) -> None:
    assert "until their lots are accepted" in as_html(replace(figures, states={"signed": 3}))
    assert "until their lots are accepted" not in as_html(replace(figures, states={"deposited": 3}))


def test_lots_and_points_stand_in_the_report(ledger: Ledger) -> None:
    office = load_office("office")
    targets = office.targets.model_copy(update={"caps": {"4.2": Cap(points=6, full_at=0.5)}})
    found = backlog_figures(ledger, office.model_copy(update={"targets": targets}))
    tables = {table.id: table for table in tables_of(found)}
    points = {row[0]: row[5] for row in tables["indicators"].rows}
    ratio = next(one.ratio for one in found.indicators if one.number == "4.2")
    assert points["4.2"] == pytest.approx(min(6, 6 * ratio.part / ratio.whole / 0.5))
    assert points["4.1"] is None
    assert "lots" not in tables
    assert found.lots == Lots({}, 0, 0, {})


def test_a_browser_shows_it_on_a_telephone_and_prints_it_on_a4(
    figures: Figures, tmp_path: Path
) -> None:
    import pypdfium2
    from playwright.sync_api import sync_playwright

    set_language("vi")
    write_report(figures, [tmp_path / "r.html"])
    asked: list[str] = []
    said: list[str] = []
    with sync_playwright() as play:
        program = shutil.which("chromium")
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 375, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto((tmp_path / "r.html").as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        drawn = page.evaluate("[...document.querySelectorAll('svg')].map(s => s.clientHeight)")
        page.pdf(path=tmp_path / "r.pdf", prefer_css_page_size=True)
        browser.close()
    assert wide <= 375
    assert all(height > 20 for height in drawn)
    assert asked == [(tmp_path / "r.html").as_uri()]
    assert said == []
    with closing(pypdfium2.PdfDocument(tmp_path / "r.pdf")) as printed:
        assert all(
            abs(size - a4) < 1 for size, a4 in zip(printed[0].get_size(), (595, 842), strict=True)
        )
        assert len(printed) <= 7
    assert (tmp_path / "r.html").stat().st_size < 200_000


def test_every_reason_a_document_is_set_aside_for_has_its_words() -> None:
    set_language("vi")
    errors = [*InputRefused.__subclasses__(), BelowBar, OtherPaper, PagesOff, RowDiffers, AllBlank]
    errors += [PageNotRead, SourceAway, StepFault, StorageFails, SheetsTwice, NotAsSigned]
    kinds = {one().message_id for one in errors if one is not NoSource}
    kinds |= {kind for kind, what in KINDS.items() if what.weight == "stops"} - {
        "no-owner-name-column"  # of a register, not of a row
    }
    kinds |= {"no-row", "claimed-twice", "before-separator", "no-paper", "too-many-pages"}
    assert not {kind for kind in kinds if word(kind) == kind.replace("-", " ")}
