"""Documents find their rows in a register, and what is doubtful goes to a person."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.matching import measure_matching
from digitize.slips import Slip
from dossier.evidence import Evidence, evidence_of, name_key, number_keys, other_number, serial_of
from dossier.ledger import open_ledger
from dossier.ledger_place import LedgerPlace
from dossier.ledger_values import Plan
from dossier.matching import REASONS, match_documents
from dossier.register import RegisterRow
from dossier.row_check import RowDiffers, require_row
from ocr.fields import FieldValue
from profiles import load_paper
from tests.dossier.backlog_made import HANH
from warehouse import Owner

NAMES = ("Nguyễn Văn Hải", "Trần Thị Hà", "Lê Thuý Dương", "Phạm Minh Đức", "Nguyễn Thị Hà")
ROWS = [
    RegisterRow(
        line, f"{line}/2005", date(2005, 1 + line % 12, 1 + line % 28), f"0990{line:08d}",
        f"{NAMES[line % 5]} {'ABCDEFGHIJ'[line // 5]}nh", "Giấy khai sinh", 2, "",
        f"1990-01-{line % 28 + 1:02d}",
    )
    for line in range(2, 50)
]  # fmt: skip


def said(row: RegisterRow, **changes: object) -> Evidence:
    """What is read of a row's paper when all goes well."""
    assert row.date
    whole = Evidence(
        None, (row.number,), (row.owner_name,), (row.owner_id,), (row.born,), (row.date,),
        "Giấy khai sinh", 2,
    )  # fmt: skip
    return replace(whole, **changes)


def test_a_separator_settles_it_and_so_does_what_is_read():
    slip = Slip("7/2005", 7)
    by_slip, by_words = match_documents([Evidence(slip), said(ROWS[20])], ROWS)
    assert by_slip.row is ROWS[5]
    assert by_words.row is ROWS[20]
    assert by_words.confidence > 0.99


def test_misread_signs_and_marks_do_not_hide_the_row():
    row = ROWS[10]
    read = said(
        row, numbers=("l2/2OO5",), names=(row.owner_name.replace("ị", "i").upper(),), ids=()
    )
    assert match_documents([read], ROWS)[0].row is row
    off = said(row, ids=(row.owner_id[:-1] + "9",), births=())
    assert match_documents([off], ROWS)[0].row is row


def test_both_places_of_the_tone_mark_are_one_name():
    row = replace(ROWS[3], owner_name="Hoàng Thúy Hòa")
    read = said(row, names=("HOÀNG THUÝ HOÀ",), ids=(), births=())
    assert match_documents([read], [*ROWS[:3], row])[0].row is row


def test_a_separator_before_the_wrong_paper_is_not_believed():
    wrong = said(ROWS[20], slip=Slip(ROWS[5].number, ROWS[5].line))
    (found,) = match_documents([wrong], ROWS)
    assert (found.status, found.reason) == ("doubtful", "separator-differs")
    assert "separator" in found.in_words()
    assert {one.row.line for one in found.candidates[:2]} >= {ROWS[20].line}


def test_an_unknown_number_and_an_empty_page_go_to_a_person():
    unknown, empty = match_documents([Evidence(Slip("999/1999")), Evidence(paper="Thư")], ROWS)
    assert (unknown.status, unknown.reason) == ("unknown", "not-in-register")
    assert (empty.status, empty.reason) == ("unknown", "nothing-read")


def test_numbers_that_differ_in_where_their_strokes_stand_are_two():
    rows = [replace(ROWS[0], number="1/25"), replace(ROWS[1], number="12/5")]
    (found,) = match_documents([Evidence(Slip("12/5"))], rows)
    assert found.row is rows[1]


@pytest.mark.parametrize("read", ["44/2025", "44/20258", "44B/2025", "44/2025A"])
def test_a_number_with_another_letter_goes_to_a_person_whatever_else_agrees(read: str):
    row = replace(ROWS[8], number="44/2025B", date=date(2025, 5, 5))
    for register, on_paper in ((row, read), (replace(row, number=read), "44/2025B")):
        if number_keys(register.number) == number_keys(on_paper):
            continue  # 44/2025B read as 44/20258
        said_by_file = said(
            register, numbers=(on_paper,), slip=Slip(register.number, register.line)
        )
        assert match_documents([said_by_file], [register])[0].reason == "separator-differs"
        by_words = replace(said_by_file, slip=None)
        assert match_documents([by_words], [register, *ROWS[20:]])[0].row is None


