"""Which paper is this? Headings survive the recogniser's errors; guesses are refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.scanner import FeederJammed
from digitize.sheet import Finding, FinishedPage, Sheet
from dossier import intake
from dossier.counter import OnlyBlank, PagesBelow, PapersMissing, PaperTwice, PaperUnknown
from dossier.counter import _make_parts as make_parts
from dossier.desk import Desk
from dossier.sorting import paper_of, sort_stack
from dossier.stack import Stack, clear_sheets, sheets_there
from dossier.stack import _note as note
from foundation.errors import ExitCode
from profiles import Paper, all_of, load_paper, load_procedure
from warehouse import Owner

CARD = "001087000084||Trần Văn Hải|12051987|Nam|Xã Hòa An|02032022"


def page(text: str, index: int = 0, flags: tuple[str, ...] = ()) -> FinishedPage:
    sheet = Sheet(index, Path(f"page-{index + 1:04d}.jpg"), 0, "image", f"page {index + 1}", "00")
    finding = Finding(index, sheet.label, flags=flags)
    return FinishedPage(sheet, finding, None, 105, 148, text=text)


@pytest.fixture(scope="module")
def papers() -> list[Paper]:
    return list(all_of(Paper))


def name(found: Paper | None) -> str:
    return found.name if found else ""


@pytest.mark.parametrize(
    "heading",
    ["GIẤY KHAI SINH", "GIẤY KHAl SINH", "GIAY KHAI SINH", "GIẤY  KHAI SlNH.", "Giấy khai sinh"],
)
def test_a_heading_is_known_though_marks_and_letters_were_misread(papers, heading: str) -> None:
    text = f"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n{heading}\nHọ tên: A"
    assert name(paper_of(page(text), papers)) == "khai-sinh"


@given(st.integers(0, 13), st.sampled_from("aeiouxlI1.,'"))
def test_one_wrong_letter_anywhere_does_not_hide_a_heading(place: int, letter: str) -> None:
    heading = "GIẤY CHỨNG NHẬN KẾT HÔN"
    misread = heading[:place] + letter + heading[place + 1 :]
    assert name(paper_of(page(misread), all_of(Paper))) == "ket-hon"


@pytest.mark.parametrize(
    "line", ["", "Giấy khai sinh của con đã nộp ngày 3", "KHAI SINH", "1234", "QUYẾT", "…"]
)
def test_words_that_only_mention_a_paper_are_no_heading(papers, line: str) -> None:
    assert paper_of(page(line), papers) is None


def test_of_several_headings_the_highest_counts(papers) -> None:
    text = "QUYẾT ĐỊNH\nvề việc cấp lại\nGIẤY KHAI SINH"
    assert name(paper_of(page(text), papers)) == "quyet-dinh"
    assert name(paper_of(page(text), reversed(papers))) == "quyet-dinh"


def test_a_card_is_known_by_its_qr_code_whatever_was_read(papers) -> None:
    assert name(paper_of(page("GIẤY KHAI SINH"), papers, [CARD])) == "can-cuoc"
    assert name(paper_of(page("GIẤY KHAI SINH"), papers, ["https://example.vn"])) == "khai-sinh"


def test_pages_without_a_heading_go_on_with_the_paper_before_them(papers) -> None:
    texts = ["before", "QUYẾT ĐỊNH", "Điều 2", "GIẤY KHAI SINH", "GIẤY KHAI SINH"]
    found = sort_stack([(page(text, n), ()) for n, text in enumerate(texts)], papers)
    told = [(name(one.paper), [p.sheet.index for p in one.pages]) for one in found]
    assert told == [("", [0]), ("quyet-dinh", [1, 2]), ("khai-sinh", [3]), ("khai-sinh", [4])]
    assert sort_stack([], papers) == []


@pytest.mark.parametrize(
    ("texts", "error", "says"),
    [
        (["before", "QUYẾT ĐỊNH"], PaperUnknown, "Page 1"),
        (["QUYẾT ĐỊNH", "Điều 2", "QUYẾT ĐỊNH"], PaperTwice, "Page 3: a second “Quyết định"),
    ],
)
def test_a_script_s_stack_is_judged_whole_before_anything_is_made(
    desk: Desk, texts: list[str], error: type[Exception], says: str
) -> None:
    dossier = intake.start(desk, load_procedure("mot-giay"), Owner("001087000084"))
    pages = tuple(page(text, n) for n, text in enumerate(texts))
    with pytest.raises(error, match=says):
        make_parts(desk, dossier, Stack(pages, tuple(() for _ in pages)))
    assert not (dossier.folder / "parts").exists()


def test_a_script_s_poor_page_is_not_made_into_a_document(desk: Desk) -> None:
    dossier = intake.start(desk, load_procedure("mot-giay"), Owner("001087000084"))
    poor = Stack((page("QUYẾT ĐỊNH", flags=("low-confidence",)),), ((),))
    with pytest.raises(PagesBelow, match="page 1") as below:
        make_parts(desk, dossier, poor)
    assert below.value.exit_code == ExitCode.QUALITY
    assert "folder" not in below.value.facts
    assert {OnlyBlank.exit_code, PapersMissing.exit_code} == {ExitCode.QUALITY, ExitCode.INPUT}


def scanned(folder: Path, *indexes: int) -> None:
    folder.mkdir(exist_ok=True)
    for index in indexes:
        sheet = page("", index).sheet
        (folder / sheet.path).touch()
        note(Sheet(**vars(sheet) | {"path": folder / sheet.path}), folder)


def test_the_sheets_of_an_unfinished_scan_are_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "sheets"
    assert sheets_there(folder, "adf") == []
    scanned(folder, 0, 1, 2, 4)
    assert [one.index for one in sheets_there(folder, "adf")] == [0, 1, 2]  # 4 comes after a gap
    assert [one.index for one in sheets_there(folder, "adf-duplex")] == [0, 1]  # 2 lacks its back
    scanned(folder, 2, 3)
    assert [one.index for one in sheets_there(folder, "adf-duplex")] == [0, 1, 2, 3]
    with (folder / "sheets.jsonl").open("a") as notes:
        notes.write('{"index": 5, "pa')  # cut off by a power failure
    (folder / "page-0001.jpg").unlink()
    assert sheets_there(folder, "adf") == []
    clear_sheets(folder)
    clear_sheets(folder)
    assert not folder.exists()


@given(st.integers(0, 6), st.integers(0, 6))
def test_what_is_scanned_again_takes_the_place_of_what_came_before(first: int, start: int) -> None:
    jam = FeederJammed(device="x", kept=0, page=start + 1)
    before = [page("old", n) for n in range(first)]
    again = [page("new", n) for n in range(start, start + 3)]

    def stack(pages: list[FinishedPage], fault: FeederJammed | None = None) -> Stack:
        findings = tuple(p.finding for p in pages)
        return Stack(tuple(pages), tuple(() for _ in pages), findings, fault)

    joined = stack(before, jam).joined(stack(again), start + 1)
    indexes = [p.sheet.index for p in joined.pages]
    assert indexes == sorted(set(indexes))
    assert [p.text for p in joined.pages[-3:]] == ["new"] * 3
    assert len(joined.findings) == len(joined.qr_texts) == len(joined.pages)
    assert joined.fault is None


def test_paper_profiles_name_what_a_stack_may_hold() -> None:
    assert load_paper("can-cuoc").identifies_owner
    assert all(paper.headings for paper in all_of(Paper) if paper.name != "giay-to")
