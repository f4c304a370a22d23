"""The visible text of a signature (NĐ 30/2020, Phụ lục I).

Times New Roman, upright, black, 10 pt, no image, top right of page 1. Tinos stands
in for Times New Roman: same widths, complete in Vietnamese, free. The text is
wrapped and the box grows with it, so that no name is ever cut.
"""

import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools import subset, ttLib
from fontTools.misc.roundTools import otRound
from fontTools.ttLib.scaleUpem import scale_upem
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import AppearanceContent, ResourceType
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PdfFileWriter
from pyhanko.stamp import BaseStampStyle

from profiles.schema import SignatureRules
from signing.errors import FontMissing, ImageUnusable
from signing.frames import Box, PageFrame, Rotation

_TINOS = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")
#: Latin with all Vietnamese letters, combining marks, punctuation, the đồng sign.
_LETTERS = [*range(0x20, 0x250), *range(0x300, 0x324), *range(0x1E00, 0x1F00)]
_LETTERS += [*range(0x2010, 0x2028), 0x20AB]
_POINTS_PER_MM = 72 / 25.4
#: Distance from the edges of the page, in points: 5 mm, inside what scanners keep white.
_MARGIN = 5 * _POINTS_PER_MM
#: What the QR seal takes of a small page's width: 6 mm margin, 24 mm code, 4 mm gap.
_SEAL = 34 * _POINTS_PER_MM
#: Gap between two blocks in one corner, and white inside a block, in points.
_GAP, _PADDING = 4.0, 1.0
#: Line distance as a part of the font size; Vietnamese stacks two marks on a capital.
_LEADING = 1.2
#: Where the baseline of the first line stands below the top, as a part of the font size.
_ASCENT = 1.0


@dataclass(frozen=True)
class TextBlock:
    """Wrapped lines, the picture on their left, and the size of their box, in points."""

    lines: tuple[str, ...]
    font_size: float
    width: float
    height: float
    image: str = ""
    image_size: tuple[float, float] = (0.0, 0.0)

    @property
    def text_left(self) -> float:
        """Where the lines begin."""
        return _PADDING + (self.image_size[0] + _GAP if self.image else 0.0)


def text_of(rules: SignatureRules, facts: Mapping[str, str]) -> str:
    """The profile's text with {kind}, {agency}, {signer}, {time} filled in: NFC, no empty lines."""
    filled = unicodedata.normalize("NFC", rules.text.format(**facts))
    return "\n".join(line.strip() for line in filled.splitlines() if line.strip())


def lay_out(text: str, rules: SignatureRules, frame: PageFrame) -> TextBlock:
    """Wrap ``text`` to the profile's width; on a small page, to what the QR seal leaves free."""
    page_width = frame.size[0]
    free = max(page_width / 2, page_width - _SEAL) - _MARGIN
    image = _image_size(rules) if rules.image else (0.0, 0.0)
    beside = image[0] + _GAP if rules.image else 0.0
    widest = max(min(rules.width_mm * _POINTS_PER_MM, free) - 2 * _PADDING - beside, free / 4)
    measure = _measure(rules.font_size_pt)
    lines = [part for line in text.splitlines() for part in _wrap(line, widest, measure)]
    return TextBlock(
        lines=tuple(lines),
        font_size=rules.font_size_pt,
        width=max(map(measure, lines), default=0) + beside + 2 * _PADDING,
        height=max(len(lines) * rules.font_size_pt * _LEADING, image[1]) + 2 * _PADDING,
        image=rules.image,
        image_size=image,
    )


def _image_size(rules: SignatureRules) -> tuple[float, float]:
    """Width and height in points of the profile's picture. Raises :class:`ImageUnusable`."""
    try:
        with Image.open(rules.image, formats=["PNG"]) as picture:
            picture.load()
            width, height = picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageUnusable(file=rules.image, detail="PNG") from error
    high = rules.image_height_mm * _POINTS_PER_MM
    return high * width / height, high


