"""A backlog's documents and their steps, as they are read from the ledger."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

from warehouse import Owner

#: How far a document has come. ``scanned``: its sheets are in our own folder; ``recognised``:
#: read and assembled; ``checked``: good enough and what the register says; ``sealed``: bears its
#: QR code; ``signed``: by all who must, and it waits until its lot is accepted; ``deposited``:
#: in the store. ``set-aside``: a person must look at it, for the reason given; ``withdrawn``: a
#: supervisor took it out for good.
State = Literal[
    "planned", "scanned", "recognised", "checked", "sealed", "signed", "deposited",
    "set-aside", "withdrawn",
]  # fmt: skip
STATES: tuple[State, ...] = get_args(State)
#: In this order, one after the other.
WALK: tuple[State, ...] = STATES[: STATES.index("set-aside")]


@dataclass(frozen=True)
class Plan:
    """A document to be made, as a register or a folder names it.

    Attributes:
        source: the file, or the folder of files, that holds its sheets; absolute.
        paper: name of the paper's profile.
        lot: what it is accepted or sent back with.
        owner: whose it is; without a number where that is not known yet.
        register_row: key of its row in the register; empty without one.
        pages_expected: written pages there must be; None where nobody said.
    """

    source: Path
    paper: str
    lot: str
    owner: Owner = field(default_factory=lambda: Owner(""))
    number: str = field(default="", repr=False)
    issued_on: date | None = None
    register_row: str = ""
    dossier: str = ""
    pages_expected: int | None = None


@dataclass(frozen=True)
class Document:
    """Where a document of the backlog stands.

    Attributes:
        attempt: grows with every claim; with ``state`` it tells whether a claim still holds.
        steps: entries about it among the transitions.
        failures: tries that failed since the last change of state.
        not_before: UTC; not tried again before.
        holder: the run that works on it; empty: nobody.
        resume: the state it goes on from when tried again; only of what is set aside.
        reason: stable word for why it is set aside (``page-count``); ``detail``: the sentence.
        rescans: how often its sheets were scanned again.
        pages: written pages, once they are known.
        sheets_sha256: of its sheets; ``sha256``: of the PDF as it stands now.
        code: official code; holds the owner's number.
    """

    id: str
    plan: Plan
    position: int
    state: State
    attempt: int
    steps: int
    failures: int
    not_before: datetime | None
    holder: str
    resume: str
    reason: str
    detail: str
    rescans: int
    pages: int
    sheets_sha256: str
    sha256: str
    code: str = field(repr=False)
    record_id: str
    fields: dict[str, str] = field(hash=False, repr=False)
    planned_at: datetime
    changed_at: datetime

    @property
    def lot(self) -> str:
        """What it is accepted or sent back with."""
        return self.plan.lot


@dataclass(frozen=True)
class Work:
    """What a step took and gave, to be put on record with it.

    Attributes:
        seconds: of somebody's or a machine's time, by a clock that cannot be set.
        pages: written pages the step dealt with.
        sha256: of what it made.
        rescans: sheets scanned again in it; ``reasons``: stable words for why.
        error_kind: stable word for what went wrong; empty where nothing did.
    """

    seconds: float = 0.0
    pages: int = 0
    sha256: str = ""
    rescans: int = 0
    reasons: tuple[str, ...] = ()
    error_kind: str = ""


@dataclass(frozen=True)
class Transition:
    """One step of a document, for good on record.

    Attributes:
        seq: order in which steps were entered, whatever the clocks said.
        number: its place among the steps of its document, from 1.
        from_state, to_state: the same twice for a try that failed; ``from_state`` is empty
            where it was planned.
        at: UTC, never before an earlier step of the same document.
    """

    seq: int
    document_id: str
    number: int
    attempt: int
    lot: str
    from_state: State | Literal[""]
    to_state: State
    at: datetime
    operator: str
    office: str
    station: str
    work: Work


@dataclass(frozen=True)
class Who:
    """Who works, at which office and station."""

    operator: str
    office: str
    station: str


@dataclass(frozen=True)
class Run:
    """One run over the ledger; ``beat`` grows while it lives."""

    id: str
    station: str
    operator: str
    began_at: datetime
    beat: int
    ended_at: datetime | None = None
