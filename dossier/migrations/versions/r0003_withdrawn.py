"""Documents that a supervisor took out for good."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Let a document be withdrawn."""
    with op.batch_alter_table("documents") as table:
        table.drop_constraint("ck_documents_state", type_="check")
        table.create_check_constraint(
            "ck_documents_state",
            "state IN ('planned', 'scanned', 'recognised', 'checked', 'sealed', 'signed', "
            "'deposited', 'set-aside', 'withdrawn')",
        )
