"""The one way rows of consent, bases, releases and checkpoints are written: whole, by their key."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table

from warehouse.engine import put_row
from warehouse.journal import note


def put(tx: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Write a whole row, and tell the journal; one with the same primary key is replaced."""
    put_row(tx, table, dict(row))
    note(tx, table.name, **row)
