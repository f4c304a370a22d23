"""Masking of personal numbers wherever a person or a log may read them."""

import re

_LONG_NUMBER = re.compile(r"(?<!\d)\d{9,12}(?!\d)")


def mask_number(number: str) -> str:
    """A personal number with all but its first three and last two characters hidden.

    >>> mask_number("001087000084")
    '001*******84'
    """
    if len(number) <= 5:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def mask_text(text: str) -> str:
    """The text with every 9- to 12-digit number (CMND, CCCD, tax code) masked."""
    return _LONG_NUMBER.sub(lambda match: mask_number(match.group()), text)
