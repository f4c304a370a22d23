"""A register is read as offices keep it, and what will not work is said before the first sheet."""

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from benchmarks.matching import encoded
from dossier.register import Register, open_register, read_register
from dossier.register_columns import ColumnsUnknown, ColumnWish, field_of, parse_wishes
from dossier.register_file import RegisterTooLarge, RegisterUnreadable, SheetUnknown
from dossier.register_report import KINDS, report_data, report_lines, stops
from dossier.register_values import read_date, read_owner_id

TODAY = date(2026, 11, 24)
HEAD = ["STT", "Số", "Ngày cấp", "Họ và tên", "Số CCCD", "Loại giấy tờ", "Số trang", "Ký hiệu kho"]
ROWS = [
    ["1", "15/2005", "04/03/2005", "Nguyễn Văn Đức", "099087000084", "Giấy khai sinh", "2", "H1"],
    ["2", "16/2005", "5/3/05", "TRẦN THỊ MỸ HẠNH", "099187000085", "Giấy khai sinh", "1", "H1"],
    ["3", "3/QĐ-UBND", "2005-04-01", "Lê Thuỳ Dương", "", "Quyết định", "", "Hộp 2"],
]


def as_csv(rows: list[list[str]], delimiter: str = ";") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def written(folder: Path, text: str | bytes, name: str = "so.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def read(path: Path, **wishes: str) -> Register:
    return read_register(path, wishes, today=TODAY)


def kinds(register: Register) -> dict[str, int]:
    return {problem.kind: problem.count for problem in register.problems}


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-8", "utf-16", "utf-16-le", "tcvn3", "vni", "cp1258"]
)
def test_the_same_rows_come_out_of_every_encoding_and_delimiter(tmp_path: Path, encoding: str):
    for delimiter in ",;\t|":
        text = encoded(as_csv([HEAD, *ROWS], delimiter), encoding)
        register = read(written(tmp_path, text))
        assert [(row.number, row.owner_name, row.type) for row in register.rows] == [
            (row[1], row[3], row[5]) for row in ROWS
        ]
        assert [row.date for row in register.rows] == [
            date(2005, 3, 4), date(2005, 3, 5), date(2005, 4, 1)
        ]  # fmt: skip
        first = register.rows[0]
        assert (first.line, first.owner_id, first.pages_expected, first.place) == (
            2, "099087000084", 2, "H1"
        )  # fmt: skip
        assert kinds(register) == {"owner-id-missing": 1}


def test_columns_of_two_encodings_in_one_workbook_are_both_read(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["SỔ ĐĂNG KÝ NĂM 2005"])
    sheet.merge_cells("A1:F1")
    sheet.append(["Sè", "Ngµy cÊp", "Chủ giấy tờ", None, "Loại"])
    sheet.merge_cells("C2:D2")
    sheet.append([None, None, "Hä vµ tªn", "Số định danh", None])
    sheet.append([15.0, date(2005, 3, 4), "Lª V¨n ¸nh", 1087000084, "Giaáy khai sinh"])
    sheet.append(["=A4+1", "31/02/2005", "TRÇN THÞ Hµ", 99087000084, "Giaáy chöùng nhaän"])
    path = tmp_path / "so.xlsx"
    book.save(path)
    register = read(path)
    one, other = register.rows
    assert (one.number, one.date, one.owner_name, one.owner_id, one.type) == (
        "15", date(2005, 3, 4), "Lê Văn Ánh", "001087000084", "Giấy khai sinh"
    )  # fmt: skip
    assert (other.number, other.date, other.owner_name) == ("", None, "TRẦN THỊ HÀ")
    assert {"formula", "date-wrong"} <= set(other.doubts)
    assert register.columns.header.line == 3
    assert register.columns.written["type"].encoding == "vni"
    assert stops(register.problems)


