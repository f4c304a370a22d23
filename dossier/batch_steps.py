"""The steps of one document of a backlog up to its seal, each safe to repeat.

What a step makes is on the disk, whole and under its name, before the ledger says so. A step
that was cut off is done again from what the one before it left.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

from digitize.kept import Shelf
from digitize.pipeline import Options, digitize
from digitize.quality import BelowQuality, below_bar, reasons
from digitize.sheet import Finding, FinishedPage
from digitize.sources import check_sources, files_of, read_sources
from digitize.workers import Schedule
from dossier.desk import Desk, provenance
from dossier.evidence import Evidence, evidence_of
from dossier.facts import MOST_PAGES, read_paper
from dossier.fate import PageNotRead, SourceAway
from dossier.kept_store import KeptStore
from dossier.ledger_values import Document, State, Work
from dossier.ledger_work import Working
from dossier.results import Results, page_files
from dossier.row_check import require_row
from dossier.seals import Filing, seal_document
from dossier.secrecy import is_secret
from dossier.sorting import paper_of
from foundation.errors import ExitCode, SohoaError
from foundation.files import sha256_file, sweep_parts, sync_file, write_atomic
from foundation.messages import N_
from ocr.words import Word
from profiles import Paper, all_of, load_paper
from warehouse.errors import SecretPaper

#: In a document's folder.
SHEETS, KEPT, PLAIN, TEXT, READING, DOCUMENT = (
    "sheets", "kept", "plain.pdf", "text.txt", "reading.json", "document.pdf"
)  # fmt: skip


class PagesOff(SohoaError):
    """There are more or fewer written pages than the register says."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{written} written pages, the register says {expected}. Count the sheets and scan them "
        "again, or correct the register."
    )


class OtherPaper(SohoaError):
    """Its heading is that of another paper."""

    exit_code = ExitCode.INPUT
    message = N_("It looks like “{found}”, not “{planned}”. See which sheets belong here.")


class BelowBar(BelowQuality):
    """Pages are below the profile's bar."""

    message = N_("{reasons}. Scan these pages again.")


class Reading(BaseModel):
    """What the steps after recognition need to know of a document, kept beside it.

    Attributes:
        first_words: of its first page, which the seal's sketch is made of.
        looks_like: name of the paper whose heading it bears; empty: of none.
        evidence: all that speaks for or against a row of the register.
    """

    findings: tuple[Finding, ...]
    first_words: tuple[Word, ...]
    looks_like: str
    fields: dict[str, str]
    evidence: Evidence


@dataclass(frozen=True)
class Bench:
    """What the steps need besides the document."""

    desk: Desk
    run: Working
    store: KeptStore
    schedule: Schedule
    jobs: int = 2

    def folder(self, document: Document) -> Path:
        """Where the document is made."""
        return self.run.ledger.place.work_of(document.id)


def take_steps(bench: Bench, document: Document) -> Iterator[Document]:
    """Take a claimed document through all steps up to its seal; as it stands after each.

    Raises:
        SohoaError: why it did not get further; earlier steps stand.
    """
    while step := _STEPS.get(document.state):
        document = step(bench, document)
        yield document


def _scan(bench: Bench, document: Document) -> Document:
    return take_over(bench.run, document)


def take_over(run: Working, document: Document) -> Document:
    """Copy its sheets into our own folder: whatever becomes of the source, they are here.

    Raises:
        SourceAway: the folder they are to come from is not there.
        InputRefused: they cannot be used.
        SheetsTwice: another document has them.
    """
    began = time.monotonic()
    source = document.plan.source
    if _is_away(source):
        raise SourceAway(folder=source.parent)
    check_sources([source])
    folder = run.ledger.place.work_of(document.id) / SHEETS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for number, file in enumerate(files_of([source]), 1):
        _copy(file, folder / f"{number:05d}{file.suffix.lower()}")
    sync_file(folder)
    together, count = digest_of_sheets(folder), len(list(folder.iterdir()))
    changes: dict[str, object] = {"sheets_sha256": together}
    work = Work(time.monotonic() - began, count, together)
    if document.sheets_sha256 not in ("", together):
        work = replace(work, rescans=count, reasons=_why_again(run, document))
        changes["rescans"] = document.rescans + 1
    return run.advance(document, "scanned", work, changes=changes)


def _why_again(run: Working, document: Document) -> tuple[str, ...]:
    """Why a document was set aside last: its paper was scanned anew since."""
    steps = [one for one in run.ledger.transitions(document.id) if one.to_state == "set-aside"]
    return steps[-1].work.reasons[:1] or (steps[-1].work.error_kind,) if steps else ()


def _is_away(source: Path) -> bool:
    """Whether a source is missing with its whole folder: a share that is not connected leaves
    no folder, or an empty one."""
    if source.exists():
        return False
    return not source.parent.is_dir() or not any(source.parent.iterdir())


def digest_of_sheets(source: Path) -> str:
    """One digest of a document's files: the SHA-256 of theirs, in order."""
    digests = "".join(map(sha256_file, files_of([source])))
    return sha256(digests.encode()).hexdigest()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as original, target.open("wb") as copy:
        shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
    sync_file(target)


