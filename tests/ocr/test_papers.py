"""Each paper the profiles know is read off a form as offices print it."""

import pytest

from ocr.fields import read_fields
from ocr.words import Word
from profiles import load_paper

PITCH, HEIGHT, LETTER = 60, 30, 16


def page(text: str) -> list[Word]:
    """Rows of print; ``|`` sets what follows to the next column of 60 letters' width."""
    words = []
    for row, line in enumerate(text.strip().splitlines()):
        for column, part in enumerate(line.split("|")):
            left = 100 + column * 60 * LETTER
            for one in part.split():
                place = (row, column)
                words.append(Word(one, left, PITCH * row, LETTER * len(one), HEIGHT, 90.0, place))
                left += LETTER * (len(one) + 1)
    return words


def read(name: str, text: str) -> dict[str, str]:
    paper = load_paper(name)
    values = read_fields([page(text)], paper.fields, paper.labels)
    faulty = {value.name: value.fault for value in values if value.value and value.fault}
    assert faulty == {}
    return {value.name: value.value for value in values if value.value}


MARRIAGE_BELOW = """
XÃ HÒA AN|Độc lập - Tự do - Hạnh phúc
Số: 56/2024|
GIẤY CHỨNG NHẬN KẾT HÔN
Họ, chữ đệm, tên vợ: HOÀNG THỊ THU HÀ
Ngày, tháng, năm sinh: 20/11/1990
Dân tộc: Tày Quốc tịch: Việt Nam
Nơi cư trú: thôn Trung, xã Hòa An, tỉnh Sông Lam
Giấy tờ tùy thân: Căn cước công dân số 099190123456
Họ, chữ đệm, tên chồng: TRẦN VĂN HẢI
Ngày, tháng, năm sinh: 05/03/1988
Dân tộc: Kinh Quốc tịch: Việt Nam
Nơi cư trú: thôn Đông, xã Hòa An, tỉnh Sông Lam
Giấy tờ tùy thân: Căn cước công dân số 099088123456
Nơi đăng ký kết hôn: Ủy ban nhân dân xã Hòa An
Ngày, tháng, năm đăng ký: 14/02/2024
|NGƯỜI KÝ GIẤY CHỨNG NHẬN KẾT HÔN
|Vũ Quốc Việt
"""
MARRIAGE_BESIDE = """
GIẤY CHỨNG NHẬN KẾT HÔN
Số: 56/2024
Họ, chữ đệm, tên vợ:|Họ, chữ đệm, tên chồng:
HOÀNG THỊ THU HÀ|TRẦN VĂN HẢI
Ngày, tháng, năm sinh: 20/11/1990|Ngày, tháng, năm sinh: 05/03/1988
Dân tộc: Tày Quốc tịch: Việt Nam|Dân tộc: Kinh Quốc tịch: Việt Nam
Nơi cư trú: thôn Trung, xã Hòa An,|Nơi cư trú: thôn Đông, xã Hòa An,
tỉnh Sông Lam|tỉnh Sông Lam
Giấy tờ tùy thân: CCCD 099190123456|Giấy tờ tùy thân: CCCD 099088123456
Nơi đăng ký kết hôn: Ủy ban nhân dân xã Hòa An
Ngày, tháng, năm đăng ký: 14/02/2024
|NGƯỜI KÝ GIẤY CHỨNG NHẬN KẾT HÔN
|Vũ Quốc Việt
"""


@pytest.mark.parametrize("form", [MARRIAGE_BELOW, MARRIAGE_BESIDE])
def test_a_marriage_certificate_with_both_below_or_beside_each_other(form):
    assert read("ket-hon", form) == {
        "so": "56/2024",
        "ho_ten_vo": "HOÀNG THỊ THU HÀ",
        "ngay_sinh_vo": "20/11/1990",
        "dan_toc_vo": "Tày",
        "quoc_tich_vo": "Việt Nam",
        "noi_cu_tru_vo": "thôn Trung, xã Hòa An, tỉnh Sông Lam",
        "giay_to_vo": "099190123456",
        "ho_ten_chong": "TRẦN VĂN HẢI",
        "ngay_sinh_chong": "05/03/1988",
        "dan_toc_chong": "Kinh",
        "quoc_tich_chong": "Việt Nam",
        "noi_cu_tru_chong": "thôn Đông, xã Hòa An, tỉnh Sông Lam",
        "giay_to_chong": "099088123456",
        "noi_dang_ky": "Ủy ban nhân dân xã Hòa An",
        "ngay_dang_ky": "14/02/2024",
        "nguoi_ky": "Vũ Quốc Việt",
    }


