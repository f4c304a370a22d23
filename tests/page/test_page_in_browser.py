"""What people see: real Chromium, as a phone without JavaScript unless it says otherwise."""

import shutil
from pathlib import Path

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import AGENCY, DESKTOP, NAME, OWNER, PHONE, Commune, paper_on_a_table

#: Answered by the code in the QR code's address, on a phone, in Vietnamese.
BY_ADDRESS = {
    "active": ("Mã này là của giấy tờ còn hiệu lực", "còn hiệu lực"),
    "revoked": ("Giấy tờ này đã bị thu hồi", "đã thu hồi từ ngày"),
    "superseded": ("Giấy tờ thật nhưng không phải bản mới nhất", "đã có bản mới thay thế"),
    "expired": ("Giấy tờ này đã hết hạn", "hết hạn"),
    "erased": ("Giấy tờ không còn lưu tại đây", "bị xóa hoặc chưa từng được nộp"),
}


def title(page: Page) -> str:
    return page.locator("h1").inner_text()


def sent(page: Page, field: str, file: Path | dict) -> Page:
    page.set_input_files(f"#{field}", file)
    page.locator(f"form:has(#{field}) button").click()
    return page


def shows_nobody(page: Page) -> None:
    html = page.content()
    assert OWNER not in html
    assert NAME not in html
    assert OWNER not in page.url


@pytest.mark.parametrize("state", BY_ADDRESS)
def test_the_address_in_a_qr_code_tells_the_papers_state(visit, commune: Commune, state) -> None:
    page = visit(f"/v/{commune.check_code(state)}")
    headline, said = BY_ADDRESS[state]
    assert title(page) == headline
    expect(page.locator("main")).to_contain_text(said)
    shows_nobody(page)
    if state != "erased":
        facts = page.locator("dl")
        expect(facts).to_contain_text(AGENCY.upper().replace("UBND", "ỦY BAN NHÂN DÂN"))
        expect(facts).to_contain_text("+07:00 (có dấu thời gian)")
        expect(facts).to_contain_text("001*******84")


def test_the_language_is_the_browsers_and_can_be_switched_without_a_script(visit, commune) -> None:
    page = visit(f"/v/{commune.check_code('revoked')}", locale="en-GB", viewport=DESKTOP)
    assert page.locator("html").get_attribute("lang") == "en"
    assert title(page) == "This paper has been revoked"
    page.get_by_role("link", name="Tiếng Việt").click()
    assert page.locator("html").get_attribute("lang") == "vi"
    assert title(page) == "Giấy tờ này đã bị thu hồi"
    page.get_by_role("link", name="Kiểm tra giấy tờ khác").click()
    assert title(page) == "Kiểm tra giấy tờ"  # the choice goes along
    page.locator("form:has(#code) button").click()
    expect(page.get_by_role("alert")).to_contain_text("Hãy nhập mã")


