"""The one way rows of consent, bases, releases and checkpoints are written: whole, by their key."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, update


def put(tx: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Write a whole row; one with the same primary key is replaced."""
    key = {column.name: row[column.name] for column in table.primary_key}
    if tx.execute(update(table).filter_by(**key).values(**row)).rowcount == 0:
        tx.execute(table.insert().values(**row))
