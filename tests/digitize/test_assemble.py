"""Pages become one PDF/A-2b in order, nothing of them lost, nothing left behind on failure."""

import io
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pikepdf.pdfa
import pypdfium2 as pdfium
import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from digitize import glyphless, merge
from digitize.assemble import (
    NothingToWrite,
    PictureNotUsable,
    Provenance,
    read_provenance,
    write_pdf,
)
from digitize.sheet import Finding, FinishedPage, Sheet
from ocr.textlayer import text_layer
from ocr.words import Word

PROVENANCE = Provenance(
    operator="Nguyễn Thị Hòa",
    office="Ủy ban nhân dân xã Hòa An",
    at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    device="Training scanner",
    profile="khai-sinh",
    profile_code="KQ.G15.000031",
    versions={"sohoa": "0.1.0", "tesseract": "5.3.0"},
    title="Giấy khai sinh",
)
SENTENCES = [
    "Cộng hòa xã hội chủ nghĩa Việt Nam",
    "Độc lập - Tự do - Hạnh phúc",
    "Ủy ban nhân dân phường Bưởi, quận Tây Hồ",
    "Người được khai sinh: ĐẶNG THỊ QUỲNH",
]


def invisible(text: str, mode: int = 3, x: float = 20, y: float = 30) -> bytes:
    codes = text.encode("utf-16-be").hex()
    line = f"q BT {mode} Tr /Glyphless 5 Tf 1 0 0 1 {x} {y} Tm <{codes}> Tj ET Q\n"
    return line.encode("ascii")


def jpeg(folder: Path, mode: str = "RGB", size: tuple[int, int] = (124, 175), **options) -> Path:
    path = folder / f"{mode}-{size[0]}x{size[1]}.jpg"
    Image.new(mode, size, {"RGB": (240, 235, 220), "L": 230}.get(mode)).save(path, **options)
    return path


def drawn(index: int, picture: Path, text: str = "", width=210.0, height=297.0, **sheet):
    source = Sheet(index, picture, 0, "image", picture.name, f"{index:064x}", 300.0)
    if sheet:
        source = Sheet(**{**source.__dict__, **sheet})
    layer = invisible(text) if text else b""
    return FinishedPage(source, Finding(index, source.label), picture, width, height, layer, text)


def kept(path: Path, frame: int, index: int = 0) -> FinishedPage:
    sheet = Sheet(index, path, frame, "pdf-text", f"{path.name}#{frame + 1}", "ab" * 32)
    return FinishedPage(sheet, Finding(index, sheet.label), None, 0.0, 0.0)


def words_of(path: Path) -> list[str]:
    """The text of each page, as pdftotext reads it."""
    run = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    return [" ".join(page.split()) for page in run.stdout.decode().split("\f")[:-1]]


def is_pdfa(path: Path) -> bool:
    return pikepdf.pdfa.validate_written(path, "2b").passed


def plain_pdf(path: Path, pages: int = 3, *, form: bool = False) -> Path:
    """A born-digital PDF: Helvetica, an outline, a link by page and one by name; maybe a form."""
    with pikepdf.new() as pdf:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        for number in range(1, pages + 1):
            content = f"BT /F1 12 Tf 72 700 Td ({path.stem} page {number}) Tj ET".encode()
            page = Dictionary(
                Type=Name.Page,
                MediaBox=[0, 0, 595, 842],
                Resources=Dictionary(Font=Dictionary(F1=font)),
                Contents=pdf.make_stream(content),
            )
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        last = Array([pdf.pages[-1].obj, Name.Fit])
        link = {"Type": Name.Annot, "Subtype": Name.Link, "Rect": [0, 0, 9, 9], "F": 4}
        annotations = [Dictionary(**link, Dest=last), Dictionary(**link, Dest=String("spot"))]
        places = pikepdf.NameTree.new(pdf)
        places["spot"] = Dictionary(D=Array([pdf.pages[-1].obj, Name.XYZ, 0, 500, 0]))
        pdf.Root.Names = Dictionary(Dests=places.obj)
        if form:
            field = Dictionary(
                Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("ho_ten"),
                V=String("A"), Rect=[72, 600, 300, 620], F=4,
            )  # fmt: skip
            annotations.append(pdf.make_indirect(field))
            pdf.Root.AcroForm = Dictionary(Fields=[annotations[-1]], NeedAppearances=True)
        pdf.pages[0].Annots = Array([pdf.make_indirect(a) for a in annotations])
        with pdf.open_outline() as outline:
            top = pikepdf.OutlineItem(path.stem, 0)
            top.children.append(pikepdf.OutlineItem("end", pages - 1))
            outline.root.append(top)
        pdf.attachments["note.txt"] = b"attached"
        pdf.save(path)
    return path