def place(block: TextBlock, rules: SignatureRules, frame: PageFrame, taken: list[Box]) -> Box:
    """Where the block stands, in user space: in its corner, under what stands there already.

    Args:
        taken: boxes of other visible signatures on the page, in user space.
    """
    page_width, page_height = frame.size
    # On a page too small for it the block shrinks as a whole: it is never cut.
    margin = min(_MARGIN, page_width / 10, page_height / 10)
    room = (page_width - 2 * margin) / block.width, (page_height - 2 * margin) / block.height
    scale = min(1.0, *room)
    width, height = block.width * scale, block.height * scale
    left = margin if rules.place.endswith("left") else page_width - margin - width
    top = margin if rules.place.startswith("top") else page_height - margin - height
    for other in sorted((frame.from_user_space(box) for box in taken), key=lambda box: box[1]):
        beside = other[2] <= left or other[0] >= left + width
        if not beside and other[1] < top + height and other[3] > top:
            top = other[3] + _GAP
    top = max(0.0, min(top, page_height - height))
    return frame.to_user_space((left, top, left + width, top + height))


@dataclass(frozen=True)
class TextStyle(BaseStampStyle):
    """pyHanko's stamp style for a :class:`TextBlock`."""

    block: TextBlock = TextBlock((), 10, 1, 1)
    rotation: Rotation = 0

    def create_stamp(  # type: ignore[override]  # any appearance does, not only its own
        self,
        writer: BasePdfFileWriter,
        box: BoxConstraints,  # noqa: ARG002  the box comes from the block
        text_params: dict[str, Any],  # noqa: ARG002  so does the text
    ) -> "_TextStamp":
        """The appearance to be put on the signature's widget."""
        return _TextStamp(writer, self.block, self.rotation)


class _TextStamp(AppearanceContent):
    """The form XObject: black text, nothing else (PDF/A: one embedded subset font, DeviceGray)."""

    #: The form is turned against /Rotate so that the text is upright on the page as seen.
    _MATRICES: dict[int, tuple[int, ...]] = {  # noqa: RUF012  never changed
        90: (0, 1, -1, 0, 0, 0),
        180: (-1, 0, 0, -1, 0, 0),
        270: (0, -1, 1, 0, 0, 0),
    }

    def __init__(self, writer: BasePdfFileWriter, block: TextBlock, rotation: Rotation) -> None:
        super().__init__(writer=writer)
        self._block, self._rotation = block, rotation

    def render(self) -> bytes:
        """The drawing operators."""
        block = self._block
        # All figures, so that one font serves a batch whose texts differ by their time alone.
        letters = frozenset("".join(map(_writable, block.lines)) + "0123456789")
        writer = self._ensure_writer
        lent = _font(letters)
        font = writer.add_object(writer.import_object(lent.resource))
        self.set_resource(ResourceType.FONT, generic.pdf_name("/F1"), font)
        parts = [b"q 0 g"]
        baseline = block.height - _PADDING - _ASCENT * block.font_size
        for line in block.lines:
            place = (block.font_size, block.text_left, baseline)
            start = b"BT /F1 %g Tf 1 0 0 1 %g %g Tm " % place
            parts.append(start + b"<%s> Tj ET" % lent.codes(_writable(line)))
            baseline -= block.font_size * _LEADING
        if block.image:
            parts.append(self._image())
        return b"\n".join([*parts, b"Q"])

    def _image(self) -> bytes:
        block = self._block
        with Image.open(block.image, formats=["PNG"]) as picture:
            # Colour and transparency, whatever the file has: a palette cannot hold both.
            image = PdfImage(picture.convert("RGBA"), writer=self._ensure_writer)
            self.set_resource(ResourceType.XOBJECT, generic.pdf_name("/Im1"), image.image_ref)
        bottom = (block.height - block.image_size[1]) / 2
        return b"q %g 0 0 %g %g %g cm /Im1 Do Q" % (*block.image_size, _PADDING, bottom)

    def as_form_xobject(self) -> generic.StreamObject:
        """The form with its own box in points; the widget's rectangle scales it."""
        commands = self.render()
        form = generic.StreamObject(stream_data=commands)
        box = generic.ArrayObject(
            map(generic.FloatObject, (0, 0, self._block.width, self._block.height))
        )
        form.update(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
                generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
                generic.pdf_name("/BBox"): box,
                generic.pdf_name("/Resources"): self.resources.as_pdf_object(),
            }
        )
        if matrix := self._MATRICES.get(self._rotation):
            form[generic.pdf_name("/Matrix")] = generic.ArrayObject(
                map(generic.NumberObject, matrix)
            )
        form.compress()
        return form


