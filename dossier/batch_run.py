"""A run over the ledger: documents made side by side, finished in groups where the token is.

Makers, a thread each, take documents up to their seal; their pages go to the workers through
one gate. One finisher signs and deposits, so that a token sees one user and a group one PIN.
Threads only wait and write; what takes time is done by the workers.
"""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy import ColumnElement

from dossier.batch_finish import deposit_some, sign_some
from dossier.batch_steps import TO_MAKE, Bench, take_steps
from dossier.desk import Desk
from dossier.fate import (
    MOST_CLAIMS,
    Patience,
    StepFault,
    Weather,
    as_ours,
    fate_of,
    wait_before_again,
)
from dossier.kept_store import KeptStore
from dossier.ledger_errors import ClaimLost
from dossier.ledger_values import Document, Work
from dossier.ledger_work import Working
from dossier.pools import Gate, Pool
from dossier.turns import pages_at_once
from foundation.errors import SohoaError
from foundation.messages import N_

#: Documents signed with one opening of the token, which takes as long as signing thirty; and
#: the longest, in seconds, that a sealed document waits for others.
_GROUP = 50
_GROUP_WAIT = 60.0
#: Seconds between looks at the ledger while there is nothing to do but wait.
_LOOK = 0.5
#: Documents in the making: one a worker, and one more that is assembled meanwhile.
_MORE = 1
_MOST_MAKERS = 16


class GaveUp(StepFault):
    """No run survived this document."""

    message = N_("{count} runs ended while they worked on it. Look at its sheets.")


@dataclass(frozen=True)
class Ran:
    """What a run did, in documents; ``waiting``: signed, their lot not accepted yet."""

    deposited: int
    set_aside: int
    waiting: int
    seconds: float


