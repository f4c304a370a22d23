"""The visible text: where it stands, that it fits, that it can be searched."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.schema import SignatureRules
from signing.appearance import lay_out, place, text_of
from signing.frames import PageFrame
from signing.pades import SigningRequest, SignJob, sign_file
from signing.rehearsal import Rehearsal

MakePdf = Callable[..., Path]
RequestFor = Callable[..., SigningRequest]
_WORD = re.compile(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]+)<')
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)"')
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00")
_SEAL = 34 * 72 / 25.4


def _text(file: Path) -> list[str]:
    done = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")


def _words(file: Path) -> tuple[tuple[float, float], list[tuple[float, ...]]]:
    """Size of the page as it is seen, and the boxes of its words."""
    done = subprocess.run(
        ["pdftotext", "-bbox", "-cropbox", file, "-"], capture_output=True, text=True, check=True
    )
    width, height = map(float, _PAGE.findall(done.stdout)[0])
    boxes = [tuple(map(float, match[:4])) for match in _WORD.findall(done.stdout)]
    return (width, height), boxes


@pytest.fixture
def sign(pki: Rehearsal, request_for: RequestFor, tmp_path: Path) -> Callable[..., Path]:
    """Sign as the agency, visibly."""

    def run(source: Path, **changes: object) -> Path:
        target = tmp_path / f"signed-{source.name}"
        request = request_for("agency", "b-b", again=True, **changes)
        sign_file(SignJob(source, target), request, pki.pin_source("agency"))
        return target

    return run


def test_the_text_can_be_searched_with_its_diacritics(signed: Path) -> None:
    kind, agency, time = _text(signed)[:3]
    assert (kind, agency) == ("SAO Y", "ỦY BAN NHÂN DÂN XÃ HÒA AN")
    assert _TIME.fullmatch(time)


def test_the_font_is_an_embedded_subset_and_there_is_no_image(signed: Path) -> None:
    with pikepdf.open(signed) as pdf:
        (widget,) = (
            annotation for annotation in pdf.pages[0].Annots if annotation.T == "sohoa-agency"
        )
        form = widget.AP.N
        (font,) = form.Resources.Font.values()
        assert re.fullmatch(r"/[A-Z]{6}\+Tinos.*", str(font.BaseFont))
        assert font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
        assert "/ToUnicode" in font
        assert "/XObject" not in form.Resources
        assert b"/F1 10 Tf" in form.read_bytes()
        assert int(widget.F) & 0b110 == 0b100  # printed, not hidden: PDF/A asks for it
        scale = float(widget.Rect[2] - widget.Rect[0]) / float(form.BBox[2])
        assert scale == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_text_stands_upright_top_right_however_the_page_is_turned(
    rotation: int, tmp_path: Path, make_pdf: MakePdf, sign: Callable[..., Path]
) -> None:
    entries = {"Rotate": rotation, "CropBox": pikepdf.Array([20, 30, 500, 800])}
    signed = sign(make_pdf(tmp_path / "turned.pdf", **entries))
    (width, height), boxes = _words(signed)
    if rotation in (90, 270):  # pdftotext turns the words and not the page's size
        width, height = height, width
    assert len(boxes) == 10
    for left, top, right, bottom in boxes:
        assert right - left > bottom - top - 14  # words lie, they do not stand
        assert width / 2 < left < right <= width
        assert 0 <= top < bottom < height / 4
    assert _text(signed)[0] == "SAO Y"


@pytest.mark.parametrize("size", [(243, 153), (298, 420), (420, 595), (842, 1191)])
def test_it_fits_small_and_large_pages_and_leaves_the_seal_alone(
    size: tuple[float, float], tmp_path: Path, make_pdf: MakePdf, sign: Callable[..., Path]
) -> None:
    signed = sign(make_pdf(tmp_path / "page.pdf", size))
    (width, height), boxes = _words(signed)
    assert all(box[0] >= _SEAL and box[2] <= width and box[3] <= height for box in boxes)
    assert any(_TIME.fullmatch(line) for line in _text(signed))


def test_a_long_name_wraps_and_is_never_cut(
    tmp_path: Path, make_pdf: MakePdf, sign: Callable[..., Path]
) -> None:
    agency = "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG " * 6 + "PNEUMONOULTRAMICROSCOPICSILICOVOLCANO" * 2
    signed = sign(make_pdf(tmp_path / "page.pdf"), agency=agency)
    lines = [line for line in _text(signed) if line.strip()]
    assert len(lines) > 6
    assert "".join(lines[1:-1]).replace(" ", "") == agency.replace(" ", "")
    (width, height), boxes = _words(signed)
    assert all(width / 2 < box[0] and box[2] <= width and box[3] < height for box in boxes)


def test_two_visible_signatures_do_not_cover_each_other(
    tmp_path: Path, make_pdf: MakePdf, sign: Callable[..., Path]
) -> None:
    twice = sign(sign(make_pdf(tmp_path / "page.pdf")))
    with pikepdf.open(twice) as pdf:
        first, second = ([float(x) for x in one.Rect] for one in pdf.pages[0].Annots)
    assert second[3] <= first[1]


def test_empty_lines_and_decomposed_letters_are_put_right() -> None:
    rules = SignatureRules(role="agency", text="{kind}\n{agency}\n{signer}\n{time}")
    facts = {"kind": "SAO Y", "agency": "HO\u0300A AN", "signer": " ", "time": "2026"}
    assert text_of(rules, facts) == "SAO Y\nHÒA AN\n2026"


sizes = st.floats(min_value=30, max_value=3000)


@given(
    width=sizes,
    height=sizes,
    origin=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    rotation=st.sampled_from([0, 90, 180, 270]),
    unit=st.sampled_from([1.0, 2.5]),
    text=st.text(st.characters(min_codepoint=32, max_codepoint=0x1EFF), max_size=200),
    corner=st.sampled_from(["top-left", "top-right"]),
)
def test_the_block_always_lies_on_the_page(
    width: float,
    height: float,
    origin: tuple[float, float],
    rotation: int,
    unit: float,
    text: str,
    corner: str,
) -> None:
    x, y = origin
    frame = PageFrame(x, y, x + width, y + height, rotation, unit)  # type: ignore[arg-type]
    rules = SignatureRules(role="agency", place=corner)  # type: ignore[arg-type]
    box = place(lay_out(text, rules, frame), rules, frame, [])
    assert box[0] < box[2]
    assert box[1] < box[3]
    slack = 0.01
    assert x - slack <= box[0]
    assert box[2] <= x + width + slack
    assert y - slack <= box[1]
    assert box[3] <= y + height + slack
    assert frame.to_user_space(frame.from_user_space(box)) == pytest.approx(box, abs=slack)
