"""Which paper is this? Pages of one stack put together to documents by their headings."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from digitize.sheet import FinishedPage
from ocr.idcard import parse_payload
from profiles import Paper

#: How alike a line and a heading must be (0-1, Ratcliff/Obershelp on letters without marks):
#: two wrong letters in "GIẤY KHAI SINH" still pass, "giấy khai sinh của con" does not.
_ALIKE = 0.85
#: Rows of print a heading may take.
_ROWS = 3


@dataclass(frozen=True)
class SortedPaper:
    """The pages of one document found in a stack; ``paper`` is None where no heading was known."""

    paper: Paper | None
    pages: tuple[FinishedPage, ...]


def paper_of(
    page: FinishedPage, papers: Iterable[Paper], qr_texts: Sequence[str] = ()
) -> Paper | None:
    """The paper that begins on this page, by an identity card's QR code or by its heading.

    Of several headings the one that stands highest counts: a certificate may well have
    another paper's name in a line of its own further down.
    """
    known = list(papers)
    if any(parse_payload(text) for text in qr_texts):
        card = next((paper for paper in known if paper.identifies_owner), None)
        if card:
            return card
    lines = [letters for line in page.text.splitlines() if (letters := _letters(line))]
    headings = [(paper, _heading(heading)) for paper in known for heading in paper.headings]
    # The longest first: "Quyết định" begins "Quyết định về việc hưởng trợ cấp thất nghiệp".
    headings.sort(key=lambda one: -len(one[1]))
    for number in range(len(lines)):
        titles = ["".join(lines[number:end]) for end in range(number + 1, number + _ROWS + 1)]
        for paper, heading in headings:
            if any(_alike(title, heading) for title in titles):
                return paper
    return None


def sort_stack(
    pages: Iterable[tuple[FinishedPage, Sequence[str]]], papers: Sequence[Paper]
) -> list[SortedPaper]:
    """Documents of a stack in order. A page without a heading goes on with the paper before it.

    Args:
        pages: written pages in order, each with the texts of its QR codes.
        papers: the papers that may be in the stack.
    """
    found: list[tuple[Paper | None, list[FinishedPage]]] = []
    for page, qr_texts in pages:
        paper = paper_of(page, papers, qr_texts)
        if not found or paper is not None:
            found.append((paper, [page]))
        else:
            found[-1][1].append(page)
    return [SortedPaper(paper, tuple(group)) for paper, group in found]


def _letters(text: str) -> str:
    """Letters in lower case without marks: what a misread tone cannot change."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(c for c in bare if c.isalpha() and not unicodedata.combining(c))


@lru_cache(maxsize=1024)
def _heading(text: str) -> str:
    return _letters(text)


def _alike(line: str, heading: str) -> bool:
    longer = max(len(line), len(heading), 1)
    if abs(len(line) - len(heading)) > (1 - _ALIKE) * 2 * longer:
        return False
    # No more can match than what letters both have: a tenth of the time, the same answer.
    shared = sum(min(line.count(letter), heading.count(letter)) for letter in set(heading))
    if 2 * shared < _ALIKE * (len(line) + len(heading)):
        return False
    return SequenceMatcher(None, line, heading).ratio() >= _ALIKE
