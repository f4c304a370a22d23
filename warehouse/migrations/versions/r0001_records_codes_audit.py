"""Records, codes and the audit chain."""

from typing import Any

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
        sa.Column("masters", sa.JSON, nullable=False),
        sa.Column("co_owners", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_records"),
        sa.UniqueConstraint("code", name="uq_records_code"),
        sa.CheckConstraint(
            "status IN ('active', 'superseded', 'revoked', 'erased')",
            name=op.f("ck_records_status"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_records_version")),
    )
    _unique_where("one_active_version", ["id"], "status = 'active'")
    _unique_where(
        "one_active_number",
        ["owner_identifier", "paper_type", "number"],
        "status = 'active' AND number <> ''",
    )
    _unique_where("one_content", ["owner_identifier", "paper_type", "sha256"], "status <> 'erased'")
    op.create_table(
        "holders",
        sa.Column("owner_identifier", sa.Text, nullable=False),
        sa.Column("paper_type", sa.Text, nullable=False),
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "owner_identifier", "paper_type", "record_id", "version", name="pk_holders"
        ),
    )
    op.create_index("ix_holders_record_id", "holders", ["record_id", "version"])
    _create_objects()
    op.create_table(
        "serials",
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_serials"),
    )
    op.create_table(
        "codes",
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("reserved_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_codes"),
    )
    _create_single(
        "check_state",
        {"last_record": ""},
        sa.Column("last_record", sa.String(26), nullable=False),
        sa.Column("begun_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
    )
    _create_single(
        "journal_head", {"number": 0}, sa.Column("number", sa.BigInteger, nullable=False)
    )
    _create_audit()


def _unique_where(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(
        name, "records", columns, unique=True, sqlite_where=where, postgresql_where=where
    )


def _create_objects() -> None:
    op.create_table(
        "inventories",
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("sha512", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "number", name="pk_inventories"),
    )
    op.create_table(
        "pending",
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("head", sa.Integer, nullable=False),
        sa.Column("home", sa.String(16), nullable=False),
        sa.Column("holder", sa.String(26), nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_pending"),
    )


def _create_single(name: str, row: dict[str, Any], *columns: sa.Column[Any]) -> None:
    """A table of one row."""
    table = op.create_table(
        name,
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.CheckConstraint("id = 1", name=op.f(f"ck_{name}_single")),
    )
    op.bulk_insert(table, [{"id": 1} | row])


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
    _create_single(
        "audit_head",
        {"seq": 0, "hash": "0" * 64},
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    _refuse_changes()


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = '23000'; END $$"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
        )
