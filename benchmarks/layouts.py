"""Papers of every kind an office hands out, set in any typeface: what the benchmark sheets show.

The demo's forms (:mod:`dossier.sample_forms`) are fixed in type and place; here both change
from sheet to sheet, so that no rule can be made to fit one layout.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.faces import Face
from dossier import sample_card as card
from dossier.sample_ink import pen_stroke, round_seal
from dossier.sample_paper import BLACK, Draft, dots
from dossier.sample_people import Family, Person, in_words, long_date
from dossier.sample_prose import SENTENCES, paragraphs

Facts = dict[str, str]
COMMUNES = ("HÒA AN", "TÂN LẬP", "BẾN ĐÁ", "PHÌNH SÁNG", "TỎA TÌNH", "QUẢNG HƯNG", "NGỌC CHIẾN")
PROVINCES = ("SÔNG LAM", "ĐIỆN BIÊN", "PHÚ YÊN", "QUẢNG NGÃI", "TUYÊN QUANG", "BẮC LIÊU")
_MATTERS = (
    "Về việc hỗ trợ hộ gia đình bị thiệt hại do mưa lũ",
    "Về việc hưởng trợ cấp thất nghiệp",
    "Về việc phê duyệt kết quả bình xét hộ cận nghèo",
    "Về việc cho phép chuyển mục đích sử dụng đất",
    "Về việc bổ nhiệm công chức giữ chức vụ lãnh đạo",
)
_GROUNDS = (
    "Căn cứ Luật Tổ chức chính quyền địa phương;",
    "Căn cứ Luật Việc làm và các văn bản hướng dẫn thi hành;",
    "Căn cứ nghị quyết của Hội đồng nhân dân tỉnh về chính sách trợ giúp xã hội;",
    "Theo đề nghị của Trưởng phòng Kinh tế, Hạ tầng và Đô thị;",
    "Xét đề nghị của công chức Văn hóa - Xã hội xã.",
)


#: Dotted lines as pale as good forms have them, and as dark as print, which loses Tesseract lines.
_DOTTED = ((172, 170, 174), (172, 170, 174), (110, 108, 112), (45, 43, 47))


@dataclass(frozen=True)
class Look:
    """How one paper is set: typeface, size in points, margins in millimetres."""

    family: str = "Tinos"
    points: float = 13.0
    left: float = 25.0
    right: float = 192.0
    commune: str = COMMUNES[0]
    province: str = PROVINCES[0]

    def face(self, style: str = "", scale: float = 1.0) -> Face:
        """The paper's type in a style, larger or smaller by ``scale``."""
        return Face(self.points * scale, style, BLACK, self.family)

    @property
    def step(self) -> float:
        """Millimetres from one line of a form to the next."""
        return self.points * 0.3528 * 2.0


@dataclass(frozen=True)
class Drawing:
    """One side and the truth about it."""

    draft: Draft
    fields: Facts = field(default_factory=dict)
    qr: tuple[str, ...] = ()


def letter(look: Look, chance: Random, _family: Family) -> Drawing:
    """Running prose from a page number, sometimes a list, down to the foot."""
    draft, page = Draft(), chance.randint(2, 40)
    draft.write((look.left + look.right) / 2, 16, str(page), look.face(scale=0.9), anchor="m")
    y, lowest = 28.0, chance.uniform(180, 270)
    for number, text in enumerate(paragraphs(chance, 16), 1):
        head = chance.choice(("", "", "", f"{number}. ", "- "))
        y = draft.paragraph(look.left, y, look.right, head + text, look.face(), indent=10) + 2
        if y > lowest - 30:
            break
    return Drawing(draft)


