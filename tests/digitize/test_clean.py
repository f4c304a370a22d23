"""A sheet comes out upright, straight, without the lid, and with all its ink."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digitize.blank import is_blank
from digitize.clean import Cleaned, clean
from digitize.ink import find_marks
from digitize.lid import extend_paper
from digitize.tilt import find_skew
from digitize.turning import to_gray
from digitize.upright import guess_turn

DPI = 150.0
slow = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def cleaned(pixels: np.ndarray, dpi: float = DPI) -> Cleaned:
    marks = find_marks(to_gray(pixels), dpi)
    return clean(pixels, dpi, marks, (guess := guess_turn(marks)).degrees, guess.skew)


def tilt_of(pixels: np.ndarray) -> float:
    return find_skew(find_marks(to_gray(pixels), DPI))


def shaded(paper: np.ndarray, strength: float = 0.3) -> np.ndarray:
    """Paper that is darker towards its lower right."""
    height, width = paper.shape
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return (paper * (1 - strength * (down + across) / 2)).astype(np.uint8)


def test_every_right_angle_turn_gives_the_same_upright_page(drawn, delivered):
    upright = delivered(drawn())
    for turn in (0, 90, 180, 270):
        page = cleaned(np.ascontiguousarray(np.rot90(upright, -turn // 90)))
        assert page.rotation == turn
        assert np.array_equal(page.pixels, upright)


@slow
@given(skew=st.floats(-14, 14), turn=st.sampled_from([0, 90, 180, 270]), lid=st.booleans())
def test_any_tilt_is_found_and_straightened(drawn, delivered, skew, turn, lid):
    sheet = delivered(drawn(), skew=skew, turn=turn, lid=58 if lid else None, margin=60)
    page = cleaned(sheet)
    assert page.rotation == turn
    assert page.skew == pytest.approx(skew, abs=0.15)
    assert abs(tilt_of(page.pixels)) <= 0.3


@pytest.mark.parametrize("dpi", [75, 100, 200, 300])
def test_resolution_does_not_matter(drawn, delivered, dpi):
    paper = drawn(dpi=dpi, points=14.0)
    page = cleaned(delivered(paper, skew=-2.6, turn=90, margin=30), dpi)
    assert (page.rotation, page.skew) == (90, pytest.approx(-2.6, abs=0.1))


@slow
@given(
    seed=st.integers(0, 1000),
    kind=st.sampled_from(["noise", "photo", "scrawl", "strokes"]),
    skew=st.floats(-5, 5),
)
def test_no_page_leaves_worse_skewed_than_it_came(drawn, delivered, seed, kind, skew):
    chance, paper = np.random.default_rng(seed), drawn([]).copy()
    if kind == "noise":
        paper[200:800, 200:700] = chance.integers(0, 256, (600, 500))
    elif kind == "photo":
        small = chance.normal(120, 60, (24, 20)).clip(0, 255).astype(np.uint8)
        paper[200:800, 200:700] = cv2.resize(small, (500, 600), interpolation=cv2.INTER_CUBIC)
    else:
        count = 1 if kind == "scrawl" else 40
        for _ in range(count):
            points = chance.normal(0, 40, (12, 2)).cumsum(0) + chance.integers(200, 700, 2)
            cv2.polylines(paper, [points.astype(np.int32)], False, 40, 3)
    sheet = delivered(paper, skew=skew)
    page = cleaned(sheet)
    before = abs(tilt_of(np.ascontiguousarray(np.rot90(sheet, page.rotation // 90))))
    assert abs(tilt_of(page.pixels)) <= max(before, 0.3)


@slow
@example(skew=0.25, lid=90, margin=0)
@example(skew=0.2, lid=90, margin=0)
@example(skew=0.15, lid=8, margin=0)
@given(skew=st.floats(-10, 10), lid=st.sampled_from([8, 58, 90]), margin=st.sampled_from([0, 40]))
def test_neither_lid_nor_wedge_is_left(drawn, delivered, skew, lid, margin):
    sheet = delivered(shaded(drawn()), skew=skew, lid=lid, margin=margin)
    page = cleaned(sheet).pixels
    edge = 12  # 2 mm
    frame = cv2.blur(page, (3, 3))
    sides = (frame[:edge], frame[-edge:], frame[:, :edge], frame[:, -edge:])
    assert min(int(side.min()) for side in sides) > 120
    if abs(skew) < 0.2:  # what is left is thinner than a pixel, and grey
        return
    # The paper runs on evenly: no step at the sheet's own edge, at 12 dots an inch.
    coarse = cv2.resize(frame, None, fx=0.08, fy=0.08, interpolation=cv2.INTER_AREA).astype(int)
    top, left = coarse[:5], coarse[:, :5]
    steps = [np.abs(np.diff(part, axis=axis)).max() for part in (top, left) for axis in (0, 1)]
    assert max(steps) <= 8


def test_what_the_edge_of_the_paper_cuts_stays(drawn, delivered):
    paper = drawn().copy()
    cv2.circle(paper, (0, 600), 90, 60, 8)  # a stamp
    paper[900:1100, -160:] = 40  # a dark photo
    sheet = delivered(paper, skew=3.0, lid=58, margin=40)
    page = cleaned(sheet).pixels
    assert (page < 120).sum() == pytest.approx((paper < 120).sum(), rel=0.06)
    assert page.shape == pytest.approx(paper.shape, abs=6)


def test_a_black_frame_is_print_and_stays(drawn, delivered):
    paper = drawn().copy()
    cv2.rectangle(paper, (30, 30), (paper.shape[1] - 30, paper.shape[0] - 30), 0, 14)
    for lid in (None, 58):
        page = cleaned(delivered(paper, skew=1.5, lid=lid, margin=30)).pixels
        assert (page < 120).sum() == pytest.approx((paper < 120).sum(), rel=0.06)


def test_a_photo_in_the_corner_is_no_lid(drawn, delivered):
    paper = drawn(top=90.0).copy()
    paper[:400, :500] = 45
    page = cleaned(delivered(paper)).pixels
    assert (page[:400, :500] < 60).mean() > 0.95


def test_a_dark_cover_with_light_print_is_no_lid(drawn):
    cover = (255 - drawn()) // 4 + 20  # white on black becomes light grey on dark
    sheet = cover.astype(np.uint8)
    assert np.array_equal(cleaned(sheet).pixels.shape, sheet.shape)


def test_a_small_sheet_on_a_dark_lid_is_cut_out(drawn, delivered):
    card = drawn(["Căn cước công dân", "Họ và tên: Trần Văn Hải"], (86.0, 54.0), top=10.0)
    page = cleaned(delivered(card, skew=4.0, lid=40, margin=300)).pixels
    assert page.shape == pytest.approx(card.shape, abs=6)


def test_a_faint_note_in_the_corner_survives_straightening(drawn, delivered):
    paper = drawn().copy()
    cv2.putText(paper, "7", (4, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 185, 2)
    page = cleaned(delivered(paper, skew=6.0, margin=60)).pixels
    assert (cv2.blur(page[:200, :200], (2, 2)) < 215).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (10, 10), (3, 400, 3)])
@pytest.mark.parametrize("value", [0, 128, 255, None])
def test_no_picture_is_too_odd(shape, value):
    pixels = np.full(shape, value or 0, np.uint8)
    if value is None:
        pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    for dpi in (50.0, 150.0, 600.0):
        page = cleaned(pixels, dpi)
        assert page.pixels.ndim == pixels.ndim
        assert min(page.pixels.shape[:2]) >= 1


def test_all_black_and_all_white_sheets_stay_as_they_came(drawn):
    for value in (0, 255):
        sheet = np.full((1240, 874), value, np.uint8)
        assert np.array_equal(cleaned(sheet).pixels, sheet)


def test_paper_is_carried_on_from_what_is_nearest():
    picture = np.zeros((8, 8), np.uint8)
    picture[:, :4], known = 200, np.zeros((8, 8), bool)
    known[:, :4] = True
    assert (extend_paper(picture, known, (16, 16)) == 200).all()
    assert (extend_paper(picture, np.zeros((8, 8), bool), (4, 4)) == 255).all()


def _faint_backside(paper: np.ndarray) -> None:
    text = np.zeros_like(paper)
    cv2.putText(text, "Xa Hoa An", (100, 500), cv2.FONT_HERSHEY_SIMPLEX, 3, 255, 8)
    paper -= (cv2.GaussianBlur(text[:, ::-1], (0, 0), 3) * 0.12).astype(np.uint8)


def _punch_holes(paper: np.ndarray) -> None:
    for y in (500, 972):
        cv2.circle(paper, (70, y), 18, 60, -1)


def _streak(paper: np.ndarray) -> None:
    paper[:, 300:302] = 110


def _specks(paper: np.ndarray) -> None:
    for x, y in np.random.default_rng(3).integers(60, 800, (25, 2)):
        cv2.circle(paper, (int(x), int(y)), 2, 90, -1)


def _page_number(paper: np.ndarray) -> None:
    cv2.putText(paper, "12", (420, 1180), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 40, 2)


def _signature(paper: np.ndarray) -> None:
    points = np.random.default_rng(2).normal(0, 25, (14, 2)).cumsum(0) + np.array([450, 800])
    cv2.polylines(paper, [points.astype(np.int32)], False, 80, 3)


def _stamp(paper: np.ndarray) -> None:
    cv2.circle(paper, (500, 700), 100, 110, 5)


@pytest.mark.parametrize("soil", [_faint_backside, _punch_holes, _streak, _specks])
def test_a_sheet_nobody_wrote_on_is_blank(drawn, delivered, soil):
    paper = drawn([]).copy()
    soil(paper)
    for skew in (0.0, 2.0):
        assert is_blank(find_marks(delivered(paper, skew=skew, lid=58), DPI))


def _pencil(paper: np.ndarray) -> None:
    cv2.putText(paper, "xem lai", (300, 600), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 180, 2)


@pytest.mark.parametrize("write", [_page_number, _signature, _stamp, _pencil])
def test_a_lone_mark_is_not_blank(drawn, delivered, write):
    paper = drawn([]).copy()
    write(paper)
    assert not is_blank(find_marks(delivered(paper, lid=58, skew=1.0), DPI))


@pytest.mark.parametrize("ink", [120, 150, 180])
def test_faded_print_is_print(drawn, delivered, ink):
    faded = (255 - (255 - drawn().astype(int)) * (255 - ink) // 230).astype(np.uint8)
    page = cleaned(delivered(faded, skew=2.0, turn=90))
    assert (page.rotation, page.skew) == (90, pytest.approx(2.0, abs=0.1))


def test_blurred_print_is_print(drawn):
    assert not is_blank(find_marks(cv2.GaussianBlur(drawn(), (0, 0), 3), DPI))
