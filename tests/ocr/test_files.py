"""hOCR and ALTO say the same words at the same places, page by page, as whole XML."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr import alto, hocr
from ocr.layout import TextPage
from ocr.words import Word

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
HTML = "{http://www.w3.org/1999/xhtml}"
WORDS = (
    Word("Họ", 100, 50, 40, 30, 91.4, (1, 1, 1)),
    Word("&<tên>", 160, 52, 90, 30, 88.0, (1, 1, 1)),
    Word("“Lan”", 100, 100, 120, 30, 12.6, (2, 1, 1)),
)


def page_of(words=WORDS, number: int = 1) -> TextPage:
    return TextPage(number, 'to "1".jpg', 400, 300, 200.0, words)


def as_hocr(*pages: TextPage) -> ElementTree.Element:
    whole = hocr.begin("Giấy & tờ", "tesseract 5", "vi")
    return ElementTree.fromstring(whole + "".join(map(hocr.page, pages)) + hocr.end())  # noqa: S314


def as_alto(*pages: TextPage) -> ElementTree.Element:
    whole = alto.begin("giay & to.pdf", "tesseract", "5")
    return ElementTree.fromstring(whole + "".join(map(alto.page, pages)) + alto.end())  # noqa: S314


def test_hocr_holds_every_word_with_box_and_confidence():
    root = as_hocr(page_of(), page_of((), 2))
    pages = root.findall(f".//{HTML}div[@class='ocr_page']")
    assert [one.get("id") for one in pages] == ["page_1", "page_2"]
    assert "bbox 0 0 400 300; ppageno 0; scan_res 200 200" in pages[0].get("title", "")
    words = root.findall(f".//{HTML}span[@class='ocrx_word']")
    assert [word.text for word in words] == ["Họ", "&<tên>", "“Lan”"]
    assert words[0].get("title") == "bbox 100 50 140 80; x_wconf 91"
    lines = root.findall(f".//{HTML}span[@class='ocr_line']")
    assert [line.get("title") for line in lines] == ["bbox 100 50 250 82", "bbox 100 100 220 130"]
    assert "".join(lines[0].itertext()) == "Họ &<tên>"


def test_alto_holds_blocks_lines_words_and_spaces_in_the_order_of_its_schema():
    root = as_alto(page_of(), page_of((), 2))
    assert root.tag == f"{ALTO}alto"
    assert [child.tag for child in root] == [f"{ALTO}Description", f"{ALTO}Layout"]
    pages = root.findall(f"{ALTO}Layout/{ALTO}Page")
    assert [one.get("PHYSICAL_IMG_NR") for one in pages] == ["1", "2"]
    blocks = pages[0].findall(f"{ALTO}PrintSpace/{ALTO}TextBlock")
    assert len(blocks) == 2
    assert pages[1].findall(f".//{ALTO}TextBlock") == []
    (line,) = blocks[0].findall(f"{ALTO}TextLine")
    assert [child.tag.removeprefix(ALTO) for child in line] == ["String", "SP", "String"]
    first, gap, second = line
    assert (first.get("CONTENT"), second.get("CONTENT")) == ("Họ", "&<tên>")
    place = {"HPOS": "100", "VPOS": "50", "WIDTH": "40", "HEIGHT": "30", "WC": "0.91"}
    assert place.items() <= first.attrib.items()
    assert (gap.get("HPOS"), gap.get("WIDTH")) == ("140", "20")


@pytest.mark.parametrize("tree", [as_hocr, as_alto])
def test_names_are_given_once(tree):
    root = tree(page_of(), page_of(number=2))
    names = [one.get("id") or one.get("ID") for one in root.iter()]
    named = [name for name in names if name]
    assert len(named) == len(set(named)) > 8


@given(
    st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5),
    st.integers(-500, 900),
    st.floats(-5, 300),
)
def test_any_word_anywhere_gives_whole_xml_within_the_page(texts, left, confidence):
    words = [Word(text, left, left, 50, 20, confidence, (1, 1, 1)) for text in texts]
    root = as_alto(page_of(words))
    for string in root.iter(f"{ALTO}String"):
        right = int(string.get("HPOS", "")) + int(string.get("WIDTH", ""))
        assert 0 <= int(string.get("HPOS", "")) <= right <= 400
        assert 0 <= float(string.get("WC", "")) <= 1
    assert len(as_hocr(page_of(words)).findall(f".//{HTML}span[@class='ocrx_word']")) == len(texts)