@dataclass
class Shift:
    """A run at work.

    Attributes:
        pool: opens the workers for a block.
        may_deposit: what must hold of a signed document that is deposited.
        told: hears of each document that was deposited or set aside.
        keep_on: whether to wait for more documents when all are done.
        sign: whether to sign and deposit too; without it documents are left sealed.
        stop: set it to end the run; what is in the making goes back to the ledger.
    """

    desk: Desk
    run: Working
    pool: Callable[[], AbstractContextManager[Pool]]
    may_deposit: Sequence[ColumnElement[bool]] = ()
    patience: Patience = field(default_factory=Patience)
    told: Callable[[Document], None] = lambda _document: None
    keep_on: Callable[[], bool] = lambda: False
    sign: bool = True
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._weather = {"make": Weather(self.patience), "finish": Weather(self.patience)}
        self._lock = threading.Lock()
        self._fault: BaseException | None = None
        self._deposited = self._set_aside = 0
        self._makers: list[threading.Thread] = []
        self._store = KeptStore(self.desk.store)

    def work(self) -> Ran:
        """Work until nothing is left to do.

        Raises:
            SohoaError: what ended it early; everything finished is kept.
        """
        began = time.monotonic()
        self._clear_away()
        threads: list[threading.Thread] = []
        try:
            with self.pool() as pool:
                gate = Gate(pool, partial(pages_at_once, self.desk.office.batch))
                try:
                    threads = self._start(pool, gate)
                    while any(thread.is_alive() for thread in threads) and not self.stop.is_set():
                        self.stop.wait(_LOOK / 5)
                finally:
                    self.stop.set()
                    gate.close()
        finally:
            for thread in threads:
                thread.join()
            self._store.close()
        if self._fault:
            raise self._fault
        waiting = self.run.free("signed")
        return Ran(self._deposited, self._set_aside, waiting, time.monotonic() - began)

    def _start(self, pool: Pool, gate: Gate) -> list[threading.Thread]:
        size = max(pool.size(), 1)
        bench = Bench(self.desk, self.run, self._store, gate.schedule, size)
        count = min(size + _MORE, _MOST_MAKERS)
        self._makers = [self._thread(self._make_all, bench, gate) for _n in range(count)]
        threads = list(self._makers)
        if self.sign:
            threads.append(self._thread(self._finish_all, bench))
        for thread in threads:
            thread.start()
        return threads

    def _thread(self, target: Callable[..., None], *args: object) -> threading.Thread:
        def guarded() -> None:
            try:
                target(*args)
            except Exception as error:  # noqa: BLE001  raised again by the thread that waits
                self._end(error)

        # In this context: the language of messages is in it.
        return threading.Thread(target=copy_context().run, args=(guarded,), daemon=True)

    def _end(self, error: BaseException) -> None:
        with self._lock:
            self._fault = self._fault or error
        self.stop.set()

    # --- making ---------------------------------------------------------------------------

    def _make_all(self, bench: Bench, gate: Gate) -> None:
        weather = self._weather["make"]
        while not self.stop.is_set():
            if weather.rest() or not gate.is_open():
                self._pause(weather)
                continue
            document = self.run.claim(*TO_MAKE)
            if document is not None:
                self._make(bench, document)
            elif self.keep_on() or self.run.free(*TO_MAKE):
                self._pause(weather)
            else:
                return

    def _make(self, bench: Bench, document: Document) -> None:
        began = time.monotonic()
        try:
            _require_survivors(document)
            for stands in take_steps(bench, document):
                document, began = stands, time.monotonic()
                self._weather["make"].good(document.state)
        except ClaimLost:
            return  # another run has it
        except Exception as error:  # noqa: BLE001  one document's fault must not end the others
            fault = as_ours(error, bench.folder(document))
            self._failed("make", document, fault, time.monotonic() - began)

    # --- finishing ------------------------------------------------------------------------

    def _finish_all(self, bench: Bench) -> None:
        weather, signed_at = self._weather["finish"], time.monotonic()
        while not self.stop.is_set():
            last = not any(thread.is_alive() for thread in self._makers)
            if weather.rest():
                self._pause(weather)
                continue
            sealed = self.run.free("sealed", due=True)
            waited = time.monotonic() - signed_at > _GROUP_WAIT
            if sealed >= _GROUP or (sealed and (last or waited)):
                self._finish(bench, sign_some, self.run.claim_some(_GROUP, "sealed"))
            if not sealed or waited:
                signed_at = time.monotonic()
            accepted: list[Document] = []
            if last or waited or sealed >= _GROUP:
                accepted = self.run.claim_some(_GROUP, "signed", only=self.may_deposit)
            if accepted:
                self._finish(bench, deposit_some, accepted)
            elif last and not self.run.free("sealed"):
                return
            else:
                self._pause(weather)

    def _finish(
        self, bench: Bench, finish: Callable[..., None], documents: Sequence[Document]
    ) -> None:
        """Sign or deposit claimed documents; those that fail meet their fate."""
        settled: set[str] = set()

        def failed(document: Document, error: SohoaError) -> None:
            settled.add(document.id)
            self._failed("finish", document, error)

        def done(document: Document) -> None:
            settled.add(document.id)
            self._weather["finish"].good(document.state)
            self._tell(document)

        try:
            finish(bench, documents, done, failed)
        except Exception as error:  # noqa: BLE001  what concerns all that are left
            fault = as_ours(error, bench.run.ledger.place.folder)
            for document in documents:
                if document.id not in settled:
                    self._failed("finish", document, fault)

    # --- what both need -------------------------------------------------------------------

    def _failed(
        self, part: str, document: Document, error: SohoaError, seconds: float = 0.0
    ) -> None:
        """Put a document where its error sends it."""
        weather = self._weather[part]
        work = Work(seconds, error_kind=error.message_id)
        fate = "back" if self.stop.is_set() else fate_of(error, document.failures)
        with suppress(ClaimLost):
            match fate:
                case "back":
                    self.run.let_go(document)
                case "later":
                    weather.bad(error, document.state)
                    wait = timedelta(seconds=weather.rest())
                    self.run.put_off(document, work, wait, counts=False)
                case "again":
                    self.run.put_off(document, work, wait_before_again(document.failures))
                case "aside":
                    self._tell(self.run.set_aside(document, work, error))
                case "stop":
                    self.run.let_go(document)
                    self._end(error)

    def _pause(self, weather: Weather) -> None:
        if weather.hopeless() and weather.error:
            self._end(weather.error)
        self.stop.wait(min(weather.rest() or _LOOK, _LOOK))

    def _tell(self, document: Document) -> None:
        with self._lock:
            self._deposited += document.state == "deposited"
            self._set_aside += document.state == "set-aside"
        self.told(document)

    def _clear_away(self) -> None:
        """Remove what a killed run had no time to remove of documents that are in the store."""
        folder = self.run.ledger.place.folder / "work"
        for place in folder.iterdir() if folder.is_dir() else ():
            with suppress(SohoaError):
                if self.run.ledger.document(place.name).state == "deposited":
                    shutil.rmtree(place, ignore_errors=True)


def _require_survivors(document: Document) -> None:
    """Raises GaveUp for a document that was claimed again and again and never got on."""
    if document.attempt > document.steps + MOST_CLAIMS:
        raise GaveUp(count=MOST_CLAIMS)