def decision(look: Look, chance: Random, family: Family) -> Drawing:
    """Quyết định (layout of NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    draft, middle = Draft(), (look.left + look.right) / 2
    number = f"{chance.randint(3, 2900)}/QĐ-UBND"
    place = f"{look.commune.title()}, {long_date(family.registered)}"
    letterhead(draft, look, f"Số: {number}", place)
    draft.write(middle, 62, "QUYẾT ĐỊNH", look.face("b", 1.15), anchor="m")
    draft.write(middle, 69, chance.choice(_MATTERS), look.face("b"), anchor="m")
    draft.rule(middle - 20, 72, middle + 20)
    chair = f"CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ {look.commune}"
    draft.write(middle, 81, chair, look.face("b"), anchor="m")
    y = 90.0
    for ground in chance.sample(_GROUNDS, 3):
        y = draft.paragraph(look.left, y, look.right, ground, look.face("i"), indent=10) + 1
    draft.write(middle, y + 4, "QUYẾT ĐỊNH:", look.face("b"), anchor="m")
    y += 13
    for article in range(1, 4):
        words = " ".join(chance.sample(SENTENCES, 2 if look.points < 13 else 1))
        if article == 1:
            words = f"Hỗ trợ hộ ông {family.father.name}, thường trú tại {family.home}. {words}"
        text = f"Điều {article}. {words}"
        y = draft.paragraph(look.left, y, look.right, text, look.face(), indent=10) + 2
    y = min(y + 6, 232)
    draft.write(look.left, y, "Nơi nhận:", look.face("bi", 0.92))
    for row, line in enumerate(("- Như Điều 3;", "- Hội đồng nhân dân xã;", "- Lưu: VT.")):
        draft.write(look.left, y + 5.5 + 5 * row, line, look.face(scale=0.85))
    signed(draft, look, chance, y, family.chairman)
    return Drawing(draft, {"so_ky_hieu": number, "nguoi_ky": family.chairman})


def birth(look: Look, chance: Random, family: Family) -> Drawing:
    """Giấy khai sinh (content of TT 04/2020/TT-BTP), the values on dotted lines."""
    draft, child = Draft(dotted=chance.choice(_DOTTED)), family.child
    if chance.random() < 0.6:
        draft.box(12, 12, 198, 285, chance.choice(((196, 132, 120), (90, 120, 90))), 8)
    number = f"{chance.randint(2, 400)}/{family.registered.year}"
    letterhead(draft, look, f"Số: {number}", "")
    title = Face(look.points * 1.8, "b", chance.choice((BLACK, (150, 24, 34))), look.family)
    draft.write((look.left + look.right) / 2, 62, "GIẤY KHAI SINH", title, anchor="m")
    facts = _child_facts(family, look)
    form = Form(draft, look, 78.0)
    form.line(("Họ, chữ đệm, tên", facts["ho_ten"], "b"))
    form.line(("Ngày, tháng, năm sinh", facts["ngay_sinh"], "b"))
    form.line(("Ghi bằng chữ", in_words(child.born), ""))
    form.line(
        ("Giới tính", child.sex, "b"),
        ("Dân tộc", facts["dan_toc"], ""),
        ("Quốc tịch", facts["quoc_tich"], ""),
    )
    form.line(("Nơi sinh", facts["noi_sinh"], ""))
    form.line(("Quê quán", facts["que_quan"], ""))
    form.line(("Số định danh cá nhân", child.number, "b"))
    for label, person in (("mẹ", family.mother), ("cha", family.father)):
        form.line((f"Họ, chữ đệm, tên người {label}", person.name, "b"))
        form.line(
            ("Năm sinh", f"{person.born:%Y}", ""),
            ("Dân tộc", facts["dan_toc"], ""),
            ("Quốc tịch", "Việt Nam", ""),
        )
        form.line(("Nơi cư trú", family.home, ""))
    office = f"Ủy ban nhân dân xã {look.commune.title()}"
    form.line(("Nơi đăng ký khai sinh", office, ""))
    form.line(("Ngày, tháng, năm đăng ký", f"{family.registered:%d/%m/%Y}", ""))
    signed(draft, look, chance, min(form.y + 4, 238), family.chairman)
    return Drawing(draft, facts | {"nguoi_ky": family.chairman})


def table(look: Look, chance: Random, family: Family) -> Drawing:
    """A ruled report: heading, a table with wrapped cells, a closing sentence."""
    draft, middle = Draft(), (look.left + look.right) / 2
    letterhead(draft, look, f"Số: {chance.randint(5, 700)}/BC-UBND", "")
    draft.write(middle, 56, "DANH SÁCH HỘ GIA ĐÌNH", look.face("b", 1.1), anchor="m")
    columns = _columns(look, chance)
    small, y = look.face(scale=0.85), 64.0
    line = small.points * 0.3528 * 1.36
    pen = chance.choice((1, 2, 3))
    y = _row(draft, y, columns, [name for name, *_ in columns], look.face("b", 0.85), pen)
    while y < chance.uniform(200, 250) - line:
        y = _row(draft, y, columns, _cells(columns, chance, family), small, pen)
    closing = chance.choice(SENTENCES)
    draft.paragraph(look.left, y + 10, look.right, closing, look.face(), indent=10)
    return Drawing(draft)


def note(look: Look, chance: Random, family: Family) -> Drawing:
    """A nearly empty page: a heading, a sentence or two, a name."""
    draft, middle = Draft(), (look.left + look.right) / 2
    heads = ("GIẤY BIÊN NHẬN", "PHIẾU YÊU CẦU", "GIẤY GIỚI THIỆU")
    draft.write(middle, 40, chance.choice(heads), look.face("b", 1.2), anchor="m")
    text = f"Ông (bà) {family.mother.name}. {chance.choice(SENTENCES)}"
    y = draft.paragraph(look.left, 52, look.right, text, look.face(), indent=10)
    draft.press(pen_stroke(chance.randrange(9999), 40, 20), middle + 40, y + 18)
    draft.write(middle + 40, y + 34, family.registrar, look.face(), anchor="m")
    return Drawing(draft)


def id_card(_look: Look, chance: Random, family: Family) -> Drawing:
    """A copy of a chip ID card somewhere on an empty sheet, sometimes its back as well."""
    draft = Draft()
    sides = [card.card_front] + [card.card_back] * (chance.random() < 0.5)
    left, top = chance.uniform(20, 100), chance.uniform(20, 90)
    facts: Facts = {}
    for side in sides:
        drawn, found = side(family, 0)
        facts |= found
        right, bottom = card.X + card.WIDE + 1, card.Y + card.HIGH + 1
        box = (dots(card.X - 1), dots(card.Y - 1), dots(right), dots(bottom))
        draft.picture.paste(drawn.picture.crop(box), (dots(left), dots(top)))
        for row, line in enumerate(drawn.text.splitlines()):
            draft.note(left, top + 3 * row, line)
        top += card.HIGH + chance.uniform(8, 30)
    return Drawing(draft, facts, (card.issued_qr(family),))


def blank(_look: Look, chance: Random, _family: Family) -> Drawing:
    """Nothing: at most punch holes and the shadow of a staple."""
    draft = Draft()
    if chance.random() < 0.4:
        for y in (108.5, 188.5):  # ISO 838: two holes 80 mm apart, 12 mm from the edge
            x, r = 12.0, 3.0
            draft.pen.ellipse((dots(x - r), dots(y - r), dots(x + r), dots(y + r)), (70, 68, 72))
    if chance.random() < 0.3:
        draft.pen.line((dots(9), dots(14), dots(17), dots(11)), (120, 118, 116), 5)
    return Drawing(draft)


Layout = Callable[[Look, Random, Family], Drawing]
#: The kinds of sheet by name, and how many of each stand among twenty.
LAYOUTS: dict[str, tuple[Layout, int]] = {
    "letter": (letter, 5),
    "decision": (decision, 4),
    "birth": (birth, 4),
    "table": (table, 3),
    "cccd": (id_card, 2),
    "note": (note, 1),
    "blank": (blank, 1),
}


def letterhead(draft: Draft, look: Look, number: str, place_and_day: str) -> None:
    """Agency on the left, national name and motto on the right (NĐ 30/2020, Phụ lục I)."""
    across = look.right - look.left
    one, other = look.left + 0.2 * across, look.left + 0.72 * across
    draft.write(one, 26, "ỦY BAN NHÂN DÂN", look.face(scale=0.85), anchor="m")
    draft.write(one, 31.5, f"XÃ {look.commune}", look.face("b", 0.85), anchor="m")
    draft.rule(one - 10, 33.5, one + 10)
    nation = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    scale = min(0.9, 0.55 * across / look.face("b").width(nation))
    draft.write(other, 26, nation, look.face("b", scale), anchor="m")
    draft.write(other, 31.5, "Độc lập - Tự do - Hạnh phúc", look.face("b", 0.9), anchor="m")
    draft.rule(other - 22, 33.5, other + 22, thick=0.35)
    if number:
        draft.write(one, 42, number, look.face(scale=0.95), anchor="m")
    if place_and_day:
        draft.write(other, 42, place_and_day, look.face("i", 0.9), anchor="m")


def signed(
    draft: Draft, look: Look, chance: Random, y: float, name: str, *, title: str = "CHỦ TỊCH"
) -> None:
    """Title, pen stroke, seal over a third of it, and the signer's name, on the right."""
    middle, seed = look.right - 42, chance.randrange(9999)
    draft.write(middle, y, title, look.face("b", 0.95), anchor="m")
    draft.press(pen_stroke(seed), middle + 4, y + 15)
    seal = round_seal(f"ỦY BAN NHÂN DÂN XÃ {look.commune}", f"TỈNH {look.province}", seed)
    draft.press(seal, middle - chance.uniform(14, 24), y + chance.uniform(13, 18))
    draft.write(middle, y + 33, name, look.face("b"), anchor="m")


