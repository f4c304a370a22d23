"""PDF files as sheets: which pages are pictures to be digitised, which are kept as they are."""

import mmap
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
from pikepdf.exceptions import PikepdfError

from digitize.jpeg import read_jpeg_header
from digitize.sheet import Sheet
from digitize.source_errors import (
    BrokenSheet,
    DamagedPdf,
    DynamicForm,
    PasswordProtected,
    PdfWithoutPages,
    SignedInput,
    file_label,
)
from digitize.source_images import MAX_DPI, MAX_PIXELS, MIN_DPI, Pixels

#: A page is a picture when pictures cover this much of it and nobody can read text on it.
COVERED = 0.85
#: Scanning programs draw a clip or a white ground; more strokes than this are a drawing.
FEW_PATHS = 8
#: Coverage is counted on a grid of this many cells a side.
_GRID = 200
_INVISIBLE = {
    pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE,
    pdfium_c.FPDF_TEXTRENDERMODE_CLIP,
}
_PLAIN_COLOURS = {
    pdfium_c.FPDF_COLORSPACE_DEVICEGRAY,
    pdfium_c.FPDF_COLORSPACE_DEVICERGB,
    pdfium_c.FPDF_COLORSPACE_CALGRAY,
    pdfium_c.FPDF_COLORSPACE_CALRGB,
    pdfium_c.FPDF_COLORSPACE_ICCBASED,
}
#: A signature's dictionary is never compressed: its byte range counts the file's bytes.
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[")
_MAX_DEPTH = 100

PdfKind = Literal["pdf-image", "pdf-text"]


@dataclass(frozen=True)
class _Picture:
    """A picture as it lies on a page: dots per inch, box in points, and how it may be read."""

    raw: Any
    across: float
    down: float
    box: tuple[float, float, float, float]
    upright: bool
    grey: bool
    plain: bool


def check_pdf(path: Path) -> None:
    """Refuse a PDF that cannot or must not be digitised, before any work begins.

    A PDF with a broken structure is refused, not repaired: a repair may silently drop pages.
    One that opens without a password but forbids changes counts as protected.

    Raises:
        PasswordProtected, SignedInput, DynamicForm, DamagedPdf, PdfWithoutPages.
    """
    name = file_label(path)
    try:
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            pages = len(pdf.pages)
            if not pages:
                raise PdfWithoutPages(file=name)
            if pdf.is_encrypted and not pdf.allow.modify_other:
                raise PasswordProtected(file=name)
            if _is_signed(pdf, path):
                raise SignedInput(file=name)
            if _is_dynamic(pdf):
                raise DynamicForm(file=name)
        with pypdfium2.PdfDocument(path) as document:
            agreed = len(document) == pages
    except pikepdf.PasswordError as error:
        raise PasswordProtected(file=name) from error
    except (PikepdfError, ValueError, TypeError, RuntimeError) as error:
        raise DamagedPdf(file=name) from error
    if not agreed:  # two readers see different pages: one would be lost on the way
        raise DamagedPdf(file=name)


def pdf_frames(path: Path) -> Iterator[tuple[PdfKind, float | None]]:
    """What each page of a PDF is, and for a picture the resolution to read it at.

    Raises:
        DamagedPdf: a page cannot be loaded.
    """
    try:
        with pypdfium2.PdfDocument(path) as document:
            for number in range(len(document)):
                page = document[number]
                pictures = _pictures_only(page)
                yield (
                    ("pdf-text", None)
                    if pictures is None
                    else ("pdf-image", _reading_dpi(page, pictures))
                )
                page.close()
    except pypdfium2.PdfiumError as error:
        raise DamagedPdf(file=file_label(path)) from error


def load_pdf_page(
    path: Path, frame: int, dpi: float | None, label: str
) -> tuple[Pixels, float | None]:
    """The pixels of a picture page and their resolution.

    A page that is exactly one upright picture gives that picture's own pixels; any other is
    drawn at ``dpi``, as a reader shows it: cropped, turned, with its stamps and notes.

    Args:
        path: the PDF.
        frame: page within it, from 0.
        dpi: as found by :func:`pdf_frames`.
        label: how messages name the page.

    Returns:
        ``uint8``, H×W grey or H×W×3 blue, green, red; and dots per inch.

    Raises:
        BrokenSheet: a picture on the page is damaged.
    """
    try:
        with _page(path, frame) as page:
            pictures = _pictures_only(page) or []
            if any(not _decodes(picture) for picture in pictures):
                raise BrokenSheet(sheet=label)
            if _is_one_picture(page, pictures):
                raw = pictures[0].raw.get_bitmap(render=False).to_numpy().copy()
                return _three_or_one(raw), round(pictures[0].across, 1)
            dpi = dpi or _reading_dpi(page, pictures)
            grey = bool(pictures) and all(picture.grey for picture in pictures)
            # Notes and stamps may be coloured, and are drawn too.
            grey = grey and not pdfium_c.FPDFPage_GetAnnotCount(page)
            drawn = page.render(scale=dpi / 72, grayscale=grey, may_draw_forms=False)
            return _three_or_one(drawn.to_numpy().copy()), dpi
    except pypdfium2.PdfiumError as error:
        raise BrokenSheet(sheet=label) from error


def text_of(sheet: Sheet) -> str:
    """The text of a born-digital page as it stands in the file, NFC, lines parted by ``\\n``.

    Raises:
        BrokenSheet: the page cannot be read.
    """
    try:
        with _page(sheet.path, sheet.frame) as page:
            text = page.get_textpage().get_text_range()
    except pypdfium2.PdfiumError as error:
        raise BrokenSheet(sheet=sheet.label) from error
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


@contextmanager
def _page(path: Path, frame: int) -> Iterator[Any]:
    with pypdfium2.PdfDocument(path) as document:
        page = document[frame]
        try:
            yield page
        finally:
            page.close()


def _pictures_only(page: Any) -> list[_Picture] | None:
    """The pictures on a page that is nothing but pictures; None for any other page.

    Text nobody sees (render mode 3, an earlier recogniser's layer) does not count as text. A
    page with form fields is never a picture: they would be lost.
    """
    if _has_widgets(page):
        return None
    pictures, paths = [], 0
    for item in page.get_objects(max_depth=8):
        if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
            if pdfium_c.FPDFTextObj_GetTextRenderMode(item) not in _INVISIBLE:
                return None
        elif item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            pictures.append(_picture(item))
        elif item.type in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING):
            paths += 1
            if paths > FEW_PATHS:
                return None
    if not pictures or (paths and _covered(page, pictures) < COVERED):
        return None
    return pictures


