"""Where sheets come from: picture files, PDF files, folders of them.

    check_sources(paths)                    # refuse what is bad before any work begins
    for sheet in read_sources(paths):       # values only; files are read one by one
        pixels, dpi = load_pixels(sheet)    # in the worker

Nothing here holds the pixels of more than the one page asked for.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from digitize.sheet import Sheet
from digitize.source_errors import (
    EmptyFile,
    EmptyFolder,
    ForeignKind,
    InputRefused,
    MissingFile,
    NoSource,
    NotAPicture,
    NotPermitted,
    OnlySubfolders,
    SeveralRefused,
    file_label,
    page_label,
)
from digitize.source_images import (
    MAX_PIXELS,
    Pixels,
    check_picture,
    is_plain_jpeg,
    load_picture,
    picture_frames,
)
from digitize.source_pdf import check_pdf, load_pdf_page, pdf_frames
from foundation.files import sha256_file

__all__ = [
    "MAX_PIXELS",
    "assumed_dpi",
    "check_sources",
    "jpeg_bytes_if_untouched",
    "left_out",
    "load_measured",
    "load_pixels",
    "read_sources",
]

#: What is taken from a folder; a file named outright is known by its content alone.
ENDINGS = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".webp", ".pdf"),
}
#: Pictures a folder may hold that are not read: they are told, not passed over.
_FOREIGN_ENDINGS = {".heic", ".heif", ".avif", ".gif", ".jp2", ".djvu"}
#: What files begin with, from which place on, that are read, and those of other kinds.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_FOREIGN = (
    *((4, b"ftyphei", "HEIC"), (4, b"ftyphev", "HEIC"), (4, b"ftypmif1", "HEIC")),
    *((4, b"ftypavi", "AVIF"), (0, b"GIF8", "GIF"), (4, b"jP  ", "JPEG 2000")),
    *((0, b"\xff\x4f\xff\x51", "JPEG 2000"), (0, b"AT&TFORM", "DjVu")),
    (0, b"PK\3\4", "ZIP/Office"),
)
#: Subfolders named in a message at most.
_NAMED = 3
#: ISO 216 A4, the paper of Vietnamese administration (NĐ 30/2020 Phụ lục I).
_A4_MM = (210.0, 297.0)
_USUAL_DPI = (72, 96, 100, 150, 200, 240, 300, 400, 600, 1200)
#: Files at fault that are named, each with its fault.
_MOST_FAULTS = 10


def check_sources(paths: Sequence[Path]) -> None:
    """Refuse bad input before any work begins; reads headers and structure, no pixels.

    Args:
        paths: files and folders, as the user named them.

    Raises:
        InputRefused: one of its subclasses in :mod:`digitize.source_errors`, naming the file at
            fault and what to do about it; :class:`SeveralRefused` names all of them.
    """
    faults = [fault for path in files_of(paths) if (fault := _fault_of(path))]
    if len(faults) > 1:
        said = " ".join(map(str, faults[:_MOST_FAULTS])) + " …" * (len(faults) > _MOST_FAULTS)
        raise SeveralRefused(count=len(faults), faults=said)
    if faults:
        raise faults[0]


def read_sources(paths: Sequence[Path]) -> Iterator[Sheet]:
    """The sheets of files and folders in the order named; lazily, one file at a time.

    A folder stands for its picture and PDF files in natural order of their names ("2" before
    "10"); its subfolders and hidden files are left out, see :func:`left_out`.

    Args:
        paths: files and folders, as the user named them; see :func:`check_sources`.

    Raises:
        InputRefused: a file cannot be used.
    """
    index = 0
    for path in files_of(paths):
        _check(path)
        digest = sha256_file(path)
        for frame, (kind, dpi, last) in enumerate(_pages(path)):
            single = frame == 0 and last
            label = file_label(path) if single else page_label(path, frame)
            yield Sheet(index, path, frame, kind, label, digest, dpi)
            index += 1


def load_pixels(sheet: Sheet) -> tuple[Pixels, float | None]:
    """The pixels of a sheet, upright as the file says, and their resolution.

    Args:
        sheet: of kind ``image`` or ``pdf-image``.

    Returns:
        ``uint8``, H×W grey or H×W×3 blue, green, red; and dots per inch, None where the file
        does not say (then see :func:`assumed_dpi`).

    Raises:
        BrokenSheet: the page is damaged; other pages of the same file may still be good.
        ValueError: the sheet is a born-digital page, which has no pixels of its own.
    """
    if sheet.kind == "pdf-text":
        raise ValueError("a born-digital page is kept as it is, never read as pixels")
    if sheet.kind == "pdf-image":
        return load_pdf_page(sheet.path, sheet.frame, sheet.dpi, sheet.label)
    pixels, dpi = load_picture(sheet.path, sheet.frame, sheet.label)
    return pixels, dpi or sheet.dpi


def load_measured(sheet: Sheet) -> tuple[Pixels, float]:
    """:func:`load_pixels`, with the resolution assumed where nobody says it."""
    pixels, dpi = load_pixels(sheet)
    return pixels, dpi or sheet.dpi or assumed_dpi(pixels.shape[1], pixels.shape[0])


def jpeg_bytes_if_untouched(sheet: Sheet) -> Path | None:
    """The JPEG file to embed byte for byte when the page needs no change, else None.

    Only a plain one qualifies: 8-bit grey or YCbCr, sequential or progressive, EXIF upright,
    square pixels, sRGB.
    """
    return sheet.path if sheet.kind == "image" and is_plain_jpeg(sheet.path) else None


def assumed_dpi(width: int, height: int) -> float:
    """The resolution of a picture that does not know its own: taken for a sheet of A4.

    The finer of the two that make it fit on A4 either way up, so the page never comes out
    larger than A4; a value within 3 % of a usual one is that one.

    Args:
        width, height: pixels.

    Returns:
        Dots per inch, 72-1200.
    """
    short, long = sorted((width, height))
    dpi = max(short / _A4_MM[0], long / _A4_MM[1]) * 25.4
    dpi = next((float(u) for u in _USUAL_DPI if abs(dpi - u) <= 0.03 * u), round(dpi, 1))
    return min(max(dpi, 72.0), 1200.0)


def _check(path: Path) -> None:
    if _kind(path) == "pdf":
        check_pdf(path)
    else:
        check_picture(path)


def _fault_of(path: Path) -> InputRefused | None:
    try:
        _check(path)
    except InputRefused as fault:
        return fault
    return None


def _pages(
    path: Path,
) -> Iterator[tuple[Literal["image", "pdf-image", "pdf-text"], float | None, bool]]:
    """Kind, resolution and "is it the last?" of each page of a file."""
    if _kind(path) == "image":
        frames = picture_frames(path)
        for number, dpi in enumerate(frames, start=1):
            yield "image", dpi, number == len(frames)
        return
    pages = pdf_frames(path)
    current = next(pages, None)
    while current is not None:
        following = next(pages, None)
        yield *current, following is None
        current = following


def files_of(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that files and folders stand for, in order. Raises as :func:`check_sources`."""
    if not paths:
        raise NoSource
    for path in paths:
        if not stat.S_ISDIR(_mode(path)):
            yield _regular(path)
            continue
        try:
            found = _in_folder(path)
        except PermissionError as error:
            raise NotPermitted(file=file_label(path)) from error
        yield from map(_regular, found)


