"""Fields are read after their labels, and a value that cannot be right says why."""

import pytest

from ocr.fields import FieldValue, read_fields
from ocr.words import Word
from profiles import FieldRules


def page(*lines: str) -> list[Word]:
    return [
        Word(text, 100 * place, 40 * row, 90, 30, 90.0 - place, (row,))
        for row, line in enumerate(lines)
        for place, text in enumerate(line.split())
    ]


def rule(kind: str = "text", *anchors: str) -> FieldRules:
    return FieldRules(name="f", label="F", anchors=anchors or ("Họ và tên",), kind=kind)


def read(rules: FieldRules, *lines: str) -> FieldValue:
    (found,) = read_fields([page(*lines)], [rules])
    return found


def test_a_value_stands_after_its_label():
    found = read(rule("name"), "GIẤY KHAI SINH", "Họ và tên: SÙNG QUANG GIANG")
    assert (found.value, found.fault, found.page) == ("SÙNG QUANG GIANG", "", 1)
    assert found.box == (300, 40, 590, 70)
    assert found.confidence == 85.0


def test_a_label_is_known_whatever_became_of_its_punctuation():
    assert read(rule("name"), "HỌ và, tên: Lò Xuân Lan").value == "Lò Xuân Lan"


def test_a_label_inside_a_sentence_is_none():
    assert read(rule(), "Ghi rõ họ và tên người ký").fault == "not-found"


def test_a_label_without_a_value_is_not_found():
    found = read(rule(), "Họ và tên:", "TRIỆU MẠNH KHOA")
    assert (found.value, found.fault, found.page) == ("", "not-found", 0)


def test_fields_are_looked_for_on_every_page():
    (found,) = read_fields([page("Trang một"), page("Họ và tên: An")], [rule()])
    assert (found.value, found.page) == ("An", 2)


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        ("date", "14/07/1979", ""),
        ("date", "31/02/1979", "not-a-date"),
        ("date", "14/07/79", "not-a-date"),
        ("year", "1979", ""),
        ("year", "2979", "not-a-year"),
        ("sex", "Nữ", ""),
        ("sex", "Nừ", "unknown-sex"),
        ("personal_number", "002179282291", ""),
        ("personal_number", "00217928229l", "not-a-number"),
        ("decision_number", "806/QĐ-UBND", ""),
        ("decision_number", "806/2026/QĐ-UBND", ""),
        ("decision_number", "806-QĐ", "not-a-decision-number"),
        ("name", "Lò Xuân Lan", ""),
        ("name", "Lò Xuân 1an", "not-a-name"),
    ],
)
def test_a_value_that_cannot_be_right_says_why(kind, value, fault):
    found = read(rule(kind, "Nhãn"), f"Nhãn: {value}")
    assert (found.value, found.fault) == (value, fault)
