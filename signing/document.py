"""What signing needs to know of a PDF: can it be read, how its first page lies, who signed."""

import struct
import zlib
from pathlib import Path
from typing import IO, Any, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import InvalidVersion
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError, PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    OCSPValidationError,
    PathError,
    ValidationError,
)

from foundation.messages import _
from foundation.reasons import DAMAGED, reason_of
from signing.errors import PdfEncrypted, PdfUnreadable
from signing.frames import Box, PageFrame, Rotation

#: pyHanko's words for a file that does not begin like a PDF.
_NO_HEADER = "Illegal PDF header"
#: What reading a broken or hostile file may raise in pyHanko, its validator, asn1crypto,
#: cryptography and zlib. Every one of them says the same thing about the file, and none may
#: reach the user as a traceback. Keep this to reading: in a program of ours it would hide faults.
MALFORMED = (
    PdfError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,  # also RecursionError and NotImplementedError
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    InvalidSignature,
    InvalidVersion,
    UnsupportedAlgorithm,
    CRLValidationError,
    OCSPValidationError,
    PathError,
    ValidationError,
)


#: Levels a tree of pages may have: honest ones have three or four, one in a ring has no end.
_DEEPEST = 64


class AppendingWriter(IncrementalPdfFileWriter):
    """Appends a revision and leaves the document's metadata as they are.

    pyHanko would rewrite XMP and /Info with a new date; the metadata say how the
    document was made and are evidence, and PDF/A wants both to agree.
    """

    def _update_meta(self) -> None:
        pass


def open_writer(file: Path, stream: IO[bytes]) -> AppendingWriter:
    """A writer that appends to ``stream``.

    Raises:
        PdfUnreadable, PdfEncrypted: ``file`` is not a PDF that can be signed.
    """
    try:
        writer = AppendingWriter(stream)
        writer.prev.root["/Pages"]["/Kids"][0].get_object()
    except MALFORMED as error:
        no_pdf = str(error) == _NO_HEADER
        detail = _("no PDF") if no_pdf else reason_of(error)
        raise PdfUnreadable(file=file, detail=detail) from error
    if writer.security_handler is not None:
        raise PdfEncrypted(file=file)
    return writer


def check_pages(file: Path, reader: PdfFileReader) -> None:
    """See that the pages are there, each once, and turned as ISO 32000-2, 7.7.3.3 allows.

    Viewers show other files each in their own way: nobody could say what was signed.

    Raises:
        PdfUnreadable: naming what is wrong.
    """
    count, seen = 0, set()
    waiting = [reader.root.raw_get("/Pages")]
    try:
        while waiting:
            reference = waiting.pop()
            node = reference.get_object()
            if "/Kids" not in node:
                count += 1
                if float(_inherited(node, "/Rotate") or 0) % 90:
                    detail = _("page {number} is turned askew, by no quarter turn")
                    raise PdfUnreadable(file=file, detail=detail.format(number=count))
                continue
            if reference in seen:
                raise PdfUnreadable(file=file, detail=_("its list of pages leads back to itself"))
            seen.add(reference)
            waiting += reversed(node["/Kids"])
    except MALFORMED as error:
        raise PdfUnreadable(file=file, detail=_(DAMAGED)) from error
    if not count:
        raise PdfUnreadable(file=file, detail=_("it has no pages"))


def field_names(reader: PdfFileReader) -> set[str]:
    """The names of all signature fields, filled or not."""
    return {name for name, _value, _field in enumerate_sig_fields(reader)}


def frame_of_first_page(reader: PdfFileReader) -> PageFrame:
    """How page 1 lies: crop box (within the media box), rotation and unit."""
    page = first_page(reader)
    media = _box(_inherited(page, "/MediaBox"))
    crop = _box(_inherited(page, "/CropBox")) if _inherited(page, "/CropBox") else media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if right <= left or top <= bottom:  # a crop box off the page counts for nothing
        left, bottom, right, top = media
    rotation = int(_inherited(page, "/Rotate") or 0) % 360
    return PageFrame(
        left=left,
        bottom=bottom,
        right=right,
        top=top,
        rotation=cast(Rotation, rotation if rotation in (90, 180, 270) else 0),
        unit=float(value_of(page, "/UserUnit", 1.0)),
    )


def signature_boxes(reader: PdfFileReader) -> list[Box]:
    """The rectangles of visible signatures on page 1, in user space."""
    boxes = []
    for reference in value_of(first_page(reader), "/Annots", ()):
        annotation = reference.get_object()
        parent = value_of(annotation, "/Parent", {})
        if "/Sig" in (value_of(annotation, "/FT"), value_of(parent, "/FT")):
            box = _box(annotation["/Rect"])
            if box[2] > box[0] and box[3] > box[1]:
                boxes.append(box)
    return boxes


def first_page(reader: PdfFileReader) -> Any:
    """The dictionary of page 1."""
    node: Any = reader.root["/Pages"]
    while "/Kids" in node:
        kids = (reference.get_object() for reference in node["/Kids"])
        node = next((kid for kid in kids if value_of(kid, "/Count", 1) > 0), None)
        if node is None:
            raise PdfReadError("no pages")
    return node


def value_of(dictionary: Any, key: str, default: Any = None) -> Any:
    """The value itself, where pyHanko's ``get`` may give a reference to it."""
    return dictionary[key] if key in dictionary else default  # noqa: SIM401  not the same here


def _inherited(page: generic.DictionaryObject, key: str) -> Any:
    node: Any = page
    for _level in range(_DEEPEST):
        if node is None:
            return None
        if key in node:
            return node[key]
        node = value_of(node, "/Parent")
    raise PdfReadError("/Parent")


def _box(values: Any) -> Box:
    x1, y1, x2, y2 = (float(value) for value in values)
    return (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
