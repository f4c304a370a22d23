"""Words as invisible text to lie on the page that is shown.

The text is drawn in rendering mode 3 (invisible; ISO 32000-1 9.3.6) with one font that
has no outlines. The writer embeds it once as ``/Glyphless``: two-byte codes are UTF-16
code units and every glyph is half an em wide, so each word is stretched to its box.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from ocr.words import Word

#: Width of every glyph of the font in em; the writer embeds the font with the same.
GLYPH_WIDTH = 0.5
#: Share of a line's height that lies below its base line.
_DESCENT = 0.2


def text_layer(words: Sequence[Word], dpi: float, page_height: int) -> bytes:
    """PDF content-stream operators that lay the words over the picture.

    Args:
        words: in reading order, boxes in pixels of the page's picture.
        dpi: resolution of that picture; one point is 1/72 inch.
        page_height: height of the picture in pixels; PDF counts from the bottom.

    Returns:
        ASCII bytes; empty without words.
    """
    scale = 72.0 / dpi
    lines = [list(line) for _key, line in groupby(words, key=lambda word: word.line)]
    parts = [_line(line, scale, page_height) for line in lines if line]
    if not parts:
        return b""
    return "\n".join(["q BT 3 Tr", *parts, "ET Q"]).encode("ascii") + b"\n"


def _line(words: Sequence[Word], scale: float, page_height: int) -> str:
    size = max(1.0, float(np.median([word.height for word in words])) * scale)
    out = [f"/Glyphless {size:.2f} Tf"]
    for word, following in [*pairwise(words), (words[-1], None)]:
        # A space runs to the next word, so that readers part words where the paper does. After a
        # letter that ends its line it is as wide as that: pdfium (Chrome) drops what stands alone.
        if following is not None:
            text, end = f"{word.text} ", max(word.right, following.left)
        elif len(word.text) == 1:
            text, end = f"{word.text} ", word.right + word.width
        else:
            text, end = word.text, word.right
        width = end - word.left
        stretch = 100 * max(1, width) * scale / (len(text) * GLYPH_WIDTH * size)
        x = word.left * scale
        y = (page_height - word.bottom) * scale + _DESCENT * size
        out.append(f"{stretch:.2f} Tz 1 0 0 1 {x:.2f} {y:.2f} Tm <{_codes(text)}> Tj")
    return "\n".join(out)


def _codes(text: str) -> str:
    """The text's UTF-16 code units in hexadecimal; what is outside the BMP is not for paper."""
    plain = "".join(c if ord(c) < 0x10000 else "\ufffd" for c in text)
    return plain.encode("utf-16-be").hex()
