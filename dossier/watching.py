"""``sohoa watch``: a folder that scanners or people put files into; each finished one is taken.

The folder is looked at again and again, because a network share tells nobody of new files.
What is still being copied, half written or renamed meanwhile is left until it has kept still,
nobody on this machine has it open for writing, and it is whole.
"""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from digitize.source_errors import InputRefused
from digitize.sources import check_sources
from dossier.batch import Where, lot_of_today
from dossier.batch_steps import digest_of_sheets, take_over
from dossier.fate import Patience, SourceAway, Weather, as_ours
from dossier.ledger import open_ledger
from dossier.ledger_errors import SheetsTwice
from dossier.ledger_values import Document, Plan, Work
from dossier.ledger_work import Working
from dossier.planning import entries, passed_over
from foundation.errors import SohoaError
from foundation.files import private_files
from foundation.messages import N_
from foundation.privacy import mask_text
from profiles import load_office, load_paper
from warehouse.ground_errors import require_kept

#: Where files go that have been taken over.
TAKEN = "taken"
#: Seconds a file must keep still, and after which one that is still not whole is set aside.
SETTLE = 5.0
GIVE_UP = 600.0
#: Seconds between looks, at most.
_LOOK = 2.0


class StillOpen(InputRefused):
    """Some program still has the file open for writing."""

    message = N_("{file}: a program still has it open. Close it there, then put it here again.")


#: Of an entry's files: name, bytes, time of change.
_Look = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Watch:
    """What is watched, and what its documents are."""

    folder: Path
    paper: str
    lot: str = ""
    settle: float = SETTLE
    give_up: float = GIVE_UP


@dataclass
class _Seen:
    """Entries as they were when they last changed, on our own steady clock."""

    watch: Watch
    _since: dict[Path, tuple[_Look, float]] = field(default_factory=dict)

    def ready(self, now: float) -> list[tuple[Path, SohoaError | None]]:
        """Entries that are finished; those never finished, with what is wrong with them."""
        there = [one for one in entries(self.watch.folder) if one.name != TAKEN]
        self._since = {one: self._since[one] for one in there if one in self._since}
        found: list[tuple[Path, SohoaError | None]] = []
        for one in there:
            with suppress(FileNotFoundError):  # renamed or removed while we look
                look, before = _look_at(one), self._since.get(one)
                if before is None or before[0] != look:
                    self._since[one] = (look, now)
                    continue
                still = now - before[1]
                if still < self.watch.settle or not look:
                    continue
                fault = _fault_of(one)
                if fault is None or still >= self.watch.give_up:
                    found.append((one, fault))
        return found


def watch_folder(
    where: Where, watch: Watch, told: Callable[[Document], None], stop: threading.Event
) -> int:
    """Take over what is put into a folder until ``stop`` is set; how many documents.

    Each becomes a document of the ledger with its sheets in the backlog's own folder, and goes
    into a folder beside the others, so that whoever scans sees that it has been taken.

    Args:
        told: hears of each document taken, or set aside because it is never finished.

    Raises:
        NotKept: such papers do not go to the store.
        AlreadyRunning: this folder is watched from this station already.
        SourceAway, StorageFails: the folder has been away for too long.
    """
    office, paper = load_office(), load_paper(watch.paper)
    require_kept(paper)
    who, folder = where.who(office), watch.folder.absolute()
    taker = _Taker(replace(watch, folder=folder, paper=paper.name), told)
    weather = Weather(Patience())
    with (
        private_files(),
        open_ledger(where.place(), create=True) as ledger,
        ledger.running(who, part=f"watch {folder}") as run,
    ):
        while not stop.wait(weather.rest() or min(watch.settle / 4, _LOOK)):
            try:
                taker.look(run)
                weather.good("scanned")
            except (InputRefused, SourceAway, OSError) as error:
                weather.bad(as_ours(error, folder), "planned")
            if weather.hopeless() and weather.error:
                raise weather.error
    return taker.count


@dataclass
class _Taker:
    """Takes finished entries over."""

    watch: Watch
    told: Callable[[Document], None]
    count: int = 0

    def __post_init__(self) -> None:
        self._seen = _Seen(self.watch)

    def look(self, run: Working) -> None:
        """Look at the folder once."""
        for entry, fault in self._seen.ready(time.monotonic()):
            document = self._document(run, entry, fault)
            if document is None:
                continue
            if fault is None:
                document = self._take(run, document)
            else:
                document = run.set_aside(document, Work(error_kind=fault.message_id), fault)
            self.count += document.state == "scanned"
            self.told(document)

    def _document(self, run: Working, entry: Path, fault: SohoaError | None) -> Document | None:
        """The document an entry is to become, claimed; None where it is one already."""
        known = run.ledger.by_source(entry)
        if known is not None and known.state == "set-aside":
            if fault is not None:
                return None
            known = run.ledger.retry(known, run.who, rescanned=True)  # it was put here again
        if known is not None and known.state != "planned":
            if known.sheets_sha256 == digest_of_sheets(entry):
                self._put_away(run, known, entry)
                return None
            # Scanners begin their numbers anew: another paper has the name of one taken before.
            run.ledger.note(known, {"source": str(self._place(known, entry))})
            known = None
        if known is None:
            lot = self.watch.lot or f"{lot_of_today()} {run.who.station}"
            run.ledger.plan([Plan(entry, self.watch.paper, lot)], run.who)
            known = run.ledger.by_source(entry)
        return run.claim_this(known) if known else None

    def _take(self, run: Working, document: Document) -> Document:
        """Its sheets in our folder, the entry put away; set aside where that fails for good."""
        entry = document.plan.source
        try:
            document = take_over(run, document)
        except InputRefused as error:
            return run.set_aside(document, Work(error_kind=error.message_id), error)
        except SheetsTwice as error:
            document = run.set_aside(document, Work(error_kind=error.message_id), error)
        run.let_go(document)
        self._put_away(run, run.ledger.document(document.id), entry)
        return document

    def _put_away(self, run: Working, document: Document, entry: Path) -> None:
        """Move what was taken beside the others; where that is not allowed it stays."""
        place = self._place(document, entry)
        try:
            place.parent.mkdir(exist_ok=True)
            entry.rename(place)
        except OSError:
            return  # a share one may only read; the ledger knows it by its digest
        run.ledger.note(document, {"source": str(place)})

    def _place(self, document: Document, entry: Path) -> Path:
        # As messages name it: a personal number in a file's name does not stay there.
        return self.watch.folder / TAKEN / f"{document.id}-{mask_text(entry.name)}"


def _look_at(entry: Path) -> _Look:
    files = sorted(entry.iterdir()) if entry.is_dir() else [entry]
    looks = ((one.name, one.stat()) for one in files)
    return tuple((name, facts.st_size, facts.st_mtime_ns) for name, facts in looks)


def _fault_of(entry: Path) -> SohoaError | None:
    """Why an entry that keeps still is not finished yet; None where it is."""
    try:
        check_sources([entry])
    except InputRefused as error:
        return error
    if beside := next(passed_over(entry), None):
        return beside.error
    files = [one for one in entry.iterdir() if one.is_file()] if entry.is_dir() else [entry]
    open_one = next((one for one in files if _is_being_written(one)), None)
    return StillOpen(file=open_one.name) if open_one else None


def _is_being_written(file: Path) -> bool:
    """Whether a program of this machine has the file open for writing (fcntl(2), F_SETLEASE)."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN  # others: a share or another's file; keeping still tells
    finally:
        os.close(descriptor)
    return False
