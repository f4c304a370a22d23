"""Documents of a backlog, their transitions, and the runs that work on them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables. Types are spelt out: a revision never changes with the code."""
    op.create_table(
        "documents",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("lot", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("paper", sa.Text, nullable=False),
        sa.Column("owner_identifier", sa.Text, nullable=False),
        sa.Column("owner_name", sa.Text, nullable=False),
        sa.Column("owner_kind", sa.String(16), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("issued_on", sa.Date),
        sa.Column("register_row", sa.Text, nullable=False),
        sa.Column("dossier", sa.Text, nullable=False),
        sa.Column("pages_expected", sa.Integer),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("resume", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("holder", sa.String(26), nullable=False),
        sa.Column("rescans", sa.Integer, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("sheets_sha256", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("planned_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("source", name="uq_documents_source"),
        sa.CheckConstraint(
            "state IN ('planned', 'scanned', 'recognised', 'checked', 'sealed', 'signed', "
            "'deposited', 'set-aside')",
            name="ck_documents_state",
        ),
    )
    op.create_index("ix_documents_next", "documents", ["state", "holder", "position"])
    op.create_index("ix_documents_lot", "documents", ["lot"])
    scanned = sa.text("sheets_sha256 <> ''")
    op.create_index(
        "one_set_of_sheets",
        "documents",
        ["sheets_sha256"],
        unique=True,
        sqlite_where=scanned,
        postgresql_where=scanned,
    )
    op.create_table(
        "transitions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("document_id", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lot", sa.Text, nullable=False),
        sa.Column("from_state", sa.String(16), nullable=False),
        sa.Column("to_state", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rescans", sa.Integer, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("error_kind", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_transitions"),
        sa.UniqueConstraint("document_id", "number", name="uq_transitions_document_id_number"),
    )
    op.create_index("ix_transitions_at", "transitions", ["at"])
    op.create_table(
        "runs",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("beat", sa.Integer, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    _append_only()


def _append_only() -> None:
    """Have the database refuse to change or forget what is on record."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER transitions_no_{verb.lower()} BEFORE {verb} ON transitions "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = '23000'; END $$"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER transitions_no_{verb.lower()} BEFORE {verb} ON transitions "
            "FOR EACH ROW EXECUTE FUNCTION ledger_append_only()"
        )
