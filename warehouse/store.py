"""The warehouse as its callers see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from foundation.times import today
from warehouse import (
    audit,
    codes,
    deposits,
    fixity,
    keeping,
    objects,
    plan,
    records,
    renewals,
    reuse,
    statuses,
    upkeep,
)
from warehouse.account import Account
from warehouse.catalog import Catalog
from warehouse.consent import ConsentBook
from warehouse.errors import RecordNotFound
from warehouse.exports import Exports
from warehouse.grounds import Basis, Planned, Terms, Wanted
from warehouse.lookups import Lookups
from warehouse.outbox import Outbox
from warehouse.service import Service
from warehouse.values import (
    Actor,
    CheckReport,
    Event,
    Judgement,
    Owner,
    Record,
    Release,
    RepairReport,
    Status,
    clean_identifier,
)


@dataclass(frozen=True)
class Warehouse:
    """An open warehouse. Threads and processes may share a folder.

    Every method can also raise WarehouseUnreachable (exit code 10).
    """

    _catalog: Catalog

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._catalog.folder

    @property
    def consents(self) -> ConsentBook:
        """What owners agreed to."""
        return ConsentBook(self._catalog)

    @property
    def account(self) -> Account:
        """Who did what, for those who may ask."""
        return Account(self._catalog)

    @property
    def service(self) -> Service:
        """What a server asks for beside."""
        return Service(self._catalog)

    @property
    def lookups(self) -> Lookups:
        """How papers are found by those who check them."""
        return Lookups(self._catalog)

    @property
    def exports(self) -> Exports:
        """Papers that leave together, in packages."""
        return Exports(self._catalog)

    @property
    def outbox(self) -> Outbox:
        """What happened, to be told to those who want to hear of it."""
        return Outbox(self._catalog)

    def under(self, request: str) -> "Warehouse":
        """The same, whose acts are noted as done under a request; see :mod:`warehouse.once`."""
        return Warehouse(replace(self._catalog, request=request))

    def new_code(
        self,
        template: str,
        owner_identifier: str,
        type_code: str,
        office: str,
        day: date | None = None,
    ) -> str:
        """Reserve the next official code of a record, before its paper is sealed.

        Args:
            template: the office profile's ``record_code`` (TT 01/2023 Điều 10), a format
                string over owner, type, office, date and serial.
            owner_identifier: may be empty: "left blank and filled in later".
            day: on which it is given; else today in Vietnam.

        Raises:
            CodeTemplateFaulty: the template cannot give every paper its own code.
        """
        owner = clean_identifier(owner_identifier)
        return codes.reserve(
            self._catalog, template, owner=owner, type=type_code, office=office, date=day or today()
        )

    def new_dossier_code(self, template: str, office: str, day: date | None = None) -> str:
        """Reserve the next code of a dossier. As :meth:`new_code`."""
        return codes.reserve(self._catalog, template, office=office, date=day or today())

    def deposit(  # noqa: PLR0913  what a paper is takes this many words
        self,
        pdf: Path,
        *,
        owner: Owner,
        paper_type: str,
        type_code: str,
        title: str,
        code: str,
        actor: Actor,
        number: str = "",
        fields: Mapping[str, str] | None = None,
        valid_until: date | None = None,
        procedure: str = "",
        dossier_code: str = "",
        supersede: bool = False,
        basis: Basis | None = None,
        co_owners: Sequence[Owner] = (),
        owner_unknown: bool = False,
        masters: Sequence[Path] = (),
        origin: Mapping[str, str] | None = None,
        judgement: Judgement = Judgement(),  # noqa: B008  a frozen value
    ) -> Record:
        """Take a PDF in, byte for byte; it is on the disk when this returns.

        The same content again, for the same owner and paper type, gives the same record.

        Args:
            paper_type: name of the paper's profile.
            number: the paper's own number, if it has one. An owner has one paper in force
                of a type and number.
            supersede: let it replace the one in force under this number, as its next version.
            basis: the law or the consent on which it is kept; without one, whichever consent
                of the owner covers it.
            co_owners: whose paper it is as well: the other spouse, a child's parents.
            owner_unknown: take it in without an owner's number; see :meth:`bind_owner`.
            masters: images it was made of, to be kept with it.
            origin: of an imported paper, where it comes from; ``package``, the SHA-256 of what
                it came in, is among it.
            judgement: what was found out about its signatures and marks of secrecy.

        Raises:
            NoBasis: nobody agreed, and no law was named (11).
            UnreadableFile, EmptyFile, NotAPdf, ProtectedPdf: not a paper (exit code 3).
            OwnerMissing: no owner's number (2).
            UnsignedPaper, InvalidSignature (8), SecretPaper (11): ``judgement`` says so.
            RecordConflict: another paper holds this number, or this code, or this very
                content was withdrawn (11).
        """
        paper = deposits.Deposit(
            owner=owner,
            paper_type=paper_type,
            type_code=type_code,
            title=title,
            code=code,
            number=number,
            fields=fields or {},
            valid_until=valid_until,
            procedure=procedure,
            dossier_code=dossier_code,
            supersede=supersede,
            basis=basis,
            co_owners=tuple(co_owners),
            owner_unknown=owner_unknown,
            masters=tuple(masters),
            origin=origin or {},
            judgement=judgement,
        )
        return deposits.deposit(self._catalog, pdf, paper, actor)

    def find(
        self,
        owner_identifier: str,
        paper_type: str | None = None,
        *,
        on: date | None = None,
        status: Status | Literal["any"] = "active",
    ) -> list[Record]:
        """An owner's records as they stand on a day (today in Vietnam), latest deposit first."""
        with self._catalog.reading() as tx:
            found = records.find(tx, owner_identifier, paper_type, on or today(), status)
            return found if status == "any" else keeping.kept_only(tx, found, owner_identifier)

    def get(self, id_or_code: str) -> Record:
        """The version a code stands for, or by id the version in force, else the latest.

        Raises:
            RecordNotFound: there is none (3).
        """
        with self._catalog.reading() as tx:
            return records.get(tx, id_or_code, self._catalog.hidden).on(today())

    def versions(self, record_id: str) -> list[Record]:
        """All versions of a record, the first one first. Raises RecordNotFound."""
        with self._catalog.reading() as tx:
            found = records.versions(tx, record_id)
        if not found:
            raise RecordNotFound(record=record_id)
        return [record.on(today()) for record in found]

    def read(self, record: Record) -> bytes:
        """A record's PDF, verified. For use within the office; :meth:`reuse` hands papers out.

        Raises:
            DamagedObject: it is not as deposited, or missing (10).
        """
        return b"".join(objects.verified_chunks(self._catalog, record))

    def read_master(self, record: Record, name: str) -> bytes:
        """One of the master images kept with a record. Raises as :meth:`read`."""
        return objects.read_file(self._catalog, record, f"masters/{name}")

    def copy_out(self, record: Record, target: Path) -> None:
        """As :meth:`read`, into a file that appears whole or not at all, readable by its owner.

        Raises:
            DamagedObject: as :meth:`read`; nothing is written.
            CannotWrite: ``target`` cannot be written (3).
        """
        reuse.copy_out(self._catalog, record, target)

    def plan(
        self,
        owner_identifier: str,
        procedure: str,
        wanted: Sequence[Wanted],
        *,
        on: date | None = None,
    ) -> list[Planned]:
        """For each component a procedure asks for: the record to reuse, or why to scan it.

        Args:
            procedure: its code.
            on: day on which the papers must be in force; else today in Vietnam.
        """
        with self._catalog.reading() as tx:
            return plan.plan(tx, owner_identifier, procedure, wanted, on or today())

    def due_for_erasure(self) -> list[Record]:
        """Records kept on no ground any more since their owner withdrew a consent."""
        with self._catalog.reading() as tx:
            return keeping.due_for_erasure(tx)

    def reuse(
        self,
        id_or_code: str,
        *,
        procedure: str,
        reason: str,
        actor: Actor,
        out: Path | None,
        terms: Terms | None = None,
        owner: str = "",
    ) -> Release:
        """Hand a paper out, or without ``out`` only release it; on record before the file appears.

        Args:
            terms: what the procedure asks for, on which law, and within which limits.
            owner: number of the owner for whose matter it is; needed where a paper kept on
                consent has several: it leaves on the consent of that one.

        Raises:
            NotReusable: RecordExpired, RecordRevoked, RecordSuperseded, NotForProcedure,
                ConsentLacking, OwnerUnnamed, NotTheirs, KeepingEnded or BasisUnrecorded (11).
            TooOften: beyond the limits (11).
            ReasonMissing, ProcedureUnknown: no reason, or none in words where the procedure
                is not known (2).
            RecordNotFound, CannotWrite (3), DamagedObject (10).
        """
        asked = reuse.Asked(procedure.strip(), reason.strip(), terms or Terms(), owner)
        return reuse.reuse(self._catalog, id_or_code, asked, actor, out, today())

    def active(self, after: str = "") -> Iterator[Record]:
        """Every active record, whosever it is, expired ones too, by id; read as it goes.

        Args:
            after: the id of the last one seen, to go on from there.
        """
        return renewals.active(self._catalog, after)

    def renew(self, record: Record, pdf: Path, actor: Actor) -> Record:
        """Put a paper with renewed signatures in the place of a record's; all else stays.

        The same bytes again, or a record somebody else has renewed since it was read: nothing.

        Args:
            pdf: begins with the record's paper, byte for byte.

        Raises:
            NotARenewal: it does not (11).
            NotInForce: that version was revoked or replaced meanwhile (11).
            UnreadableFile, EmptyFile (3), DamagedObject (10).
        """
        return renewals.renew(self._catalog, record, pdf, actor)

    def revoke(self, id_or_code: str, reason: str, actor: Actor) -> Record:
        """Withdraw the version in force, for good.

        Raises:
            NotInForce: there is none any more (11).
            ReasonMissing (2), RecordNotFound (3).
        """
        return statuses.revoke(self._catalog, id_or_code, reason, actor)

    def bind_owner(
        self,
        id_or_code: str,
        owner: Owner,
        actor: Actor,
        *,
        code: str = "",
        co_owners: Sequence[Owner] = (),
    ) -> Record:
        """Say whose paper it is, that was deposited with its owner unknown.

        Args:
            code: its code, now that the owner's number can stand in it (TT 01/2023 Điều 10).

        Raises:
            OwnerKnown, RecordConflict, RecordErased (11), OwnerMissing (2), RecordNotFound (3).
        """
        more = tuple(co_owners)
        return statuses.bind_owner(
            self._catalog, id_or_code, owner, actor, code=code, co_owners=more
        )

    def erase(self, id_or_code: str, reason: str, actor: Actor) -> list[Record]:
        """Destroy a record's key, and with it all its versions; what stays says only that it was.

        Raises:
            RecordErased: it was before (11).
            ReasonMissing (2), RecordNotFound (3).
        """
        return statuses.erase(self._catalog, id_or_code, reason, actor)

    def history(self, id_or_code: str) -> list[Event]:
        """All that happened to a record, refusals included, oldest first.

        Raises:
            RecordNotFound (3), AuditAltered (10).
        """
        with self._catalog.reading() as tx:
            name = records.get(tx, id_or_code, self._catalog.hidden).id
            # What each further owner is told is no second event.
            return [one for one in audit.events_of(tx, name) if one.action != audit.SHARED]

    def check(self, limit: int | None = None, not_since: datetime | None = None) -> CheckReport:
        """Read every object, compare every record with object and audit, verify the audit.

        Args:
            limit: look at this many records only; the next check goes on from there.
            not_since: do nothing if a whole check ended after this moment.
        """
        return fixity.check(self._catalog, limit, not_since)

    def repair(self, replica: str, endpoint: str = "") -> RepairReport:
        """Mend what a check finds damaged or missing from a copy of the store.

        Only what the catalogue's digests vouch for is taken over, and nothing of what was erased.

        Args:
            replica: URL or folder of the copy; ``endpoint`` of its S3 server.
        """
        from warehouse.repair import repair

        return repair(self._catalog, replica, endpoint)

    def rotate_key(self, actor: Actor) -> int:
        """Replace the office's key and wrap all records' keys anew; how many there were.

        Cut short, it goes on where it was. Afterwards older copies of the wrapped keys,
        those of erased records among them, open nothing.
        """
        return upkeep.rotate_key(self._catalog, actor)

    def recover(self) -> int:
        """Undo what dead processes left half done, destroy keys that a restore brought back."""
        return upkeep.recover(self._catalog)
