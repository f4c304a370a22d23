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
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

#: The Alembic revision this code works with.
REVISION = "0002"
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


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

records = Table(
    "records",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("object_id", String(26), nullable=False, unique=True),
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
    CheckConstraint("status IN ('active', 'superseded', 'revoked')", name="status"),
    CheckConstraint("version >= 1", name="version"),
    # One paper is one record however often it is sent; its first columns also serve find().
    UniqueConstraint("owner_identifier", "paper_type", "sha256"),
)
_ACTIVE = text("status = 'active'")
_NUMBERED = text("status = 'active' AND number <> ''")
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

#: The last serial given out in each scope (a code template filled in but for its serial).
serials = Table(
    "serials",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

#: Every code ever given out, so that none is given twice, whatever the templates.
codes = Table(
    "codes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("reserved_at", UtcDateTime, nullable=False),
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
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
