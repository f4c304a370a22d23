"""Pages written one after the other as they come, so that memory does not grow with them.

The spool is a plain PDF 1.7 (ISO 32000-1, 7.5) on disk that holds only what was drawn:
pictures, invisible text and the font. What a document needs besides is added afterwards
by :mod:`digitize.assemble`, which leaves the pictures where they lie until it saves.
"""

from dataclasses import dataclass, field
from typing import BinaryIO

from digitize.glyphless import compressed, font_objects
from digitize.jpeg import JpegHeader

_CATALOGUE, _PAGES, _FONT = 1, 2, 3
_COLOURS = {1: "/DeviceGray", 3: "/DeviceRGB"}


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file's bytes, embedded as they are (DCTDecode), and its header.

    Attributes:
        header: what :func:`digitize.jpeg.read_jpeg_header` found in it; 1 or 3 components.
    """

    data: bytes = field(repr=False)
    header: JpegHeader


@dataclass(frozen=True)
class Layered:
    """A picture in layers: paper, and over it the colour of the ink through a stencil.

    Attributes:
        mask_g4: the stencil as :func:`digitize.layers.encode_g4` gives it (CCITTFaxDecode).
        width, height: of the stencil in pixels.
    """

    paper: Jpeg
    ink: Jpeg
    mask_g4: bytes = field(repr=False)
    width: int
    height: int


class Spool:
    """A PDF in the making; :meth:`add` pages, then :meth:`finish` it once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offsets = {0: 0}
        self._pages: list[int] = []
        stream.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        font = font_objects(_FONT)
        for number, body in enumerate(font, start=_FONT):
            self._write(number, body)
        self._next = _FONT + len(font)

    def __len__(self) -> int:
        return len(self._pages)

    def add(self, picture: Jpeg | Layered, size: tuple[float, float], text_layer: bytes) -> None:
        """Append a page that shows a picture edge to edge.

        Args:
            picture: what is shown.
            size: width and height of the page in points.
            text_layer: content-stream bytes laid over the picture.
        """
        images = self._images(picture)
        content, page = self._reserve(), self._reserve()
        width, height = size
        shown = " ".join(f"/Im{number} Do" for number in range(len(images)))
        drawing = f"q {width:.4f} 0 0 {height:.4f} 0 0 cm {shown} Q\n".encode("ascii")
        self._write(content, compressed(drawing + text_layer))
        names = " ".join(f"/Im{number} {image} 0 R" for number, image in enumerate(images))
        self._write(
            page,
            f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {width:.4f} {height:.4f}]"
            f" /Resources << /XObject << {names} >> /Font << /Glyphless {_FONT} 0 R >> >>"
            f" /Contents {content} 0 R >>".encode("ascii"),
        )
        self._pages.append(page)

    def _images(self, picture: Jpeg | Layered) -> list[int]:
        """The image objects a picture is drawn with, from the lowest."""
        if isinstance(picture, Jpeg):
            return [self._jpeg(picture)]
        return [self._jpeg(picture.paper), self._jpeg(picture.ink, self._stencil(picture))]

    def _jpeg(self, jpeg: Jpeg, stencil: int | None = None) -> int:
        mask = "" if stencil is None else f" /Mask {stencil} 0 R"
        return self._image(
            f"/Width {jpeg.header.width} /Height {jpeg.header.height} /BitsPerComponent 8"
            f" /ColorSpace {_COLOURS[jpeg.header.components]}{mask} /Filter /DCTDecode",
            jpeg.data,
        )

    def _stencil(self, picture: Layered) -> int:
        """The mask an image is painted through: where a sample is 0 (ISO 32000-1, 8.9.6.3),
        which is the fax code's black as long as /BlackIs1 is not given (7.4.6)."""
        columns, rows = picture.width, picture.height
        return self._image(
            f"/Width {columns} /Height {rows} /BitsPerComponent 1 /ImageMask true"
            " /Filter /CCITTFaxDecode"
            f" /DecodeParms << /K -1 /Columns {columns} /Rows {rows} >>",
            picture.mask_g4,
        )

    def _image(self, entries: str, data: bytes) -> int:
        number = self._reserve()
        start = f"<< /Type /XObject /Subtype /Image {entries} /Length {len(data)} >>\nstream\n"
        self._write(number, start.encode("ascii"), data, b"\nendstream")
        return number

    def _reserve(self) -> int:
        self._next += 1
        return self._next - 1

    def finish(self) -> None:
        """Write what makes the pages a document, and put it on the stream's file."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        tree = f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>"
        self._write(_PAGES, tree.encode("ascii"))
        self._write(_CATALOGUE, f"<< /Type /Catalog /Pages {_PAGES} 0 R >>".encode("ascii"))
        start = self._stream.tell()
        rows = [f"0 {self._next}\n0000000000 65535 f \n"]
        rows += [f"{self._offsets[n]:010d} 00000 n \n" for n in range(1, self._next)]
        trailer = f"trailer\n<< /Size {self._next} /Root {_CATALOGUE} 0 R >>\n"
        self._stream.write(f"xref\n{''.join(rows)}{trailer}startxref\n{start}\n%%EOF\n".encode())
        self._stream.flush()

    def _write(self, number: int, *parts: bytes) -> None:
        self._offsets[number] = self._stream.tell()
        self._stream.write(f"{number} 0 obj\n".encode("ascii"))
        for part in parts:
            self._stream.write(part)
        self._stream.write(b"\nendobj\n")
