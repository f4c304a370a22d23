"""What stands in a register's cells, and what is wrong with it.

Every reader gives the value and the kind of problem ("" for none). Nothing is guessed: a day
that does not exist stays empty, it is not moved to one that does.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta

from stdnum.vn import mst

from dossier.register_file import Cell, Formula
from ocr.dates import find_date
from ocr.idcard import is_personal_number

#: Excel's day 0 (its 1900 system, false 29/02/1900 included), and the days taken for dates where
#: a cell holds a plain number: 1927 to 2064.
_EXCEL_ZERO, _SERIALS = date(1899, 12, 30), range(10_000, 60_000)
_OLDEST = date(1900, 1, 1)
_NUMERIC = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{2}|\d{4})(?:\s.*)?")
_ISO = re.compile(r"(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})(?:[T\s].*)?")
_PARTS = re.compile(r"(?:(?:tháng\s*)?(\d{1,2})\s*[-/.]\s*)?((?:19|20)\d{2})", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def text_of(cell: Cell) -> str:
    """A cell as one line of text, NFC; numbers without the ".0" of spreadsheets.

    >>> text_of(15.0), text_of("  12 / QĐ ")
    ('15', '12 / QĐ')
    """
    if cell is None or isinstance(cell, Formula):
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    plain = str(cell)
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", plain).translate(_INVISIBLE)
    return " ".join(plain.split())


def read_number(cell: Cell) -> tuple[str, str]:
    """The paper's number. Where a spreadsheet took "12/2005" for a date, that cannot be undone."""
    if isinstance(cell, Formula):
        return "", "formula"
    text = text_of(cell)
    if not text:
        return "", "number-missing"
    if isinstance(cell, date):
        return text, "number-is-date"
    if is_personal_number(re.sub(r"[\s.]", "", text)):
        return text, "number-personal"
    return text, "number-damaged" if _SCIENTIFIC.fullmatch(text) else ""


def read_date(cell: Cell, today: date) -> tuple[date | None, str]:
    """A day as dd/mm/yyyy, dd/mm/yy, ISO 8601, "ngày … tháng … năm …" or Excel's number of it.

    A year of two digits is the latest such year that is not in the future.

    >>> read_date("05/03/98", date(2026, 1, 1)), read_date("31/02/2005", date(2026, 1, 1))
    ((datetime.date(1998, 3, 5), ''), (None, 'date-wrong'))
    """
    if cell is None or isinstance(cell, Formula):
        return None, "formula" if cell else "date-missing"
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return _judged(cell, today)
    text = text_of(cell)
    if not text or text in {"-", "/", "..."}:
        return None, "date-missing"
    if text.isdigit() and int(text) in _SERIALS:
        return _judged(_EXCEL_ZERO + timedelta(days=int(text)), today)
    return _read_text(text, today)


def _read_text(text: str, today: date) -> tuple[date | None, str]:
    if match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
        return _made(year, month, day, today)
    if match := _NUMERIC.fullmatch(text):
        day, month, year = map(int, match.groups())
        if len(match.group(3)) == 2:
            century = today.year // 100 * 100
            year += century if century + year <= today.year else century - 100
        return _made(year, month, day, today)
    if _PARTS.fullmatch(text):
        return None, "date-part"
    if (found := find_date(text)) and found.day:
        return _judged(found.day, today)
    return None, "date-wrong"


def _made(year: int, month: int, day: int, today: date) -> tuple[date | None, str]:
    try:
        return _judged(date(year, month, day), today)
    except ValueError:
        return None, "date-wrong"


def _judged(day: date, today: date) -> tuple[date | None, str]:
    if day < _OLDEST:
        return None, "date-wrong"
    return (day, "") if day <= today else (day, "date-future")


def read_born(cell: Cell, today: date) -> tuple[str, str]:
    """A day of birth, ISO 8601, or the year alone; empty where it is neither."""
    text = text_of(cell)
    if re.fullmatch(r"(19|20)\d{2}", text):
        return text, ""
    day, fault = read_date(cell, today)
    if day and not fault:
        return day.isoformat(), ""
    return "", "" if fault == "date-missing" else "born-wrong"


def read_owner_id(cell: Cell) -> tuple[str, str]:
    """A personal number, an old ID card's number or a tax code.

    Where a spreadsheet took it for a figure and dropped zeros at its head, they are put back:
    personal numbers have twelve digits, and begin with 00 to 09 for many provinces.
    """
    text = text_of(cell)
    if not text:
        return "", "owner-id-missing"
    if _SCIENTIFIC.fullmatch(text):
        return "", "owner-id-damaged"
    plain = re.sub(r"[\s.\-']", "", text)
    if is_personal_number(plain) or re.fullmatch("[0-9]{9}", plain) or mst.is_valid(plain):
        return plain, ""
    if re.fullmatch("[0-9]{8}|[0-9]{10,11}", plain):
        return plain.zfill(9 if len(plain) == 8 else 12), "owner-id-zeros"
    return plain, "owner-id-odd"


def read_pages(cell: Cell) -> tuple[int | None, str]:
    """How many pages the paper has: a whole number from 1 to 9,999, "3 trang", "02"."""
    if isinstance(cell, Formula):
        return None, "formula"
    text = text_of(cell)
    if not text:
        return None, ""
    match = re.fullmatch(r"(\d{1,4})\s*(?:trang|tr\.?|pages?)?", text, re.IGNORECASE)
    pages = int(match.group(1)) if match else 0
    return (pages, "") if pages else (None, "pages-wrong")