def self_contained_pdf(path: Path, tmp_path: Path, text: str) -> Path:
    """A born-digital PDF that carries its font: text that counts as visible."""
    page = drawn(0, jpeg(tmp_path))
    layer = invisible(text, mode=0)
    write_pdf([FinishedPage(**{**page.__dict__, "text_layer": layer})], path, PROVENANCE)
    return path


def links_of(pdf: pikepdf.Pdf) -> dict[int, list[int | None]]:
    """By page, where its links lead."""
    numbers = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
    found: dict[int, list[int | None]] = {}
    for number, page in enumerate(pdf.pages):
        for annotation in page.obj.get("/Annots", []):
            place = annotation.get("/Dest")
            if isinstance(place, String):
                place = pikepdf.NameTree(pdf.Root.Names.Dests)[str(place)].D
            if place is not None:
                found.setdefault(number, []).append(numbers.get(place[0].objgen))
    return found


def outline_of(pdf: pikepdf.Pdf) -> list[tuple[str, int | None]]:
    numbers = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}

    def walk(items) -> Iterator[tuple[str, int | None]]:
        for item in items:
            place = item.resolved_destination(pdf)
            yield item.title, numbers.get(place.page.objgen) if place else None
            yield from walk(item.children)

    with pdf.open_outline() as outline:
        return list(walk(outline.root))


class TestDrawnPages:
    def test_pages_come_out_in_order_life_size_and_searchable(self, tmp_path):
        out = tmp_path / "out.pdf"
        pages = [
            drawn(0, jpeg(tmp_path), SENTENCES[0]),
            drawn(1, jpeg(tmp_path, "L", progressive=True), SENTENCES[1], 297, 210),
            drawn(2, jpeg(tmp_path), SENTENCES[2], 85.6, 54),
        ]
        result = write_pdf(pages, out, PROVENANCE)
        assert (result.pages, result.pdfa, result.notes) == (3, True, ())
        assert result.bytes == out.stat().st_size
        assert is_pdfa(out)
        assert words_of(out) == SENTENCES[:3]
        with pikepdf.open(out) as pdf:
            sizes = [tuple(float(v) / 72 * 25.4 for v in page.mediabox[2:]) for page in pdf.pages]
            assert sizes == [
                pytest.approx(s, abs=0.01) for s in [(210, 297), (297, 210), (85.6, 54)]
            ]
            assert pdf.pdf_version >= "1.4"
            assert pdf.Root.Lang == "vi"

    def test_a_letter_alone_is_found_by_every_reader(self, tmp_path):
        lines = [["Trang", "1"], ["7"], ["Số", "nhà", "5", "ngõ", "2"]]
        words = [
            Word(text, 60 + 90 * n, 100 + 60 * row, 20 * len(text), 30, 90.0, (row,))
            for row, line in enumerate(lines)
            for n, text in enumerate(line)
        ]
        page = replace(drawn(0, jpeg(tmp_path)), text_layer=text_layer(words, 300, 3508))
        write_pdf([page], tmp_path / "out.pdf", PROVENANCE)
        wanted = [" ".join(line) for line in lines]
        assert words_of(tmp_path / "out.pdf") == [" ".join(wanted)]
        with pdfium.PdfDocument(tmp_path / "out.pdf") as pdf:
            found = pdf[0].get_textpage().get_text_range()
        assert [line.strip() for line in found.splitlines()] == wanted

    def test_pictures_are_embedded_byte_for_byte(self, tmp_path):
        colour, grey = jpeg(tmp_path), jpeg(tmp_path, "L")
        write_pdf([drawn(0, colour), drawn(1, grey)], tmp_path / "out.pdf", PROVENANCE)
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            images = [page.obj.Resources.XObject.Im0 for page in pdf.pages]
            assert [i.read_raw_bytes() for i in images] == [colour.read_bytes(), grey.read_bytes()]
            assert [i.ColorSpace for i in images] == [Name.DeviceRGB, Name.DeviceGray]

    def test_all_pages_share_one_font(self, tmp_path):
        pages = [drawn(n, jpeg(tmp_path), SENTENCES[n % 4]) for n in range(4)]
        write_pdf(pages, tmp_path / "out.pdf", PROVENANCE)
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            fonts = {page.obj.Resources.Font.Glyphless.objgen for page in pdf.pages}
        assert len(fonts) == 1

    def test_a_picture_may_be_removed_once_the_next_page_is_asked_for(self, tmp_path):
        def pages() -> Iterator[FinishedPage]:
            for number in range(3):
                picture = jpeg(tmp_path, size=(100 + number, 150))
                yield drawn(number, picture)
                picture.unlink()

        assert write_pdf(pages(), tmp_path / "out.pdf", PROVENANCE).pages == 3

    def test_no_page_no_file(self, tmp_path):
        with pytest.raises(NothingToWrite):
            write_pdf([], tmp_path / "out.pdf", PROVENANCE)
        assert list(tmp_path.iterdir()) == []

    def test_a_failure_half_way_leaves_everything_as_it_was(self, tmp_path):
        target = tmp_path / "out" / "out.pdf"
        target.parent.mkdir()
        target.write_bytes(b"the old one")

        def pages() -> Iterator[FinishedPage]:
            yield drawn(0, jpeg(tmp_path))
            raise InterruptedError

        with pytest.raises(InterruptedError):
            write_pdf(pages(), target, PROVENANCE)
        assert [p.name for p in target.parent.iterdir()] == ["out.pdf"]
        assert target.read_bytes() == b"the old one"

    def test_what_a_pdf_cannot_show_rightly_is_refused(self, tmp_path):
        cut = tmp_path / "cut.jpg"
        cut.write_bytes(jpeg(tmp_path).read_bytes()[:-10])
        for page in (
            drawn(0, jpeg(tmp_path, "CMYK")),
            drawn(0, cut),
            drawn(0, jpeg(tmp_path), width=0),
        ):
            with pytest.raises(PictureNotUsable):
                write_pdf([page], tmp_path / "out.pdf", PROVENANCE)
        assert not (tmp_path / "out.pdf").exists()


