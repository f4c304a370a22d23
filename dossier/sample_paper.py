"""Ink on paper: what the sample forms are drawn with.

Places on the paper are millimetres from the top left, type sizes are points; the
picture is A4 at 300 dots per inch (2480 × 3508 pixels), RGB.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_

DPI = 300
WIDTH_MM, HEIGHT_MM = 210.0, 297.0
BLACK = (24, 22, 26)
_FONTS = Path("/usr/share/fonts/truetype/croscore")
_FACES = {"": "Regular", "b": "Bold", "i": "Italic", "bi": "BoldItalic"}

Colour = tuple[int, int, int]


class FontMissing(SohoaError):
    """The font the sample papers are set in is not installed."""

    exit_code = ExitCode.SETUP
    message = N_("The font {font} is not installed. Run: apt-get install fonts-croscore")


def dots(mm: float) -> int:
    """Millimetres on paper as pixels of the picture."""
    return round(mm * DPI / 25.4)


@cache
def typeface(points: float, style: str = "", family: str = "Tinos") -> ImageFont.FreeTypeFont:
    """A font of ``points`` at 300 dpi; ``style`` is "", "b", "i" or "bi".

    Raises:
        FontMissing: Debian's fonts-croscore is not there.
    """
    path = _FONTS / f"{family}-{_FACES[style]}.ttf"
    if not path.is_file():
        raise FontMissing(font=family)
    layout = ImageFont.Layout.BASIC  # the text is NFC: nothing to shape, and half the time
    return ImageFont.truetype(str(path), round(points * DPI / 72), layout_engine=layout)


@dataclass(frozen=True)
class Type:
    """How a piece of text is set."""

    points: float = 13.0
    style: str = ""
    ink: Colour = BLACK
    family: str = "Tinos"

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        """The font to draw it with."""
        return typeface(self.points, self.style, self.family)

    def width(self, text: str) -> float:
        """How wide ``text`` comes out, in millimetres."""
        return _width(self, text)


@lru_cache(maxsize=4096)
def _width(kind: Type, text: str) -> float:
    """Measured once a word: measuring costs more than drawing."""
    return kind.font.getlength(text) * 25.4 / DPI


@dataclass
class Draft:
    """One side of a paper while it is being drawn: the picture, and the words on it.

    ``dotted`` is the colour of the fine lines that values are written on.
    """

    picture: Image.Image = field(
        default_factory=lambda: Image.new("RGB", (dots(WIDTH_MM), dots(HEIGHT_MM)), "white")
    )
    dotted: Colour = (172, 170, 174)
    _pieces: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is printed, NFC, a line for each line of print, left to right, top to bottom."""
        rows: list[tuple[float, list[tuple[float, str]]]] = []
        for y, x, text in sorted(self._pieces):
            if not rows or y - rows[-1][0] > 1.0:
                rows.append((y, []))
            rows[-1][1].append((x, text))
        lines = (" ".join(text for _x, text in sorted(row)) for _y, row in rows)
        return unicodedata.normalize("NFC", "\n".join(lines))

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """For lines and boxes, in pixels."""
        return ImageDraw.Draw(self.picture)

    def write(
        self, x: float, y: float, text: str, kind: Type = Type(), *, anchor: str = "l"
    ) -> float:
        """Print ``text`` on the baseline ``y``; ``anchor``: l, m(iddle) or r. Its right end."""
        width = kind.width(text)
        left = x - {"l": 0.0, "m": width / 2, "r": width}[anchor]
        self.pen.text((dots(left), dots(y)), text, kind.ink, kind.font, anchor="ls")
        self._pieces.append((y, left, text))
        return left + width

    def note(self, x: float, y: float, text: str) -> None:
        """Put down words that were drawn by other means, with where they stand."""
        self._pieces.append((y, x, text))

    def fill_in(self, x: float, y: float, right: float, label: str, value: str, kind: Type) -> None:
        """A form's line: the printed label, then the value on a dotted line up to ``right``."""
        start = self.write(x, y, f"{label}:", replace(kind, style="")) + 1.6
        self.leader(start, y, right)
        self.write(start + 1.0, y, value, kind)

    def leader(self, left: float, y: float, right: float) -> None:
        """A fine dotted line just under the baseline, by default as pale as most forms have it.

        Pale on purpose: from dots as dark as the print Tesseract 5.3 makes neither dots nor
        words, it drops the lines (word F1 of the birth certificate 0.39 instead of 0.97).
        """
        for x in range(dots(left), dots(right), 14):
            self.pen.rectangle((x, dots(y + 0.9), x + 1, dots(y + 0.9) + 1), fill=self.dotted)

    def rule(self, left: float, y: float, right: float, *, thick: float = 0.25) -> None:
        """A straight line."""
        self.pen.line((dots(left), dots(y), dots(right), dots(y)), BLACK, max(1, dots(thick)))

    def box(
        self, left: float, top: float, right: float, bottom: float, ink: Colour, w: int
    ) -> None:
        """An empty rectangle with lines of ``w`` pixels."""
        self.pen.rectangle((dots(left), dots(top), dots(right), dots(bottom)), outline=ink, width=w)

    def paragraph(
        self, x: float, y: float, right: float, text: str, kind: Type = Type(), *, indent: float = 0
    ) -> float:
        """Running text set to both margins from the baseline ``y``; the next free baseline."""
        lines = list(_broken(text.split(), kind, right - x, indent))
        for number, words in enumerate(lines):
            left = x + (0 if number else indent)
            gap = kind.width(" ")
            if number < len(lines) - 1:
                gap = (right - left - sum(map(kind.width, words))) / max(1, len(words) - 1)
            place = left
            for word in words:
                self.pen.text((dots(place), dots(y)), word, kind.ink, kind.font, anchor="ls")
                place += kind.width(word) + gap
            self._pieces.append((y, left, " ".join(words)))
            y += kind.points * 0.3528 * 1.36
        return y

    def press(self, stamp: Image.Image, x: float, y: float) -> None:
        """Lay coloured ink over what is printed, its middle at ``x``, ``y``."""
        left, top = dots(x) - stamp.width // 2, dots(y) - stamp.height // 2
        under = self.picture.crop((left, top, left + stamp.width, top + stamp.height))
        self.picture.paste(ImageChops.multiply(under, stamp), (left, top))


def _broken(words: list[str], kind: Type, width: float, indent: float) -> Iterator[list[str]]:
    """The words, a line at a time; the first line is shorter by ``indent``."""
    line: list[str] = []
    room = width - indent
    for word in words:
        if line and kind.width(word) > room:
            yield line
            line, room = [], width
        line.append(word)
        room -= kind.width(word) + kind.width(" ")
    yield line
