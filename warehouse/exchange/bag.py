"""BagIt 1.0 (RFC 8493): payload under ``data/``, manifests with SHA-256 and SHA-512.

Made and checked here rather than with the Library of Congress's ``bagit``: that works on a
folder in place, and what comes from strangers has to be held against its lists before it is one.
The tests hear that library as a judge.
"""

import re
from datetime import datetime

from foundation.times import vietnam_time
from warehouse.exchange.errors import ContentAltered, ManifestFaulty, PartMissing, StrangeFile
from warehouse.exchange.packing import Content, digest, size_of
from warehouse.exchange.unpacking import Tree

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD = "data/"
_ALGORITHMS = ("sha256", "sha512")
_TAGS = ("bagit.txt", "bag-info.txt", *(f"manifest-{one}.txt" for one in _ALGORITHMS))
_TAG_LISTS = tuple(f"tagmanifest-{one}.txt" for one in _ALGORITHMS)
_LINE = re.compile(r"([0-9a-fA-F]{64,128})[ \t]+\*?([!-~]+)")
_MOST = 16 << 20


def lay_out(content: Content, name: str, source: str, at: datetime) -> Content:
    """The whole bag, in the order in which it is written.

    Args:
        name: its identifier; ``source``: who made it; ``at``: when.
    """
    octets = sum(map(size_of, content.values()))
    info = {
        "Source-Organization": " ".join(source.split()),
        "Bagging-Date": vietnam_time(at).date().isoformat(),
        "External-Identifier": name,
        "Payload-Oxum": f"{octets}.{len(content)}",
        "Bag-Software-Agent": "sohoa",
    }
    bag: dict[str, bytes] = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{key}: {value}\n" for key, value in info.items()).encode(),
    }
    payload = {PAYLOAD + key: data for key, data in content.items()}
    for algorithm in _ALGORITHMS:
        bag[f"manifest-{algorithm}.txt"] = _listed(payload, algorithm)
    lists = {f"tagmanifest-{one}.txt": _listed(dict(bag), one) for one in _ALGORITHMS}
    return {**bag, **payload, **lists}


def check(tree: Tree) -> set[str]:
    """Hold a bag against its lists; the names of its payload, without ``data/``.

    Raises:
        PartMissing, ManifestFaulty, StrangeFile (3), ContentAltered (8).
    """
    shown = tree.shown
    for name in (*_TAGS, *_TAG_LISTS):
        if name not in tree.files:
            raise PartMissing(file=shown, name=name)
    if tree.files["bagit.txt"].path.read_bytes() != DECLARATION:
        raise ManifestFaulty(file=shown, name="bagit.txt", detail="BagIt-Version: 1.0")
    payload = {name for name in tree.files if name.startswith(PAYLOAD)}
    for name in tree.files.keys() - payload - set(_TAGS) - set(_TAG_LISTS):
        raise StrangeFile(file=shown, name=name)
    for algorithm in _ALGORITHMS:
        _check_list(tree, f"manifest-{algorithm}.txt", algorithm, payload)
        _check_list(tree, f"tagmanifest-{algorithm}.txt", algorithm, set(_TAGS))
    return {name.removeprefix(PAYLOAD) for name in payload}


def _check_list(tree: Tree, name: str, algorithm: str, wanted: set[str]) -> None:
    shown, file = tree.shown, tree.files[name]
    try:
        lines = file.path.read_text("ascii").splitlines() if file.size <= _MOST else [""]
    except UnicodeDecodeError:
        lines = [""]
    listed: dict[str, str] = {}
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None or found[2] in listed:
            raise ManifestFaulty(file=shown, name=name, detail=f"line {len(listed) + 1}")
        listed[found[2]] = found[1].lower()
    for missing in listed.keys() - wanted:
        raise PartMissing(file=shown, name=missing)
    for strange in wanted - listed.keys():
        raise StrangeFile(file=shown, name=strange)
    for path, value in listed.items():
        if getattr(tree.files[path], algorithm) != value:
            raise ContentAltered(file=shown, name=path)


def _listed(content: Content, algorithm: str) -> bytes:
    return "".join(
        f"{digest(data, algorithm)}  {name}\n" for name, data in content.items()
    ).encode()
