"""A stack of sheets through the scanner: worked on while it is scanned, kept whatever happens."""

import json
import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from digitize.layer_file import load_shown
from digitize.pipeline import Options, outcomes
from digitize.scanner import Device, ScanSettings, Source, scan
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.sources import check_sources, read_sources
from digitize.turning import to_gray
from dossier.making import as_sheet
from dossier.sorting import SortedPaper, sort_stack
from foundation.errors import SohoaError
from foundation.messages import N_, _
from foundation.privacy import mask_number
from ocr.cards import card_in_print
from ocr.fields import read_fields
from ocr.idcard import IdCard, parse_payload, read_qr_codes
from profiles import Paper

#: What is known of the sheets in a folder beside their pictures, a line of JSON each.
_NOTES = "sheets.jsonl"


@dataclass(frozen=True)
class Stack:
    """What came out of a stack so far.

    Attributes:
        pages: written pages in order, their pictures on disk.
        qr_texts: for each of those pages the texts of its QR codes.
        findings: what was found out about every sheet, blanks included.
        fault: what stopped the scanner; None when the stack went through.
    """

    pages: tuple[FinishedPage, ...] = ()
    qr_texts: tuple[tuple[str, ...], ...] = ()
    findings: tuple[Finding, ...] = ()
    fault: SohoaError | None = None

    def joined(self, more: "Stack", start_number: int) -> "Stack":
        """This stack with what a further scan from ``start_number`` on brought.

        A sheet whose back did not come is scanned again from its front, so what came of
        the earlier scan under those numbers gives way.
        """
        before = [
            (page, texts)
            for page, texts in zip(self.pages, self.qr_texts, strict=True)
            if page.sheet.index < start_number - 1
        ]
        return Stack(
            (*(page for page, _texts in before), *more.pages),
            (*(texts for _page, texts in before), *more.qr_texts),
            (*(f for f in self.findings if f.index < start_number - 1), *more.findings),
            more.fault,
        )

    def cards(self) -> Iterator[IdCard]:
        """Identity cards whose QR code was read."""
        for texts in self.qr_texts:
            for text in texts:
                if card := parse_payload(text):
                    yield card

    def card_in_print(self, paper: Paper) -> IdCard | None:
        """The card as its print alone reads, for somebody to compare; see :mod:`ocr.cards`."""
        for page in self.pages:
            values = read_fields([page.words], paper.fields, paper.labels)
            if card := card_in_print(values, paper.fields):
                return card
        return None

    def out_of_place(self, paper: Paper, owner: str, papers: Sequence[Paper]) -> Iterator[str]:
        """What in a stack for one paper is not that paper, or an identity card not its owner's.

        Args:
            owner: the owner's identification number; empty where it is not known yet.
            papers: by whose headings other papers are known.
        """
        for found in self.sorted(papers):
            if found.paper and found.paper.name != paper.name:
                text = _("page {page}: this looks like “{other}”, not “{paper}”")
                number = found.pages[0].sheet.index + 1
                yield text.format(page=number, other=found.paper.title, paper=paper.title)
        if paper.identifies_owner and owner:
            yield from self.card_of_another(owner)

    def card_of_another(self, owner: str) -> Iterator[str]:
        """That the identity cards in the stack are not the owner's, in words."""
        numbers = {card.number for card in self.cards()}
        if numbers and owner not in numbers:
            text = _("the identity card is of {number}, not of the dossier's owner")
            yield text.format(number=mask_number(min(numbers)))

    def sorted(self, papers: Sequence[Paper]) -> list[SortedPaper]:
        """The documents in the stack, by their headings."""
        return sort_stack(zip(self.pages, self.qr_texts, strict=True), papers)


@dataclass
class _Feed:
    """Sheets as they come; a fault ends them and is kept for later instead of losing them."""

    sheets: Iterator[Sheet]
    fault: SohoaError | None = field(default=None)

    def __iter__(self) -> Iterator[Sheet]:
        try:
            yield from self.sheets
        except SohoaError as fault:
            self.fault = fault


