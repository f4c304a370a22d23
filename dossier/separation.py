"""A stack of sheets parted into documents: by separators, by page counts, or by headings.

Whatever way, each side of the stack ends in one place: in one document, among the separators,
among their empty backs, or set aside for a person. What is odd on the way (a separator without
a paper, pages before the first one) is a doubt that a person looks at; nothing is dropped for it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from digitize.separators import Separator
from digitize.sheet import FinishedPage, Sheet
from digitize.sheet import Side as Face
from digitize.slips import Slip
from dossier.sorting import paper_of
from foundation.messages import N_, _
from profiles import Paper


@dataclass(frozen=True)
class Side:
    """What is known of one scanned side.

    Attributes:
        index: its place in the stack.
        blank: nothing is written on it.
        begins: name of the paper whose heading stands on it; empty for none.
    """

    index: int
    face: Face = "front"
    separator: Separator | None = None
    blank: bool = False
    begins: str = ""


@dataclass(frozen=True)
class Doubt:
    """Something a person looks at: ``kind`` is a key of :data:`DOUBTS`."""

    kind: str
    index: int

    def __str__(self) -> str:
        return _(DOUBTS[self.kind]).format(number=self.index + 1)


DOUBTS = {
    "before-separator": N_("side {number}: these pages lie before the first separator"),
    "no-paper": N_("side {number}: no paper follows this separator"),
    "separator-again": N_("side {number}: the same separator was there before"),
    "written-back": N_("side {number}: something is written on the back of a separator"),
    "too-many-pages": N_("side {number}: more pages than the register says; a separator missing?"),
    "too-few-pages": N_("side {number}: fewer pages than the register says"),
    "split-leaf": N_("side {number}: front and back of one sheet went to two documents"),
    "no-page-count": N_("side {number}: the register has no page count to go on with"),
    "left-over": N_("side {number}: pages are left after the last paper of the register"),
    "begins-on-back": N_("side {number}: a paper begins on the back of another"),
    "no-heading": N_("side {number}: no known heading stands before these pages"),
}


@dataclass(frozen=True)
class Parted:
    """One document of a stack.

    Attributes:
        sides: places in the stack, blanks included.
        slip: what its separator said; None without a readable one.
        line: the register's row it was counted off for; None otherwise.
        paper: name of the paper by its heading; empty where that was not looked at.
    """

    sides: tuple[int, ...]
    slip: Slip | None = None
    line: int | None = None
    paper: str = ""
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Separation:
    """Where each side of a stack went.

    Attributes:
        separators: sides that are separators.
        backs: their other sides, blank, which are dropped.
        set_aside: their other sides that carry something: a person decides.
        doubts: those of no document.
    """

    documents: tuple[Parted, ...]
    separators: tuple[int, ...] = ()
    backs: tuple[int, ...] = ()
    set_aside: tuple[int, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def all_doubts(self) -> list[Doubt]:
        """Everything to be looked at, in the order of the stack."""
        inner = (doubt for document in self.documents for doubt in document.doubts)
        return sorted((*self.doubts, *inner), key=lambda doubt: doubt.index)


@dataclass(frozen=True)
class Expected:
    """A row of the register to count pages off for."""

    line: int
    pages: int | None


def side_of(
    sheet: Sheet, separator: Separator | None, page: FinishedPage | None, papers: Sequence[Paper]
) -> Side:
    """What is known of a side, from its separator and the finished page (None for a separator)."""
    blank = page is not None and page.finding.blank
    paper = paper_of(page, papers) if page and not blank and papers else None
    return Side(sheet.index, sheet.side, separator, blank, paper.name if paper else "")


@dataclass
class _Building:
    """A document while its sides come."""

    slip: Slip | None = None
    sides: list[Side] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    line: int | None = None
    paper: str = ""

    @property
    def pages(self) -> int:
        """Sides with something on them."""
        return sum(not side.blank for side in self.sides)

    def done(self) -> Parted:
        indices = tuple(side.index for side in self.sides)
        return Parted(indices, self.slip, self.line, self.paper, tuple(self.doubts))


def by_separators(
    sides: Iterable[Side], pages_of: Callable[[Slip], int | None] = lambda _slip: None
) -> Separation:
    """Documents begin after separators; two alike in a row are one.

    Args:
        pages_of: how many pages the register expects behind a slip; None where it does not say.
            A document of more pages may hide a separator that was not there or not read.
    """
    parting = _Parting(pages_of)
    for leaf in _leaves(sides):
        parting.take(leaf)
    return parting.finished()


class _Parting:
    """Leaves go by; documents, separators and doubts pile up."""

    def __init__(self, pages_of: Callable[[Slip], int | None]) -> None:
        self._pages_of = pages_of
        self._documents: list[_Building] = []
        self._open: tuple[Slip | None, int] | None = None
        self._separators: list[int] = []
        self._backs: list[int] = []
        self._aside: list[int] = []
        self._doubts: list[Doubt] = []
        self._seen: set[Slip] = set()

    def take(self, leaf: Sequence[Side]) -> None:
        """A sheet of paper: its front, or front and back."""
        marks = [side for side in leaf if side.separator]
        if marks:
            self._part(marks)
            for side in leaf:
                if side.separator:
                    continue
                if side.blank:
                    self._backs.append(side.index)
                else:
                    self._aside.append(side.index)
                    self._doubts.append(Doubt("written-back", side.index))
            return
        if self._open is not None:
            self._documents.append(_Building(self._open[0]))
            self._open = None
        elif not self._documents:
            self._documents.append(_Building(doubts=[Doubt("before-separator", leaf[0].index)]))
        self._documents[-1].sides += leaf

    def _part(self, marks: Sequence[Side]) -> None:
        slip = next((m.separator.slip for m in marks if m.separator and m.separator.slip), None)
        index = marks[0].index
        self._separators += [mark.index for mark in marks]
        if self._open is not None:
            before, place = self._open
            if before is None or slip is None or before == slip:
                # Copies of one separator, or the same sheet with a code that did not read.
                self._open = (slip or before, place)
                return
            self._doubts.append(Doubt("no-paper", place))
        if slip is not None and slip in self._seen:
            self._doubts.append(Doubt("separator-again", index))
        if slip is not None:
            self._seen.add(slip)
        self._open = (slip, index)

    def finished(self) -> Separation:
        """All of it, with page counts compared."""
        if self._open is not None:
            self._doubts.append(Doubt("no-paper", self._open[1]))
        for document in self._documents:
            if not document.pages:
                document.doubts.append(Doubt("no-paper", document.sides[0].index))
            expected = self._pages_of(document.slip) if document.slip else None
            if expected and document.pages != expected:
                kind = "too-many-pages" if document.pages > expected else "too-few-pages"
                document.doubts.append(Doubt(kind, document.sides[0].index))
        return Separation(
            tuple(document.done() for document in self._documents),
            tuple(self._separators), tuple(self._backs), tuple(self._aside), tuple(self._doubts),
        )  # fmt: skip


def by_page_counts(sides: Iterable[Side], rows: Iterable[Expected]) -> Separation:
    """Each row of the register takes its number of written sides, in the register's order.

    Blank sides go with the sheet they belong to. At a row without a count the rest stays one
    document, for a person to part. Separators among the sheets are taken out.
    """
    ordinary, taken = _without_separators(sides)
    waiting, documents = iter(rows), list[_Building]()
    current: _Building | None = None
    left = 0.0
    for side in ordinary:
        if current is not None and side.blank and (left == 0 or side.face == "back"):
            current.sides.append(side)  # the back of its last sheet, or white between its pages
            continue
        if current is None or (left == 0 and not side.blank):
            leaf_split = current is not None and side.face == "back"
            current, left = _next(waiting, side)
            documents.append(current)
            if leaf_split:
                current.doubts.append(Doubt("split-leaf", side.index))
        current.sides.append(side)
        left -= not side.blank
    if current is not None and 0 < left < float("inf"):
        current.doubts.append(Doubt("too-few-pages", current.sides[0].index))
    return _with_taken(documents, taken)


def _next(waiting: Iterator[Expected], side: Side) -> tuple[_Building, float]:
    """The document of the next row, and how many written sides it takes."""
    row = next(waiting, None)
    if row is None:
        return _Building(doubts=[Doubt("left-over", side.index)]), float("inf")
    if row.pages is None:
        return _Building(line=row.line, doubts=[Doubt("no-page-count", side.index)]), float("inf")
    return _Building(line=row.line), row.pages


def by_headings(sides: Iterable[Side]) -> Separation:
    """A document begins where a known heading stands; separators among the sheets are taken out."""
    ordinary, taken = _without_separators(sides)
    documents: list[_Building] = []
    for side in ordinary:
        if side.begins:
            documents.append(_Building(paper=side.begins))
            if side.face == "back" and len(documents) > 1:
                documents[-1].doubts.append(Doubt("begins-on-back", side.index))
        elif not documents:
            documents.append(_Building(doubts=[Doubt("no-heading", side.index)]))
        documents[-1].sides.append(side)
    return _with_taken(documents, taken)


def _leaves(sides: Iterable[Side]) -> Iterator[list[Side]]:
    """Sheets of paper: a front with the back that follows it."""
    number = 0

    def leaf(side: Side) -> int:
        nonlocal number
        number += side.face == "front"
        return number

    for _number, group in groupby(sides, leaf):
        yield list(group)


def _without_separators(sides: Iterable[Side]) -> tuple[list[Side], Separation]:
    """Ordinary sides, and what becomes of the rest."""
    ordinary: list[Side] = []
    marks: list[int] = []
    backs: list[int] = []
    for leaf in _leaves(sides):
        has_mark = any(side.separator for side in leaf)
        for side in leaf:
            if side.separator:
                marks.append(side.index)
            elif has_mark and side.blank:
                backs.append(side.index)
            else:
                ordinary.append(side)
    return ordinary, Separation((), tuple(marks), tuple(backs))


def _with_taken(documents: Sequence[_Building], taken: Separation) -> Separation:
    return Separation(
        tuple(document.done() for document in documents), taken.separators, taken.backs
    )
