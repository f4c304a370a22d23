"""The sample papers, side by side: forms as communes print them, filled in for an invented family.

Each function draws one side and gives back the draft and the facts on it, named as
in ``profiles/papers``; the values stand as they are printed.
"""

from random import Random

from dossier.sample_ink import pen_stroke, round_seal
from dossier.sample_paper import BLACK, Draft, Type, dots
from dossier.sample_people import COMMUNE, PLACE, PROVINCE, Family, Person, in_words, long_date
from dossier.sample_prose import paragraphs

Facts = dict[str, str]
LEFT, RIGHT = 25.0, 192.0
PLAIN, BOLD, ITALIC = Type(13), Type(13, "b"), Type(13, "i")
SMALL = Type(11, "i")
AGENCY = ("ỦY BAN NHÂN DÂN", COMMUNE.upper())
WINE, BRICK = (150, 24, 34), (196, 132, 120)


def birth_certificate(family: Family, seed: int) -> tuple[Draft, Facts]:
    """Giấy khai sinh (form of TT 04/2020/TT-BTP): one side inside a frame."""
    draft = Draft()
    _frame(draft)
    number = f"{family.certificate_numbers[0]}/{family.registered.year}"
    _letterhead(draft, f"Số: {number}", "")
    draft.write(105, 64, "GIẤY KHAI SINH", Type(24, "b", WINE), anchor="m")
    child, typed = family.child, Type(13.5, "b")
    facts = {
        "ho_ten": child.name.upper(),
        "ngay_sinh": f"{child.born:%d/%m/%Y}",
        "gioi_tinh": child.sex,
        "dan_toc": "Kinh",
        "quoc_tich": "Việt Nam",
        "noi_sinh": f"Trạm Y tế {PLACE}",
        "que_quan": family.father.origin,
        "so_dinh_danh": child.number,
    }
    draft.fill_in(LEFT, 80, RIGHT, "Họ, chữ đệm, tên", facts["ho_ten"], typed)
    draft.fill_in(LEFT, 89.5, RIGHT, "Ngày, tháng, năm sinh", facts["ngay_sinh"], typed)
    draft.fill_in(LEFT, 99, RIGHT, "Ghi bằng chữ", in_words(child.born), PLAIN)
    draft.fill_in(LEFT, 108.5, 78, "Giới tính", child.sex, typed)
    draft.fill_in(80, 108.5, 128, "Dân tộc", facts["dan_toc"], typed)
    draft.fill_in(130, 108.5, RIGHT, "Quốc tịch", facts["quoc_tich"], typed)
    draft.fill_in(LEFT, 118, RIGHT, "Nơi sinh", facts["noi_sinh"], PLAIN)
    draft.fill_in(LEFT, 127.5, RIGHT, "Quê quán", facts["que_quan"], PLAIN)
    draft.fill_in(LEFT, 137, RIGHT, "Số định danh cá nhân", child.number, typed)
    y = 150.0
    for label, person in (("mẹ", family.mother), ("cha", family.father)):
        draft.fill_in(LEFT, y, RIGHT, f"Họ, chữ đệm, tên người {label}", person.name, BOLD)
        draft.fill_in(LEFT, y + 9, 78, "Năm sinh", f"{person.born:%Y}", PLAIN)
        draft.fill_in(80, y + 9, 128, "Dân tộc", "Kinh", PLAIN)
        draft.fill_in(130, y + 9, RIGHT, "Quốc tịch", "Việt Nam", PLAIN)
        draft.fill_in(LEFT, y + 18, RIGHT, "Nơi cư trú", family.home, PLAIN)
        y += 30
    draft.fill_in(LEFT, y, RIGHT, "Nơi đăng ký khai sinh", f"Ủy ban nhân dân {PLACE}", PLAIN)
    draft.fill_in(
        LEFT, y + 9, RIGHT, "Ngày, tháng, năm đăng ký", f"{family.registered:%d/%m/%Y}", PLAIN
    )
    _signed(draft, 230, ("NGƯỜI KÝ GIẤY KHAI SINH", "CHỦ TỊCH"), family.chairman, seed)
    return draft, facts


