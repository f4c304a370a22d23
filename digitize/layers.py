"""A page in three layers: a lossless mask of its ink, its bare paper, the colour of its ink.

    layers = split(pixels, 300)
    if layers is not None and guard(pixels, layers):
        layers.size  # bytes: about 60 KB for a page whose JPEG has 800

Mixed raster content (ITU-T T.44; Bottou et al., "High quality document image compression
with DjVu", Journal of Electronic Imaging 7 (3), 1998): what is written is sharp and of few
colours, what it is written on is soft. The mask has the page's own resolution and is coded
without loss (CCITT Group 4, ITU-T T.6); paper and ink colour are JPEGs of low resolution.
Marks are never matched with or replaced by one another. Photographs, shade, the lid and
what shows through from the other side are paper.
"""

import io
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from digitize.likeness import ARMS_LENGTH, Likeness, at_arms_length, compare
from digitize.strokes import find_strokes, square
from digitize.turning import Pixels
from ocr.background import u8

Plane = NDArray[np.float32]

#: Below this resolution, dots per inch, a mask's hard edges show as steps.
MIN_DPI = 150.0
#: Resolution of the paper, and of paper that holds a photograph.
_PAPER_DPI, _PICTURE_DPI = 100.0, 150.0
#: Resolution of the ink's colour: of black ink, whose tone only drifts, and about ink of
#: another colour, as where a pen crosses a seal. Over the sample sheets 37 dpi for black gave
#: 0.0013 more similarity for 5 KB; 75 dpi for colour left it farther off, 150 cost 14 KB more.
_BLACK_DPI, _COLOUR_DPI = 12.5, 100.0
#: A stroke is of another colour than its neighbourhood's ink when one channel of it is lighter
#: by so many levels more than another is; black print in all its tones stays below 20. The fine
#: resolution holds for so many millimetres about it.
_APART, _ABOUT_MM = 32, 2.0
#: Share of a cell that must be known before its neighbourhood has no say: paper is plenty,
#: the cores of thin strokes are little of a cell.
_ENOUGH_PAPER, _ENOUGH_INK = 1 / 3, 0.03
#: As far as a stroke's blurred edge reaches beyond the mask, in millimetres.
_EDGE_MM = 0.2
#: What layers must reach to stand for their page. Least of the 20 written sample sheets: mean
#: 0.902, worst 0.88 (0.78 on one: a roller streak), colour 0.991. Most with a letter taken out:
#: worst 0.75; with small tone marks taken out: 0.60; with strokes half a pixel thinner on each
#: side: mean 0.84, bolder: 0.79; with grey seals: colour 0.
BARS = Likeness(mean=0.88, worst=0.75, colour=0.95)


@dataclass(frozen=True)
class Layers:
    """A page taken apart.

    Attributes:
        dpi: resolution of the mask.
        width, height: of the mask in pixels.
        mask_g4: the mask as CCITT Group 4 data, see :func:`encode_g4`.
        paper_jpeg, ink_jpeg: JPEG files, grey or colour as the page is; each covers all of it.
    """

    dpi: float
    width: int
    height: int
    mask_g4: bytes = field(repr=False)
    paper_jpeg: bytes = field(repr=False)
    ink_jpeg: bytes = field(repr=False)

    @cached_property
    def mask(self) -> Pixels:
        """Where there is ink, H×W uint8 of 0 and 1."""
        return decode_g4(self.mask_g4, self.width, self.height)

    @cached_property
    def paper(self) -> Pixels:
        """The paper as its JPEG shows it, h×w(×3) uint8 (BGR)."""
        return _decoded(self.paper_jpeg)

    @cached_property
    def ink(self) -> Pixels:
        """The colour of the ink, wherever there is some, h×w(×3) uint8 (BGR)."""
        return _decoded(self.ink_jpeg)

    @property
    def size(self) -> int:
        """Bytes of the three."""
        return len(self.mask_g4) + len(self.paper_jpeg) + len(self.ink_jpeg)


