"""A colour copy of a chip ID card, front and back, at its true size (85.6 × 54 mm, ISO/IEC 7810).

The card carries MẪU (specimen) instead of a face, no state emblem, and a number that
was never given out.
"""

import segno
from PIL import Image

from dossier.sample_forms import Facts
from dossier.sample_paper import BLACK, Draft, Type, dots
from dossier.sample_people import Family, card_qr, machine_readable

X, Y, WIDE, HIGH = 56.0, 38.0, 85.6, 54.0
LABEL, VALUE = Type(5.6, family="Arimo"), Type(7.2, "b", family="Arimo")
HEAD = Type(6.4, "b", family="Arimo")
PALE, GREEN, RED = (214, 232, 226), (150, 196, 188), (190, 28, 36)


def card_front(family: Family, _seed: int) -> tuple[Draft, Facts]:
    """The side with name, number and QR code."""
    draft, holder = _blank_card(), family.father
    draft.write(X + 42.5, Y + 5.2, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", HEAD, anchor="m")
    draft.write(X + 42.5, Y + 8.4, "Độc lập - Tự do - Hạnh phúc", HEAD, anchor="m")
    title = Type(10, "b", RED, "Arimo")
    draft.write(X + 44, Y + 14.4, "CĂN CƯỚC CÔNG DÂN", title, anchor="m")
    facts = {
        "so_dinh_danh": holder.number,
        "ho_ten": holder.name.upper(),
        "ngay_sinh": f"{holder.born:%d/%m/%Y}",
        "gioi_tinh": holder.sex,
    }
    left = X + 27
    _fact(draft, left, Y + 20.4, "Số / No.:", holder.number, Type(9, "b", family="Arimo"))
    draft.write(left, Y + 24.6, "Họ và tên / Full name:", LABEL)
    draft.write(left, Y + 28.4, facts["ho_ten"], VALUE)
    _fact(draft, left, Y + 32.6, "Ngày sinh / Date of birth:", facts["ngay_sinh"], VALUE)
    _fact(draft, left, Y + 36.8, "Giới tính / Sex:", holder.sex, VALUE)
    _fact(draft, left + 25, Y + 36.8, "Quốc tịch / Nationality:", "Việt Nam", VALUE)
    draft.write(left, Y + 40.8, "Quê quán / Place of origin:", LABEL)
    draft.write(left, Y + 44.2, holder.origin, VALUE)
    draft.write(left, Y + 48, "Nơi thường trú / Place of residence:", LABEL)
    draft.write(left, Y + 51.4, family.home, VALUE)
    expires = family.card_issued.replace(year=family.card_issued.year + 15)
    draft.write(X + 3, Y + 48, "Có giá trị đến:", LABEL)
    draft.write(X + 3, Y + 51.4, f"{expires:%d/%m/%Y}", VALUE)
    draft.box(X + 4, Y + 17, X + 24, Y + 44, GREEN, 3)
    draft.write(X + 14, Y + 32, "MẪU", Type(14, "b", GREEN, "Arimo"), anchor="m")
    _paste_qr(draft, issued_qr(family))
    return draft, facts


def card_back(family: Family, _seed: int) -> tuple[Draft, Facts]:
    """The side with marks, finger boxes and the machine-readable lines."""
    draft = _blank_card()
    draft.write(X + 4, Y + 6, "Đặc điểm nhân dạng / Personal identification:", LABEL)
    draft.write(X + 4, Y + 10, "Nốt ruồi 2 cm dưới mép phải", VALUE)
    draft.write(X + 4, Y + 15, "Ngày, tháng, năm / Date, month, year:", LABEL)
    draft.write(X + 4, Y + 19, f"{family.card_issued:%d/%m/%Y}", VALUE)
    draft.write(X + 4, Y + 24, "CƠ QUAN CẤP THẺ", HEAD)
    for place, finger in enumerate(("Ngón trỏ trái", "Ngón trỏ phải")):
        left = X + 49 + 17.5 * place
        draft.box(left, Y + 5, left + 15, Y + 26, GREEN, 3)
        draft.write(left + 7.5, Y + 29, finger, LABEL, anchor="m")
    draft.box(X + 33, Y + 19, X + 45, Y + 28.5, (186, 150, 70), 6)
    mono = Type(10.2, "", BLACK, "Cousine")
    for row, line in enumerate(machine_readable(family.father, family.card_issued)):
        draft.write(X + 42.8, Y + 38 + 5.4 * row, line, mono, anchor="m")
    return draft, {}


def issued_qr(family: Family) -> str:
    """What the QR code on the sample card says."""
    return card_qr(family.father, family.home, family.card_issued)


def _blank_card() -> Draft:
    draft = Draft()
    corners = (dots(X), dots(Y), dots(X + WIDE), dots(Y + HIGH))
    radius = dots(3.2)
    draft.pen.rounded_rectangle(corners, radius, fill=PALE, outline=GREEN, width=3)
    for row in range(9):  # the fine waves of the card's background
        y = Y + 6 + row * 5
        points = [(dots(X + 3 + k * 2), dots(y + (0.8 if k % 2 else 0))) for k in range(40)]
        draft.pen.line(points, (202, 224, 218), 2)
    return draft


def _fact(draft: Draft, x: float, y: float, label: str, value: str, kind: Type) -> None:
    draft.write(draft.write(x, y, label, LABEL) + 1.0, y, value, kind)


def _paste_qr(draft: Draft, payload: str) -> None:
    """A QR code of 15 mm at the card's top right, in whole pixels a module."""
    code = segno.make_qr(payload, error="m")
    rows = [[0 if dark else 255 for dark in row] for row in code.matrix_iter(border=1)]
    side = len(rows)
    small = Image.frombytes("L", (side, side), bytes(value for row in rows for value in row))
    scale = max(3, dots(15) // side)
    large = small.resize((side * scale, side * scale), Image.Resampling.NEAREST)
    draft.picture.paste(large.convert("RGB"), (dots(X + WIDE - 2) - large.width, dots(Y + 2)))
