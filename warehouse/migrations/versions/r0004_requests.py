"""Requests over HTTP that are carried out once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "requests",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("holder", sa.String(26), nullable=False),
        sa.Column("home", sa.String(16), nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_requests"),
    )
    op.create_index("ix_requests_record_id", "requests", ["record_id"])
    op.create_index("ix_requests_begun_at", "requests", ["begun_at"])