def _recognise(bench: Bench, document: Document) -> Document:
    """Clean, read and assemble its pages on the shared workers; finished pages are kept."""
    began = time.monotonic()
    paper, folder = load_paper(document.plan.paper), bench.folder(document)
    document = _with_code(bench, document, paper)
    actor = replace(bench.desk.actor, name=bench.run.who.operator)
    station = bench.run.who.station
    origin = provenance(paper, actor, record_code=document.code, station=station)
    shelf = Shelf(folder / KEPT, origin.versions)
    options = Options(paper, bench.jobs, work=folder, kept=shelf, schedule=bench.schedule)
    sheets = read_sources([folder / SHEETS])
    first: list[FinishedPage] = []
    sweep_parts(folder)
    with page_files(Results(text=folder / TEXT), document.id) as write_page:

        def take(page: FinishedPage) -> None:
            if not page.finding.kept:
                return
            if "not-recognised" in page.finding.flags:
                raise PageNotRead(source=page.sheet.label)
            write_page(page)
            if len(first) < MOST_PAGES:
                first.append(replace(page, text_layer=b""))

        made = digitize(sheets, folder / PLAIN, options, origin, take)
        if made.lost:
            raise made.lost[0]
    reading = _reading(paper, first, made.findings)
    write_atomic(folder / READING, reading.model_dump_json().encode(), mode=0o600)
    shutil.rmtree(folder / KEPT, ignore_errors=True)
    pages = sum(one.kept for one in made.findings)
    digest = sha256_file(folder / PLAIN)
    work = Work(time.monotonic() - began, pages, digest)
    changes = {"pages": pages, "sha256": digest, "fields": reading.fields}
    return bench.run.advance(document, "recognised", work, changes=changes)


def _with_code(bench: Bench, document: Document, paper: Paper) -> Document:
    """The document with its official code, which is reserved once and stands in the ledger."""
    if document.code:
        return document
    office = bench.desk.office
    with bench.store.at_hand() as store:
        code = store.new_code(
            office.record_code, document.plan.owner.identifier, paper.code, office.code
        )
    return bench.run.note(document, code=code)


def _reading(paper: Paper, first: Sequence[FinishedPage], findings: tuple[Finding, ...]) -> Reading:
    values = read_paper(paper, [replace(page, picture=None) for page in first])
    known = paper_of(first[0], all_of(Paper))
    return Reading(
        findings=findings,
        first_words=first[0].words,
        looks_like=known.name if known else "",
        fields={one.name: one.value for one in values if one.value and not one.fault},
        evidence=evidence_of(paper, values),
    )


def reading_of(folder: Path) -> Reading:
    """What was kept of a document's recognition in its folder."""
    return Reading.model_validate_json((folder / READING).read_bytes())


def _first_page(folder: Path) -> str:
    text = (folder / TEXT).read_text(encoding="utf-8")
    return text.partition("\f")[0]


def _check(bench: Bench, document: Document) -> Document:
    """See that it is good enough, is what the plan says, and may be kept at all.

    Raises:
        BelowBar, PagesOff, OtherPaper, RowDiffers, SecretPaper: a person must look at it.
    """
    began = time.monotonic()
    paper, folder = load_paper(document.plan.paper), bench.folder(document)
    reading = reading_of(folder)
    if is_secret(folder / PLAIN, _first_page(folder)):
        raise SecretPaper(file=document.id)
    kept = [finding for finding in reading.findings if finding.kept]
    if below_bar(kept):
        raise BelowBar(reasons="; ".join(reasons(kept, paper.pages)))
    expected = document.plan.pages_expected or paper.pages.page_count
    if expected is not None and len(kept) != expected:
        raise PagesOff(written=len(kept), expected=expected)
    if paper.headings and reading.looks_like not in ("", paper.name):
        raise OtherPaper(found=load_paper(reading.looks_like).title, planned=paper.title)
    require_row(document, paper, reading.evidence, bench.run.ledger)
    flags = {flag for finding in kept for flag in finding.flags}
    work = Work(time.monotonic() - began, len(kept), document.sha256, reasons=tuple(sorted(flags)))
    return bench.run.advance(document, "checked", work)


def _seal(bench: Bench, document: Document) -> Document:
    """Draw the QR seal; signatures will be added to what is made here."""
    began = time.monotonic()
    paper, folder = load_paper(document.plan.paper), bench.folder(document)
    filing = Filing(document.code, document.plan.owner.identifier, document.plan.dossier)
    words = reading_of(folder).first_words
    target = folder / DOCUMENT
    seal_document(bench.desk, paper, filing, folder / PLAIN, words, target)
    digest = sha256_file(target)
    work = Work(time.monotonic() - began, document.pages, digest)
    return bench.run.advance(document, "sealed", work, changes={"sha256": digest}, keep=False)


_STEPS: dict[State, Callable[[Bench, Document], Document]] = {
    "planned": _scan,
    "scanned": _recognise,
    "recognised": _check,
    "checked": _seal,
}
#: What a maker of documents claims.
TO_MAKE: tuple[State, ...] = tuple(_STEPS)
