"""Documents matched to the rows of messy registers: how many rightly, how many wrongly unasked.

A register of invented papers is written as offices keep them (TCVN3, VNI, UTF-8 with BOM,
UTF-16, Windows-1258; repeated rows, days that do not exist, owners and numbers missing or
mistyped, birth dates that are only a year) and read back. Documents are its papers as a
recogniser gives them: each letter or figure misread with a fixed chance, by what is in fact
confused, marks lost or changed, fields not found, a parent's name beside the owner's; a few
papers are in no row at all, and look like one that is (a brother's, the same person's of another
year). One birth certificate in fifty has a twin's beside it, with the next number.
Twice: with separators (most read, some not, some before the wrong paper, some unknown), and by
what is read alone.
"""

import csv
import io
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from random import Random

from digitize.slips import Slip, slip_key
from dossier.evidence import Evidence
from dossier.legacy_text import FROM_TCVN3, FROM_VNI
from dossier.matching import Match, match_documents
from dossier.register import RegisterRow, read_register

_FAMILIES = "Nguyễn " * 12 + "Trần " * 4 + "Lê " * 3 + "Phạm Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi "
_FAMILIES += "Đỗ Hồ Ngô Dương Lý Đào Đoàn Trịnh Đinh Lâm Mai Tô Hà Cao Lương Tạ"
_MIDDLES = (
    "Văn Văn Văn Thị Thị Thị Hữu Đình Ngọc Minh Đức Quang Thanh Xuân Thu Bích Kim Mỹ Hồng Gia"
)
_GIVEN = (
    "Hải Đức Việt Phước Tùng Khôi Sơn Hà Lan Thủy Xuân Hạnh Yến Anh Ngọc Linh Hân Thảo Bảo "
    "Khang Kiệt Minh Hùng Dũng Cường Tuấn Nam Long Quân Trung Hiếu Nghĩa Tâm Thắng Lợi Hòa "
    "Bình An Phương Trang Hương Hoa Mai Cúc Đào Liên Huệ Nhung Oanh Quỳnh Trinh Trâm Vân Vy "
    "Uyên Thúy Hằng Nga Tuyết"
)
_TYPES = ("Giấy khai sinh", "Giấy chứng nhận kết hôn", "Quyết định", "Giấy chứng nhận QSDĐ")
_TITLES = (
    "Giấy khai sinh", "Giấy chứng nhận kết hôn", "Quyết định hành chính",
    "Giấy chứng nhận quyền sử dụng đất",
)  # fmt: skip
#: What Tesseract's Vietnamese model takes for each other on the corpus's sheets.
_SIGNS = {
    "0": "O8", "1": "l7", "2": "7Z", "3": "8", "4": "1", "5": "6S", "6": "8", "7": "1", "8": "3B",
    "9": "0", "a": "o", "o": "a", "n": "m", "m": "n", "h": "b", "i": "l", "l": "i", "u": "n",
    "c": "e", "e": "c", "t": "f", "g": "q", "r": "n", "y": "v",
}  # fmt: skip
_TONES = "\u0301\u0300\u0309\u0303\u0323"


@dataclass(frozen=True)
class Paper:
    """One paper as it truly is; ``row``: place in the register, None for one in no row."""

    row: int | None
    number: str
    day: date
    owner: str
    owner_id: str
    born: date
    parent: str
    kind: int
    pages: int


def measure_matching(count: int, seed: int, papers: int = 0, strangers: int = 150) -> None:
    """Print how many documents went to the right row, to a person, and to a wrong row.

    Args:
        count: generated documents.
        papers: drawn ones, read by the recogniser.
        strangers: of how many documents one more, that is in no row, comes for each encoding.
    """
    _measure_generated(count, seed, strangers)
    if papers:
        import_module("benchmarks.match_read").match_read_papers(papers, seed)


