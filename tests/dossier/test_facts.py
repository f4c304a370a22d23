"""Facts are read off every known paper of a stack while its pages go by."""

import json
from pathlib import Path

import pytest

from digitize.sheet import Finding, FinishedPage, Sheet
from dossier.facts import FactReader, facts_json
from ocr.words import Word, reading_text
from profiles import load_paper

BIRTH = ("GIẤY KHAI SINH", "Họ, chữ đệm, tên: LÒ XUÂN LAN", "Ngày, tháng, năm sinh: 31/02/2020")
DECISION = ("Số: 806/QĐ-UBND", "QUYẾT ĐỊNH", "Về việc hỗ trợ mưa lũ")
BENEFIT = ("Số: 12/QĐ-SNV", "QUYẾT ĐỊNH", "Về việc hưởng trợ cấp", "thất nghiệp")
LETTER = ("Kính gửi các xã", "Số: 99/QĐ-UBND")


def page(*lines: str) -> FinishedPage:
    words = tuple(
        Word(text, 100 + 150 * place, 60 * row, 140, 30, 90.0, (row,))
        for row, line in enumerate(lines)
        for place, text in enumerate(line.split())
    )
    sheet = Sheet(0, Path("x.jpg"), 0, "image", "x.jpg", "")
    return FinishedPage(
        sheet, Finding(0, "x.jpg"), None, 210, 297, text=reading_text(words), words=words
    )


def read(named: str, *pages: FinishedPage):
    reader = FactReader(load_paper(named))
    for one in pages:
        reader.take(one)
    return reader.facts()


def told(facts) -> dict[str, str]:
    return {value.name: value.value for value in facts.values if value.value}


def test_each_paper_of_a_mixed_stack_is_known_by_its_heading():
    found = read("giay-to", page(*LETTER), page(*BIRTH), page(), page(*DECISION), page(*LETTER))
    assert [(one.paper.name, one.pages) for one in found] == [
        ("khai-sinh", (2, 3)),
        ("quyet-dinh", (4, 5)),
    ]
    assert told(found[0])["ho_ten"] == "LÒ XUÂN LAN"
    assert told(found[1])["so_ky_hieu"] == "806/QĐ-UBND"


def test_an_unknown_paper_with_the_state_s_name_at_its_head_is_not_part_of_the_one_before():
    report = page("CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM", "BÁO CÁO", "Quê quán: xã Hòa An")
    (found,) = read("giay-to", page(*BIRTH), report, page("Quê quán: xã Tân Lập"))
    assert found.pages == (1,)
    assert "que_quan" not in told(found)


def test_the_longest_heading_tells_the_paper():
    (found,) = read("giay-to", page(*BENEFIT))
    assert found.paper.name == "tro-cap-that-nghiep"


def test_a_paper_that_is_named_needs_no_heading():
    (found,) = read("khai-sinh", page(*BIRTH[1:]))
    assert told(found)["ho_ten"] == "LÒ XUÂN LAN"


def test_what_follows_a_paper_of_two_sides_is_not_part_of_it():
    (found,) = read("giay-to", page(*BIRTH), page(), page("Quê quán: xã Hòa An"))
    assert found.pages == (1, 2)
    assert "que_quan" not in told(found)


def test_the_file_names_pages_of_the_document_and_reasons():
    facts = read("giay-to", page(*LETTER), page(*BIRTH))
    (document,) = json.loads(facts_json(facts))["documents"]
    fields = {field["name"]: field for field in document["fields"]}
    assert (document["paper"], document["pages"]) == ("khai-sinh", [2])
    assert fields["ho_ten"]["page"] == 2
    assert fields["ho_ten"]["box"] == [700, 60, 1140, 90]
    assert (fields["ngay_sinh"]["fault"], fields["ngay_sinh"]["value"]) == (
        "not-a-date",
        "31/02/2020",
    )
    assert fields["ngay_sinh"]["reason"]
    assert (fields["gioi_tinh"]["value"], fields["gioi_tinh"]["fault"]) == ("", "not-found")


def test_a_clerk_is_told_of_wrong_values_and_of_required_ones_that_are_missing():
    (found,) = read("giay-to", page(BIRTH[0], BIRTH[2]))
    lines = list(found.doubts())
    assert len(lines) == 2
    assert "Họ, chữ đệm, tên" in lines[0]
    assert "Ngày, tháng, năm sinh" in lines[1]
    assert not any("31/02" in line for line in lines)


@pytest.mark.parametrize("named", ["giay-to", "khai-sinh"])
def test_a_stack_without_any_known_paper_gives_what_was_named(named):
    found = read(named, page(*LETTER))
    assert [one.paper.name for one in found] == ([] if named == "giay-to" else [named])
