"""Pages to words to fields.

import cv2
from ocr import reading_text, recognise

words = recognise(cv2.imread("page.png", cv2.IMREAD_GRAYSCALE), dpi=300)
print(reading_text(words))
print([(word.text, word.left, word.top, word.confidence) for word in words][:3])
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr.engine import recognise, require, version
    from ocr.fields import FieldValue, read_fields
    from ocr.idcard import IdCard, read_id_cards, read_qr_codes
    from ocr.textlayer import text_layer
    from ocr.words import Word, mean_confidence, reading_text

__all__ = [
    "FieldValue",
    "IdCard",
    "Word",
    "mean_confidence",
    "read_fields",
    "read_id_cards",
    "read_qr_codes",
    "reading_text",
    "recognise",
    "require",
    "text_layer",
    "version",
]

_HOMES = {
    "engine": ("recognise", "require", "version"),
    "fields": ("FieldValue", "read_fields"),
    "idcard": ("IdCard", "read_id_cards", "read_qr_codes"),
    "textlayer": ("text_layer",),
    "words": ("Word", "mean_confidence", "reading_text"),
}


def __getattr__(name: str) -> Any:
    """Load the module a name lives in when it is first asked for."""
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"ocr.{module}"), name)
    raise AttributeError(name)