def _measure_generated(count: int, seed: int, few: int) -> None:
    print("| documents | all | rightly unasked | to a person | the right row first |", end=" ")
    print("wrong | behind a wrong separator, caught | in no row, kept out | ms each |")
    print("|---|---|---|---|---|---|---|---|---|")
    for separators in (True, False):
        whole = Counter[str]()
        began, number = time.process_time(), 0
        for encoding in ("utf-8-sig", "utf-16", "tcvn3", "vni", "cp1258"):
            chance = Random(f"matching {seed} {encoding} {separators}")
            papers = list(invented_papers(chance, count // 5))
            rows = through_file(papers, chance, encoding)
            strangers = [_stranger(paper, chance) for paper in chance.sample(papers, count // few)]
            documents = chance.sample([*papers, *strangers], len(papers) + len(strangers))
            read = [_as_read(paper, chance) for paper in documents]
            if separators:
                read = _with_slips(documents, read, rows, chance)
            began -= time.process_time()
            found = match_documents(read, list(rows.values()))
            began += time.process_time()
            number += len(documents)
            whole += _counted(documents, read, found, rows)
        seconds = time.process_time() - began
        name = "with separators" if separators else "by what is read alone"
        within = whole["papers"]
        print(f"| {name} | {within} | {whole['right']} ({whole['right'] / within:.2%}) |", end=" ")
        print(f"{whole['asked']} | {whole['first']} | {whole['wrong']} |", end=" ")
        print(f"{whole['caught']} of {whole['mislaid']} |", end=" ")
        print(f"{whole['kept out']} of {whole['strangers']} | {seconds / number * 1000:.1f} |")
        print(dict(whole))


def _counted(
    papers: Sequence[Paper],
    read: Sequence[Evidence],
    found: Sequence[Match],
    rows: dict[int, RegisterRow],
) -> Counter[str]:
    tally = Counter[str]()
    for paper, evidence, match in zip(papers, read, found, strict=True):
        right = rows[paper.row].line if paper.row is not None else None
        mislaid = (
            right
            and evidence.slip
            and slip_key(evidence.slip.number) != slip_key(rows[paper.row or 0].number)
        )
        tally["mislaid" if mislaid else "papers" if right else "strangers"] += 1
        if mislaid and match.row is None:
            tally["caught"] += 1
        elif match.row is None:
            tally["asked" if right else "kept out"] += 1
            tally[f"because {match.reason}"] += right is not None
            tally["first"] += bool(match.candidates) and match.candidates[0].row.line == right
        elif match.row.line == right:  # also where its separator was wrong: the paper said so
            tally["right"] += 1
        else:
            tally["wrong"] += 1
            print("wrong:", paper, evidence, evidence.names, match.candidates[:2])
    return tally


# --- registers ----------------------------------------------------------------------------


def invented_papers(chance: Random, count: int) -> Iterator[Paper]:
    """Papers in the order of their rows; one in fifty is of a twin of the one before."""
    serials: Counter[tuple[int, int]] = Counter()
    before: Paper | None = None
    for place in range(count):
        paper = _some_paper(place, chance)
        if before and before.kind == 0 and chance.random() < 0.02:
            given = " ".join([*before.owner.split()[:-1], chance.choice(_GIVEN.split())])
            tail = f"{chance.randrange(10**6):06d}"
            paper = replace(before, row=place, owner=given, owner_id=before.owner_id[:6] + tail)
        serials[paper.kind, paper.day.year] += 1
        serial = serials[paper.kind, paper.day.year]
        year = f"{serial}/{paper.day.year}"
        number = (year, year, f"{serial}/QĐ-UBND", f"CH{place:05d}")[paper.kind]
        before = replace(paper, number=number)
        yield before


def _some_paper(place: int, chance: Random) -> Paper:
    """Anybody's paper, its number still to be given."""
    kind = chance.choices(range(4), (5, 2, 2, 2))[0]
    day = date(1995, 1, 1) + timedelta(days=chance.randrange(10_000))
    age = chance.randrange(5, 60) if kind == 0 else chance.randrange(7000, 20_000)
    born = day - timedelta(days=age)
    owner_id = f"{chance.randrange(1, 97):03d}{chance.randrange(4)}{born.year % 100:02d}"
    owner_id += f"{chance.randrange(10**6):06d}"
    pages = chance.randrange(1, 5)
    return Paper(place, "", day, _name(chance), owner_id, born, _name(chance), kind, pages)


def _name(chance: Random) -> str:
    words = [chance.choice(_FAMILIES.split()), chance.choice(_MIDDLES.split())]
    return " ".join([*words, *chance.sample(_GIVEN.split(), chance.choice((1, 1, 2)))])


def _stranger(paper: Paper, chance: Random) -> Paper:
    """A paper that is in no row: a brother's or sister's, or the same person's another year."""
    if chance.random() < 0.5:
        name = " ".join([*paper.owner.split()[:-1], chance.choice(_GIVEN.split())])
        owner_id = paper.owner_id[:6] + f"{chance.randrange(10**6):06d}"
        born = paper.born + timedelta(days=chance.choice((0, 400, 900)))
        return replace(
            paper,
            row=None,
            number=f"{chance.randrange(900, 999)}/{paper.day.year}",
            owner=name,
            owner_id=owner_id,
            born=born,
        )
    day = paper.day + timedelta(days=chance.randrange(300, 2000))
    return replace(paper, row=None, number=f"{chance.randrange(900, 999)}/{day.year}", day=day)


def through_file(papers: Sequence[Paper], chance: Random, encoding: str) -> dict[int, RegisterRow]:
    """The papers written as a messy CSV and read back; rows by the paper's place."""
    lines: list[list[str]] = [["UBND XÃ HÒA AN"], ["SỔ ĐĂNG KÝ"], _HEADINGS]
    places: dict[int, int] = {}  # line of the file → paper
    for place, paper in enumerate(papers):
        cells = _row(place, paper, chance)
        places[len(lines) + 1] = place
        lines.append(cells)
        if chance.random() < 0.01:
            lines.append(cells)
        if place % 40 == 39:
            lines += [["", "Tổng cộng:", "", "", "40"], ["" for _ in cells]]
    text = io.StringIO()
    csv.writer(text, delimiter=chance.choice(",;\t")).writerows(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.csv"
        path.write_bytes(encoded(text.getvalue(), encoding))
        register = read_register(path)
    return {places[row.line]: row for row in register.rows if row.line in places}


_HEADINGS = [
    "STT",
    "Số",
    "Ngày cấp",
    "Họ và tên",
    "Số trang",
    "Số định danh",
    "Ngày sinh",
    "Loại giấy tờ",
]


def _row(place: int, paper: Paper, chance: Random) -> list[str]:
    day = f"{paper.day:%d/%m/%Y}" if chance.random() < 0.7 else f"{paper.day:%d/%m/%y}"
    if chance.random() < 0.02:
        day = f"31/02/{paper.day.year}"
    owner = paper.owner.upper() if chance.random() < 0.3 else paper.owner
    if chance.random() < 0.02:
        owner = _misread(owner, chance, 0.06)  # a typist's slip
    number = "" if chance.random() < 0.005 else _misread(paper.number, chance, 0.001)
    born = f"{paper.born:%d/%m/%Y}" if chance.random() < 0.7 else f"{paper.born.year}"
    return [
        str(place + 1), number, day,
        "" if chance.random() < 0.01 else owner,
        str(paper.pages if chance.random() < 0.97 else paper.pages + 1),
        "" if chance.random() < 0.3 else paper.owner_id,
        "" if chance.random() < 0.15 else born,
        _TYPES[paper.kind],
    ]  # fmt: skip


def encoded(text: str, encoding: str) -> bytes:
    """The text in an encoding from before Unicode, or any Python knows."""
    if encoding == "tcvn3":
        codes = {letter: code for code, letter in FROM_TCVN3.items()}
        small = (c if c in codes or ord(c) < 128 else c.lower() for c in text)
        return bytes(codes.get(c, ord(c)) for c in small)
    if encoding == "vni":
        signs = {value: key for key, value in reversed(FROM_VNI.items())}
        return "".join(signs.get(c, c) for c in text).encode("latin-1")
    if encoding == "cp1258":
        return b"".join(_in_1258(c) for c in text)
    return text.encode(encoding)


def _in_1258(letter: str) -> bytes:
    """Letters whole where the code page has them, else with their tone behind."""
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", letter)
        tone = next(sign for sign in parts if sign in _TONES)
        whole = unicodedata.normalize("NFC", parts.replace(tone, ""))
        return whole.encode("cp1258") + tone.encode("cp1258")


# --- documents ----------------------------------------------------------------------------


def _as_read(paper: Paper, chance: Random) -> Evidence:
    """What a recogniser gives of it: fields missing in 6 of 100, signs misread in 1 to 2."""

    def some(value: str, rate: float = 0.012) -> tuple[str, ...]:
        return () if chance.random() < 0.06 else (_misread(value, chance, rate),)

    owner, parent = some(paper.owner), some(paper.parent)
    days = [_misread(f"{day:%Y%m%d}", chance, 0.006) for day in (paper.born, paper.day)]
    born, day = (_day(text) if chance.random() > 0.06 else None for text in days)
    return Evidence(
        None,
        some(paper.number, 0.01),
        (*owner, *parent) if chance.random() < 0.97 else (*parent, *owner),
        some(paper.owner_id, 0.006) if chance.random() < 0.6 else (),
        (born.isoformat(),) if born else (),
        (day,) if day else (),
        _TITLES[paper.kind] if chance.random() < 0.95 else "",
        paper.pages if chance.random() < 0.97 else paper.pages + 1,
    )


def _with_slips(
    papers: Sequence[Paper], read: Sequence[Evidence], rows: dict[int, RegisterRow], chance: Random
) -> list[Evidence]:
    """Separators: 95 of 100 read; 3 bars only, 1 of another register, 1 before another's paper."""
    slips: list[Slip | None] = []
    for paper in papers:
        row = rows.get(paper.row) if paper.row is not None else None
        slip = Slip(row.number, row.line if chance.random() < 0.7 else None) if row else None
        lot = chance.random()
        slips.append(
            None
            if lot < 0.03
            else Slip(f"{chance.randrange(5000, 9000)}/1989")
            if lot < 0.04
            else slip
        )
    for place in range(len(slips) - 1):
        if chance.random() < 0.005:  # two stacks mixed up
            slips[place], slips[place + 1] = slips[place + 1], slips[place]
    return [
        replace(evidence, slip=slip if slip and slip.number else None)
        for evidence, slip in zip(read, slips, strict=True)
    ]


def _misread(text: str, chance: Random, rate: float) -> str:
    return "".join(
        _sign(sign, chance) if chance.random() < rate * _weight(sign) else sign for sign in text
    )


def _weight(sign: str) -> float:
    """Letters with marks are misread twice as often."""
    return 2.0 if len(unicodedata.normalize("NFD", sign)) > 1 else 1.0


def _sign(sign: str, chance: Random) -> str:
    parts = unicodedata.normalize("NFD", sign)
    if len(parts) > 1:  # another tone, or none
        bare = "".join(part for part in parts if part not in _TONES)
        return unicodedata.normalize("NFC", bare + chance.choice(["", *_TONES]))
    lot = chance.random()
    if lot < 0.1:
        return ""
    return (
        chance.choice(_SIGNS.get(sign.lower(), sign)) if lot < 0.9 else sign + chance.choice(".,'")
    )


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