def split(pixels: Pixels, dpi: float) -> Layers | None:
    """Take a page apart.

    Args:
        pixels: H×W or H×W×3 (BGR) uint8.
        dpi: its resolution.

    Returns:
        None below :data:`MIN_DPI`: such a page is better left whole.
    """
    if dpi < MIN_DPI:
        return None
    strokes = find_strokes(pixels, dpi)
    bare = u8(1 - cv2.dilate(strokes.mask, square(2 * _EDGE_MM, dpi)))
    paper_dpi = _PICTURE_DPI if strokes.picture.any() else _PAPER_DPI
    paper = _spread(*_known(pixels, bare, paper_dpi / dpi), _ENOUGH_PAPER)
    return Layers(
        dpi=dpi,
        width=pixels.shape[1],
        height=pixels.shape[0],
        mask_g4=encode_g4(strokes.mask),
        paper_jpeg=_encode_jpeg(paper, _PAPER_TABLES, "4:2:0"),
        ink_jpeg=_encode_jpeg(_ink_colour(pixels, strokes.core, dpi), _INK_TABLES, "4:4:4"),
    )


def recompose(layers: Layers) -> Pixels:
    """The page as a reader draws it: H×W(×3) uint8, ink colour on paper where the mask is."""
    size = (layers.width, layers.height)
    paper = cv2.resize(layers.paper, size, interpolation=cv2.INTER_LINEAR)
    ink = cv2.resize(layers.ink, size, interpolation=cv2.INTER_LINEAR)
    return u8(cv2.copyTo(ink, layers.mask, paper))


def guard(original: Pixels, layers: Layers) -> bool:
    """Whether layers may stand for the page they were made of: by every one of :data:`BARS`."""
    # The page as drawn is let go before it is compared: both together were a worker's peak.
    drawn, dpi = at_arms_length(recompose(layers), layers.dpi), layers.dpi
    likeness = compare(at_arms_length(original, dpi), drawn, min(dpi, ARMS_LENGTH))
    return (
        likeness.mean >= BARS.mean
        and likeness.worst >= BARS.worst
        and likeness.colour >= BARS.colour
    )


def _ink_colour(pixels: Pixels, core: Pixels, dpi: float) -> Pixels:
    """The colour of the strokes' cores, carried on between them."""
    total, share = _known(pixels, core, _COLOUR_DPI / dpi)
    height, width = (round(length * _BLACK_DPI / _COLOUR_DPI) for length in share.shape[:2])
    black = _spread(_cells(total, (width, height)), _cells(share, (width, height)), _ENOUGH_INK)
    if black.ndim == 2:
        return black
    fine = _spread(total, share, _ENOUGH_INK)
    wide = u8(cv2.resize(black, fine.shape[1::-1], interpolation=cv2.INTER_LINEAR))
    lighter = fine.astype(np.int16) - wide
    apart = u8((np.ptp(lighter, axis=2) > _APART) & (share[..., 0] >= _ENOUGH_INK))
    if not apart.any():
        return black
    about = cv2.dilate(apart, square(2 * _ABOUT_MM, _COLOUR_DPI))
    return u8(cv2.copyTo(fine, about, wide))


def _known(pixels: Pixels, known: Pixels, factor: float) -> tuple[Plane, Plane]:
    """The page reduced by ``factor``: what is known of each cell.

    Returns:
        The sum of the known pixels of each cell as a share of all its pixels, and how much of
        it is known, 0 to 1; float32 of one shape.
    """
    size = (round(known.shape[1] * factor), round(known.shape[0] * factor))
    share = _cells(known * np.uint8(255), size) / np.float32(255)
    if pixels.ndim == 2:
        return _total(pixels, known, size), share
    # A channel at a time: of all three a sheet's would take 80 MB.
    totals = [_total(u8(cv2.extractChannel(pixels, n)), known, size) for n in range(3)]
    total, share = (np.asarray(cv2.merge(planes), np.float32) for planes in (totals, [share] * 3))
    return total, share


def _total(channel: Pixels, known: Pixels, size: tuple[int, int]) -> Plane:
    # The mean of the few known pixels of a cell needs more than eight bits.
    wide = np.multiply(cv2.copyTo(channel, known), 256, dtype=np.uint16)
    return _cells(wide, size) / np.float32(256)


