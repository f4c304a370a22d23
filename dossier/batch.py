"""A backlog (số hóa hồ sơ tồn): planned, run, looked at, tried again.

plan_folder(where, Path("/scans"), "quyet-dinh")
run_backlog(where, Running(pin_fd=3), say)
status(where)
"""

import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from dossier.batch_run import Ran, Shift
from dossier.counter import RememberedPins
from dossier.desk import Desk
from dossier.fate import Patience
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_place import LedgerPlace, ledger_place
from dossier.ledger_values import WALK, Document, Plan, State, Who
from dossier.lots import deposit_rule
from dossier.people import actor_at
from dossier.planning import Trouble, look_through, passed_over
from dossier.pools import Pool, cluster_pool, local_pool
from dossier.signing_desk import pin_source
from dossier.turns import counter_waits
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files
from foundation.messages import N_
from foundation.privacy import mask_text
from foundation.times import iso_utc, utc_now, vietnam_time
from profiles import Office, Paper, Signer, load_office, load_paper
from warehouse import Owner
from warehouse.ground_errors import require_kept


class PaperUnnamed(SohoaError):
    """A folder says nothing of what papers it holds."""

    exit_code = ExitCode.USAGE
    message = N_("Say what paper they are with --profile; see: sohoa profile list")


class ScansUnnamed(SohoaError):
    """A register was named without its scans."""

    exit_code = ExitCode.USAGE
    message = N_("{file} is a file: name the folder of its scans with --scans.")


@dataclass(frozen=True)
class Where:
    """Which backlog, and who works on it where.

    Attributes:
        batch: its folder; None: ``SOHOA_BATCH``, else under sohoa's home.
        station: name of this station; empty: the machine's.
    """

    batch: Path | None = None
    operator: str = ""
    station: str = ""

    def place(self) -> LedgerPlace:
        """Where its ledger is."""
        return ledger_place(self.batch)

    def who(self, office: Office) -> Who:
        """Who works, as it is put on record."""
        actor = actor_at(office, self.operator)
        return Who(actor.name, actor.office, self.station or socket.gethostname())


@dataclass(frozen=True)
class Planned:
    """What was entered, what was there already, and what will not work.

    Attributes:
        set_aside: of those entered, left to a person at once.
    """

    entered: int
    known: int
    troubles: tuple[Trouble, ...]
    lot: str
    set_aside: int = 0


@dataclass(frozen=True)
class Running:
    """How a run works.

    Attributes:
        jobs: pages worked on at once here; 0: one a core.
        cluster: address of a Dask scheduler; empty: this machine alone.
        sign: whether to sign and deposit too: where the token is.
        wait: whether to wait for more documents when all are done.
    """

    jobs: int = 0
    cluster: str = ""
    sign: bool = True
    wait: bool = False
    pin_fd: int | None = None
    level: str = ""
    patience: Patience = field(default_factory=Patience)


def plan_folder(
    where: Where, folder: Path, paper_name: str, lot: str = "", owner: Owner | None = None
) -> Planned:
    """Enter what a folder holds: each file, and each subfolder of pages, is one document.

    Args:
        paper_name: what paper all of them are.
        lot: what they are accepted with; empty: today's.
        owner: whose they are; None: not known yet.

    Raises:
        PaperUnnamed, ScansUnnamed: more must be said.
        NotKept: such papers do not go to the store.
        NothingToPlan, SourceAway, OSError: there is nothing to plan.
    """
    if not paper_name:
        raise PaperUnnamed
    if folder.is_file():
        raise ScansUnnamed(file=mask_text(folder.name))
    paper, office = load_paper(paper_name), load_office()
    require_kept(paper)
    found = [*look_through(folder), *passed_over(folder, of_documents=True)]
    found += [one for source in found if isinstance(source, Path) for one in passed_over(source)]
    lot = lot or lot_of_today()
    plans = [
        Plan(one, paper.name, lot, owner or Owner("")) for one in found if isinstance(one, Path)
    ]
    with private_files(), open_ledger(where.place(), create=True) as ledger:
        entered, known = ledger.plan(plans, where.who(office))
    troubles = tuple(one for one in found if isinstance(one, Trouble))
    return Planned(entered, known, troubles, lot)


def lot_of_today() -> str:
    """The lot of what is planned today, by Vietnam's calendar."""
    return f"{vietnam_time(utc_now()):%Y-%m-%d}"


