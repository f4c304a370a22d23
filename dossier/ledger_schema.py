"""The ledger's tables. A change here needs a revision in ``dossier/migrations/versions``."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from warehouse.schema import NAMES, UtcDateTime

#: The Alembic revision this code works with.
REVISION = "0003"
#: ``PRAGMA application_id`` of a ledger: "SOHB".
APPLICATION_ID = 0x534F4842
#: Alembic's own table; another name than the catalogue's, so that both may share a database.
VERSION_TABLE = "ledger_version"

metadata = MetaData(naming_convention=NAMES)

#: One row a document: where it stands now.
documents = Table(
    "documents",
    metadata,
    Column("id", String(26), primary_key=True),
    #: What is accepted or sent back as one (ISO 2859-1).
    Column("lot", Text, nullable=False),
    #: Order in which the plan names them.
    Column("position", Integer, nullable=False),
    #: The file or folder its sheets come from; one source is one document.
    Column("source", Text, nullable=False),
    Column("paper", Text, nullable=False),
    Column("owner_identifier", Text, nullable=False),
    Column("owner_name", Text, nullable=False),
    Column("owner_kind", String(16), nullable=False),
    #: The paper's own number and day, as the register has them.
    Column("number", Text, nullable=False),
    Column("issued_on", Date),
    #: Key of its row in the register, and of the dossier it belongs to.
    Column("register_row", Text, nullable=False),
    Column("dossier", Text, nullable=False),
    Column("pages_expected", Integer),
    Column("state", String(16), nullable=False),
    #: Where it goes on from when it is tried again; only of what is set aside.
    Column("resume", String(16), nullable=False),
    #: Stable word for why it is set aside, and the sentence for people.
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    #: Grows with every claim: an earlier holder's work is refused by it.
    Column("attempt", Integer, nullable=False),
    #: Entries in ``transitions``.
    Column("steps", Integer, nullable=False),
    #: Tries that failed since the last change of state.
    Column("failures", Integer, nullable=False),
    Column("not_before", UtcDateTime),
    #: The run that works on it; empty: nobody.
    Column("holder", String(26), nullable=False),
    Column("rescans", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    #: Of the sheets together, of the document as it stands now.
    Column("sheets_sha256", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("code", Text, nullable=False),
    Column("record_id", String(26), nullable=False),
    #: What was read off it, until the store has it.
    Column("fields", JSON, nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("source"),
    CheckConstraint(
        "state IN ('planned', 'scanned', 'recognised', 'checked', 'sealed', 'signed', "
        "'deposited', 'set-aside', 'withdrawn')",
        name="state",
    ),
    Index("ix_documents_next", "state", "holder", "position"),
    Index("ix_documents_lot", "lot"),
)
_SCANNED = text("sheets_sha256 <> ''")
# The same sheets are not made into two records.
Index(
    "one_set_of_sheets",
    documents.c.sheets_sha256,
    unique=True,
    sqlite_where=_SCANNED,
    postgresql_where=_SCANNED,
)

#: Append-only (triggers refuse UPDATE and DELETE): every step of every document.
transitions = Table(
    "transitions",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("document_id", String(26), nullable=False),
    #: Its how manieth step of this document: none can be entered twice.
    Column("number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lot", Text, nullable=False),
    Column("from_state", String(16), nullable=False),
    #: The same state: a try that failed.
    Column("to_state", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("operator", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("rescans", Integer, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("error_kind", Text, nullable=False),
    UniqueConstraint("document_id", "number"),
    Index("ix_transitions_at", "at"),
)

#: Runs at work and those that were.
runs = Table(
    "runs",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("station", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    #: Grows while the run lives. Others watch it by their own clocks.
    Column("beat", Integer, nullable=False),
    Column("ended_at", UtcDateTime),
)
