"""Scans without separators find their rows: by page counts, by headings, or file by file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from dossier.batch import Where
from dossier.deciding import OneRow, assign_row, retry
from dossier.ledger import open_ledger
from dossier.ledger_errors import OwnerWanted
from dossier.ledger_values import Document
from dossier.register_plan import FromRegister, plan_register
from dossier.stack_plan import Split

_TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
REGISTER = """Số,Ngày,Họ và tên,Loại giấy tờ,Số trang
218/QĐ-UBND,03/02/2015,Trần Văn Hải,Quyết định,1
356/QĐ-UBND,24/06/2015,Lò Thị Hạnh,Quyết định,2
471/QĐ-UBND,17/09/2015,Vũ Nhật Minh,Quyết định,1
"""
#: Numbers and days of the papers that are drawn.
FIRST, SECOND, THIRD = (
    ("356/QĐ-UBND", "ngày 24 tháng 6 năm 2015"),
    ("471/QĐ-UBND", "ngày 17 tháng 9 năm 2015"),
    ("218/QĐ-UBND", "ngày 03 tháng 02 năm 2015"),
)


def _draw(file: Path, number: str = "", day: str = "") -> None:
    page = Image.new("L", (1240, 1748), 250)
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(_TINOS, 46)
    if number:
        pen.text((120, 160), "ỦY BAN NHÂN DÂN XÃ HÒA AN", 20, font)
        pen.text((120, 250), f"Số: {number}", 20, font)
        pen.text((520, 340), f"Hòa An, {day}", 20, font)
        heading = ImageFont.truetype(_TINOS, 60)
        pen.text((620, 500), "QUYẾT ĐỊNH", 20, heading, anchor="mm")
    for line in range(6):
        pen.text((120, 640 + 100 * line), "Điều này nói về hồ sơ của người nhận.", 20, font)
    page.save(file, dpi=(300, 300))


Planned = Callable[[str, Split], list[Document]]


@pytest.fixture
def planned(place: Path, tmp_path: Path) -> Planned:
    """Plans what lies in the folder ``scans``; the documents in the order they were found."""

    def plan(register: str, split: Split) -> list[Document]:
        (tmp_path / "so.csv").write_text(register, encoding="utf-8")
        where = Where(tmp_path / "batch", "Lò Thị Hạnh")
        order = FromRegister(tmp_path / "so.csv", tmp_path / "scans", split=split)
        plan_register(where, order)
        with open_ledger(where.place()) as ledger:
            return sorted(ledger.documents(), key=lambda one: one.plan.source.name)

    return plan


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A paper of two pages, and one of one page."""
    folder = tmp_path / "scans"
    folder.mkdir()
    _draw(folder / "1.png", *FIRST)
    _draw(folder / "2.png")
    _draw(folder / "3.png", *SECOND)
    return folder


def _rows(documents: list[Document]) -> list[tuple[str, str]]:
    return [(one.plan.register_row, one.state) for one in documents]


def test_by_headings_each_paper_finds_its_row_wherever_it_lies(stack: Path, planned) -> None:
    documents = planned(REGISTER, "headings")
    assert _rows(documents) == [("3", "planned"), ("4", "planned")]
    assert [len(list(one.plan.source.iterdir())) for one in documents] == [2, 1]


def test_by_page_counts_a_paper_that_reads_like_another_row_goes_to_a_person(
    stack: Path, planned
) -> None:
    documents = planned(REGISTER, "pages")  # the register begins with a paper that is not there
    assert [one.state for one in documents] == ["set-aside", "set-aside"]
    assert documents[0].reason == "other-row"
    assert "3 (100%)" in documents[0].detail
    assert f"assign {documents[0].id}" in documents[0].detail


def test_by_page_counts_in_the_register_s_order(stack: Path, planned) -> None:
    head, _missing, *there = REGISTER.splitlines(keepends=True)
    assert _rows(planned(head + "".join(there), "pages")) == [("2", "planned"), ("3", "planned")]


def test_each_file_finds_its_row_and_one_of_no_row_goes_to_a_person(
    tmp_path: Path, planned
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    _draw(folder / "a.png", *THIRD)
    _draw(folder / "b.png", "1290/QĐ-UBND", "ngày 30 tháng 11 năm 1999")
    documents = planned(REGISTER, "files")
    assert _rows(documents) == [("2", "planned"), ("", "set-aside")]
    assert documents[0].plan.source == folder / "a.png"
    assert documents[1].reason == "nothing-alike"


def test_a_paper_of_nobody_is_not_let_through_but_by_a_row_with_an_owner(
    stack: Path, planned, tmp_path: Path
) -> None:
    documents = planned(REGISTER.replace("Vũ Nhật Minh", ""), "headings")
    assert _rows(documents) == [("3", "planned"), ("4", "set-aside")]
    aside = documents[1]
    assert f"assign {aside.id} REGISTER --line 4" in aside.detail
    where = Where(tmp_path / "batch", "Lò Thị Hạnh")
    with pytest.raises(OwnerWanted):
        retry(where, [aside.id])
    assert retry(where, []) == ()
    (tmp_path / "mended.csv").write_text(REGISTER, encoding="utf-8")
    assigned = assign_row(where, aside.id, OneRow(tmp_path / "mended.csv", 4))
    assert assigned.plan.owner.name == "Vũ Nhật Minh"


def test_a_paper_of_nobody_with_another_doubt_before_it_is_not_let_through_either(
    stack: Path, planned, tmp_path: Path
) -> None:
    head, _missing, first, last = REGISTER.splitlines(keepends=True)
    # Five pages are wanted of one: the stack's doubt comes before the row's.
    last = last.replace("Vũ Nhật Minh", "").replace("Quyết định,1", "Quyết định,5")
    *_others, of_nobody = planned(head + first + last, "pages")
    assert of_nobody.plan.pages_expected == 5
    assert not of_nobody.plan.owner.name
    where = Where(tmp_path / "batch", "Lò Thị Hạnh")
    for as_is in (False, True):
        with pytest.raises(OwnerWanted):
            retry(where, [of_nobody.id], as_is=as_is)
