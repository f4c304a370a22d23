"""Scans that name no row of the register: parted into documents, each led to its row.

With separators nothing is read here. By page counts, by headings, or where each file is one
document, the pages are read first, and a document goes to a row by itself only where what is
read on it leaves no doubt (:mod:`dossier.matching`); all others go to a person.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from digitize.pipeline import Options, outcomes, work_folder
from digitize.separators import sheet_separator
from digitize.sheet import FinishedPage, Sheet
from digitize.slips import Slip, slip_key
from digitize.sources import read_sources
from dossier.evidence import Evidence, evidence_of
from dossier.facts import read_paper
from dossier.matching import Match, match_documents
from dossier.planning import Trouble, look_through, passed_over
from dossier.register import RegisterRow
from dossier.row_plan import STOPS, Found, Papers, RowUnfit, StackDoubt, fault_in_words, plan_of
from dossier.separation import (
    Expected,
    Parted,
    Separation,
    Side,
    by_headings,
    by_page_counts,
    by_separators,
    side_of,
)
from dossier.sorting import paper_of
from dossier.stack_cutting import cut
from profiles import Paper, all_of, load_paper

#: How documents are told from each other: by separator sheets, by the register's page counts, by
#: the headings of known papers; or each file, and each subfolder, is one.
Split = Literal["separators", "pages", "headings", "files"]
#: By whose rules pages are read whose paper is not known yet.
_ANY_PAPER = "giay-to"


@dataclass(frozen=True)
class Scans:
    """What is to be parted.

    Attributes:
        place: file or folder of the scans.
        stacks: folder in which documents cut out of a stack are put.
        rows: of the register.
        on_page: told how many pages were read here, at each.
    """

    place: Path
    stacks: Path
    rows: Sequence[RegisterRow]
    papers: Papers
    lot: str
    on_page: Callable[[int], None] = lambda _count: None


@dataclass(frozen=True)
class _Read:
    """A document whose pages were read: where it is, what it says, why it is odd."""

    source: Callable[[], Path]
    evidence: Evidence
    paper: Paper | None = None
    line: int | None = None
    doubts: tuple[str, ...] = ()


def documents_in(scans: Scans, split: Split) -> Iterator[Found | Trouble]:
    """Each document with its row, or with why a person looks at it first; and what is amiss.

    Raises:
        NothingToPlan, SourceAway, InputRefused: there are no scans.
        RecogniserMissing: Tesseract or its model is not installed.
    """
    if split == "files":
        yield from _each_file(scans)
        return
    for one in look_through(scans.place) if scans.place.is_dir() else ():
        if isinstance(one, Trouble):
            yield one
    yield from passed_over(scans.place)
    sheets = list(read_sources([scans.place]))
    if split == "separators":
        yield from _behind_separators(scans, sheets)
        return
    pages = dict(_pages_of(scans, sheets))
    papers = list(all_of(Paper))
    sides = [side_of(one, sheet_separator(one), pages[one.index], papers) for one in sheets]
    if split == "pages":
        rows = (row for row in scans.rows if "row-twice" not in row.doubts)
        parting = by_page_counts(sides, [Expected(row.line, row.pages_expected) for row in rows])
    else:
        parting = by_headings(sides)
    yield from _led_to_rows(
        scans, [_read_of(scans, sheets, pages, one) for one in parting.documents]
    )
    yield from _odd_places(parting)


def _behind_separators(scans: Scans, sheets: Sequence[Sheet]) -> Iterator[Found | Trouble]:
    sides: Iterable[Side] = (side_of(sheet, sheet_separator(sheet), None, ()) for sheet in sheets)
    parting = by_separators(sides)
    by_line = {row.line: row for row in scans.rows}
    for number, parted in enumerate(parting.documents, 1):
        row = _row_named(parted.slip, by_line, scans.rows)
        doubts = tuple(doubt.kind for doubt in parted.doubts) + (() if row else ("no-row",))
        found = _Read(partial(cut, scans.stacks, sheets, parted), Evidence(), doubts=doubts)
        yield _entry(scans, number, found, row)
    yield from _odd_places(parting)


def _row_named(
    slip: Slip | None, by_line: Mapping[int, RegisterRow], rows: Sequence[RegisterRow]
) -> RegisterRow | None:
    """The row a separator names: by line and number, else by a number only one row has."""
    if slip is None:
        return None
    row = by_line.get(slip.line or 0)
    if row is not None and slip_key(row.number) == slip_key(slip.number):
        return row
    alike = [one for one in rows if slip_key(one.number) == slip_key(slip.number)]
    return alike[0] if len(alike) == 1 else None


def _odd_places(parting: Separation) -> Iterator[Trouble]:
    for doubt in parting.doubts:
        yield Trouble(f"{doubt.index + 1}", StackDoubt(doubt=str(doubt), document=""))


def _pages_of(scans: Scans, sheets: Sequence[Sheet]) -> Iterator[tuple[int, FinishedPage | None]]:
    """The pages of sheets, read, by their places; None for one that could not be."""
    paper = scans.papers.of("") or load_paper(_ANY_PAPER)
    with work_folder() as folder, closing(outcomes(sheets, Options(paper), folder)) as stream:
        for number, (sheet, outcome) in enumerate(zip(sheets, stream, strict=True), 1):
            page = outcome.page
            if page and page.picture and page.picture.parent == folder:
                page.picture.unlink(missing_ok=True)
            scans.on_page(number)
            yield sheet.index, page and replace(page, picture=None)


def _read_of(
    scans: Scans, sheets: Sequence[Sheet], pages: Mapping[int, FinishedPage | None], parted: Parted
) -> _Read:
    paper = load_paper(parted.paper) if parted.paper else None
    found = _said_by(scans, [pages[index] for index in parted.sides], paper)
    return replace(
        found,
        source=partial(cut, scans.stacks, sheets, parted),
        line=parted.line,
        doubts=tuple(doubt.kind for doubt in parted.doubts),
    )


def _said_by(scans: Scans, pages: Sequence[FinishedPage | None], paper: Paper | None) -> _Read:
    """What the written pages of a document say of it."""
    written = [page for page in pages if page and not page.finding.blank]
    if paper is None:
        papers = list(all_of(Paper))
        found = filter(None, (paper_of(page, papers) for page in written))
        paper = next(found, scans.papers.of(""))
    evidence = Evidence(pages=len(written) or None)
    if written and paper:
        evidence = evidence_of(paper, read_paper(paper, written), pages=len(written))
    return _Read(Path, evidence, paper)


def _each_file(scans: Scans) -> Iterator[Found | Trouble]:
    found: list[_Read] = []
    for one in look_through(scans.place):
        if isinstance(one, Trouble):
            yield one
            continue
        pages = dict(_pages_of(scans, list(read_sources([one]))))
        read = _said_by(scans, list(pages.values()), None)
        found.append(replace(read, source=one.absolute))
        yield from passed_over(one)
    yield from passed_over(scans.place, of_documents=True)
    yield from _led_to_rows(scans, found)


def _led_to_rows(scans: Scans, found: Sequence[_Read]) -> Iterator[Found | Trouble]:
    by_line = {row.line: row for row in scans.rows}
    matches = match_documents([one.evidence for one in found], scans.rows)
    for number, (one, match) in enumerate(zip(found, matches, strict=True), 1):
        row = by_line[one.line] if one.line else match.row
        yield _entry(scans, number, one, row, match)


def _entry(
    scans: Scans, number: int, found: _Read, row: RegisterRow | None, match: Match | None = None
) -> Found | Trouble:
    """A document as it is entered: with its row, its doubts, and rows to choose from."""
    paper = scans.papers.of(row.type if row else "") or found.paper
    if paper is None or not paper.keep:
        what = fault_in_words("type")
        return Trouble(f"{number}", RowUnfit(line=row.line if row else 0, what=what))
    doubts = found.doubts + tuple(kind for kind in (row.doubts if row else ()) if kind in STOPS)
    if match and row is None:
        doubts += (match.reason,)
    elif match and match.row and match.row is not row:
        doubts += ("other-row",)
    likely = match.candidates if match else ()
    return Found(plan_of(found.source(), row, paper, scans.lot), doubts, likely)
