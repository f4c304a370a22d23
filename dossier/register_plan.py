"""A backlog planned from a register: each row's scans by their file's name, or out of a stack.

A stack with separator sheets is cut here, before anything is recognised: each document's pages
go into a folder of their own, nothing is compressed anew. What is doubtful is entered too and
set aside at once, so that a person finds it with the pages it is about.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from digitize.separators import sheet_separator
from digitize.sheet import Sheet
from digitize.slips import Slip, separator_text, slip_key
from digitize.sources import read_sources
from dossier.batch import Planned, Where, lot_of_today
from dossier.fate import SourceAway
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_values import Plan, Who, Work
from dossier.matching import REASONS
from dossier.planning import Trouble, fault_of, look_through, passed_over
from dossier.register import NoPapers, RegisterRow, open_register
from dossier.register_report import KINDS
from dossier.separation import DOUBTS, Parted, by_separators, side_of
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files, real, sync_file
from foundation.messages import N_, _
from foundation.privacy import mask_text
from ocr.labels import bare
from profiles import Paper, all_of, load_office, load_paper
from warehouse import Owner
from warehouse.values import OwnerKind

#: Doubts of a register's row that keep it from being finished.
_STOPS = {kind for kind, what in KINDS.items() if what.weight == "stops"}


#: A digest without figures: nobody takes a run of them for a personal number and masks it.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class RowUnfit(SohoaError):
    """A row of the register cannot be made into a record as it is."""

    exit_code = ExitCode.INPUT
    message = N_("Line {line} of the register: {what}.")


class StackDoubt(SohoaError):
    """Somebody must look at how a stack was parted."""

    exit_code = ExitCode.INPUT
    message = N_("{doubt}. Look at the pages; if they are right: sohoa batch retry {document}")


@dataclass(frozen=True)
class FromRegister:
    """What is planned from a register.

    Attributes:
        scans: folder of the files the register names, or of the stack.
        paper: what papers are where the register does not say.
        wishes: columns that are not known by their headings.
    """

    register: Path
    scans: Path
    paper: str = ""
    lot: str = ""
    wishes: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""


@dataclass(frozen=True)
class _Found:
    """A document to enter, and why a person must look at it first; empty where none must."""

    plan: Plan
    doubts: tuple[str, ...] = ()


def plan_register(where: Where, order: FromRegister) -> Planned:
    """Enter the papers of a register, by the files it names, else by the stack's separators.

    Raises:
        RegisterUnreadable, ColumnsUnknown, ...: see :mod:`dossier.register`.
        NoPapers: there is nothing below its headings.
        NothingToPlan, SourceAway, InputRefused: there are no scans.
    """
    if not order.scans.exists():
        raise SourceAway(folder=order.scans)
    office, lot = load_office(), order.lot or lot_of_today()
    papers = Papers(order.paper)
    with open_register(order.register, order.wishes, sheet=order.sheet) as opened:
        rows = tuple(opened)
        by_file = "file" in opened.columns.header.columns
    if not rows:
        raise NoPapers(file=order.register.name)
    found = (
        _by_file(order.scans, rows, papers, lot)
        if by_file
        else _by_separators(where.place().folder / "stacks", order.scans, rows, papers, lot)
    )
    with private_files():
        everything = list(found)
        documents = [one for one in everything if isinstance(one, _Found)]
        troubles = tuple(one for one in everything if isinstance(one, Trouble))
        with open_ledger(where.place(), create=True) as ledger:
            who = where.who(office)
            documents = _with_claims(ledger, documents)
            entered, known = ledger.plan([one.plan for one in documents], who)
            doubtful = sum(_set_doubtful_aside(ledger, one, who) for one in documents)
    return Planned(entered, known, troubles, lot, doubtful)


def _with_claims(ledger: Ledger, found: Sequence[_Found]) -> list[_Found]:
    """Documents of a row that another one goes by too, here or in the ledger, are doubtful."""
    papers: dict[tuple[object, ...], set[Path]] = {}
    plans = [one.plan for one in found if one.plan.register_row]
    for plan in (*plans, *ledger.plans_of({plan.number for plan in plans})):
        papers.setdefault(paper_of(plan), set()).add(plan.source)
    return [
        replace(one, doubts=(*one.doubts, "claimed-twice"))
        if one.plan.register_row and len(papers[paper_of(one.plan)]) > 1
        else one
        for one in found
    ]


def paper_of(plan: Plan) -> tuple[object, ...]:
    """What tells a row of a register from others, whichever file it stands in."""
    return plan.paper, plan.number, plan.issued_on, plan.owner.identifier, plan.owner.name


def _set_doubtful_aside(ledger: Ledger, found: _Found, who: Who) -> bool:
    """Leave a document that was just entered to a person; whether it had to be."""
    document = ledger.by_source(found.plan.source) if found.doubts else None
    if document is None or document.steps > 1:
        return False
    kind = found.doubts[0]
    doubt = _in_words(kind, found.plan.register_row)
    error = StackDoubt(doubt=doubt, document=document.id)
    changes = {"resume": "planned", "reason": kind, "detail": str(error)}
    work = Work(reasons=found.doubts, error_kind=kind)
    ledger.move(document, "set-aside", work, who, changes=changes)
    return True


def _in_words(kind: str, line: str) -> str:
    if kind == "no-row":
        return _("no row of the register goes with these pages")
    if kind in REASONS:
        return _(REASONS[kind])
    if kind in KINDS:
        return str(RowUnfit(line=line, what=_fault_in_words(kind))).rstrip(".")
    return _(DOUBTS[kind]).format(number=1)


class Papers:
    """What papers a register's words mean; ``default``: name of what they are otherwise."""

    def __init__(self, default: str) -> None:
        self._default = load_paper(default) if default else None
        self._known: dict[str, Paper] = {}
        for paper in all_of(Paper):
            for words in (paper.name, paper.code, paper.title, *paper.aliases, *paper.headings):
                self._known.setdefault(bare(words), paper)

    def of(self, words: str) -> Paper | None:
        """The paper of some words; None where neither the words nor the caller say."""
        return self._known.get(bare(words)) or self._default


