"""Masking of personal numbers wherever a person or a log may read them."""

import re
import unicodedata

_LONG_NUMBER = re.compile(r"(?<!\d)\d{9,12}(?!\d)")

#: Unicode categories of what is no sign: controls, formats, halves of signs, signs of nobody.
_HIDDEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))


def mask_number(number: str) -> str:
    """A personal number with all but its first three and last two characters hidden.

    >>> mask_number("001087000084")
    '001*******84'
    """
    if len(number) <= 5:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def printable(text: str, kept: str = "") -> str:
    """The text without what would move a terminal's pen or turn its direction.

    Names in certificates and of files are strangers' words: with a line break, an escape sequence
    or a change of direction they could write a verdict of their own (UAX 44: Cc, Cf, Zl, Zp
    and the like).

    Args:
        kept: such characters that are let pass: line breaks, where the text has several lines.
    """
    if text.isprintable():
        return text
    return "".join("\ufffd" if hidden(c) and c not in kept else c for c in text)


def hidden(character: str) -> bool:
    """Whether a terminal or a viewer would obey a character instead of showing it."""
    return unicodedata.category(character) in _HIDDEN


def mask_text(text: str) -> str:
    """The text with every 9- to 12-digit number (CMND, CCCD, tax code) masked."""
    return _LONG_NUMBER.sub(lambda match: mask_number(match.group()), text)
