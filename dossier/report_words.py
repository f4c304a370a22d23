"""Cells of a report as people read them, and as spreadsheets may safely have them."""

from datetime import date
from typing import Literal

from foundation.messages import _, current_language
from foundation.privacy import mask_text

Cell = str | int | float | date | None
#: What a cell is: ``percent`` from 0 to 1, ``seconds``; the others as they are called.
Kind = Literal["text", "count", "number", "percent", "seconds", "date"]
#: What spreadsheets take for the beginning of a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def shown(cell: Cell, kind: Kind) -> str:
    """A cell for people: Vietnamese write 1.600,5 and English 1,600.5; nothing is a dash."""
    if cell is None:
        return "–"
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, str):
        return mask_text(cell)
    match kind:
        case "percent":
            return number(100 * cell, 1) + " %"
        case "seconds":
            return duration(cell)
        case _:
            return number(cell, 0 if kind == "count" or abs(cell) >= 1000 else 1)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return _("{seconds} s").format(seconds=number(seconds, 1))
    if seconds < 3600:
        minutes, left = divmod(round(seconds), 60)
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=left)
    hours, left = divmod(round(seconds / 60), 60)
    return _("{hours} h {minutes} min").format(hours=number(hours, 0), minutes=left)


def number(value: float, digits: int) -> str:
    """A number with so many decimals, as it is written in the language now set."""
    text = f"{value:,.{digits}f}"
    return text if current_language() == "en" else text.translate(str.maketrans(",.", ".,"))
