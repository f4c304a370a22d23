"""What was done under a request's key; which record an earlier code leads to."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns, empty."""
    op.add_column("requests", sa.Column("done", sa.BigInteger))
    op.add_column("codes", sa.Column("record_id", sa.String(26)))
    op.add_column("codes", sa.Column("version", sa.Integer))