def _cells(picture: NDArray[np.uint8 | np.uint16 | np.float32], size: tuple[int, int]) -> Plane:
    """Means over a grid of so many cells across and down, at least one."""
    grid = (max(1, size[0]), max(1, size[1]))
    return np.asarray(cv2.resize(picture, grid, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _spread(total: Plane, share: Plane, enough: float) -> Pixels:
    """The colour of each cell, carried on smoothly to where little or nothing is known."""
    return u8(np.clip(np.rint(_pull_push(total, share, enough)), 0, 255))


def _pull_push(total: Plane, share: Plane, enough: float) -> Plane:
    """The means of cells; where little of a cell is known, those of ever wider neighbourhoods.

    Gortler et al., "The Lumigraph", SIGGRAPH 1996.

    Args:
        total, share: as :func:`_known` gives them.
        enough: share from which a cell's own mean is taken alone.
    """
    mean = total / np.maximum(share, 1e-4)
    trust = np.minimum(share / enough, 1)
    if trust.min() == 1 or min(total.shape[:2]) <= 2:
        return np.asarray(mean, dtype=np.float32)
    half = [np.asarray(cv2.pyrDown(plane), dtype=np.float32) for plane in (total, share)]
    coarse = _pull_push(half[0], half[1], enough)
    filled = cv2.resize(coarse, total.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(filled + (mean - filled) * trust, dtype=np.float32)


def encode_g4(mask: Pixels) -> bytes:
    """A mask as CCITT Group 4 data (ITU-T T.6), rows from the top, ink as the code's black.

    For PDF: ``/K -1 /Columns W /Rows H``. ``/BlackIs1`` is false unless given, so ink comes
    out as 0, which an image mask paints (ISO 32000-1, 7.4.6, 8.9.6.2 and 8.9.6.3).
    """
    height, width = mask.shape
    rows = np.packbits(mask > 0, axis=1).tobytes()
    stream = io.BytesIO()
    picture = Image.frombytes("1", (width, height), rows)
    picture.save(stream, "TIFF", compression="group4", strip_size=len(rows))
    stream.seek(0)
    with TiffImagePlugin.TiffImageFile(stream) as tiff:
        (offset,), (length,) = tiff.tag_v2[273], tiff.tag_v2[279]  # of the one strip
    return stream.getvalue()[offset : offset + length]


def decode_g4(data: bytes, width: int, height: int) -> Pixels:
    """The mask that :func:`encode_g4` coded, H×W uint8 of 0 and 1."""
    header = b"II*\0\x08\0\0\0"
    directory = TiffImagePlugin.ImageFileDirectory_v2(header)
    # Tags of TIFF 6.0; the strip's offset is counted from the end of the directory.
    tags = {256: width, 257: height, 258: 1, 259: 4, 262: 1, 273: 0, 278: height, 279: len(data)}
    for tag, value in tags.items():
        directory[tag] = value
    stream = io.BytesIO(header + directory.tobytes(len(header)) + data)
    with TiffImagePlugin.TiffImageFile(stream) as tiff:
        return np.asarray(tiff, dtype=np.uint8)


def _table(first: int, rise: int) -> list[int]:
    """A JPEG quantisation table, row by row: ``first``, rising with frequency."""
    return [first + rise * (down + across) for down in range(8) for across in range(8)]


#: Low frequencies are kept finer than JPEG's own tables keep them, so that slow shade shows
#: no blocks (they cost 1 KB); high ones as in quality 60. Luminance, chrominance.
_PAPER_TABLES = (_table(4, 3), _table(5, 4))
_INK_TABLES = (_table(12, 4), _table(12, 4))


def _encode_jpeg(pixels: Pixels, tables: tuple[list[int], list[int]], chroma: str) -> bytes:
    stream = io.BytesIO()
    coding = {"qtables": tables[:1], "optimize": True, "progressive": True}
    if pixels.ndim == 3:
        pixels = u8(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        coding |= {"qtables": tables, "subsampling": chroma}
    Image.fromarray(pixels).save(stream, "JPEG", **coding)
    return stream.getvalue()


def _decoded(jpeg: bytes) -> Pixels:
    return u8(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_UNCHANGED))
