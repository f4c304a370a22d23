"""Values are found and put right only where one reading is left, and told apart by kind."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.sample_people import in_words, long_date
from ocr.dates import find_date
from ocr.kinds import READERS, read_value


@pytest.mark.parametrize(
    ("kind", "text", "value", "normal"),
    [
        ("date", "14/07/1979", "14/07/1979", "1979-07-14"),
        ("date", "ngày 15 tháng 09 năm 2023", "ngày 15 tháng 09 năm 2023", "2023-09-15"),
        ("date", "Hòa An, ngảy 5 thảng 9 nãm 2023", "ngảy 5 thảng 9 nãm 2023", "2023-09-05"),
        ("date", "28I10I2038", "28/10/2038", "2038-10-28"),
        ("date", "19/0612037", "19/06/2037", "2037-06-19"),
        ("date", "l4-7-1979", "14-7-1979", "1979-07-14"),
        ("year", "1979", "1979", "1979"),
        ("year", "sinh ngày 14/07/1979", "14/07/1979", "1979"),
        ("sex", "Nừ", "Nữ", "Nữ"),
        ("sex", "NAM", "Nam", "Nam"),
        ("personal_number", "002 179 282 291", "002179282291", "002179282291"),
        ("personal_number", "00217928229l", "002179282291", "002179282291"),
        ("id_number", "CCCD số 002179282291", "002179282291", "002179282291"),
        ("id_number", "CMND 012345678", "012345678", "012345678"),
        ("number", "Thửa số 123;", "123", "123"),
        ("decision_number", "806/QĐ-UBND", "806/QĐ-UBND", "806/QĐ-UBND"),
        ("decision_number", "806/QD-UBNĐ", "806/QĐ-UBND", "806/QĐ-UBND"),
        ("decision_number", "8O6 / 2026 / QĐ-UBND", "806/2026/QĐ-UBND", "806/2026/QĐ-UBND"),
        ("decision_number", "15/TTr-SNV", "15/TTr-SNV", "15/TTr-SNV"),
        ("tax_code", "0100109106", "0100109106", "0100109106"),
        ("tax_code", "0312687878-001", "0312687878-001", "0312687878001"),
        ("tax_code", "0I00109106", "0100109106", "0100109106"),
        ("money", "3.500.000 đồng/tháng", "3.500.000 đồng", "3500000"),
        ("area", "125,5 m2", "125,5 m²", "125.5"),
        ("area", "1.250 m²", "1.250 m²", "1250"),
        ("name", "Lò Xuân Lan.", "Lò Xuân Lan", "Lò Xuân Lan"),
        ("text", ": thôn Trung (xóm 3) ,", "thôn Trung (xóm 3)", "thôn Trung (xóm 3)"),
    ],
)
def test_a_value_is_found_with_its_normal_form(kind, text, value, normal):
    found = read_value(kind, text)
    assert (found.text, found.normal, found.fault) == (value, normal, "")


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("date", "31/02/1979", "not-a-date"),
        ("date", "14/07/79", "not-a-date"),
        ("year", "2979", "not-a-year"),
        ("sex", "Nừm", "unknown-sex"),
        ("personal_number", "00217928229", "not-a-number"),
        ("personal_number", "0021792822911", "not-a-number"),
        ("personal_number", "SOLIDOSOLIDO", "not-a-number"),
        ("decision_number", "806-QĐ", "not-a-decision-number"),
        ("tax_code", "0100109107", "wrong-check-digit"),
        ("tax_code", "01001091", "not-a-tax-code"),
        ("name", "Lò Xuân 1an", "not-a-name"),
        ("name", "Lan", "not-a-name"),
        ("money", "không", "not-an-amount"),
        ("text", "...", "empty"),
    ],
)
def test_a_value_that_cannot_be_right_says_why(kind, text, fault):
    assert read_value(kind, text).fault == fault


def test_a_pattern_picks_the_value_out_of_its_surroundings():
    found = read_value("number", "hưởng 03 tháng kể từ", r"(\d{1,2})\s*tháng")
    assert (found.text, found.start, found.end) == ("03", 6, 8)
    assert read_value("number", "không rõ", r"(\d+) tháng").fault == "not-as-expected"


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_in_figures_and_in_words(day):
    for text in (f"{day:%d/%m/%Y}", long_date(day), in_words(day), in_words(day).upper()):
        found = find_date(f"sinh {text}, tại")
        assert found is not None
        assert found.day == day, text


@given(st.sampled_from(sorted(READERS)), st.text(max_size=40))
def test_any_text_gives_a_value_that_stands_in_it(kind, text):
    found = read_value(kind, text)
    assert 0 <= found.start <= found.end <= len(text)
