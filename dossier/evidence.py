"""What a document says of itself, to find its row in a register by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from rapidfuzz.distance import Levenshtein

from digitize.slips import Slip
from ocr.fields import FieldValue
from ocr.kinds import born_in
from ocr.labels import bare
from profiles import Paper

#: Letters and figures recognisers take for each other, as one of them.
_CONFUSED = str.maketrans("oqdilzsbg", "000112589")
_LETTERLIKE = frozenset("oqdilzsbg012589")


@dataclass(frozen=True)
class Evidence:
    """The facts of one document; each may be missing, misread, or of somebody else on the paper.

    Attributes:
        slip: what its separator said.
        numbers: the paper's own number or numbers.
        names: of people, the owner's first.
        ids: personal numbers, card numbers, tax codes.
        births: days or years of birth, ISO 8601.
        dates: other days on the paper.
        paper: what paper it is, in words.
        pages: written sides.
    """

    slip: Slip | None = None
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=(), repr=False)
    ids: tuple[str, ...] = field(default=(), repr=False)
    births: tuple[str, ...] = field(default=(), repr=False)
    dates: tuple[date, ...] = ()
    paper: str = ""
    pages: int | None = None

    def says_anything(self) -> bool:
        """Whether there is a fact to go by."""
        return bool(self.slip or self.numbers or self.names or self.ids or self.births)


def evidence_of(
    paper: Paper | None, values: Sequence[FieldValue], *, slip: Slip | None = None, pages: int = 0
) -> Evidence:
    """The evidence in the fields read off a document. Doubted values count too: they are weighed.

    The signer's name is left out; it is on every paper of the office.
    """
    found = Evidence(slip, paper=paper.title if paper else "", pages=pages or None)
    kinds = {rule.name: rule.kind for rule in paper.fields} if paper else {}
    for value in values:
        kind = kinds.get(value.name, "text")
        text = value.normal or value.value
        if not text or value.name.startswith("nguoi_ky"):
            continue
        if kind == "name":
            found = replace(found, names=_with(found.names, value.value))
        elif kind in {"personal_number", "id_number", "tax_code"}:
            found = replace(found, ids=_with(found.ids, re.sub(r"\D", "", text)))
        elif kind == "date" and (day := born_in(value.normal)):
            if value.name.startswith(("ngay_sinh", "nam_sinh")):
                found = replace(found, births=_with(found.births, day.isoformat()))
            else:
                found = replace(found, dates=(*found.dates, day))
        elif kind == "decision_number" or value.name == "so" or value.name.startswith("so_"):
            found = replace(found, numbers=_with(found.numbers, text))
    return found


def name_key(name: str) -> str:
    """A name without marks, in lower case, its words parted by single spaces.

    >>> name_key("NGUYỄN  Thị Bích Thuỷ")
    'nguyen thi bich thuy'
    """
    return " ".join(bare(word) for word in name.split())


def number_keys(number: str) -> list[str]:
    """A number as it is compared: without marks, leading zeros and signs between its parts.

    What recognisers confuse (O and 0, l and 1, S and 5, B and 8) is one sign.

    >>> number_keys("015/2005"), number_keys("l5/2OO5")
    (['15.2005'], ['15.2005'])
    """
    return [".".join(map(_plain, _parts(number)))]


def serial_of(number: str) -> tuple[str, str]:
    """The number's first part, and its year where it names one.

    >>> serial_of("015/2005"), serial_of("12/QĐ-UBND")
    (('15', '2005'), ('12', ''))
    """
    parts = list(map(_plain, _parts(number)))
    year = next((part for part in parts[1:] if re.fullmatch(r"(19|20)\d\d", part)), "")
    return (parts[0] if parts else "", year)


def other_number(one: str, other: str) -> bool:
    """Whether two numbers differ as those of two papers do, and not as one misread does.

    They do by a letter of its own among figures, also where it was read as a figure ("2025B" as
    20258), by a word that goes on, and by more than one letter of a word.

    >>> other_number("44/2025B", "44/2025"), other_number("44/20258", "44/2025")
    (True, True)
    >>> other_number("12/QĐ-UBMD", "12/QĐ-UBND"), other_number("4/2O2,5", "44/2025")
    (False, False)
    """
    parts, others = _parts(one), _parts(other)
    if any(map(_has_letter_read_as_figure, zip(parts, others, strict=False))):
        return True
    if parts[: len(others)] == others[: len(parts)]:
        return False  # written shorter
    a, b = "".join(parts), "".join(others)
    wrong = 0
    for edit in Levenshtein.editops(a, b):
        lost = "" if edit.tag == "insert" else a[edit.src_pos]
        new = "" if edit.tag == "delete" else b[edit.dest_pos]
        if lost.translate(_CONFUSED) == new.translate(_CONFUSED):
            continue
        for text, sign, place in ((a, lost, edit.src_pos), (b, new, edit.dest_pos)):
            if not sign.isalpha():
                continue
            follows = text[place + 1 : place + 2].isalpha()
            if not follows and not (lost and new and text[place - 1 : place].isalpha()):
                return True
            wrong += 1
    return wrong > 2


def _has_letter_read_as_figure(pair: tuple[str, str]) -> bool:
    """Whether one part is the other, which is a year or a serial, and a sign like a letter."""
    short, long = sorted(pair, key=len)
    goes_on = len(long) == len(short) + 1 and long.startswith(short) and short.isdecimal()
    return goes_on and long[-1] in _LETTERLIKE and (len(short) != 3)


def _parts(number: str) -> list[str]:
    return [part for part in re.split(r"[^0-9a-z]+", _folded(number)) if part]


def _folded(number: str) -> str:
    return re.sub(
        r"[^0-9a-z/.\-\s]", "", " ".join(bare(part) or " " for part in re.split(r"(\W)", number))
    )


def _plain(part: str) -> str:
    return part.translate(_CONFUSED).lstrip("0") or "0"


def _with(values: tuple[str, ...], more: str) -> tuple[str, ...]:
    return values if more in values else (*values, more)
