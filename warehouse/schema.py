"""The catalogue's tables. A change here needs a revision in ``migrations/versions``."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

#: The Alembic revision this code works with.
REVISION = "0006"
#: ``PRAGMA application_id`` of a catalogue: "SOHO".
APPLICATION_ID = 0x534F484F


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, stored without its zone and given back with it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Turn an aware moment into naive UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Give stored naive UTC its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


#: What indexes and constraints are called, so that later revisions can name them.
NAMES = {
    "ix": "ix_%(column_0_label)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = MetaData(naming_convention=NAMES)


def _only_row() -> "Column[int]":
    """The key of a table that has one row."""
    single = CheckConstraint("id = 1", name="single")
    return Column("id", Integer, single, primary_key=True, autoincrement=False)


records = Table(
    "records",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("owner_identifier", Text, nullable=False),
    Column("owner_name", Text, nullable=False),
    Column("owner_kind", String(16), nullable=False),
    Column("paper_type", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_at", UtcDateTime, nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("deposited_at", UtcDateTime, nullable=False),
    Column("deposited_by", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("valid_until", Date),
    Column("fields", JSON, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("dossier_code", Text, nullable=False),
    #: Names of the master images kept with the paper.
    Column("masters", JSON, nullable=False),
    #: Further owners (spouses, a child's other parent): [{identifier, name, kind}].
    Column("co_owners", JSON, nullable=False),
    #: Of an imported paper, where it comes from; empty for one that was made here.
    Column("origin", JSON, nullable=False, server_default=text("'{}'")),
    CheckConstraint("status IN ('active', 'superseded', 'revoked', 'erased')", name="status"),
    CheckConstraint("version >= 1", name="version"),
)
_OF_DOSSIER = text("dossier_code <> ''")
Index(
    "ix_records_dossier_code",
    records.c.dossier_code,
    sqlite_where=_OF_DOSSIER,
    postgresql_where=_OF_DOSSIER,
)
_ACTIVE = text("status = 'active'")
_NUMBERED = text("status = 'active' AND number <> ''")
_KEPT = text("status <> 'erased'")
# One paper is one record however often it is sent.
Index(
    "one_content",
    records.c.owner_identifier,
    records.c.paper_type,
    records.c.sha256,
    unique=True,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
# A verifier is handed a file and knows no owner.
Index(
    "ix_records_sha256",
    records.c.sha256,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
Index(
    "one_active_version",
    records.c.id,
    unique=True,
    sqlite_where=_ACTIVE,
    postgresql_where=_ACTIVE,
)
Index(
    "one_active_number",
    records.c.owner_identifier,
    records.c.paper_type,
    records.c.number,
    unique=True,
    sqlite_where=_NUMBERED,
    postgresql_where=_NUMBERED,
)

#: Whose papers they are: every owner of every version, the first one included. Serves find().
holders = Table(
    "holders",
    metadata,
    Column("owner_identifier", Text, primary_key=True),
    Column("paper_type", Text, primary_key=True),
    Column("record_id", String(26), primary_key=True),
    Column("version", Integer, primary_key=True),
    Index("ix_holders_record_id", "record_id", "version"),
)

#: The digest of each inventory of each object, held outside the objects.
inventories = Table(
    "inventories",
    metadata,
    Column("record_id", String(26), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sha512", String(128), nullable=False),
)

#: Objects somebody is writing to: from before the first byte until the commit.
pending = Table(
    "pending",
    metadata,
    Column("record_id", String(26), primary_key=True),
    #: The number of versions that are committed: what lies beyond is undone after a crash.
    Column("head", Integer, nullable=False),
    Column("home", String(16), nullable=False),
    Column("holder", String(26), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
)

#: The last serial given out in each scope (a code template filled in but for its serial).
#: Codes hold owners' numbers, so scopes and codes stand here as keyed hashes.
serials = Table(
    "serials",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("last", BigInteger, nullable=False),
)

#: Every code ever given out, so that none is given twice, whatever the templates. One a version
#: had before its owner was bound names it: it stands on the paper.
codes = Table(
    "codes",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("record_id", String(26)),
    Column("version", Integer),
)

#: One row: how many transactions the journal beside the objects tells of.
journal_head = Table(
    "journal_head",
    metadata,
    _only_row(),
    Column("number", BigInteger, nullable=False),
)

#: One row: how far the check of all records has come.
check_state = Table(
    "check_state",
    metadata,
    _only_row(),
    Column("last_record", String(26), nullable=False),
    Column("begun_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
)

#: Append-only (triggers refuse UPDATE and DELETE); see ``warehouse.audit``.
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("record_id", String(26), nullable=False, index=True),
    Column("entry", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

#: One row: where the chain ends. It shows when the last entries were cut off.
audit_head = Table(
    "audit_head",
    metadata,
    _only_row(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

#: Requests over HTTP and their answers, for a day; see :mod:`warehouse.once`. Key and
#: fingerprint are keyed hashes, the answer is encrypted.
requests = Table(
    "requests",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    #: 0 while it is being carried out.
    Column("status", Integer, nullable=False),
    #: The audit's entry of what was done, written with it.
    Column("done", BigInteger),
    Column("answer", LargeBinary),
    Column("record_id", String(26), nullable=False, index=True),
    Column("holder", String(26), nullable=False),
    Column("home", String(16), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False, index=True),
)