@pytest.mark.parametrize(
    ("read", "printed"),
    [("12/QĐ-UBMD", "12/QĐ-UBND"), ("4/2O2,5", "4/2025"), ("2QĐ-UBND", "2/QĐ-UBND"),
     ("eH00182", "CH00182"), ("44", "44/2025")],
)  # fmt: skip
def test_a_misread_number_is_no_other_one(read: str, printed: str):
    assert not other_number(read, printed)
    assert not other_number(printed, read)


def test_a_letter_read_as_a_figure_that_makes_another_row_s_number_goes_to_a_person():
    lettered = replace(ROWS[8], number="44B/2025", date=date(2025, 5, 5))
    figured = replace(ROWS[30], number="448/2025", date=date(2025, 9, 9))
    for row in (lettered, figured):
        for read in ("44B/2025", "448/2025"):
            by_words = said(row, numbers=(read,))
            (both,) = match_documents([by_words], [lettered, figured, *ROWS[20:25]])
            assert (both.row, both.reason) == (None, "two-alike")
            assert both.candidates[0].row is row
            (alone,) = match_documents([by_words], [row, *ROWS[20:25]])
            assert alone.row is row
            by_slip = replace(by_words, slip=Slip(row.number, row.line))
            (found,) = match_documents([by_slip], [lettered, figured, *ROWS[20:25]])
            assert found.row is (row if read == row.number else None)


def test_a_run_takes_no_row_where_the_number_read_is_that_of_another_planned_paper(tmp_path: Path):
    day, owner = date(2025, 5, 5), Owner("099087000001", "Lê Thị Trinh")
    plans = [
        Plan(tmp_path / f"{line}.tif", "quyet-dinh", "A", owner, number, day, register_row=line)
        for line, number in (("9", "44B/2025"), ("10", "448/2025"))
    ]
    read = Evidence(None, ("448/2025",), (owner.name,), (owner.identifier,), (), (day,))
    with open_ledger(LedgerPlace(tmp_path / "batch"), create=True) as ledger:
        ledger.plan(plans[:1], HANH)
        (lettered,) = ledger.documents()
        require_row(lettered, load_paper("quyet-dinh"), read, ledger)
        ledger.plan(plans, HANH)
        with pytest.raises(RowDiffers):
            require_row(lettered, load_paper("quyet-dinh"), read, ledger)
        as_printed = replace(read, numbers=("44B/2025",))
        require_row(lettered, load_paper("quyet-dinh"), as_printed, ledger)


@pytest.mark.parametrize(
    ("read", "printed", "found"),
    [
        ("13/2005", "18/2005", True),  # 3 for 8
        ("CH,00467", "CH00467", True),  # a speck
        ("C'H00467", "CH 00467", True),
        ("eH00467", "CH00467", True),
        ("CHO0467", "CH467", True),
        ("CH08467", "CH00467", True),
        ("5/200", "5/20O3", True),  # a figure lost, and a typist's O
        ("14/2005", "15/2005", False),  # the paper written next, perhaps of the same owner and day
        ("14/2005", "19/2005", False),  # nobody takes a 4 for a 9
        ("12/2005", "123/2005", False),
    ],
)
def test_a_number_is_taken_for_misread_only_where_its_signs_are_alike(
    read: str, printed: str, *, found: bool
):
    row = replace(ROWS[8], number=printed)
    (match,) = match_documents([said(row, numbers=(read,))], [row, *ROWS[20:]])
    assert match.row is (row if found else None)


def test_a_misread_number_that_another_row_bears_does_not_part_a_paper_from_its_own():
    row = replace(ROWS[8], number="118/2005")
    other = replace(ROWS[30], number="113/2005")
    misread = said(row, numbers=("113/2005",))
    assert match_documents([misread], [row, other, *ROWS[20:25]])[0].row is row
    sisters = replace(row, line=77, number="113/2005")  # one owner's, of one day
    (match,) = match_documents([misread], [row, sisters, *ROWS])
    assert match.row is not row
    assert match.candidates[0].row is sisters


