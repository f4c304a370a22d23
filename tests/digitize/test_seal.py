"""The seal never covers what is on the paper, and always reads back."""

import tempfile
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digitize.seal import PT, Box, SealTooLong, parse_seal, read_seals, seal_pdf, seal_text
from profiles import SealRules

FIELDS = {
    "record_code": "001087000084.KQ.G15.000031.000001",
    "dossier_code": "G15-20261122-0000001",
    "procedure_code": "1.004222",
    "owner": "001087000084",
    "paper_name": "Giấy khai sinh",
    "system": "sohoa",
    "issued_at": "2026-11-22T10:00:00+07:00",
}
TEXT = seal_text(FIELDS, SealRules())
DPI = 144  # two dots a point
SIZES = {
    "A6": (105, 148),
    "A5": (148, 210),
    "A4": (210, 297),
    "A3": (297, 420),
    "lying": (297, 210),
}

marks = st.lists(
    st.tuples(
        st.floats(-0.1, 0.95), st.floats(-0.1, 0.95), st.floats(0.002, 1.0), st.floats(0.002, 1.0)
    ),
    max_size=8,
)


def write_page(
    path: Path, size: tuple[float, float], marks: list, gray: float, *, turned=0, corner=(0.0, 0.0)
) -> None:
    """A PDF page with rectangles, in shares of the page from its lower left."""
    left, bottom = corner
    width, height = (side * PT for side in size)
    drawing = f"{gray} g " + " ".join(
        f"{left + x * width:.2f} {bottom + y * height:.2f} {w * width:.2f} {h * height:.2f} re f"
        for x, y, w, h in marks
    )
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(width, height))
        page.mediabox = pikepdf.Array([left, bottom, left + width, bottom + height])
        page.obj.Contents = pdf.make_stream(drawing.encode())
        page.obj.Rotate = turned
        pdf.save(path)


def look(path: Path) -> np.ndarray:
    with pypdfium2.PdfDocument(path) as document:
        return document[0].render(scale=DPI / 72, grayscale=True).to_numpy().squeeze().copy()


def covered(before: np.ndarray, after: np.ndarray, room: Box) -> tuple[np.ndarray, np.ndarray]:
    """What had stood where the seal is, and how much the rest of the old page changed.

    The old page may lie a part of a pixel further down, so that edges blend otherwise: a pixel
    is unchanged while it is between the darkest and the brightest that stood at and beside it.
    """
    strip = len(after) - len(before)
    scale = DPI / 72
    top = round(len(after) - (room.bottom + room.height) * scale) - strip
    bottom, left = round(len(after) - room.bottom * scale) - strip, round(room.left * scale)
    right = round((room.left + room.width) * scale)
    place = np.zeros(before.shape, bool)
    place[max(0, top) : max(0, bottom), left:right] = True
    darkest, brightest = (change(before, np.ones((3, 3))) for change in (cv2.erode, cv2.dilate))
    now = after[strip:]
    rest = np.maximum(cv2.subtract(darkest, now), cv2.subtract(now, brightest))
    return before[place], rest[~place]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(size="A4", marks=[(0, 0, 1, 1)], gray=0.0, turned=0, corner=(0.0, 0.0), place="top-left")
@example(size="A4", marks=[(0, 0, 1, 1)], gray=0.6, turned=0, corner=(0.0, 0.0), place="top-left")
@example(
    size="A5",
    marks=[(0.625, 0.0, 0.34, 1.0)],
    gray=0.0,
    turned=270,
    corner=(0.0, 0.0),
    place="top-left",
)
@example(size="A6", marks=[], gray=0.0, turned=90, corner=(-7.0, 30.0), place="top-right")
@given(
    size=st.sampled_from(sorted(SIZES)),
    marks=marks,
    gray=st.floats(0, 0.8),
    turned=st.sampled_from([0, 90, 180, 270]),
    corner=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    place=st.sampled_from(["top-left", "top-right"]),
)
def test_whatever_stands_on_page_1_is_not_covered_and_the_seal_reads_back(
    size, marks, gray, turned, corner, place
):
    with tempfile.TemporaryDirectory() as folder:
        plain, sealed = Path(folder, "plain.pdf"), Path(folder, "sealed.pdf")
        write_page(plain, SIZES[size], marks, round(gray, 2), turned=turned, corner=corner)
        rules = SealRules(place=place)
        room = seal_pdf(plain, sealed, seal_text(FIELDS, rules), rules)
        under, rest = covered(look(plain), look(sealed), room)
        assert not under.size or np.ptp(under) <= 8  # nothing but paper, be it tinted
        # Only the line where page and strip meet may be blended differently.
        assert np.count_nonzero(rest > 8) <= 2 * max(look(sealed).shape)
        assert seal_text(FIELDS, rules) in read_seals(sealed)


