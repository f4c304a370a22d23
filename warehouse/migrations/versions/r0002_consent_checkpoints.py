"""Consents, legal bases, releases; the audit's owners and checkpoints."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables, and number the entries that are there by their owners."""
    op.create_table(
        "consents",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("owner_identifier", sa.Text, nullable=False),
        sa.Column("papers", sa.JSON, nullable=False),
        sa.Column("purposes", sa.JSON, nullable=False),
        sa.Column("procedures", sa.JSON, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("once", sa.Integer, nullable=False),
        sa.Column("given_at", sa.DateTime, nullable=False),
        sa.Column("spent_at", sa.DateTime),
        sa.Column("withdrawn_at", sa.DateTime),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("withdrawal", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_owner_identifier", "consents", ["owner_identifier"])
    op.create_table(
        "bases",
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("consent_id", sa.String(26), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.PrimaryKeyConstraint("record_id", "version", name="pk_bases"),
    )
    op.create_index("ix_bases_consent_id", "bases", ["consent_id"])
    op.create_table(
        "releases",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("record_id", sa.String(26), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
    )
    op.create_index("ix_releases_record", "releases", ["record_id", "at"])
    op.create_index("ix_releases_actor", "releases", ["office", "actor", "at"])
    owners = op.create_table(
        "audit_owners",
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "number", name="pk_audit_owners"),
        sa.UniqueConstraint("seq", name="uq_audit_owners_seq"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("peaks", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("timestamp", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_checkpoints"),
        sa.UniqueConstraint("last", name="uq_checkpoints_last"),
    )
    _number_entries(owners)


def _number_entries(owners: sa.Table) -> None:
    connection = op.get_bind()
    counts: dict[str, int] = {}
    entries = connection.execute(sa.text("SELECT seq, entry FROM audit ORDER BY seq")).all()
    for seq, entry in entries:
        try:
            owner = json.loads(entry)["owner"]
        except (ValueError, LookupError, TypeError):
            continue  # garbled before today; “audit verify” names it
        if owner:
            counts[owner] = counts.get(owner, 0) + 1
            row = {"owner": owner, "number": counts[owner], "seq": seq}
            connection.execute(owners.insert().values(row))
