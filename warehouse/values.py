"""The values that travel in and out of the warehouse."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from foundation.messages import N_, _

if TYPE_CHECKING:
    from ulid import ULIDGenerator

OwnerKind = Literal["person", "organisation"]
Status = Literal["active", "superseded", "revoked", "expired", "erased"]

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_id() -> str:
    """A new ULID: 26 characters of Crockford's base 32 that sort by time and say nothing else."""
    return str(_generator().generate())


@cache
def _generator() -> "ULIDGenerator":
    from ulid import PureRandomPolicy, ULIDGenerator

    # Random within a millisecond, not counting up: a forked worker would count alike.
    return ULIDGenerator(policy=PureRandomPolicy())


def is_id(text: str) -> bool:
    """Whether ``text`` is a record id rather than an official code."""
    return _ULID.fullmatch(text) is not None


def clean_identifier(identifier: str) -> str:
    """An identification number as it is stored and compared: NFC and without white space."""
    return "".join(unicodedata.normalize("NFC", identifier).split())


@dataclass(frozen=True)
class Owner:
    """The person or organisation a paper belongs to. The number stays out of ``repr()``."""

    identifier: str = field(repr=False)
    name: str = ""
    kind: OwnerKind = "person"


@dataclass(frozen=True)
class Judgement:
    """What was found out about a paper before its deposit, by those who know how to.

    Attributes:
        signature: of all its signatures together.
        signature_required: whether this kind of paper must be signed.
        secret: whether it bears a mark of state secrecy.
        reason: why a signature does not hold, for people.
    """

    signature: Literal["unjudged", "none", "sound", "broken"] = "unjudged"
    signature_required: bool = False
    secret: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Actor:
    """Who did it, in which role, at which office."""

    name: str
    role: str
    office: str


