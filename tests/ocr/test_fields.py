"""Fields are read after, below and beside their labels; a value that cannot be right says why."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.fields import FAULTS, FieldValue, read_fields
from ocr.words import Word
from profiles import FieldRules, load_paper

PITCH, HEIGHT, LETTER = 60, 30, 16


def page(*lines: str) -> list[Word]:
    """Rows of print; ``|`` sets what follows to the next column of 60 letters' width."""
    words = []
    for row, line in enumerate(lines):
        for column, part in enumerate(line.split("|")):
            left = 100 + column * 60 * LETTER
            for text in part.split():
                width = LETTER * len(text)
                words.append(
                    Word(text, left, PITCH * row, width, HEIGHT, 90.0 - column, (row, column))
                )
                left += width + LETTER
    return words


def rule(kind: str = "text", *anchors: str, **more) -> FieldRules:
    return FieldRules(name="f", label="F", anchors=anchors or ("Họ và tên",), kind=kind, **more)


def read(rules: FieldRules, *lines: str, labels=()) -> FieldValue:
    (found,) = read_fields([page(*lines)], [rules], labels)
    return found


def test_a_value_stands_after_its_label():
    found = read(rule("name"), "GIẤY KHAI SINH", "Họ và tên: SÙNG QUANG GIANG")
    assert (found.value, found.fault, found.page) == ("SÙNG QUANG GIANG", "", 1)
    assert found.box == (276, 60, 276 + 16 * LETTER, 90)
    assert found.confidence == 90.0


@pytest.mark.parametrize(
    "line",
    [
        "HỌ và, tên: Lò Xuân Lan",
        "Ho va tẽn: Lò Xuân Lan",
        "1. Họ và tên: Lò Xuân Lan",
        "- Họ và tên : Lò Xuân Lan",
        "Họ và tên:Lò Xuân Lan",
        "Họ và tên ........ Lò Xuân Lan",
        "Họ và tên:......Lò Xuân Lan......",
        "Họ và tên / Full name: Lò Xuân Lan",
        "Họ và tên (viết chữ in hoa): Lò Xuân Lan",
        "Hq và tên: Lò Xuân Lan",
        "Số 12 Họ và tên: Lò Xuân Lan",
    ],
)
def test_a_label_is_known_whatever_became_of_its_letters(line):
    assert read(rule("name"), line).value == "Lò Xuân Lan"


@pytest.mark.parametrize(
    "lines",
    [
        ("Họ và tên:", "Lò Xuân Lan"),
        ("Họ và tên|Giới tính", "Lò Xuân Lan|Nữ"),
        ("Giới tính:|Họ và tên:", "Nữ|Lò Xuân Lan"),
        ("Họ và tên|Lò Xuân Lan",),
    ],
)
def test_a_value_may_stand_below_its_label_or_in_the_column_beside(lines):
    assert read(rule("name"), *lines, labels=["Giới tính"]).value == "Lò Xuân Lan"


def test_a_value_ends_where_the_next_label_or_another_column_begins():
    lines = ("Dân tộc: Kinh Quốc tịch: Việt Nam",)
    assert read(rule("text", "Dân tộc"), *lines, labels=["Quốc tịch"]).value == "Kinh"
    assert read(rule("text", "Số"), "Số: 12/BC|Hòa An, ngày 3").value == "12/BC"


def test_a_long_value_runs_over_two_rows_and_stops_at_the_next_label():
    lines = ("Nơi cư trú: thôn Trung, xã", "Hòa An, tỉnh Sông Lam", "Dân tộc: Kinh")
    field = rule("text", "Nơi cư trú", lines=2)
    value = "thôn Trung, xã Hòa An, tỉnh Sông Lam"
    assert read(field, *lines, labels=["Dân tộc"]).value == value
    assert read(field, "Nơi cư trú: xã Hòa An", "Dân tộc: Kinh", labels=["Dân tộc"]).value == (
        "xã Hòa An"
    )


def test_a_longer_label_is_not_the_shorter_one():
    lines = ("Họ và tên người mẹ: Lò Thị Mai", "Họ và tên: Lò Xuân Lan")
    assert read(rule("name"), *lines, labels=["Họ và tên người mẹ"]).value == "Lò Xuân Lan"


def test_a_label_inside_a_sentence_is_none():
    assert read(rule(), "Ghi rõ họ và tên người ký").fault == "not-found"


