"""Picture files as sheets: JPEG, PNG, TIFF, BMP and WebP of every ordinary kind, upright."""

import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms, ImageOps

from digitize.jpeg import decode_plain_jpeg, read_jpeg_header
from digitize.source_errors import (
    BrokenSheet,
    CutShort,
    DeepColours,
    InputRefused,
    NotAPicture,
    TooLarge,
    TooSmall,
    file_label,
)

Pixels = NDArray[np.uint8]

#: Pillow's own bound against decompression bombs, 179 megapixels: an A0 sheet at 300 dpi has
#: 140, and one such picture in colour takes 0.54 GB in a worker.
MAX_PIXELS = 2 * 89_478_485
#: Nothing smaller can be a sheet of paper (3 mm at 300 dpi).
MIN_SIDE = 32
#: Resolutions outside are slips of the pen: fax has 98 dpi across, film scanners end at 2400.
MIN_DPI, MAX_DPI = 50.0, 2400.0

#: Rows that are copied at once.
_BAND = 256

#: A camera's MPO opens as JPEG and calls itself MPO.
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")
_MODES = {
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"),
    *("I;16", "I;16L", "I;16B", "I;16N"),
}
#: Of 32 bits or floating point: nothing in the file says which value is white.
_DEEP = {"I", "F", "I;32", "F;32F"}
#: All that Pillow is known to raise on malformed files.
_FAULTS = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError),
    *(OverflowError, AttributeError, struct.error, zlib.error),
)
_PHOTOMETRIC, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 262, 273, 279, 324, 325
_ORIENTATION = 274


def check_picture(path: Path) -> None:
    """Refuse a picture file that cannot be digitised, by its headers, without decoding it.

    Of several pages the sound ones are worth having: the others are told when they are loaded.

    Raises:
        NotAPicture, CutShort, TooLarge, TooSmall: of its only page, or of every one.
    """
    name = file_label(path)
    try:
        with _opened(path) as image:
            faults = [_fault_of(image, frame, path) for frame in range(_frame_count(image))]
            kind = image.format
        if all(faults) and faults[0]:
            raise faults[0]
    except _FAULTS as error:
        raise (NotAPicture if _is_whole(path) else CutShort)(file=name) from error
    if kind != "TIFF" and not _is_whole(path):
        raise CutShort(file=name)


def picture_frames(path: Path) -> list[float | None]:
    """The resolution of each page in a picture file, in order; None where it says nothing.

    Raises:
        NotAPicture: the file cannot be opened (see :func:`check_picture`).
    """
    found = []
    try:
        with _opened(path) as image:
            for frame in range(_frame_count(image)):
                image.seek(frame)
                resolution = _resolution(image)
                found.append(max(resolution) if resolution else None)
    except _FAULTS as error:
        raise NotAPicture(file=file_label(path)) from error
    return found


def load_picture(path: Path, frame: int, label: str) -> tuple[Pixels, float | None]:
    """The pixels of one page of a picture file and its resolution.

    Args:
        path: the file.
        frame: page within it, from 0.
        label: how messages name the page.

    Returns:
        ``uint8``, H×W grey or H×W×3 in OpenCV's order blue, green, red; upright (EXIF and TIFF
        orientation applied), alpha laid over white, square pixels; and dots per inch or None.

    Raises:
        BrokenSheet: the page is damaged.
        TooLarge, TooSmall: it is no sheet of paper, or a bomb.
    """
    try:
        with _opened(path) as image:
            image.seek(frame)
            _check_size(image, label)
            resolution = _resolution(image)
            orientation = _orientation(image)
            pixels = _ordinary_jpeg(image, path) if orientation == 1 else None
            if pixels is None:
                image.load()
                # It copies what stands upright, too.
                upright = image if orientation == 1 else ImageOps.exif_transpose(image)
                pixels = _eight_bit(upright, image)
    except _FAULTS as error:
        raise BrokenSheet(sheet=label) from error
    if image.format in ("JPEG", "MPO") and _ends_in_nothing(pixels):
        raise BrokenSheet(sheet=label)
    if image.format == "PNG" and not _png_is_sound(path):
        raise BrokenSheet(sheet=label)
    if resolution is None:
        return pixels, None
    across, down = reversed(resolution) if orientation >= 5 else resolution
    return _squared(pixels, across, down), max(across, down)


