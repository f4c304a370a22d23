"""Pages written one after the other as they come, so that memory does not grow with them.

The spool is a plain PDF 1.7 (ISO 32000-1, 7.5) on disk that holds only what was drawn:
pictures, invisible text and the font. What a document needs besides is added afterwards
by :mod:`digitize.assemble`, which leaves the pictures where they lie until it saves.
"""

from typing import BinaryIO

from digitize.glyphless import compressed, font_objects
from digitize.jpeg import JpegHeader

_CATALOGUE, _PAGES, _FONT = 1, 2, 3
_COLOURS = {1: "/DeviceGray", 3: "/DeviceRGB"}


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

    def add(
        self, jpeg: bytes, header: JpegHeader, size: tuple[float, float], text_layer: bytes
    ) -> None:
        """Append a page that shows a picture edge to edge.

        Args:
            jpeg: the picture's file, embedded byte for byte (DCTDecode).
            header: what :func:`digitize.jpeg.read_jpeg_header` found in it; 1 or 3 components.
            size: width and height of the page in points.
            text_layer: content-stream bytes laid over the picture.
        """
        image, content, page = range(self._next, self._next + 3)
        self._next += 3
        width, height = size
        entries = (
            f"<< /Type /XObject /Subtype /Image /Width {header.width} /Height {header.height}"
            f" /ColorSpace {_COLOURS[header.components]} /BitsPerComponent 8"
            f" /Filter /DCTDecode /Length {len(jpeg)} >>\nstream\n"
        )
        self._write(image, entries.encode("ascii"), jpeg, b"\nendstream")
        drawing = f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /Im0 Do Q\n".encode("ascii")
        self._write(content, compressed(drawing + text_layer))
        self._write(
            page,
            f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {width:.4f} {height:.4f}]"
            f" /Resources << /XObject << /Im0 {image} 0 R >> /Font << /Glyphless {_FONT} 0 R >> >>"
            f" /Contents {content} 0 R >>".encode("ascii"),
        )
        self._pages.append(page)

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
