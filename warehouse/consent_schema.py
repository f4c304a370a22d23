"""Tables of consent, legal bases, releases and the audit's checkpoints.

In the same metadata as :mod:`warehouse.schema`; types any SQL database has.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from warehouse.schema import UtcDateTime, metadata

#: What owners agreed to, and the signed receipts of it and of its withdrawal.
consents = Table(
    "consents",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("owner_identifier", Text, nullable=False, index=True),
    Column("papers", JSON, nullable=False),
    Column("purposes", JSON, nullable=False),
    Column("procedures", JSON, nullable=False),
    Column("until", Date),
    Column("once", Integer, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("spent_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    Column("receipt", Text, nullable=False),
    Column("withdrawal", Text, nullable=False),
)

#: On what ground each version of a record is kept. ``ended_at``: it is no longer, and is due
#: to be erased.
bases = Table(
    "bases",
    metadata,
    Column("record_id", String(26), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("consent_id", String(26), nullable=False, index=True),
    Column("since", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)

#: Every handing out with its signed receipt; also what the limits count.
releases = Table(
    "releases",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("record_id", String(26), nullable=False),
    Column("version", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("receipt", Text, nullable=False),
)
Index("ix_releases_record", releases.c.record_id, releases.c.at)
Index("ix_releases_actor", releases.c.office, releases.c.actor, releases.c.at)

#: Which entries of the audit are about which owner: the ``number``-th about them.
audit_owners = Table(
    "audit_owners",
    metadata,
    Column("owner", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
)

#: Signed statements of what the audit holds; see :mod:`warehouse.checkpoints`.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False, unique=True),
    Column("statement", Text, nullable=False),
    Column("peaks", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("timestamp", Text, nullable=False),
)