@pytest.mark.parametrize("encoding", ["utf-8", "tcvn3", "vni"])
def test_rows_that_are_no_paper_are_left_out_and_counted(tmp_path: Path, encoding: str):
    rows = [
        ["UBND XÃ HÒA AN"], [], HEAD, [f"({n})" for n in range(1, 9)], ROWS[0],
        ["", "", "", "", "", "", "", ""], ["Quyển số 2"], ROWS[1],
        ["", "Tổng cộng:", "", "", "", "", "3", ""], HEAD, ROWS[2],
    ]  # fmt: skip
    register = read(written(tmp_path, encoded(as_csv(rows), encoding)))
    assert [row.number for row in register.rows] == [row[1] for row in ROWS]
    assert kinds(register) == {"heading": 2, "title": 1, "totals": 1, "owner-id-missing": 1}


@pytest.mark.parametrize(
    ("cell", "day", "fault"),
    [
        ("05/03/98", date(1998, 3, 5), ""),
        ("05.03.26", date(2026, 3, 5), ""),
        ("05-03-27", date(1927, 3, 5), ""),
        ("38000", date(2004, 1, 14), ""),
        ("ngày 05 tháng 9 năm 2005", date(2005, 9, 5), ""),
        (
            datetime(2005, 3, 4, 9, 30),  # noqa: DTZ001  as openpyxl gives it
            date(2005, 3, 4),
            "",
        ),
        ("31/02/2005", None, "date-wrong"),
        ("12/25/2005", None, "date-wrong"),
        ("2005", None, "date-part"),
        ("03/2005", None, "date-part"),
        ("", None, "date-missing"),
        ("01/01/2030", date(2030, 1, 1), "date-future"),
        ("không rõ", None, "date-wrong"),
    ],
)
def test_days_are_read_as_they_are_written_and_none_is_guessed(
    cell: object, day: date | None, fault: str
):
    assert read_date(cell, TODAY) == (day, fault)


def test_numbers_a_spreadsheet_spoilt_are_mended_only_where_nothing_is_lost():
    assert read_owner_id(1087000084) == ("001087000084", "owner-id-zeros")
    assert read_owner_id("099 087 000 084") == ("099087000084", "")
    assert read_owner_id("9,9E+10") == ("", "owner-id-damaged")
    assert read_owner_id("0101243150") == ("0101243150", "")  # a tax code with its check digit


def test_ten_thousand_repeated_rows_are_one_line_of_the_report(tmp_path: Path):
    other = [*ROWS[0][:3], "Người khác", *ROWS[0][4:]]
    register = read(written(tmp_path, as_csv([HEAD, *[ROWS[0]] * 10_001, other])))
    assert kinds(register) == {"row-twice": 10_000, "number-twice": 1}
    assert register.problems[0].lines == (3, 4, 5, 6, 7)
    lines = list(report_lines("so.csv", register.columns, len(register.rows), register.problems))
    assert sum("10000" in line for line in lines) == 1
    assert len(lines) < 8
    assert report_data(register.columns, 2, register.problems)["problems"][0]["count"] == 10_000


def test_a_number_may_come_again_in_another_year_or_for_another_type(tmp_path: Path):
    again = ["4", "15/2005", "04/03/2006", *ROWS[0][3:]]
    other = ["5", "15/2005", *ROWS[0][2:5], "Giấy chứng nhận kết hôn", *ROWS[0][6:]]
    assert not read(written(tmp_path, as_csv([HEAD, ROWS[0], again, other]))).problems


def test_headings_are_known_in_many_words_and_may_be_named(tmp_path: Path):
    told = {
        "Số, ký hiệu": "number", "Ngày, tháng, năm cấp": "date", "Họ, chữ đệm, tên": "owner_name",
        "Số định danh cá nhân": "owner_id",
        "Tên loại": "type", "Tổng số trang": "pages_expected",
        "Ký hiệu kho": "place", "Năm sinh": "born", "Tên tệp": "file",
        "Số TT": None, "Ghi chú": None,
    }  # fmt: skip
    assert {heading: field_of(heading) for heading in told} == told
    path = written(tmp_path, as_csv([["Mã", "Ai", "Khi nào"], ["7", "Lê Lan", "01/02/2003"]]))
    with pytest.raises(ColumnsUnknown) as refused:
        read(path)
    assert "Mã, Ai, Khi nào" in str(refused.value)
    assert refused.value.exit_code == 3
    for wishes in (
        {"number": "Mã", "owner_name": "ai", "date": "3"},
        {"number": "1", "owner_name": "2"},
    ):
        assert read(path, **wishes).rows[-1].owner_name == "Lê Lan"
    assert parse_wishes(["number = 3"]) == {"number": "3"}
    with pytest.raises(ColumnWish):
        parse_wishes(["so=3"])


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * (4 << 20))
    assert path.stat().st_size < 100_000
    with pytest.raises(RegisterTooLarge):
        read(path)


