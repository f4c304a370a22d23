"""One sheet in, one finished page out: right side up, readable, its words in place."""

import dataclasses
import re
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitize.assemble import Provenance, write_pdf
from digitize.page import PageSettings, finish_page
from digitize.quality import below_bar, reasons
from digitize.sheet import FinishedPage
from digitize.source_errors import BrokenSheet
from digitize.sources import read_sources
from foundation.messages import set_language
from profiles import PageRules

RULES = PageRules(min_dpi=100)
PROVENANCE = Provenance(
    operator="Nguyễn Thị Hòa",
    office="Ủy ban nhân dân xã Hòa An",
    at=datetime(2026, 11, 22, tzinfo=UTC),
    device="",
    profile="giay-to",
    profile_code="",
    versions={},
    title="Giấy tờ",
)


@pytest.fixture
def finish(tmp_path, saved) -> Callable[..., FinishedPage]:
    def run(pixels: np.ndarray, rules: PageRules = RULES, dpi: int = 150, **more) -> FinishedPage:
        path = saved(pixels, tmp_path / "sheet.jpg", dpi)
        (sheet,) = read_sources([path])
        return finish_page(sheet, PageSettings(rules, tmp_path, **more))

    return run


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", unicodedata.normalize("NFC", text)).strip()


def test_a_sheet_that_needs_nothing_keeps_its_own_bytes(finish, drawn):
    page = finish(drawn())
    assert page.picture == page.sheet.path
    assert page.finding.flags == ()
    assert (round(page.width_mm), round(page.height_mm)) == (148, 210)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_whichever_way_it_is_fed_the_words_come_back(finish, drawn, delivered, turn):
    lines = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ĐỘC LẬP - TỰ DO - HẠNH PHÚC"]
    page = finish(delivered(drawn(lines, points=12.0), turn=turn, skew=1.3, lid=58))
    assert page.finding.rotation == turn
    assert "turn-unsure" not in page.finding.flags
    assert plain(page.text) == plain(" ".join(lines))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    turn=st.sampled_from([0, 90, 180, 270]),
    skew=st.floats(-14, 14),
    lid=st.sampled_from([None, 40, 90]),
)
def test_any_turn_and_tilt_gives_the_same_words_back(
    finish, drawn, delivered, lines, turn, skew, lid
):
    paper = drawn(points=13.0, dpi=200)
    page = finish(delivered(paper, turn=turn, skew=skew, lid=lid, margin=220), dpi=200)
    assert page.finding.rotation == turn
    there, wanted = Counter(plain(page.text).split()), Counter(plain(" ".join(lines)).split())
    lost = (wanted - there).total()
    # One word in twenty may be read otherwise after resampling: a mark or a letter of it.
    assert lost <= 0.05 * wanted.total()
    assert (there - wanted).total() <= lost + 1


def test_figures_alone_are_turned_by_reading_them(finish, drawn, delivered):
    lines = ["1.254.730   218.400", "4.479.025   317.664", "2.145.377   924.137"]
    page = finish(delivered(drawn(lines), turn=180))
    assert page.finding.rotation == 180
    assert plain(page.text) == plain(" ".join(lines))


def test_a_page_that_tells_neither_way_is_flagged_not_guessed(finish, drawn, delivered):
    page = finish(delivered(drawn(["—  o  —  o  —", "o  —  o  —  o"], points=20.0)))
    assert page.finding.rotation == 0
    assert "turn-unsure" in page.finding.flags


def test_words_lie_where_they_are_printed_and_carry_their_marks(tmp_path, finish, drawn, delivered):
    sheet = delivered(drawn(), skew=-4.0, turn=180, lid=58, margin=50)
    page = finish(sheet)
    out = tmp_path / "out.pdf"
    write_pdf([page], out, PROVENANCE)
    run = ["pdftotext", "-bbox", str(out), "-"]
    html = subprocess.run(run, capture_output=True, check=True, text=True).stdout
    pattern = r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]+)<'
    words = [(*map(float, found[:4]), found[4]) for found in re.findall(pattern, html)]
    text = unicodedata.normalize("NFC", " ".join(word[4] for word in words))
    assert "nhận hồ sơ từ 7 giờ 30" in text
    assert "giấy tờ đã số hóa" in text
    # Drawn 15 mm from the left of the paper and from 20 mm below its top, 13 pt on a pitch
    # of 13 x 0.55 mm.
    left, top, right, bottom, _ = next(word for word in words if word[4] == "Cán")
    point = 25.4 / 72
    assert left * point == pytest.approx(15, abs=1.2)
    middle = 20 + 2 * 13 * 0.55 + 2.5
    assert (top + bottom) / 2 * point == pytest.approx(middle, abs=1.5)
    assert right - left < 40
    assert bottom - top < 25


