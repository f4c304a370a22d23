"""What a value must look like: found in a text, put right where only one reading is possible.

Every reader takes a text and gives the value, its place in the text, its normal form and
what is wrong with it. Nothing is guessed: a sign is only put right where its kind leaves no
other reading, such as a letter O within a number.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import Levenshtein
from stdnum.vn import mst

from ocr.dates import find_date
from ocr.rows import folded

#: What digits are misread as.
_CONFUSED = str.maketrans("OoQDIl|!SsBZz", "0000111155822")
_DIGITISH = r"[0-9OoQDIl|!SsBZz]"
#: Marks that no value begins or ends with.
_EDGES = " .:;,-–—_/|*'\"“”•·…"
#: NĐ 30/2020, Phụ lục III: abbreviations of kinds of document.
_KINDS = (
    *("NQ", "QĐ", "CT", "QC", "QyĐ", "TC", "TB", "HD", "CTr", "KH", "PA", "ĐA", "DA", "BC", "BB"),
    *("TTr", "HĐ", "CV", "CĐ", "BGN", "BTT", "BTr", "GUQ", "GM", "GGT", "GNP", "PG", "PC", "PB"),
    *("TTLT", "NĐ", "TT", "GP", "GCN", "GXN"),
)
#: Bodies that issue documents, as abbreviated in their numbers.
_BODIES = (
    *("UBND", "HĐND", "CP", "TTg", "VPCP", "BNV", "BTP", "BTC", "BCA", "BYT", "BGDĐT", "BLĐTBXH"),
    *("BTNMT", "SNV", "STP", "STC", "SLĐTBXH", "SYT", "SGDĐT", "STNMT", "SXD", "SCT", "SKHĐT"),
    *("CAT", "TAND", "VKSND", "BHXH", "TTDVVL", "VP"),
)


@dataclass(frozen=True)
class Reading:
    """A value found in a text.

    Attributes:
        text: as printed, NFC.
        start, end: its place in the text it was found in.
        normal: for machines: ISO 8601 dates, digits alone, a number of đồng; else as ``text``.
        fault: stable word for what is wrong; empty when nothing is.
    """

    text: str
    start: int
    end: int
    normal: str = ""
    fault: str = ""


Reader = Callable[[str], Reading]


def read_value(kind: str, text: str, pattern: str = "") -> Reading:
    """The value of a kind within a text.

    Args:
        kind: see :data:`profiles.schema.Kind`.
        pattern: a regular expression the value must contain; its first group, if it has
            one, is the value.
    """
    if pattern:
        found = re.search(pattern, text)
        if found is None:
            return _whole(text, "not-as-expected")
        group = 1 if found.re.groups else 0
        inner = READERS[kind](found.group(group))
        start = found.start(group)
        return Reading(
            inner.text, start + inner.start, start + inner.end, inner.normal, inner.fault
        )
    return READERS[kind](text)


def _whole(text: str, fault: str = "") -> Reading:
    """The whole text but for marks around it."""
    start = len(text) - len(text.lstrip(_EDGES))
    end = max(start, len(text.rstrip(_EDGES)))
    if text[end : end + 1] == "." and _ABBREVIATED.search(text[start:end]):
        end += 1
    value = text[start:end]
    if value.count("(") == value.count(")") + 1 and text[end : end + 1] == ")":
        end += 1
    value = unicodedata.normalize("NFC", text[start:end])
    return Reading(value, start, end, value, fault)


_ABBREVIATED = re.compile(r"\b(?:TP|TX|TT|P|Q|H|X)$")


def _text(text: str) -> Reading:
    return _whole(text, "" if any(c.isalnum() for c in text) else "empty")


def _name(text: str) -> Reading:
    found = _whole(text)
    words = found.text.split()
    letters = [c for c in found.text if not c.isspace() and c not in "'’.-"]
    good = len(words) >= 2 and all(c.isalpha() for c in letters) and words[0][0].isupper()
    return Reading(found.text, found.start, found.end, found.text, "" if good else "not-a-name")


def _date(text: str) -> Reading:
    found = find_date(text)
    if found is None:
        return _whole(text, "not-a-date")
    value = found.figures or text[found.start : found.end]
    normal = found.day.isoformat() if found.day else ""
    return Reading(value, found.start, found.end, normal, "" if normal else "not-a-date")


def _year(text: str) -> Reading:
    if (found := find_date(text)) and found.day:  # a whole date tells the year as well
        return Reading(text[found.start : found.end], found.start, found.end, str(found.day.year))
    for match in re.finditer(rf"(?<!\w){_DIGITISH}{{4}}(?!\w)", text):
        value = match.group().translate(_CONFUSED)
        if re.fullmatch(r"(19|20)\d{2}", value):
            return Reading(value, match.start(), match.end(), value)
    return _whole(text, "not-a-year")


def _sex(text: str) -> Reading:
    for match in re.finditer(r"[^\W\d_]+", text):
        plain = folded(match.group())
        if plain in _SEXES:
            value = _SEXES[plain]
            return Reading(value, match.start(), match.end(), value)
    return _whole(text, "unknown-sex")


#: Nothing else stands in these boxes of a form, so that a misread tone leaves no doubt.
_SEXES = {"nam": "Nam", "nu": "Nữ", "male": "Nam", "female": "Nữ"}


def _digits(*lengths: int) -> Reader:
    """A number of so many digits, perhaps parted by spaces or dots."""

    def read(text: str) -> Reading:
        for length in lengths:
            for match in re.finditer(
                rf"(?<![0-9]){_DIGITISH}(?:[ .]?{_DIGITISH}){{{length - 1}}}(?![0-9])", text
            ):
                plain = re.sub(r"[ .]", "", match.group())
                # Letters within digits are misread digits; a word of letters is not a number.
                if sum(c.isdigit() for c in plain) * 4 >= length * 3:
                    value = plain.translate(_CONFUSED)
                    return Reading(value, match.start(), match.end(), value)
        return _whole(text, "not-a-number")

    return read


def _decision_number(text: str) -> Reading:
    """NĐ 30/2020, Phụ lục I: number / (year /) kind - issuing body, such as 806/QĐ-UBND."""
    match = re.search(
        rf"({_DIGITISH}{{1,6}})\s*/\s*(?:((?:19|20)\d{{2}})\s*/\s*)?"
        r"([^\W\d_]{1,6}(?:\s?[-–]\s?[^\W\d_][^\W_]{0,11})*)(?!\w)",
        text,
    )
    if match is None or not match.group(1)[-1:].translate(_CONFUSED).isdigit():
        return _whole(text, "not-a-decision-number")
    kind, *bodies = re.split(r"\s?[-–]\s?", match.group(3))
    signs = [_nearest(kind, _KINDS), *(_nearest(body, _BODIES) for body in bodies)]
    year = f"{match.group(2)}/" if match.group(2) else ""
    value = f"{match.group(1).translate(_CONFUSED)}/{year}{'-'.join(signs)}"
    good = all(sign[0].isupper() for sign in signs)
    return Reading(
        value, match.start(), match.end(), value, "" if good else "not-a-decision-number"
    )


def _nearest(read: str, known: tuple[str, ...]) -> str:
    """The abbreviation that differs from what was read in marks alone, or in one letter of four."""
    if read in known:
        return read
    plain = folded(read)
    same = [one for one in known if folded(one) == plain]
    if not same and len(read) >= 4:
        same = [one for one in known if Levenshtein.distance(folded(one), plain) == 1]
    return same[0] if len(same) == 1 else read


def _tax_code(text: str) -> Reading:
    """Mã số thuế: 10 digits with a check digit, 13 for a branch, or a person's 12 digits."""
    match = re.search(
        rf"(?<![0-9]){_DIGITISH}(?:[ .]?{_DIGITISH}){{9}}"
        rf"(?:\s?[-–]?\s?{_DIGITISH}{{3}}|{_DIGITISH}{{2}})?(?![0-9])",
        text,
    )
    if match is None:
        return _whole(text, "not-a-tax-code")
    plain = re.sub(r"[ .–-]", "", match.group()).translate(_CONFUSED)
    shown = plain if len(plain) != 13 else f"{plain[:10]}-{plain[10:]}"
    good = len(plain) == 12 or mst.is_valid(plain)
    return Reading(shown, match.start(), match.end(), plain, "" if good else "wrong-check-digit")