@dataclass
class Form:
    """Lines of a form, filled in from the top down."""

    draft: Draft
    look: Look
    y: float

    def line(self, *entries: tuple[str, str, str]) -> None:
        """Labels with values, side by side on one line: label, value, style."""
        across = (self.look.right - self.look.left) / len(entries)
        for place, (label, value, style) in enumerate(entries):
            left = self.look.left + place * across
            face = self.look.face(style)
            needed = self.look.face().width(f"{label}: ") + face.width(value) + 5
            face = replace(face, points=face.points * min(1.0, across / needed))
            self.draft.fill_in(left, self.y, left + across - 2, label, value, face)
        self.y += min(self.look.step, 152.0 / 15)  # fifteen lines fit above the signature


def _child_facts(family: Family, look: Look) -> Facts:
    child: Person = family.child
    return {
        "ho_ten": child.name.upper(),
        "ngay_sinh": f"{child.born:%d/%m/%Y}",
        "gioi_tinh": child.sex,
        "dan_toc": "Kinh",
        "quoc_tich": "Việt Nam",
        "noi_sinh": f"xã {look.commune.title()}, tỉnh {look.province.title()}",
        "que_quan": family.father.origin,
        "so_dinh_danh": child.number,
        "ho_ten_me": family.mother.name,
        "nam_sinh_me": f"{family.mother.born:%Y}",
        "noi_cu_tru_me": family.home,
        "ho_ten_cha": family.father.name,
        "nam_sinh_cha": f"{family.father.born:%Y}",
        "noi_cu_tru_cha": family.home,
        "ngay_dang_ky": f"{family.registered:%d/%m/%Y}",
    }