def marriage_certificate(family: Family, seed: int) -> tuple[Draft, Facts]:
    """Giấy chứng nhận kết hôn, first page."""
    draft = Draft()
    _frame(draft)
    number = f"{family.certificate_numbers[1]}/{family.married.year}"
    _letterhead(draft, f"Số: {number}", "")
    draft.write(105, 63, "GIẤY CHỨNG NHẬN KẾT HÔN", Type(22, "b", WINE), anchor="m")
    facts = {
        "so": number,
        "ho_ten_vo": family.mother.name.upper(),
        "ho_ten_chong": family.father.name.upper(),
    }
    y = 80.0
    for label, person in (("vợ", family.mother), ("chồng", family.father)):
        typed = Type(13.5, "b")
        draft.fill_in(LEFT, y, RIGHT, f"Họ, chữ đệm, tên {label}", person.name.upper(), typed)
        draft.fill_in(
            LEFT, y + 9.5, RIGHT, "Ngày, tháng, năm sinh", f"{person.born:%d/%m/%Y}", PLAIN
        )
        draft.fill_in(LEFT, y + 19, 105, "Dân tộc", "Kinh", PLAIN)
        draft.fill_in(108, y + 19, RIGHT, "Quốc tịch", "Việt Nam", PLAIN)
        draft.fill_in(LEFT, y + 28.5, RIGHT, "Nơi cư trú", family.home, PLAIN)
        papers = f"Căn cước công dân số {person.number}"
        draft.fill_in(LEFT, y + 38, RIGHT, "Giấy tờ tùy thân", papers, PLAIN)
        y += 51
    place = f"Ủy ban nhân dân {PLACE}"
    draft.fill_in(LEFT, y, RIGHT, "Nơi đăng ký kết hôn", place, PLAIN)
    draft.fill_in(
        LEFT, y + 9.5, RIGHT, "Ngày, tháng, năm đăng ký", f"{family.married:%d/%m/%Y}", PLAIN
    )
    y += 20
    for middle, title, person in ((58, "Vợ", family.mother), (152, "Chồng", family.father)):
        draft.write(middle, y, title, BOLD, anchor="m")
        draft.write(middle, y + 5.5, "(Ký, ghi rõ họ, chữ đệm, tên)", SMALL, anchor="m")
        draft.press(pen_stroke(seed + middle, 34, 15), middle, y + 14)
        draft.write(middle, y + 24, person.name, PLAIN, anchor="m")
    titles = ("NGƯỜI KÝ GIẤY CHỨNG NHẬN KẾT HÔN", "CHỦ TỊCH")
    _signed(draft, y + 32, titles, family.chairman, seed, drop=26)
    return draft, facts


def marriage_notes(family: Family, seed: int) -> tuple[Draft, Facts]:
    """The certificate's back: notes on what changed since, here one."""
    draft = Draft()
    draft.write(105, 30, "GHI CHÚ", Type(16, "b"), anchor="m")
    title = "(Ghi những thay đổi, cải chính, bổ sung hộ tịch sau khi đăng ký)"
    draft.write(105, 37, title, SMALL, anchor="m")
    left, right, top = LEFT, RIGHT, 44.0
    columns = (left, left + 34, right - 46, right)
    draft.box(left, top, right, 240, BLACK, 3)
    draft.rule(left, top + 16, right)
    for x in columns[1:3]:
        draft.pen.line((dots(x), dots(top), dots(x), dots(240)), BLACK, 3)
    heads = (("Ngày, tháng,", "năm"), ("Nội dung ghi chú", ""), ("Người ghi", "(ký, đóng dấu)"))
    for (first, second), a, b in zip(heads, columns[:-1], columns[1:], strict=True):
        draft.write((a + b) / 2, top + 7, first, Type(12, "b"), anchor="m")
        if second:
            draft.write((a + b) / 2, top + 12.5, second, Type(12, "b"), anchor="m")
    draft.write(columns[0] + 17, top + 26, f"{family.registered:%d/%m/%Y}", Type(12.5), anchor="m")
    note = (
        "Đã đăng ký khai sinh cho con chung "
        f"{family.child.name}, số định danh {family.child.number}, tại Ủy ban nhân dân {PLACE}. "
        "Thông tin về nơi cư trú của vợ và chồng không thay đổi so với khi đăng ký kết hôn."
    )
    draft.paragraph(columns[1] + 3, top + 26, columns[2] - 3, note, Type(12.5))
    middle = (columns[2] + columns[3]) / 2
    draft.write(middle, top + 58, family.registrar, Type(12), anchor="m")
    draft.press(
        round_seal("ỦY BAN NHÂN DÂN XÃ HÒA AN", "TỈNH SÔNG LAM", seed), middle - 4, top + 42
    )
    draft.press(pen_stroke(seed + 5, 36, 18), middle, top + 44)
    draft.write(
        left, 250, "Giấy này được cấp từ Sổ đăng ký kết hôn, có giá trị như nhau đối với", PLAIN
    )
    draft.write(left, 257, "mỗi bên vợ, chồng. Không tẩy xóa, sửa chữa nội dung trong giấy.", PLAIN)
    return draft, {}


