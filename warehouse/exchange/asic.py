"""ASiC-E with CAdES (ETSI EN 319 162-1, 4.4): a ZIP file, a manifest of digests, one signature.

``mimetype`` comes first and uncompressed; ``META-INF/ASiCManifest001.xml`` names every file with
its digest; ``META-INF/signature001.p7s`` is a detached CAdES signature over that manifest.
"""

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from warehouse.exchange.errors import (
    ContentAltered,
    ManifestFaulty,
    PartMissing,
    StrangeFile,
    WrongMimetype,
)
from warehouse.exchange.manifest import MANIFEST
from warehouse.exchange.packing import Content, digest
from warehouse.exchange.unpacking import Tree

MIMETYPE = b"application/vnd.etsi.asic-e+zip"
SIGNED = "META-INF/ASiCManifest001.xml"
SIGNATURE = "META-INF/signature001.p7s"
_ASIC = "http://uri.etsi.org/02918/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_TYPES = {".pdf": "application/pdf", ".json": "application/json", ".jws": "application/jose"}
_MOST = 16 << 20


def manifest_of(content: Content) -> bytes:
    """The manifest that is to be signed: every file of the package with its SHA-256."""
    ElementTree.register_namespace("asic", _ASIC)
    ElementTree.register_namespace("ds", _DS)
    root = ElementTree.Element(f"{{{_ASIC}}}ASiCManifest")
    about = {"URI": SIGNATURE, "MimeType": "application/pkcs7-signature"}
    ElementTree.SubElement(root, f"{{{_ASIC}}}SigReference", about)
    for name, data in content.items():
        kind = next(type_ for ending, type_ in _TYPES.items() if name.endswith(ending))
        about = {"URI": name, "MimeType": kind}
        if name == MANIFEST:
            about["Rootfile"] = "true"
        entry = ElementTree.SubElement(root, f"{{{_ASIC}}}DataObjectReference", about)
        method, value = (f"{{{_DS}}}{tag}" for tag in ("DigestMethod", "DigestValue"))
        ElementTree.SubElement(entry, method, {"Algorithm": next(iter(_DIGESTS))})
        raw = bytes.fromhex(digest(data, "sha256"))
        ElementTree.SubElement(entry, value).text = base64.b64encode(raw).decode()
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text


def lay_out(content: Content, manifest: bytes, signature: bytes) -> Content:
    """The whole container, in the order in which it is written."""
    return {"mimetype": MIMETYPE, **content, SIGNED: manifest, SIGNATURE: signature}


def check(tree: Tree) -> set[str]:
    """Hold a container against its manifest; the names of what it carries.

    Raises:
        WrongMimetype, PartMissing, ManifestFaulty, StrangeFile (3), ContentAltered (8).
    """
    shown = tree.shown
    if not tree.first or tree.files["mimetype"].path.read_bytes() != MIMETYPE:
        raise WrongMimetype(file=shown)
    for name in (SIGNED, SIGNATURE):
        if name not in tree.files:
            raise PartMissing(file=shown, name=name)
    named = _checked_names(tree)
    for name in tree.files.keys() - named - {"mimetype", SIGNED, SIGNATURE}:
        raise StrangeFile(file=shown, name=name)
    return named


def _checked_names(tree: Tree) -> set[str]:
    """What the manifest names, each as it says."""
    shown, named = tree.shown, set[str]()
    if tree.files[SIGNED].size > _MOST:
        raise ManifestFaulty(file=shown, name=SIGNED, detail="XML")
    try:
        for name, algorithm, value in _references(tree.files[SIGNED].path.read_bytes()):
            if name in named or name in ("mimetype", SIGNED, SIGNATURE):
                raise ManifestFaulty(file=shown, name=SIGNED, detail=name)
            if name not in tree.files:
                raise PartMissing(file=shown, name=name)
            if getattr(tree.files[name], algorithm) != value:
                raise ContentAltered(file=shown, name=name)
            named.add(name)
    except (ElementTree.ParseError, ValueError, LookupError, binascii.Error) as error:
        raise ManifestFaulty(file=shown, name=SIGNED, detail=type(error).__name__) from error
    return named


def _references(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Names, algorithms and digests. Raises ValueError, LookupError or ParseError."""
    if b"<!" in data:  # no document type, so no entities to blow up or to fetch anything
        raise ValueError("DOCTYPE")
    root = ElementTree.fromstring(data)  # noqa: S314  nothing of what makes XML dangerous is left
    if root.tag != f"{{{_ASIC}}}ASiCManifest":
        raise ValueError(root.tag)
    (reference,) = root.iter(f"{{{_ASIC}}}SigReference")
    if unquote(reference.attrib["URI"]) != SIGNATURE:
        raise ValueError("SigReference")
    for entry in root.iter(f"{{{_ASIC}}}DataObjectReference"):
        (method,), (value,) = (
            entry.findall(f"{{{_DS}}}{tag}") for tag in ("DigestMethod", "DigestValue")
        )
        raw = base64.b64decode("".join((value.text or "").split()), validate=True)
        yield unquote(entry.attrib["URI"]), _DIGESTS[method.attrib["Algorithm"]], raw.hex()
