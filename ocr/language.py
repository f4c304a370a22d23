"""Is a page in Vietnamese? Told by the marks on its words."""

import unicodedata
from collections.abc import Iterable

from ocr.words import Word

#: What Vietnamese writes on letters, decomposed: tones, circumflex, breve and horn.
_MARKS = frozenset("\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b")
#: Words must be read with this confidence, 0-100, to be counted, and be so many.
_SURE, _ENOUGH = 70.0, 20
#: Share of words with marks in a Vietnamese page: on 71 sheets at least 0.79; a page in
#: French read with the Vietnamese model had 0.24, in English, German and Indonesian 0.
_SHARE = 0.45


def in_vietnamese(words: Iterable[Word]) -> bool | None:
    """Whether words read with the Vietnamese model are Vietnamese; None when too few tell."""
    plain = [word.text.strip(".,;:!?()\"'“”") for word in words if word.confidence >= _SURE]
    told = [text for text in plain if len(text) >= 2 and text.isalpha()]
    if len(told) < _ENOUGH:
        return None
    return sum(_is_marked(text) for text in told) >= _SHARE * len(told)


def _is_marked(text: str) -> bool:
    return "đ" in text.lower() or not _MARKS.isdisjoint(unicodedata.normalize("NFD", text))
