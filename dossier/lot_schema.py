"""The ledger's tables about lots. A change here needs a revision in ``dossier/migrations``."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from dossier.ledger_schema import metadata
from warehouse.schema import UtcDateTime

#: A lot as it was presented once; presented again after rework it is another row.
lots = Table(
    "lots",
    metadata,
    Column("id", String(26), primary_key=True),
    #: What the plan calls it.
    Column("name", Text, nullable=False),
    #: Whose work it is, for the switching rules: the folded names of who scanned it.
    Column("maker", Text, nullable=False),
    Column("makers", JSON, nullable=False),
    Column("stations", JSON, nullable=False),
    #: Of its documents and their SHA-256, see ``sampling.lot_digest``.
    Column("digest", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("level", String(4), nullable=False),
    Column("aql", String(8), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("letter", String(1), nullable=False),
    Column("sample_size", Integer, nullable=False),
    Column("accept", Integer, nullable=False),
    #: 1: it was presented before and sent back; it does not count for the switching rules.
    Column("again", Integer, nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("closed_by", Text, nullable=False),
    Column("state", String(10), nullable=False),
    CheckConstraint("state IN ('drawn', 'accepted', 'rejected', 'rework')", name="state"),
    Index("ix_lots_name", "name"),
)

#: The documents of a lot as they were when it was closed; ``drawn`` those of the sample.
lot_documents = Table(
    "lot_documents",
    metadata,
    Column("lot_id", String(26), primary_key=True),
    Column("document_id", String(26), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("drawn", Integer, nullable=False),
    Index("ix_lot_documents_document_id", "document_id"),
)

#: Append-only: what a second person found of a drawn document. Not what they typed.
lot_checks = Table(
    "lot_checks",
    metadata,
    Column("lot_id", String(26), primary_key=True),
    Column("document_id", String(26), primary_key=True),
    Column("checker", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    #: Fields that were typed otherwise.
    Column("differs", JSON, nullable=False),
    #: What else was wrong: missing-page, unreadable, wrong-paper, wrong-owner.
    Column("faults", JSON, nullable=False),
)

#: Append-only: who decided what and why; ``audit_id`` of the entry in the store's audit.
lot_decisions = Table(
    "lot_decisions",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("lot_id", String(26), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("nonconforming", Integer, nullable=False),
    Column("audit_id", String(26), nullable=False),
)

#: How strictly each maker's next lot is inspected (ISO 2859-1 9.3).
standings = Table(
    "standings",
    metadata,
    Column("maker", Text, primary_key=True),
    Column("severity", String(10), nullable=False),
    Column("recent", JSON, nullable=False),
    Column("score", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
)

#: Scans that were dropped: announced, with a signed list, before the first file goes.
drops = Table(
    "drops",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("announced_at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("audit_id", String(26), nullable=False),
    Column("done_at", UtcDateTime),
)
dropped_documents = Table(
    "dropped_documents",
    metadata,
    Column("document_id", String(26), primary_key=True),
    Column("drop_id", String(26), nullable=False),
)