def run_backlog(
    where: Where,
    running: Running,
    told: Callable[[Document], None] = lambda _document: None,
    stop: threading.Event | None = None,
) -> Ran:
    """Work on the backlog until nothing is left to do; call it again after whatever ended it.

    Args:
        told: hears of each document that was deposited or set aside.
        stop: set it to end the run.

    Raises:
        NoLedger, AlreadyRunning.
        SohoaError: what ended it; everything finished is kept.
    """
    office = load_office()
    pins = RememberedPins(pin_source(running.pin_fd))
    who = where.who(office)
    with private_files(), open_ledger(where.place()) as ledger, ledger.running(who) as run:
        desk = Desk(
            office,
            actor_at(office, where.operator),
            pins=lambda _role: pins,
            forget_pins=pins.forget,
            level=running.level,
            station=who.station,
        )
        try:
            _make_ready(desk, ledger, running, pins)
            shift = Shift(
                desk,
                run,
                partial(_pool, running, ledger.place),
                deposit_rule(office),
                running.patience,
                told,
                lambda: running.wait,
                running.sign,
                stop or threading.Event(),
            )
            return shift.work()
        finally:
            pins.forget()


def _pool(running: Running, place: LedgerPlace) -> AbstractContextManager[Pool]:
    if running.cluster:
        return cluster_pool(running.cluster, place.folder)
    return local_pool(running.jobs)


def _make_ready(desk: Desk, ledger: Ledger, running: Running, pins: RememberedPins) -> None:
    """See, before anything is worked on, that all can be signed; ask for the PINs now.

    Raises:
        NoSigner, TokenNotFound, ...: see :meth:`dossier.desk.Desk.require_signers`.
    """
    papers = _papers_to_sign(ledger)
    if not papers and not running.wait:
        return
    if running.sign:
        desk.require_signers(papers)
        desk.require_tokens(papers)
        _ask_for_pins(desk, papers, pins)
    elif any(desk.seal_rules(paper).form == "signed" for paper in papers):
        desk.seal_key()


def _papers_to_sign(ledger: Ledger) -> list[Paper]:
    """What papers there are among documents that are not signed yet."""
    return [load_paper(name) for name in ledger.papers(*WALK[: WALK.index("signed")])]


def _ask_for_pins(desk: Desk, papers: Sequence[Paper], pins: RememberedPins) -> None:
    """Have the PIN of every token that will sign, in the order they sign in."""
    from signing import list_tokens

    roles = {rules.role for paper in papers for rules in desk.signatures(paper)}
    for role in sorted(roles, key=lambda one: one != "clerk"):
        signer = desk.signer(role)
        if not isinstance(signer, Signer):
            continue  # what a remote key wants is asked when it is asked for
        found = list_tokens([signer.module])
        token = next(one for one in found if one.serial == signer.token_serial)
        if not token.protected_path:
            pins.pin_for(token).forget()


@dataclass(frozen=True)
class Status:
    """How a backlog stands.

    Attributes:
        counts: documents by state; ``reasons``: those set aside, by reason.
        runs: stations at work now.
        documents: those asked for.
    """

    counts: Mapping[State, int]
    reasons: dict[str, int]
    lots: Mapping[str, Mapping[State, int]]
    runs: tuple[str, ...]
    counter_waits: bool
    documents: tuple[Document, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``; names of sources masked of long numbers."""
        return {
            "states": self.counts,
            "set_aside": self.reasons,
            "lots": self.lots,
            "runs": list(self.runs),
            "documents": [_document_data(one) for one in self.documents],
        }


def status(where: Where, *, everything: bool = False) -> Status:
    """How the backlog stands; with the documents that are set aside, or all.

    Raises:
        NoLedger.
    """
    with open_ledger(where.place()) as ledger:
        asked = ledger.documents() if everything else ledger.documents("set-aside", limit=50)
        return Status(
            counts=ledger.counts(),
            reasons=ledger.reasons(),
            lots={lot: ledger.counts(lot) for lot in ledger.lots()},
            runs=tuple(one.station for one in ledger.runs()),
            counter_waits=counter_waits(),
            documents=tuple(asked),
        )


def step_aside() -> None:
    """Have this process and all it starts give way to other programs of the machine."""
    os.nice(load_office().batch.niceness)


def _document_data(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "lot": document.lot,
        "source": mask_text(document.plan.source.name),
        "paper": document.plan.paper,
        "state": document.state,
        "reason": document.reason,
        "detail": mask_text(document.detail),
        "pages": document.pages,
        "failures": document.failures,
        "record": document.record_id,
        "changed_at": iso_utc(document.changed_at),
    }
