"""Sources to one document: what ``sohoa digitize`` does, and what intake does for each paper."""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from digitize.pipeline import Digitized, Options, digitize
from digitize.scanner import ScannedSheet, ScanSettings, Source, choose_device, scan
from digitize.sheet import FinishedPage, Sheet
from digitize.sources import check_sources, read_sources
from dossier.desk import provenance
from foundation.errors import ExitCode, SohoaError
from foundation.files import atomic_path, write_atomic
from foundation.messages import N_
from foundation.places import home
from profiles import Paper
from warehouse import Actor

#: A scanner among sources: ``scanner:airscan:e0:Office``, or ``scanner:`` for the only one.
SCANNER = "scanner:"
Advance = Callable[[int, str], None]


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
    settings: ScanSettings = field(default_factory=ScanSettings)


def make_document(
    sources: Sequence[str],
    target: Path,
    making: Making,
    *,
    on_done: Advance | None = None,
    report: Path | None = None,
    text: Path | None = None,
    cancel: threading.Event | None = None,
) -> Digitized:
    """Digitise files or a scanner's sheets into one PDF/A.

    Args:
        on_done: called with the number of sheets done and the last one's name.
        report: where to write the findings as JSON.
        text: where to write the text, pages parted by form feeds.
        cancel: set it to stop the scanner; the sheets that came are kept.

    Raises:
        SourceError: bad input, before anything is written (exit code 3).
        SheetsKept: the scanner failed; the sheets that came are kept.
        AllBlank, RecogniserMissing: see :func:`digitize.pipeline.digitize`.
    """
    with ExitStack() as stack:
        device, sheets = _open_sources(sources, making, stack, cancel)
        options = Options(making.paper, making.jobs, making.keep_blank)
        origin = provenance(making.paper, making.actor, device=device)
        texts = stack.enter_context(atomic_path(text)) if text else None

        def take(page: FinishedPage) -> None:
            if texts and page.finding.kept:
                with texts.open("a", encoding="utf-8") as stream:
                    stream.write(page.text + "\f")
            if on_done:
                on_done(page.sheet.index + 1, page.sheet.label)

        made = digitize(sheets, target, options, origin, take)
    if report:
        write_report(made, report)
    return made


def settings_of(making: Making, source: Source) -> Making:
    """The scanner's settings the paper's profile asks for, from the source named."""
    rules = making.paper.pages
    return replace(making, settings=ScanSettings(source, rules.scan_dpi, rules.scan_mode))


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


def write_report(made: Digitized, path: Path) -> None:
    """The findings of every sheet as JSON."""
    write_atomic(path, json.dumps(made.report(), ensure_ascii=False, indent=1).encode())
