"""A run at work on the ledger: it claims documents, enters steps, and shows that it lives."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement

from dossier.ledger_errors import ClaimLost, LedgerUnreachable
from dossier.ledger_steps import LONGEST_WAIT, beat, claim, free, let_go
from dossier.ledger_values import Document, State, Who, Work
from foundation.errors import SohoaError
from foundation.times import utc_now

if TYPE_CHECKING:
    from dossier.ledger import Ledger

#: Seconds between signs of life of a run; and without one until its claims are taken over.
BEAT_SECONDS = 15.0
LEASE_SECONDS = 120.0


@dataclass(frozen=True)
class Working:
    """A run that is at work. Threads may share it."""

    ledger: "Ledger"
    run_id: str
    who: Who
    #: Of each other run: its last beat, and when it was first seen on our own steady clock.
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict, repr=False)

    def claim(self, *states: State) -> Document | None:
        """The next document in one of the states, for this run alone; None where none is due."""
        return next(iter(self.claim_some(1, *states)), None)

    def claim_some(
        self, most: int, *states: State, only: Sequence[ColumnElement[bool]] = ()
    ) -> list[Document]:
        """As :meth:`claim`, many at once; of those of which more holds as well."""
        with self.ledger.writing() as tx:
            return claim(tx, self.run_id, states, most, only)

    def claim_this(self, document: Document) -> Document:
        """A document nobody holds, for this run alone. Raises ClaimLost where somebody does."""
        if document.holder:
            raise ClaimLost(document=document.id)
        return self.note(document, holder=self.run_id, attempt=document.attempt + 1)

    def free(self, *states: State, due: bool = False) -> int:
        """How many documents in one of the states nobody works on; with ``due`` only those
        that are not put off."""
        with self.ledger.reading() as tx:
            return free(tx, states, due=due)

    def advance(
        self,
        document: Document,
        to: State,
        work: Work,
        *,
        changes: Mapping[str, Any] | None = None,
        keep: bool = True,
    ) -> Document:
        """Enter a step of a document this run has claimed. Raises ClaimLost, SheetsTwice."""
        return self.ledger.move(document, to, work, self.who, changes=changes, keep=keep)

    def note(self, document: Document, **columns: Any) -> Document:
        """Keep what belongs to a step that is not done yet, such as a code that was reserved."""
        return self.ledger.note(document, columns)

    def put_off(
        self, document: Document, work: Work, wait: timedelta, *, counts: bool = True
    ) -> Document:
        """A try that failed and may go well later: on record, and free again after a while.

        Args:
            counts: whether it is one of the few that the document may fail.
        """
        changes: dict[str, Any] = {"not_before": utc_now() + min(wait, LONGEST_WAIT)}
        if not counts:
            changes["failures"] = document.failures
        return self.advance(document, document.state, work, changes=changes, keep=False)

    def set_aside(self, document: Document, work: Work, error: SohoaError | None) -> Document:
        """Leave a document to a person, with the reason."""
        reason = work.error_kind or (error.message_id if error else "")
        changes = {"resume": document.state, "reason": reason, "detail": str(error or "")}
        return self.advance(document, "set-aside", work, changes=changes, keep=False)

    def let_go(self, document: Document) -> None:
        """Give a document back with nothing done."""
        with self.ledger.writing() as tx:
            let_go(tx, document)

    def keep_alive(self, ended: threading.Event) -> None:
        """Show signs of life until ``ended``; take over from runs that show none any more."""
        while not ended.wait(BEAT_SECONDS):
            try:
                self.beat_once(time.monotonic())
            except LedgerUnreachable:
                continue  # whoever works meets it too, and says so

    def beat_once(self, now: float) -> None:
        """One sign of life, and a look at the others'.

        Args:
            now: of a clock that only runs forward.
        """
        with self.ledger.writing() as tx:
            others = beat(tx, self.run_id)
        dead = []
        for run_id, count in others.items():
            last, since = self._seen.get(run_id, (-1, now))
            if count != last:
                self._seen[run_id] = (count, now)
            elif now - since > LEASE_SECONDS:
                dead.append(run_id)
        if dead:
            self.ledger.bury(dead)
