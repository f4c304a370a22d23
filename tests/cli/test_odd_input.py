"""Odd but usable sheets through the real command: each comes out as the paper it is."""

import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

PDF = "out.pdf"


def page_sizes(pdf: Path) -> list[tuple[int, int]]:
    """Width and height of every page in millimetres."""
    said = subprocess.run(
        ["pdfinfo", "-f", "1", "-l", "999", pdf], capture_output=True, check=True, text=True
    )
    rows = [
        line.split() for line in said.stdout.splitlines() if " size:" in line and "Page" in line
    ]
    return [(round(float(row[3]) * 25.4 / 72), round(float(row[5]) * 25.4 / 72)) for row in rows]


ODD = {
    "without-dpi.jpg": (lambda sheet: sheet, {}),
    "one-dpi.jpg": (lambda sheet: sheet, {"dpi": (1, 1)}),
    "72-dpi.jpg": (lambda sheet: sheet, {"dpi": (72, 72)}),
    "lopsided-dpi.jpg": (lambda sheet: sheet, {"dpi": (150, 75)}),
    "huge-dpi.jpg": (lambda sheet: sheet, {"dpi": (9999, 9999)}),
    "one-bit.tif": (lambda sheet: sheet.convert("1", dither=0), {"compression": "group4"}),
    "palette.png": (lambda sheet: sheet.quantize(8), {}),
}


def test_sheets_of_any_kind_come_out_as_a4_with_their_words(counter, papers) -> None:
    folder = counter.folder / "odd"
    folder.mkdir()
    for name, (change, how) in ODD.items():
        with Image.open(papers["quyet-dinh"]) as sheet:
            change(sheet.convert("RGB")).save(folder / name, **how)
    result = counter.run("digitize", folder, "-o", PDF, "--text", "t.txt", "--json")
    assert result.returncode in (0, 4), result.stderr  # 4: some are below 200 dpi
    sizes = page_sizes(counter.folder / PDF)
    assert len(sizes) == len(ODD)
    assert {(round(width, -1), round(height, -1)) for width, height in sizes} == {(210, 300)}
    texts = (counter.folder / "t.txt").read_text().split("\f")[:-1]
    assert ["QUYẾT ĐỊNH" in text for text in texts] == [True] * len(ODD)


def test_even_sheets_are_blank_and_a_black_one_is_too_dark(counter, complains) -> None:
    folder = counter.folder / "even"
    folder.mkdir()
    for grey in (128, 255):
        Image.new("L", (1654, 2339), grey).save(folder / f"{grey}.png", dpi=(200, 200))
    complains(counter.run("digitize", folder, "-o", PDF), 4, "2 sheets are blank")
    assert not (counter.folder / PDF).exists()
    Image.new("L", (1654, 2339), 0).save(folder / "0.png", dpi=(200, 200))
    result = counter.run("digitize", folder, "-o", PDF, "--keep-blank", "--json")
    complains(result, 4, "page 1 (0.png): too dark")
    assert page_sizes(counter.folder / PDF) == [(210, 297)] * 3


def test_of_a_tiff_of_300_pages_with_one_broken_299_come_and_one_is_named(
    counter, complains
) -> None:
    """Small blank pages, told apart by their widths."""
    path = counter.folder / "long.tif"
    pages = [Image.new("L", (400 + number, 560), 250) for number in range(300)]
    for page in pages:
        ImageDraw.Draw(page).point((200, 280), 245)
    pages[0].save(
        path, save_all=True, append_images=pages[1:], compression="tiff_lzw", dpi=(100, 100)
    )
    data = bytearray(path.read_bytes())
    with Image.open(path) as picture:
        picture.seek(199)
        start, size = picture.tag_v2[273][0], picture.tag_v2[279][0]
    data[start : start + size] = b"\xff" * size
    path.write_bytes(data)
    result = counter.run("digitize", path, "-o", PDF, "--keep-blank", "--json")
    complains(result, 12, "1 of 300 pages", "long.tif#200")
    found = json.loads(result.stdout)["pages"]
    assert [page["index"] for page in found if not page["kept"]] == [199]
    widths = [round((400 + n) * 0.254) for n in range(300) if n != 199]
    assert [width for width, _height in page_sizes(counter.folder / PDF)] == widths


@pytest.mark.parametrize("pages", [1, 3])
def test_a_bomb_costs_its_own_page_and_a_word(counter, complains, papers, pages: int) -> None:
    """A TIFF page that says it has four thousand million pixels, in a few bytes."""
    path = counter.folder / "bomb.tif"
    with Image.open(papers["quyet-dinh"]) as sheet:
        others = [Image.new("L", (1654, 2339), 250)] * (pages - 1)
        sheet.save(
            path, compression="tiff_lzw", dpi=(200, 200), save_all=True, append_images=others
        )
    data = bytearray(path.read_bytes())
    entry = data.index(bytes([0, 1]), 8)  # tag 256, ImageWidth, little-endian
    with Image.open(path) as picture:
        assert picture.tag_v2[256] == int.from_bytes(data[entry + 8 : entry + 10], "little")
    data[entry + 2 : entry + 4] = (4).to_bytes(2, "little")
    data[entry + 8 : entry + 12] = (2_000_000).to_bytes(4, "little")
    path.write_bytes(data)
    result = counter.run("digitize", path, "-o", PDF, "--keep-blank")
    if pages == 1:
        complains(result, 3, "bomb.tif")
        assert not (counter.folder / PDF).exists()
    else:
        complains(result, 12, "1 of 3 pages", "bomb.tif#1")
        assert len(page_sizes(counter.folder / PDF)) == 2
    assert not counter.leftovers()


def test_a_sheet_of_a3_at_600_dpi_is_one_page_of_a3(counter) -> None:
    sheet = Image.new("1", (9921, 7016), 1)
    ImageDraw.Draw(sheet).rectangle((1000, 1000, 3000, 1040), fill=0)
    sheet.save(counter.folder / "a3.tif", compression="group4", dpi=(600, 600))
    result = counter.run("digitize", "a3.tif", "-o", PDF, "--json", "--keep-blank")
    assert result.returncode == 0, result.stderr
    ((width, height),) = page_sizes(counter.folder / PDF)
    assert sorted((width, height)) == [297, 420]
