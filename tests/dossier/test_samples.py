"""The sample papers are what they claim: the truth about them is true."""

import hashlib
import re
import unicodedata
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dossier import sample_paper
from dossier.sample_people import card_qr, in_words, invent_family, machine_readable
from dossier.samples import (
    SampleSheet,
    write_sample_application,
    write_sample_decision,
    write_sample_dossier,
    write_text_sheets,
)
from foundation.errors import ExitCode
from profiles import load_paper, load_procedure


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> tuple[SampleSheet, ...]:
    return write_sample_dossier(tmp_path_factory.mktemp("feeder"))


def test_the_folder_holds_the_pictures_in_feeding_order_and_nothing_else(sheets):
    assert [s.path for s in sheets] == sorted(sheets[0].path.parent.iterdir())
    assert [s.side for s in sheets] == ["front", "back"] * 4


def test_the_dossier_has_every_paper_its_procedure_asks_for(sheets):
    asked = [c.paper for c in load_procedure("thuong-tru-cho-con").components]
    assert list(dict.fromkeys(s.paper for s in sheets)) == asked


def test_it_has_a_blank_back_an_upside_down_sheet_and_a_tilted_one(sheets):
    assert [s.blank for s in sheets].count(True) == 2
    assert [s.rotation for s in sheets] == [0, 0, 180, 180, 0, 0, 0, 0]
    assert [s.skew for s in sheets] == [0, 0, 0, 0, 0, 0, 3.0, -3.0]


def test_every_picture_is_a4_at_300_dpi_in_colour(sheets):
    for sheet in sheets:
        with Image.open(sheet.path) as picture:
            assert picture.size == (2480, 3508)
            assert picture.info["dpi"] == (300, 300)
            assert picture.mode == "RGB"


@pytest.mark.parametrize("paper", ["khai-sinh", "ket-hon", "can-cuoc"])
def test_every_fact_is_a_field_of_the_profile_printed_behind_its_anchor(sheets, paper):
    front = next(s for s in sheets if s.paper == paper)
    anchors = {rule.name: rule.anchors[0] for rule in load_paper(paper).fields}
    assert len(front.fields) >= 3
    for name, value in front.fields.items():
        printed = rf"{re.escape(anchors[name])}[^\n]*[:\n]\s*{re.escape(value)}"
        assert re.search(printed, front.text), name


def test_the_decision_and_the_application_are_one_sheet_each(tmp_path: Path):
    decision = write_sample_decision(tmp_path / "decision")
    assert f"Số: {decision[0].fields['so_ky_hieu']}" in decision[0].text
    assert [s.blank for s in decision] == [False, True]
    application = write_sample_application(tmp_path / "application")
    assert "TỜ KHAI THAY ĐỔI THÔNG TIN CƯ TRÚ" in application[0].text
    assert [s.blank for s in application] == [False, False]


def test_upside_down_is_a_half_turn_and_tilt_shows_the_lid_in_the_corners(sheets):
    def darkness(sheet: SampleSheet, part: slice) -> float:
        with Image.open(sheet.path) as picture:
            return float((np.asarray(picture.convert("L"))[part, 600:-600] < 110).mean())

    upside_down = sheets[3]  # written at its head, empty at its foot
    assert darkness(upside_down, slice(0, 350)) < darkness(upside_down, slice(-900, -100))
    for tilted in sheets[6:]:
        with Image.open(tilted.path) as picture:
            left_edge = np.asarray(picture.convert("L"))[:, 20]
        lid = left_edge < 110
        # Counter-clockwise tilt moves the left edge's head leftwards out of the picture.
        assert lid[-400:].all() == (tilted.skew > 0)
        assert lid[:400].all() == (tilted.skew < 0)


def test_the_card_s_qr_reads_as_the_truth_says(sheets):
    card = next(s for s in sheets if s.qr)
    with Image.open(card.path) as picture:
        read = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert read == [card.qr]
    number, former, name, born, sex, _home, _issued = card.qr.split("|")
    assert (number, name.upper()) == (card.fields["so_dinh_danh"], card.fields["ho_ten"])
    assert (former, sex, born) == ("", "Nam", card.fields["ngay_sinh"].replace("/", ""))


def test_the_same_seed_draws_the_same_bytes_and_another_seed_other_people(tmp_path: Path):
    def digests(folder: str, seed: int) -> list[str]:
        drawn = write_sample_decision(tmp_path / folder, seed=seed)
        return [hashlib.sha256(s.path.read_bytes()).hexdigest() for s in drawn]

    assert digests("a", 1) == digests("b", 1)
    assert digests("a", 1) != digests("c", 2)


def test_letters_are_as_many_as_asked_and_full_of_nfc_prose(tmp_path: Path):
    letters = write_text_sheets(tmp_path, 3, seed=5)
    assert len(list(tmp_path.iterdir())) == len(letters) == 3
    for letter in letters:
        assert len(letter.text.split()) > 200
        assert unicodedata.is_normalized("NFC", letter.text)


def test_a_missing_font_names_the_package_that_brings_it(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(sample_paper, "_FONTS", tmp_path)
    sample_paper.typeface.cache_clear()
    with pytest.raises(sample_paper.FontMissing, match="fonts-croscore") as raised:
        write_sample_decision(tmp_path / "out")
    assert raised.value.exit_code == ExitCode.SETUP


@given(st.integers(0, 10_000))
def test_nobody_could_exist_yet_everybody_keeps_the_rule_of_the_number(seed: int):
    family = invent_family(seed)
    for person in (family.child, family.mother, family.father):
        digit = 2 * (person.born.year // 100 - 19) + person.female
        assert re.fullmatch(rf"099{digit}{person.born:%y}\d{{6}}", person.number)
    assert family.married < family.child.born < family.registered
    assert card_qr(family.father, family.home, family.card_issued).count("|") == 6


@given(st.integers(0, 10_000))
def test_the_machine_readable_lines_have_thirty_plain_characters(seed: int):
    family = invent_family(seed)
    for line in machine_readable(family.mother, family.card_issued):
        assert re.fullmatch(r"[A-Z0-9<]{30}", line)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2025, 3, 12), "Ngày mười hai tháng ba năm hai nghìn không trăm hai mươi lăm"),
        (date(2024, 4, 21), "Ngày hai mươi mốt tháng tư năm hai nghìn không trăm hai mươi tư"),
        (date(2005, 11, 15), "Ngày mười lăm tháng mười một năm hai nghìn không trăm linh năm"),
        (date(1990, 1, 30), "Ngày ba mươi tháng một năm một nghìn chín trăm chín mươi"),
    ],
)
def test_dates_are_written_out_as_certificates_do(day: date, words: str):
    assert in_words(day) == words
