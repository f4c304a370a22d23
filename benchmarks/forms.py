"""Papers whose profiles ask for facts, set in any typeface with wording that varies.

Beside the birth certificates and decisions of :mod:`benchmarks.layouts`: marriage, land,
business, the words of a certified copy, unemployment benefit. People, firms and numbers are
invented.
"""

from random import Random

from stdnum.vn import mst

from benchmarks.layouts import Drawing, Form, Layout, Look, letterhead, signed
from dossier.sample_paper import Draft
from dossier.sample_people import Family, long_date

_FIRMS = ("Hạt Mầm Xanh", "Sông Lam Việt", "An Phú Hưng", "Gạch Ngói Tân Lập", "Dệt May Bến Đá")
_PAPERS = ("Giấy chứng nhận kết hôn", "Giấy khai sinh", "Bằng tốt nghiệp đại học")
_LAND = ("Đất ở tại nông thôn", "Đất trồng cây lâu năm", "Đất trồng lúa")
_SOURCES = ("Công nhận QSDĐ như giao đất có thu tiền sử dụng đất", "Nhận chuyển nhượng đất")


def marriage(look: Look, chance: Random, family: Family) -> Drawing:
    """Giấy chứng nhận kết hôn (content of TT 04/2020/TT-BTP): the wife above the husband."""
    draft = Draft()
    number = f"{chance.randint(2, 400)}/{family.married.year}"
    letterhead(draft, look, f"Số: {number}", "")
    _headline(draft, look, 60, "GIẤY CHỨNG NHẬN KẾT HÔN", 1.6)
    form, facts = Form(draft, look, 74.0), {"so": number}
    for label, key, person in (("vợ", "vo", family.mother), ("chồng", "chong", family.father)):
        form.line((f"Họ, chữ đệm, tên {label}", person.name.upper(), "b"))
        form.line(("Ngày, tháng, năm sinh", f"{person.born:%d/%m/%Y}", ""))
        form.line(("Dân tộc", "Kinh", ""), ("Quốc tịch", "Việt Nam", ""))
        form.line(("Nơi cư trú", family.home, ""))
        form.line(("Giấy tờ tùy thân", f"Căn cước công dân số {person.number}", ""))
        facts |= {
            f"ho_ten_{key}": person.name,
            f"ngay_sinh_{key}": f"{person.born:%d/%m/%Y}",
            f"dan_toc_{key}": "Kinh",
            f"noi_cu_tru_{key}": family.home,
            f"giay_to_{key}": person.number,
        }
    office = f"Ủy ban nhân dân xã {look.commune.title()}"
    form.line(("Nơi đăng ký kết hôn", office, ""))
    form.line(("Ngày, tháng, năm đăng ký", f"{family.married:%d/%m/%Y}", ""))
    signed(draft, look, chance, min(form.y + 6, 238), family.chairman)
    facts |= {"noi_dang_ky": office, "ngay_dang_ky": f"{family.married:%d/%m/%Y}"}
    return Drawing(draft, facts | {"nguoi_ky": family.chairman})


def land(look: Look, chance: Random, family: Family) -> Drawing:
    """Giấy chứng nhận quyền sử dụng đất (content of TT 10/2024/TT-BTNMT), one side."""
    draft, owner = Draft(), family.father
    letterhead(draft, look, "", "")
    serial = f"{chance.choice(('AA', 'DK', 'BM'))} {chance.randint(100000, 99999999):08d}"
    _headline(draft, look, 50, "GIẤY CHỨNG NHẬN", 1.4)
    _headline(draft, look, 58, "QUYỀN SỬ DỤNG ĐẤT", 1.4)
    facts = {
        "so_phat_hanh": serial,
        "nguoi_su_dung": owner.name,
        "so_dinh_danh": owner.number,
        "thua_dat": str(chance.randint(1, 900)),
        "to_ban_do": str(chance.randint(1, 90)),
        "dia_chi": family.home,
        "dien_tich": f"{chance.randint(60, 999)},{chance.randint(0, 9)} m²",
        "hinh_thuc": "Sử dụng riêng",
        "muc_dich": chance.choice(_LAND),
        "thoi_han": chance.choice(("Lâu dài", "Đến ngày 15/10/2043")),
        "nguon_goc": chance.choice(_SOURCES),
        "so_vao_so": f"CN {chance.randint(1000, 99999):05d}",
    }
    form = Form(draft, look, 72.0)
    form.line(("Người sử dụng đất", f"Ông {owner.name}", "b"))
    form.line(("Căn cước công dân số", owner.number, ""))
    form.line(("Thửa đất số", facts["thua_dat"], ""), ("Tờ bản đồ số", facts["to_ban_do"], ""))
    form.line(("Địa chỉ", facts["dia_chi"], ""))
    form.line(("Diện tích", facts["dien_tich"], ""))
    form.line(("Hình thức sử dụng", facts["hinh_thuc"], ""))
    form.line(("Mục đích sử dụng", facts["muc_dich"], ""))
    form.line(("Thời hạn sử dụng", facts["thoi_han"], ""))
    form.line(("Nguồn gốc sử dụng", facts["nguon_goc"], ""))
    form.line(("Số vào sổ cấp GCN", facts["so_vao_so"], ""))
    y = form.y + 6
    place = f"{look.commune.title()}, {long_date(family.registered)}"
    draft.write(look.right - 42, y, place, look.face("i", 0.9), anchor="m")
    signed(draft, look, chance, y + 7, family.chairman)
    draft.write(look.right, 280, serial, look.face("b", 1.1), anchor="r")
    day = long_date(family.registered)
    return Drawing(draft, facts | {"ngay_cap": day, "nguoi_ky": family.chairman})


