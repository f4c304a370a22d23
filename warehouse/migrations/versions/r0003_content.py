"""Papers are found by their bytes: the verification page is handed files of unknown owners."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the index."""
    where = sa.text("status <> 'erased'")
    op.create_index(
        "ix_records_sha256", "records", ["sha256"], sqlite_where=where, postgresql_where=where
    )
