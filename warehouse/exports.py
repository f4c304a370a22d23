"""Papers that leave together, in a package for another office."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from foundation.times import today
from warehouse import audit, records, reuse
from warehouse.catalog import Catalog
from warehouse.grounds import Terms
from warehouse.values import Actor, Record, Release


@dataclass(frozen=True)
class Exports:
    """What leaves one warehouse in packages."""

    _catalog: Catalog

    def in_dossier(self, dossier_code: str) -> list[Record]:
        """What is in force of a dossier's papers."""
        with self._catalog.reading() as tx:
            return records.in_dossier(tx, dossier_code.strip())

    def release(
        self,
        names: Sequence[str],
        *,
        procedure: str,
        reason: str,
        actor: Actor,
        form: str,
        terms: Terms,
    ) -> list[Release]:
        """Put on record that papers leave together, all of them or none; then copy them out.

        Args:
            names: records' ids or codes; one named twice leaves once.
            form: in what they leave: ``json``, ``bagit``, ``asic``.

        Raises as :meth:`warehouse.Warehouse.reuse`.
        """
        purpose = (procedure.strip(), reason.strip())
        with audit.refusals(self._catalog, "export", actor, procedure=purpose[0]):
            details = {"form": form}
            return reuse.release_all(self._catalog, names, purpose, actor, today(), terms, details)

    def copy_out(self, release: Release, target: Path) -> None:
        """A released paper, verified, into a file that appears whole or not at all (0600).

        Raises:
            DamagedObject (10), CannotWrite (3).
        """
        reuse.copy_out(self._catalog, release.record, target)
