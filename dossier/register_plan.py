"""A backlog planned from a register: each row's scans by their file's name, or out of a stack.

What is doubtful is entered too and set aside at once, so that a person finds it with the pages it
is about.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dossier.batch import Planned, Where, lot_of_today
from dossier.fate import SourceAway
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_errors import OwnerWanted
from dossier.ledger_values import Plan, Who, Work
from dossier.matching import REASONS
from dossier.planning import Trouble, fault_of, passed_over
from dossier.register import NoPapers, RegisterRow, open_register
from dossier.register_report import KINDS
from dossier.row_plan import (
    Found,
    Papers,
    RowUnfit,
    StackDoubt,
    fault_in_words,
    plan_of,
    require_fit,
)
from dossier.separation import DOUBTS
from dossier.stack_plan import Scans, Split, documents_in
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files, real
from foundation.messages import N_, _
from profiles import load_office


class RowDoubt(SohoaError):
    """Somebody must say which row of the register a document is of."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{doubt}. The likeliest lines of the register: {lines}. Compare the pages with them, then: "
        "sohoa batch assign {document} REGISTER --line N"
    )


@dataclass(frozen=True)
class FromRegister:
    """What is planned from a register.

    Attributes:
        scans: folder of the files the register names, or of the stack.
        paper: what papers are where the register does not say.
        wishes: columns that are not known by their headings.
        split: how documents are told in scans whose rows are found by what they say; None: by the
            files that the register names, else by separators.
        on_page: told how many pages were read meanwhile, at each.
    """

    register: Path
    scans: Path
    paper: str = ""
    lot: str = ""
    wishes: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""
    split: Split | None = None
    on_page: Callable[[int], None] = lambda _count: None


def plan_register(where: Where, order: FromRegister) -> Planned:
    """Enter the papers of a register, by the files it names, else as its scans are parted.

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
    if by_file and order.split is None:
        found = _by_file(order.scans, rows, papers, lot)
    else:
        stacks = where.place().folder / "stacks"
        scans = Scans(order.scans, stacks, rows, papers, lot, order.on_page)
        found = documents_in(scans, order.split or "separators")
    with private_files():
        everything = list(found)
        documents = [one for one in everything if isinstance(one, Found)]
        troubles = tuple(one for one in everything if isinstance(one, Trouble))
        with open_ledger(where.place(), create=True) as ledger:
            who = where.who(office)
            documents = _with_claims(ledger, documents)
            entered, known = ledger.plan([one.plan for one in documents], who)
            doubtful = sum(_set_doubtful_aside(ledger, one, who) for one in documents)
    return Planned(entered, known, troubles, lot, doubtful)


def _with_claims(ledger: Ledger, found: Sequence[Found]) -> list[Found]:
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


def _set_doubtful_aside(ledger: Ledger, found: Found, who: Who) -> bool:
    """Leave a document that was just entered to a person; whether it had to be."""
    document = ledger.by_source(found.plan.source) if found.doubts else None
    if document is None or document.steps > 1:
        return False
    kind = "owner-missing" if "owner-missing" in found.doubts else found.doubts[0]
    error = _error_of(kind, found, document.id)
    changes = {"resume": "planned", "reason": kind, "detail": str(error)}
    work = Work(reasons=found.doubts, error_kind=kind)
    ledger.move(document, "set-aside", work, who, changes=changes)
    return True


def _error_of(kind: str, found: Found, document: str) -> SohoaError:
    """What a person is told of a doubtful document, and what to do about it."""
    line = found.plan.register_row
    if kind == "owner-missing":
        return OwnerWanted(document=document, line=line)
    doubt = _in_words(kind, line)
    if not found.likely:
        return StackDoubt(doubt=doubt, document=document)
    lines = ", ".join(f"{one.row.line} ({one.share:.0%})" for one in found.likely)
    return RowDoubt(doubt=doubt, lines=lines, document=document)


def _in_words(kind: str, line: str) -> str:
    if kind == "no-row":
        return _("no row of the register goes with these pages")
    if kind in REASONS:
        return _(REASONS[kind])
    if kind in KINDS:
        return str(RowUnfit(line=line, what=fault_in_words(kind))).rstrip(".")
    return _(DOUBTS[kind]).format(number=1)


def _by_file(
    scans: Path, rows: Iterable[RegisterRow], papers: Papers, lot: str
) -> Iterator[Found | Trouble]:
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
            yield Found(plan_of(source.absolute(), row, paper, lot))
            yield from passed_over(source)


def _require_file(row: RegisterRow, scans: Path) -> None:
    inside = real(scans / row.file).is_relative_to(real(scans))
    if not (row.file and inside):
        raise RowUnfit(line=row.line, what=fault_in_words("file"))
