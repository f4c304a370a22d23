"""Read the QR code of a citizen identity card (căn cước công dân).

Payload: ``number|old CMND|full name|ddmmyyyy|Nam/Nữ|residence|ddmmyyyy issued``,
further fields are tolerated. The number is 12 digits: 3 for the place, 1 for century
and sex (0/1 = 19xx male/female, 2/3 = 20xx, and so on), 2 for the year of birth, 6 more.
The place is not checked: the list of places lapsed in 2024.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ocr.codes import find_codes


@dataclass(frozen=True)
class IdCard:
    """What an identity card says of its holder. Sensitive personal data.

    Attributes:
        number: 12 digits.
        doubts: what does not fit together, as stable words: ``sex``, ``birth-year``.
        from_print: read off the print, which may be misread, for want of a readable code.
    """

    number: str
    full_name: str
    birth_date: date | None = None
    sex: str = ""
    residence: str = ""
    issued: date | None = None
    doubts: tuple[str, ...] = ()
    from_print: bool = False


def read_id_cards(pixels: NDArray[np.uint8]) -> list[IdCard]:
    """All identity cards whose QR code can be read from a BGR or gray picture.

    Small codes are often missed at first, so the picture is tried as it is, enlarged,
    and binarised another way, until one reads.
    """
    for codes in find_codes(pixels):
        if cards := [card for code in codes if (card := parse_payload(code.text))]:
            return cards
    return []


def read_qr_codes(pixels: NDArray[np.uint8]) -> list[str]:
    """Texts of all QR codes on a BGR or gray picture, by the first way that finds any."""
    return next(([code.text for code in found] for found in find_codes(pixels) if found), [])


def parse_payload(text: str) -> IdCard | None:
    """The card behind a QR payload, or None when it is not one of an identity card."""
    parts = [unicodedata.normalize("NFC", part).strip() for part in text.split("|")]
    if len(parts) < 6 or not is_personal_number(parts[0]) or not parts[2]:
        return None
    birth, sex = _day(parts[3]), parts[4]
    return IdCard(
        number=parts[0],
        full_name=parts[2],
        birth_date=birth,
        sex=sex,
        residence=parts[5],
        issued=_day(parts[6]) if len(parts) > 6 else None,
        doubts=tuple(number_doubts(parts[0], sex, birth)),
    )


def is_personal_number(text: str) -> bool:
    """Whether the text has the form of a personal identification number: 12 digits."""
    return re.fullmatch(r"[0-9]{12}", text) is not None


def number_doubts(number: str, sex: str = "", birth: date | None = None) -> Iterator[str]:
    """What in a 12-digit number contradicts the sex or the year of birth printed beside it."""
    century, year = int(number[3]) // 2, int(number[4:6])
    female = int(number[3]) % 2 == 1
    if sex in {"Nam", "Nữ"} and female != (sex == "Nữ"):
        yield "sex"
    if birth and birth.year != 1900 + 100 * century + year:
        yield "birth-year"


def _day(text: str) -> date | None:
    digits = re.sub(r"\D", "", text)
    try:
        return date(int(digits[4:8]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None
