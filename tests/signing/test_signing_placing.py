"""The visible text finds room on the page, and never stands on what is printed there."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from foundation.errors import ExitCode
from profiles.schema import SignatureRules
from signing import errors
from signing.frames import PageFrame
from signing.pades import SigningRequest, SignJob, sign_file
from signing.placing import find_place
from signing.rehearsal import Rehearsal
from signing.verify import verify_file

MakePdf = Callable[..., Path]
RULES = SignatureRules(role="agency")
TEXT = "SAO Y\nỦY BAN NHÂN DÂN XÃ HÒA AN\n2026-11-24T15:00:00+07:00"
A4 = PageFrame(0, 0, 595, 842)
DPI = 50


def page(frame: PageFrame = A4) -> "np.ndarray[Any, Any]":
    width, height = frame.size
    return np.zeros((round(height / 72 * DPI), round(width / 72 * DPI)), np.bool_)


def covered(box: tuple[float, ...], frame: PageFrame, taken: "np.ndarray[Any, Any]") -> bool:
    """Whether the box, in user space, lies on anything taken."""
    x1, y1, x2, y2 = (edge * DPI / 72 for edge in frame.from_user_space(box))  # type: ignore[arg-type]
    return bool(taken[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))].any())


def seen(box: tuple[float, ...], frame: PageFrame = A4) -> tuple[float, ...]:
    return frame.from_user_space(box)  # type: ignore[arg-type]


def test_on_a_white_page_it_stands_top_right_at_full_size() -> None:
    found = find_place(TEXT, RULES, A4, [], page())
    assert found
    block, box = found
    left, top, right, _bottom = seen(box)
    assert (block.font_size, len(block.lines)) == (10, 3)
    assert left > 595 / 2
    assert 595 - right < 20
    assert top < 20


@pytest.mark.parametrize(
    ("taken", "place"),
    [
        ((0, 0.08, 0.5, 1), "lower, on the same side"),
        ((0, 0.4, 0.5, 1), "on the left"),
        ((0, 0.4, 0, 1), "at the foot"),
    ],
)
def test_a_corner_that_is_taken_is_left_alone(
    taken: tuple[float, float, float, float], place: str
) -> None:
    spots = page()
    rows, columns = spots.shape
    y1, y2, x1, x2 = taken
    spots[int(y1 * rows) : int(y2 * rows), int(x1 * columns) : int(x2 * columns)] = True
    found = find_place(TEXT, RULES, A4, [], spots)
    assert found
    block, box = found
    left, top, right, _bottom = seen(box)
    assert block.font_size == 10
    assert not covered(box, A4, spots)
    wanted = {
        "lower, on the same side": left > 297 and 60 < top < 842 / 3,
        "on the left": right < 297 and top < 20,
        "at the foot": left > 297 and top > 842 / 2,
    }
    assert wanted[place]


def test_between_print_and_edge_it_stands_on_one_line() -> None:
    spots = page()
    edge = round(13 / 25.4 * DPI)  # 13 mm of white all round
    spots[edge:-edge, edge:-edge] = True
    found = find_place(TEXT, RULES, A4, [], spots)
    assert found
    block, box = found
    assert block.lines == (TEXT.replace("\n", " · "),)
    assert not covered(box, A4, spots)


def test_a_very_long_name_comes_in_smaller_letters_and_whole() -> None:
    name = "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG " * 90
    found = find_place(f"SAO Y\n{name}", RULES, A4, [], page())
    assert found
    block, _box = found
    assert 6 <= block.font_size < 10
    assert "".join(block.lines).replace(" ", "") == f"SAOY·{name}".replace(" ", "")


def test_where_nothing_is_free_no_place_is_given() -> None:
    assert find_place(TEXT, RULES, A4, [], ~page()) is None
    assert find_place("SAO Y\n" + "RẤT DÀI " * 900, RULES, A4, [], page()) is None


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(150, 1200),
    height=st.integers(150, 1200),
    turned=st.sampled_from([0, 90, 180, 270]),
    corner=st.sampled_from(["top-right", "top-left", "bottom-right", "bottom-left"]),
    blocks=st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=8),
    lines=st.integers(1, 6),
)
def test_wherever_it_stands_nothing_is_under_it_and_it_is_on_the_page(
    width: int, height: int, turned: Any, corner: Any, blocks: Any, lines: int
) -> None:
    frame = PageFrame(10, -20, 10 + width, height - 20, turned)
    spots = page(frame)
    rows, columns = spots.shape
    for a, b, c, d in blocks:
        (y1, y2), (x1, x2) = sorted((a, b)), sorted((c, d))
        spots[int(y1 * rows) : int(y2 * rows), int(x1 * columns) : int(x2 * columns)] = True
    rules = RULES.model_copy(update={"place": corner})
    found = find_place("\n".join(["SAO Y HÒA AN"] * lines), rules, frame, [], spots)
    if found:
        block, box = found
        assert not covered(box, frame, spots)
        shown = seen(box, frame)
        assert min(shown[:2]) >= 0
        assert shown[2] <= frame.size[0]
        assert shown[3] <= frame.size[1]
        assert shown[2] - shown[0] == pytest.approx(block.width, abs=0.01)


# ----- on real files ---------------------------------------------------------------------------


def signed_with(
    request_for: Callable[..., SigningRequest], pki: Rehearsal, job: SignJob, **changes: object
) -> Path:
    request = request_for("agency", "b-b", again=True, **changes)
    sign_file(job, request, pki.pin_source("agency"))
    return job.target


def test_two_texts_and_the_print_never_overlap_in_the_file(
    tmp_path: Path, make_pdf: MakePdf, pki: Rehearsal, request_for: Callable[..., SigningRequest]
) -> None:
    spots = page()
    spots[round(140 / 72 * DPI) :, 20:-20] = True  # the print of make_pdf
    source = make_pdf(tmp_path / "a.pdf")
    look = {"look": lambda _file: spots}
    for number in range(4):
        source = signed_with(request_for, pki, SignJob(source, tmp_path / f"{number}.pdf"), **look)
    with pikepdf.open(source) as pdf:
        boxes = [tuple(float(x) for x in one.Rect) for one in pdf.pages[0].Annots]
    assert len(boxes) == 4
    assert not any(covered(box, A4, spots) for box in boxes)
    for one, other in itertools.combinations(boxes, 2):
        beside = one[2] <= other[0] or other[2] <= one[0]
        assert beside or one[3] <= other[1] or other[3] <= one[1]
    assert verify_file(source, [pki.root_pem]).valid


def test_a_full_page_is_not_signed_over_and_says_what_to_do(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: Callable[..., SigningRequest]
) -> None:
    job = SignJob(page, tmp_path / "signed.pdf")
    full = np.ones((585, 413), np.bool_)
    with pytest.raises(errors.NoRoomForText, match="sohoa digitize") as refused:
        signed_with(request_for, pki, job, look=lambda _file: full)
    assert refused.value.exit_code == ExitCode.INPUT
    assert not job.target.exists()


def test_the_agency_waits_for_the_clerk_where_the_profile_says_so(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: Callable[..., SigningRequest]
) -> None:
    rules = SignatureRules(role="agency", after="clerk")
    job = SignJob(page, tmp_path / "signed.pdf")
    with pytest.raises(errors.OutOfOrder, match="--signer clerk"):
        signed_with(request_for, pki, job, rules=rules)
    assert not job.target.exists()
    sign_file(SignJob(page, page), request_for("clerk", "b-b"), pki.pin_source("clerk"))
    signed_with(request_for, pki, job, rules=rules)
    verdict = verify_file(job.target, [pki.root_pem])
    assert verdict.valid
    assert len(verdict.signatures) == 2


@pytest.mark.parametrize(("role", "colour"), [("clerk", (20, 40, 200)), ("agency", (210, 20, 20))])
def test_a_picture_stands_beside_the_text_only_where_the_profile_names_one(
    role: str, colour: tuple[int, int, int], page: Path, tmp_path: Path, pki: Rehearsal,
    request_for: Callable[..., SigningRequest],
) -> None:  # fmt: skip
    picture = tmp_path / "picture.png"
    drawn = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
    drawn.paste((*colour, 255), (20, 30, 100, 50))
    drawn.save(picture)
    rules = SignatureRules(role="agency", image=str(picture), image_height_mm=12)
    target = signed_with(request_for, pki, SignJob(page, tmp_path / "signed.pdf"), rules=rules)
    with pikepdf.open(target) as pdf:
        (widget,) = pdf.pages[0].Annots
        (image,) = widget.AP.N.Resources.XObject.values()
        assert "/SMask" in image
        assert pikepdf.PdfImage(image).as_pil_image().convert("RGB").getpixel((60, 40)) == colour
    assert verify_file(target, [pki.root_pem]).valid
    gone = rules.model_copy(update={"image": str(tmp_path / "gone.png")})
    with pytest.raises(errors.ImageUnusable, match=r"gone\.png") as missing:
        signed_with(request_for, pki, SignJob(page, tmp_path / "other.pdf"), rules=gone)
    assert missing.value.exit_code == ExitCode.SETUP