def is_plain_jpeg(path: Path) -> bool:
    """Whether a PDF may carry the file's bytes as they are and show what the file shows:
    8-bit grey or YCbCr, upright, square pixels, no colour profile but sRGB."""
    with path.open("rb") as stream:
        start = stream.read(3)
        header = read_jpeg_header(start + stream.read()) if start == b"\xff\xd8\xff" else None
    if header is None or not header.is_plain or not header.complete:
        return False
    with _opened(path) as image:
        resolution = _resolution(image)
        square = resolution is None or _is_square(*resolution)
        return square and _orientation(image) == 1 and _foreign_profile(image) is None


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    # Pillow would refuse a file for its first page's size; here each page is judged for itself.
    bound, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            # Slips in metadata do not matter here; faults in the picture raise.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                yield image
    finally:
        Image.MAX_IMAGE_PIXELS = bound


def _frame_count(image: Image.Image) -> int:
    """Pages in the file; the further pictures of a camera's MPO are not pages."""
    return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1


def _fault_of(image: Image.Image, frame: int, path: Path) -> InputRefused | None:
    image.seek(frame)
    try:
        _check_frame(image, path)
    except InputRefused as error:
        return error
    return None


def _check_frame(image: Image.Image, path: Path) -> None:
    name = file_label(path)
    _check_size(image, name)
    if image.mode in _DEEP:
        raise DeepColours(file=name)
    if image.mode not in _MODES:
        raise NotAPicture(file=name)
    if image.format == "TIFF":
        tags: Any = image.tag_v2  # type: ignore[attr-defined]
        starts = tags.get(_STRIPS) or tags.get(_TILES) or ()
        sizes = tags.get(_STRIP_SIZES) or tags.get(_TILE_SIZES) or ()
        if any(a + n > path.stat().st_size for a, n in zip(starts, sizes, strict=False)):
            raise CutShort(file=name)


def _check_size(image: Image.Image, name: str) -> None:
    """Refuse what is too large or too small for a sheet, before a pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TooLarge(file=name, limit=MAX_PIXELS // 1_000_000)
    if min(width, height) < MIN_SIDE:
        raise TooSmall(file=name, width=width, height=height)


def _is_whole(path: Path) -> bool:
    """Whether the file's own structure reaches its end mark."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if head.startswith(b"BM"):  # the file's size, then four bytes kept free
            return int.from_bytes(head[2:6], "little") <= path.stat().st_size
        if head.startswith(b"RIFF"):  # the size of what follows these eight bytes
            return int.from_bytes(head[4:8], "little") + 8 <= path.stat().st_size
        if head.startswith(b"\xff\xd8"):
            header = read_jpeg_header(head + stream.read())
            return header is not None and header.complete
        if head == b"\x89PNG\r\n\x1a\n":
            return _png_is_whole(stream, path.stat().st_size)
        # TIFF: what could be opened was checked strip by strip; what could not lacks a directory.
        return not head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))


def _png_is_whole(stream: io.BufferedReader, size: int) -> bool:
    """Walk the chunks (PNG 5.3: length, type, data, CRC) to IEND without reading them."""
    while len(chunk := stream.read(8)) == 8:
        end = stream.tell() + int.from_bytes(chunk[:4], "big") + 4
        if end > size:
            return False
        if chunk[4:] == b"IEND":
            return True
        stream.seek(end)
    return False


def _png_is_sound(path: Path) -> bool:
    """Whether the checksums of what the picture is made of are right (PNG 5.3, 5.4: critical
    chunks begin with a capital): Pillow does not look, and may find a black page in zeros."""
    with path.open("rb") as stream:
        stream.seek(8)
        while len(head := stream.read(8)) == 8 and head[4:] != b"IEND":
            size = int.from_bytes(head[:4], "big")
            if chr(head[4]).islower():
                stream.seek(size + 4, io.SEEK_CUR)
                continue
            found = zlib.crc32(head[4:])
            while size and (part := stream.read(min(size, 1 << 20))):
                found, size = zlib.crc32(part, found), size - len(part)
            if stream.read(4) != found.to_bytes(4, "big"):
                return False
    return head[4:] == b"IEND"


