"""Where imported papers come from; the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, an index to find a dossier by, and the outbox, which begins empty."""
    nothing = sa.Column("origin", sa.JSON, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("records", nothing)
    where = sa.text("dossier_code <> ''")
    op.create_index(
        "ix_records_dossier_code",
        "records",
        ["dossier_code"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(26), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
    )
    op.create_table(
        "subscribers",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("reached", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_subscribers"),
    )
    op.create_table(
        "deliveries",
        sa.Column("subscriber", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("subject", sa.String(26), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("holder", sa.String(26), nullable=False),
        sa.Column("held_until", sa.DateTime),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subscriber", "seq", name="pk_deliveries"),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'dead')", name=op.f("ck_deliveries_state")
        ),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["subscriber", "state", "due_at"])
    op.create_index("ix_deliveries_subject", "deliveries", ["subscriber", "subject", "seq"])
