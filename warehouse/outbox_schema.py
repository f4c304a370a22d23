"""Tables of the outbox: events, who is to hear of them, and how far each telling has come."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text

from warehouse.schema import UtcDateTime, metadata

#: What happened, by the sequence number of the audit entry that tells of it. Made in the same
#: transaction, and made anew from the audit by a rebuild.
outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(26), nullable=False, unique=True),
    Column("type", String(32), nullable=False),
    #: Whose order is kept: the record, or the consent.
    Column("subject", String(26), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

#: Events up to ``reached`` have a delivery; those up to ``settled`` were all delivered.
subscribers = Table(
    "subscribers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("reached", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
)

#: One event for one subscriber. ``holder`` has it in hand until ``held_until``.
deliveries = Table(
    "deliveries",
    metadata,
    Column("subscriber", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(26), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("holder", String(26), nullable=False),
    Column("held_until", UtcDateTime),
    Column("problem", Text, nullable=False),
    CheckConstraint("state IN ('pending', 'delivered', 'dead')", name="state"),
    Index("ix_deliveries_due", "subscriber", "state", "due_at"),
    Index("ix_deliveries_subject", "subscriber", "subject", "seq"),
)
