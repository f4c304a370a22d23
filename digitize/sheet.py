"""The values that travel through the room: a sheet as it came, a page as it leaves.

Pixels never travel between processes: a :class:`Sheet` names the file that holds
them and a worker reads them when its turn comes.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ocr.words import Word

Side = Literal["front", "back"]


@dataclass(frozen=True)
class Sheet:
    """One side of paper as a source delivered it.

    Attributes:
        index: place in the order delivered, from 0.
        path: the file that holds it; it must stay until the document is written.
        frame: page within that file, from 0 (multi-page TIFF, PDF).
        kind: ``image`` file, ``pdf-image`` (a PDF page that is only a picture) or
            ``pdf-text`` (a born-digital PDF page, to be kept as it is).
        label: how messages name it: file name and page, never a folder.
        sha256: digest of ``path``'s bytes, lower-case hexadecimal.
        dpi: dots per inch as known to the source; None where the file does not say.
        side: front or back of the physical sheet.
        device: the scanner it came from; empty for files.
    """

    index: int
    path: Path
    frame: int
    kind: Literal["image", "pdf-image", "pdf-text"]
    label: str
    sha256: str
    dpi: float | None = None
    side: Side = "front"
    device: str = ""


@dataclass(frozen=True)
class Finding:
    """What was found out about one sheet on its way to a page; the report's line.

    Attributes:
        rotation: degrees clockwise by which the sheet had been fed turned (0, 90, 180, 270).
        skew: tilt found after turning, degrees counter-clockwise.
        confidence: mean word confidence 0-100; None where nothing was recognised.
        flags: stable words for what is doubtful: ``low-dpi``, ``low-confidence``, ...
    """

    index: int
    source: str
    kept: bool = True
    blank: bool = False
    rotation: int = 0
    skew: float = 0.0
    dpi: float = 0.0
    confidence: float | None = None
    words: int = 0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class FinishedPage:
    """What a worker leaves for the writer: files and findings, no pixels.

    Attributes:
        picture: file shown on the page: a JPEG, or the page in layers
            (:mod:`digitize.layer_file`); None for a born-digital page.
        width_mm, height_mm: size of the page on paper (1:1).
        text_layer: PDF content-stream bytes of the invisible text, in PDF points with the
            origin at the page's lower left, using the font resource ``/Glyphless``; b"" for none.
        text: the recognised text in reading order, NFC.
        words: the recognised words, boxes in pixels of the picture.
    """

    sheet: Sheet
    finding: Finding
    picture: Path | None
    width_mm: float
    height_mm: float
    text_layer: bytes = field(default=b"", repr=False)
    text: str = field(default="", repr=False)
    words: tuple[Word, ...] = field(default=(), repr=False)
