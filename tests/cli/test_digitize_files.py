"""What ``sohoa digitize`` writes beside the document, through the real command."""

import json
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont

TINOS = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
NUMBER = "099225061587"
BIRTH = (
    "GIẤY KHAI SINH",
    "Họ, chữ đệm, tên: VŨ MINH ANH",
    "Ngày, tháng, năm sinh: 31/02/2025",
    "Giới tính: Nam     Dân tộc: Kinh",
    f"Số định danh cá nhân: {NUMBER}",
)


def birth_certificate(path: Path) -> Path:
    """A short form on A5 across at 200 dpi; its date is none."""
    page = Image.new("L", (1654, 1165), 250)
    font = ImageFont.truetype(TINOS, 40)
    for row, line in enumerate(BIRTH):
        ImageDraw.Draw(page).text((150, 150 + 110 * row), line, 20, font)
    page.save(path, dpi=(200, 200))
    return path


def test_fields_and_words_are_written_beside_the_document(
    counter, papers: dict[str, Path], tmp_path: Path
) -> None:
    sheet = birth_certificate(tmp_path / "birth.png")
    result = counter.run(
        "digitize", papers["more"], sheet, "-o", "out.pdf", "--fields", "f.json",
        "--hocr", "h.html", "--alto", "a.xml", "--text", "t.txt",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    (paper,) = json.loads((counter.folder / "f.json").read_text("utf-8"))["documents"]
    fields = {field["name"]: field for field in paper["fields"]}
    assert (paper["paper"], paper["pages"]) == ("khai-sinh", [2])
    assert fields["ho_ten"]["value"] == "VŨ MINH ANH"
    assert (fields["dan_toc"]["value"], fields["so_dinh_danh"]["value"]) == ("Kinh", NUMBER)
    assert fields["ngay_sinh"]["fault"] == "not-a-date"
    assert "page 2, Giấy khai sinh, Ngày, tháng, năm sinh: is not a date" in result.stderr
    assert NUMBER not in result.stdout + result.stderr

    text = (counter.folder / "t.txt").read_text("utf-8").split("\f")[:-1]
    html = ElementTree.parse(counter.folder / "h.html").getroot()  # noqa: S314
    alto = ElementTree.parse(counter.folder / "a.xml").getroot()  # noqa: S314
    spans = [one for one in html.iter() if one.get("class") == "ocrx_word"]
    strings = [one for one in alto.iter() if one.tag.endswith("}String")]
    assert len([one for one in html.iter() if one.get("class") == "ocr_page"]) == 2
    words = " ".join(text).split()
    assert [one.text for one in spans] == words
    assert [one.get("CONTENT") for one in strings] == words


def test_two_results_need_two_files(counter, complains, papers: dict[str, Path]) -> None:
    arguments = ("digitize", papers["more"], "-o", "out.pdf", "--hocr", "x", "--alto", "x")
    complains(counter.run(*arguments), 2, "two results")