def test_a_land_use_right_certificate():
    form = """
GIẤY CHỨNG NHẬN
QUYỀN SỬ DỤNG ĐẤT
I. Người sử dụng đất, chủ sở hữu nhà ở và tài sản khác gắn liền với đất
Ông: Trần Văn Hải, năm sinh: 1988, CCCD số: 099088123456
Địa chỉ thường trú: thôn Đông, xã Hòa An, tỉnh Sông Lam
II. Thửa đất, nhà ở và tài sản khác gắn liền với đất
1. Thửa đất:
a) Thửa đất số: 123, tờ bản đồ số: 45
b) Địa chỉ: thôn Đông, xã Hòa An, tỉnh Sông Lam
c) Diện tích: 1.250,5 m², (bằng chữ: Một nghìn hai trăm năm mươi phẩy năm mét vuông)
d) Hình thức sử dụng: Sử dụng riêng
đ) Mục đích sử dụng: Đất ở tại nông thôn
e) Thời hạn sử dụng: Lâu dài
g) Nguồn gốc sử dụng: Nhà nước giao đất có thu tiền sử dụng đất
|Hòa An, ngày 12 tháng 05 năm 2021
|TM. ỦY BAN NHÂN DÂN
|CHỦ TỊCH
|Vũ Quốc Việt
Số vào sổ cấp GCN: CS 01234|
|DB 123456
"""
    assert read("quyen-su-dung-dat", form) == {
        "so_phat_hanh": "DB 123456",
        "so_vao_so": "CS 01234",
        "nguoi_su_dung": "Trần Văn Hải",
        "so_dinh_danh": "099088123456",
        "thua_dat": "123",
        "to_ban_do": "45",
        "dia_chi": "thôn Đông, xã Hòa An, tỉnh Sông Lam",
        "dien_tich": "1.250,5 m²",
        "hinh_thuc": "Sử dụng riêng",
        "muc_dich": "Đất ở tại nông thôn",
        "thoi_han": "Lâu dài",
        "nguon_goc": "Nhà nước giao đất có thu tiền sử dụng đất",
        "ngay_cap": "ngày 12 tháng 05 năm 2021",
        "nguoi_ky": "Vũ Quốc Việt",
    }


def test_a_business_registration_certificate():
    form = """
SỞ TÀI CHÍNH TỈNH SÔNG LAM|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
GIẤY CHỨNG NHẬN ĐĂNG KÝ DOANH NGHIỆP
CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN
Mã số doanh nghiệp: 0100109106
Đăng ký lần đầu: ngày 12 tháng 03 năm 2015
Đăng ký thay đổi lần thứ: 3, ngày 20 tháng 08 năm 2023
1. Tên công ty
Tên công ty viết bằng tiếng Việt: CÔNG TY TNHH MỘT THÀNH VIÊN SÔNG LAM
Tên công ty viết bằng tiếng nước ngoài: SONG LAM COMPANY LIMITED
Tên công ty viết tắt: SOLACO
2. Địa chỉ trụ sở chính
Số 12 đường Lê Lợi, phường Bến Đá, tỉnh Sông Lam
Điện thoại: 0900 000 000 Fax:
3. Vốn điều lệ: 1.500.000.000 đồng
Bằng chữ: Một tỷ năm trăm triệu đồng
4. Người đại diện theo pháp luật của công ty
* Họ và tên: TRẦN VĂN HẢI Giới tính: Nam
Chức danh: Giám đốc
Sinh ngày: 05/03/1988 Dân tộc: Kinh Quốc tịch: Việt Nam
Số giấy tờ pháp lý của cá nhân: 099088123456
Ngày cấp: 10/10/2021 Nơi cấp: Cục Cảnh sát
|TRƯỞNG PHÒNG
|Vũ Quốc Việt
"""
    assert read("dang-ky-doanh-nghiep", form) == {
        "ma_so": "0100109106",
        "ngay_dang_ky_dau": "ngày 12 tháng 03 năm 2015",
        "ngay_thay_doi": "ngày 20 tháng 08 năm 2023",
        "ten": "CÔNG TY TNHH MỘT THÀNH VIÊN SÔNG LAM",
        "ten_nuoc_ngoai": "SONG LAM COMPANY LIMITED",
        "ten_viet_tat": "SOLACO",
        "tru_so": "Số 12 đường Lê Lợi, phường Bến Đá, tỉnh Sông Lam",
        "von": "1.500.000.000 đồng",
        "nguoi_dai_dien": "TRẦN VĂN HẢI",
        "gioi_tinh": "Nam",
        "chuc_danh": "Giám đốc",
        "ngay_sinh": "05/03/1988",
        "so_giay_to": "099088123456",
        "nguoi_ky": "Vũ Quốc Việt",
    }


