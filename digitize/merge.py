"""Drawn pages and born-digital pages joined into one document, losing nothing of the latter.

The first born-digital PDF is the ground the others are laid on, so whatever hangs on its
catalogue (form, outline, attachments, named destinations) stays. Its picture pages are
replaced in place: outline and links that point to them still do.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from digitize.sheet import Sheet
from digitize.source_errors import DamagedPdf, file_label

#: Born-digital files open at once; a process may have 1024 files open (ulimit -n).
_OPEN_AT_ONCE = 100


@dataclass(frozen=True)
class Place:
    """A page of the document to be: its source, and where in the spool it was drawn.

    Attributes:
        drawn: page of the spool, from 0; None for a born-digital page.
    """

    sheet: Sheet
    drawn: int | None


def merge(
    drawn: pikepdf.Pdf, places: Sequence[Place], folder: Path, files: ExitStack
) -> pikepdf.Pdf:
    """The document of all pages in order.

    Args:
        drawn: the finished spool.
        places: every page, in order.
        folder: where temporary files may lie (they have no name and vanish by themselves).
        files: closes what must stay open until the document is saved.

    Returns:
        ``drawn`` itself when no page is born-digital.

    Raises:
        DamagedPdf: a page is not in its file any more.
    """
    if all(place.drawn is not None for place in places):
        return drawn
    document: pikepdf.Pdf | None = None
    waiting: list[Place] = []  # drawn pages that come before the first born-digital file
    opened = 0
    for run in _runs(places):
        if all(place.drawn is not None for place in run):
            if document is None:
                waiting += run
            else:
                _append_drawn(document, drawn, run)
            continue
        source = files.enter_context(pikepdf.open(run[0].sheet.path))
        _keep_only(source, drawn, run)
        if document is None:
            document = source
            for position, place in enumerate(waiting):
                document.pages.insert(position, drawn.pages[place.drawn or 0])
        else:
            _append(document, source)
        opened += 1
        if opened % _OPEN_AT_ONCE == 0:
            document = _settled(document, folder, files)
    if document is None or len(document.pages) != len(places):
        names = {file_label(place.sheet.path) for place in places if place.drawn is None}
        raise DamagedPdf(file=", ".join(sorted(names)))
    _forget_page_labels(document, places)
    return document


def _runs(places: Sequence[Place]) -> Iterator[list[Place]]:
    """Consecutive pages of one file in rising order: what one opening of it can give."""
    run: list[Place] = []
    for place in places:
        before = run[-1].sheet if run else place.sheet
        if run and (place.sheet.path != before.path or place.sheet.frame <= before.frame):
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _keep_only(source: pikepdf.Pdf, drawn: pikepdf.Pdf, run: Sequence[Place]) -> None:
    """Leave in a born-digital file the pages of the run, its picture pages drawn anew."""
    wanted = {place.sheet.frame: place.drawn for place in run}
    for frame in reversed(range(len(source.pages))):
        if frame not in wanted:
            del source.pages[frame]
        elif (number := wanted[frame]) is not None:
            _redraw(source, frame, drawn.pages[number])


def _redraw(document: pikepdf.Pdf, frame: int, new: pikepdf.Page) -> None:
    """Give a page new content without making it another object, as links point to the object."""
    document.pages.append(new)
    content = document.pages[-1].obj
    page = document.pages[frame].obj
    for key in [key for key in page.keys() if key not in ("/Type", "/Parent")]:  # noqa: SIM118
        del page[key]
    for key in ("/MediaBox", "/Resources", "/Contents"):
        page[key] = content[key]
    del document.pages[-1]


def _append_drawn(document: pikepdf.Pdf, drawn: pikepdf.Pdf, run: Sequence[Place]) -> None:
    for place in run:
        document.pages.append(drawn.pages[place.drawn or 0])


def _append(document: pikepdf.Pdf, source: pikepdf.Pdf) -> None:
    """All pages of a born-digital file, with its form fields, named places and outline."""
    start = len(document.pages)
    document.add_pages_from(source, forms="preserve")
    form = source.Root.get("/AcroForm", pikepdf.Dictionary())
    if form.get("/NeedAppearances", False):
        document.Root.AcroForm.NeedAppearances = True
    with source.open_outline() as old:
        if not old.root:
            return
        numbers = {page.obj.objgen: start + n for n, page in enumerate(source.pages)}
        with document.open_outline() as new:
            new.root.extend(_bookmark(source, item, numbers) for item in old.root)


def _bookmark(
    source: pikepdf.Pdf, item: pikepdf.OutlineItem, numbers: dict[tuple[int, int], int]
) -> pikepdf.OutlineItem:
    """An outline item of a source as one of the document, with all below it."""
    place = item.resolved_destination(source)
    number = numbers.get(place.page.objgen) if place is not None else None
    if place is None or number is None:
        copy = pikepdf.OutlineItem(item.title)
    else:
        copy = pikepdf.OutlineItem(
            item.title, number, place.page_location, left=place.left, top=place.top
        )
    copy.is_closed = item.is_closed
    copy.children.extend(_bookmark(source, child, numbers) for child in item.children)
    return copy


def _settled(document: pikepdf.Pdf, folder: Path, files: ExitStack) -> pikepdf.Pdf:
    """The document on disk in one piece, so that its sources can be closed."""
    stream = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  it outlives this function
    document.save(stream, encryption=False)
    files.close()
    files.enter_context(stream)
    return files.enter_context(pikepdf.open(stream))


def _forget_page_labels(document: pikepdf.Pdf, places: Sequence[Place]) -> None:
    """Page labels of one file are wrong as soon as other pages stand among them."""
    frames = [place.sheet.frame for place in places]
    whole = len({place.sheet.path for place in places}) == 1 and frames == sorted(set(frames))
    if "/PageLabels" in document.Root and not (whole and frames == list(range(len(frames)))):
        del document.Root.PageLabels