def _regular(path: Path) -> Path:
    """The path itself: what is named like a page and is none, a link to nowhere, is no less one."""
    if not stat.S_ISREG(_mode(path)):
        raise NotAPicture(file=file_label(path))
    return path


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFile(file=file_label(path)) from error
    except PermissionError as error:
        raise NotPermitted(file=file_label(path)) from error


def _in_folder(folder: Path) -> list[Path]:
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in ENDINGS and not path.name.startswith(".") and not path.is_dir()
    ]
    if not found:
        name = file_label(folder.resolve())
        if not (inside := _with_pages(folder)):
            raise EmptyFolder(file=name)
        more = ", …" if len(inside) > _NAMED else ""
        raise OnlySubfolders(file=name, folders=", ".join(map(file_label, inside[:_NAMED])) + more)
    return sorted(found, key=natural)


def left_out(paths: Sequence[Path]) -> list[Path]:
    """What lies in the folders named and is not among their sheets, though somebody may think so:
    subfolders that hold pages, and pictures of kinds that are not read."""
    found: list[Path] = []
    for folder in paths:
        if not folder.is_dir():
            continue
        foreign = (one for one in folder.iterdir() if one.suffix.lower() in _FOREIGN_ENDINGS)
        found += [*_with_pages(folder), *sorted(foreign, key=natural)]
    return found


def _with_pages(folder: Path) -> list[Path]:
    """The subfolders that hold a picture or PDF file, at any depth, in natural order."""
    inside = (one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    return sorted((one for one in inside if _holds_pages(one)), key=natural)


def _holds_pages(folder: Path) -> bool:
    """What may not be looked into may hold some."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return True
    for _path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(Path(name).suffix.lower() in ENDINGS and name[0] != "." for name in files):
            return True
    return False


def natural(path: Path) -> list[tuple[int, str]]:
    """A sort key under which "scan 2" stands before "scan 10"."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _kind(path: Path) -> Literal["image", "pdf"]:
    """What a file is by its first bytes, never by its name.

    Raises:
        EmptyFile, NotPermitted, ForeignKind, NotAPicture.
    """
    if not path.stat().st_size:
        raise EmptyFile(file=file_label(path))
    if not os.access(path, os.R_OK):
        raise NotPermitted(file=file_label(path))
    with path.open("rb") as stream:
        head = stream.read(1024)
    if head.startswith(_PICTURES) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP"):
        return "image"
    # ISO 32000-1 Annex H: readers accept the header anywhere in the first 1024 bytes.
    if b"%PDF-" in head:
        return "pdf"
    for place, sign, kind in _FOREIGN:
        if head[place:].startswith(sign):
            raise ForeignKind(file=file_label(path), kind=kind)
    raise NotAPicture(file=file_label(path))