def _orientation(image: Image.Image) -> int:
    """EXIF/TIFF orientation 1-8; anything else counts as upright."""
    value = image.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    """Dots per inch across and down as stored, where the file says so and it can be true.

    Programs that know nothing write 72 or 96: at these a sheet larger than A3 (420 mm) is
    not believed, and no sheet larger than A0 (1189 mm) at any resolution. Different ones across
    and down are believed where they make the sheet look like paper.
    """
    stated = image.info.get("dpi")
    if not stated:
        return None
    across, down = (round(float(value), 1) for value in stated)
    if min(across, down) < MIN_DPI or max(across, down) > MAX_DPI:
        return None
    if not _is_square(across, down) and _looks_less_like_paper(image.size, across, down):
        across = down = max(across, down)
    longest_mm = max(image.width / across, image.height / down) * 25.4
    believed_mm = 450 if max(across, down) <= 96 else 1250
    return (across, down) if longest_mm <= believed_mm else None


def _looks_less_like_paper(size: tuple[int, int], across: float, down: float) -> bool:
    """Whether different resolutions across and down make a sheet clearly less like paper (ISO 216:
    1 to √2) than its pixels are. Fax has them, and a driver's slip of the pen has them too."""
    width, height = size

    def strangeness(sides: float) -> float:
        return abs(abs(math.log(sides)) - math.log(2) / 2)

    return strangeness(width / across * down / height) > strangeness(width / height) + 0.3


def _is_square(across: float, down: float) -> bool:
    return abs(across - down) <= 0.01 * max(across, down)


def _squared(pixels: Pixels, across: float, down: float) -> Pixels:
    """Resampled so that both directions have the finer resolution (fax: 204 × 98 dpi)."""
    if _is_square(across, down):
        return pixels
    dpi = max(across, down)
    height, width = pixels.shape[:2]
    size = (round(width * dpi / across), round(height * dpi / down))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _ordinary_jpeg(image: Image.Image, path: Path) -> Pixels | None:
    """The pixels of a sound JPEG whose colours need no profile; None of any other file."""
    if image.format != "JPEG" or _foreign_profile(image) is not None:
        return None
    return decode_plain_jpeg(path.read_bytes())


def _eight_bit(image: Image.Image, source: Image.Image) -> Pixels:
    """Grey or BGR pixels of a loaded picture; ``source`` is the file it came from."""
    if image.mode.startswith("I;16"):
        deep = np.asarray(image)
        if source.format == "TIFF" and source.tag_v2.get(_PHOTOMETRIC) == 0:  # type: ignore[attr-defined]
            deep = np.invert(deep)  # Pillow leaves 16-bit white-is-zero as it is
        return (deep >> 8).astype(np.uint8)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    if image.mode == "CMYK" and source.format != "TIFF" and "adobe" not in source.info:
        # Pillow takes every CMYK JPEG for Adobe's, which are inverted.
        image = ImageChops.invert(image)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    return _blue_green_red(_in_srgb(image, source))


def _blue_green_red(image: Image.Image) -> Pixels:
    """The pixels of an RGB picture, copied a band at a time.

    Whole, they would stand in memory three times: an A4 sheet at 300 dpi took 122 MB, and
    takes 61 this way.
    """
    pixels: Pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _BAND):
        bottom = min(top + _BAND, image.height)
        band = image.crop((0, top, image.width, bottom)).tobytes("raw", "BGR")
        pixels[top:bottom] = np.frombuffer(band, np.uint8).reshape(-1, image.width, 3)
    return pixels


def _in_srgb(image: Image.Image, source: Image.Image) -> Image.Image:
    profile = _foreign_profile(source)
    if profile is None or image.mode not in ("RGB", "CMYK"):
        return image if image.mode == "RGB" else image.convert("RGB")  # or it would copy
    srgb = ImageCms.createProfile("sRGB")
    try:
        converted = ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    except ImageCms.PyCMSError:  # a profile for other colours than the file holds: as if none
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")


def _foreign_profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The colour profile in the file if colours must be converted by it; grey needs none."""
    data = image.info.get("icc_profile")
    if not data or image.mode in ("1", "L", "LA", "I;16"):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile)
    except (OSError, ImageCms.PyCMSError):  # an unreadable profile says nothing
        return None
    return None if "sRGB" in name else profile


def _ends_in_nothing(pixels: Pixels) -> bool:
    """Whether a JPEG stopped early although its end mark stands.

    libjpeg fills what is missing with zero coefficients, which come out as 128 exactly; no
    scanned row is that even, and a picture drawn in that grey begins with it too.
    """
    return bool((pixels[-1] == 128).all() and not (pixels[0] == 128).all())
