"""Ruled tables are found whatever their rules, and read cell by cell."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.background import flatten
from ocr.engine import recognise
from ocr.tables import find_tables
from ocr.words import reading_text

FONT = Path("/usr/share/fonts/truetype/croscore/Arimo-Regular.ttf")
DPI = 300
MM = DPI / 25.4
ROWS = (
    ("TT", "Đơn vị", "Tiếp nhận", "Quá hạn"),
    ("1", "Xã Xuân Lãnh", "1.284", "7"),
    ("2", "Phường Phú Mỡ", "936", "12,5%"),
    ("3", "Xã Ea Bar", "50", "0"),
)
COLUMNS = (20.0, 32.0, 80.0, 110.0, 140.0)
TOP, ROW = 30.0, 8.0


def drawn(dashes: tuple[int, int] | None = None, weight: int = 2, frame: bool = True) -> np.ndarray:
    """The table on a page, its rules drawn through or dashed (pixels on, pixels off)."""
    page = Image.new("L", (round(160 * MM), round(100 * MM)), 245)
    pen = ImageDraw.Draw(page)
    rows = [TOP + ROW * n for n in range(len(ROWS) + 1)]
    inner = (rows, COLUMNS) if frame else (rows[1:-1], COLUMNS[1:-1])
    for y in inner[0]:
        rule(pen, (COLUMNS[0], y), (COLUMNS[-1], y), dashes, weight)
    for x in inner[1]:
        rule(pen, (x, rows[0]), (x, rows[-1]), dashes, weight)
    font = ImageFont.truetype(str(FONT), round(10 * DPI / 72))
    for row, top in zip(ROWS, rows, strict=False):
        for text, left in zip(row, COLUMNS, strict=False):
            pen.text(((left + 1.5) * MM, (top + 2) * MM), text, 25, font)
    return np.asarray(page)


def rule(pen, begin, end, dashes, weight) -> None:
    a, b = np.array(begin) * MM, np.array(end) * MM
    length = np.abs(b - a).max()
    on, off = dashes or (length, 1)
    for start in np.arange(0, length, on + off):
        stop = min(start + on, length)
        pen.line((*(a + (b - a) * start / length), *(a + (b - a) * stop / length)), 30, weight)


@pytest.mark.parametrize("dashes", [None, (14, 9), (3, 5)], ids=["solid", "dashed", "dotted"])
@pytest.mark.parametrize("weight", [1, 6], ids=["thin", "thick"])
def test_cells_are_found_whatever_the_rules_are_drawn_with(dashes, weight):
    flat = flatten(drawn(dashes, weight), DPI)
    (table,) = find_tables(flat, DPI).tables
    assert [len(row) for row in table.rows] == [4, 4, 4, 4]
    for row in table.rows:
        assert all(one.right <= other.left for one, other in pairwise(row))


def test_no_rule_of_one_pixel_falls_between_the_samples():
    at_200 = Image.new("L", (1260, 787), 255)
    pen, step = ImageDraw.Draw(at_200), 61  # every remainder of the sampling's four pixels
    for n in range(9):
        pen.line((100 + n * step, 100, 100 + n * step, 100 + 8 * step), 90, 1)
        pen.line((100, 100 + n * step, 100 + 8 * step, 100 + n * step), 90, 1)
    found = find_tables(np.asarray(at_200), 200)
    (table,) = found.tables
    assert [len(row) for row in table.rows] == [8] * 8
    assert found.rules is not None
    assert np.where(found.rules, 255, np.asarray(at_200)).min() == 255


@pytest.mark.parametrize(("print_", "rule"), [(25, 185), (115, 210)], ids=["dark", "faded"])
def test_rules_much_paler_than_the_print_are_rules(print_, rule):
    page = drawn().astype(np.uint8)
    flat = np.where(page < 28, print_, np.where(page < 200, rule, 255)).astype(np.uint8)
    (table,) = find_tables(flat, DPI).tables
    assert [len(row) for row in table.rows] == [4, 4, 4, 4]


def test_figures_one_below_the_other_are_no_rule_down():
    page = Image.new("L", (1400, 1600), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(str(FONT), round(9.5 * DPI / 72))
    columns, rows = range(100, 1301, 300), range(100, 1451, 50)
    for x in columns:
        pen.line((x, rows[0], x, rows[-1]), 20, 2)
    for y in rows:
        pen.line((columns[0], y, columns[-1], y), 20, 2)
    for number, top in enumerate(rows[:-1]):
        for left, figures in zip(columns, ("18841", "4", "181", "33418"), strict=False):
            text = figures if number % 3 else figures[::-1]
            pen.text((left + 150, top + 39), text, 20, font, anchor="ms")
    (table,) = find_tables(np.asarray(page), DPI).tables
    assert [len(row) for row in table.rows] == [4] * 27


def test_a_table_without_a_frame_has_all_its_cells():
    (table,) = find_tables(flatten(drawn(frame=False), DPI), DPI).tables
    assert [len(row) for row in table.rows] == [4, 4, 4, 4]


def test_merged_cells_stay_one():
    page = drawn().copy()
    y, left, right = (TOP + ROW) * MM, (COLUMNS[1] + 1) * MM, (COLUMNS[4] - 1) * MM
    page[round(y + 6) : round(y + ROW * MM - 6), round(left) : round(right)] = 245
    (table,) = find_tables(flatten(page, DPI), DPI).tables
    assert [len(row) for row in table.rows] == [4, 2, 4, 4]


def test_prose_and_a_framed_page_are_no_tables():
    page = Image.new("L", (round(160 * MM), round(100 * MM)), 245)
    pen = ImageDraw.Draw(page)
    pen.rectangle((60, 60, page.width - 60, page.height - 60), outline=20, width=5)
    font = ImageFont.truetype(str(FONT), round(12 * DPI / 72))
    for n in range(9):
        pen.text((120, 120 + 90 * n), "Bộ phận Một cửa tiếp nhận hồ sơ từ bảy giờ", 25, font)
    ruling = find_tables(flatten(np.asarray(page), DPI), DPI)
    assert (ruling.tables, ruling.rules) == ((), None)


def test_a_streak_down_the_page_is_no_rule():
    page = drawn().copy()
    page[:, round(60 * MM)] = 90
    ruling = find_tables(flatten(page, DPI), DPI)
    assert [len(row) for row in ruling.tables[0].rows] == [4, 4, 4, 4]
    assert ruling.streaks is not None
    assert ruling.streaks[:, round(60 * MM)].mean() > 0.5


@pytest.mark.parametrize("dashes", [None, (3, 5)], ids=["solid", "dotted"])
def test_a_table_is_read_row_by_row(dashes):
    text = reading_text(recognise(drawn(dashes), DPI))
    assert text.splitlines() == [" ".join(row) for row in ROWS]


def test_no_word_of_a_faded_table_is_lost():
    faded = (245 - 0.38 * (245.0 - drawn())).astype(np.uint8)
    assert reading_text(recognise(faded, DPI)).splitlines() == [" ".join(row) for row in ROWS]


def test_words_of_a_table_stand_in_their_cells():
    page = drawn()
    words = {word.text: word for word in recognise(page, DPI)}
    word = words["1.284"]
    assert COLUMNS[2] * MM < word.left < word.right < COLUMNS[3] * MM
    assert (TOP + ROW) * MM < word.top < word.bottom < (TOP + 2 * ROW) * MM


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (60, 60)])
def test_pictures_of_any_size_have_no_tables(shape):
    assert find_tables(np.full(shape, 250, np.uint8), DPI).tables == ()


def test_boxes_for_the_figures_of_a_number_are_lifted_and_no_table():
    page = np.full((400, 1500), 255, np.uint8)
    picture = Image.fromarray(page)
    pen = ImageDraw.Draw(picture)
    for n in range(12):
        pen.rectangle((200 + 80 * n, 150, 280 + 80 * n, 230), outline=30, width=2)
    found = find_tables(np.asarray(picture), DPI)
    assert found.tables == ()
    assert found.rules is not None
    assert np.where(found.rules, 255, np.asarray(picture)).min() == 255
