"""Sources to one document: what ``sohoa digitize`` does, and what intake does for each paper."""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from digitize.pipeline import Digitized, Options, OnPage, digitize, outcomes
from digitize.quality import AllBlank
from digitize.scanner import ScannedSheet, ScanSettings, choose_device, scan
from digitize.sheet import FinishedPage, Sheet
from digitize.sources import check_sources, read_sources
from dossier.desk import provenance
from foundation.errors import ExitCode, SohoaError
from foundation.files import write_atomic
from foundation.messages import N_
from foundation.places import home
from profiles import Paper
from warehouse import Actor

#: How a scanner is named among sources: ``scanner:airscan:e0:Office`` or ``scanner:`` for the only one.
SCANNER = "scanner:"
OnSheet = Callable[[Sheet], None]


class SheetsKept(SohoaError):
    """Scanning failed; the sheets that came are kept."""

    exit_code = ExitCode.SCANNER
    message = N_("{fault} The sheets that came are in {folder}.")


class OneScanner(SohoaError):
    """A scanner stands among other sources."""

    exit_code = ExitCode.USAGE
    message = N_("A scanner is one source by itself: give either a scanner or files.")


@dataclass(frozen=True)
class Making:
    """How a document is made from what the user named."""

    paper: Paper
    actor: Actor
    jobs: int = 0
    keep_blank: bool = False
    settings: ScanSettings = ScanSettings()


def make_document(
    sources: Sequence[str],
    target: Path,
    making: Making,
    *,
    on_page: OnPage | None = None,
    cancel: threading.Event | None = None,
) -> Digitized:
    """Digitise files or a scanner's sheets into one PDF/A.

    Raises:
        SourceError: bad input, before anything is written (exit code 3).
        SheetsKept: the scanner failed; the sheets that came are kept.
        AllBlank, RecogniserMissing: see :func:`digitize.pipeline.digitize`.
    """
    with ExitStack() as stack:
        device, sheets = _open_sources(sources, making, stack, cancel)
        options = Options(making.paper, making.jobs, making.keep_blank)
        origin = provenance(making.paper, making.actor, device=device)
        return digitize(sheets, target, options, origin, on_page)


def _open_sources(
    sources: Sequence[str], making: Making, stack: ExitStack, cancel: threading.Event | None
) -> tuple[str, Iterable[Sheet]]:
    """The device's name, empty for files, and the sheets."""
    scanners = [name for name in sources if name.startswith(SCANNER)]
    if not scanners:
        paths = [Path(name) for name in sources]
        check_sources(paths)
        return "", read_sources(paths)
    if len(sources) > 1:
        raise OneScanner()
    device = choose_device(scanners[0].removeprefix(SCANNER))
    base = home() / "work"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=base, prefix="sheets-"))

    def sheets() -> Iterator[Sheet]:
        try:
            for scanned in scan(device, making.settings, folder, cancel=cancel):
                yield as_sheet(scanned)
        except SohoaError as fault:
            if any(folder.glob("page-*.jpg")):
                raise SheetsKept(fault=fault, folder=folder) from fault
            raise

    def clear(kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None or not any(folder.iterdir()):
            shutil.rmtree(folder)

    stack.push(clear)
    return device.name, sheets()


def as_sheet(scanned: ScannedSheet) -> Sheet:
    """A scanned sheet as the pipeline takes it."""
    return Sheet(
        index=scanned.number - 1,
        path=scanned.path,
        frame=0,
        kind="image",
        label=scanned.path.name,
        sha256=scanned.sha256,
        dpi=scanned.dpi,
        side=scanned.side,
        device=scanned.device,
    )


def finish_pages(
    sheets: Iterable[Sheet],
    paper: Paper,
    folder: Path,
    *,
    jobs: int = 0,
    on_page: Callable[[FinishedPage], None] | None = None,
) -> list[FinishedPage]:
    """The written pages of a few sheets, their pictures in ``folder``; blanks are left out.

    Raises:
        SohoaError: what was wrong with the first sheet that could not be worked on.
        AllBlank: no sheet carried anything.
    """
    pages, blanks = [], 0
    for outcome in outcomes(sheets, Options(paper, jobs), folder):
        if outcome.error:
            raise outcome.error
        if outcome.page is None:
            continue
        if on_page:
            on_page(outcome.page)
        if outcome.page.finding.kept:
            pages.append(outcome.page)
        else:
            blanks += 1
    if not pages:
        raise AllBlank(count=blanks)
    return pages


def renumbered(pages: Sequence[FinishedPage]) -> list[FinishedPage]:
    """The pages of one document numbered from the first, for messages about them."""
    return [
        replace(page, finding=replace(page.finding, index=number))
        for number, page in enumerate(pages)
    ]


def write_report(made: Digitized, path: Path) -> None:
    """The findings of every sheet as JSON."""
    write_atomic(path, json.dumps(made.report(), ensure_ascii=False, indent=1).encode())
