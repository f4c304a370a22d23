"""Sources to one document: what ``sohoa digitize`` does, and what intake does for each paper."""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from digitize.kept import DAYS, Shelf
from digitize.pipeline import Digitized, Options, digitize
from digitize.quality import AllBlank
from digitize.scanner import ScannedSheet, ScanSettings, Source, choose_device, scan
from digitize.sheet import FinishedPage, Sheet
from digitize.sources import check_sources, left_out, read_sources
from dossier.desk import provenance
from dossier.facts import FactReader, Facts, facts_json
from dossier.results import Results, page_files
from dossier.shelf import keep_out_of_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import atomic_path, real
from foundation.messages import N_
from foundation.places import home
from foundation.reasons import reason_of
from profiles import Paper
from warehouse import Actor

#: A scanner among sources: ``scanner:airscan:e0:Office``, or ``scanner:`` for the only one.
SCANNER = "scanner:"
Advance = Callable[[int, str], None]


class SheetsKept(SohoaError):
    """Scanned sheets could not be made into a document; they are kept.

    Has the exit code of its ``fault``: keeping the sheets does not change what went wrong.
    """

    exit_code = ExitCode.SCANNER
    message = N_("{fault} The sheets that came are in {folder}.")

    def __init__(self, *, fault: SohoaError, folder: Path) -> None:
        super().__init__(fault=fault, folder=folder)
        self.exit_code = fault.exit_code  # type: ignore[misc]  # of this one, not of the class


class ScanBrokenOff(SohoaError):
    """The user stopped while a scanner's sheets were made into a document."""

    exit_code = ExitCode.STOPPED
    message = N_("Stopped.")


class PagesKept(SohoaError):
    """The user stopped while files were made into a document."""

    exit_code = ExitCode.STOPPED
    message = N_(
        "Stopped. {count} finished pages are kept for {days} days: run the same command again to"
        " go on from there."
    )


class NotWritten(SohoaError):
    """The disk refused the document after its sheets had been scanned."""

    exit_code = ExitCode.SETUP
    message = N_("The document could not be written ({detail}). Free some space on the disk.")


class SourceOverwritten(SohoaError):
    """The document would take the place of what it is made of."""

    exit_code = ExitCode.USAGE
    message = N_("{file} is one of the sources, or would become one. Choose another place for -o.")


class SameOutput(SohoaError):
    """Two results would be written into one file."""

    exit_code = ExitCode.USAGE
    message = N_("{file} is named for two results. Give each its own file.")


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


@dataclass(frozen=True)
class Made:
    """A document, and what was read off the papers in it where that was asked for.

    Attributes:
        left_out: subfolders and files beside the sources that are not in it.
        device: the scanner its sheets came from; empty for files.
    """

    digitized: Digitized
    facts: tuple[Facts, ...] = ()
    left_out: tuple[Path, ...] = ()
    device: str = ""


def make_document(
    sources: Sequence[str],
    target: Path,
    making: Making,
    wanted: Results | None = None,
    *,
    on_done: Advance | None = None,
    cancel: threading.Event | None = None,
) -> Made:
    """Digitise files or a scanner's sheets into one PDF/A.

    Args:
        wanted: what to write beside it.
        on_done: called with the number of sheets done and the last one's name.
        cancel: set it to stop the scanner; the sheets that came are kept.

    A scanner's blank sides that are left out are kept in a folder beside ``target``, named
    like it with the ending ``.blank``; those of files stay where they are.

    Nothing is left of ``target`` and of what is wanted unless all of it is written. What is
    broken off, by whatever cause, goes on from its finished pages when it is run again.

    Raises:
        InputRefused, SourceOverwritten, SameOutput: before anything is written.
        SheetsKept: it failed, and the scanner's sheets that came are kept.
        PagesKept: the user stopped it; the finished pages of the files are kept.
        AllBlank, RecogniserMissing: see :func:`digitize.pipeline.digitize`.
        OSError: a result cannot be written where it was asked for.
    """
    wanted = wanted or Results()
    _check_outputs(sources, [target, *wanted.paths()])
    with ExitStack() as stack:
        device, sheets = _open_sources(sources, making, stack, cancel)
        origin = provenance(making.paper, making.actor, device=device)
        shelf = Shelf(home() / "work" / "kept", origin.versions)
        options = Options(making.paper, making.jobs, making.keep_blank, kept=shelf)
        sheets = stack.enter_context(_going_on(sheets, options, shelf, from_files=not device))
        # Opened before the work begins, so that an hour's work does not end at a bad name.
        document = stack.enter_context(atomic_path(target))
        findings, fields = (
            stack.enter_context(atomic_path(path)) if path else None
            for path in (wanted.report, wanted.fields)
        )
        write_page = stack.enter_context(page_files(wanted, target.name))
        reader = FactReader(making.paper) if fields else None

        blanks: list[Sheet] = []

        def take(page: FinishedPage) -> None:
            if page.finding.blank and not page.finding.kept:
                blanks.append(page.sheet)
            if page.finding.kept:
                write_page(page)
                if reader:
                    reader.take(page)
            if on_done:
                on_done(page.sheet.index + 1, page.sheet.label)

        made = replace(digitize(sheets, document, options, origin, take), path=target)
        if device and blanks:
            made = replace(made, set_aside=_set_aside(blanks, target))
        facts = reader.facts() if reader else []
        if findings:
            findings.write_text(report_json(made), encoding="utf-8")
        if fields:
            fields.write_text(facts_json(facts), encoding="utf-8")
    aside = [] if device else left_out([Path(name) for name in sources])
    return Made(made, tuple(facts), tuple(aside), device)


