"""Records, codes and the audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables. Types are spelt out: a revision never changes with the code."""
    op.create_table(
        "records",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("object_id", sa.String(26), nullable=False),
        sa.Column("owner_identifier", sa.Text, nullable=False),
        sa.Column("owner_name", sa.Text, nullable=False),
        sa.Column("owner_kind", sa.String(16), nullable=False),
        sa.Column("paper_type", sa.Text, nullable=False),
        sa.Column("type_code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("status_at", sa.DateTime, nullable=False),
        sa.Column("status_reason", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("deposited_at", sa.DateTime, nullable=False),
        sa.Column("deposited_by", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("dossier_code", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_records"),
        sa.UniqueConstraint("code", name="uq_records_code"),
        sa.UniqueConstraint("object_id", name="uq_records_object_id"),
        sa.UniqueConstraint(
            "owner_identifier",
            "paper_type",
            "sha256",
            name="uq_records_owner_identifier_paper_type_sha256",
        ),
        sa.CheckConstraint(
            "status IN ('active', 'superseded', 'revoked')", name=op.f("ck_records_status")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_records_version")),
    )
    _unique_where("one_active_version", ["id"], "status = 'active'")
    _unique_where(
        "one_active_number",
        ["owner_identifier", "paper_type", "number"],
        "status = 'active' AND number <> ''",
    )
    op.create_table(
        "serials",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_serials"),
    )
    op.create_table(
        "codes",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reserved_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_codes"),
    )
    _create_audit()


def _unique_where(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(
        name, "records", columns, unique=True, sqlite_where=where, postgresql_where=where
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_record_id", "audit", ["record_id"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        )