def _has_widgets(page: Any) -> bool:
    for number in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, number)
        subtype = pdfium_c.FPDFAnnot_GetSubtype(annotation)
        pdfium_c.FPDFPage_CloseAnnot(annotation)
        if subtype == pdfium_c.FPDF_ANNOT_WIDGET:
            return True
    return False


def _picture(item: Any) -> _Picture:
    matrix = item.get_matrix()
    container = item.container
    while container is not None:  # drawn inside form XObjects
        matrix = matrix.multiply(container.get_matrix())
        container = container.container
    a, b, c, d, e, f = matrix.get()
    facts = item.get_metadata()
    xs, ys = (e, e + a, e + c, e + a + c), (f, f + b, f + d, f + b + d)
    across, down = max(np.hypot(a, b), 1e-3), max(np.hypot(c, d), 1e-3)
    return _Picture(
        raw=item,
        across=float(facts.width * 72 / across),
        down=float(facts.height * 72 / down),
        box=(min(xs), min(ys), max(xs), max(ys)),
        upright=a > 0 and d > 0 and abs(b) < 1e-3 * a and abs(c) < 1e-3 * d,
        grey=facts.bits_per_pixel in (1, 8)
        and facts.colorspace
        in (pdfium_c.FPDF_COLORSPACE_DEVICEGRAY, pdfium_c.FPDF_COLORSPACE_CALGRAY),
        plain=facts.colorspace in _PLAIN_COLOURS
        and facts.bits_per_pixel in (1, 8, 24)
        and not pdfium_c.FPDFPageObj_HasTransparency(item),
    )


