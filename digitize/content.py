"""The digest of what a PDF shows, whatever is sealed or signed on top of it.

The seal on page 1 names the document it belongs to, so it cannot be part of what is
digested; signatures come later and leave the pages' content as it is.
"""

import hashlib
from pathlib import Path
from typing import Protocol

import pikepdf

#: Key in the dictionary of the content streams that draw the seal.
SEAL_MARK = "/SohoaSeal"
#: Pictures stay as they are coded; everything else may be packed otherwise when it is saved.
_CODED = frozenset({"/DCTDecode", "/CCITTFaxDecode", "/JPXDecode", "/JBIG2Decode"})
#: Keys that tell how a stream is packed, not what it says.
_PACKING = frozenset({"/Length", "/Filter", "/DecodeParms"})


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


def content_digest(path: Path) -> bytes:
    """SHA-256 over the content and resources of all pages, without the seal.

    Raises:
        pikepdf.PdfError, OSError: the file cannot be read.
        RecursionError: its objects are nested without end.
    """
    digest = hashlib.sha256()
    with pikepdf.open(path) as pdf:
        for page in pdf.pages:
            digest.update(b"page")
            for stream in _streams(page):
                if SEAL_MARK not in stream:
                    digest.update(stream.read_bytes())
            _feed(digest, page.resources, set())
    return digest.digest()


def _streams(page: pikepdf.Page) -> list[pikepdf.Object]:
    contents = page.obj.get("/Contents")
    if contents is None:
        return []
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


def _feed(digest: _Hash, thing: object, seen: set[tuple[int, int]]) -> None:
    """Give the digest an object and all it refers to; one met before counts by its place only."""
    if isinstance(thing, pikepdf.Object) and thing.is_indirect:
        if thing.objgen in seen:
            digest.update(b"again")
            return
        seen.add(thing.objgen)
    match thing:
        case pikepdf.Stream():
            coded = "/Filter" in thing and _CODED & set(_names(thing.Filter))
            digest.update(b"stream")
            _feed_entries(digest, thing, seen, _PACKING if not coded else frozenset({"/Length"}))
            digest.update(thing.read_raw_bytes() if coded else thing.read_bytes())
        case pikepdf.Dictionary():
            digest.update(b"dictionary")
            _feed_entries(digest, thing, seen, frozenset())
        case pikepdf.Array():
            digest.update(b"array %d" % len(thing))
            for item in thing:
                _feed(digest, item, seen)
        case pikepdf.Object():
            digest.update(thing.unparse())
        case _:
            digest.update(repr(thing).encode())


def _feed_entries(
    digest: _Hash,
    thing: pikepdf.Object,
    seen: set[tuple[int, int]],
    left_out: frozenset[str],
) -> None:
    for key in sorted(set(thing.keys()) - left_out):
        digest.update(key.encode())
        _feed(digest, thing[key], seen)


def _names(filters: pikepdf.Object) -> list[str]:
    return [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