def certification(family: Family, seed: int) -> tuple[Draft, Facts]:
    """The sheet sewn to a certified copy: lời chứng (NĐ 23/2015/NĐ-CP)."""
    draft = Draft()
    day = family.registered
    _letterhead(draft, "", f"Hòa An, {long_date(day)}")
    draft.write(105, 62, "LỜI CHỨNG CHỨNG THỰC BẢN SAO TỪ BẢN CHÍNH", Type(14, "b"), anchor="m")
    y = draft.paragraph(
        LEFT,
        76,
        RIGHT,
        f"Hôm nay, {long_date(day)}, tại Ủy ban nhân dân {PLACE}, tôi là {family.chairman}, "
        "Chủ tịch Ủy ban nhân dân xã, chứng thực bản sao Giấy chứng nhận kết hôn kèm theo đúng "
        "với bản chính. Bản sao gồm 02 trang, 01 tờ, mỗi trang có đóng dấu giáp lai.",
        PLAIN,
        indent=10,
    )
    serial = f"{family.certificate_numbers[0] * 7}, quyển số 02/{day.year} - SCT/BS"
    draft.write(LEFT, y + 6, f"Số chứng thực: {serial}", PLAIN)
    _signed(draft, y + 22, ("CHỦ TỊCH",), family.chairman, seed)
    return draft, {}


