"""Family names of Vietnam, to tell a printed name from other capitalised words."""

from ocr.labels import bare

#: Family names of the Kinh and of the other peoples of Vietnam, in bare letters so that a
#: misread mark does not hide one; those that are words of an office with other marks ("Phương",
#: "Thi", "Xa") are left out.
_WRITTEN = """
Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đoàn Vương Trịnh
Trương Đinh Lâm Phùng Mai Tô Hà Cao Lương Chu Châu Tạ Thái Lưu Mạc Kiều Triệu Quách Tôn Thạch
Sơn Kim Danh Lò Lường Quàng Cà Tòng Bạc Cầm Điêu Vi Lô Lộc Nông Bế Hứa Lục Đàm Bàn Phàn Tẩn
Chảo Đèo Khoàng Pờ Lỳ Sừng Vù Giàng Sùng Vàng Thào Cứ Mùa Hạng Hờ Lầu Chá Má Cháng Ly Thò Tráng
Ksor Nay Siu Kpă Rahlan Rơ Rmah Niê Mlô Ayun Byă Êban Kbuôr Alăng Zơrâm Bríu Pơloong Ating Kăn
Trà Đổng Từ Thiên Ninh Nghiêm Âu Tiêu Tăng Tống Thân Khuất Khương Kha Khổng
Giáp Lại La Mẫn Ngụy Nhâm Phí Quản Sái Tào Thẩm Thiều Tiết Trang Trầm Ứng Uông Hàn Hạ Hầu
Hình Chử Cung Cù Cổ Bành Biện Doãn Đậu Đới Đồng Đường Diệp Lã Lữ Mã Mông Nhan Ôn
Quế Sử Tất Thập Thôi Thiệu Trác Trì Trưng Úc Vòng Voòng Chìu Tằng Nình Cam Cấn Chế Đàng
"""
_FAMILIES = frozenset(bare(name) for name in _WRITTEN.split())


def is_family_name(word: str) -> bool:
    """Whether a word is a family name, marks apart."""
    return bare(word) in _FAMILIES
