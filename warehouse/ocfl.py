"""The objects' layout: an OCFL 1.1 storage root (https://ocfl.io/1.1/spec/).

An object is a record. Its state names the files of every version of the paper by logical
path (``1/paper.pdf``, ``1/record.json``, ``2/paper.pdf`` …), all encrypted; each deposit and
each change of status adds an OCFL version. A paper whose signatures were renewed is longer and
lies beside the one deposited, named by its size (``1/renewed/SIZE.pdf``). Objects lie in folders
named by record, under the first four digits of the SHA-256 of the name (registered extension
0003, two tuples of two: 65,536 folders, evenly filled). The name is no URI, which the specification
would like, because its colons would have to be escaped in every path.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundation.times import iso_utc, utc_now

ROOT = "objects"
_EXTENSION = "0003-hash-and-id-n-tuple-storage-layout"
_LAYOUT = {
    "extensionName": _EXTENSION,
    "digestAlgorithm": "sha256",
    "tupleSize": 2,
    "numberOfTuples": 2,
}
_NAMASTE = "0=ocfl_object_1.1"
_NAMASTE_TEXT = b"ocfl_object_1.1\n"


@dataclass(frozen=True)
class Inventory:
    """What an object holds: its number of versions and its inventory as stored."""

    number: int
    data: bytes

    @property
    def sha512(self) -> str:
        """Of the inventory's bytes, lower-case hexadecimal."""
        return hashlib.sha512(self.data).hexdigest()

    @property
    def content(self) -> dict[str, Any]:
        """The inventory as a value."""
        content: dict[str, Any] = json.loads(self.data)
        return content

    def state(self) -> dict[str, tuple[str, str]]:
        """The newest version's files: logical path → digest and path within the object."""
        content = self.content
        state = content["versions"][content["head"]]["state"]
        return {
            logical: (digest, content["manifest"][digest][0])
            for digest, paths in state.items()
            for logical in paths
        }


def root_files() -> dict[str, bytes]:
    """What makes a storage root: its declaration and its layout."""
    layout = {"extension": _EXTENSION, "description": "Two tuples of two digits, then the id"}
    return {
        f"{ROOT}/0=ocfl_1.1": b"ocfl_1.1\n",
        f"{ROOT}/ocfl_layout.json": _json(layout),
        f"{ROOT}/extensions/{_EXTENSION}/config.json": _json(_LAYOUT),
    }


def object_path(record_id: str) -> str:
    """Where a record's object lies."""
    digest = hashlib.sha256(record_id.encode()).hexdigest()
    return f"{ROOT}/{digest[:2]}/{digest[2:4]}/{record_id}"


def content_path(number: int, logical: str) -> str:
    """Where a file that came with an OCFL version lies within its object."""
    return f"v{number}/content/{logical.replace('/', '-')}"


def next_inventory(
    record_id: str, previous: Inventory | None, changed: Mapping[str, str], message: str
) -> Inventory:
    """The inventory with one more version.

    Args:
        changed: logical path → SHA-512 of the files that came with it.
    """
    number = previous.number + 1 if previous else 1
    content: dict[str, Any] = (
        previous.content
        if previous
        else {
            "id": record_id,
            "type": "https://ocfl.io/1.1/spec/#inventory",
            "digestAlgorithm": "sha512",
            "manifest": {},
            "versions": {},
        }
    )
    paths = (
        {path: digest for path, (digest, _where) in previous.state().items()} if previous else {}
    )
    paths |= changed
    for logical, digest in changed.items():
        content["manifest"][digest] = [content_path(number, logical)]
    state: dict[str, list[str]] = {}
    for logical, digest in sorted(paths.items()):
        state.setdefault(digest, []).append(logical)
    content["head"] = f"v{number}"
    content["versions"][f"v{number}"] = {
        "created": iso_utc(utc_now()),
        "message": message,
        "user": {"name": "sohoa", "address": "urn:x-sohoa:warehouse"},
        "state": state,
    }
    return Inventory(number, _json(content))


def version_files(record_id: str, inventory: Inventory) -> dict[str, bytes]:
    """An OCFL version's own inventory and sidecar, by path in the store."""
    place = f"{object_path(record_id)}/v{inventory.number}"
    return _with_sidecar(place, inventory)


def head_files(record_id: str, inventory: Inventory) -> dict[str, bytes]:
    """The files at the top of an object whose newest inventory this is, by path in the store."""
    place = object_path(record_id)
    return {f"{place}/{_NAMASTE}": _NAMASTE_TEXT} | _with_sidecar(place, inventory)


def _with_sidecar(place: str, inventory: Inventory) -> dict[str, bytes]:
    return {
        f"{place}/inventory.json": inventory.data,
        f"{place}/inventory.json.sha512": f"{inventory.sha512} inventory.json\n".encode(),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"