def decision(family: Family, seed: int) -> tuple[Draft, Facts]:
    """Quyết định hành chính, one side (layout of NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    draft = Draft()
    number = f"{family.certificate_numbers[0] + 1200}/QĐ-UBND"
    _letterhead(draft, f"Số: {number}", f"Hòa An, {long_date(family.registered)}")
    draft.write(105, 62, "QUYẾT ĐỊNH", Type(15, "b"), anchor="m")
    draft.write(105, 69, "Về việc hỗ trợ hộ gia đình bị thiệt hại do mưa lũ", BOLD, anchor="m")
    draft.rule(85, 72, 125)
    draft.write(105, 82, "CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ HÒA AN", BOLD, anchor="m")
    grounds = (
        "Căn cứ Luật Tổ chức chính quyền địa phương;",
        "Căn cứ nghị quyết của Hội đồng nhân dân tỉnh về chính sách trợ giúp xã hội;",
        "Xét đề nghị của công chức Văn hóa - Xã hội xã.",
    )
    y = 92.0
    for ground in grounds:
        y = draft.paragraph(LEFT, y, RIGHT, ground, ITALIC, indent=10) + 1
    draft.write(105, y + 5, "QUYẾT ĐỊNH:", BOLD, anchor="m")
    y += 15
    articles = (
        f"Điều 1. Hỗ trợ hộ ông {family.father.name}, thường trú tại {family.home}, số tiền "
        "12.000.000 đồng để sửa chữa nhà ở bị thiệt hại do đợt mưa lũ vừa qua.",
        "Điều 2. Kinh phí chi từ nguồn dự phòng ngân sách xã năm nay. Công chức Tài chính - Kế "
        "toán chịu trách nhiệm chi trả, thanh quyết toán theo đúng quy định.",
        "Điều 3. Văn phòng Ủy ban nhân dân, các đơn vị liên quan và hộ gia đình có tên tại Điều 1 "
        "chịu trách nhiệm thi hành Quyết định này kể từ ngày ký.",
    )
    for article in articles:
        y = draft.paragraph(LEFT, y, RIGHT, article, PLAIN, indent=10) + 2.5
    draft.write(LEFT, y + 8, "Nơi nhận:", Type(12, "bi"))
    for row, line in enumerate(("- Như Điều 3;", "- Hội đồng nhân dân xã;", "- Lưu: VT.")):
        draft.write(LEFT, y + 13.5 + 5 * row, line, Type(11))
    _signed(draft, y + 8, ("CHỦ TỊCH",), family.chairman, seed)
    return draft, {"so_ky_hieu": number}


def application(family: Family, seed: int) -> tuple[Draft, Facts]:
    """Tờ khai thay đổi thông tin cư trú, front: boxes for numbers and a ruled table."""
    draft, father = Draft(), family.father
    _letterhead(draft, "", "")
    draft.write(105, 54, "TỜ KHAI THAY ĐỔI THÔNG TIN CƯ TRÚ", Type(15, "b"), anchor="m")
    draft.write(105, 62, f"Kính gửi: Công an {PLACE}", PLAIN, anchor="m")
    draft.fill_in(LEFT, 75, RIGHT, "1. Họ, chữ đệm và tên", father.name.upper(), BOLD)
    draft.fill_in(LEFT, 85, 120, "2. Ngày, tháng, năm sinh", f"{father.born:%d/%m/%Y}", PLAIN)
    draft.fill_in(124, 85, RIGHT, "3. Giới tính", father.sex, PLAIN)
    _boxed_number(draft, 95, "4. Số định danh cá nhân:", father)
    draft.fill_in(LEFT, 105, 105, "5. Số điện thoại liên hệ", "0900 000 000", PLAIN)
    draft.fill_in(108, 105, RIGHT, "6. Email", "không có", PLAIN)
    draft.fill_in(LEFT, 115, RIGHT, "7. Nơi thường trú", family.home, PLAIN)
    draft.fill_in(LEFT, 125, RIGHT, "8. Nội dung đề nghị", "Đăng ký thường trú cho con", PLAIN)
    draft.write(LEFT, 135, "9. Những thành viên trong hộ gia đình cùng thay đổi:", PLAIN)
    _members(draft, family)
    for middle, title, name in (
        (62, "Ý KIẾN CỦA CHỦ HỘ", family.father.name),
        (150, "NGƯỜI KÊ KHAI", family.mother.name),
    ):
        draft.write(middle, 205, title, BOLD, anchor="m")
        draft.write(middle, 211, "(Ký, ghi rõ họ tên)", SMALL, anchor="m")
        draft.press(pen_stroke(seed + middle, 40, 20), middle, 224)
        draft.write(middle, 238, name, PLAIN, anchor="m")
    return draft, {}


def application_notes(_family: Family, _seed: int) -> tuple[Draft, Facts]:
    """The back of the application: how to fill it in."""
    draft = Draft()
    draft.write(105, 32, "HƯỚNG DẪN GHI TỜ KHAI", Type(14, "b"), anchor="m")
    notes = (
        "Viết chữ in hoa, đủ dấu, đúng như trong giấy khai sinh hoặc căn cước công dân.",
        "Ghi đủ 12 chữ số của số định danh cá nhân, mỗi chữ số vào một ô.",
        "Nơi thường trú ghi theo thứ tự: số nhà, đường phố, thôn, xã, tỉnh.",
        "Nội dung đề nghị ghi rõ, ngắn gọn: đăng ký thường trú, tạm trú, tách hộ, điều chỉnh.",
        "Chủ hộ ghi rõ đồng ý hay không đồng ý, ký và ghi họ tên; nếu đã có văn bản riêng thì "
        "không cần ghi nội dung này.",
        "Không phải nộp bản sao giấy tờ mà cơ quan đăng ký cư trú khai thác được trong cơ sở dữ "
        "liệu hoặc kho dữ liệu điện tử của công dân.",
    )
    y = 46.0
    for number, note in enumerate(notes, 1):
        y = draft.paragraph(LEFT, y, RIGHT, f"({number}) {note}", Type(12.5), indent=8) + 2
    return draft, {}


def letter_page(chance: Random, page: int) -> tuple[Draft, Facts]:
    """A page of a report: a page number and running prose to the foot of the sheet."""
    draft, size = Draft(), Type(chance.choice((12.5, 13.0, 13.5)))
    draft.write(105, 16, str(page), Type(12), anchor="m")
    y = 28.0
    for text in paragraphs(chance, 12):
        if y > 235:
            break
        y = draft.paragraph(LEFT, y, RIGHT, text, size, indent=10) + 2
    return draft, {}


# --- Parts of many papers -----------------------------------------------------------------


def _letterhead(draft: Draft, number: str, place_and_day: str) -> None:
    """Agency on the left, national name and motto on the right (NĐ 30/2020, Phụ lục I)."""
    draft.write(58, 26, AGENCY[0], Type(12.5), anchor="m")
    draft.write(58, 32, AGENCY[1], Type(12.5, "b"), anchor="m")
    draft.rule(48, 34, 68)
    right = 145.0
    draft.write(right, 26, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", Type(12, "b"), anchor="m")
    motto = "Độc lập - Tự do - Hạnh phúc"
    draft.write(right, 32, motto, BOLD, anchor="m")
    half = BOLD.width(motto) / 2
    draft.rule(right - half, 34, right + half, thick=0.35)
    if number:
        draft.write(58, 42, number, PLAIN, anchor="m")
    if place_and_day:
        draft.write(right, 42, place_and_day, ITALIC, anchor="m")


def _signed(
    draft: Draft, y: float, titles: tuple[str, ...], name: str, seed: int, *, drop: float = 30
) -> None:
    """Title, pen stroke, seal a third over it, and the signer's name, on the right."""
    middle = 147.0
    for title in titles:
        draft.write(middle, y, title, Type(12.5, "b"), anchor="m")
        y += 6
    draft.press(pen_stroke(seed + 1), middle + 4, y + drop / 2 - 5)
    seal = round_seal("ỦY BAN NHÂN DÂN XÃ HÒA AN", PROVINCE.upper(), seed)
    draft.press(seal, middle - 19, y + drop / 2 - 5)
    draft.write(middle, y + drop - 4, name, BOLD, anchor="m")


