"""The one font of invisible text: every Unicode letter, no outline, half an em wide.

Its text is never drawn (rendering mode 3); it is there to be searched and copied. Two-byte
codes are UTF-16 code units: an Identity-H font whose every code shows the same empty glyph
and whose ToUnicode map says that a code is its own letter. The method is Tesseract's.
"""

import io
import zlib
from functools import cache

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

#: Advance of every glyph in thousandths of an em; the text layer stretches words by it.
WIDTH = 500
#: Seconds since 1904 on 1 January 2026: the font is the same whenever it is built.
_MADE = 3_850_070_400
#: Share of the em above and below the base line, in thousandths.
ASCENT, DESCENT = 800, -200


@cache
def font_program() -> bytes:
    """A TrueType font of two empty glyphs, :data:`WIDTH` wide; the same bytes every time."""
    names = [".notdef", "blank"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({})
    builder.setupGlyf({name: TTGlyphPen(None).glyph() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (WIDTH, 0)))
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = _MADE
    builder.font.recalcTimestamp = False
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


@cache
def cid_to_gid() -> bytes:
    """Every code but 0 shows glyph 1 (ISO 32000-1, 9.7.4.2: two bytes a code)."""
    return b"\0\0" + b"\0\1" * 0xFFFF


@cache
def to_unicode() -> bytes:
    """A CMap by which every code is its own letter.

    Ranges may not cross a first byte (ISO 32000-1, 9.10.3), and neither U+0000, U+FEFF nor
    U+FFFE may be named (ISO 19005-2, 6.2.11.7.2); halves of surrogate pairs are no letters.
    """
    blocks = [high for high in range(0x100) if not 0xD8 <= high <= 0xDF]
    last = {0xFE: 0xFE, 0xFF: 0xFD}
    ranges = [
        (f"{high:02X}{int(high == 0):02X}", f"{high:02X}{last.get(high, 0xFF):02X}")
        for high in blocks
    ]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for start in range(0, len(ranges), 100):  # at most 100 to an operator
        part = ranges[start : start + 100]
        lines.append(f"{len(part)} beginbfrange")
        lines += [f"<{low}> <{high}> <{low}>" for low, high in part]
        lines.append("endbfrange")
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")


def font_objects(first: int) -> list[bytes]:
    """The font as PDF objects, the Type 0 font itself first.

    Args:
        first: object number of the first; the others follow on.

    Returns:
        Bodies of the objects ``first``, ``first + 1``, ...
    """
    descendant, descriptor, program, gids, unicode = (first + n for n in range(1, 6))
    system = "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    dictionaries = [
        f"<< /Type /Font /Subtype /Type0 /BaseFont /Glyphless /Encoding /Identity-H"
        f" /DescendantFonts [{descendant} 0 R] /ToUnicode {unicode} 0 R >>",
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Glyphless /CIDSystemInfo {system}"
        f" /FontDescriptor {descriptor} 0 R /DW {WIDTH} /CIDToGIDMap {gids} 0 R >>",
        f"<< /Type /FontDescriptor /FontName /Glyphless /FontFile2 {program} 0 R /Flags 5"
        f" /FontBBox [0 {DESCENT} {WIDTH} {ASCENT}] /ItalicAngle 0 /Ascent {ASCENT}"
        f" /Descent {DESCENT} /CapHeight {ASCENT} /StemV 80 >>",
    ]
    font = font_program()
    return [
        *(text.encode("ascii") for text in dictionaries),
        compressed(font, f"/Length1 {len(font)}"),
        compressed(cid_to_gid()),
        compressed(to_unicode()),
    ]


def compressed(data: bytes, entries: str = "") -> bytes:
    """A Flate-compressed PDF stream with further dictionary entries."""
    packed = zlib.compress(data)
    head = f"<< /Filter /FlateDecode /Length {len(packed)} {entries} >>\nstream\n"
    return head.encode("ascii") + packed + b"\nendstream"