@pytest.mark.parametrize("place", ["top-left", "top-right"])
@pytest.mark.parametrize("size", ["A6", "A4", "receipt"])
def test_the_seal_keeps_away_from_the_place_of_the_signature(tmp_path, size, place):
    wanted = (70.0, 20.0)
    path = tmp_path / "page.pdf"
    write_page(path, {**SIZES, "receipt": (80, 300)}[size], [(0.1, 0.1, 0.8, 0.5)], 0.0)
    room = seal_pdf(path, path, TEXT, SealRules(place=place), keep_free=wanted)
    with pikepdf.open(path) as pdf:
        _left, _bottom, width, height = (float(edge) for edge in pdf.pages[0].mediabox)
    left = width - (6 + wanted[0]) * PT
    low = height - (6 + wanted[1]) * PT
    assert room.left + room.width <= left + 0.5 or room.bottom + room.height <= low + 0.5
    assert room.left >= 0


def test_faint_print_and_hairlines_are_print(tmp_path):
    page = tmp_path / "page.pdf"
    hairlines = [(0.0, 0.6 + 0.012 * n, 1.0, 0.0004) for n in range(34)]  # 0.12 mm
    write_page(page, SIZES["A4"], hairlines, 0.3)
    before = look(page)
    room = seal_pdf(page, page, TEXT, SealRules())
    under, _rest = covered(before, look(page), room)
    assert (under > 250).all()


def test_a_seal_with_much_to_say_grows_until_it_can_be_read(tmp_path):
    page = tmp_path / "page.pdf"
    write_page(page, SIZES["A4"], [], 0.0)
    much = FIELDS | {"paper_name": "Giấy chứng nhận quyền sử dụng đất, quyền sở hữu nhà ở " * 6}
    room = seal_pdf(page, page, seal_text(much, SealRules()), SealRules())
    assert room.width > 22 * PT
    assert parse_seal(read_seals(page)[0]) == {k: v.rstrip("\n") for k, v in much.items()}


def test_a_seal_too_large_for_a_counter_s_scanner_is_refused(tmp_path):
    page = tmp_path / "page.pdf"
    write_page(page, SIZES["A4"], [], 0.0)
    before = page.read_bytes()
    for length in (700, 4000):
        with pytest.raises(SealTooLong):
            seal_pdf(page, page, "ố" * length, SealRules())
    assert page.read_bytes() == before


def test_the_text_gives_the_fields_back_and_other_codes_give_none():
    assert parse_seal(seal_text(FIELDS, SealRules())) == FIELDS
    assert parse_seal("https://example.org") is None
    assert parse_seal("") is None


def test_a_line_break_in_a_field_cannot_forge_another_field():
    text = seal_text({**FIELDS, "paper_name": "Giấy\nowner=000000000000"}, SealRules())
    assert (parse_seal(text) or {})["owner"] == FIELDS["owner"]


def test_sealing_a_file_onto_itself_is_whole_or_not_at_all(tmp_path):
    page = tmp_path / "page.pdf"
    write_page(page, SIZES["A5"], [(0.2, 0.2, 0.5, 0.3)], 0.2)
    seal_pdf(page, page, TEXT, SealRules())
    assert [path.name for path in tmp_path.iterdir()] == ["page.pdf"]
