"""What the catalogue learned, kept beside the objects, so that it can be made anew from them.

Every writing transaction that has something to tell puts one numbered, encrypted blob into
``journal/`` before it commits. Its facts are rows of the catalogue, told with :func:`note`;
``warehouse rebuild`` puts them back. What a record is and where it stands is not among them:
that is in its object, under its own key, so that erasing it leaves nothing to read here.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from warehouse.blobs import Blobs
from warehouse.cipher import Unauthentic, decrypt_bytes, encrypt_bytes
from warehouse.errors import JournalDamaged

_FACTS = "sohoa-facts"
_FOLDER = "journal"


def note(tx: Connection, table: str, **row: Any) -> None:
    """Put a row into the journal with this transaction; where its key is there, it replaces it."""
    tx.info.setdefault(_FACTS, []).append((table, row))


def begin(tx: Connection) -> None:
    """Nothing has been told yet."""
    tx.info[_FACTS] = []


def told(tx: Connection) -> list[tuple[str, dict[str, Any]]]:
    """What was told in this transaction."""
    facts: list[tuple[str, dict[str, Any]]] = tx.info.get(_FACTS, [])
    return facts


@dataclass(frozen=True)
class Journal:
    """The journal of one warehouse, under its key."""

    blobs: Blobs
    _key: bytes = field(repr=False)

    def write(self, number: int, facts: list[tuple[str, dict[str, Any]]]) -> None:
        """Make a transaction's facts durable; those of one that never committed are replaced."""
        plain = json.dumps(facts, default=_plain, ensure_ascii=False).encode()
        self.blobs.put_all({_path(number): encrypt_bytes(self._key, _path(number), plain)})

    def read(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        """A transaction's facts. Raises JournalDamaged for one that is altered or missing."""
        try:
            sealed = self.blobs.get(_path(number))
            facts = json.loads(decrypt_bytes(self._key, _path(number), sealed))
        except (Unauthentic, FileNotFoundError) as error:
            raise JournalDamaged(number=number) from error
        return [(table, row) for table, row in facts]

    def at(self, blobs: Blobs) -> "Journal":
        """The same journal in a copy of the store."""
        return Journal(blobs, self._key)

    def length(self) -> int:
        """The number of the last transaction told of; 0 for none."""
        return max((_number(path) for path in self.blobs.paths(_FOLDER)), default=0)

    def forget(self, number: int) -> None:
        """Remove what a transaction told that never committed."""
        self.blobs.delete([_path(number)])

    def seal(self, name: str, plain: bytes) -> bytes:
        """Encrypt something else that must outlive a record's own key."""
        return encrypt_bytes(self._key, name, plain)

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """As :meth:`seal`, back. Raises Unauthentic."""
        return decrypt_bytes(self._key, name, sealed)


def _path(number: int) -> str:
    return f"{_FOLDER}/{number // 1000:06d}/{number % 1000:03d}"


def _number(path: str) -> int:
    _folder, thousands, rest = path.split("/")
    return int(thousands) * 1000 + int(rest)


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
