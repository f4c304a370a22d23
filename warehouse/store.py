"""The warehouse as its callers see it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from warehouse import (
    audit,
    checkpoints,
    codes,
    deposits,
    fixity,
    keeping,
    objects,
    plan,
    receipts,
    records,
    reuse,
)
from warehouse.account import Account
from warehouse.catalog import Catalog, open_catalog, reachable
from warehouse.consent import ConsentBook
from warehouse.errors import RecordNotFound
from warehouse.grounds import Basis, Planned, Terms, Wanted
from warehouse.values import (
    Actor,
    AuditReport,
    CheckReport,
    Event,
    Owner,
    Record,
    Release,
    Status,
    clean_identifier,
    today,
)


@contextmanager
def open_warehouse(folder: Path, signer: receipts.Signer | None = None) -> Iterator["Warehouse"]:
    """Open the warehouse in ``folder``; the first time, make it there, private to this user.

    Leftovers of deposits that a crash cut short are cleared.

    Args:
        signer: signs receipts and the audit's checkpoints; else the warehouse's own key, which
            is made at first use.

    Raises:
        WarehouseUnreachable: or the subclass that names the cause (exit code 10).
    """
    catalog = open_catalog(folder.absolute())
    try:
        catalog = _with_signer(catalog, signer)
        warehouse = Warehouse(catalog)
        warehouse.recover()
        yield warehouse
    finally:
        catalog.close()


def _with_signer(catalog: Catalog, signer: receipts.Signer | None) -> Catalog:
    """The catalogue with its signer, whose public key is kept with those of earlier ones."""
    with reachable(catalog.folder):
        signer = signer or receipts.store_signer(catalog.folder)
        signed_before = (catalog.folder / receipts.KNOWN).exists()
        receipts.remember(catalog.folder, signer)
    catalog = replace(catalog, signer=signer)
    if not signed_before:  # what an earlier sohoa left unsigned is signed once
        with catalog.writing() as tx:
            checkpoints.begin(tx)
    return catalog


@dataclass(frozen=True)
class Warehouse:
    """An open warehouse. Threads and processes may share a folder; each opens its own.

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

    def new_code(
        self, template: str, owner_identifier: str, type_code: str, office: str, date: date
    ) -> str:
        """Reserve the next official code of a record, before its paper is sealed.

        Args:
            template: the office profile's ``record_code`` (TT 01/2023 Điều 10), a format
                string over owner, type, office, date and serial.
            owner_identifier: may be empty: "left blank and filled in later".

        Raises:
            CodeTemplateFaulty: the template cannot give every paper its own code.
        """
        owner = clean_identifier(owner_identifier)
        with self._catalog.writing() as tx:
            return codes.reserve(
                tx, template, owner=owner, type=type_code, office=office, date=date
            )

    def new_dossier_code(self, template: str, office: str, date: date) -> str:
        """Reserve the next code of a dossier. As :meth:`new_code`."""
        with self._catalog.writing() as tx:
            return codes.reserve(tx, template, office=office, date=date)

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
    ) -> Record:
        """Take a PDF in, byte for byte; it is on the disk when this returns.

        The same content again, for the same owner and paper type, gives the same record.

        Args:
            paper_type: name of the paper's profile.
            number: the paper's own number, if it has one. An owner has one paper in force
                of a type and number.
            supersede: let this paper replace the one in force under the same number, as
                that record's next version.
            basis: the law or the consent on which it is kept; without one, whichever consent
                of the owner covers it.

        Raises:
            NoBasis: nobody agreed, and no law was named (11).
            UnreadableFile, EmptyFile, NotAPdf, ProtectedPdf: not a paper (exit code 3).
            OwnerMissing: no owner's number (2).
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
            return found if status == "any" else keeping.kept_only(tx, found)

    def get(self, id_or_code: str) -> Record:
        """The version a code stands for, or by id the version in force, else the latest.

        Raises:
            RecordNotFound: there is none (3).
        """
        with self._catalog.reading() as tx:
            return records.get(tx, id_or_code).on(today())

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
        return b"".join(objects.verified_chunks(self.folder, record))

    def copy_out(self, record: Record, target: Path) -> None:
        """As :meth:`read`, into a file that appears whole or not at all, readable by its owner.

        Raises:
            DamagedObject: as :meth:`read`; nothing is written.
            CannotWrite: ``target`` cannot be written (3).
        """
        reuse.copy_out(self.folder, record, target)

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
        out: Path,
        terms: Terms | None = None,
    ) -> Release:
        """Hand a paper out for a procedure; the release is on record before the file appears.

        Args:
            terms: what the procedure asks for, on which law, and within which limits.

        Raises:
            NotReusable: RecordExpired, RecordRevoked, RecordSuperseded, NotForProcedure,
                ConsentLacking, KeepingEnded or BasisUnrecorded (11).
            TooOften: beyond the limits (11).
            ReasonMissing, ProcedureUnknown: no reason, or none in words where the procedure
                is not known (2).
            RecordNotFound, CannotWrite (3), DamagedObject (10).
        """
        return reuse.reuse(
            self._catalog,
            id_or_code,
            procedure=procedure,
            reason=reason,
            actor=actor,
            out=out,
            day=today(),
            terms=terms or Terms(),
        )

    def revoke(self, id_or_code: str, reason: str, actor: Actor) -> Record:
        """Withdraw the version in force, for good.

        Raises:
            NotInForce: there is none any more (11).
            ReasonMissing (2), RecordNotFound (3).
        """
        return deposits.revoke(self._catalog, id_or_code, reason, actor)

    def history(self, id_or_code: str) -> list[Event]:
        """All that happened to a record, refusals included, oldest first.

        Raises:
            RecordNotFound (3), AuditAltered (10).
        """
        with self._catalog.reading() as tx:
            return audit.events_of(tx, records.get(tx, id_or_code).id)

    def audit_verify(self) -> AuditReport:
        """Whether the audit's chain is whole."""
        return self.account.verify()

    def check(self) -> CheckReport:
        """Read every stored paper, compare every record with the audit, verify the audit."""
        return fixity.check(self._catalog)

    def recover(self) -> int:
        """Clear what crashed deposits left behind; how many. Nothing while a deposit runs."""

        def is_known(object_id: str) -> bool:
            with self._catalog.reading() as tx:
                return bool(records.known_objects(tx, [object_id]))

        return objects.recover(self.folder, is_known)
