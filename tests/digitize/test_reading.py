"""At which resolution a sheet is read, and when its turn is doubted although its marks are sure."""

from dataclasses import replace

from digitize import reading
from digitize.ink import find_marks
from digitize.upright import Guess
from ocr.words import Word


def test_little_print_is_read_at_the_sheets_own_resolution(drawn):
    few, many = find_marks(drawn(["Căn cước"]), 150), find_marks(drawn(), 150)
    assert [reading.reading_dpi(few, own) for own in (200.0, 400.0, 600.0)] == [300.0, 400.0, 400.0]
    assert reading.reading_dpi(many, 400.0) <= 300.0


def test_a_sure_turn_is_tried_again_where_a_stubbed_recogniser_reads_no_vietnamese(
    drawn, monkeypatch
):
    sheet = drawn()
    page = reading.set_upright(sheet, 150, find_marks(sheet, 150))
    page = replace(page, guess=Guess(0, 0.0))  # sure
    words = {
        angle: [Word(text, 10 * n, 10, 9, 9, 75.0, (0,)) for n in range(30)]
        for angle, text in ((180, "hồ"), (0, "oy"))
    }
    read = iter((words[0], words[180]))
    monkeypatch.setattr(reading, "recognise", lambda *_a, **_k: next(read))
    monkeypatch.setattr(reading, "settle_turn", lambda *_a, **_k: (180, True))
    found = reading.read_page(page, "vie", lambda: sheet)
    assert [word.text for word in found.words] == ["hồ"] * 30