def _by_file(
    scans: Path, rows: Iterable[RegisterRow], papers: Papers, lot: str
) -> Iterator[_Found | Trouble]:
    named: dict[Path, int] = {}
    for row in rows:
        paper, source = papers.of(row.type), scans / row.file
        try:
            require_fit(row, paper)
            _require_file(row, scans)
            if (other := named.setdefault(real(source), row.line)) != row.line:
                raise RowUnfit(line=row.line, what=_("line {n} names its file").format(n=other))
            if fault := fault_of(source):
                raise fault
        except SohoaError as error:
            yield Trouble(f"{row.line}", error)
        else:
            assert paper is not None  # noqa: S101  it was looked at
            yield _Found(plan_of(source.absolute(), row, paper, lot))
            yield from passed_over(source)


def require_fit(row: RegisterRow, paper: Paper | None) -> None:
    """Raises RowUnfit for a row that cannot be finished as it is."""
    fault = next((doubt for doubt in row.doubts if doubt in _STOPS), "")
    if not fault and (paper is None or not paper.keep):
        fault = "type"
    if fault:
        raise RowUnfit(line=row.line, what=_fault_in_words(fault))


def _require_file(row: RegisterRow, scans: Path) -> None:
    inside = real(scans / row.file).is_relative_to(real(scans))
    if not (row.file and inside):
        raise RowUnfit(line=row.line, what=_fault_in_words("file"))


def _fault_in_words(fault: str) -> str:
    words = {
        "type": _("what paper it is is not known; name it with --profile"),
        "file": _("no file in the folder of scans is named"),
    }
    return words.get(fault) or _(KINDS[fault].text).rstrip(".")