def test_a_cell_in_the_last_column_and_row_costs_nothing(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in ([*HEAD], [*ROWS[0]]):
        book.active.append(row)
    book.active.cell(60_000, 16_384, "x")
    book.save(tmp_path / "wide.xlsx")
    assert len(read(tmp_path / "wide.xlsx").rows) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600)),
        ("a.pdf", b"%PDF-1.7\n"),
        ("a.csv", b""),
        ("a.xlsx", b"PK\x03\x04" + bytes(100)),
        ("a.bin", bytes(range(256)) * 40),
    ],
)
def test_what_is_no_register_is_refused_in_one_line(tmp_path: Path, name: str, data: bytes):
    with pytest.raises((RegisterUnreadable, ColumnsUnknown)) as refused:
        read(written(tmp_path, data, name))
    assert refused.value.exit_code == 3
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_workbook_says_which_sheets_it_has(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.title = "Bìa"
    data = book.create_sheet("Sổ 2005")
    for row in (HEAD, *ROWS):
        data.append(row)
    book.save(tmp_path / "so.xlsx")
    assert read(tmp_path / "so.xlsx").columns.sheet == "Sổ 2005"
    with pytest.raises(SheetUnknown, match="Bìa, Sổ 2005"):
        read_register(tmp_path / "so.xlsx", sheet="Sổ 2006")


def test_a_row_pasted_in_another_encoding_is_turned_and_reported(tmp_path: Path):
    pasted = [ROWS[0][0], "17/2005", *ROWS[0][2:3], "NguyÔn V¨n §øc", *ROWS[0][4:]]
    register = read(written(tmp_path, as_csv([HEAD, *ROWS * 3, pasted])))
    assert register.rows[-1].owner_name == "Nguyễn Văn Đức"
    assert "encoding-mixed" in register.rows[-1].doubts


def test_rows_come_while_the_file_is_read(tmp_path: Path):
    path = written(
        tmp_path, as_csv([HEAD, *[[str(n), f"{n}/2005", *ROWS[0][2:]] for n in range(5000)]])
    )
    with open_register(path, today=TODAY) as opened:
        numbers = iter(opened)
        assert next(numbers).number == "0/2005"
        assert sum(1 for _row in numbers) == 4999


def test_every_problem_has_its_words():
    assert all(kind.text and kind.weight in {"stops", "weak", "note"} for kind in KINDS.values())


def test_a_fault_of_whoever_uses_the_rows_is_not_laid_to_the_register(tmp_path: Path):
    path = written(tmp_path, as_csv([HEAD, *ROWS]))
    with pytest.raises(OSError, match="disk"), open_register(path, today=TODAY):
        raise OSError("the disk is full")


def test_a_workbook_cut_off_in_the_middle_is_refused(tmp_path: Path):
    book = openpyxl.Workbook()
    for _n in range(400):
        book.active.append(ROWS[0])
    book.save(tmp_path / "so.xlsx")
    data = bytearray((tmp_path / "so.xlsx").read_bytes())
    place = data.index(b"xl/worksheets/sheet1.xml") + 60
    data[place : place + 200] = bytes(200)
    with pytest.raises(RegisterUnreadable):
        read(written(tmp_path, bytes(data), "so.xlsx"))


def test_no_personal_number_is_in_the_refusal_of_a_register_without_headings(tmp_path: Path):
    with pytest.raises(ColumnsUnknown) as refused:
        read(written(tmp_path, as_csv(ROWS)))
    assert "099087000084" not in str(refused.value)
