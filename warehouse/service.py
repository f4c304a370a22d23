"""What a server asks of a warehouse beside what a counter does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from warehouse import audit, consent, objects, records
from warehouse import once as requests
from warehouse.catalog import Catalog
from warehouse.consent_schema import checkpoints, releases
from warehouse.errors import RecordNotFound
from warehouse.receipts import check
from warehouse.reuse import RELEASED
from warehouse.schema import check_state
from warehouse.values import Actor, Event, Record, Release, is_id


@dataclass(frozen=True)
class Released:
    """A paper that was handed out: to whom and when (UTC).

    ``withdrawn``: the consent it was handed out on was taken back since.
    """

    record: Record
    actor: str
    office: str
    at: datetime
    withdrawn: bool


@dataclass(frozen=True)
class CheckState:
    """How far the check of all records has come; moments in UTC, None for never.

    ``last_record``: the one looked at last; empty at a whole check's end.
    """

    begun_at: datetime | None
    ended_at: datetime | None
    last_record: str


@dataclass(frozen=True)
class Service:
    """The side of one warehouse that a server needs."""

    _catalog: Catalog

    def ready(self) -> None:
        """See that the catalogue answers. Raises WarehouseUnreachable."""
        with self._catalog.reading() as tx:
            tx.execute(select(check_state)).one()

    def version(self, record_id: str, number: int) -> Record:
        """One version of a record as it is stored. Raises RecordNotFound."""
        with self._catalog.reading() as tx:
            for record in records.versions(tx, record_id):
                if record.version == number:
                    return record
        raise RecordNotFound(record=record_id)

    def chunks(self, record: Record) -> Iterator[bytes]:
        """The PDF in chunks; the last comes only if all are as deposited. Raises DamagedObject."""
        return objects.verified_chunks(self._catalog, record)

    def saw(self, verb: str, record: Record, actor: Actor) -> None:
        """Put on record that somebody looked at a record."""
        self._note("look-up", record, actor, {"seen": verb})

    def refused(
        self,
        verb: str,
        cause: str,
        actor: Actor,
        *,
        record: Record | None,
        owner: str,
        procedure: str,
    ) -> None:
        """Put on record what somebody was not allowed.

        Args:
            owner: number of whom it was about, where there is no record.
        """
        facts = {"attempt": verb, "cause": cause, "procedure": procedure}
        if record is not None:
            self._note("refusal", record, actor, facts)
            return
        about = self._catalog.pseudonym(owner)
        with self._catalog.writing() as tx:
            audit.append(tx, "refusal", actor, owner=about, details=facts)

    def _note(self, action: str, record: Record, actor: Actor, facts: dict[str, str]) -> None:
        with self._catalog.writing() as tx:
            audit.append_for(self._catalog, tx, action, actor, record, facts)

    def released(self, release_id: str) -> Released | None:
        """What was handed out under a release; None where there is none."""
        name = release_id.upper()
        query = select(releases).where(releases.c.id == name)
        with self._catalog.reading() as tx:
            row = tx.execute(query).one_or_none() if is_id(name) else None
            if row is None:
                return None
            held = records.versions(tx, row.record_id)
            on = check(row.receipt, {}, RELEASED).said["basis"]["consent"]
            withdrawn = bool(on) and consent.get(tx, on).withdrawn_at is not None
        version = next((one for one in held if one.version == row.version), None)
        if version is None:
            return None
        return Released(version, row.actor, row.office, row.at, withdrawn)

    def latest_checkpoint(self) -> str:
        """The last checkpoint's statement; empty where nothing is on record yet."""
        query = select(checkpoints.c.statement).order_by(checkpoints.c.number.desc()).limit(1)
        with self._catalog.reading() as tx:
            return str(tx.execute(query).scalar() or "")

    def check_state(self) -> CheckState:
        """How far the check of all records has come."""
        with self._catalog.reading() as tx:
            row = tx.execute(select(check_state)).one()
        return CheckState(row.begun_at, row.ended_at, row.last_record)

    def release_of(self, event: Event) -> Release:
        """A release as it was answered, from its entry in the audit."""
        with self._catalog.reading() as tx:
            query = select(releases.c.receipt).where(releases.c.id == event.id)
            receipt = tx.execute(query).scalar_one()
        return Release(
            id=event.id,
            record_id=event.record_id,
            reason=event.details["reason"],
            procedure=event.details["procedure"],
            requested_by=event.actor,
            at=event.at,
            sha256=event.details["sha256"],
            basis=event.details["consent"] or event.details["basis"],
            receipt=receipt,
            record=self.version(event.record_id, event.version),
        )

    def once(
        self,
        key: str,
        content: str,
        work: Callable[[str], requests.Answer],
        again: Callable[[Event], requests.Answer] | None = None,
    ) -> requests.Answer:
        """Do some work once; see :func:`warehouse.once.once`."""
        return requests.once(self._catalog, key, content, work, again)

    def pseudonym(self, identifier: str) -> str:
        """An owner's name in the audit."""
        return self._catalog.pseudonym(identifier)