def business(look: Look, chance: Random, family: Family) -> Drawing:
    """Giấy chứng nhận đăng ký doanh nghiệp (content of TT 01/2021/TT-BKHĐT), one member."""
    draft, head = Draft(), chance.choice((family.mother, family.father))
    letterhead(draft, look, "", "")
    _headline(draft, look, 50, "GIẤY CHỨNG NHẬN ĐĂNG KÝ DOANH NGHIỆP", 1.1)
    _headline(draft, look, 57, "CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN", 0.95)
    firm = chance.choice(_FIRMS)
    code, first = _tax_code(chance), family.married
    facts = {
        "ma_so": code,
        "ten": f"CÔNG TY TNHH {firm.upper()}",
        "ten_viet_tat": f"{''.join(word[0] for word in firm.split())} CO., LTD",
        "tru_so": f"Số {chance.randint(1, 200)}, {family.home}",
        "von": f"{chance.randint(1, 90)}.{chance.choice(('000', '500'))}.000.000 đồng",
        "nguoi_dai_dien": head.name,
        "gioi_tinh": head.sex,
        "chuc_danh": chance.choice(("Giám đốc", "Tổng giám đốc")),
        "ngay_sinh": f"{head.born:%d/%m/%Y}",
        "so_giay_to": head.number,
    }
    middle = (look.left + look.right) / 2
    draft.write(middle, 65, f"Mã số doanh nghiệp: {code}", look.face("b"), anchor="m")
    when = f"Đăng ký lần đầu: {long_date(first)}"
    draft.write(middle, 72, when, look.face("i"), anchor="m")
    form = Form(draft, look, 84.0)
    for label, key in (
        ("1. Tên công ty", ""),
        ("Tên công ty viết bằng tiếng Việt", "ten"),
        ("Tên công ty viết tắt", "ten_viet_tat"),
        ("2. Địa chỉ trụ sở chính", "tru_so"),
        ("3. Vốn điều lệ", "von"),
    ):
        form.line((label, facts.get(key, ""), "b" if key == "ten" else ""))
    draft.write(look.left, form.y, "4. Người đại diện theo pháp luật của công ty", look.face())
    form.y += look.step
    form.line(("Họ và tên", head.name.upper(), "b"), ("Giới tính", head.sex, ""))
    form.line(("Chức danh", facts["chuc_danh"], ""))
    form.line(
        ("Sinh ngày", facts["ngay_sinh"], ""), ("Dân tộc", "Kinh", ""),
        ("Quốc tịch", "Việt Nam", ""),
    )  # fmt: skip
    form.line(("Loại giấy tờ pháp lý của cá nhân", "Thẻ căn cước công dân", ""))
    form.line(("Số giấy tờ pháp lý của cá nhân", head.number, ""))
    form.line(("Địa chỉ liên lạc", family.home, ""))
    signed(draft, look, chance, form.y + 6, family.chairman, title="TRƯỞNG PHÒNG")
    facts |= {"ngay_dang_ky_dau": long_date(first), "nguoi_ky": family.chairman}
    return Drawing(draft, facts)


def certified(look: Look, chance: Random, family: Family) -> Drawing:
    """Lời chứng of a certified copy (NĐ 23/2015/NĐ-CP), on a sheet of its own."""
    draft, day = Draft(), family.registered
    letterhead(draft, look, "", "")
    _headline(draft, look, 56, "LỜI CHỨNG CHỨNG THỰC BẢN SAO TỪ BẢN CHÍNH", 1.05)
    office = f"Ủy ban nhân dân xã {look.commune.title()}"
    paper, number = chance.choice(_PAPERS), str(chance.randint(11, 4000))
    book = f"{chance.randint(1, 9):02d}/{day.year} - SCT/BS"
    said = (
        f"Hôm nay, {long_date(day)}, tại {office}, tôi là {family.chairman}, Chủ tịch Ủy ban "
        f"nhân dân xã, chứng thực bản sao {paper} kèm theo đúng với bản chính. Bản sao gồm 02 "
        "trang, 01 tờ, mỗi trang có đóng dấu giáp lai."
    )
    y = draft.paragraph(look.left, 72, look.right, said, look.face(), indent=10)
    line = f"Số chứng thực: {number}, quyển số {book}"
    draft.write(look.left, y + 6, line, look.face())
    signed(draft, look, chance, y + 22, family.chairman)
    return Drawing(
        draft,
        {
            "so_chung_thuc": number,
            "quyen_so": book,
            "ngay_chung_thuc": long_date(day),
            "noi_chung_thuc": office,
            "nguoi_chung_thuc": family.chairman,
            "ban_chinh": paper,
            "nguoi_ky": family.chairman,
        },
    )