class TestProvenance:
    def test_it_is_read_back_as_it_was_written(self, tmp_path):
        out = tmp_path / "out.pdf"
        pages = [drawn(n, jpeg(tmp_path), label=f"scan#{n + 1}", frame=n) for n in range(2)]
        write_pdf(pages, out, PROVENANCE)
        facts = read_provenance(out)
        assert facts == PROVENANCE.as_dict([page.sheet for page in pages])
        assert facts["at"] == "2026-11-22T10:00:00Z"
        assert [s["sha256"] for s in facts["sheets"]] == [f"{n:064x}" for n in range(2)]

    def test_information_dictionary_and_xmp_agree(self, tmp_path):
        write_pdf([drawn(0, jpeg(tmp_path))], tmp_path / "out.pdf", PROVENANCE)
        with pikepdf.open(tmp_path / "out.pdf") as pdf, pdf.open_metadata() as xmp:
            assert xmp["dc:title"] == str(pdf.docinfo.Title) == "Giấy khai sinh"
            assert xmp["dc:creator"] == [str(pdf.docinfo.Author)] == [PROVENANCE.operator]
            assert xmp["pdf:Producer"] == str(pdf.docinfo.Producer)
            assert xmp["xmp:CreateDate"] == "2026-11-22T10:00:00Z"
            assert str(pdf.docinfo.CreationDate).startswith("D:20261122100000")
            assert xmp.pdfa_status == "2B"

    def test_other_documents_have_none(self, tmp_path):
        assert read_provenance(plain_pdf(tmp_path / "a.pdf")) is None


