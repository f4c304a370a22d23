"""Open a warehouse, or make its catalogue anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from warehouse import checkpoints, claims, receipts
from warehouse.catalog import Catalog, open_catalog
from warehouse.engine import reachable
from warehouse.keys import OfficeKey
from warehouse.store import Warehouse
from warehouse.values import RebuildReport


@contextmanager
def open_warehouse(
    folder: Path, token: OfficeKey | None = None, signer: receipts.Signer | None = None
) -> Iterator[Warehouse]:
    """Open the warehouse in ``folder``; the first time, make it there, private to this user.

    Where its objects and its catalogue are, if not there: :mod:`warehouse.places`. What dead
    processes left half done is cleared.

    Args:
        token: the office's key where it is kept in a token and not in a file.
        signer: signs receipts and the audit's checkpoints; else the warehouse's own key, which
            is made at first use.

    Raises:
        WarehouseUnreachable: or the subclass that names the cause (exit code 10).
        BadSettings: its settings are not right (6).
    """
    catalog = open_catalog(folder, token)
    try:
        catalog = _with_signer(catalog, signer)
        with claims.living(catalog):
            warehouse = Warehouse(catalog)
            claims.recover(catalog)
            yield warehouse
    finally:
        catalog.close()


def _with_signer(catalog: Catalog, signer: receipts.Signer | None) -> Catalog:
    """The catalogue with its signer, whose public key is kept with those of earlier ones."""
    with reachable(catalog.place.shown):
        signer = signer or receipts.store_signer(catalog.folder)
        signed_before = (catalog.folder / receipts.KNOWN).exists()
        receipts.remember(catalog.folder, signer)
    catalog = replace(catalog, signer=signer)
    if not signed_before:  # what an earlier sohoa left unsigned is signed once
        with catalog.writing() as tx:
            checkpoints.begin(tx)
    return catalog


def rebuild_catalogue(folder: Path, token: OfficeKey | None = None) -> RebuildReport:
    """Make a lost or damaged catalogue anew from the objects and the journal beside them.

    It takes its place when it is whole; nobody else may work with the warehouse meanwhile.

    Raises:
        WarehouseUnreachable: or the subclass that names the cause (10).
    """
    from warehouse.rebuild import rebuild

    return rebuild(folder, token)
