"""The invented family, office and dates the sample papers speak of.

Every name and number is drawn from a seed. Personal numbers begin with 099, a place
code that was never given out, so that none can be a living person's; the remaining
digits follow the rule (century and sex, year of birth, six digits).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

COMMUNE = "xã Hòa An"
PROVINCE = "tỉnh Sông Lam"
PLACE = f"{COMMUNE}, {PROVINCE}"
ORIGINS = (PLACE, f"xã Tân Lập, {PROVINCE}", f"phường Bến Đá, {PROVINCE}")
HAMLETS = ("thôn Đông", "thôn Trung", "thôn Hạ", "thôn Vĩnh Phú", "thôn Mỹ Lệ")

_FAMILY_NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Dương")
_MEN = ("Văn Hải", "Minh Đức", "Quốc Việt", "Hữu Phước", "Thanh Tùng", "Đình Khôi", "Ngọc Sơn")
_WOMEN = ("Thị Thu Hà", "Ngọc Lan", "Thị Bích Thủy", "Thanh Xuân", "Thị Mỹ Hạnh", "Kim Yến")
_GIRLS = ("Hoàng Minh Anh", "Bảo Ngọc", "Khánh Linh", "Gia Hân", "Phương Thảo")
_BOYS = ("Gia Bảo", "Minh Khang", "Đức Anh", "Tuấn Kiệt", "Nhật Minh")
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


@dataclass(frozen=True)
class Person:
    """One invented person. ``name`` is in ordinary case, ``number`` has 12 digits."""

    name: str
    female: bool
    born: date
    number: str
    origin: str

    @property
    def sex(self) -> str:
        """As papers say it: Nữ or Nam."""
        return "Nữ" if self.female else "Nam"


@dataclass(frozen=True)
class Family:
    """A child, the parents, the days their papers were made, and who signed them."""

    child: Person
    mother: Person
    father: Person
    home: str
    married: date
    registered: date
    card_issued: date
    chairman: str
    registrar: str
    certificate_numbers: tuple[int, int]


def invent_family(seed: int) -> Family:
    """The family of a seed: the same seed gives the same people on every machine."""
    chance = Random(f"family {seed}")  # noqa: S311  a game, not a secret
    born = date(2025, 7, 1) + timedelta(days=chance.randrange(200))
    surname, other = chance.sample(_FAMILY_NAMES, 2)
    girl = chance.random() < 0.5
    child = _person(chance, f"{surname} {chance.choice(_GIRLS if girl else _BOYS)}", girl, born)
    mother = _person(chance, f"{other} {chance.choice(_WOMEN)}", True, _adult(chance))
    father = _person(chance, f"{surname} {chance.choice(_MEN)}", False, _adult(chance))
    chairman, registrar = (
        f"{name} {given}"
        for name, given in zip(
            chance.sample(_FAMILY_NAMES, 2),
            (chance.choice(_MEN), chance.choice(_WOMEN)),
            strict=True,
        )
    )
    return Family(
        child=child,
        mother=mother,
        father=father,
        home=f"{chance.choice(HAMLETS)}, {PLACE}",
        married=born - timedelta(days=chance.randrange(400, 1200)),
        registered=born + timedelta(days=chance.randrange(5, 40)),
        card_issued=date(2022, 1, 1) + timedelta(days=chance.randrange(700)),
        chairman=chairman,
        registrar=registrar,
        certificate_numbers=(chance.randrange(20, 400), chance.randrange(20, 200)),
    )


def card_qr(person: Person, home: str, issued: date) -> str:
    """What the QR code of a chip ID card says: seven fields, the former number left empty."""
    days = (f"{person.born:%d%m%Y}", f"{issued:%d%m%Y}")
    return "|".join((person.number, "", person.name, days[0], person.sex, home, days[1]))


def machine_readable(person: Person, issued: date) -> tuple[str, str, str]:
    """The three lines on the back of the card (ICAO Doc 9303-5, size TD1)."""
    expires = issued.replace(year=issued.year + 15)
    number = person.number[-9:]
    first = f"IDVNM{number}{_check(number)}{person.number}<<{_check(person.number)}"
    born, end = f"{person.born:%y%m%d}", f"{expires:%y%m%d}"
    second = f"{born}{_check(born)}{'F' if person.female else 'M'}{end}{_check(end)}VNM"
    composite = first[5:30] + second[:7] + second[8:15]
    plain = person.name.upper().translate(_PLAIN).split()
    name = f"{plain[0]}<<{'<'.join(plain[1:])}"
    return first, f"{second:<<29}{_check(composite)}", f"{name:<<30}"


def in_words(day: date) -> str:
    """A date as certificates write it out: 12/03/2025 → Ngày mười hai tháng ba năm hai nghìn…"""
    century, rest = divmod(day.year, 100)
    hundreds = "hai nghìn không trăm" if century == 20 else "một nghìn chín trăm"
    tail = f"linh {_DIGITS[rest]}" if rest < 10 else _two_digits(rest)
    return f"Ngày {_two_digits(day.day)} tháng {_month(day.month)} năm {hundreds} {tail}"


def long_date(day: date) -> str:
    """ngày 05 tháng 09 năm 2025."""
    return f"ngày {day:%d} tháng {day:%m} năm {day:%Y}"


def _person(chance: Random, name: str, female: bool, born: date) -> Person:
    digit = 2 * (born.year // 100 - 19) + female
    number = f"099{digit}{born:%y}{chance.randrange(1_000_000):06d}"
    return Person(name, female, born, number, chance.choice(ORIGINS))


def _adult(chance: Random) -> date:
    return date(1988, 1, 1) + timedelta(days=chance.randrange(3600))


def _month(month: int) -> str:
    return "tư" if month == 4 else _two_digits(month)


def _two_digits(value: int) -> str:
    tens, units = divmod(value, 10)
    if tens == 0:
        return _DIGITS[units]
    head = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if units == 0:
        return head
    after_ten = {5: "lăm"}
    after_more = {5: "lăm", 1: "mốt", 4: "tư"}
    tail = (after_ten if tens == 1 else after_more).get(units, _DIGITS[units])
    return f"{head} {tail}"


def _check(text: str) -> int:
    """Check digit with weights 7, 3, 1 (ICAO Doc 9303-3, 4.9)."""
    values = (0 if c == "<" else int(c, 36) for c in text)
    return sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10


def _plain_letters() -> dict[int, str]:
    """Vietnamese capitals without their marks, for the machine-readable lines."""
    groups = {
        "A": "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ",
        "D": "Đ",
        "E": "ÈÉẺẼẸÊỀẾỂỄỆ",
        "I": "ÌÍỈĨỊ",
        "O": "ÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ",
        "U": "ÙÚỦŨỤƯỪỨỬỮỰ",
        "Y": "ỲÝỶỸỴ",
    }
    return {ord(letter): base for base, letters in groups.items() for letter in letters}


_PLAIN = _plain_letters()
