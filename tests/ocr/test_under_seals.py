"""What is read a second time under a seal completes the first reading and spoils nothing."""

import numpy as np

from ocr.under_seals import joined, patches
from ocr.words import Word, reading_text

DPI = 200.0
PATCH = (400, 400, 1000, 800)


def line(text: str, left: int, top: int, number: int, confidence: float = 95.0) -> list[Word]:
    return [
        Word(word, left + 80 * n, top, 70, 30, confidence, (number,))
        for n, word in enumerate(text.split())
    ]


def test_a_lost_family_name_goes_back_before_the_rest_of_the_name():
    first = [*line("CHỦ TỊCH", 520, 450, 1), *line("Đình Khôi", 580, 600, 2)]
    again = [*line("CHỦ TỊCH", 520, 450, 1), *line("Trần Đình Khôi", 500, 600, 2)]
    assert reading_text(joined(first, again, PATCH, DPI)) == "CHỦ TỊCH\nTrần Đình Khôi"


def test_a_name_that_was_dropped_stands_below_its_title_and_before_what_comes_after():
    first = [*line("CHỦ TỊCH", 520, 450, 1), *line("Trang 1", 520, 900, 2)]
    again = line("Lê Đức Cường", 500, 600, 1)
    assert reading_text(joined(first, again, PATCH, DPI)) == "CHỦ TỊCH\nLê Đức Cường\nTrang 1"


def test_a_surer_word_takes_the_place_of_another_and_a_doubtful_one_does_not():
    first = [*line("Lẻ", 500, 600, 1, 50.0), *line("Cường", 580, 600, 1, 92.0)]
    again = [*line("Lê", 500, 600, 1, 94.0), *line("2ường", 580, 600, 1, 70.0)]
    assert reading_text(joined(first, again, PATCH, DPI)) == "Lê Cường"


def test_words_cut_by_the_edge_of_the_patch_and_guesses_are_left_out():
    first = line("CHỦ TỊCH", 520, 450, 1)
    again = [*line("hận", 401, 600, 1), *line("~o", 600, 600, 2, 30.0)]
    assert joined(first, again, PATCH, DPI) == first


def test_a_seal_and_the_stroke_across_it_are_one_patch_within_the_page():
    page = np.full((1000, 900), 255, np.uint8)
    seal, stroke, far = (300, 500, 600, 800), (590, 600, 800, 700), (300, 20, 400, 100)
    found = patches([seal, stroke, far], DPI, page)
    assert len(found) == 2
    for left, top, right, bottom in found:
        assert 0 <= left < right <= 900
        assert 0 <= top < bottom <= 1000
    assert patches([], DPI, page) == []