def test_a_code_typed_in_is_answered_only_if_it_names_nobody(visit, commune: Commune) -> None:
    page = visit()
    page.fill("#code", commune.papers["active"].code)
    page.locator("form:has(#code) button").click()
    assert title(page) == "Chỉ có mã này thì chưa đủ"
    expect(page.locator("dl")).to_have_count(0)
    shows_nobody(page)

    page = visit()
    page.fill("#code", commune.papers["revoked"].id)
    page.locator("form:has(#code) button").click()
    assert title(page) == "Giấy tờ này đã bị thu hồi"
    expect(page.locator("dl")).not_to_contain_text("001***")  # an id shows no paper in hand
    assert page.url.endswith(commune.papers["revoked"].id)  # and may be kept, or switched

    page = visit(locale="en-US")
    page.fill("#code", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    page.locator("form:has(#code) button").click()
    assert title(page) == "No paper has this code"


def test_the_text_of_a_signed_qr_code_can_be_pasted(visit, commune: Commune) -> None:
    page = visit()
    page.fill("#code", commune.papers["active"].seal)
    page.locator("form:has(#code) button").click()
    assert title(page) == "Mã QR thật, giấy tờ còn hiệu lực"
    page = visit()
    page.fill("#code", commune.papers["active"].seal[:-9] + "000000000")
    page.locator("form:has(#code) button").click()
    assert title(page) == "Mã QR xác thực là giả"


@pytest.mark.parametrize(
    ("state", "headline"),
    [
        ("active", "Genuine and in force"),
        ("superseded", "Genuine, but not the latest version"),
        ("revoked", "This paper has been revoked"),
        ("never-deposited", "Signed and unchanged, but not kept here"),
    ],
)
def test_a_genuine_file_is_known(visit, commune: Commune, state, headline) -> None:
    page = sent(visit(viewport=DESKTOP, locale="en-US"), "file", commune.papers[state].file)
    assert title(page) == headline
    byte_for_byte = page.get_by_text("byte for byte the one that was deposited")
    expect(byte_for_byte).to_have_count(0 if state == "never-deposited" else 1)
    shows_nobody(page)


def test_a_changed_file_is_found(visit, commune: Commune, tmp_path: Path) -> None:
    changed = tmp_path / "changed.pdf"
    shutil.copy(commune.papers["active"].file, changed)
    with pikepdf.open(changed, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(b"0 0 20 20 re f")
        pdf.save(changed)
    page = sent(visit(), "file", changed)
    assert title(page) == "Tệp này đã bị sửa"
    expect(page.locator("main")).to_contain_text("Không nên tin cậy")


def test_a_photographed_paper_is_compared_with_what_was_sealed(
    visit, commune: Commune, tmp_path: Path
) -> None:
    photo = paper_on_a_table(commune.papers["active"], tmp_path / "photo.jpg")
    page = sent(visit(locale="en-US"), "photo", photo)
    assert title(page) == "Genuine and in force"
    expect(page.locator("main")).to_contain_text("this paper says what was sealed")
    shows_nobody(page)


def test_a_photographed_seal_is_genuine_and_its_paper_revoked(
    visit, commune: Commune, tmp_path: Path
) -> None:
    seal = paper_on_a_table(commune.papers["revoked"], tmp_path / "a.jpg", -6, seal_only=True)
    page = sent(visit(), "photo", seal)
    assert title(page) == "Giấy tờ này đã bị thu hồi"
    expect(page.locator("main")).to_contain_text("Nội dung in trên giấy chưa được đối chiếu")
    shows_nobody(page)


def test_an_unsigned_seal_is_known_by_the_paper_it_is_on(
    visit, commune: Commune, tmp_path: Path
) -> None:
    seal = paper_on_a_table(commune.papers["plain"], tmp_path / "a.jpg", seal_only=True)
    page = sent(visit(), "photo", seal)
    assert title(page) == "Mã QR thật, giấy tờ còn hiệu lực"
    shows_nobody(page)


def test_what_is_no_paper_is_told_beside_its_field(visit, commune: Commune, tmp_path) -> None:
    page = visit(locale="en-US")
    page.locator("form:has(#file) button").click()
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("No file was chosen.")
    expect(fault).to_be_focused()
    assert page.title().startswith("Error:")
    fault.get_by_role("link").click()
    assert page.url.endswith("#file")
    expect(page.locator("#file")).to_have_attribute("aria-invalid", "true")
    assert "file-mistake" in (page.locator("#file").get_attribute("aria-describedby") or "")

    text = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"only text"}
    sent(page, "file", text)
    expect(page.get_by_role("alert")).to_contain_text("neither a PDF nor a picture")
    large = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-" + bytes(3 << 20)}
    sent(page, "file", large)
    expect(page.get_by_role("alert")).to_contain_text("larger than 2 MB")


def test_a_broken_file_and_a_broken_picture_are_told(visit, commune: Commune) -> None:
    cut = commune.papers["active"].file.read_bytes()[:20_000]
    sent_file = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": cut}
    assert title(sent(visit(), "file", sent_file)) == "Không đọc được tệp"
    noise = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + bytes(999)}
    assert title(sent(visit(), "photo", noise)) == "Không đọc được tệp"


def test_everything_can_be_done_with_the_keyboard(visit, commune: Commune) -> None:
    page = visit(viewport=DESKTOP, locale="en-US")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.type"))
    assert reached == ["photo", "submit", "file", "submit", "code", "submit"]
    page.locator("#code").focus()
    page.keyboard.type(commune.papers["revoked"].id)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("This paper has been revoked", timeout=60_000)


def test_no_page_breaks_a_rule_of_wcag_aa(visit, commune: Commune) -> None:
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    page = visit(java_script_enabled=True)
    site = page.url.removesuffix("/v")
    addresses = ["/v", "/v?lang=en", "/v/01ARZ3NDEKTSV4RRFFQ69G5FAV"]
    addresses += [f"/v/{commune.check_code(state)}?lang=en" for state in BY_ADDRESS]

    def is_sound() -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            result = Axe().run(page, options=rules)
            assert result.violations_count == 0, result.generate_report()

    for address in addresses:
        page.goto(site + address)
        is_sound()
    page.goto(site + "/v")
    page.locator("form:has(#code) button").click()
    is_sound()


def test_nothing_is_cut_off_on_narrow_screens_or_when_enlarged(visit, commune) -> None:
    for path in ("/v", f"/v/{commune.check_code('superseded')}"):
        page = visit(path, device_scale_factor=2)
        for width in (320, 360, 640, 1280):  # 640: 1280 at 200 %; 320: 1280 at 400 %
            page.set_viewport_size({"width": width, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            for control in page.locator("input, button, nav a, .button").all():
                box = control.bounding_box()
                assert box
                assert box["height"] >= 44  # as a thumb needs it
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width


def test_the_page_asks_for_nothing_from_anywhere_else_and_keeps_nothing(visit, site) -> None:
    asked: list[str] = []
    page = visit("/v", java_script_enabled=True, viewport=PHONE)
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.reload()
    assert asked
    assert all(url.startswith(site.url) for url in asked)
    assert page.context.cookies() == []
    assert complaints == []  # a policy that forbade something of our own would complain
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
