"""The stages joined as a stream: sheets in, pages worked on side by side, one PDF out.

Promise: pages leave in the order the sheets came; no more than a few are in the air at
any time, so memory does not grow with their number; a page that breaks its worker costs
that page only; a run that is broken off can be gone on with (:mod:`digitize.kept`).
"""

import errno
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired

from digitize.kept import Shelf
from digitize.page import PageSettings, finish_page
from digitize.quality import AllBlank
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.source_pdf import text_of
from digitize.workers import Schedule, WorkersGone, prepare, worker_pool
from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder
from foundation.messages import N_
from foundation.places import home
from ocr.engine import RecogniserFailed, require
from profiles import Paper

if TYPE_CHECKING:
    from digitize.assemble import AssemblyResult, Provenance

#: Seconds one page may take before its worker is killed: two readings of the recogniser.
PAGE_TIMEOUT = 300.0
OnPage = Callable[[FinishedPage], None]


class PageFailed(SohoaError):
    """A page broke or hung its worker twice, or met a fault of ours."""

    message = N_("{source}: this page could not be worked on and is left out. Scan it again.")


@dataclass(frozen=True)
class Options:
    """How a document is to be made.

    Attributes:
        paper: the profile of the paper.
        jobs: pages worked on at once; 0 for one a core.
        keep_blank: whether blank pages go into the document too.
        work: folder for the pages in the making; a private one is made and removed if None.
        page_timeout: seconds one page may take before its worker is killed.
        kept: where finished pages are put, and taken from if they are there; None for nowhere.
            Whoever gave it clears it when the document is safe.
        schedule: workers that several documents share; None for a pool of this one's own.
    """

    paper: Paper
    jobs: int = 0
    keep_blank: bool = False
    work: Path | None = None
    page_timeout: float = PAGE_TIMEOUT
    kept: Shelf | None = None
    schedule: Schedule | None = None

    def page_settings(self, folder: Path = Path()) -> PageSettings:
        """What a worker is told that leaves its pictures in ``folder``."""
        return PageSettings(self.paper.pages, folder, self.keep_blank)


@dataclass(frozen=True)
class Digitized:
    """A finished document.

    Attributes:
        lost: the error of every sheet that could not be worked on.
        seconds: wall time from the first sheet to the written file.
        set_aside: folder with the scanner's blank sides that are not in the document; None
            where there are none, or where the files they came in still hold them.
    """

    path: Path
    findings: tuple[Finding, ...]
    assembly: "AssemblyResult"
    seconds: float
    lost: tuple[SohoaError, ...] = field(default=())
    set_aside: Path | None = None

    def report(self) -> dict[str, Any]:
        """The report as ``--report`` writes it."""
        pages = [
            {
                "index": f.index,
                "source": f.source,
                "kept": f.kept,
                "blank": f.blank,
                "rotation": f.rotation,
                "skew": f.skew,
                "dpi": f.dpi,
                "confidence": f.confidence,
                "flags": list(f.flags),
            }
            for f in self.findings
        ]
        return {
            "pages": pages,
            "seconds": round(self.seconds, 2),
            "bytes": self.assembly.bytes,
            "pdfa": self.assembly.pdfa,
            "notes": list(self.assembly.notes),
            "set_aside": str(self.set_aside) if self.set_aside else None,
        }


def digitize(
    sheets: Iterable[Sheet],
    target: Path,
    options: Options,
    provenance: "Provenance",
    on_page: OnPage | None = None,
) -> Digitized:
    """Make one searchable PDF/A of the sheets.

    Args:
        sheets: in order; read as workers become free, so they may still be arriving.
        target: the PDF to write, whole or not at all.
        options: profile, workers, what to do with blanks.
        provenance: who, where, when and with what, for the PDF's metadata.
        on_page: called in order with each page, blanks included, before it is written.

    Raises:
        AllBlank: no sheet carried anything.
        SohoaError: every sheet was refused: the first one's error.
    """
    if options.schedule is None:
        prepare()
    from digitize.assemble import write_pdf  # heavy: it loads while the workers get ready

    began = time.monotonic()
    findings: list[Finding] = []
    lost: list[SohoaError] = []

    def kept(folder: Path) -> Generator[FinishedPage, None, None]:
        with closing(outcomes(sheets, options, folder)) as stream:
            for outcome in stream:
                findings.append(outcome.finding)
                if outcome.error is not None:
                    lost.append(outcome.error)
                if (page := outcome.page) is None:
                    continue
                if on_page:
                    on_page(page)
                if page.finding.kept:
                    yield page
                    _forget(page, folder)
        if not any(finding.kept for finding in findings):
            raise lost[0] if lost else AllBlank(count=len(findings))

    with work_folder(options.work) as folder, closing(kept(folder)) as pages:
        assembly = write_pdf(pages, target, provenance)
    seconds = time.monotonic() - began
    return Digitized(target, tuple(findings), assembly, seconds, tuple(lost))


@dataclass(frozen=True)
class Outcome:
    """What became of one sheet: a page, or the error that lost it."""

    finding: Finding
    page: FinishedPage | None = None
    error: SohoaError | None = None