@pytest.mark.parametrize(
    ("read", "found"),
    [("Lê Thị Trlnh", True), ("Lê ThịTrinh", True), ("Lê Thị Trình", True), ("Lê Thị Trin", False)],
)
def test_without_a_number_a_name_is_taken_for_misread_only_where_it_is_none(
    read: str, *, found: bool
):
    row = replace(ROWS[8], owner_name="Lê Thị Trinh")
    (match,) = match_documents([said(row, numbers=(), ids=(), names=(read,))], [row, *ROWS[20:]])
    assert match.row is (row if found else None)


def test_a_namesake_of_the_same_day_with_another_number_of_their_own_goes_to_a_person():
    namesake = said(ROWS[8], numbers=(), ids=("099012345678",))
    (match,) = match_documents([namesake], ROWS)
    assert (match.row, match.reason) == (None, "contradiction")
    with_old_card = said(ROWS[8], numbers=(), ids=("123456789",))
    assert match_documents([with_old_card], ROWS)[0].row is ROWS[8]


def test_a_row_is_given_only_once():
    one, other = match_documents([said(ROWS[4]), said(ROWS[4])], ROWS)
    assert one.row is None
    assert other.row is None
    assert one.reason == "claimed-twice"
    assert one.candidates[0].row is ROWS[4]


def test_a_row_taken_for_sure_is_no_candidate_for_others():
    twin = replace(ROWS[4], line=900, number="77/2005", date=date(2005, 11, 1))
    sure = said(ROWS[4], slip=Slip(ROWS[4].number, ROWS[4].line))
    loose = said(ROWS[4], numbers=(), dates=())
    found = match_documents([sure, loose], [*ROWS, twin])
    assert found[0].row is ROWS[4]
    assert found[1].row is None
    assert [one.row for one in found[1].candidates[:1]] == [twin]


def test_the_owner_alone_does_not_tell_which_of_their_papers_it_is():
    other_year = said(ROWS[4], numbers=("900/2011",), dates=(date(2011, 5, 5),))
    (found,) = match_documents([other_year], ROWS)
    assert (found.row, found.reason) == (None, "owner-only")


def test_rows_that_repeat_another_are_never_chosen():
    again = replace(ROWS[4], line=901, doubts=("row-twice",))
    (found,) = match_documents([said(ROWS[4])], [*ROWS, again])
    assert found.row is ROWS[4]


def test_evidence_is_drawn_from_the_fields_of_a_paper():
    values = [
        FieldValue("so", "15/2005", normal="15/2005"),
        FieldValue("ho_ten", "LÒ XUÂN LAN", normal="LÒ XUÂN LAN"),
        FieldValue("ngay_sinh", "05/03/2005", normal="2005-03-05"),
        FieldValue("nguoi_ky", "Lường Văn Chủ", normal="Lường Văn Chủ"),
    ]
    found = evidence_of(load_paper("khai-sinh"), values, pages=2)
    assert (found.numbers, found.names) == (("15/2005",), ("LÒ XUÂN LAN",))
    assert (found.births, found.pages, found.paper) == (("2005-03-05",), 2, "Giấy khai sinh")


def test_numbers_and_names_are_compared_without_what_is_confused():
    assert number_keys("015 / 2005") == number_keys("l5/2OO5") == ["15.2005"]
    assert number_keys("12/QĐ-UBND") != number_keys("12/QĐ-UBNDX")
    assert serial_of("15/2005") == ("15", "2005")
    assert name_key("Đỗ  Thị Ỷ") == "do thi y"


def test_generated_registers_are_matched_and_nothing_goes_wrong_unasked(
    capsys: pytest.CaptureFixture[str],
):
    measure_matching(200, seed=7)
    tables = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert len(tables) == 2
    for line in tables:
        _name, within, right, _asked, _first, wrong, *_rest = line.strip("| ").split(" | ")
        assert int(wrong) == 0
        assert int(right.split()[0]) >= 0.95 * int(within)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_has_its_words(reason: str):
    assert len(REASONS[reason]) > 15