def _money(text: str) -> Reading:
    match = re.search(r"\d{1,3}(?:[., ]\d{3})+(?!\d)|\d+", text)
    if match is None:
        return _whole(text, "not-an-amount")
    tail = re.match(r"\s*(đồng|dong|VNĐ|VND|đ\b)", text[match.end() :], re.IGNORECASE)
    end = match.end() + (tail.end() if tail else 0)
    normal = re.sub(r"\D", "", match.group())
    return Reading(text[match.start() : end], match.start(), end, normal)


def _area(text: str) -> Reading:
    match = re.search(
        r"(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+)|\.(\d{1,2})(?!\d))?\s*(m[²2]?|ha)?", text
    )
    if match is None:
        return _whole(text, "not-an-area")
    whole, after = match.group(1).replace(".", ""), match.group(2) or match.group(3)
    unit = match.group(4) or ""
    value = match.group().strip()
    if unit.startswith("m"):
        value = value[: -len(unit)].rstrip() + " m²"
    normal = f"{whole}.{after}" if after else whole
    return Reading(value, match.start(), match.end(), normal)


READERS: dict[str, Reader] = {
    "text": _text,
    "name": _name,
    "date": _date,
    "year": _year,
    "sex": _sex,
    "personal_number": _digits(12),
    "id_number": _digits(12, 9),
    "number": _digits(*range(10, 0, -1)),
    "decision_number": _decision_number,
    "tax_code": _tax_code,
    "money": _money,
    "area": _area,
}


def born_in(normal: str) -> date | None:
    """The day, or the first day of the year, that a normal form names."""
    try:
        return date.fromisoformat(normal if len(normal) > 4 else f"{normal}-01-01")
    except ValueError:
        return None