def test_a_label_with_nothing_after_it_is_told_from_a_missing_one():
    assert read(rule(), "Họ và tên: ..........").fault == "empty"
    assert read(rule(), "Giới tính: Nữ").fault == "not-found"


def test_the_same_label_is_told_apart_by_the_one_above_it():
    lines = ("Tên mẹ: Lò Thị Mai", "Năm sinh: 1990", "Tên cha: Vi Văn Sơn", "Năm sinh: 1988")
    mother = rule("year", "Năm sinh", after=("Tên mẹ",), before=("Tên cha",))
    father = replace_name(rule("year", "Năm sinh", after=("Tên cha",)), "g")
    found = read_fields([page(*lines)], [mother, father])
    assert [value.value for value in found] == ["1990", "1988"]


def test_sections_side_by_side_are_told_apart_by_their_columns():
    lines = ("Tên vợ: Lò Thị Mai|Tên chồng: Vi Văn Sơn", "Năm sinh: 1990|Năm sinh: 1988")
    wife = rule("year", "Năm sinh", after=("Tên vợ",), before=("Tên chồng",))
    husband = replace_name(rule("year", "Năm sinh", after=("Tên chồng",), before=("Tên vợ",)), "g")
    found = read_fields([page(*lines)], [wife, husband])
    assert [value.value for value in found] == ["1990", "1988"]


def replace_name(rules: FieldRules, name: str) -> FieldRules:
    return rules.model_copy(update={"name": name})


def test_a_phrase_in_running_text_leads_to_its_value_over_the_end_of_a_row():
    lines = ("Ông (bà) Lò Xuân Lan được hưởng trợ cấp từ", "ngày 01/02/2026 đến ngày 30/04/2026.")
    assert read(rule("date", "từ ngày", place="sentence"), *lines).normal == "2026-02-01"
    lines = ("được hưởng trợ cấp thất nghiệp, từ ngày", "01/02/2026 đến ngày 30/04/2026.")
    found = read(rule("date", "từ ngày", place="sentence"), *lines)
    assert (found.value, found.normal) == ("01/02/2026", "2026-02-01")


@pytest.mark.parametrize(
    "lines",
    [
        ("Nơi nhận:|CHỦ TỊCH", "- Như Điều 3;|", "|Lò Xuân Lan"),
        ("Nơi nhận:|CHU TICH", "- Lưu VT.|v Lò Xuân Lan -"),
        ("Căn cứ Luật;", "Nơi nhận:|", "|", "- Lưu: VT.|Lò Xuân Lan"),
    ],
)
def test_the_signer_is_named_under_the_title_or_alone_at_the_lower_right(lines):
    found = read(rule("name", "CHỦ TỊCH", place="signature"), *lines)
    assert found.value == "Lò Xuân Lan"


def test_what_is_left_of_a_seal_beside_the_name_is_no_part_of_it():
    words = page("Nơi nhận:|CHỦ TỊCH", "|SSINE. -Lò Xuân Lan e")
    doubtful = [
        replace(word, confidence=10.0) if word.text in {"SSINE.", "e"} else word for word in words
    ]
    field = rule("name", "CHỦ TỊCH", place="signature")
    (found,) = read_fields([doubtful], [field])
    assert (found.value, found.fault) == ("Lò Xuân Lan", "")


def test_places_and_headings_are_no_signers():
    lines = ("Điều 1", "Điều 2", "|Xã Tỏa Tình", "|QUYẾT ĐỊNH")
    assert read(rule("name", "CHỦ TỊCH", place="signature"), *lines).fault == "not-found"


def test_fields_are_looked_for_on_every_page_and_a_good_value_goes_first():
    (found,) = read_fields([page("Trang một"), page("Họ và tên: An Bình")], [rule()])
    assert (found.value, found.page) == ("An Bình", 2)
    pages = [page("Ngày sinh: hôm nay"), page("Ngày sinh: 14/07/1979")]
    (found,) = read_fields(pages, [rule("date", "Ngày sinh")])
    assert (found.value, found.page) == ("14/07/1979", 2)


def test_a_number_without_a_readable_label_is_found_only_where_allowed():
    field = rule("personal_number", "Số định danh")
    lines = ("CĂN CƯỚC CÔNG DÂN", "s0/N0. 099091870835")
    assert read(field, *lines).fault == "not-found"
    allowed = field.model_copy(update={"unlabelled": True})
    assert read(allowed, *lines).value == "099091870835"


