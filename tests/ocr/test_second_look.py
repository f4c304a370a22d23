"""Two readers vote on doubtful print; without the second the first reads alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr import reader, second_look
from ocr.reader import Piece, read_lines
from ocr.second_look import Line, look_again, look_at_words
from ocr.words import Word

FONT = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
PAGE = np.full((60, 400), 255, np.uint8)


def line_of_print(text: str, height: int = 34) -> np.ndarray:
    font = ImageFont.truetype(FONT, height)
    page = Image.new("L", (round(font.getlength(text)) + 16, height + 18), 255)
    ImageDraw.Draw(page).text((8, 6), text, 20, font)
    return np.asarray(page)


def line(*words: tuple[str, float], width: int = 300) -> Line:
    each = width // max(1, len(words))
    placed = (
        Word(text, 20 + n * each, 10, each - 10, 34, sure, (5,))
        for n, (text, sure) in enumerate(words)
    )
    return Line(20, 10, 20 + width, 44, tuple(placed), 34)


def voted(monkeypatch, first: Line, *pieces: tuple[str, float]) -> list[str]:
    read = [Piece(text, 50.0 * n, 50.0 * n + 40, sure) for n, (text, sure) in enumerate(pieces)]
    monkeypatch.setattr(second_look, "read_lines", lambda lines: [list(read) for _ in lines])
    return [word.text for word in look_again(PAGE, [first])[0].words]


def test_lines_of_print_are_read_with_their_places():
    texts = ["Xã Xuân Lãnh", "1.284", "12/08/2021", "Quyết định số 806/QĐ-UBND"]
    lines = [line_of_print(text) for text in texts]
    read = read_lines(lines)
    assert [" ".join(piece.text for piece in pieces) for pieces in read] == texts
    for pieces, picture in zip(read, lines, strict=True):
        assert all(-15 < p.left < p.right < picture.shape[1] + 15 for p in pieces)
        assert all(p.confidence > 90 for p in pieces)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 300)), max_size=4))
def test_any_cut_out_may_be_asked_about(shapes):
    assert len(read_lines([np.full(shape, 255, np.uint8) for shape in shapes])) == len(shapes)


def test_the_surer_reading_of_a_word_wins(monkeypatch):
    assert voted(monkeypatch, line(("2ö", 40.0)), ("23", 99.9)) == ["23"]
    assert voted(monkeypatch, line(("0", 92.0)), ("O", 45.0)) == ["0"]


def test_what_was_read_surely_and_wholly_is_not_looked_at_again(monkeypatch):
    assert voted(monkeypatch, line(("An", 97.0)), ("Ẩn", 99.9)) == ["An"]


def test_print_the_first_reader_missed_is_filled_in(monkeypatch):
    assert voted(monkeypatch, line(), ("7", 99.0)) == ["7"]
    first = line(("Xã", 96.5), ("Hòa", 96.5), ("An", 60.0))
    assert voted(monkeypatch, first, ("Xã", 99.9), ("An", 99.9)) == ["Xã", "Hòa", "An"]


def test_signs_the_second_reader_does_not_know_stay(monkeypatch):
    assert voted(monkeypatch, line(("“Bộ", 80.0)), ('"Bộ', 99.9)) == ["“Bộ"]


def test_agreement_makes_a_word_surer(monkeypatch):
    monkeypatch.setattr(
        second_look, "read_lines", lambda lines: [[Piece("Mỡ", 0, 200, 99.0)] for _ in lines]
    )
    (found,) = look_again(PAGE, [line(("Mỡ", 75.0))])[0].words
    assert found.confidence > 95


def test_a_doubtful_word_of_running_print_is_read_alone():
    page = np.full((90, 700), 255, np.uint8)
    words, left = [], 20
    for text, read, sure in [("quyết", "quyết", 96), ("định", "dinh", 50), ("này", "này", 80)]:
        cut = line_of_print(text)
        page[20 : 20 + cut.shape[0], left : left + cut.shape[1]] = cut
        words.append(Word(read, left + 8, 26, cut.shape[1] - 16, 34, float(sure), (1,)))
        left += cut.shape[1]
    found = look_at_words(page, words)
    assert [word.text for word in found] == ["quyết", "định", "này"]
    assert found[0] is words[0]
    assert found[2].confidence > 95
    assert (found[1].left, found[1].width, found[1].line) == (words[1].left, words[1].width, (1,))


@pytest.fixture
def without_the_reader(monkeypatch):
    reader._files.cache_clear()
    reader._reader.cache_clear()
    monkeypatch.setattr(reader, "_DIGEST", "another model")
    yield
    reader._files.cache_clear()
    reader._reader.cache_clear()


def test_without_the_reader_the_first_reading_stands(without_the_reader):
    assert not reader.installed()
    first = line(("Hòa", 70.0))
    assert [word.text for word in look_again(PAGE, [first])[0].words] == ["Hòa"]
    assert look_at_words(PAGE, first.words) == list(first.words)


def test_the_reader_is_installed_with_its_extra():
    assert reader.installed()


def test_the_reader_tells_its_maker_nothing(tmp_path):
    """Since 1.29 the library keeps a file of reports in the home folder and sends them."""
    kept = [name for name in os.environ if not name.startswith("XDG_") and name not in _QUIETENING]
    environ = {name: os.environ[name] for name in kept}
    program = "from ocr import reader\nreader.load()\nassert reader.installed()"
    subprocess.run(
        [sys.executable, "-c", program], env=environ | {"HOME": str(tmp_path)}, check=True
    )
    assert list(tmp_path.rglob("*")) == []


#: What has the library report nothing, set or not.
_QUIETENING = {"CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS"}
