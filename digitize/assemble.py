"""Pages and their invisible text become one PDF/A-2b: the single writer.

    result = write_pdf(pages, Path("out.pdf"), provenance)

Pages are written as they come from the iterator and are not kept in memory; every picture
is embedded byte for byte. The document is checked against ISO 19005-2 level B before it
takes its name; a failure leaves nothing behind.
"""

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pikepdf
import pikepdf.pdfa
from pikepdf.exceptions import PikepdfError

from digitize.jpeg import read_jpeg_header
from digitize.layer_file import SUFFIX, load_layers
from digitize.merge import Place, merge
from digitize.provenance import Provenance, read_provenance, write_provenance
from digitize.sheet import FinishedPage
from digitize.source_errors import DamagedPdf, file_label
from digitize.spool import Jpeg, Layered, Spool
from foundation.errors import ExitCode, SohoaError
from foundation.files import atomic_path
from foundation.messages import N_, _

__all__ = ["AssemblyResult", "Provenance", "read_provenance", "write_pdf"]

_POINTS_PER_MM = 72 / 25.4
#: Limits of a page's sides in points (ISO 19005-2, 6.1.13).
_LEAST, _MOST = 3.0, 14400.0
_FLAVOUR = "2b"
#: Annotation flag Print (ISO 32000-1, table 165), which PDF/A asks for (ISO 19005-2, 6.3.2).
_PRINTS = 4

_FORM_KEPT = N_(
    "The form fields of {file} are kept, so it cannot be approved as PDF/A."
    " To archive it, print the form to PDF and digitise that file."
)
_FONT_NOT_EMBEDDED = N_(
    "{file} uses a font that it does not carry, so the document is not PDF/A."
    " Its pages are kept as they are."
)
_NOT_PDFA = N_("Born-digital pages of {file} are kept as they are; they are not PDF/A ({detail}).")


class NothingToWrite(SohoaError):
    """No page came."""

    exit_code = ExitCode.INPUT
    message = N_("There is no page to write, so no file was made.")


class PictureNotUsable(SohoaError):
    """A page's picture is not a JPEG that a PDF can carry: a fault of ours."""

    message = N_("A fault in sohoa: the picture of {sheet} cannot be put into a PDF ({detail}).")


class NotConforming(SohoaError):
    """The finished document did not pass the PDF/A check: a fault of ours."""

    message = N_("A fault in sohoa: the document did not pass the PDF/A check ({detail}).")


@dataclass(frozen=True)
class AssemblyResult:
    """What was written.

    Attributes:
        pages: how many.
        bytes: size of the file.
        pdfa: whether the file says it is PDF/A-2b and was approved as such.
        notes: why it is not, in the user's language.
    """

    pages: int
    bytes: int
    pdfa: bool
    notes: tuple[str, ...] = ()