@dataclass(frozen=True)
class _Lent:
    """A composite font, to be imported into any number of documents, and its letters' glyphs."""

    resource: generic.PdfObject
    glyphs: Mapping[str, int]

    def codes(self, text: str) -> bytes:
        """The text in the font's codes, its glyphs' numbers, as hexadecimal."""
        return b"".join(b"%04x" % self.glyphs[letter] for letter in text)


@cache
def _font(letters: frozenset[str]) -> _Lent:
    """A font of just these letters."""
    cut = _cut_to(letters)
    with ttLib.TTFont(BytesIO(cut)) as font:
        glyphs = {chr(code): font.getGlyphID(name) for code, name in font.getBestCmap().items()}
    writer = PdfFileWriter()
    accumulator = GlyphAccumulator(writer, BytesIO(cut), font_size=1)
    accumulator.shape("".join(sorted(letters)))
    name, out = generic.pdf_name("/Lent"), BytesIO()
    writer.root[name] = accumulator.as_resource()
    writer.write(out)
    # Read back, because only what was read from a file can be imported into another.
    return _Lent(PdfFileReader(out).root[name], glyphs)


def _cut_to(letters: frozenset[str]) -> bytes:
    """Tinos cut down to these letters and scaled to 1000 units per em.

    pyHanko writes glyph widths in font units where PDF wants thousandths of an em:
    with 2048 units names come out twice as wide. Kerning and ligatures go, so that a
    line is as wide as the sum of its letters, and unread: reading them takes five times as
    long as all the rest.
    """
    options = subset.Options(hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(letters))
    with ttLib.TTFont(_find_font(), lazy=True) as font:
        for table in {"GDEF", "GPOS", "GSUB"}.intersection(font.keys()):
            del font[table]
        cutter.subset(font)
        scale_upem(font, 1000)
        out = BytesIO()
        font.save(out)
    return out.getvalue()


@cache
def _advances() -> dict[str, int]:
    """Width in thousandths of an em of each letter the text may have."""
    with ttLib.TTFont(_find_font(), lazy=True) as font:
        names, widths = font.getBestCmap(), font["hmtx"]
        scale = 1000 / font["head"].unitsPerEm
        known = (code for code in _LETTERS if code in names)
        return {chr(code): otRound(widths[names[code]][0] * scale) for code in known}


def _measure(font_size: float) -> Callable[[str], float]:
    advances = _advances()

    def width(text: str) -> float:
        return sum(advances[letter] for letter in _writable(text)) * font_size / 1000

    return width


def _writable(text: str) -> str:
    """The text with letters the font does not have shown as "?": PDF/A forbids empty glyphs."""
    return "".join(letter if letter in _advances() else "?" for letter in text)


def _wrap(line: str, widest: float, measure: Callable[[str], float]) -> list[str]:
    """Break at spaces; a word wider than the line is broken anywhere."""
    lines, current = [], ""
    for word in line.split():
        if measure(joined := f"{current} {word}".strip()) <= widest:
            current = joined
            continue
        if current:
            lines.append(current)
        while len(word) > 1 and measure(word) > widest:
            fitting = next(
                n for n in range(len(word), 0, -1) if n == 1 or measure(word[:n]) <= widest
            )
            lines.append(word[:fitting])
            word = word[fitting:]  # noqa: PLW2901  the rest of the word is the next word
        current = word
    return [*lines, current] if current else lines


def _find_font() -> Path:
    if _TINOS.is_file():
        return _TINOS
    if shutil.which("fc-match"):
        asked = ["fc-match", "-f", "%{family}|%{file}", "Tinos:style=Regular"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        family, _bar, file = answer.partition("|")
        if "Tinos" in family and Path(file).is_file():
            return Path(file)
    raise FontMissing()