def test_a_number_that_contradicts_sex_or_birth_says_so():
    sex = FieldRules(name="sex", label="x", anchors=("Giới tính",), kind="sex")
    born = FieldRules(name="born", label="x", anchors=("Ngày sinh",), kind="date")
    number = rule("personal_number", "Số định danh", agrees_with=("sex", "born"))

    def fault(number_read: str) -> str:
        lines = ("Giới tính: Nam", "Ngày sinh: 08/12/1991", f"Số định danh: {number_read}")
        return read_fields([page(*lines)], [number, sex, born])[0].fault

    assert fault("099091870835") == ""
    assert fault("099191870835") == "contradicts-sex"
    assert fault("099092870835") == "contradicts-birth-year"


def test_a_date_that_contradicts_its_words_says_so():
    figures = rule("date", "Ngày sinh", agrees_with=("words",))
    words = FieldRules(name="words", label="x", anchors=("Ghi bằng chữ",), kind="date")
    line = "Ghi bằng chữ: Ngày tám tháng mười hai năm một nghìn chín trăm chín mươi mốt"
    for day, fault in (("08/12/1991", ""), ("08/12/1997", "contradicts-words")):
        found = read_fields([page(f"Ngày sinh: {day}", line)], [figures, words])
        assert found[0].fault == fault


def test_every_fault_is_told_in_words():
    for fault in FAULTS:
        assert FieldValue("f", fault=fault).reason()
    assert FieldValue("f").reason() == ""


def test_a_whole_birth_certificate_is_read():
    paper = load_paper("khai-sinh")
    lines = (
        "XÃ HÒA AN|Độc lập - Tự do - Hạnh phúc",
        "Số: 12/2025|",
        "GIẤY KHAI SINH",
        "Họ, chữ đệm, tên: TRẦN GIA BẢO",
        "Ngày, tháng, năm sinh: 12/10/2025",
        "Ghi bằng chữ: Ngày mười hai tháng mười năm hai nghìn không trăm hai mươi lăm",
        "Giới tính: Nam Dân tộc: Kinh Quốc tịch: Việt Nam",
        "Nơi sinh: Trạm Y tế xã Hòa An",
        "Quê quán: xã Tân Lập, tỉnh Sông Lam",
        "Số định danh cá nhân: 099225061587",
        "Họ, chữ đệm, tên người mẹ: Hoàng Thị Thu Hà",
        "Năm sinh: 1988 Dân tộc: Tày Quốc tịch: Việt Nam",
        "Nơi cư trú: thôn Trung, xã Hòa An",
        "Họ, chữ đệm, tên người cha: Trần Văn Hải",
        "Năm sinh: 1986 Dân tộc: Kinh Quốc tịch: Việt Nam",
        "Nơi cư trú: thôn Đông, xã Hòa An",
        "Nơi đăng ký khai sinh: Ủy ban nhân dân xã Hòa An",
        "Ngày, tháng, năm đăng ký: 31/10/2025",
        "|NGƯỜI KÝ GIẤY KHAI SINH",
        "|Vũ Quốc Việt",
    )
    found = {v.name: v for v in read_fields([page(*lines)], paper.fields, paper.labels)}
    assert {name: value.fault for name, value in found.items() if value.fault} == {}
    told = {name: value.value for name, value in found.items()}
    assert told["so"] == "12/2025"
    assert told["ho_ten"] == "TRẦN GIA BẢO"
    assert (told["dan_toc"], told["dan_toc_me"], told["dan_toc_cha"]) == ("Kinh", "Tày", "Kinh")
    assert (told["nam_sinh_me"], told["nam_sinh_cha"]) == ("1988", "1986")
    assert told["noi_cu_tru_cha"] == "thôn Đông, xã Hòa An"
    assert told["noi_dang_ky"] == "Ủy ban nhân dân xã Hòa An"
    assert told["nguoi_ky"] == "Vũ Quốc Việt"


@given(st.lists(st.text(max_size=20), max_size=6))
def test_no_text_breaks_the_reader(lines):
    words = [
        replace(word, text=word.text) for word in page(*(line.replace("|", " ") for line in lines))
    ]
    paper = load_paper("khai-sinh")
    assert len(read_fields([words], paper.fields, paper.labels)) == len(paper.fields)