def write_pdf(
    pages: Iterable[FinishedPage], target: Path, provenance: Provenance
) -> AssemblyResult:
    """Write the pages, in the order they come, as one PDF.

    A page's picture file may be removed as soon as the next page is asked for; a born-digital
    sheet's file must stay until the document is written.

    Args:
        pages: finished pages; those of kind ``pdf-text`` are taken from their own file, with
            text, fonts, form fields, links and outline, and are not changed.
        target: the file to write, whole or not at all.
        provenance: for the metadata; see :mod:`digitize.provenance`.

    Raises:
        NothingToWrite: there was no page.
        DamagedPdf: a born-digital page's file cannot be read any more.
        PictureNotUsable, NotConforming: a fault in sohoa.
        OSError: the folder of ``target`` cannot be written to.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=target.parent) as stream:
        places = _spool(pages, stream)
        if not places:
            raise NothingToWrite
        stream.seek(0)
        with (
            pikepdf.open(stream) as drawn,
            ExitStack() as files,
            atomic_path(target) as part,
        ):
            try:
                document = merge(drawn, places, target.parent, files)
                notes = _save(document, places, provenance, part)
            except PikepdfError as error:
                raise DamagedPdf(file=_born_digital(places) or target.name) from error
            size = part.stat().st_size
    return AssemblyResult(pages=len(places), bytes=size, pdfa=not notes, notes=notes)


def _spool(pages: Iterable[FinishedPage], stream: BinaryIO) -> list[Place]:
    """Write what is drawn to the spool; say where each page is to be found."""
    spool = Spool(stream)
    places = []
    for page in pages:
        if page.sheet.kind == "pdf-text":
            places.append(Place(page.sheet, None))
            continue
        places.append(Place(page.sheet, len(spool)))
        _draw(spool, page)
    spool.finish()
    return places


def _draw(spool: Spool, page: FinishedPage) -> None:
    picture = _picture(page)
    width, height = page.width_mm * _POINTS_PER_MM, page.height_mm * _POINTS_PER_MM
    if min(width, height) < _LEAST or max(width, height) > _MOST:
        size = f"{page.width_mm:.0f} × {page.height_mm:.0f} mm"
        raise PictureNotUsable(sheet=page.sheet.label, detail=size)
    spool.add(picture, (width, height), page.text_layer)


def _picture(page: FinishedPage) -> Jpeg | Layered:
    if page.picture is None:
        raise PictureNotUsable(sheet=page.sheet.label, detail="no picture")
    if page.picture.suffix != SUFFIX:
        return _jpeg(page, page.picture.read_bytes())
    layers = load_layers(page.picture)
    paper, ink = _jpeg(page, layers.paper_jpeg), _jpeg(page, layers.ink_jpeg)
    return Layered(paper, ink, layers.mask_g4, layers.width, layers.height)


def _jpeg(page: FinishedPage, data: bytes) -> Jpeg:
    header = read_jpeg_header(data)
    if header is None or header.components not in (1, 3) or not header.complete:
        raise PictureNotUsable(sheet=page.sheet.label, detail=f"{header}")
    return Jpeg(data, header)


def _save(
    document: pikepdf.Pdf, places: list[Place], provenance: Provenance, part: Path
) -> tuple[str, ...]:
    """Write the document and have it approved.

    Returns:
        Nothing when it is PDF/A; else why not. Only born-digital pages may be the reason.
    """
    sheets = [place.sheet for place in places]
    before = {key: document.Root.get(key) for key in ("/OutputIntents", "/OpenAction")}
    _make_archivable(document, provenance.language)
    options = pikepdf.pdfa.resolve_save_kwargs(_FLAVOUR)
    write_provenance(document, provenance, sheets, pdfa=True)
    document.save(part, **options)
    report = pikepdf.pdfa.validate_written(part, _FLAVOUR, save_kwargs=options)
    if report.passed:
        return ()
    own = _born_digital(places)
    if not own:
        raise NotConforming(detail=str(report.findings[0]))
    for key, value in before.items():
        if value is not None:
            document.Root[key] = value
        elif key in document.Root:
            del document.Root[key]
    write_provenance(document, provenance, sheets, pdfa=False)
    document.save(part, **options)
    return _why_not(report, own)


def _make_archivable(document: pikepdf.Pdf, language: str) -> None:
    """Set what PDF/A asks of a document beside its pages; nothing that is seen changes.

    The place to open at goes (the checker takes none), an output intent that a born-digital
    document brought along stays, and links are marked as printing, which paints nothing.
    """
    root = document.Root
    if "/Lang" not in root:
        root.Lang = pikepdf.String(language)
    preferences = root.get("/ViewerPreferences", pikepdf.Dictionary())
    preferences.DisplayDocTitle = True
    root.ViewerPreferences = preferences
    if "/OpenAction" in root:
        del root.OpenAction
    if "/OutputIntents" not in root:
        root.OutputIntents = _output_intents(document)
    for page in document.pages:
        for annotation in page.obj.get("/Annots", []):
            if not isinstance(annotation, pikepdf.Dictionary):
                continue
            if annotation.get("/Subtype") == pikepdf.Name.Link and "/F" not in annotation:
                annotation.F = _PRINTS


def _born_digital(places: list[Place]) -> str:
    """The files whose pages are kept as they are, as messages name them."""
    names = {file_label(place.sheet.path) for place in places if place.drawn is None}
    return ", ".join(sorted(names))


def _output_intents(document: pikepdf.Pdf) -> pikepdf.Object:
    """sRGB as pikepdf ships it, which device colours need in PDF/A (ISO 19005-2, 6.2.4.3)."""
    with pikepdf.new() as scratch:
        pikepdf.pdfa.prepare(scratch, _FLAVOUR)
        return document.copy_foreign(scratch.make_indirect(scratch.Root.OutputIntents))


def _why_not(report: pikepdf.pdfa.Report, names: str) -> tuple[str, ...]:
    """The checker's findings in a clerk's words, each kind once."""
    notes = []
    for finding in report.findings:
        if "/AcroForm" in finding.message or "Widget" in finding.message:
            note = _(_FORM_KEPT).format(file=names)
        elif "embed" in finding.message and "font" in finding.message.lower():
            note = _(_FONT_NOT_EMBEDDED).format(file=names)
        else:
            note = _(_NOT_PDFA).format(file=names, detail=finding.message)
        if note not in notes:
            notes.append(note)
    return tuple(notes[:5])
