"""The stages joined as a stream: sheets in, pages worked on side by side, one PDF out.

Promise: pages leave in the order the sheets came; no more than a few are in the air at
any time, so memory does not grow with their number; a page that breaks its worker costs
that page only.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from digitize.assemble import AssemblyResult, Provenance, write_pdf
from digitize.page import PageSettings, finish_page, start_worker
from digitize.quality import AllBlank
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.source_pdf import text_of
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.places import home
from ocr.engine import require
from profiles import Paper

#: Seconds one page may take before its worker is killed: two readings of the recogniser.
PAGE_TIMEOUT = 300
OnPage = Callable[[FinishedPage], None]


class PageFailed(SohoaError):
    """A page broke or hung its worker twice."""

    message = N_("{source}: this page could not be worked on and is left out. Scan it again.")


@dataclass(frozen=True)
class Options:
    """How a document is to be made.

    Attributes:
        paper: the profile of the paper.
        jobs: pages worked on at once; 0 for one a core.
        work: folder for the pages in the making; a private one is made and removed if None.
    """

    paper: Paper
    jobs: int = 0
    keep_blank: bool = False
    work: Path | None = None


@dataclass(frozen=True)
class Digitized:
    """A finished document.

    Attributes:
        lost: the error of every sheet that could not be worked on.
        seconds: wall time from the first sheet to the written file.
    """

    path: Path
    findings: tuple[Finding, ...]
    assembly: AssemblyResult
    seconds: float
    lost: tuple[SohoaError, ...] = field(default=())

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
        }


def digitize(
    sheets: Iterable[Sheet],
    target: Path,
    options: Options,
    provenance: Provenance,
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
    began = time.monotonic()
    findings: list[Finding] = []
    lost: list[SohoaError] = []

    def kept(folder: Path) -> Iterator[FinishedPage]:
        for outcome in outcomes(sheets, options, folder):
            findings.append(outcome.finding)
            if outcome.error is not None:
                lost.append(outcome.error)
                continue
            page = outcome.page
            if page is None:
                continue
            if on_page:
                on_page(page)
            if page.finding.kept:
                yield page
        if not any(finding.kept for finding in findings):
            raise lost[0] if lost else AllBlank(count=len(findings))

    with work_folder(options.work) as folder:
        assembly = write_pdf(kept(Path(folder)), target, provenance)
    seconds = time.monotonic() - began
    return Digitized(target, tuple(findings), assembly, seconds, tuple(lost))


@dataclass(frozen=True)
class Outcome:
    """What became of one sheet: a page, or the error that lost it."""

    finding: Finding
    page: FinishedPage | None = None
    error: SohoaError | None = None


def work_folder(wanted: Path | None = None) -> "tempfile.TemporaryDirectory[str]":
    """A private folder for pages in the making, removed at the end of the block."""
    base = wanted or home() / "work"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryDirectory(dir=base, prefix="pages-")


def outcomes(sheets: Iterable[Sheet], options: Options, folder: Path) -> Iterator[Outcome]:
    """What became of each sheet, in order, with a bounded number in the air.

    Args:
        folder: where the pages' pictures go; it must stay until they are written.

    Raises:
        RecogniserMissing: Tesseract or its model is not installed.
    """
    require(options.paper.pages.ocr_language)
    settings = PageSettings(options.paper.pages, folder, options.keep_blank)
    jobs = options.jobs or len(os.sched_getaffinity(0))
    pool = ProcessPool(jobs, initializer=start_worker, context=get_context("spawn"))
    waiting: deque[tuple[Sheet, Any]] = deque()
    try:
        for sheet in sheets:
            waiting.append((sheet, _start(pool, sheet, settings)))
            while len(waiting) > 2 * jobs or (waiting and _ready(waiting[0][1])):
                yield _finish(pool, settings, *waiting.popleft())
        while waiting:
            yield _finish(pool, settings, *waiting.popleft())
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _start(pool: ProcessPool, sheet: Sheet, settings: PageSettings) -> Any:
    """A future of the finished page; None for a born-digital page, which needs no work."""
    if sheet.kind == "pdf-text":
        return None
    return pool.schedule(finish_page, args=(sheet, settings), timeout=PAGE_TIMEOUT)


def _ready(future: Any) -> bool:
    return future is None or bool(future.done())


def _finish(pool: ProcessPool, settings: PageSettings, sheet: Sheet, future: Any) -> Outcome:
    if future is None:
        page = _as_it_is(sheet)
        return Outcome(page.finding, page)
    try:
        try:
            page = future.result()
        except (ProcessExpired, FutureTimeout):
            # The worker died or hung on this page: once more, for its picture alone.
            plain = replace(settings, recognise=False)
            page = pool.schedule(finish_page, args=(sheet, plain), timeout=PAGE_TIMEOUT).result()
    except (ProcessExpired, FutureTimeout):
        return _lost(sheet, PageFailed(source=sheet.label))
    except SohoaError as error:
        if error.exit_code is ExitCode.SETUP:
            raise
        return _lost(sheet, error)
    return Outcome(page.finding, page)


def _lost(sheet: Sheet, error: SohoaError) -> Outcome:
    return Outcome(Finding(sheet.index, sheet.label, kept=False, flags=("failed",)), error=error)


def _as_it_is(sheet: Sheet) -> FinishedPage:
    """A born-digital page: neither rasterised nor recognised again."""
    finding = Finding(sheet.index, sheet.label)
    return FinishedPage(sheet, finding, None, width_mm=0.0, height_mm=0.0, text=text_of(sheet))