@dataclass(frozen=True)
class Record:
    """One version of a paper in the warehouse.

    Attributes:
        id: ULID of the record, the same for all its versions. Opaque: it stands in file
            names, logs and commands.
        code: official code of this version (TT 01/2023 Điều 10). It holds the owner's
            identifier, so it never stands in file names or logs.
        status: as of the day asked for (see :meth:`on`): ``expired`` is an active version
            past ``valid_until``.
        sha256: of the PDF's bytes (FIPS 180-4), lower-case hexadecimal; changes, as ``size``
            does, when its signatures are renewed.
        size: of the PDF, in bytes.
        deposited_at: UTC.
        valid_until: last day of validity, itself included; None for no expiry.
        status_at: UTC; when the version got its stored status.
        status_reason: why it was revoked or erased, as the actor put it.
        masters: names of the master images kept with it.
        co_owners: further owners, such as the other spouse. ``owner`` without a number:
            not yet known, or erased.
        origin: of an imported paper, where it comes from and who vouches for that, see
            :mod:`dossier.importing`; empty for one digitised or deposited here.
    """

    id: str
    code: str = field(repr=False)
    version: int
    owner: Owner
    paper_type: str
    type_code: str
    title: str
    status: Status
    number: str = field(repr=False)
    sha256: str
    size: int
    deposited_at: datetime
    deposited_by: str
    office: str
    valid_until: date | None
    fields: dict[str, str] = field(hash=False, repr=False)
    procedure: str
    dossier_code: str
    status_at: datetime
    status_reason: str = ""
    masters: tuple[str, ...] = ()
    co_owners: tuple[Owner, ...] = ()
    origin: dict[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """All whose paper it is; none while nobody is known."""
        return tuple(one for one in (self.owner, *self.co_owners) if one.identifier)

    def on(self, day: date) -> "Record":
        """The record as it stands on ``day``: active, or expired if that is past its validity."""
        if self.status not in ("active", "expired"):
            return self
        past = self.valid_until is not None and self.valid_until < day
        return replace(self, status="expired" if past else "active")


@dataclass(frozen=True)
class Release:
    """One handing out of a record, as it stands in the audit.

    Attributes:
        at: UTC.
        basis: the law or the consent on which it left.
        receipt: signed (:mod:`warehouse.receipts`).
        record: what was handed out; its fields fill in forms.
    """

    id: str
    record_id: str
    reason: str
    procedure: str
    requested_by: Actor
    at: datetime
    sha256: str
    basis: str
    receipt: str = field(repr=False)
    record: Record = field(repr=False)


@dataclass(frozen=True)
class Event:
    """One entry of the audit. ``owner`` is a pseudonym; ``at`` is UTC.

    ``action`` is one of deposit, deposit-again, renew, supersede, revoke, bind, erase, release,
    refusal, rotate-key, rebuild, consent, withdrawal, kept-by-law, kept-for-other, keeping-ended,
    look-up, account, dossier, lot-closed, lot-accepted, lot-rejected, lot-rework, lot-resumed,
    masters-dropped, document-withdrawn, co-owner (what was ``did`` for another owner of a paper of
    several).
    It is the ``owner_number``-th entry about its owner; 0 in entries about nobody.
    """

    id: str
    seq: int
    at: datetime
    action: str
    record_id: str
    version: int
    owner: str
    actor: Actor
    details: dict[str, Any] = field(hash=False)
    owner_number: int = 0


@dataclass(frozen=True)
class Fault:
    """One thing found wrong: ``cause`` for scripts, ``where`` it is; ``str()`` tells people."""

    cause: str
    where: str
    _TEXTS: ClassVar[dict[str, str]] = {
        "object-missing": N_("Record {where}: its stored paper is missing."),
        "object-damaged": N_("Record {where}: its stored paper is damaged or altered."),
        "object-unknown": N_("File {where} belongs to no record."),
        "key-damaged": N_("Record {where}: its key is missing or damaged."),
        "record-differs": N_("Record {where}: the catalogue does not say what its object says."),
        "journal-damaged": N_("Entry {where} of the journal is missing or damaged."),
        "record-unaudited": N_("Record {where}: its state does not agree with the audit."),
        "audit-altered": N_("Audit entry {where} was altered."),
        "audit-missing": N_("Audit entries are missing before {where}."),
        "audit-cut": N_("The audit ends at entry {where}; later entries were removed."),
        "audit-unsigned": N_("Audit entries from {where} on are covered by no signature."),
        "audit-unlisted": N_("Audit entry {where} is not listed under its owner."),
        "checkpoint-missing": N_("Checkpoints of the audit are missing before number {where}."),
        "checkpoint-altered": N_("Checkpoint {where} of the audit was altered."),
        "checkpoint-foreign": N_("Checkpoint {where} was signed with a key not known here."),
        "checkpoint-differs": N_("The audit is not what was signed in checkpoint {where}."),
        "checkpoint-unstamped": N_("The timestamp of checkpoint {where} does not hold."),
        "receipt-altered": N_("Receipt {where} was altered or signed with a key not known here."),
        "receipt-untold": N_("The audit does not hold the entry that receipt {where} names."),
    }

    def __str__(self) -> str:
        return _(self._TEXTS[self.cause]).format(where=self.where)


@dataclass(frozen=True)
class AuditReport:
    """What a walk along the audit's chain found.

    Attributes:
        head: the last entry's SHA-256.
        checkpoints: signed statements that cover the entries.
        stamped: entries up to this one are older than ``stamped_at`` says, by a timestamp.
    """

    entries: int
    head: str
    faults: tuple[Fault, ...] = ()
    checkpoints: int = 0
    stamped: int = 0
    stamped_at: str = ""

    @property
    def ok(self) -> bool:
        """Whether the chain is whole."""
        return not self.faults


@dataclass(frozen=True)
class CheckReport:
    """What a check of objects, records, journal and audit found.

    ``whole``: whether it came to the end; a limited one goes on from there the next time.
    """

    records: int
    bytes: int
    audit: AuditReport
    faults: tuple[Fault, ...] = ()
    whole: bool = True

    @property
    def ok(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.faults and self.audit.ok


@dataclass(frozen=True)
class RepairReport:
    """What was mended from a copy: paths in the store; and what is still wrong."""

    mended: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class RebuildReport:
    """What a rebuild put back: versions of records, entries of the audit."""

    records: int
    entries: int
    erased: int
    faults: tuple[Fault, ...] = ()