def _frame(draft: Draft) -> None:
    for inset, width in ((12.0, 9), (14.2, 3), (15.2, 3)):
        draft.box(inset, inset, 210 - inset, 297 - inset, BRICK, width)
    for x in (9.0, 194.0):
        for y in (9.0, 281.0):
            draft.pen.rectangle((dots(x), dots(y), dots(x + 7), dots(y + 7)), "white", BRICK, 5)
            draft.box(x + 1.5, y + 1.5, x + 5.5, y + 5.5, BRICK, 3)


def _boxed_number(draft: Draft, y: float, label: str, person: Person) -> None:
    x = draft.write(LEFT, y, label, PLAIN) + 4
    for place in range(len(person.number)):
        draft.box(x + place * 7, y - 5.5, x + (place + 1) * 7, y + 1.8, BLACK, 2)
    for place, digit in enumerate(person.number):
        draft.pen.text((dots(x + place * 7 + 3.5), dots(y)), digit, BLACK, PLAIN.font, anchor="ms")
    draft.note(x, y, " ".join(person.number))


def _members(draft: Draft, family: Family) -> None:
    columns = (LEFT, LEFT + 14, 96, 122, 140, RIGHT)
    heads = ("TT", "Họ, chữ đệm và tên", "Ngày sinh", "Giới", "Số định danh cá nhân")
    child = family.child
    rows = (
        heads,
        ("1", child.name, f"{child.born:%d/%m/%Y}", child.sex, child.number),
        ("", "", "", "", ""),
    )
    for row, cells in enumerate(rows):
        top = 140.0 + 11 * row
        for cell, a, b in zip(cells, columns[:-1], columns[1:], strict=True):
            draft.box(a, top, b, top + 11, BLACK, 2)
            if cell:
                draft.write((a + b) / 2, top + 7, cell, Type(12, "" if row else "b"), anchor="m")