def plan_of(source: Path, row: RegisterRow | None, paper: Paper, lot: str) -> Plan:
    """What is to be made of a source, as a row of the register says; without one only where."""
    if row is None:
        return Plan(source, paper.name, lot)
    return Plan(
        source,
        paper.name,
        lot,
        Owner(row.owner_id, row.owner_name, _kind_of(row.owner_id)),
        number=row.number,
        issued_on=row.date,
        register_row=str(row.line),
        pages_expected=row.pages_expected,
    )


def _kind_of(number: str) -> OwnerKind:
    """Tax codes have 10 or 13 digits, people 9 or 12."""
    return "organisation" if len(number) in (10, 13) else "person"


def _by_separators(
    stacks: Path, scans: Path, rows: Sequence[RegisterRow], papers: Papers, lot: str
) -> Iterator[_Found | Trouble]:
    for one in look_through(scans) if scans.is_dir() else ():
        if isinstance(one, Trouble):
            yield one
    yield from passed_over(scans)
    sheets = list(read_sources([scans]))
    separation = by_separators(side_of(sheet, sheet_separator(sheet), None, ()) for sheet in sheets)
    by_line = {row.line: row for row in rows}
    for number, parted in enumerate(separation.documents, 1):
        row = _row_of(parted.slip, by_line, rows)
        paper = papers.of(row.type if row else "")
        if paper is None or not paper.keep:
            what = _fault_in_words("type")
            yield Trouble(f"{number}", RowUnfit(line=row.line if row else 0, what=what))
            continue
        doubts = tuple(doubt.kind for doubt in parted.doubts)
        doubts += tuple(kind for kind in row.doubts if kind in _STOPS) if row else ("no-row",)
        source = _cut(stacks / _name_of(sheets, parted), sheets, parted)
        yield _Found(plan_of(source, row, paper, lot), doubts)
    for doubt in separation.doubts:
        yield Trouble(f"{doubt.index + 1}", StackDoubt(doubt=str(doubt), document=""))


def _name_of(sheets: Sequence[Sheet], parted: Parted) -> str:
    """Where it begins, and its content: another stack in the same folder makes other documents."""
    pages = (f"{sheets[index].sha256} {sheets[index].frame}" for index in parted.sides)
    slip = separator_text(parted.slip) if parted.slip else ""
    digest = sha256("\n".join([slip, *pages]).encode()).hexdigest()
    first = re.sub(r"[^A-Za-z0-9.]+", "-", mask_text(sheets[parted.sides[0]].label))
    return f"{first}-{digest[:16].translate(_LETTERS)}"


def _row_of(
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


def _cut(folder: Path, sheets: Sequence[Sheet], parted: Parted) -> Path:
    """The pages of one document as files of their own in a folder, whole or not at all."""
    if folder.exists():
        return folder
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    for number, index in enumerate(parted.sides, 1):
        sheet = sheets[index]
        _cut_out(sheet, part / f"{number:05d}")
    sync_file(part)
    part.rename(folder)
    sync_file(folder.parent)
    return folder


def _cut_out(sheet: Sheet, stem: Path) -> None:
    """One sheet as a file: the file itself where it holds nothing else."""
    if "#" not in sheet.label:
        target = stem.with_suffix(sheet.path.suffix.lower())
        shutil.copyfile(sheet.path, target)
    elif sheet.kind == "image":
        from PIL import Image

        target = stem.with_suffix(".png")
        with Image.open(sheet.path) as picture:
            picture.seek(sheet.frame)
            dpi = sheet.dpi or picture.info.get("dpi", (72, 72))[0]
            picture.save(target, dpi=(dpi, dpi))
    else:
        import pikepdf

        target = stem.with_suffix(".pdf")
        with pikepdf.open(sheet.path) as whole, pikepdf.new() as single:
            single.pages.append(whole.pages[sheet.frame])
            single.save(target)
    sync_file(target)
