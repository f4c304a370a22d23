"""Words to fields (bóc tách dữ liệu): the facts a profile asks for, with where and how sure.

A field stands after its anchor (the printed label) in the same line. A value that does
not look as its kind demands is returned with the reason, never silently dropped.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from ocr.words import Word
from profiles import FieldRules


@dataclass(frozen=True)
class FieldValue:
    """One fact read off the paper.

    Attributes:
        value: as printed, NFC; empty when not found.
        confidence: 0-100, the least sure of its words.
        box: left, top, right, bottom in pixels of the page; None when not found.
        page: page it stands on, from 1; 0 when not found.
        fault: why it is not to be trusted, as a stable word (``not-found``, ``not-a-date``,
            ``not-a-number``, ``unknown-sex`` ...); empty when fine.
    """

    name: str
    value: str = ""
    confidence: float = 0.0
    box: tuple[int, int, int, int] | None = None
    page: int = 0
    fault: str = ""


def read_fields(pages: Sequence[Sequence[Word]], rules: Sequence[FieldRules]) -> list[FieldValue]:
    """Every field of the profile, in its order; one that is not found says so."""
    return [_read(pages, rule) for rule in rules]


def _read(pages: Sequence[Sequence[Word]], rule: FieldRules) -> FieldValue:
    for number, words in enumerate(pages, 1):
        for _key, line in groupby(words, key=lambda word: word.line):
            row = list(line)
            for anchor in rule.anchors:
                if value := _after(row, anchor):
                    return _judged(rule, value, number)
    return FieldValue(rule.name, fault="not-found")


def _after(line: Sequence[Word], anchor: str) -> Sequence[Word]:
    """The words of a line that follow ``anchor``, which must start the line or a column of it."""
    wanted = [_plain(part) for part in anchor.split()]
    seen = [_plain(word.text) for word in line]
    for start in range(len(seen) - len(wanted)):
        end = start + len(wanted)
        if seen[start:end] == wanted and (start == 0 or line[end - 1].text.endswith(":")):
            following = seen[end] if end < len(seen) else ""
            if line[end - 1].text.endswith(":") or following == "":
                return [word for word in line[end:] if _plain(word.text)]
    return []


def _judged(rule: FieldRules, words: Sequence[Word], page: int) -> FieldValue:
    text = unicodedata.normalize("NFC", " ".join(word.text for word in words)).strip(" .:;,")
    box = (
        min(w.left for w in words),
        min(w.top for w in words),
        max(w.right for w in words),
        max(w.bottom for w in words),
    )
    confidence = min(word.confidence for word in words)
    return FieldValue(rule.name, text, confidence, box, page, _FAULTS[rule.kind](text))


def _plain(text: str) -> str:
    """Letters and figures only, folded: punctuation read wrongly must not hide an anchor."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def _date_fault(text: str) -> str:
    found = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    try:
        return "" if found and date(*(int(n) for n in reversed(found.groups()))) else "not-a-date"
    except ValueError:
        return "not-a-date"


def _matches(pattern: str, fault: str) -> Callable[[str], str]:
    return lambda text: "" if re.fullmatch(pattern, text) else fault


_FAULTS: dict[str, Callable[[str], str]] = {
    "text": lambda _text: "",
    "name": _matches(r"[^\d]+", "not-a-name"),
    "date": _date_fault,
    "year": _matches(r"(19|20)\d{2}", "not-a-year"),
    "sex": _matches(r"Nam|Nữ", "unknown-sex"),
    "personal_number": _matches(r"\d{12}", "not-a-number"),
    # NĐ 30/2020: number / kind abbreviation - issuing body, such as 806/QĐ-UBND.
    "decision_number": _matches(r"\d+(/\d{4})?/[A-ZĐ]+(-[A-ZĐ]+)*", "not-a-decision-number"),
}
