"""The digest of what a PDF shows, whatever is sealed or signed on top of it.

The seal on page 1 names the document it belongs to, so it cannot be part of what is
digested; signatures come later and leave the pages' content as it is.
"""

import hashlib
import re
from pathlib import Path
from typing import Protocol

import pikepdf

#: A comment that begins the content streams that draw the seal.
SEAL_MARK = b"%SohoaSeal\n"
_NUMBERS = rb"(?:-?[\d.]+ ){4}"
#: All a seal's stream may hold: a white strip, a white square, black squares in it.
_SEAL = re.compile(
    re.escape(SEAL_MARK)
    + rb"Q\nq [-\d. ]+ cm\n(?:1 g (?P<strip>%s)re f\n)?" % _NUMBERS
    + rb"q 1 g (?P<room>%s)re f 0 g\n(?P<squares>(?:%sre\n)+)f Q Q\s*" % (_NUMBERS, _NUMBERS)
)
#: Side of the largest seal in points: 32 mm, see :mod:`digitize.seal`, and some to spare.
_LARGEST = 115.0
#: Rounding of numbers in content streams, in points.
_EXACT = 0.01
#: Pictures stay as they are coded; everything else may be packed otherwise when it is saved.
_CODED = frozenset({"/DCTDecode", "/CCITTFaxDecode", "/JPXDecode", "/JBIG2Decode"})
#: Keys that tell how a stream is packed, not what it says.
_PACKING = frozenset({"/Length", "/Filter", "/DecodeParms"})


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


def content_digest(path: Path) -> bytes:
    """SHA-256 over the content and resources of all pages, without the seal.

    Raises:
        pikepdf.PdfError, OSError: the file cannot be read, or its pages are not what pages are.
    """
    try:
        return _digest(path)
    except (RecursionError, AttributeError, TypeError) as error:
        raise pikepdf.PdfError(str(error)) from error


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with pikepdf.open(path) as pdf:
        for number, page in enumerate(pdf.pages):
            contents = [stream.read_bytes() for stream in _streams(page)]
            strip = 0.0
            if number == 0:
                contents, strip = _without_seal(contents)
            digest.update(b"page %s" % _size(page, strip))
            for operators in contents:
                digest.update(operators)
            _feed(digest, page.resources, set())
    return digest.digest()


def _streams(page: pikepdf.Page) -> list[pikepdf.Object]:
    contents = page.obj.get("/Contents")
    if contents is None:
        return []
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


def _without_seal(contents: list[bytes]) -> tuple[list[bytes], float]:
    """The streams but for those that draw a seal and nothing else, and its strip's height.

    What only says that it is a seal counts as content: anybody can write a comment.
    """
    if len(contents) < 2 or contents[0].rstrip() != SEAL_MARK + b"q":
        return contents, 0.0
    drawn = _SEAL.fullmatch(contents[-1])
    if drawn is None:
        return contents, 0.0
    left, bottom, width, height = _box(drawn["room"])
    inside = all(
        left - _EXACT <= x
        and bottom - _EXACT <= y
        and x + w <= left + width + _EXACT
        and y + h <= bottom + height + _EXACT
        for x, y, w, h in map(_box, drawn["squares"].splitlines())
    )
    if not inside or max(width, height) > _LARGEST:
        return contents, 0.0
    return contents[1:-1], _box(drawn["strip"])[3] if drawn["strip"] else 0.0


def _box(numbers: bytes) -> tuple[float, float, float, float]:
    x, y, width, height = (float(number) for number in numbers.split()[:4])
    return x, y, width, height


def _size(page: pikepdf.Page, strip: float) -> bytes:
    """Width and height of the page as it is shown, as they were before the strip was added."""
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    width, height = right - left, top - bottom
    if int(page.rotation) % 180:
        width, height = height, width
    return b"%.1f %.1f" % (width, height - strip)


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
