"""Marks of state secrecy, which keep a paper out of every store.

One judge for every way in: the command, the counter, the backlog, packages and the API.
"""

import re
import unicodedata
from pathlib import Path

#: The marks of Luật Bảo vệ bí mật nhà nước 2018 Điều 8, without their spaces: stamps and
#: recognisers set the letters apart.
_MARKS = frozenset({"MẬT", "TỐIMẬT", "TUYỆTMẬT"})
#: What a recogniser makes of a stamp's frame.
_NO_LETTERS = re.compile(r"[\W\d_]+")
#: Of a page without text its upper part is recognised, where the mark is stamped.
_UPPER = 0.45
_READ_DPI = 200.0
#: Pixels of a page's longer side at most: some pages claim to be metres long.
_LONGEST = 6000.0


def is_secret(file: Path, text: str = "") -> bool:
    """Whether the first page bears a mark of state secrecy, alone on its line.

    A page without text, such as a scan nobody has recognised, is recognised for it.

    Args:
        text: of the first page, where it is at hand; else the file is opened for it.
    """
    return any(map(_is_mark, text.splitlines() if text.strip() else _lines_in(file)))


def _lines_in(file: Path) -> list[str]:
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(file) as pdf:
            text = pdf[0].get_textpage().get_text_range()
            return text.splitlines() if text.strip() else _lines_of(file, pdf[0].get_size())
    except (pypdfium2.PdfiumError, OSError, IndexError):
        return []  # no PDF: the store says so


def _is_mark(line: str) -> bool:
    return _NO_LETTERS.sub("", unicodedata.normalize("NFC", line)) in _MARKS


def _lines_of(file: Path, size: tuple[float, float]) -> list[str]:
    """The lines in the upper part of a page that is a picture only; its size is in points."""
    from itertools import groupby

    from digitize.seal import first_page
    from ocr.engine import read_words

    dpi = min(_READ_DPI, _LONGEST / max(size) * 72)
    gray = first_page(file, dpi)
    gray = gray[: round(gray.shape[0] * _UPPER)]
    if gray.min() == gray.max():
        return []
    lines = groupby(read_words(gray, dpi, "vie"), key=lambda word: word.line)
    return [" ".join(word.text for word in line) for _key, line in lines]
