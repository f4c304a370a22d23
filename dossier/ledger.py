"""The ledger of a backlog: where each document stands, and every step it took, for good.

    with open_ledger(place) as ledger:
        ledger.plan([Plan(Path("/scans/0001.tif"), "quyet-dinh", "2026-11-24")], who)
        with ledger.running(who) as run:
            while document := run.claim("planned"):
                document = run.advance(document, "scanned", Work(seconds=2.0, pages=3))

Promise: a step is on record once or not at all, whatever is killed when. Whoever works on a
document has claimed it; a claim ends with the run that holds it, and a holder that was only
slow finds its late step refused. No clock decides anything: one that jumps harms nobody.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, func, select

from dossier.ledger_errors import NoSuchDocument
from dossier.ledger_place import LedgerPlace, only_run, open_engine, reachable
from dossier.ledger_rows import document_of, run_of, transition_of
from dossier.ledger_schema import documents, runs, transitions
from dossier.ledger_steps import begin, bury, enter, move, note, refuse_twice
from dossier.ledger_values import Document, Plan, Run, State, Transition, Who, Work
from dossier.ledger_work import Working
from warehouse.engine import transaction

#: Rows fetched at once where all are read.
_ROWS = 500


@contextmanager
def open_ledger(place: LedgerPlace, *, create: bool = False) -> "Iterator[Ledger]":
    """The ledger at a place, open for the block.

    Raises:
        NoLedger: there is none, and it was not to be made.
        LedgerUnreachable: or the subclass that names the cause.
    """
    engine = open_engine(place, create=create)
    try:
        yield Ledger(place, engine)
    finally:
        engine.dispose()


@dataclass(frozen=True)
class Ledger:
    """An open ledger. Threads, processes and, on PostgreSQL, machines may share it."""

    place: LedgerPlace
    _engine: Engine = field(repr=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one unchanging state."""
        with reachable(self.place), transaction(self._engine) as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is alone in writing, and on the disk when the block has ended."""
        with reachable(self.place), transaction(self._engine, writes=True) as tx:
            yield tx

    def documents(
        self, *states: State, lot: str | None = None, limit: int | None = None
    ) -> Iterator[Document]:
        """The documents in the plan's order: of some states, of one lot, or all."""
        query = select(documents).order_by(documents.c.position, documents.c.id)
        if states:
            query = query.where(documents.c.state.in_(states))
        if lot is not None:
            query = query.where(documents.c.lot == lot)
        with self.reading() as tx:
            for row in tx.execute(query.limit(limit).execution_options(yield_per=_ROWS)):
                yield document_of(row)

    def document(self, document_id: str) -> Document:
        """One document. Raises NoSuchDocument."""
        with self.reading() as tx:
            row = tx.execute(select(documents).where(documents.c.id == document_id)).first()
        if row is None:
            raise NoSuchDocument(document=document_id)
        return document_of(row)

    def by_source(self, source: Path) -> Document | None:
        """The document whose sheets come from a file or folder; None where it is of none."""
        with self.reading() as tx:
            row = tx.execute(select(documents).where(documents.c.source == str(source))).first()
        return None if row is None else document_of(row)

    def plans_of(self, numbers: Collection[str]) -> Iterator[Plan]:
        """The plans of documents whose papers bear one of these numbers, but for withdrawn ones."""
        wanted = sorted(numbers)
        for start in range(0, len(wanted), _ROWS):
            some = documents.c.number.in_(wanted[start : start + _ROWS])
            with self.reading() as tx:
                there = select(documents).where(some, documents.c.state != "withdrawn")
                for row in tx.execute(there):
                    yield document_of(row).plan

    def transitions(self, document_id: str | None = None, after: int = 0) -> Iterator[Transition]:
        """Every step in the order entered, or those of one document.

        Args:
            after: the ``seq`` of the last one seen, to go on from there.
        """
        query = select(transitions).where(transitions.c.seq > after).order_by(transitions.c.seq)
        if document_id is not None:
            query = query.where(transitions.c.document_id == document_id)
        with self.reading() as tx:
            for row in tx.execute(query.execution_options(yield_per=_ROWS)):
                yield transition_of(row)

    def counts(self, lot: str | None = None) -> dict[State, int]:
        """How many documents stand where; states of none are left out."""
        query = select(documents.c.state, func.count()).group_by(documents.c.state)
        if lot is not None:
            query = query.where(documents.c.lot == lot)
        with self.reading() as tx:
            return dict(tx.execute(query).all())

    def lots(self) -> list[str]:
        """The names of all lots, in order."""
        with self.reading() as tx:
            return list(tx.execute(select(documents.c.lot).distinct().order_by("lot")).scalars())

    def papers(self, *states: State) -> list[str]:
        """The names of the papers that documents in some states are."""
        query = select(documents.c.paper).where(documents.c.state.in_(states)).distinct()
        with self.reading() as tx:
            return sorted(tx.execute(query).scalars())

    def reasons(self) -> dict[str, int]:
        """How many documents are set aside, by reason."""
        query = (
            select(documents.c.reason, func.count())
            .where(documents.c.state == "set-aside")
            .group_by(documents.c.reason)
        )
        with self.reading() as tx:
            return dict(tx.execute(query).all())

    def plan(self, plans: Iterable[Plan], who: Who) -> tuple[int, int]:
        """Enter documents to be made; a source that is there already is left as it is.

        Returns:
            How many were entered, and how many were there.
        """
        entered = known = 0
        with self.writing() as tx:
            last = tx.execute(select(func.max(documents.c.position))).scalar_one() or 0
            for one in plans:
                source = select(documents.c.id).where(documents.c.source == str(one.source))
                if tx.execute(source).first():
                    known += 1
                    continue
                entered += 1
                enter(tx, one, last + entered, who)
        return entered, known

    def move(
        self,
        document: Document,
        to: State,
        work: Work,
        who: Who,
        *,
        changes: Mapping[str, Any] | None = None,
        keep: bool = False,
    ) -> Document:
        """Enter a step: on record once, and only if the document stands as it was read.

        Args:
            to: the state after it; the same again for a try that failed.
            changes: columns that change with it.
            keep: whoever holds the document goes on with it.

        Raises:
            ClaimLost: it was moved or taken over meanwhile.
            SheetsTwice: another document has these sheets.
        """
        with self.writing() as tx:
            refuse_twice(tx, document, (changes or {}).get("sheets_sha256", ""))
            return move(tx, document, to, work, who, dict(changes or {}), keep=keep)

    def note(self, document: Document, columns: Mapping[str, Any]) -> Document:
        """Change columns of a document that stands as it was read, without a step.

        Raises:
            ClaimLost: it does not.
        """
        with self.writing() as tx:
            return note(tx, document, columns)

    def retry(self, document: Document, who: Who, *, rescanned: bool = False) -> Document:
        """Let a document that was set aside be tried again, from where it had come to.

        Args:
            rescanned: from the start: its sheets were scanned again and lie where the first
                ones did.
        """
        changes: dict[str, Any] = {"reason": "", "detail": "", "resume": ""}
        if not rescanned:
            to = cast(State, document.resume or "planned")
            return self.move(document, to, Work(), who, changes=changes)
        changes |= {"sheets_sha256": "", "sha256": "", "pages": 0, "fields": {}}
        changes["rescans"] = document.rescans + 1
        work = Work(rescans=max(document.pages, 1), reasons=(document.reason,))
        return self.move(document, "planned", work, who, changes=changes)

    @contextmanager
    def running(self, who: Who, part: str = "") -> Iterator[Working]:
        """Work on the ledger for the block; claims of runs that died are free from here on.

        Args:
            part: of the station's work, where several programs share it.

        Raises:
            AlreadyRunning: a run of this station, and this part, is at work.
        """
        name = f"{who.station}, {part}" if part else who.station
        with only_run(self.place, self._engine, name):
            with self.writing() as tx:
                run = begin(tx, name, who.operator)
            working = Working(self, run, who)
            ended = threading.Event()
            beating = threading.Thread(target=working.keep_alive, args=(ended,), daemon=True)
            beating.start()
            try:
                yield working
            finally:
                ended.set()
                beating.join()
                self.bury([run])

    def runs(self) -> list[Run]:
        """Runs that have not ended, dead ones nobody has noticed yet among them."""
        with self.reading() as tx:
            return list(map(run_of, tx.execute(select(runs).where(runs.c.ended_at.is_(None)))))

    def bury(self, run_ids: Sequence[str]) -> None:
        """Free what these runs hold. Should one live after all, its late steps are refused."""
        with self.writing() as tx:
            bury(tx, run_ids)
