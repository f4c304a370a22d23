"""The facts on the papers of a stack (bóc tách dữ liệu), read while its pages go by."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from digitize.layer_file import load_shown
from digitize.sheet import FinishedPage
from digitize.turning import to_gray
from dossier.sorting import paper_of
from foundation.messages import _
from ocr.cards import with_code
from ocr.fields import FieldValue, read_fields
from ocr.idcard import IdCard, read_id_cards
from ocr.labels import bare, find_anywhere
from ocr.rows import rows_of
from ocr.words import Word
from profiles import Paper, all_of

#: Pages of one document in which fields are looked for: its first ones. Annexes of hundreds of
#: pages need not be kept in memory.
MOST_PAGES = 20
#: What stands at the head of every official document (NĐ 30/2020, Phụ lục I).
_STATE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"


@dataclass(frozen=True)
class Facts:
    """What was read off one document.

    Attributes:
        pages: its pages by their number in the file written, from 1.
        values: fields in the profile's order; their ``page`` counts within the document.
    """

    paper: Paper
    pages: tuple[int, ...]
    values: tuple[FieldValue, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file. ``page`` of a field is a page of the file written, from 1."""
        labels = {rule.name: rule.label for rule in self.paper.fields}
        return {
            "paper": self.paper.name,
            "title": self.paper.title,
            "code": self.paper.code,
            "pages": list(self.pages),
            "fields": [
                asdict(value)
                | {
                    "label": labels[value.name],
                    "page": self._page(value),
                    "confidence": round(value.confidence, 1),
                    "reason": value.reason(),
                }
                for value in self.values
            ],
        }

    def doubts(self) -> Iterator[str]:
        """A line for each field a clerk must look at: those missing only where required."""
        for value, rule in zip(self.values, self.paper.fields, strict=True):
            if value.fault and (value.value or rule.required):
                yield _("page {page}, {paper}, {label}: {reason}").format(
                    page=self._page(value) or self.pages[0],
                    paper=self.paper.title,
                    label=rule.label,
                    reason=value.reason(),
                )

    def _page(self, value: FieldValue) -> int:
        return self.pages[value.page - 1] if value.page else 0


def facts_json(facts: Sequence[Facts]) -> str:
    """The facts of every document as JSON: what ``--fields`` writes."""
    documents = [one.as_dict() for one in facts]
    return json.dumps({"documents": documents}, ensure_ascii=False, indent=1)


@dataclass
class _Document:
    """The first pages of a document: their numbers in the file, and their words."""

    paper: Paper
    pages: list[int] = field(default_factory=list)
    words: list[Sequence[Word]] = field(default_factory=list)
    card: IdCard | None = None

    def is_full(self) -> bool:
        """Whether what follows is not looked at."""
        return len(self.pages) >= (self.paper.most_sides or MOST_PAGES)


class FactReader:
    """Takes pages as they come; a heading that is known begins a document.

    Told what the paper is, it reads that paper's fields. Told a paper without fields, it
    knows each document of the stack by its heading, among all papers that have fields.
    """

    def __init__(self, named: Paper) -> None:
        self._named = named
        self._papers = (
            [named] if named.fields else [paper for paper in all_of(Paper) if paper.fields]
        )
        self._facts: list[Facts] = []
        #: The one whose pages come; those before were read and their words let go.
        self._document: _Document | None = None
        self._count = 0

    def take(self, page: FinishedPage) -> None:
        """Note a page that goes into the file, before its picture is removed."""
        self._count += 1
        paper = paper_of(page, self._papers)
        if paper is None and self._named.fields and not (self._facts or self._document):
            paper = self._named
        if paper is not None:
            self._settle()
            self._document = _Document(paper)
        elif not self._named.fields and begins_document(page):
            self._settle()  # a paper nobody knows
        if self._document is None:
            return
        document = self._document
        document.pages.append(self._count)
        document.words.append(page.words)
        document.card = document.card or card_on(page, document.paper)
        if document.is_full():
            self._settle()

    def _settle(self) -> None:
        self._facts, self._document = self.facts(), None

    def facts(self) -> list[Facts]:
        """What was read off every document so far."""
        return [*self._facts, *([_read(self._document)] if self._document else [])]


def begins_document(page: FinishedPage) -> bool:
    """Whether the state's name stands on the page, as it does on the first one of a document."""
    return bool(find_anywhere(rows_of(page.words), bare(_STATE)))


def card_on(page: FinishedPage, paper: Paper) -> IdCard | None:
    """The identity card whose QR code stands on the page, where the paper is such a card."""
    if not paper.identifies_owner or page.picture is None:
        return None
    return next(iter(read_id_cards(to_gray(load_shown(page.picture)))), None)


def read_paper(paper: Paper, pages: Sequence[FinishedPage]) -> list[FieldValue]:
    """The fields of one document whose pages are at hand."""
    card = next(filter(None, (card_on(page, paper) for page in pages)), None)
    return list(_read(_Document(paper, [], [page.words for page in pages], card)).values)


def _read(document: _Document) -> Facts:
    paper = document.paper
    values = read_fields(document.words, paper.fields, paper.labels)
    if document.card:
        values = with_code(values, paper.fields, document.card)
    return Facts(paper, tuple(document.pages), tuple(values))
