"""Compact pages: sharp where it matters, small, and never less than the paper."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pikepdf.pdfa
import pypdfium2
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from digitize.assemble import Provenance, write_pdf
from digitize.layer_file import SUFFIX, load_layers, load_shown, save_layers
from digitize.layers import (
    BARS,
    Layers,
    Pixels,
    decode_g4,
    encode_g4,
    guard,
    recompose,
    split,
)
from digitize.likeness import compare
from digitize.page import PageSettings, finish_page
from digitize.seal import read_seals, seal_pdf, seal_text
from digitize.sheet import Finding, FinishedPage, Sheet
from profiles import PageRules, SealRules

DPI = 300
RED, BLUE, TEAL = (60, 60, 200), (140, 40, 25), (205, 215, 190)
PROVENANCE = Provenance("Lò Thị Mai", "UBND xã Hòa An", datetime.now(UTC), "", "", "", {}, "Giấy")


def px(mm: float) -> int:
    return round(mm * DPI / 25.4)


def as_scanned(page: Pixels, seed: int = 3) -> Pixels:
    """With the soft edges and the grain of a scan."""
    soft = cv2.GaussianBlur(page, (0, 0), 0.8)
    grain = np.random.default_rng(seed).normal(0, 2.5, soft.shape)
    return np.clip(soft + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def sealed(drawn: Callable[..., Pixels]) -> Pixels:
    """An ivory A5 sheet: print, a ruled line, a red seal with its star, a pen stroke over both."""
    print_ = cv2.cvtColor(drawn(size=(148.0, 140.0), dpi=DPI), cv2.COLOR_GRAY2BGR)
    page = np.minimum(print_, np.array((228, 242, 246), np.uint8))
    centre = (px(80), px(108))
    for radius, width in ((18, 1.2), (15.5, 0.3)):
        cv2.circle(page, centre, px(radius), RED, px(width), cv2.LINE_AA)
    angles = np.pi * (np.arange(10) / 5 - 0.5)
    radii = np.where(np.arange(10) % 2, 2.3, 6.0)
    star = [(80 + r * np.cos(a), 108 + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)]
    cv2.fillPoly(page, [np.array([[px(x), px(y)] for x, y in star])], RED, cv2.LINE_AA)
    pen = np.array([[px(x), px(y)] for x, y in ((58, 112), (75, 95), (82, 118), (108, 98))])
    cv2.polylines(page, [pen], False, BLUE, px(0.7), cv2.LINE_AA)
    page[px(125) : px(125) + 4, px(15) : px(130)] = 40
    return as_scanned(page)


@pytest.fixture(scope="module")
def layers(sealed: Pixels) -> Layers:
    return taken_apart(sealed)


def taken_apart(page: Pixels, dpi: float = DPI) -> Layers:
    found = split(page, dpi)
    assert found is not None
    return found


def with_mask(layers: Layers, mask: Pixels) -> Layers:
    return replace(layers, mask_g4=encode_g4(mask))


def with_ink(layers: Layers, ink: Pixels) -> Layers:
    stream = io.BytesIO()
    Image.fromarray(ink[..., ::-1]).save(stream, "JPEG", quality=95)
    return replace(layers, ink_jpeg=stream.getvalue())


def portrait() -> Pixels:
    """A photograph's likeness: hair, face, eyes, clothes, light from one side, grain."""
    rows, columns = np.mgrid[0 : px(40), 0 : px(30)] / DPI * 25.4
    photo = np.zeros((*rows.shape, 3))
    photo[:] = (200, 150, 90)
    for (x, y), (a, b), colour in (
        ((15, 40), (14, 12), (60, 50, 45)),
        ((15, 16), (9.5, 11), (30, 28, 26)),
        ((15, 18), (7, 9), (140, 165, 205)),
        ((12, 17), (1.2, 0.7), (40, 40, 40)),
        ((18, 17), (1.2, 0.7), (40, 40, 40)),
        ((15, 23), (2.5, 0.8), (90, 80, 160)),
    ):
        photo[((columns - x) / a) ** 2 + ((rows - y) / b) ** 2 < 1] = colour
    photo *= (0.75 + 0.5 * columns / 30)[..., None]
    grain = np.random.default_rng(5).normal(0, 5, photo.shape)
    return np.clip(cv2.GaussianBlur(photo, (0, 0), 2) + grain, 0, 255).astype(np.uint8)