def scan_stack(
    device: Device | str,
    settings: ScanSettings,
    folder: Path,
    paper: Paper,
    *,
    jobs: int = 0,
    start_number: int = 1,
    on_sheet: Callable[[Sheet], None] | None = None,
    cancel: threading.Event | None = None,
) -> Stack:
    """Scan what lies in the feeder and make pages of it meanwhile.

    Args:
        folder: where sheets and pages go; it must stay until the documents are written. A
            later run can go on from it, see :func:`sheets_there`.
        paper: profile with the rules for the pages.
        start_number: number of the first sheet; after a fault its ``facts["page"]``.
        on_sheet: called as each sheet comes.
        cancel: set it to stop; what came is kept.
    """

    def sheets() -> Generator[Sheet, None, None]:
        scanned = scan(device, settings, folder, start_number=start_number, cancel=cancel)
        # Left to the garbage collector, the scanner would go on feeding after a stop.
        with closing(scanned):
            for one in scanned:
                sheet = as_sheet(one)
                _note(sheet, folder)
                if on_sheet:
                    on_sheet(sheet)
                yield sheet

    with closing(sheets()) as fed:
        return _work_on(fed, folder, paper, jobs)


def sheets_there(folder: Path, source: Source) -> list[Sheet]:
    """The sheets an earlier scan into ``folder`` left, from the first one without a gap.

    In duplex a front without its back is left out: the next scan begins with it.
    """
    try:
        notes = (folder / _NOTES).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    latest: dict[int, Sheet] = {}
    for note in notes:
        try:
            data = json.loads(note)
        except json.JSONDecodeError:
            continue  # cut off while it was written; its sheet is scanned again
        sheet = Sheet(**data | {"path": folder / data["path"]})
        latest[sheet.index] = sheet
    there: list[Sheet] = []
    while len(there) in latest and latest[len(there)].path.is_file():
        there.append(latest[len(there)])
    if source == "adf-duplex" and len(there) % 2:
        there.pop()
    return there


def stack_there(sheets: Sequence[Sheet], folder: Path, paper: Paper, *, jobs: int = 0) -> Stack:
    """The stack as far as it had been scanned before."""
    return _work_on(iter(sheets), folder, paper, jobs)


def clear_sheets(folder: Path) -> None:
    """Remove a folder of sheets; no matter if there is none."""
    if folder.exists():
        shutil.rmtree(folder)


def _note(sheet: Sheet, folder: Path) -> None:
    data = asdict(sheet) | {"path": sheet.path.name}
    with (folder / _NOTES).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(data, ensure_ascii=False) + "\n")


def read_stack(files: Sequence[Path], folder: Path, paper: Paper, *, jobs: int = 0) -> Stack:
    """The same from picture or PDF files. Raises what :func:`check_sources` raises."""
    check_sources(files)
    return _work_on(read_sources(files), folder, paper, jobs)


def _work_on(sheets: Iterator[Sheet], folder: Path, paper: Paper, jobs: int) -> Stack:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    feed = _Feed(sheets)
    pages: list[FinishedPage] = []
    findings: list[Finding] = []
    fault: SohoaError | None = None
    for outcome in outcomes(iter(feed), Options(paper, jobs), folder):
        findings.append(outcome.finding)
        fault = fault or outcome.error
        if outcome.page and outcome.page.finding.kept:
            pages.append(outcome.page)
    texts = tuple(tuple(_qr_texts(page)) for page in pages)
    return Stack(tuple(pages), texts, tuple(findings), feed.fault or fault)


def _qr_texts(page: FinishedPage) -> list[str]:
    if page.picture is None:
        return []
    return read_qr_codes(to_gray(load_shown(page.picture)))


def stack_in_words(stack: Stack) -> str:
    """How many sheets came, and what was odd about them."""
    findings = stack.findings
    counts = (
        (N_("{count} sides"), len(findings)),
        (N_("{count} blank"), sum(f.blank for f in findings)),
        (N_("{count} turned round"), sum(f.rotation != 0 for f in findings)),
        (N_("{count} straightened"), sum(abs(f.skew) >= 0.5 for f in findings)),
    )
    return ", ".join(_(text).format(count=count) for text, count in counts if count)