def unemployment(look: Look, chance: Random, family: Family) -> Drawing:
    """Quyết định hưởng trợ cấp thất nghiệp (content of its form under Luật Việc làm)."""
    draft, person = Draft(), chance.choice((family.mother, family.father))
    number = f"{chance.randint(3, 2900)}/QĐ-SNV"
    place = f"{look.province.title()}, {long_date(family.registered)}"
    letterhead(draft, look, f"Số: {number}", place)
    _headline(draft, look, 58, "QUYẾT ĐỊNH", 1.15)
    _headline(draft, look, 65, "Về việc hưởng trợ cấp thất nghiệp", 1.0)
    months, last = chance.randint(3, 9), family.registered.replace(day=28)
    begin, end = f"{family.registered:%d/%m/%Y}", f"{last.replace(year=last.year + 1):%d/%m/%Y}"
    facts = {
        "so_ky_hieu": number,
        "ngay_ban_hanh": long_date(family.registered),
        "ho_ten": person.name,
        "ngay_sinh": f"{person.born:%d/%m/%Y}",
        "so_dinh_danh": person.number,
        "so_so_bhxh": f"{chance.randrange(10**9, 10**10)}",
        "muc_huong": f"{chance.randint(2, 12)}.{chance.randint(100, 999)}.000 đồng",
        "so_thang": str(months),
        "tu_ngay": begin,
        "den_ngay": end,
    }
    y = 76.0
    for text in (
        "Căn cứ Luật Việc làm và các văn bản hướng dẫn thi hành;",
        "Theo đề nghị của Giám đốc Trung tâm Dịch vụ việc làm,",
    ):
        y = draft.paragraph(look.left, y, look.right, text, look.face("i"), indent=10) + 1
    _headline(draft, look, y + 4, "QUYẾT ĐỊNH:", 1.0)
    y += 13
    for text in (
        f"Điều 1. Ông/bà {person.name}, sinh ngày {facts['ngay_sinh']}, số định danh cá nhân "
        f"{person.number}, số sổ bảo hiểm xã hội {facts['so_so_bhxh']}, được hưởng trợ cấp thất "
        "nghiệp theo quy định.",
        f"Mức trợ cấp thất nghiệp hằng tháng: {facts['muc_huong']}.",
        f"Số tháng được hưởng trợ cấp thất nghiệp: {months} tháng.",
        f"Thời gian hưởng trợ cấp thất nghiệp từ ngày {begin} đến ngày {end}.",
        "Điều 2. Quyết định này có hiệu lực kể từ ngày ký. Ông/bà có tên tại Điều 1 và Trung tâm "
        "Dịch vụ việc làm chịu trách nhiệm thi hành Quyết định này.",
    ):
        y = draft.paragraph(look.left, y, look.right, text, look.face(), indent=10) + 2
    draft.write(look.left, y + 8, "Nơi nhận:", look.face("bi", 0.92))
    for row, line in enumerate(("- Như Điều 2;", "- Bảo hiểm xã hội tỉnh;", "- Lưu: VT.")):
        draft.write(look.left, y + 13.5 + 5 * row, line, look.face(scale=0.85))
    signed(draft, look, chance, y + 8, family.chairman, title="GIÁM ĐỐC")
    return Drawing(draft, facts | {"nguoi_ky": family.chairman})


#: Each kind of sheet, and the name of the profile it is read with.
FORMS: dict[str, tuple[Layout, str]] = {
    "marriage": (marriage, "ket-hon"),
    "land": (land, "quyen-su-dung-dat"),
    "business": (business, "dang-ky-doanh-nghiep"),
    "certified": (certified, "ban-sao-chung-thuc"),
    "unemployment": (unemployment, "tro-cap-that-nghiep"),
}


def _headline(draft: Draft, look: Look, y: float, text: str, scale: float) -> None:
    """A line in bold in the middle, no wider than the type area."""
    face = look.face("b", scale)
    narrow = min(1.0, (look.right - look.left) / face.width(text))
    middle = (look.left + look.right) / 2
    draft.write(middle, y, text, look.face("b", scale * narrow), anchor="m")


def _tax_code(chance: Random) -> str:
    """Ten digits, the last the check digit; none begins with 0, as those of real provinces do."""
    while True:
        head = f"9{chance.randrange(10**8):08d}"
        code = head + mst.calc_check_digit(head)
        if mst.is_valid(code):
            return code