def test_a_certified_copy():
    form = """
LỜI CHỨNG CHỨNG THỰC BẢN SAO TỪ BẢN CHÍNH
Hôm nay, ngày 05 tháng 09 năm 2025, tại Ủy ban nhân dân xã Hòa An, tôi là Vũ Quốc
Việt, Chủ tịch Ủy ban nhân dân xã, chứng thực bản sao Giấy chứng nhận kết hôn kèm
theo đúng với bản chính. Bản sao gồm 02 trang.
Số chứng thực: 1540, quyển số 02/2025 - SCT/BS
|CHỦ TỊCH
|Vũ Quốc Việt
"""
    assert read("ban-sao-chung-thuc", form) == {
        "so_chung_thuc": "1540",
        "quyen_so": "02/2025 - SCT/BS",
        "ngay_chung_thuc": "ngày 05 tháng 09 năm 2025",
        "noi_chung_thuc": "Ủy ban nhân dân xã Hòa An",
        "nguoi_chung_thuc": "Vũ Quốc Việt",
        "ban_chinh": "Giấy chứng nhận kết hôn",
        "nguoi_ky": "Vũ Quốc Việt",
    }


def test_a_decision_on_unemployment_benefit():
    form = """
SỞ NỘI VỤ|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Số: 806/QĐ-SNV|Sông Lam, ngày 20 tháng 01 năm 2026
QUYẾT ĐỊNH
Về việc hưởng trợ cấp thất nghiệp
Điều 1. Ông (bà) Trần Văn Hải, sinh ngày 05/03/1988, số định danh cá nhân:
099088123456, số sổ bảo hiểm xã hội: 4615001234 được hưởng trợ cấp thất nghiệp:
- Mức trợ cấp thất nghiệp hằng tháng: 3.500.000 đồng (ba triệu năm trăm nghìn đồng)
- Số tháng được hưởng trợ cấp thất nghiệp: 03 tháng
- Thời gian hưởng: từ ngày 01/02/2026 đến ngày 30/04/2026
|GIÁM ĐỐC
|Vũ Quốc Việt
"""
    assert read("tro-cap-that-nghiep", form) == {
        "so_ky_hieu": "806/QĐ-SNV",
        "ngay_ban_hanh": "ngày 20 tháng 01 năm 2026",
        "ho_ten": "Trần Văn Hải",
        "ngay_sinh": "05/03/1988",
        "so_dinh_danh": "099088123456",
        "so_so_bhxh": "4615001234",
        "muc_huong": "3.500.000 đồng",
        "so_thang": "03",
        "tu_ngay": "01/02/2026",
        "den_ngay": "30/04/2026",
        "nguoi_ky": "Vũ Quốc Việt",
    }


def test_a_decision():
    form = """
ỦY BAN NHÂN DÂN|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Số: 1862/QĐ-UBND|Hòa An, ngày 15 tháng 09 năm 2023
QUYẾT ĐỊNH
Về việc hỗ trợ hộ gia đình bị thiệt hại do mưa lũ
CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ HÒA AN
Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;
Căn cứ Nghị định số 20/2021/NĐ-CP ngày 15 tháng 3 năm 2021 của Chính phủ;
Điều 1. Hỗ trợ hộ ông Trần Văn Hải, số tiền 12.000.000 đồng.
Nơi nhận:|KT. CHỦ TỊCH
- Như Điều 3;|PHÓ CHỦ TỊCH
- Lưu: VT.|
|Vũ Quốc Việt
"""
    assert read("quyet-dinh", form) == {
        "so_ky_hieu": "1862/QĐ-UBND",
        "ngay_ban_hanh": "ngày 15 tháng 09 năm 2023",
        "trich_yeu": "hỗ trợ hộ gia đình bị thiệt hại do mưa lũ",
        "nguoi_ky": "Vũ Quốc Việt",
    }


def test_a_decision_without_a_legible_number_and_date_has_none_of_what_it_cites():
    form = """
ỦY BAN NHÂN DÂN|CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
SC IB62JQO-UBND|Hòa An, ngÃy tbánq nãm 2O23
QUYẾT ĐỊNH
Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;
Căn cứ Luật Đất đai ngày 29 tháng 11 năm 2013
Căn cứ Quyết định
số 15/2022/QĐ-UBND ngày 08 tháng 3 năm 2022 của Ủy ban nhân dân tỉnh;
Điều 1. Hỗ trợ hộ ông Trần Văn Hải theo Biên bản lập tại Hòa An,
ngày 20 tháng 8 năm 2023.
"""
    found = read("quyet-dinh", form)
    assert "so_ky_hieu" not in found
    assert "ngay_ban_hanh" not in found


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Thành phố Hồ Chí Minh, ngày 05 tháng 3 năm 2024", "2024-03-05"),
        ("Bà Rịa - Vũng Tàu, ngày 05/3/2024", "2024-03-05"),
        ("Cần Thơ. ngày 5 tháng 03 năm 2024 '", "2024-03-05"),
    ],
)
def test_a_paper_is_dated_with_place_and_day(line, day):
    paper = load_paper("quyet-dinh")
    values = read_fields([page(f"Số: 12/QĐ-UBND|{line}")], paper.fields, paper.labels)
    assert {value.name: value.normal for value in values}["ngay_ban_hanh"] == day