def _covered(page: Any, pictures: list[_Picture]) -> float:
    """The share of the visible page that pictures cover, 0-1."""
    left, bottom, right, top = page.get_bbox()
    grid = np.zeros((_GRID, _GRID), dtype=bool)
    for picture in pictures:
        x0, y0, x1, y1 = picture.box
        columns = np.clip([(x0 - left) / (right - left), (x1 - left) / (right - left)], 0, 1)
        rows = np.clip([(y0 - bottom) / (top - bottom), (y1 - bottom) / (top - bottom)], 0, 1)
        (c0, c1), (r0, r1) = np.rint(columns * _GRID), np.rint(rows * _GRID)
        grid[int(r0) : int(r1), int(c0) : int(c1)] = True
    return float(grid.mean())


def _reading_dpi(page: Any, pictures: list[_Picture]) -> float:
    """The finest resolution among the pictures that matter, within what may be drawn."""
    width, height = page.get_size()
    area = width * height
    sizes = [(p.box[2] - p.box[0]) * (p.box[3] - p.box[1]) for p in pictures]
    counted = [p for p, size in zip(pictures, sizes, strict=True) if size >= 0.05 * area]
    finest = max(max(p.across, p.down) for p in counted or pictures)
    most = 72 * (MAX_PIXELS / area) ** 0.5 * 0.999
    return round(float(min(max(finest, MIN_DPI), MAX_DPI, most)), 1)


def _is_one_picture(page: Any, pictures: list[_Picture]) -> bool:
    """Whether the page shows one upright picture of plain colours with square pixels, edge to
    edge, and nothing else."""
    if len(pictures) != 1 or page.get_rotation() or pdfium_c.FPDFPage_GetAnnotCount(page):
        return False
    picture = pictures[0]
    square = abs(picture.across - picture.down) <= 0.01 * picture.across
    edges = zip(picture.box, page.get_bbox(), strict=True)
    fits = all(abs(a - b) <= 1.0 for a, b in edges)
    right_size = MIN_DPI <= picture.across <= MAX_DPI
    return picture.upright and picture.plain and square and fits and right_size


def _decodes(picture: _Picture) -> bool:
    """Whether a picture's data can be read to its end: a reader draws nothing where it cannot."""
    try:
        if picture.raw.get_filters()[-1:] == ["DCTDecode"]:
            header = read_jpeg_header(bytes(picture.raw.get_data()))
            if header is None or not header.complete:
                return False
        picture.raw.get_bitmap(render=False)
    except (pypdfium2.PdfiumError, UnicodeDecodeError):  # the latter: a filter without a name
        return False
    return True


def _three_or_one(pixels: Pixels) -> Pixels:
    """H×W grey or H×W×3 out of whatever PDFium drew on."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[:, :, 0])
    return np.ascontiguousarray(pixels[:, :, :3]) if pixels.ndim == 3 else pixels


def _is_signed(pdf: pikepdf.Pdf, path: Path) -> bool:
    if "/DocMDP" in pdf.Root.get("/Perms", {}):
        return True
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        fields = [(field, 0) for field in form.get("/Fields", [])]
        while fields:
            field, depth = fields.pop()
            if field.get("/FT") == pikepdf.Name.Sig and "/V" in field:
                return True
            if depth < _MAX_DEPTH:
                fields += [(kid, depth + 1) for kid in field.get("/Kids", [])]
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _BYTE_RANGE.search(data) is not None


def _is_dynamic(pdf: pikepdf.Pdf) -> bool:
    """XFA whose pages are not in the file: it says so, or it has no ordinary fields beside."""
    form = pdf.Root.get("/AcroForm", pikepdf.Dictionary())
    if "/XFA" not in form:
        return False
    return bool(pdf.Root.get("/NeedsRendering", False)) or not len(form.get("/Fields", []))
