"""Dates as Vietnamese papers give them: in figures, with ngày - tháng - năm, and in words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import Levenshtein

from ocr.rows import folded

_NUMBER = r"([0-9oil|]{1,2})"
_YEAR = r"([0-9oil|]{4})"
#: 14/07/1979, 14-7-1979, 14 . 07 . 1979.
_FIGURES = re.compile(rf"(?<![0-9]){_NUMBER}\s*[/.\-–]\s*{_NUMBER}\s*[/.\-–]\s*{_YEAR}(?![0-9])")
#: 28I10I2038, 19/0612037: a slash read as a stroke, told by the places of the others.
_STROKES = re.compile(
    r"(?<![0-9a-z])(?=[0-9]+[/il|])([0-9]{2})[/il|1]([0-9]{2})[/il|1]([0-9]{4})(?![0-9])"
)
#: ngày 15 tháng 09 năm 2023; the vowels are what is misread.
_LONG = re.compile(
    rf"ng.?[a-z]y[\s:.]*{_NUMBER}[\s,.]*th.?[a-z]ng[\s:.]*{_NUMBER}[\s,.]*n[a-z]m[\s:.]*{_YEAR}"
)
#: ngày 15/09/2023, as a paper's own date is given too.
_DAY = re.compile(rf"ng.?[a-z]y[\s:.]*{_NUMBER}\s*[/.\-–]\s*{_NUMBER}\s*[/.\-–]\s*{_YEAR}(?![0-9])")
#: What may stand around a paper's own date; what is cited ends with ";" or goes on.
_DIRT = re.compile(r"[\s'\"“”‘’`~|_*°•·.,:–-]+")
#: Words of a place's name: "Thành phố Bà Rịa - Vũng Tàu", "Thị trấn Chợ Mới".
_MOST_OF_A_PLACE = 8
_UNITS_OF_LAND = frozenset(
    ("thanh", "pho", "tp", "tinh", "huyen", "quan", "phuong", "xa", "thi", "tran", "dac", "khu")
)
#: What a cited act, or a day that is not the paper's own, begins with.
_CITED = (
    *("can cu", "luat ", "bo luat", "nghi dinh", "nghi quyet", "quyet dinh", "thong tu"),
    *("phap lenh", "hom nay", "sinh ", "cap ", "tu ngay", "ke tu", "den ngay", "den het", "theo "),
    "so ",
)
_WORDS = re.compile(r"[a-z]+")
_CONFUSED = str.maketrans("oil|", "0111")
_UNITS = {
    "khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6,
    "bay": 7, "tam": 8, "chin": 9, "muoi": 10, "gieng": 1, "chap": 12,
}  # fmt: skip
_SCALES = {"nghin": 1000, "ngan": 1000, "tram": 100}
_FILLERS = {"mong", "mung", "linh", "le"}
_ALL = frozenset({*_UNITS, *_SCALES, *_FILLERS, "ngay", "thang", "nam"})


@dataclass(frozen=True)
class FoundDate:
    """A date in a text from sign ``start`` to ``end``.

    Attributes:
        day: None where there is no such day.
        figures: a date in figures as it is meant to stand there; empty for other dates.
    """

    start: int
    end: int
    day: date | None
    figures: str = ""


def find_date(text: str) -> FoundDate | None:
    """The first date in the text, in whichever of the three ways it is written.

    >>> find_date("Phú Yên, ngày 15 tháng 09 năm 2023").day
    datetime.date(2023, 9, 15)
    """
    plain = folded(text)
    found = []
    for pattern in (_FIGURES, _STROKES, _LONG):
        if match := pattern.search(plain):
            numbers = [number.translate(_CONFUSED) for number in match.groups()]
            mark = next((c for c in match.group() if c in "-."), "/")
            shown = "" if pattern is _LONG else mark.join(numbers)
            found.append(FoundDate(match.start(), match.end(), _day(*numbers), shown))
    if words := _in_words(plain):
        found.append(words)
    return min(found, key=lambda one: (one.day is None, one.start), default=None)


def is_date_line(text: str) -> bool:
    """Whether a text is the line a paper is dated with: the place, a comma, the day, no more.

    Nothing of a sentence is: not a cited law's date, nor the last row of a paragraph.

    >>> is_date_line("Phú Yên, ngày 15 tháng 09 năm 2023")
    True
    >>> is_date_line("Căn cứ Luật Đất đai ngày 29 tháng 11 năm 2013;")
    False
    """
    plain = folded(text)
    dated = _LONG.search(plain) or _DAY.search(plain)
    if dated is None or _DIRT.sub("", plain[dated.end() :]):
        return False
    place = _DIRT.sub(" ", text[: dated.start()]).split()
    if len(place) > _MOST_OF_A_PLACE or f"{folded(' '.join(place))} ".startswith(_CITED):
        return False
    named = [word for word in place if any(c.isalpha() for c in word)]
    return all(word[0].isupper() or folded(word) in _UNITS_OF_LAND for word in named)


def _day(day: str, month: str, year: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _in_words(plain: str) -> FoundDate | None:
    """Ngày mười bốn tháng bảy năm một nghìn chín trăm bảy mươi chín."""
    tokens = [
        (match.start(), match.end(), _word(match.group())) for match in _WORDS.finditer(plain)
    ]
    words = [word for _start, _end, word in tokens]
    for month in (place for place, word in enumerate(words) if word == "thang"):
        first = month
        while first > 0 and words[first - 1] in _UNITS.keys() | _FILLERS:
            first -= 1
        day = _value(words[first:month])
        if day is None:
            continue
        for end, numbers in _month_and_year(words[month + 1 :]):
            try:
                found = date(numbers[1], numbers[0], day)
            except ValueError:
                continue
            if first and words[first - 1] == "ngay":
                first -= 1
            return FoundDate(tokens[first][0], tokens[month + end][1], found)
    return None


def _month_and_year(words: Sequence[str | None]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Readings of what follows "tháng": "năm" is both year and five, so each is tried."""
    for mark in (place for place, word in enumerate(words) if word == "nam" and place > 0):
        month = _value(words[:mark])
        if month is None:
            continue
        end = mark + 1
        while end < len(words) and words[end] in _UNITS.keys() | _SCALES.keys() | _FILLERS:
            end += 1
        year = _value(words[mark + 1 : end])
        if year is not None and year >= 1000:
            yield end, (month, year)


def _word(read: str) -> str | None:
    """The word of a date that was read, one letter wrong in four or more forgiven."""
    if read in _ALL:
        return read
    if len(read) < 4:
        return None
    near = [word for word in _ALL if len(word) > 3 and Levenshtein.distance(read, word) == 1]
    return near[0] if len(near) == 1 else None


def _value(words: Sequence[str | None]) -> int | None:
    """The number that words say, up to 9999; None when they say none.

    >>> _value(["hai", "nghin", "khong", "tram", "hai", "muoi", "lam"])
    2025
    """
    total, digit, said = 0, None, False
    for word in words:
        if word is None or (word not in _UNITS and word not in _SCALES and word not in _FILLERS):
            return None
        if word in _SCALES:
            total += (1 if digit is None else digit) * _SCALES[word]
            digit = None
        elif word == "muoi":
            total += 10 * (1 if digit is None else digit)
            digit, said = None, True
        elif word in _UNITS:
            # "hai mốt" is 21: a digit after a digit makes tens of the one before.
            total += 10 * digit if digit is not None else 0
            digit, said = _UNITS[word], True
        said = said or word in _SCALES
    return total + (digit or 0) if said else None
