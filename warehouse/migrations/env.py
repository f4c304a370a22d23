"""Runs the revisions on the connection and in the transaction that ``warehouse.catalog`` gives."""

from alembic import context

from warehouse.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite's DDL is transactional once BEGIN was said explicitly: an upgrade is whole or not.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
