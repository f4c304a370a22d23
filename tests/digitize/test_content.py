"""The digest of a document's content: blind to seal and packing, not to anything shown."""

from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw

from digitize.content import content_digest
from digitize.seal import seal_pdf
from profiles import SealRules


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Two pages: a picture with text over it, and operators alone."""
    picture = Image.new("RGB", (600, 840), "white")
    ImageDraw.Draw(picture).rectangle((100, 300, 300, 400), fill="navy")
    picture.save(tmp_path / "one.jpg", quality=85)
    path = tmp_path / "document.pdf"
    with pikepdf.new() as pdf:
        for number in range(2):
            page = pdf.add_blank_page(page_size=(300, 420))
            drawing = b"q 300 0 0 420 0 0 cm /Im0 Do Q" if number == 0 else b"10 10 90 90 re f"
            page.obj.Contents = pdf.make_stream(drawing)
        image = pikepdf.Stream(
            pdf,
            (tmp_path / "one.jpg").read_bytes(),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=600,
            Height=840,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
        )
        pdf.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        pdf.save(path, compress_streams=False)
    return path


def test_neither_the_seal_nor_another_packing_changes_it(document: Path, tmp_path: Path) -> None:
    before, sealed, packed = content_digest(document), tmp_path / "s.pdf", tmp_path / "p.pdf"
    seal_pdf(document, sealed, "SOHOA/1\nrecord_code=1", SealRules(), keep_free=(70, 20))
    assert content_digest(sealed) == before
    with pikepdf.open(sealed) as pdf:
        modes = pikepdf.ObjectStreamMode.generate
        pdf.save(packed, object_stream_mode=modes, recompress_flate=True, linearize=True)
    assert content_digest(packed) == before


def test_whatever_is_shown_changes_it(document: Path, tmp_path: Path) -> None:
    before = content_digest(document)

    def picture(pdf: pikepdf.Pdf) -> None:
        image = pdf.pages[0].Resources.XObject.Im0
        data = bytearray(image.read_raw_bytes())
        data[-40] ^= 1
        image.write(bytes(data), filter=pikepdf.Name.DCTDecode)

    def operators(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].Contents.write(b"10 10 91 90 re f")

    def added(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].contents_add(b"0 0 5 5 re f")

    def order(pdf: pikepdf.Pdf) -> None:
        pdf.pages.reverse()

    def fewer(pdf: pikepdf.Pdf) -> None:
        del pdf.pages[1]

    def disguised(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].contents_add(b"%SohoaSeal\nq\n", prepend=True)
        pdf.pages[0].contents_add(b"%SohoaSeal\nQ\nq 1 0 0 1 0 0 cm\n1 g 0 0 300 420 re f Q")

    def size(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].mediabox = [0, 100, 300, 420]

    for change in (picture, operators, added, order, fewer, disguised, size):
        path = tmp_path / f"{change.__name__}.pdf"
        with pikepdf.open(document) as pdf:
            change(pdf)
            pdf.save(path)
        assert content_digest(path) != before, change.__name__


def test_a_seal_cannot_hide_more_than_its_square(document: Path, tmp_path: Path) -> None:
    before, sealed = content_digest(document), tmp_path / "s.pdf"
    seal_pdf(document, sealed, "SOHOA/1\nrecord_code=1", SealRules(), keep_free=(70, 20))

    def wider(drawn: bytes) -> bytes:
        return drawn.replace(b" re f 0 g\n", b" re f 0 g\n0.000 0.000 300.000 420.000 re\n", 1)

    def text(drawn: bytes) -> bytes:
        return drawn.replace(b"f Q", b"f BT (forged) Tj ET Q", 1)

    def taller_strip(drawn: bytes) -> bytes:
        return drawn.replace(b"1 g ", b"1 g 0.000 0.000 300.000 300.000 re f\n1 g ", 1)

    for change in (wider, text, taller_strip):
        path = tmp_path / f"{change.__name__}.pdf"
        with pikepdf.open(sealed) as pdf:
            drawn = pdf.pages[0].Contents[-1]
            drawn.write(change(drawn.read_bytes()))
            pdf.save(path)
        assert content_digest(path) != before, change.__name__


def test_pages_that_are_none_are_told_as_one_error(document: Path, tmp_path: Path) -> None:
    def numbers(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].obj.Contents = pikepdf.Array([5])

    def dictionary(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].obj.Contents = pikepdf.Dictionary()

    def undecodable(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].Contents.write(b"zz", filter=pikepdf.Name.FlateDecode)

    for change in (numbers, dictionary, undecodable):
        path = tmp_path / f"{change.__name__}.pdf"
        with pikepdf.open(document) as pdf:
            change(pdf)
            pdf.save(path)
        with pytest.raises(pikepdf.PdfError):
            content_digest(path)


def test_objects_that_refer_to_themselves_come_to_an_end(document: Path, tmp_path: Path) -> None:
    with pikepdf.open(document) as pdf:
        loop = pdf.make_indirect(pikepdf.Dictionary())
        loop.Self = loop
        pdf.pages[1].obj.Resources = pikepdf.Dictionary(Loop=loop)
        pdf.save(tmp_path / "loop.pdf")
    assert len(content_digest(tmp_path / "loop.pdf")) == 32
