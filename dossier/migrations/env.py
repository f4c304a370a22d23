"""Runs the revisions on the connection and in the transaction ``dossier.ledger_place`` gives."""

from alembic import context

from dossier.ledger_schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite's DDL is transactional once BEGIN was said explicitly: an upgrade is whole or not.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
