"""What is to be made of a document, as a row of a register says; and why a person looks first."""

from dataclasses import dataclass
from pathlib import Path

from dossier.ledger_values import Plan
from dossier.matching import Candidate
from dossier.register import RegisterRow
from dossier.register_report import KINDS
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from ocr.labels import bare
from profiles import Paper, all_of, load_paper
from warehouse import Owner
from warehouse.values import OwnerKind

#: Doubts of a register's row that keep it from being finished.
STOPS = {kind for kind, what in KINDS.items() if what.weight == "stops"}


class RowUnfit(SohoaError):
    """A row of the register cannot be made into a record as it is."""

    exit_code = ExitCode.INPUT
    message = N_("Line {line} of the register: {what}.")


class StackDoubt(SohoaError):
    """Somebody must look at how a stack was parted."""

    exit_code = ExitCode.INPUT
    message = N_("{doubt}. Look at the pages; if they are right: sohoa batch retry {document}")


@dataclass(frozen=True)
class Found:
    """A document to enter.

    Attributes:
        doubts: why a person must look at it first; empty where none must.
        likely: rows that it may be of, the likeliest first.
    """

    plan: Plan
    doubts: tuple[str, ...] = ()
    likely: tuple[Candidate, ...] = ()


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


def require_fit(row: RegisterRow, paper: Paper | None) -> None:
    """Raises RowUnfit for a row that cannot be finished as it is."""
    fault = next((doubt for doubt in row.doubts if doubt in STOPS), "")
    if not fault and (paper is None or not paper.keep):
        fault = "type"
    if fault:
        raise RowUnfit(line=row.line, what=fault_in_words(fault))


def fault_in_words(fault: str) -> str:
    """Why a row cannot be finished, in the user's language."""
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
