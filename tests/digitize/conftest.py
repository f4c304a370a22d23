"""Small sheets drawn for the tests of pages, delivered as a scanner would."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

DPI = 150
LINES = (
    "Bộ phận Một cửa tiếp nhận hồ sơ từ 7 giờ 30",
    "phút đến 16 giờ 30 phút các ngày làm việc.",
    "Cán bộ kiểm tra tính đầy đủ, hợp lệ của từng",
    "thành phần hồ sơ trước khi ghi vào sổ. Kết quả",
    "được trả trực tiếp hoặc qua bưu chính; người",
    "dân không phải nộp lại giấy tờ đã số hóa.",
    "Thời hạn giải quyết được tính từ ngày nhận đủ",
    "hồ sơ hợp lệ theo quy định của pháp luật.",
)
_FONTS = Path("/usr/share/fonts/truetype/croscore")


def mm(length: float, dpi: float = DPI) -> int:
    return round(length * dpi / 25.4)


def draw(
    lines: Sequence[str] = LINES,
    size: tuple[float, float] = (148.0, 210.0),
    *,
    points: float = 13.0,
    family: str = "Tinos-Regular",
    dpi: int = DPI,
    top: float = 20.0,
) -> Pixels:
    """A gray sheet of paper (A5 by default) with lines of print."""
    sheet = Image.new("L", (mm(size[0], dpi), mm(size[1], dpi)), 255)
    font = ImageFont.truetype(str(_FONTS / f"{family}.ttf"), round(points * dpi / 72))
    for number, line in enumerate(lines):
        place = (mm(15, dpi), mm(top + number * points * 0.55, dpi))
        ImageDraw.Draw(sheet).text(place, line, 25, font)
    return np.asarray(sheet)


def deliver(
    paper: Pixels, *, skew: float = 0.0, turn: int = 0, lid: int | None = None, margin: int = 0
) -> Pixels:
    """The sheet leaning ``skew`` degrees counter-clockwise, then fed turned clockwise.

    Args:
        lid: brightness of what shows beside the sheet; None for its own colour.
        margin: pixels of that on every side.
    """
    height, width = paper.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    matrix[:, 2] += margin
    beside = (lid,) * 3 if lid is not None else (int(np.percentile(paper, 90)),) * 3
    size = (width + 2 * margin, height + 2 * margin)
    leaning = cv2.warpAffine(paper, matrix, size, flags=cv2.INTER_LINEAR, borderValue=beside)
    noise = np.random.default_rng(7).normal(0, 2, leaning.shape)
    seen = np.clip(leaning + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(seen, -turn // 90))


@pytest.fixture(scope="session")
def lines() -> Sequence[str]:
    """What stands on a drawn sheet unless something else is asked for."""
    return LINES


@pytest.fixture(scope="session")
def drawn() -> Callable[..., Pixels]:
    return draw


@pytest.fixture(scope="session")
def delivered() -> Callable[..., Pixels]:
    return deliver


@pytest.fixture(scope="session")
def saved() -> Callable[[Pixels, Path], Path]:
    def save(pixels: Pixels, path: Path, dpi: int = DPI) -> Path:
        Image.fromarray(pixels).save(path, dpi=(dpi, dpi), quality=90)
        return path

    return save