_HEADS = (("TT", 0.5), ("Họ và tên", 2.4), ("Ngày sinh", 1.5), ("Thôn, xóm", 1.8), ("Số tiền", 1.6),
          ("Nội dung", 3.2), ("Ghi chú", 1.3))  # fmt: skip
Columns = list[tuple[str, float, float]]


def _columns(look: Look, chance: Random) -> Columns:
    """Name, left and right of each column: the number first, four to six in all."""
    some = chance.sample(_HEADS[1:], chance.randint(3, 5))
    chosen = [_HEADS[0], *(head for head in _HEADS if head in some)]
    unit = (look.right - look.left) / sum(share for _name, share in chosen)
    columns, x = [], look.left
    for name, share in chosen:
        columns.append((name, x, x + share * unit))
        x += share * unit
    return columns


def _cells(columns: Columns, chance: Random, family: Family) -> list[str]:
    """One row of the table."""
    people = (family.child, family.mother, family.father)
    values = {
        "TT": str(chance.randint(1, 99)),
        "Họ và tên": chance.choice(people).name,
        "Ngày sinh": f"{chance.choice(people).born:%d/%m/%Y}",
        "Thôn, xóm": chance.choice(("thôn Đông", "xóm Trại", "thôn Vĩnh Phú", "tổ dân phố 5")),
        "Số tiền": f"{chance.randint(1, 90)}.{chance.randint(0, 9)}50.000",
        "Nội dung": " ".join(chance.choice(SENTENCES).rstrip(".").split()[: chance.randint(3, 8)]),
        "Ghi chú": chance.choice(("", "", "Đạt", "Chưa đủ", "Đã nhận")),
    }
    return [values[name] for name, _left, _right in columns]


def _row(draft: Draft, y: float, columns: Columns, cells: list[str], face: Face, pen: int) -> float:
    """Draw a row as high as its fullest cell; where the next begins."""
    line = face.points * 0.3528 * 1.36
    broken = [
        _wrapped(cell, face, right - left - 2.5)
        for cell, (_name, left, right) in zip(cells, columns, strict=True)
    ]
    bottom = y + line * max(len(lines) for lines in broken) + 2.2
    for lines, (_name, left, right) in zip(broken, columns, strict=True):
        draft.box(left, y, right, bottom, BLACK, pen)
        for number, text in enumerate(lines):
            draft.write((left + right) / 2, y + line * (number + 1), text, face, anchor="m")
    return bottom


def _wrapped(text: str, face: Face, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and face.width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
