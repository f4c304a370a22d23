"""Lots, their samples, checks and decisions; scans that were dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
_APPEND_ONLY = ("lot_documents", "lot_checks", "lot_decisions", "dropped_documents")


def upgrade() -> None:
    """Create the tables. Types are spelt out: a revision never changes with the code."""
    op.create_table(
        "lots",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("maker", sa.Text, nullable=False),
        sa.Column("makers", sa.JSON, nullable=False),
        sa.Column("stations", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("level", sa.String(4), nullable=False),
        sa.Column("aql", sa.String(8), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("letter", sa.String(1), nullable=False),
        sa.Column("sample_size", sa.Integer, nullable=False),
        sa.Column("accept", sa.Integer, nullable=False),
        sa.Column("again", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.DateTime, nullable=False),
        sa.Column("closed_by", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lots"),
        sa.CheckConstraint(
            "state IN ('drawn', 'accepted', 'rejected', 'rework')", name="ck_lots_state"
        ),
    )
    op.create_index("ix_lots_name", "lots", ["name"])
    op.create_table(
        "lot_documents",
        sa.Column("lot_id", sa.String(26), nullable=False),
        sa.Column("document_id", sa.String(26), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("drawn", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "document_id", name="pk_lot_documents"),
    )
    op.create_index("ix_lot_documents_document_id", "lot_documents", ["document_id"])
    op.create_table(
        "lot_checks",
        sa.Column("lot_id", sa.String(26), nullable=False),
        sa.Column("document_id", sa.String(26), nullable=False),
        sa.Column("checker", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("differs", sa.JSON, nullable=False),
        sa.Column("faults", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "document_id", name="pk_lot_checks"),
    )
    op.create_table(
        "lot_decisions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("lot_id", sa.String(26), nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("nonconforming", sa.Integer, nullable=False),
        sa.Column("audit_id", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_lot_decisions"),
    )
    op.create_table(
        "standings",
        sa.Column("maker", sa.Text, nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("recent", sa.JSON, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("stopped", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("maker", name="pk_standings"),
    )
    op.create_table(
        "drops",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("announced_at", sa.DateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("audit_id", sa.String(26), nullable=False),
        sa.Column("done_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_drops"),
    )
    op.create_table(
        "dropped_documents",
        sa.Column("document_id", sa.String(26), nullable=False),
        sa.Column("drop_id", sa.String(26), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_dropped_documents"),
    )
    _append_only()


def _append_only() -> None:
    """Have the database refuse to change or forget what is on record, as revision 0001 does."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                if sqlite
                else f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION ledger_append_only()"
            )
