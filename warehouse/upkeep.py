"""What keeps a warehouse fit beside its checks: a new office key, and order after a crash."""

from collections.abc import Callable

from warehouse import audit, claims
from warehouse.catalog import Catalog
from warehouse.engine import reachable
from warehouse.values import Actor


def rotate_key(catalog: Catalog, actor: Actor) -> int:
    """Replace the office's key; see :meth:`warehouse.store.Warehouse.rotate_key`."""

    def alone(step: Callable[[], None]) -> None:
        with catalog.writing() as tx:
            step()
            audit.append(tx, "rotate-key", actor)

    with reachable(catalog.place.shown):
        return catalog.keys.rotate(alone)


def recover(catalog: Catalog) -> int:
    """Undo what dead processes left half done; see :meth:`warehouse.store.Warehouse.recover`."""
    with reachable(catalog.place.shown):
        return claims.recover(catalog) + catalog.keys.destroy_erased()