def _set_aside(blanks: Sequence[Sheet], target: Path) -> Path:
    """Keep a scanner's blank sides beside the document: nobody has them otherwise."""
    folder = target.with_suffix(".blank")
    folder.mkdir(mode=0o700, exist_ok=True)
    for sheet in blanks:
        shutil.copyfile(sheet.path, folder / sheet.path.name)
    return folder


@contextmanager
def _going_on(
    sheets: Iterable[Sheet], options: Options, shelf: Shelf, *, from_files: bool
) -> Iterator[Iterable[Sheet]]:
    """The sheets, for a block that may be broken off and gone on with.

    Finished pages stay on the shelf unless the block came to its end, be it that all is blank.
    """
    seen: list[Sheet] = []

    def noted() -> Iterator[Sheet]:
        for sheet in sheets:
            seen.append(sheet)
            yield sheet

    settings = options.page_settings()
    shelf.sweep()
    try:
        yield noted()
    except KeyboardInterrupt as stop:
        count = sum(shelf.holds(sheet, settings) for sheet in seen)
        if not (count and from_files):
            raise
        raise PagesKept(count=count, days=DAYS) from stop
    except AllBlank:
        shelf.forget(seen, settings)
        raise
    else:
        shelf.forget(seen, settings)


def _check_outputs(sources: Sequence[str], outputs: Sequence[Path]) -> None:
    """Refuse results that would overwrite a source, come to lie among them, or each other."""
    keep_out_of_store(*outputs)
    places = [real(path) for path in outputs]
    for path, place in zip(outputs, places, strict=True):
        if places.count(place) > 1:
            raise SameOutput(file=path)
        for source in map(Path, sources):
            taken = real(source)
            becomes_one = path.suffix.lower() == ".pdf" and taken.is_dir() and place.parent == taken
            if taken == place or becomes_one:
                raise SourceOverwritten(file=path)


def compressed_as(paper: Paper, layers: Literal["faithful", "compact"] | None) -> Paper:
    """The paper with its pages compressed as the user asks; without a wish as its profile says."""
    if layers is None:
        return paper
    pages = paper.pages.model_copy(update={"layers": layers})
    return paper.model_copy(update={"pages": pages})


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
    folder = stack.enter_context(_sheets_folder())
    # Closed with the block: left to the garbage collector, the scanner would go on feeding.
    scanned = stack.enter_context(closing(scan(device, making.settings, folder, cancel=cancel)))
    return device.name, map(as_sheet, scanned)


@contextmanager
def _sheets_folder() -> Iterator[Path]:
    """A private folder for a scanner's sheets; it stays, and is told of, where the block fails."""
    base = home() / "work"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=base, prefix="sheets-"))
    try:
        yield folder
    except (SohoaError, OSError, KeyboardInterrupt) as error:
        if not any(folder.glob("page-*.jpg")) or isinstance(error, AllBlank):
            shutil.rmtree(folder)
            raise
        match error:
            case SohoaError():
                fault = error
            case OSError():
                fault = NotWritten(detail=reason_of(error))
            case _:
                fault = ScanBrokenOff()
        raise SheetsKept(fault=fault, folder=folder) from error
    else:
        shutil.rmtree(folder)


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


def report_json(made: Digitized) -> str:
    """The findings of every sheet as JSON."""
    return json.dumps(made.report(), ensure_ascii=False, indent=1)
