"""The person's own store of papers: deposited once, proven at every read, reused with a reason.

from warehouse import Actor, Owner, open_warehouse

with open_warehouse(Path("kho")) as kho:
    code = kho.new_code(template, "001087000084", "KQ.G15.000031", office="H99.01")
    record = kho.deposit(pdf, owner=Owner("001087000084"), paper_type="khai-sinh",
                         type_code="KQ.G15.000031", title="Giấy khai sinh", code=code, actor=clerk)
    kho.reuse(record.id, procedure="1.004222", reason="Đăng ký thường trú", actor=clerk, out=copy)

A warehouse is one private folder: a catalogue, the papers as encrypted files, and keys. The
catalogue may be a PostgreSQL database instead, and the papers may lie in S3.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from warehouse.errors import (
    DamagedObject,
    NotReusable,
    RecordConflict,
    RecordNotFound,
    WarehouseUnreachable,
)
from warehouse.values import (
    Actor,
    AuditReport,
    CheckReport,
    Event,
    Fault,
    Judgement,
    Owner,
    RebuildReport,
    Record,
    Release,
    RepairReport,
)

if TYPE_CHECKING:
    from warehouse.opening import open_warehouse, rebuild_catalogue
    from warehouse.store import Warehouse

__all__ = [
    "Actor",
    "AuditReport",
    "CheckReport",
    "DamagedObject",
    "Event",
    "Fault",
    "Judgement",
    "NotReusable",
    "Owner",
    "RebuildReport",
    "Record",
    "RecordConflict",
    "RecordNotFound",
    "Release",
    "RepairReport",
    "Warehouse",
    "WarehouseUnreachable",
    "open_warehouse",
    "rebuild_catalogue",
]


_LATE = {"Warehouse": "store", "open_warehouse": "opening", "rebuild_catalogue": "opening"}


def __getattr__(name: str) -> object:
    """Load SQLAlchemy, half a second's work, only when a warehouse is opened."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"warehouse.{_LATE[name]}"), name)
