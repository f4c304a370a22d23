"""The worst pages beside what was read on them, small enough for the documentation."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.faces import Face

_HEIGHT = 760
_FONT = Face(2.9).font  # 12 pixels: points are those of 300 dpi


def draw_worst(pages: Sequence[tuple[Path, str]], folder: Path) -> list[Path]:
    """A picture ``worst-1.jpg``... of each sheet with its recognised text; earlier ones go.

    Args:
        pages: the sheets' files, each with the text found.
        folder: where the pictures go; made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("worst-*.jpg"):
        old.unlink()
    made = []
    for number, (file, text) in enumerate(pages, 1):
        path = folder / f"worst-{number}.jpg"
        _beside(file, text).save(path, quality=60, optimize=True)
        made.append(path)
    return made


def _beside(file: Path, text: str) -> Image.Image:
    with Image.open(file) as sheet:
        sheet.thumbnail((_HEIGHT, _HEIGHT))
        shown = sheet.convert("RGB")
    picture = Image.new("RGB", (shown.width + 620, _HEIGHT), "white")
    picture.paste(shown, (0, 0))
    pen = ImageDraw.Draw(picture)
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    for row, line in enumerate(lines[: _HEIGHT // 16]):
        pen.text((shown.width + 12, 6 + 16 * row), line, (20, 20, 20), _FONT)
    return picture
