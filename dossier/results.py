"""Files wanted beside the document: text, hOCR, ALTO, written page by page as they come."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from digitize.sheet import FinishedPage
from foundation.files import atomic_path
from ocr import alto, hocr
from ocr.engine import version
from ocr.layout import TextPage

#: Takes each page that goes into the document, in order.
Take = Callable[[FinishedPage], None]


@dataclass(frozen=True)
class Results:
    """Where what is to be written; None for what is not wanted.

    Attributes:
        report: the findings of every sheet, as JSON.
        text: the text, pages parted by form feeds.
        fields: what was read off the papers, as JSON.
        hocr: hOCR 1.2.
        alto: ALTO 4.
    """

    report: Path | None = None
    text: Path | None = None
    fields: Path | None = None
    hocr: Path | None = None
    alto: Path | None = None

    def paths(self) -> list[Path]:
        """Every file that is wanted."""
        return [path for path in vars(self).values() if path]


@contextmanager
def page_files(wanted: Results, title: str) -> Iterator[Take]:
    """The files of text and places; they take their names when the block ends well.

    Args:
        wanted: of which ``text``, ``hocr`` and ``alto`` are written here.
        title: the document's name.
    """
    with ExitStack() as stack:
        takers = []
        if wanted.text:
            takers.append(stack.enter_context(_text(wanted.text)))
        if wanted.hocr:
            head, foot = hocr.begin(title, f"tesseract {version()}"), hocr.end()
            takers.append(stack.enter_context(_placed(wanted.hocr, head, hocr.page, foot)))
        if wanted.alto:
            head, foot = alto.begin(title, "tesseract", version()), alto.end()
            takers.append(stack.enter_context(_placed(wanted.alto, head, alto.page, foot)))

        def take(page: FinishedPage) -> None:
            for one in takers:
                one(page)

        yield take


@contextmanager
def _text(path: Path) -> Iterator[Take]:
    with atomic_path(path) as part, part.open("a", encoding="utf-8") as stream:

        def take(page: FinishedPage) -> None:
            stream.write(page.text + "\f")

        yield take
        stream.flush()


@contextmanager
def _placed(path: Path, head: str, write: Callable[[TextPage], str], foot: str) -> Iterator[Take]:
    with atomic_path(path) as part, part.open("a", encoding="utf-8") as stream:
        stream.write(head)
        number = 0

        def take(page: FinishedPage) -> None:
            nonlocal number
            number += 1
            stream.write(write(_text_page(page, number)))

        yield take
        stream.write(foot)
        stream.flush()


def _text_page(page: FinishedPage, number: int) -> TextPage:
    dpi = page.finding.dpi
    width, height = (round(side / 25.4 * dpi) for side in (page.width_mm, page.height_mm))
    return TextPage(number, page.sheet.label, width, height, dpi, page.words)