def shown(pdf: Path, dpi: float) -> Pixels:
    """Page 1 as PDFium draws it, BGR."""
    with pypdfium2.PdfDocument(pdf) as document:
        drawing = document[0].render(scale=dpi / 72).to_numpy()
        return np.ascontiguousarray(drawing[..., :3])


def written(picture: Path, size: tuple[int, int], target: Path, dpi: float = DPI) -> Path:
    """A PDF of one page."""
    sheet = Sheet(0, picture, 0, "image", picture.name, "0" * 64, dpi)
    width, height = (length / dpi * 25.4 for length in size)
    page = FinishedPage(sheet, Finding(0, sheet.label), picture, width, height)
    assert write_pdf([page], target, PROVENANCE).pdfa
    return target


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 70)), elements=st.just(1)))
def test_the_mask_of_any_size_comes_back_as_it_was(mask: Pixels) -> None:
    mask[::3, 1::2] = 0
    assert (decode_g4(encode_g4(mask), *mask.shape[::-1]) == mask).all()


def test_a_page_of_print_seal_and_pen_is_small_and_passes(sealed: Pixels, layers: Layers) -> None:
    faithful = cv2.imencode(".jpg", sealed, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].size
    assert layers.size < faithful / 8
    assert guard(sealed, layers)
    assert recompose(layers).shape == sealed.shape


def test_print_is_as_dark_and_paper_as_light_as_they_were(sealed: Pixels, layers: Layers) -> None:
    copy, region = recompose(layers), np.s_[px(18) : px(75), px(14) : px(130)]
    for share in (0.5, 99.5):
        old, new = (np.percentile(page[region], share) for page in (sealed, copy))
        assert abs(old - new) < 20


