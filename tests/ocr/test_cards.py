"""A card's code goes before its print; print that says otherwise is told, misread print is not."""

from datetime import date

import pytest

from ocr.cards import card_in_print, with_code
from ocr.fields import FieldValue, read_fields
from ocr.idcard import parse_payload
from ocr.words import Word
from profiles import load_paper

PAPER = load_paper("can-cuoc")
PAYLOAD = "099091870835||Trần Văn Hải|08121991|Nam|thôn Trung, xã Hòa An|10032022"
FRONT = (
    "CĂN CƯỚC CÔNG DÂN",
    "Số / No.: 099091870835",
    "Họ và tên / Full name:",
    "TRẦN VĂN HẢI",
    "Ngày sinh / Date of birth: 08/12/1991",
    "Giới tính / Sex: Nam   Quốc tịch / Nationality: Việt Nam",
    "Quê quán / Place of origin:",
    "xã Tân Lập, tỉnh Sông Lam",
    "Nơi thường trú / Place of residence:",
    "thôn Trung, xã Hòa An",
)


def printed(**changed: str) -> list[FieldValue]:
    lines = [changed.get(f"row{number}", line) for number, line in enumerate(FRONT)]
    words = [
        Word(text, 100 + 150 * place, 40 * row, 140, 24, 80.0, (row,))
        for row, line in enumerate(lines)
        for place, text in enumerate(line.split())
    ]
    return read_fields([words], PAPER.fields, PAPER.labels)


def by_name(values: list[FieldValue]) -> dict[str, FieldValue]:
    return {value.name: value for value in values}


def test_the_front_is_read_with_its_two_languages():
    found = by_name(printed())
    told = {name: value.value for name, value in found.items() if value.value}
    assert told == {
        "so_dinh_danh": "099091870835",
        "ho_ten": "TRẦN VĂN HẢI",
        "ngay_sinh": "08/12/1991",
        "gioi_tinh": "Nam",
        "quoc_tich": "Việt Nam",
        "que_quan": "xã Tân Lập, tỉnh Sông Lam",
        "noi_thuong_tru": "thôn Trung, xã Hòa An",
    }


def test_the_code_goes_before_the_print_and_keeps_its_place():
    card = parse_payload(PAYLOAD)
    assert card is not None
    found = by_name(with_code(printed(row3="TRẨN VĂN HÁI"), PAPER.fields, card))
    name = found["ho_ten"]
    assert (name.value, name.source, name.confidence, name.fault) == (
        "Trần Văn Hải", "qr", 100.0, "",
    )  # fmt: skip
    assert name.box is not None
    assert found["ngay_sinh"].normal == "1991-12-08"
    assert found["que_quan"].source == "print"


@pytest.mark.parametrize(
    ("row", "line", "field"),
    [
        ("row3", "LÒ THỊ MAI", "ho_ten"),
        ("row1", "Số / No.: 099091123456", "so_dinh_danh"),
        ("row4", "Ngày sinh / Date of birth: 23/05/1991", "ngay_sinh"),
    ],
)
def test_a_print_that_says_otherwise_is_told(row, line, field):
    card = parse_payload(PAYLOAD)
    assert card is not None
    found = by_name(with_code(printed(**{row: line}), PAPER.fields, card))
    assert [name for name, value in found.items() if value.fault == "contradicts-qr"] == [field]


def test_the_print_alone_names_the_owner_where_it_fits_together():
    card = card_in_print(printed(), PAPER.fields)
    assert card is not None
    assert (card.number, card.full_name, card.birth_date, card.sex, card.from_print) == (
        "099091870835", "TRẦN VĂN HẢI", date(1991, 12, 8), "Nam", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"row1": "Số / No.: 099092870835"},
        {"row1": "Số / No.: 09909187083"},
        {"row5": "Giới tính / Sex: Nữ"},
        {"row4": "Ngày sinh / Date of birth:"},
    ],
)
def test_print_that_does_not_fit_together_names_nobody(changed):
    assert card_in_print(printed(**changed), PAPER.fields) is None
