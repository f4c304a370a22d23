"""Papers that leave together, in a package for another office."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
        owner: str = "",
        before: Callable[[Sequence[Record]], None] | None = None,
    ) -> list[Release]:
        """Put on record that papers leave together, all of them or none.

        Args:
            names: records' ids or codes; one named twice leaves once.
            form: in what they leave: ``json``, ``bagit``, ``asic``.
            owner: number of the owner for whose matter, as in :meth:`warehouse.Warehouse.reuse`.
            before: makes ready what must be ready before anything is on record.

        Raises as :meth:`warehouse.Warehouse.reuse`.
        """
        asked = reuse.Asked(procedure.strip(), reason.strip(), terms, owner, {"form": form})
        with audit.refusals(self._catalog, "export", actor, procedure=asked.procedure):
            return reuse.release_all(self._catalog, names, asked, actor, today(), before)
