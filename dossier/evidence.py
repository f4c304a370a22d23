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
#: Letters of a series (CH 00467), with the gap before its figures, or with their zeros.
_LETTERS = r"(?![oqdilzsbg]+[^a-z])([a-z]+?)"
_GAP = re.compile(rf"(?<![0-9a-z]){_LETTERS}[\s.\-]*(?=[0-9])")
_ZEROS = re.compile(rf"^{_LETTERS}[0o]+(?=[0-9])")
_YEAR = re.compile(r"(?:19|20)\d\d")
#: Figures that are misread for each other; any figure may be, but another paper's is likelier.
_ALIKE = "06 08 09 14 17 27 35 38 39 56 58 68 69 89"
_FIGURES_ALIKE = tuple(map(set, _ALIKE.split()))
#: Numbers of fewer signs are told apart by each of them.
_SHORT = 5
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

    >>> number_keys("015/2005"), number_keys("l5/2OO5"), number_keys("CH 00467")
    (['15.2005'], ['15.2005'], ['ch467'])
    """
    return [".".join(map(_plain, _parts(number)))]


def number_meant(number: str) -> tuple[str, ...]:
    """The parts of a number, a letter behind figures being no figure that was misread.

    >>> number_meant("044b/2O25") == number_meant("44B / 2025")
    True
    >>> number_meant("44B/2025") == number_meant("448/2025")
    False
    """
    return tuple(map(_as_meant, _parts(number)))


def _as_meant(part: str) -> str:
    plain = _plain(part)
    stands_alone = part[-1:].isalpha() and part[-2:-1].isdecimal()
    return plain[:-1] + part[-1] if stands_alone and not _YEAR.fullmatch(plain) else plain


def misread_number(one: str, other: str, *, any_figure: bool = False) -> bool:
    """Whether two numbers may be one with a single sign misread.

    A figure of the serial counts only where it looks like what was read for it, and never where
    it makes the next serial: papers written one after the other are often of one owner and day.

    Args:
        any_figure: any may be misread for any: something else says which number it is.

    >>> misread_number("13/2005", "18/2005"), misread_number("14/2005", "15/2005")
    (True, False)
    >>> misread_number("12/2005", "123/2005"), misread_number("14/2085", "14/2005")
    (False, True)
    """
    key, own = (".".join(_parts(number)).translate(_CONFUSED) for number in (one, other))
    edits = Levenshtein.editops(key, own)
    if len(own) < _SHORT or len(edits) != 1:
        return False
    (edit,) = edits
    lost = "" if edit.tag == "insert" else key[edit.src_pos]
    new = "" if edit.tag == "delete" else own[edit.dest_pos]
    serial, own_serial = serial_of(one)[0], serial_of(other)[0]
    if serial == own_serial or not (lost + new).isdecimal():
        return True
    apart = abs(_last_figures(serial) - _last_figures(own_serial))
    return apart == 0 or (apart != 1 and (any_figure or {lost, new} in _FIGURES_ALIKE))


def _last_figures(serial: str) -> int:
    return int(re.findall(r"\d+", serial)[-1])


def serial_of(number: str) -> tuple[str, str]:
    """The number's first part, and its year where it names one.

    >>> serial_of("015/2005"), serial_of("12/QĐ-UBND")
    (('15', '2005'), ('12', ''))
    """
    parts = list(map(_plain, _parts(number)))
    year = next((part for part in parts[1:] if _YEAR.fullmatch(part)), "")
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
    # Over what is confused made one, so that an O stands against its 0 and not beside it.
    for edit in Levenshtein.editops(a.translate(_CONFUSED), b.translate(_CONFUSED)):
        lost = "" if edit.tag == "insert" else a[edit.src_pos]
        new = "" if edit.tag == "delete" else b[edit.dest_pos]
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
    together = _GAP.sub(r"\1", _folded(number))
    return [part for part in re.split(r"[^0-9a-z]+", together) if part]


def _folded(number: str) -> str:
    number = re.sub("['\"`´‘’“”]", "", number)  # specks; what parts a number is no such sign
    return re.sub(
        r"[^0-9a-z/.\-\s]", "", " ".join(bare(part) or " " for part in re.split(r"(\W)", number))
    )


def _plain(part: str) -> str:
    return _ZEROS.sub(r"\1", part).translate(_CONFUSED).lstrip("0") or "0"


def _with(values: tuple[str, ...], more: str) -> tuple[str, ...]:
    return values if more in values else (*values, more)
