"""Pages that were never paper: their own text, read and not recognised."""

import unicodedata

import pypdfium2

from digitize.sheet import Sheet


def text_of(sheet: Sheet) -> str:
    """The text a born-digital page carries, NFC, as a viewer would copy it."""
    with pypdfium2.PdfDocument(sheet.path) as document:
        text = document[sheet.frame].get_textpage().get_text_range()
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