class TestBornDigitalPages:
    def test_a_whole_document_keeps_everything(self, tmp_path):
        source = plain_pdf(tmp_path / "a.pdf", form=True)
        out = tmp_path / "out.pdf"
        result = write_pdf([kept(source, n) for n in range(3)], out, PROVENANCE)
        assert words_of(out) == words_of(source)
        with pikepdf.open(out) as pdf, pikepdf.open(source) as old:
            assert outline_of(pdf) == [("a", 0), ("end", 2)]
            assert links_of(pdf) == {0: [2, 2]}
            assert [str(f.T) for f in pdf.Root.AcroForm.Fields] == ["ho_ten"]
            assert pdf.Root.AcroForm.NeedAppearances
            assert pdf.attachments["note.txt"].get_file().read_bytes() == b"attached"
            for new, before in zip(pdf.pages, old.pages, strict=True):
                assert new.Contents.read_bytes() == before.Contents.read_bytes()
        assert not result.pdfa
        assert "a.pdf" in result.notes[0]

    def test_what_is_not_pdfa_does_not_say_so(self, tmp_path):
        source = plain_pdf(tmp_path / "a.pdf")
        result = write_pdf([kept(source, 0)], tmp_path / "out.pdf", PROVENANCE)
        assert not result.pdfa
        assert result.notes
        with pikepdf.open(tmp_path / "out.pdf") as pdf, pdf.open_metadata() as xmp:
            assert not xmp.pdfa_status
            assert xmp["dc:title"] == "Giấy khai sinh"

    def test_pages_that_carry_their_fonts_are_pdfa_together_with_pictures(self, tmp_path):
        source = self_contained_pdf(tmp_path / "a.pdf", tmp_path, SENTENCES[3])
        out = tmp_path / "out.pdf"
        pages = [drawn(0, jpeg(tmp_path), SENTENCES[0]), kept(source, 0, 1)]
        assert write_pdf(pages, out, PROVENANCE).pdfa
        assert is_pdfa(out)
        assert words_of(out) == [SENTENCES[0], SENTENCES[3]]

    def test_what_only_guides_the_reader_does_not_stand_in_the_way_of_pdfa(self, tmp_path):
        source = self_contained_pdf(tmp_path / "a.pdf", tmp_path, SENTENCES[3])
        with pikepdf.open(source, allow_overwriting_input=True) as pdf:
            here = Array([pdf.pages[0].obj, Name.Fit])
            pdf.Root.OpenAction = here
            link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], Dest=here)
            pdf.pages[0].Annots = Array([pdf.make_indirect(link)])
            pdf.save()
        assert write_pdf([kept(source, 0)], tmp_path / "out.pdf", PROVENANCE).pdfa
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            assert links_of(pdf) == {0: [0]}

    def test_a_picture_page_is_replaced_in_its_place(self, tmp_path):
        source = plain_pdf(tmp_path / "a.pdf")
        out = tmp_path / "out.pdf"
        again = drawn(2, jpeg(tmp_path), SENTENCES[0], path=source, frame=2, kind="pdf-image")
        write_pdf([kept(source, 0), kept(source, 1, 1), again], out, PROVENANCE)
        assert words_of(out) == ["a page 1", "a page 2", SENTENCES[0]]
        with pikepdf.open(out) as pdf:
            assert links_of(pdf) == {0: [2, 2]}
            assert outline_of(pdf) == [("a", 0), ("end", 2)]

    @pytest.mark.parametrize("at_once", [100, 2])
    def test_several_documents_and_pictures_are_joined(self, tmp_path, monkeypatch, at_once):
        monkeypatch.setattr(merge, "_OPEN_AT_ONCE", at_once)
        sources = [plain_pdf(tmp_path / f"{name}.pdf", form=True) for name in "abcde"]
        pages = [drawn(0, jpeg(tmp_path), SENTENCES[0])]
        for source in sources:
            pages += [kept(source, n) for n in range(3)]
            pages.append(drawn(0, jpeg(tmp_path), SENTENCES[1]))
        out = tmp_path / "out.pdf"
        write_pdf(pages, out, PROVENANCE)
        expected = [SENTENCES[0]]
        for source in sources:
            expected += [*words_of(source), SENTENCES[1]]
        assert words_of(out) == expected
        with pikepdf.open(out) as pdf:
            starts = [1, 5, 9, 13, 17]
            assert links_of(pdf) == {start: [start + 2, start + 2] for start in starts}
            assert [place for _title, place in outline_of(pdf)] == [
                place for start in starts for place in (start, start + 2)
            ]
            assert len(pdf.Root.AcroForm.Fields) == 5

    def test_the_same_document_may_come_twice(self, tmp_path):
        source = plain_pdf(tmp_path / "a.pdf")
        pages = [kept(source, n) for n in (0, 1, 2, 0, 1, 2)]
        write_pdf(pages, tmp_path / "out.pdf", PROVENANCE)
        assert words_of(tmp_path / "out.pdf") == words_of(source) * 2

    def test_a_dropped_page_is_gone_and_page_labels_with_it(self, tmp_path):
        source = plain_pdf(tmp_path / "a.pdf")
        with pikepdf.open(source, allow_overwriting_input=True) as pdf:
            pdf.Root.PageLabels = Dictionary(Nums=[0, Dictionary(S=Name.r)])
            pdf.save()
        write_pdf([kept(source, 0), kept(source, 2)], tmp_path / "out.pdf", PROVENANCE)
        assert words_of(tmp_path / "out.pdf") == ["a page 1", "a page 3"]
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            assert "/PageLabels" not in pdf.Root

    def test_an_owners_password_is_not_carried_over(self, tmp_path):
        source = plain_pdf(tmp_path / "a.pdf")
        with pikepdf.open(source, allow_overwriting_input=True) as pdf:
            pdf.save(encryption=pikepdf.Encryption(owner="owner"))
        write_pdf([kept(source, n) for n in range(3)], tmp_path / "out.pdf", PROVENANCE)
        with pikepdf.open(tmp_path / "out.pdf") as pdf:
            assert not pdf.is_encrypted


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from(SENTENCES), st.sampled_from([(210, 297), (420, 297), (54, 86)])
            ),
            st.tuples(st.sampled_from("ab"), st.integers(0, 2)),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_mix_of_pages_keeps_count_order_and_diacritics(tmp_path, recipe):
    pages, expected = [], []
    for number, (what, how) in enumerate(recipe):
        if isinstance(how, tuple):
            pages.append(drawn(number, jpeg(tmp_path), what, *how))
            expected.append(what)
        else:
            source = tmp_path / f"{what}.pdf"
            pages.append(kept(source if source.exists() else plain_pdf(source), how, number))
            expected.append(f"{what} page {how + 1}")
    result = write_pdf(pages, tmp_path / "out.pdf", PROVENANCE)
    assert result.pages == len(recipe)
    assert words_of(tmp_path / "out.pdf") == expected