def test_the_paper_shows_no_blocks_where_the_ink_was(layers: Layers) -> None:
    under = layers.paper[px(18) // 3 : px(75) // 3, px(14) // 3 : px(120) // 3]
    assert under.reshape(-1, 3).std(axis=0).max() < 2.5


def test_rules_are_kept_to_the_pixel(sealed: Pixels, layers: Layers) -> None:
    rows = layers.mask[px(125) - 3 : px(125) + 7, px(16) : px(58)]
    assert (rows.sum(axis=0) == 4).all()


def test_the_star_of_a_seal_is_ink_throughout_and_red(sealed: Pixels, layers: Layers) -> None:
    inside = np.s_[px(107) : px(109), px(81) : px(82)]
    assert layers.mask[inside].all()
    blue, green, red = recompose(layers)[inside].reshape(-1, 3).mean(axis=0)
    assert red > 180
    assert max(blue, green) < 90


def test_the_guard_sees_a_letter_or_a_seal_that_is_gone(sealed: Pixels, layers: Layers) -> None:
    lost = layers.mask.copy()
    lost[px(19) : px(27), px(40) : px(45)] = 0
    assert layers.mask[px(19) : px(27), px(40) : px(45)].any()
    assert not guard(sealed, with_mask(layers, lost))
    lost = layers.mask.copy()
    lost[px(88) :] = 0
    assert not guard(sealed, with_mask(layers, lost))


def test_the_guard_sees_strokes_grown_bolder_and_shrunk(sealed: Pixels, layers: Layers) -> None:
    for change in (cv2.dilate, cv2.erode):
        other = change(layers.mask, np.ones((3, 3), np.uint8))
        assert not guard(sealed, with_mask(layers, np.asarray(other)))


def test_the_guard_sees_colour_lost_and_colour_that_bled(sealed: Pixels, layers: Layers) -> None:
    gray = cv2.cvtColor(cv2.cvtColor(layers.ink, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    red = np.full_like(layers.ink, RED)
    for ink in (gray, red):
        assert not guard(sealed, with_ink(layers, np.asarray(ink)))


def test_the_same_page_is_wholly_alike(sealed: Pixels) -> None:
    same = compare(sealed, sealed, DPI)
    assert min(same.mean, same.worst, same.colour) > 0.9999
    assert min(BARS.mean, BARS.worst, BARS.colour) > 0.7


def test_a_photograph_stays_in_the_paper_at_good_quality(drawn: Callable[..., Pixels]) -> None:
    page = cv2.cvtColor(drawn(size=(148.0, 140.0), dpi=DPI), cv2.COLOR_GRAY2BGR)
    page = as_scanned(page)
    photo = portrait()
    frame = np.s_[px(80) : px(80) + photo.shape[0], px(20) : px(20) + photo.shape[1]]
    page[frame] = photo
    layers = taken_apart(page)
    assert not layers.mask[frame].any()
    assert guard(page, layers)
    assert compare(page[frame], recompose(layers)[frame], DPI).mean > 0.6
    error = np.abs(page[frame].astype(int) - recompose(layers)[frame])
    assert error.mean() < 8


def test_shade_lid_and_show_through_are_paper(drawn: Callable[..., Pixels]) -> None:
    print_ = drawn(size=(148.0, 140.0), dpi=DPI)
    through = np.fliplr(cv2.GaussianBlur(print_, (0, 0), 4)).astype(np.float64)
    page = np.minimum(print_, 255 - (255 - np.roll(through, px(60), axis=0)) * 0.25)
    page *= np.linspace(1.0, 0.6, page.shape[1])
    page[:, -px(6) :] = 30
    scanned = as_scanned(page.astype(np.uint8))
    mask = taken_apart(scanned).mask
    assert not mask[px(76) :, : -px(8)].any(), "show-through"
    assert not mask[:, -px(4) :].any(), "the lid"
    assert mask[px(18) : px(75)].any()


def test_dirt_stays_out_of_the_mask_but_dots_do_not(drawn: Callable[..., Pixels]) -> None:
    page = drawn(["ịn tiêu chí"], size=(148.0, 60.0), points=8.0, dpi=DPI).copy()
    clean = taken_apart(as_scanned(page)).mask
    page[px(50) : px(50) + 3, px(30) : px(30) + 3] = 20
    dirty = taken_apart(as_scanned(page)).mask
    assert clean.any()
    assert not dirty[px(45) :].any()
    dots = [
        box for box in cv2.connectedComponentsWithStats(clean)[2][1:] if max(box[2:4]) < px(0.8)
    ]
    assert len(dots) >= 3  # two of ị, one of i


def test_pale_print_is_not_torn_between_ink_and_paper(drawn: Callable[..., Pixels]) -> None:
    """A guilloche or a pale MẪU: no letter of it has dark pieces."""
    lines = drawn(["MẪU", "Có giá trị đến"], size=(100.0, 60.0), points=24.0, dpi=DPI)
    for darkest in (178, 186):
        pale = cv2.normalize(lines, None, darkest, 250, cv2.NORM_MINMAX)
        page = as_scanned(np.asarray(pale, np.uint8))
        assert compare(page, recompose(taken_apart(page)), DPI).worst > BARS.worst


@pytest.mark.parametrize("dpi", [200, 600])
def test_other_resolutions_pass_too(drawn: Callable[..., Pixels], dpi: int) -> None:
    page = as_scanned(drawn(size=(100.0, 80.0), dpi=dpi))
    assert guard(page, taken_apart(page, dpi))


def test_gray_and_bilevel_pages_stay_gray(drawn: Callable[..., Pixels]) -> None:
    gray = drawn(size=(100.0, 80.0), dpi=DPI)
    for page in (as_scanned(gray), np.where(gray > 128, 255, 0).astype(np.uint8)):
        layers = taken_apart(page)
        assert layers.paper.ndim == layers.ink.ndim == 2
        assert guard(page, layers)


def test_pages_too_coarse_for_a_mask_are_left_whole(drawn: Callable[..., Pixels]) -> None:
    assert split(drawn(dpi=100), 100) is None


@pytest.mark.parametrize("shade", [0, 255])
def test_a_page_of_one_colour_can_be_taken_apart(shade: int) -> None:
    page = np.full((300, 200, 3), shade, np.uint8)
    layers = taken_apart(page)
    assert not layers.mask.any()
    assert np.abs(recompose(layers).astype(int) - shade).max() <= 2


def test_layers_survive_the_file_between_worker_and_writer(layers: Layers, tmp_path: Path) -> None:
    path = tmp_path / f"page{SUFFIX}"
    save_layers(layers, path)
    assert load_layers(path) == layers
    assert (load_shown(path) == recompose(layers)).all()
    assert zipfile.ZipFile(path).testzip() is None


def test_the_pdf_shows_what_was_recomposed(layers: Layers, tmp_path: Path) -> None:
    path = tmp_path / f"page{SUFFIX}"
    save_layers(layers, path)
    pdf = written(path, (layers.width, layers.height), tmp_path / "out.pdf")
    seen, meant = shown(pdf, DPI), recompose(layers)
    difference = np.abs(seen[: meant.shape[0], : meant.shape[1]].astype(int) - meant)
    assert difference.mean() < 3
    with pikepdf.open(pdf) as document:
        images = document.pages[0].Resources.XObject
        assert images.Im0.read_raw_bytes() == layers.paper_jpeg
        assert images.Im1.read_raw_bytes() == layers.ink_jpeg
        assert images.Im1.Mask.read_raw_bytes() == layers.mask_g4
        assert images.Im1.Mask.Filter == "/CCITTFaxDecode"
    assert pikepdf.pdfa.validate_written(pdf, "2b").passed


def test_a_qr_code_is_read_from_the_pdf_at_200_dpi(
    drawn: Callable[..., Pixels], tmp_path: Path
) -> None:
    page = np.minimum(
        cv2.cvtColor(drawn(size=(148.0, 140.0), dpi=DPI), cv2.COLOR_GRAY2BGR),
        np.array(TEAL, np.uint8),
    )
    words = "011087752084|506712159|Triệu Mạnh Khoa|08101987|Nam|Tuần Giáo, Điện Biên|06052024"
    code = np.array([list(row) for row in segno.make(words, error="m").matrix], np.uint8)
    side = px(20) // code.shape[0] * code.shape[0]
    modules = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)[..., None]
    page[px(90) : px(90) + side, px(100) : px(100) + side] = np.where(modules > 0, 20, 235)
    path = tmp_path / f"page{SUFFIX}"
    scanned = as_scanned(page)
    save_layers(taken_apart(scanned), path)
    pdf = written(path, scanned.shape[1::-1], tmp_path / "out.pdf")
    assert [found.text for found in zxingcpp.read_barcodes(shown(pdf, 200))] == [words]


def test_the_seal_is_drawn_on_a_compact_page_and_read_back(layers: Layers, tmp_path: Path) -> None:
    path = tmp_path / f"page{SUFFIX}"
    save_layers(layers, path)
    pdf = written(path, (layers.width, layers.height), tmp_path / "out.pdf")
    fields = {"record_code": "000.KQ.G15.000031.000007", "paper_name": "Giấy khai sinh"}
    seal_pdf(pdf, tmp_path / "sealed.pdf", seal_text(fields, SealRules()), SealRules())
    assert read_seals(tmp_path / "sealed.pdf") == [seal_text(fields, SealRules())]
    assert pikepdf.pdfa.validate_written(tmp_path / "sealed.pdf", "2b").passed


@pytest.mark.parametrize(("wish", "suffix"), [("compact", SUFFIX), ("faithful", ".jpg")])
def test_a_worker_makes_the_page_the_rules_ask_for(
    sealed: Pixels, tmp_path: Path, wish: str, suffix: str
) -> None:
    page = finish_page(sheet_of(sealed, tmp_path), settings(tmp_path, wish))
    assert page.picture is not None
    assert page.picture.suffix == suffix


def test_a_page_that_fails_the_guard_is_kept_whole(tmp_path: Path) -> None:
    """Rough dots all over: no stroke has an edge, and its layers do not look like it."""
    noise = np.random.default_rng(2).normal(0, 1, (px(60), px(80)))
    dots = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 1.3), None, 0, 255, cv2.NORM_MINMAX)
    page = cv2.cvtColor(dots.astype(np.uint8), cv2.COLOR_GRAY2BGR)
    assert not guard(page, taken_apart(page))
    kept = finish_page(sheet_of(page, tmp_path), settings(tmp_path, "compact", blanks=True))
    assert kept.picture is not None
    assert kept.picture.suffix == ".jpg"


def sheet_of(page: Pixels, folder: Path) -> Sheet:
    path = folder / "sheet.jpg"
    Image.fromarray(page[..., ::-1]).save(path, dpi=(DPI, DPI), quality=92)
    return Sheet(0, path, 0, "image", path.name, "0" * 64, DPI)


def settings(folder: Path, layers: str, *, blanks: bool = False) -> PageSettings:
    rules = PageRules.model_validate({"layers": layers})
    return PageSettings(rules, folder, keep_blank=blanks, recognise=False)
