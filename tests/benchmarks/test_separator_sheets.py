"""Separator sheets in dirt are found, ordinary sheets never are; the full run is a benchmark."""

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.separators import CASES, look_at
from digitize.patch import find_patch
from digitize.seal import rendered
from digitize.separators import find_separator, sheet_separator
from digitize.sheet import Sheet
from digitize.slips import Slip, parse_separator, separator_text
from dossier.register import NoPapers
from dossier.separator_sheets import (
    LinesAway,
    LinesWithout,
    LinesWrong,
    NothingToPrint,
    NumberPersonal,
    NumberTooLong,
    Printed,
    SeparatorSheet,
    TooManySheets,
    print_for,
    print_separators,
)


@pytest.mark.parametrize("case", CASES)
def test_one_soiled_sheet_of_each_kind_is_told_for_what_it_is(case: str) -> None:
    seen = look_at((case, 20))
    assert seen.found is CASES[case].found, seen
    assert seen.number in ("", seen.wanted)
    if CASES[case].found and CASES[case].numbered:
        assert seen.number == seen.wanted


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """One separator as it is printed, at 150 dpi."""
    path = tmp_path_factory.mktemp("separators") / "one.pdf"
    assert print_separators([SeparatorSheet(Slip("2345/QĐ-UBND", 812), ("Hộp 3",))], path) == 1
    return rendered(path, 0, 150)


@pytest.mark.parametrize("degrees", [0, 15, -15, 90, 180, 197, 270])
def test_the_printed_sheet_is_read_any_way_round(printed: np.ndarray, degrees: int) -> None:
    height, width = printed.shape
    side = height + 300
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    turned = cv2.warpAffine(printed, turn, (side, side), borderValue=255)
    found = find_separator(turned, 150)
    assert found is not None
    assert found.slip == Slip("2345/QĐ-UBND", 812)
    patch = find_patch(turned, 150)
    assert patch is not None
    assert patch.length_mm == pytest.approx(170, abs=8)


def test_the_bars_say_it_when_no_code_can_be_read(printed: np.ndarray) -> None:
    bars = printed.copy()
    bars[int(0.28 * len(bars)) : int(0.85 * len(bars))] = 255
    found = find_separator(bars, 150)
    assert found is not None
    assert (found.slip, found.by) == (None, "patch")


def test_a_small_picture_of_a_separator_is_none(printed: np.ndarray) -> None:
    page = np.full((1754, 1240), 255, np.uint8)
    small = cv2.resize(printed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    page[300 : 300 + small.shape[0], 200 : 200 + small.shape[1]] = small
    assert find_separator(page, 150) is None


def test_what_shines_through_from_the_other_side_is_none(printed: np.ndarray) -> None:
    faint = 255 - ((255 - printed[:, ::-1].astype(int)) * 0.08).astype(np.uint8)
    assert find_separator(faint, 150) is None


def test_a_file_that_says_no_resolution_is_taken_for_a4(
    printed: np.ndarray, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "sheet.jpg"), printed)
    sheet = Sheet(0, tmp_path / "sheet.jpg", 0, "image", "sheet.jpg", "")
    found = sheet_separator(sheet)
    assert found is not None
    assert found.slip == Slip("2345/QĐ-UBND", 812)


@given(
    number=st.text(st.characters(categories=["L", "N"]) | st.sampled_from("/-. "), min_size=1),
    line=st.none() | st.integers(1, 10**7),
    place=st.integers(0),
    sign=st.characters(),
)
def test_a_code_is_read_back_and_a_changed_one_is_refused(
    number: str, line: int | None, place: int, sign: str
) -> None:
    text = separator_text(Slip(number, line))
    assert parse_separator(text) == Slip(" ".join(number.split()), line)
    changed = text[: place % len(text)] + sign + text[place % len(text) + 1 :]
    assert changed == text or parse_separator(changed) is None


@pytest.mark.parametrize(
    "text", ["", "SOHOA/1\nnumber=7", "SOHOA-SEP/1|7", "SOHOA-SEP/1|7||AAAAAA", "099|x|y"]
)
def test_other_codes_are_no_separators(text: str) -> None:
    assert parse_separator(text) is None


def test_sheets_are_printed_for_rows_and_numbers_and_the_rest_is_refused(tmp_path: Path) -> None:
    register, headings = tmp_path / "so.csv", tmp_path / "trong.csv"
    rows = "".join(f"{n}/2005,Lê Lan\n" for n in range(2, 12))
    register.write_text(f"Số,Họ tên\n{rows},Không số\n", encoding="utf-8")
    headings.write_text("Số,Họ tên\n", encoding="utf-8")
    out = tmp_path / "out.pdf"
    assert print_for(register, ["7"], out, "3-5", copies=2) == Printed(8)
    assert print_for(None, ["7", "8"], out) == Printed(2)
    for failing, error in (
        (lambda: print_for(register, [], out, "3 to 5"), LinesWrong),
        (lambda: print_for(register, [], out, "900"), LinesAway),
        (lambda: print_for(None, ["7"], out, "3-5"), LinesWithout),
        (lambda: print_for(None, [], out), NothingToPrint),
        (lambda: print_for(headings, [], out), NoPapers),
        (lambda: print_for(None, ["9" * 400], out), NumberTooLong),
        (lambda: print_for(register, [], out, copies=2000), TooManySheets),
        (lambda: print_for(None, ["7"], tmp_path / "không có" / "out.pdf"), FileNotFoundError),
    ):
        with pytest.raises(error):
            failing()
    assert len(list(tmp_path.iterdir())) == 3


def test_no_personal_number_is_printed_and_what_repeats_is_told(tmp_path: Path) -> None:
    register = tmp_path / "so.csv"
    register.write_text(
        "Số,Ngày,Họ tên\n1/2005,03/02/2005,Lê Lan\n1/2005,03/02/2005,Lê Lan\n"
        "1/2005,04/02/2005,Trần Hải\n001087000084,05/02/2005,Vũ Châu\n,06/02/2005,Đỗ Hà\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.pdf"
    printed = print_for(register, [], out)
    assert printed.sheets == 2
    assert {one.kind: one.lines for one in printed.left_out} == {
        "row-twice": (3,), "number-personal": (5,), "number-missing": (6,)
    }  # fmt: skip
    assert [(one.kind, one.lines) for one in printed.doubtful] == [("number-twice", (4,))]
    with closing(pypdfium2.PdfDocument(out)) as pdf:
        assert not any("001087000084" in page.get_textpage().get_text_bounded() for page in pdf)
    with pytest.raises(NumberPersonal) as refused:
        print_for(None, ["0010 8700 0084"], out)
    assert "001087000084" not in str(refused.value)
