"""Records as a verifier finds them: by what stands on the paper, or by the file itself.

Codes hold owners' numbers and are easily guessed. In an address a code therefore stands as its
*check code*: the code under AES-SIV (RFC 5297) with a key of this store, which anyone may carry
and nobody can make, read or guess.
"""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import select

from foundation.times import today
from warehouse import codes, records
from warehouse.catalog import Catalog
from warehouse.schema import records as rows
from warehouse.values import Record

#: What the cipher binds: a check code is of this kind and version.
_KIND = [b"sohoa check code 1"]


@dataclass(frozen=True)
class Lookups:
    """How papers are found by those who check them."""

    _catalog: Catalog

    def check_code(self, code: str) -> str:
        """The code as it may stand in an address: about twice as long, of A-Z, a-z, 0-9, - and _.

        The same code gives the same, so that a paper can be printed again.
        """
        sealed = self._cipher().encrypt(code.encode(), _KIND)
        return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")

    def code_of(self, check_code: str) -> str | None:
        """The code behind a check code; None where this store did not make it."""
        try:
            sealed = base64.b64decode(check_code + "=" * (-len(check_code) % 4), b"-_", True)
            return self._cipher().decrypt(sealed, _KIND).decode()
        except (binascii.Error, ValueError, InvalidTag):
            return None

    def was_given(self, code: str) -> bool:
        """Whether this store has ever given out a code, or taken a paper in under it."""
        with self._catalog.reading() as tx:
            return codes.is_known(tx, self._catalog.hidden(code))

    def holding(self, sha256: str) -> list[Record]:
        """The versions that are these very bytes, whosever they are, those in force first."""
        query = select(rows).where(rows.c.sha256 == sha256, rows.c.status != "erased")
        query = query.order_by(rows.c.status, rows.c.deposited_at.desc())
        with self._catalog.reading() as tx:
            found = [records.from_row(row) for row in tx.execute(query).mappings()]
        return sorted((one.on(today()) for one in found), key=lambda one: one.status != "active")

    def _cipher(self) -> AESSIV:
        return AESSIV(self._catalog.derived_key("check code"))