def work_folder(wanted: Path | None = None) -> AbstractContextManager[Path]:
    """A private folder for pages in the making, removed at the end of the block."""
    base = wanted or home() / "work"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    return scratch_folder(base)


def outcomes(sheets: Iterable[Sheet], options: Options, folder: Path) -> Generator[Outcome]:
    """What became of each sheet, in order, with a bounded number in the air.

    Workers are made ready while the first sheet is on its way from the scanner, and end
    with the generator: close it when leaving early.

    Args:
        folder: where the pages' pictures go; it must stay until they are written.

    Raises:
        RecogniserMissing: Tesseract or its model is not installed.
        WorkersGone: the workers were killed while idle.
    """
    require(options.paper.pages.ocr_language)
    jobs = options.jobs or len(os.sched_getaffinity(0))
    waiting: deque[tuple[Sheet, _Pending]] = deque()
    own = worker_pool(jobs) if options.schedule is None else nullcontext(options.schedule)
    with own as schedule:
        settings = options.page_settings(folder)
        work = _Work(schedule, settings, options.page_timeout, options.kept)
        try:
            for sheet in sheets:
                waiting.append((sheet, work.start(sheet)))
                while len(waiting) > 2 * jobs or (waiting and _ready(waiting[0][1])):
                    yield work.outcome(*waiting.popleft())
            while waiting:
                yield work.outcome(*waiting.popleft())
        finally:
            work.keep_finished(pending for _sheet, pending in waiting)


#: A page being worked on, or the page itself where there was nothing to do.
_Pending = Future[FinishedPage] | FinishedPage


@dataclass(frozen=True)
class _Work:
    """How pages are worked on: by whom, with what, for how long, and where they are kept."""

    schedule: Schedule
    settings: PageSettings
    timeout: float
    kept: Shelf | None

    def start(self, sheet: Sheet) -> _Pending:
        """Have a sheet worked on, unless it is born digital or its page is there already."""
        if sheet.kind == "pdf-text":
            return _as_it_is(sheet)
        if self.kept and (page := self.kept.take(sheet, self.settings, self.settings.folder)):
            return page
        return self._begin(sheet, self.settings)

    def outcome(self, sheet: Sheet, pending: _Pending) -> Outcome:
        """Wait for a page; one that broke its worker is tried once more, for its picture alone."""
        if isinstance(pending, FinishedPage):
            return Outcome(pending.finding, pending)
        fault = pending.exception()
        if fault is not None and _may_pass_without_reading(fault):
            pending = self._begin(sheet, replace(self.settings, recognise=False))
            fault = pending.exception()
        if fault is not None:
            return _lost(sheet, fault)
        page = pending.result()
        self._keep(page)
        return Outcome(page.finding, page)

    def keep_finished(self, left: Iterable[_Pending]) -> None:
        """Put pages on the shelf that were finished but are not wanted any more."""
        for pending in left:
            if isinstance(pending, FinishedPage) or not pending.done() or pending.cancelled():
                continue
            if pending.exception() is None:
                self._keep(pending.result())

    def _begin(self, sheet: Sheet, settings: PageSettings) -> Future[FinishedPage]:
        future: Future[FinishedPage] = self.schedule(finish_page, (sheet, settings), self.timeout)
        return future

    def _keep(self, page: FinishedPage) -> None:
        if self.kept:
            self.kept.keep(page, self.settings)


def _ready(pending: _Pending) -> bool:
    return isinstance(pending, FinishedPage) or pending.done()


def _may_pass_without_reading(fault: BaseException) -> bool:
    """Whether a page may still give its picture: all but a sheet that cannot be used at all."""
    if isinstance(fault, SohoaError):
        return isinstance(fault, RecogniserFailed)
    return not isinstance(fault, BrokenProcessPool)


def _lost(sheet: Sheet, fault: BaseException) -> Outcome:
    """The page's own error; what concerns all pages is raised.

    Raises:
        SohoaError: something is not installed, or the workers are gone.
        OSError: the disk is full.
    """
    if isinstance(fault, BrokenProcessPool):
        raise WorkersGone() from fault
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
        raise fault
    if isinstance(fault, SohoaError):
        if fault.exit_code is ExitCode.SETUP:
            raise fault
        error = fault
    else:
        error = PageFailed(source=sheet.label)
        error.__cause__ = fault
        if not isinstance(fault, ProcessExpired | FutureTimeout):
            error.add_note(f"{type(fault).__name__}: {fault}")
    return Outcome(Finding(sheet.index, sheet.label, kept=False, flags=("failed",)), error=error)


def _forget(page: FinishedPage, folder: Path) -> None:
    """Remove a written page's picture, unless it is the source's own file."""
    if page.picture and page.picture.parent == folder:
        page.picture.unlink(missing_ok=True)


def _as_it_is(sheet: Sheet) -> FinishedPage:
    """A born-digital page: neither rasterised nor recognised again."""
    finding = Finding(sheet.index, sheet.label)
    return FinishedPage(sheet, finding, None, width_mm=0.0, height_mm=0.0, text=text_of(sheet))