def test_too_few_dots_are_told_with_what_to_do(finish, drawn):
    page = finish(drawn(), PageRules(min_dpi=200))
    assert page.finding.flags == ("low-dpi",)
    assert below_bar([page.finding])
    set_language("en")
    assert reasons([page.finding], PageRules(min_dpi=200)) == [
        "page 1: below 200 dpi. Scan it again at a higher resolution"
    ]


def test_a_page_that_is_read_badly_is_told(finish, drawn):
    blurred = cv2.GaussianBlur(drawn(points=11.0), (0, 0), 3.2)
    page = finish(blurred)
    assert page.finding.flags == ("blurred",)
    assert below_bar([page.finding])


def test_a_page_of_scrawl_asks_for_a_look(finish, drawn):
    chance, scrawl = np.random.default_rng(5), drawn([]).copy()
    for start in chance.integers((100, 100), (700, 1000), (60, 2)):
        points = chance.normal(0, 9, (6, 2)).cumsum(0) + start
        cv2.polylines(scrawl, [points.astype(np.int32)], False, 40, 2)
    page = finish(scrawl)
    assert page.finding.flags == ("turn-unsure",)
    assert not below_bar([page.finding])


def test_a_sheet_of_noise_is_refused_and_not_read_for_minutes(finish):
    page = finish(np.random.default_rng(1).integers(0, 256, (2480, 1748), dtype=np.uint8), dpi=300)
    assert page.finding.words == 0
    assert "low-confidence" in page.finding.flags


def test_an_all_black_sheet_is_too_dark_and_not_blank(finish):
    page = finish(np.zeros((1240, 874), np.uint8))
    assert (page.finding.blank, page.finding.flags) == (False, ("dark",))


def test_a_page_in_another_language_is_told_and_kept(finish, drawn):
    lines = [
        "This is to certify that the person named above",
        "was born on the date shown and that the record",
        "of birth has been filed in the office of the",
        "registrar under the number given on this page",
    ]
    page = finish(drawn(lines))
    assert page.finding.flags == ("other-language",)
    assert not below_bar([page.finding])


def test_a_blank_is_set_aside_with_no_picture_written(finish, drawn):
    page = finish(drawn([]))
    assert page.finding.blank
    assert not page.finding.kept
    assert page.picture is None


def test_without_the_recogniser_the_picture_is_still_straight(finish, drawn, delivered):
    page = finish(delivered(drawn(), skew=3.0, turn=90, lid=58), recognise=False)
    assert (page.finding.rotation, page.finding.skew) == (90, pytest.approx(3.0, abs=0.1))
    assert page.finding.flags == ("not-recognised",)
    assert page.text_layer == b""


def test_a_sheet_that_was_cut_short_is_refused_by_name(tmp_path, drawn, saved):
    path = saved(drawn(), tmp_path / "sheet.jpg")
    (sheet,) = read_sources([path])
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BrokenSheet, match=r"sheet\.jpg"):
        finish_page(sheet, PageSettings(RULES, tmp_path))


def test_a_sheet_without_resolution_is_taken_for_a4(tmp_path, drawn, saved):
    path = saved(drawn(size=(210.0, 297.0)), tmp_path / "sheet.png", 0)
    (sheet,) = read_sources([path])
    page = finish_page(dataclasses.replace(sheet, dpi=None), PageSettings(RULES, tmp_path))
    assert (round(page.width_mm), round(page.height_mm)) == (210, 297)


def test_pictures_go_to_the_work_folder_and_nowhere_else(tmp_path, finish, drawn, delivered):
    page = finish(delivered(drawn(), turn=90))
    assert page.picture == tmp_path / "page-000000.jpg"
    assert sorted(path.name for path in Path(tmp_path).iterdir()) == [
        "page-000000.jpg",
        "sheet.jpg",
    ]
