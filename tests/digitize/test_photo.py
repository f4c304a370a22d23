"""A page photographed at an angle comes out flat; a scanner's sheet is left alone."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitize.ink import find_marks
from digitize.photo import flatten_photo
from digitize.tilt import find_skew


def shot(
    paper: np.ndarray, tip: float, turn: float, roll: float, table: tuple[int, int, int]
) -> np.ndarray:
    """The paper on a table, seen by a telephone's camera tipped by these degrees, BGR."""
    height, width, long = *paper.shape, 1400
    tip, turn, roll = np.radians((tip, turn, roll))
    about_x = [[1, 0, 0], [0, np.cos(tip), -np.sin(tip)], [0, np.sin(tip), np.cos(tip)]]
    about_y = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    space = np.column_stack([square - (width / 2, height / 2), np.zeros(4)]) / height
    seen = space @ np.array(about_x).T @ np.array(about_y).T @ np.array(about_z).T + (0, 0, 1.3)
    corners = seen[:, :2] / seen[:, 2:] * 0.75 * long + (0.75 * long / 2, long / 2)
    matrix = cv2.getPerspectiveTransform(square, corners.astype(np.float32))
    size = (round(0.75 * long), long)
    page = cv2.warpPerspective(cv2.merge([paper] * 3), matrix, size)
    there = cv2.warpPerspective(np.full_like(paper, 255), matrix, size)[:, :, None]
    picture = np.where(there > 127, page, np.array(table)).astype(float)
    picture += np.random.default_rng(3).normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("table", [(40, 45, 60), (60, 95, 140), (205, 160, 150)])
@pytest.mark.parametrize(("tip", "turn", "roll"), [(18, 0, 0), (-10, 14, 4), (12, -16, -7)])
def test_a_photographed_page_is_made_flat(drawn, table, tip, turn, roll):
    paper = drawn(points=16.0)
    found = flatten_photo(shot(paper, tip, turn, roll, table))
    assert found.found == "flattened"
    height, width = found.pixels.shape[:2]
    assert height / width == pytest.approx(2**0.5, abs=0.01)
    flat = cv2.cvtColor(cv2.resize(found.pixels, paper.shape[::-1]), cv2.COLOR_BGR2GRAY)
    # The words stand where they were printed, within two millimetres, and level.
    one, other = (cv2.GaussianBlur(255 - page, (0, 0), 6) for page in (paper, flat))
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8
    assert abs(find_skew(find_marks(flat, 150.0))) <= 0.5


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    skew=st.floats(-14, 14),
    lid=st.sampled_from([None, 8, 58, 90, 200]),
    margin=st.integers(0, 150),
    frame=st.booleans(),
)
def test_a_scanners_sheet_is_never_touched(drawn, delivered, skew, lid, margin, frame):
    paper = drawn().copy()
    if frame:
        cv2.rectangle(paper, (30, 30), (paper.shape[1] - 30, paper.shape[0] - 30), 0, 8)
    assert flatten_photo(delivered(paper, skew=skew, lid=lid, margin=margin)).found == "no"


@pytest.mark.parametrize("kind", ["noise", "card", "black", "white", "photo"])
def test_what_is_no_photograph_of_a_page_stays_as_it_is(drawn, kind):
    chance, page = np.random.default_rng(1), drawn([]).copy()
    match kind:
        case "noise":
            page = chance.integers(0, 256, page.shape, dtype=np.uint8)
        case "card":
            page[300:620, 200:707] = 190
        case "black":
            page[:] = 0
        case "photo":
            small = chance.normal(120, 60, (24, 20)).clip(0, 255).astype(np.uint8)
            page[200:800, 200:700] = cv2.resize(small, (500, 600), interpolation=cv2.INTER_CUBIC)
    found = flatten_photo(page)
    assert found.found != "flattened"
    assert found.pixels is page


def test_a_sheet_on_a_table_whose_corners_are_hidden_is_told_to_be_unsure(drawn):
    picture = shot(drawn(), 14, 10, 0, (200, 205, 210))
    picture[:500] = cv2.addWeighted(picture[:500], 0.06, np.full_like(picture[:500], 235), 0.94, 0)
    assert flatten_photo(picture).found in ("unsure", "no")
