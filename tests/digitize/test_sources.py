"""Sheets come out of files as they lie on the table, and bad files are refused before work."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from digitize import source_errors as refused
from digitize.jpeg import decode_plain_jpeg, read_jpeg_header
from digitize.sources import (
    assumed_dpi,
    check_sources,
    jpeg_bytes_if_untouched,
    left_out,
    load_pixels,
    read_sources,
)
from foundation.errors import ExitCode, SohoaError

A4 = (595.276, 841.89)


def paper(width: int = 240, height: int = 340) -> Image.Image:
    """A white sheet with a red corner at the top left and a black bar at the bottom."""
    picture = Image.new("RGB", (width, height), "white")
    picture.paste((220, 20, 20), (0, 0, width // 4, height // 4))
    picture.paste("black", (0, height - height // 8, width, height))
    return picture


def is_upright(pixels: np.ndarray) -> bool:
    """Whether the corner of :func:`paper` is at the top left and the bar at the bottom."""
    height, width = pixels.shape[:2]
    corner = pixels[height // 16 : height // 6, width // 16 : width // 6].mean()
    beside = pixels[height // 16 : height // 6, width // 2 :].mean()
    bar = pixels[-height // 16 :].mean()
    return bool(corner < 140 and beside > 240 and bar < 15 and height > width)


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


def only_sheet(path: Path):
    (sheet,) = read_sources([path])
    return sheet


def pdf_page(
    pdf: pikepdf.Pdf, jpeg: bytes | None, content: bytes, size: tuple[float, float] = A4, **keys
) -> pikepdf.Page:
    """A page with a picture /Im0 and Helvetica /F1 at hand and the content given."""
    resources = pikepdf.Dictionary(
        Font=pikepdf.Dictionary(
            F1=pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
    )
    if jpeg is not None:
        header = read_jpeg_header(jpeg)
        assert header
        image = pikepdf.Stream(pdf, jpeg)
        image.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=header.width,
            Height=header.height,
            BitsPerComponent=8,
            ColorSpace=pikepdf.Name.DeviceRGB
            if header.components == 3
            else pikepdf.Name.DeviceGray,
            Filter=pikepdf.Name.DCTDecode,
        )
        resources.XObject = pikepdf.Dictionary(Im0=image)
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, *size],
        Resources=resources,
        Contents=pikepdf.Stream(pdf, content),
        **keys,
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf.pages[-1]


def jpeg_of(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def refuse(path: Path, cause: type[SohoaError]) -> str:
    with pytest.raises(cause) as caught:
        check_sources([path])
    assert caught.value.exit_code == ExitCode.INPUT
    line = str(caught.value)
    assert path.name in line
    assert "\n" not in line
    return line


FULL = b"q 595.276 0 0 841.89 0 0 cm /Im0 Do Q"


class TestPictures:
    @pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_orientation_is_turned_upright(self, tmp_path, ending, orientation):
        undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
        turned = paper() if undo is None else paper().transpose(Image.Transpose(undo))
        exif = Image.Exif()
        exif[274] = orientation
        path = saved(tmp_path / f"a.{ending}", turned, exif=exif, dpi=(200, 200))
        pixels, dpi = load_pixels(only_sheet(path))
        assert is_upright(pixels)
        assert pixels.shape == (340, 240, 3)
        assert dpi == 200

    def test_colour_comes_in_opencv_order(self, tmp_path):
        pixels, _ = load_pixels(only_sheet(saved(tmp_path / "a.png", paper())))
        assert pixels.dtype == np.uint8
        assert pixels[5, 5].tolist() == [20, 20, 220]

    @pytest.mark.parametrize(
        ("ending", "mode"),
        [("png", "L"), ("png", "1"), ("tif", "1"), ("tif", "L"), ("jpg", "L")],
    )
    def test_grey_and_black_and_white_stay_one_channel(self, tmp_path, ending, mode):
        pixels, _ = load_pixels(only_sheet(saved(tmp_path / f"a.{ending}", paper().convert(mode))))
        assert pixels.shape == (340, 240)
        assert is_upright(pixels)

    @pytest.mark.parametrize("ending", ["png", "tif"])
    def test_sixteen_bits_become_eight(self, tmp_path, ending):
        deep = (np.asarray(paper().convert("L")).astype(np.uint16) << 8) | 0x7F
        path = saved(tmp_path / f"a.{ending}", Image.fromarray(deep))
        pixels, _ = load_pixels(only_sheet(path))
        assert (pixels == (deep >> 8)).all()

    def test_sixteen_bit_colour_png_becomes_eight(self, tmp_path):
        def chunk(kind: bytes, data: bytes) -> bytes:
            crc = struct.pack(">I", zlib.crc32(kind + data))
            return struct.pack(">I", len(data)) + kind + data + crc

        row = b"\0" + struct.pack(">HHH", 0xFF00, 0x8000, 0x1000) * 40
        path = tmp_path / "a.png"
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 16, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(row * 40))
            + chunk(b"IEND", b"")
        )
        pixels, _ = load_pixels(only_sheet(path))
        assert pixels[0, 0].tolist() == [0x10, 0x80, 0xFF]

    def test_white_is_zero_is_turned_the_right_way(self, tmp_path):
        for mode, photometric in (("1", 0), ("L", 0)):
            path = tmp_path / f"{mode}.tif"
            paper().convert(mode).save(path, tiffinfo={262: photometric}, compression="tiff_lzw")
            assert is_upright(load_pixels(only_sheet(path))[0])

    def test_palette_and_transparency_are_laid_on_white(self, tmp_path):
        clear = paper().convert("RGBA")
        clear.paste((0, 0, 0, 0), (100, 100, 200, 200))
        for name, picture in {
            "rgba.png": clear,
            "palette.png": paper().convert("P", palette=Image.Palette.ADAPTIVE),
            "grey-alpha.png": clear.convert("LA"),
            "palette.tif": paper().convert("P", palette=Image.Palette.ADAPTIVE),
        }.items():
            pixels, _ = load_pixels(only_sheet(saved(tmp_path / name, picture)))
            assert is_upright(pixels), name
            assert pixels[150, 150].tolist() == [255, 255, 255], name

    @pytest.mark.parametrize("marker", [True, False])
    def test_cmyk_jpeg_is_not_a_negative_with_or_without_adobes_marker(self, tmp_path, marker):
        cmyk = paper().convert("CMYK")
        data = jpeg_of(cmyk)
        start = data.index(b"\xff\xee")
        if not marker:  # as stored without the marker: not inverted
            data = jpeg_of(Image.eval(cmyk, lambda v: 255 - v))
            start = data.index(b"\xff\xee")
            data = data[:start] + data[start + 16 :]
        path = tmp_path / "a.jpg"
        path.write_bytes(data)
        assert is_upright(load_pixels(only_sheet(path))[0])
        assert jpeg_bytes_if_untouched(only_sheet(path)) is None

    def test_a_foreign_colour_profile_is_converted_to_srgb(self, tmp_path):
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
        broken = saved(tmp_path / "broken.png", paper(), icc_profile=b"not a profile")
        odd = saved(tmp_path / "odd.png", paper(), icc_profile=lab)
        assert is_upright(load_pixels(only_sheet(broken))[0])
        assert load_pixels(only_sheet(odd))[0].shape == (340, 240, 3)

    def test_fax_pages_are_stretched_to_square_pixels(self, tmp_path):
        fax = paper(864, 611).convert("1")
        path = saved(tmp_path / "fax.tif", fax, compression="group4", dpi=(204, 98))
        pixels, dpi = load_pixels(only_sheet(path))
        assert dpi == 204
        assert pixels.shape == (round(611 * 204 / 98), 864)
        assert is_upright(pixels)

    def test_a_turned_fax_is_stretched_along_the_right_side(self, tmp_path):
        turned = paper(400, 600).transpose(Image.Transpose.ROTATE_90)  # 600 × 400
        exif = Image.Exif()
        exif[274] = 6
        path = saved(tmp_path / "a.jpg", turned, exif=exif, dpi=(200, 100))
        pixels, dpi = load_pixels(only_sheet(path))
        assert (pixels.shape[:2], dpi) == ((600, 800), 200)

    def test_every_page_of_a_tiff_is_a_sheet(self, tmp_path):
        path = tmp_path / "b.tif"
        pages = [paper(200 + 10 * i, 400) for i in range(3)]
        pages[0].save(path, save_all=True, append_images=pages[1:], dpi=(300, 300))
        sheets = list(read_sources([path]))
        assert [s.label for s in sheets] == ["b.tif#1", "b.tif#2", "b.tif#3"]
        assert [load_pixels(s)[0].shape[1] for s in sheets] == [200, 210, 220]
        assert [s.dpi for s in sheets] == [300, 300, 300]


class TestResolution:
    @pytest.mark.parametrize(
        ("stated", "size", "believed"),
        [
            ((300, 300), (2480, 3508), 300),
            ((72, 72), (595, 842), 72),  # A4 at 72 dpi
            ((72, 72), (2480, 3508), None),  # 1.2 m of paper: nobody set it
            ((96, 96), (3000, 4000), None),
            ((1, 1), (400, 600), None),  # an aspect ratio, no resolution
            ((4800, 4800), (400, 600), None),
            ((100, 100), (400, 9000), None),  # longer than A0
        ],
    )
    def test_only_a_resolution_that_can_be_true_is_believed(self, tmp_path, stated, size, believed):
        path = saved(tmp_path / "a.png", Image.new("L", size, 200), dpi=stated)
        assert only_sheet(path).dpi == believed

    def test_none_is_none(self, tmp_path):
        assert only_sheet(saved(tmp_path / "a.png", paper())).dpi is None
        assert load_pixels(only_sheet(tmp_path / "a.png"))[1] is None

    @pytest.mark.parametrize(
        ("size", "dpi"), [((2480, 3508), 300), ((3508, 2480), 300), ((1654, 2339), 200)]
    )
    def test_a_picture_without_resolution_is_taken_for_a4(self, size, dpi):
        assert assumed_dpi(*size) == dpi

    @given(st.integers(32, 20000), st.integers(32, 20000))
    def test_an_assumed_sheet_is_hardly_larger_than_a4(self, width, height):
        dpi = assumed_dpi(width, height)
        assert 72 <= dpi <= 1200
        if 72 < dpi < 1200:
            assert max(width, height) / dpi * 25.4 <= 297 * 1.031
            assert min(width, height) / dpi * 25.4 <= 210 * 1.031

    @pytest.mark.parametrize("start", [120, 200, 400])
    def test_a_png_whose_data_was_overwritten_is_broken(self, tmp_path, start):
        path = saved(tmp_path / "zeros.png", Image.effect_noise((240, 340), 40))
        sheet, data = only_sheet(path), path.read_bytes()
        load_pixels(sheet)
        path.write_bytes(data[:start] + bytes(len(data) - start))
        with pytest.raises(refused.BrokenSheet):
            load_pixels(sheet)


def test_of_several_files_at_fault_each_is_named(tmp_path):
    saved(tmp_path / "good.jpg", paper())
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(refused.SeveralRefused) as fault:
        check_sources([tmp_path])
    assert all(name in str(fault.value) for name in ("empty.jpg", "text.png"))
    assert "good.jpg" not in str(fault.value)


class TestOrdinaryJpeg:
    @pytest.mark.parametrize(
        ("mode", "options"),
        [("RGB", {}), ("RGB", {"subsampling": 0}), ("L", {}), ("RGB", {"progressive": True})],
    )
    def test_its_pixels_are_those_that_pillow_reads(self, mode, options):
        noise = np.random.default_rng(1).integers(0, 255, (75, 131, 3), dtype=np.uint8)
        data = jpeg_of(Image.fromarray(noise).convert(mode), **options)
        pillow = np.asarray(Image.open(io.BytesIO(data)))
        assert np.array_equal(
            decode_plain_jpeg(data), pillow if mode == "L" else pillow[:, :, ::-1]
        )

    def test_what_is_not_ordinary_or_not_sound_is_left_to_pillow(self):
        data = jpeg_of(paper())
        middle = len(data) // 2
        spoilt = data[:middle] + b"\xff\x12" * 9 + data[middle + 18 :]
        for other in (spoilt, data[:-2], jpeg_of(paper(), keep_rgb=True), b"\xff\xd8", b""):
            assert decode_plain_jpeg(other) is None


class TestUntouched:
    def test_a_plain_jpeg_may_be_embedded_as_it_is(self, tmp_path):
        for name, picture, options in (
            ("c.jpg", paper(), {}),
            ("g.jpg", paper().convert("L"), {}),
            ("p.jpg", paper(), {"progressive": True, "dpi": (300, 300)}),
        ):
            path = saved(tmp_path / name, picture, **options)
            assert jpeg_bytes_if_untouched(only_sheet(path)) == path

    def test_what_must_be_changed_may_not(self, tmp_path):
        exif = Image.Exif()
        exif[274] = 3
        for name, picture, options in (
            ("turned.jpg", paper(), {"exif": exif}),
            ("fax.jpg", paper(480, 340), {"dpi": (200, 100)}),
            ("rgb.jpg", paper(), {"keep_rgb": True}),
            ("not.png", paper(), {}),
        ):
            path = saved(tmp_path / name, picture, **options)
            assert jpeg_bytes_if_untouched(only_sheet(path)) is None, name


class TestFolders:
    def test_a_folder_is_its_files_in_natural_order(self, tmp_path):
        for name in ("scan 10.png", "scan 2.png", "Scan 1.JPG", ".hidden.png", "notes.txt"):
            if name.endswith("txt"):
                (tmp_path / name).write_text("x")
            else:
                saved(tmp_path / name, paper(), format="PNG")
        (tmp_path / "below").mkdir()
        saved(tmp_path / "below" / "x.png", paper())
        sheets = list(read_sources([tmp_path]))
        assert [s.path.name for s in sheets] == ["Scan 1.JPG", "scan 2.png", "scan 10.png"]
        assert [s.index for s in sheets] == [0, 1, 2]

    def test_a_link_to_nowhere_in_a_folder_is_a_page_that_is_missing(self, tmp_path):
        saved(tmp_path / "1.jpg", paper())
        (tmp_path / "2.jpg").symlink_to(tmp_path / "gone.jpg")
        with pytest.raises(refused.MissingFile, match=r"2\.jpg"):
            check_sources([tmp_path])

    def test_reading_is_lazy(self, tmp_path):
        good = saved(tmp_path / "a.png", paper())
        sheets = read_sources([good, tmp_path / "missing.png"])
        assert next(sheets).path == good
        with pytest.raises(refused.MissingFile):
            next(sheets)

    def test_what_lies_in_subfolders_or_is_of_another_kind_is_told(self, tmp_path):
        saved(tmp_path / "1.png", paper())
        (tmp_path / "tiếp").mkdir()
        (tmp_path / "ghi chú").mkdir()
        (tmp_path / "ghi chú" / "a.txt").write_text("x")
        saved(tmp_path / "tiếp" / "2.png", paper())
        (tmp_path / "sâu" / "hơn").mkdir(parents=True)
        saved(tmp_path / "sâu" / "hơn" / "3.png", paper())
        (tmp_path / "ảnh.heic").write_bytes(b"\0\0\0\x18ftypheic")
        assert [sheet.label for sheet in read_sources([tmp_path])] == ["1.png"]
        assert [one.name for one in left_out([tmp_path])] == ["sâu", "tiếp", "ảnh.heic"]
        (tmp_path / "1.png").unlink()
        assert "tiếp" in refuse(tmp_path, refused.OnlySubfolders)

    def test_labels_show_neither_folder_nor_personal_number(self, tmp_path):
        path = saved(tmp_path / "cccd_001087000084.png", paper())
        assert only_sheet(path).label == "cccd_001*******84.png"


class TestRefused:
    @pytest.mark.parametrize("ending", ["bmp", "webp"])
    def test_a_bitmap_or_web_picture_is_read_but_not_half_of_one(self, tmp_path, ending):
        path = saved(tmp_path / f"a.{ending}", paper())
        pixels, _dpi = load_pixels(only_sheet(path))
        assert is_upright(pixels)
        path.write_bytes(path.read_bytes()[:-200])
        refuse(path, refused.CutShort)

    @pytest.mark.parametrize("deep", [np.float32, np.int32])
    def test_values_without_a_known_white_are_named_as_such(self, tmp_path, deep):
        picture = Image.fromarray(np.full((340, 240), 1, deep))
        refuse(saved(tmp_path / "a.tif", picture), refused.DeepColours)

    def test_a_file_of_another_kind_is_called_by_it(self, tmp_path):
        (tmp_path / "a.gif").write_bytes(b"GIF89a" + bytes(200))
        assert "GIF" in refuse(tmp_path / "a.gif", refused.ForeignKind)
        (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
        assert "HEIC" in refuse(tmp_path / "a.jpg", refused.ForeignKind)

    def test_nothing_named(self):
        with pytest.raises(refused.NoSource):
            check_sources([])

    def test_missing_empty_and_useless(self, tmp_path):
        refuse(tmp_path / "none.jpg", refused.MissingFile)
        (tmp_path / "e.jpg").touch()
        refuse(tmp_path / "e.jpg", refused.EmptyFile)
        (tmp_path / "d").mkdir()
        refuse(tmp_path / "d", refused.EmptyFolder)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.pdf", b"only text\n" * 50),
            ("a.jpg", b"<!doctype html><html><body>404</body></html>"),
            ("a.png", b"\x89PNG but not really" * 10),
        ],
    )
    def test_files_that_are_not_what_they_are_called(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((refused.NotAPicture, refused.CutShort)):
            check_sources([tmp_path / name])

    @pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
    @pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
    def test_pictures_cut_short(self, tmp_path, ending, share):
        noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
        whole = saved(tmp_path / f"w.{ending}", Image.fromarray(noise)).read_bytes()
        path = tmp_path / f"cut.{ending}"
        path.write_bytes(whole[: int(len(whole) * share)])
        refuse(path, refused.CutShort)

    def test_a_jpeg_that_ends_early_behind_its_end_mark(self, tmp_path):
        noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
        data = jpeg_of(Image.fromarray(noise))
        path = tmp_path / "a.jpg"
        path.write_bytes(data[: len(data) // 2] + b"\xff\xd9")
        with pytest.raises(refused.BrokenSheet):
            load_pixels(only_sheet(path))

    def test_bytes_after_the_end_mark_do_no_harm(self, tmp_path):
        path = tmp_path / "a.jpg"
        path.write_bytes(jpeg_of(paper()) + bytes(5000))
        check_sources([path])

    def test_a_huge_png_is_refused_without_decoding_it(self, tmp_path):
        head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
        crc = struct.pack(">I", zlib.crc32(b"IHDR" + head))
        path = tmp_path / "huge.png"
        idat = zlib.compress(bytes(1000))
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
            + head
            + crc
            + struct.pack(">I", len(idat))
            + b"IDAT"
            + idat
            + struct.pack(">I", zlib.crc32(b"IDAT" + idat))
            + b"\0\0\0\0IEND\xaeB`\x82"
        )
        refuse(path, refused.TooLarge)

    def test_a_dot_is_no_sheet(self, tmp_path):
        refuse(saved(tmp_path / "dot.png", Image.new("L", (4, 4))), refused.TooSmall)

    def test_one_broken_page_of_a_tiff_spoils_no_other(self, tmp_path):
        path = tmp_path / "many.tif"
        pages = [paper(100, 140) for _ in range(20)]
        pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_deflate")
        with Image.open(path) as image:
            image.seek(7)
            start, size = image.tag_v2[273][0], image.tag_v2[279][0]
        data = bytearray(path.read_bytes())
        data[start : start + size] = bytes(size)
        path.write_bytes(data)
        check_sources([path])
        broken = []
        for sheet in read_sources([path]):
            try:
                load_pixels(sheet)
            except refused.BrokenSheet as error:
                broken.append(str(error))
        assert len(broken) == 1
        assert "many.tif#8" in broken[0]


class TestPdfRefused:
    def make(self, path: Path, **options: object) -> Path:
        with pikepdf.new() as pdf:
            pdf_page(pdf, None, b"BT /F1 12 Tf 72 700 Td (Hello) Tj ET")
            pdf.save(path, **options)
        return path

    def test_password(self, tmp_path):
        locked = pikepdf.Encryption(user="secret", owner="owner")
        path = self.make(tmp_path / "a.pdf", encryption=locked)
        refuse(path, refused.PasswordProtected)

    def test_changes_forbidden_by_its_owner(self, tmp_path):
        rules = pikepdf.Permissions(modify_other=False)
        locked = pikepdf.Encryption(owner="owner", allow=rules)
        path = self.make(tmp_path / "a.pdf", encryption=locked)
        refuse(path, refused.PasswordProtected)

    def test_no_pages_and_damage(self, tmp_path):
        path = tmp_path / "none.pdf"
        with pikepdf.new() as pdf:
            pdf.save(path)
        refuse(path, refused.PdfWithoutPages)
        whole = self.make(tmp_path / "a.pdf").read_bytes()
        for share in (0.2, 0.6, 0.95):
            cut = tmp_path / "cut.pdf"
            cut.write_bytes(whole[: int(len(whole) * share)])
            refuse(cut, refused.DamagedPdf)

    def test_signed(self, tmp_path):
        path = tmp_path / "signed.pdf"
        with pikepdf.new() as pdf:
            pdf_page(pdf, None, b"")
            value = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Sig))
            field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("s"), V=value)
            parent = pikepdf.Dictionary(T=pikepdf.String("p"), Kids=[pdf.make_indirect(field)])
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[pdf.make_indirect(parent)])
            pdf.save(path)
        assert "sohoa verify" in refuse(path, refused.SignedInput)

    def test_certified(self, tmp_path):
        path = tmp_path / "certified.pdf"
        with pikepdf.new() as pdf:
            pdf_page(pdf, None, b"")
            value = pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3])
            pdf.Root.Perms = pikepdf.Dictionary(DocMDP=pdf.make_indirect(value))
            pdf.save(path)
        refuse(path, refused.SignedInput)

    def test_an_empty_signature_field_is_no_signature(self, tmp_path):
        path = tmp_path / "unsigned.pdf"
        with pikepdf.new() as pdf:
            pdf_page(pdf, None, b"")
            field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("s"))
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[pdf.make_indirect(field)])
            pdf.save(path)
        check_sources([path])

    def test_dynamic_form(self, tmp_path):
        path = tmp_path / "xfa.pdf"
        with pikepdf.new() as pdf:
            pdf_page(pdf, None, b"")
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=pdf.make_stream(b"<xdp/>"))
            pdf.Root.NeedsRendering = True
            pdf.save(path)
        refuse(path, refused.DynamicForm)


class TestPdfPages:
    def kinds(self, path: Path) -> list[tuple[str, float | None]]:
        return [(s.kind, s.dpi) for s in read_sources([path])]

    def test_pictures_are_digitised_and_born_digital_pages_kept(self, tmp_path):
        path = tmp_path / "mixed.pdf"
        scan = jpeg_of(paper(1240, 1754))
        invisible = b"\nBT 3 Tr /F1 12 Tf 72 700 Td (recognised before) Tj ET"
        with pikepdf.new() as pdf:
            pdf_page(pdf, scan, FULL)
            pdf_page(pdf, scan, FULL + invisible)
            pdf_page(pdf, scan, FULL + invisible.replace(b"3 Tr", b"0 Tr"))
            pdf_page(pdf, None, b"")
            pdf_page(pdf, scan, b"q 400 0 0 560 97 140 cm /Im0 Do Q")
            pdf_page(pdf, scan, b"q 100 0 0 140 97 640 cm /Im0 Do Q 0 0 m 9 9 l S")
            pdf.save(path)
        kinds = [kind for kind, _ in self.kinds(path)]
        assert kinds == ["pdf-image", "pdf-image", "pdf-text", "pdf-text", "pdf-image", "pdf-text"]
        dpis = [dpi for _, dpi in self.kinds(path)]
        assert dpis[0] == pytest.approx(150, abs=0.2)
        assert dpis[4] == pytest.approx(225.5, abs=0.5)  # 1754 pixels on 560 points

    def test_a_page_that_is_one_picture_gives_its_own_pixels(self, tmp_path):
        data = jpeg_of(paper(620, 877))
        path = tmp_path / "a.pdf"
        with pikepdf.new() as pdf:
            pdf_page(pdf, data, FULL)
            pdf.save(path)
        pixels, dpi = load_pixels(only_sheet(path))
        (tmp_path / "a.jpg").write_bytes(data)
        same, _ = load_pixels(only_sheet(tmp_path / "a.jpg"))
        assert dpi == pytest.approx(75, abs=0.1)
        assert pixels.shape == same.shape
        assert np.abs(pixels.astype(int) - same).max() <= 2  # another decoder, the same pixels

    @pytest.mark.parametrize("rotate", [90, 180, 270])
    def test_a_turned_page_is_read_as_it_is_shown(self, tmp_path, rotate):
        stored = paper(620, 877).rotate(rotate, expand=True)  # counter-clockwise
        width, height = (595.276, 841.89) if rotate == 180 else (841.89, 595.276)
        path = tmp_path / "a.pdf"
        with pikepdf.new() as pdf:
            content = f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q".encode()
            pdf_page(pdf, jpeg_of(stored), content, (width, height), Rotate=rotate)
            pdf.save(path)
        pixels, _ = load_pixels(only_sheet(path))
        assert is_upright(pixels)
        assert pixels.shape[:2] == pytest.approx((877, 620), abs=1)

    def test_an_offset_crop_box_shows_only_what_it_shows(self, tmp_path):
        path = tmp_path / "a.pdf"
        with pikepdf.new() as pdf:
            page = pdf_page(
                pdf, jpeg_of(paper(800, 1100)), b"q 800 0 0 1100 -100 -100 cm /Im0 Do Q"
            )
            page.mediabox = [-100, -100, 700, 1000]
            page.cropbox = [-100, 450, 300, 1000]
            pdf.save(path)
        pixels, dpi = load_pixels(only_sheet(path))
        assert dpi == 72
        assert pixels.shape[:2] == (550, 400)
        assert pixels[10, 10, 2] > 180
        assert pixels[10, 390].min() > 240

    def test_black_and_white_pictures_come_as_grey(self, tmp_path):
        path = tmp_path / "g4.pdf"
        saved(path, paper(620, 877).convert("1"), format="PDF", resolution=75)
        pixels, dpi = load_pixels(only_sheet(path))
        assert pixels.ndim == 2
        assert dpi == pytest.approx(75, abs=0.2)
        assert is_upright(pixels)

    def test_a_page_with_form_fields_is_never_a_picture(self, tmp_path):
        path = tmp_path / "form.pdf"
        with pikepdf.new() as pdf:
            page = pdf_page(pdf, jpeg_of(paper()), FULL)
            field = pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot,
                    Subtype=pikepdf.Name.Widget,
                    FT=pikepdf.Name.Tx,
                    T=pikepdf.String("name"),
                    Rect=[10, 10, 90, 30],
                )
            )
            page.Annots = pikepdf.Array([field])
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
            pdf.save(path)
        assert self.kinds(path) == [("pdf-text", None)]

    def test_a_damaged_picture_in_a_pdf_is_not_drawn_as_white(self, tmp_path):
        data = jpeg_of(paper(620, 877))
        path = tmp_path / "a.pdf"
        with pikepdf.new() as pdf:
            pdf_page(pdf, data, FULL)
            pdf.pages[0].Resources.XObject.Im0.write(
                data[: len(data) // 2], filter=pikepdf.Name.DCTDecode
            )
            pdf.save(path)
        with pytest.raises(refused.BrokenSheet):
            load_pixels(only_sheet(path))

    def test_a_colossal_page_is_read_within_bounds(self, tmp_path):
        path = tmp_path / "a.pdf"
        with pikepdf.new() as pdf:
            page = pdf_page(
                pdf, jpeg_of(paper(700, 700)), b"q 1000 0 0 1000 0 0 cm /Im0 Do Q", (14400, 14400)
            )
            page.contents_add(b"q 20 0 0 20 2000 2000 cm /Im0 Do Q")
            pdf.save(path)
        sheet = only_sheet(path)
        assert sheet.dpi is not None
        assert (14400 / 72 * sheet.dpi) ** 2 < 180_000_000
