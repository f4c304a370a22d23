"""The typefaces of this machine that can write Vietnamese, as the sample papers set type."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

from dossier.sample_paper import DPI, Type

#: Letters that half-complete fonts lack: a stacked mark of each kind, small and capital.
_TELLING = "ằẵậễếỏợữỳđẰẴẬỄẾỎỢỮỲĐ"
_STYLES = {
    **{"Regular": "", "Book": "", "Roman": "", "Bold": "b"},
    **{"Italic": "i", "Oblique": "i", "Bold Italic": "bi", "Bold Oblique": "bi"},
}


@cache
def families() -> dict[str, dict[str, Path]]:
    """Families with at least a regular and a bold cut: files by style ("", "b", "i", "bi").

    As fontconfig lists them for Vietnamese, but for those that lack a letter all the same.
    """
    form = "%{family[0]}\t%{width}\t%{style[0]}\t%{file}\n"
    said = subprocess.run(
        ["fc-list", ":lang=vi:scalable=true", "-f", form],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    found: dict[str, dict[str, Path]] = {}
    for line in sorted(said.stdout.splitlines()):
        family, width, style, file = line.split("\t")
        if width == "100" and style in _STYLES and file.endswith((".ttf", ".otf")):
            found.setdefault(family, {})[_STYLES[style]] = Path(file)
    return {name: cuts for name, cuts in found.items() if {"", "b"} <= set(cuts) and _whole(cuts)}


def _whole(cuts: dict[str, Path]) -> bool:
    with TTFont(cuts[""], lazy=True) as font:
        letters = font.getBestCmap()
    return all(ord(letter) in letters for letter in _TELLING)


@dataclass(frozen=True)
class Face(Type):
    """Type in any family of this machine; a style it lacks is set in the regular cut."""

    family: str = "Tinos"

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        """The font to draw it with."""
        return _opened(self.points, self.style, self.family)


@cache
def _opened(points: float, style: str, family: str) -> ImageFont.FreeTypeFont:
    cuts = families()[family]
    path = cuts.get(style) or cuts.get(style.replace("i", "")) or cuts[""]
    layout = ImageFont.Layout.BASIC
    return ImageFont.truetype(str(path), round(points * DPI / 72), layout_engine=layout)