class TestInvisibleFont:
    def test_every_glyph_is_as_wide_as_the_pdf_says(self):
        font = TTFont(io.BytesIO(glyphless.font_program()))
        assert font["head"].unitsPerEm == 1000
        assert set(font["hmtx"].metrics.values()) == {(glyphless.WIDTH, 0)}
        assert len(glyphless.cid_to_gid()) == 2 * 0x10000

    def test_every_vietnamese_letter_can_be_found_again(self, tmp_path):
        base, marks = "aăâeêioôơuưy", "\u0300\u0301\u0303\u0309\u0323"
        letters = [unicodedata.normalize("NFC", b + m) for b in base for m in marks]
        text = "".join(letters) + "".join(letters).upper() + "đĐ“”–…₫"
        write_pdf([drawn(0, jpeg(tmp_path), text)], tmp_path / "out.pdf", PROVENANCE)
        assert words_of(tmp_path / "out.pdf") == [text]


MEASURE = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from digitize.assemble import Provenance, write_pdf
from digitize.sheet import Finding, FinishedPage, Sheet
from ocr.textlayer import text_layer
from ocr.words import Word

def page(number):
    sheet = Sheet(number, picture, 0, "image", picture.name, "ab" * 32)
    return FinishedPage(sheet, Finding(number, sheet.label), picture, 210, 297)

picture, out, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
provenance = Provenance("", "", datetime.now(UTC), "", "", "", {}, "")
assert write_pdf(map(page, range(count)), out, provenance).bytes > count * 800_000
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])  # kB; getrusage would count the parent's too
"""


def test_memory_does_not_grow_with_the_number_of_pages(tmp_path):
    """The bar: peak on 200 sheets at most 1.2 times that on 20, at 0.8 MB a page."""
    picture = jpeg(tmp_path)
    data = picture.read_bytes()
    filler = b"\xff\xfe\xff\xff" + bytes(0xFFFD)  # a comment segment of 64 KB
    picture.write_bytes(data[:2] + filler * 13 + data[2:])
    peaks = []
    for count in ("20", "200"):
        command = [sys.executable, "-c", MEASURE, picture, tmp_path / "out.pdf", count]
        run = subprocess.run(command, capture_output=True, check=True, text=True)
        peaks.append(int(run.stdout))
    assert peaks[1] <= 1.2 * peaks[0]
