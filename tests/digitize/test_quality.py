"""A page that must be scanned again is told, with the reason a clerk can act on."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from benchmarks import faults
from digitize.blank import faint_writing, is_blank
from digitize.borders import cut_sides
from digitize.ink import find_marks
from digitize.light import look_at_light
from digitize.quality import Look, below_bar, judge, reasons, too_few
from digitize.sharpness import look_at_print
from digitize.sheet import Finding
from digitize.source_errors import are_many_files
from foundation.messages import set_language
from profiles import PageRules

DPI = 150.0
RULES = PageRules(min_dpi=100)
Pixels = np.ndarray


def flags(page: Pixels, confidence: float = 95.0) -> tuple[str, ...]:
    marks = find_marks(page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), DPI)
    if is_blank(marks) and (faint := faint_writing(page, marks)):
        marks = faint
    look = Look(look_at_light(page, marks), look_at_print(marks), cut_sides(marks))
    return judge(DPI, confidence, RULES, look)


@pytest.fixture(scope="module")
def good(drawn, delivered) -> Pixels:
    """A tinted A5 sheet as the scanner gives it, BGR."""
    page = delivered(drawn())
    return np.dstack([page * 0.92, page * 0.96, page]).astype(np.uint8)


def test_a_good_page_has_no_flag(good, drawn, delivered):
    assert flags(good) == ()
    for skew, lid in ((3.0, 58), (-6.0, 8), (2.0, None), (0.0, 90)):
        assert flags(delivered(drawn(), skew=skew, lid=lid, margin=40)) == ()


def test_a_lid_too_pale_to_be_told_from_paper_is_no_hand(drawn, delivered):
    for skew, lid in ((3.0, 190), (-4.0, 175)):
        assert flags(delivered(drawn(), skew=skew, lid=lid, margin=0)) == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [name for name in faults.FAULTS if name != "too few dots"])
def test_every_fault_is_told_by_its_name(good, name, seed):
    fault = faults.FAULTS[name]
    spoilt = fault.spoil(good, DPI, np.random.default_rng(seed))
    assert spoilt is not None
    assert set(flags(spoilt)) & fault.caught_as


def test_print_a_little_soft_is_blurred_only_if_it_is_read_badly(good):
    soft = cv2.GaussianBlur(good, (0, 0), 1.4)
    assert flags(soft, confidence=92.0) == ()
    assert flags(soft, confidence=70.0) == ("blurred",)


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_the_side_that_is_cut_is_named(good, side):
    cut = faults.cut_off(side)(good, DPI, np.random.default_rng(4))
    assert flags(cut) == (f"cut-{side}",)


def _seal_over_the_edge(page: Pixels) -> None:
    middle, radius = (page.shape[1] - 40, 600), 100
    cv2.circle(page, middle, radius, 90, 4)
    for angle in range(0, 360, 15):
        at = (
            int(middle[0] + 85 * np.cos(np.radians(angle))),
            int(middle[1] + 85 * np.sin(np.radians(angle))),
        )
        cv2.putText(page, "N", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 90, 1)


def _rules_to_the_edge(page: Pixels) -> None:
    for y in range(100, page.shape[0], 45):
        page[y : y + 2] = 150


def _photo_in_the_corner(page: Pixels) -> None:
    page[:400, -300:] = 60


def _filled_heading(page: Pixels) -> None:
    page[60:110] = 120


def _page_number_low(page: Pixels) -> None:
    cv2.putText(page, "12", (420, page.shape[0] - 20), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 40, 2)


@pytest.mark.parametrize(
    "mark",
    [
        _seal_over_the_edge,
        _rules_to_the_edge,
        _photo_in_the_corner,
        _filled_heading,
        _page_number_low,
    ],
)
def test_what_belongs_on_paper_is_no_fault(drawn, delivered, mark):
    page = drawn().copy()
    mark(page)
    assert flags(delivered(page)) == ()


def test_a_red_cover_is_not_dark_and_a_black_sheet_is():
    cover = np.full((1240, 874, 3), (30, 25, 190), np.uint8)
    assert "dark" not in flags(cover)
    assert flags(np.zeros((1240, 874, 3), np.uint8)) == ("dark",)


def test_a_missing_page_is_told_with_how_many_came():
    set_language("en")
    came = [Finding(n, "", blank=n % 2 == 1, kept=n % 2 == 0) for n in range(14)]
    assert too_few(came, 8) == [
        "the feeder pulled two sheets at once, or one is missing: 7 of 8 pages. "
        "Count the sheets and scan them again"
    ]
    assert too_few(came, 7) == too_few(came, None) == []


def test_each_reason_says_which_page_and_what_to_do():
    set_language("en")
    finding = Finding(2, "", flags=("blurred", "photo-unsure"))
    assert below_bar([finding])
    assert reasons([finding], RULES)[0] == "page 3: blurred. Scan it again"
    set_language("vi")
    assert reasons([finding], RULES)[0] == "trang 3: bị mờ, hãy quét lại"


def test_pages_of_one_file_are_not_many_files():
    assert not are_many_files(["a.pdf#1", "a.pdf#2"])
    assert are_many_files(["a#1.jpg", "a#2.jpg"])


def test_among_many_files_a_reason_names_the_file():
    set_language("en")
    finding = Finding(2, "b.jpg", flags=("blurred",))
    assert reasons([finding], RULES, by_file=True) == ["page 3 (b.jpg): blurred. Scan it again"]


def test_the_bars_come_from_the_profile(good, drawn: Callable[..., Pixels]):
    marks = find_marks(drawn(), DPI)
    look = Look(look_at_light(drawn(), marks), look_at_print(marks))
    assert judge(DPI, 95, RULES, look) == ()
    assert judge(DPI, 95, PageRules(min_dpi=100, min_contrast=0.99), look) == ("faint",)
