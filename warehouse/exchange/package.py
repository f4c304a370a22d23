"""Packages as the rest of sohoa sees them: written in one of three forms, opened from any."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from foundation.privacy import mask_text
from warehouse.exchange import asic, bag
from warehouse.exchange.errors import (
    ContentAltered,
    ManifestFaulty,
    NotAPackage,
    PartMissing,
    StrangeFile,
)
from warehouse.exchange.manifest import MANIFEST, SIGNATURE, Package
from warehouse.exchange.packing import Content, digest, write_folder, write_zip
from warehouse.exchange.unpacking import Bounds, Tree, unpack

Form = Literal["json", "bagit", "asic"]
#: Signs bytes with the office's key; gives a detached CAdES signature.
Seal = Callable[[bytes], bytes]
_MOST = 16 << 20
#: Bytes of a signature with its certificates and timestamp: 10 to 20 thousand.
_LONGEST_SIGNATURE = 1 << 20


@dataclass(frozen=True)
class Opened:
    """A package whose every file is the one its manifest names. Who signed it is not judged yet.

    Attributes:
        signed: the bytes the signature is over; ``signature`` is empty where there is none.
        files: of the components, by their names, in a private folder.
        sha256: of ``package.json``, which names all the rest.
    """

    form: Form
    package: Package
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    files: Mapping[str, Path] = field(repr=False)
    sha256: str


def write_package(
    target: Path, form: Form, package: Package, parts: Content, seal: Seal | None
) -> None:
    """Write a package: a folder, or a ZIP file where ``target`` ends in ``.zip``; ASiC-E is one.

    Args:
        parts: the components' files by their names.
        seal: signs it; None: it is left unsigned, and ``sohoa import`` will refuse it.

    Raises:
        PlaceTaken: a folder is there already.
        OSError: it cannot be written.
        SohoaError: what ``seal`` raises; nothing is written.
    """
    content: Content = {MANIFEST: package.to_json(), **parts}
    if form == "asic":
        if seal is None:
            raise ValueError("an ASiC-E container is signed")
        manifest = asic.manifest_of(content)
        write_zip(target, asic.lay_out(content, manifest, seal(manifest)), package.packed_at)
        return
    if seal is not None:
        content = {**content, SIGNATURE: seal(package.to_json())}
    if form == "bagit":
        content = bag.lay_out(content, package.id, package.packed_by.agency, package.packed_at)
    if target.suffix.lower() != ".zip":
        write_folder(target, content)
    elif form == "bagit":  # RFC 8493, 4: a serialized bag is one folder
        inside = {f"{package.id}/{name}": data for name, data in content.items()}
        write_zip(target, inside, package.packed_at)
    else:
        write_zip(target, content, package.packed_at)


def open_package(source: Path, scratch: Path, bounds: Bounds | None = None) -> Opened:
    """Bring a package into ``scratch`` and hold every file against its lists.

    Raises:
        PackageRefused: the subclass says what is wrong (3; 8 where something was altered).
        OSError: ``source`` cannot be read.
    """
    tree = unpack(source, scratch, bounds)
    form, tree, names = _form_of(tree)
    if MANIFEST not in names:
        raise PartMissing(file=tree.shown, name=MANIFEST)
    inside = {name: tree.files[(bag.PAYLOAD if form == "bagit" else "") + name] for name in names}
    if inside[MANIFEST].size > _MOST:
        raise ManifestFaulty(file=tree.shown, name=MANIFEST, detail="> 16 MB")
    said = inside[MANIFEST].path.read_bytes()
    package = _parsed(tree, said)
    own_place = {SIGNATURE} & names if form != "asic" else set()
    for strange in names - {MANIFEST} - own_place - {part.name for part in package.parts}:
        raise StrangeFile(file=tree.shown, name=strange)
    for part in package.parts:
        if part.name not in inside:
            raise PartMissing(file=tree.shown, name=part.name)
        found = inside[part.name]
        if (found.size, found.sha256) != (part.size, part.sha256):
            raise ContentAltered(file=tree.shown, name=part.name)
    signed, signature = said, b""
    if form == "asic":
        signed = tree.files[asic.SIGNED].path.read_bytes()
        signature = tree.files[asic.SIGNATURE].path.read_bytes()
    elif own_place:
        signature = inside[SIGNATURE].path.read_bytes()
    if len(signature) > _LONGEST_SIGNATURE:
        raise ManifestFaulty(file=tree.shown, name=SIGNATURE, detail=f"{len(signature):,} B")
    files = {part.name: inside[part.name].path for part in package.parts}
    return Opened(form, package, signed, signature, files, digest(said, "sha256"))


def _form_of(tree: Tree) -> tuple[Form, Tree, set[str]]:
    """Which form it has, and the names of what it carries, held against that form's lists."""
    if "mimetype" in tree.files:
        return "asic", tree, asic.check(tree)
    tops = {name.partition("/")[0] for name in tree.files}
    if len(tops) == 1 and f"{min(tops)}/bagit.txt" in tree.files:
        top = f"{min(tops)}/"
        files = {name.removeprefix(top): file for name, file in tree.files.items()}
        tree = Tree(tree.source, files)
    if "bagit.txt" in tree.files:
        return "bagit", tree, bag.check(tree)
    if MANIFEST in tree.files:
        return "json", tree, set(tree.files)
    raise NotAPackage(file=tree.shown)


def _parsed(tree: Tree, data: bytes) -> Package:
    try:
        return Package.model_validate(json.loads(data, object_pairs_hook=_once))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or first["type"]
    except (ValueError, RecursionError) as error:
        where = mask_text(str(error))[:80] if isinstance(error, json.JSONDecodeError) else "JSON"
    raise ManifestFaulty(file=tree.shown, name=MANIFEST, detail=where)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose every name stands once: readers differ on which of two they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
