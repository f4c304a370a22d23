"""Packages of records: bytes and formats, without knowing who signs them.

from warehouse.exchange import open_package, write_package

write_package(Path("ho-so.asice"), "asic", package, parts, seal)
opened = open_package(Path("ho-so.asice"), scratch)        # every digest held against its list
opened.package.components[0].title                         # 'Giấy khai sinh'
"""

from warehouse.exchange.manifest import Component, Package, Part, Sender, component_of
from warehouse.exchange.package import Form, Opened, open_package, write_package

__all__ = [
    "Component",
    "Form",
    "Opened",
    "Package",
    "Part",
    "Sender",
    "component_of",
    "open_package",
    "write_package",
]
