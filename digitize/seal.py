"""The seal: a QR code on page 1 that says what the document is, drawn and read back.

TT 01/2023/TT-VPCP Điều 26: ISO/IEC 18004, top left, at least dossier code, procedure
code, owner, the paper's name, the system and the time of issue. It is drawn as vector
squares in free space; where page 1 has none, the page is made taller by a strip at its
top. It never covers what is on the paper.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import segno
import zxingcpp
from numpy.typing import NDArray

from digitize.content import SEAL_MARK
from foundation.errors import ExitCode, SohoaError
from foundation.files import atomic_path
from foundation.messages import N_
from ocr.background import flatten, u8
from profiles import SealRules

# A form it cannot draw (XFA) is told to developers, in English; the verdict is the verifier's.
logging.getLogger("pypdfium2").setLevel(logging.ERROR)

#: Points (1/72 inch) in a millimetre.
PT = 72.0 / 25.4
#: First line of the seal's text: what wrote it, and the version of this layout.
HEADER = "SOHOA/1"
#: Resolution at which free space is looked for, and at which the seal is read back.
_LOOK_DPI, _READ_DPI = 50, 200
#: A spot of page 1 is taken when it is darker than this share of the paper around it (a
#: hairline of 0.1 mm comes to 0.8 at 50 dpi), darker than that share of the whole page's
#: paper, or plainly dark: a QR code needs contrast (ISO/IEC 15415).
_MARKED, _DARKER, _DARK = 0.9, 0.78, 120
#: Least side of a module in millimetres: 2.4 dots of a 200 dpi scan. A seal with much to
#: say comes out larger than the profile's size rather than unreadable.
_LEAST_MODULE_MM = 0.3
#: Largest version (ISO/IEC 18004) drawn: 97 modules a side, 32 mm at the least module.
_MOST_VERSION = 20
#: ISO/IEC 18004: four modules of quiet zone all round.
_QUIET = 4


class SealTooLong(SohoaError):
    """What the profile wants in the seal does not fit a code that can be read off paper."""

    exit_code = ExitCode.SETUP
    message = N_(
        "{file}: the QR seal has too much to say. Take fields out of [seal] in the profile."
    )


class SealUnreadable(SohoaError):
    """The seal drawn could not be read back, so the file was not accepted."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file}: the QR seal could not be read back. Nothing was written; try again.")


@dataclass(frozen=True)
class Box:
    """A rectangle in PDF points from the lower left of the page as it is shown."""

    left: float
    bottom: float
    width: float
    height: float


def seal_text(fields: Mapping[str, str], rules: SealRules) -> str:
    """The text the QR carries: the fields the profile asks for, a line each, in its order."""
    lines = [f"{name}={fields.get(name, '')}" for name in rules.fields]
    return "\n".join([HEADER, *(line.replace("\n", " ") for line in lines)])


def parse_seal(text: str) -> dict[str, str] | None:
    """The fields of a seal, or None when the text is not one."""
    header, *lines = text.split("\n")
    if header != HEADER:
        return None
    return dict(line.split("=", 1) for line in lines if "=" in line)


def seal_pdf(
    source: Path,
    target: Path,
    text: str,
    rules: SealRules,
    *,
    keep_free: tuple[float, float] | None = None,
) -> Box:
    """Draw the seal on page 1 of a PDF and read it back before the file is accepted.

    Args:
        source: an unsigned PDF; it is left as it is.
        target: where the sealed PDF goes, whole or not at all; may be ``source``.
        text: what the QR says: :func:`seal_text`, an address, or a signed credential.
        rules: size, place and error correction, from the profile.
        keep_free: width and height in millimetres that must stay free at the top right for
            the agency's signature; where they are not, the strip makes room for both.

    Returns:
        Where the seal stands, quiet zone included.

    Raises:
        SealTooLong: the text needs a larger code than a counter's scanner reads.
        SealUnreadable: it could not be read back.
    """
    code = _code(text, rules, target)
    with pikepdf.open(source) as pdf:
        page = pdf.pages[0]
        size = _size(code, rules)
        drawing = b""
        room = _free_place(taken_spots(source), page, size, rules, keep_free)
        if room is None:
            strip, room = _add_strip(page, size, rules, keep_free)
            drawing = _white(strip)
        drawing += _drawing(code, room)
        page.contents_add(SEAL_MARK + b"q\n", prepend=True)
        drawn = b"Q\nq " + _upright(page) + b" cm\n" + drawing + b" Q"
        page.contents_add(SEAL_MARK + drawn)
        with atomic_path(target) as part:
            pdf.save(part)
            if text not in read_seals(part):
                raise SealUnreadable(file=target.name)
    return room


def _code(text: str, rules: SealRules, target: Path) -> segno.QRCode:
    try:
        code = segno.make_qr(text, error=rules.error_correction, boost_error=False)
    except segno.DataOverflowError as error:
        raise SealTooLong(file=target.name) from error
    if int(code.version) > _MOST_VERSION:
        raise SealTooLong(file=target.name)
    return code


def read_seals(path: Path) -> list[str]:
    """Texts of the QR codes on page 1 of a PDF, seen as a 200 dpi scan would see them."""
    picture = first_page(path, _READ_DPI)
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [found.text for found in zxingcpp.read_barcodes(picture, formats=formats)]


def first_page(path: Path, dpi: float) -> NDArray[np.uint8]:
    """Page 1 as H×W uint8 brightness."""
    return rendered(path, 0, dpi)


def rendered(path: Path, page: int, dpi: float) -> NDArray[np.uint8]:
    """A page (from 0) as H×W uint8 brightness, as a viewer shows it."""
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()  # or the looks of signatures and fields would be missing
        # In colour: pdfium takes twice as long to draw in grey.
        picture = document[page].render(scale=dpi / 72).to_numpy()
        return u8(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def _size(code: segno.QRCode, rules: SealRules) -> float:
    """Side of the seal in points, quiet zone included: the profile's, or what it takes to read."""
    modules = code.symbol_size(border=_QUIET)[0]
    return float(max(rules.size_mm, modules * _LEAST_MODULE_MM)) * PT


def taken_spots(path: Path, page: int = 0) -> NDArray[np.bool_]:
    """Where a page as it is shown carries something, at 50 dpi: darker than its paper."""
    gray = rendered(path, page, _LOOK_DPI)
    paper = np.percentile(gray, 80)
    marked = flatten(gray, _LOOK_DPI) < 255 * _MARKED
    taken = u8(marked | (gray < paper * _DARKER) | (gray < _DARK))
    # One pixel more on every side: edges fade out between two pixels.
    return np.asarray(cv2.dilate(taken, np.ones((3, 3), np.uint8)) > 0, dtype=np.bool_)


def _edges(page: pikepdf.Page) -> tuple[float, float, float, float]:
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    return left, bottom, right, top


def _turned(page: pikepdf.Page) -> int:
    """Degrees clockwise by which a viewer turns the page: its own or its parents' /Rotate."""
    return int(page.rotation) % 360


def _shown_size(page: pikepdf.Page) -> tuple[float, float]:
    """Width and height in points of the page as it is shown, after its /Rotate."""
    left, bottom, right, top = _edges(page)
    sides = (right - left, top - bottom)
    return sides if _turned(page) % 180 == 0 else sides[::-1]


def _upright(page: pikepdf.Page) -> bytes:
    """The matrix from the page as it is shown to its own coordinates (ISO 32000-1 8.3.3)."""
    left, bottom, right, top = _edges(page)
    turned, x, y = {
        0: ("1 0 0 1", left, bottom),
        90: ("0 1 -1 0", right, bottom),
        180: ("-1 0 0 -1", right, top),
        270: ("0 -1 1 0", left, top),
    }[_turned(page)]
    return f"{turned} {x:.3f} {y:.3f}".encode("ascii")


def _free_place(
    taken: NDArray[np.bool_],
    page: pikepdf.Page,
    size: float,
    rules: SealRules,
    keep_free: tuple[float, float] | None,
) -> Box | None:
    """The free square nearest the corner the rules ask for, within a third of the page.

    None where there is none, or where what must stay free is not.
    """
    width, height = _shown_size(page)
    rows, columns = taken.shape
    scale = columns / width  # pixels a point
    side, margin = int(np.ceil(size * scale)) + 1, int(np.ceil(rules.margin_mm * PT * scale))
    if keep_free:
        corner = _corner(taken, scale, keep_free, rules)
        if corner.any():
            return None
        corner[:] = True  # a view: the seal must keep away from it
    sums = np.pad(taken.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    best: tuple[int, int] | None = None
    for y in range(margin, min(rows // 3, rows - side - margin)):
        for x in range(margin, min(columns // 3, columns - side - margin)):
            if best is not None and x + y >= sum(best):
                break
            column = x if rules.place == "top-left" else columns - side - x
            if sums[y + side, column + side] - sums[y, column + side] == (
                sums[y + side, column] - sums[y, column]
            ):
                best = (x, y)
    if best is None:
        return None
    x, y = best
    left = x / scale if rules.place == "top-left" else width - x / scale - size
    return Box(left, height - y / scale - size, size, size)


def _corner(
    taken: NDArray[np.bool_], scale: float, keep_free: tuple[float, float], rules: SealRules
) -> NDArray[np.bool_]:
    """The part of the page at its top right that must stay free, as a view."""
    margin = int(rules.margin_mm * PT * scale)
    wide, high = (int(np.ceil((side + rules.margin_mm) * PT * scale)) for side in keep_free)
    return taken[margin:high, max(0, taken.shape[1] - wide) :]


def _add_strip(
    page: pikepdf.Page, size: float, rules: SealRules, keep_free: tuple[float, float] | None
) -> tuple[Box, Box]:
    """Make the page taller by a strip at its top; what is on it keeps its size.

    Returns:
        The strip, and the place of the seal in it: beside what must stay free at the top
        right, or on a narrow page below that.
    """
    margin = rules.margin_mm * PT
    wide, high = (side * PT for side in keep_free) if keep_free else (0.0, 0.0)
    page_width = _shown_size(page)[0]
    beside = not keep_free or (rules.place == "top-left" and size + wide + 3 * margin <= page_width)
    strip = 2 * margin + (max(size, high) if beside else size + margin + high)
    _grow(page, strip)
    width, height = _shown_size(page)
    left = margin if rules.place == "top-left" else width - margin - size
    top = height - margin - (0.0 if beside else high + margin)
    return Box(0.0, height - strip, width, strip), Box(left, top - size, size, size)


def _grow(page: pikepdf.Page, strip: float) -> None:
    edges = list(_edges(page))
    # Which edge of the page's own box is shown at the top, and which way is out.
    edge, outward = {0: (3, 1), 90: (0, -1), 180: (1, -1), 270: (2, 1)}[_turned(page)]
    edges[edge] += outward * strip
    page.mediabox = pikepdf.Array(edges)
    page.cropbox = page.mediabox


def _white(box: Box) -> bytes:
    """Operators that paint a box white: what lay hidden beyond the page's edge stays hidden."""
    numbers = f"{box.left:.3f} {box.bottom:.3f} {box.width:.3f} {box.height:.3f}"
    return f"1 g {numbers} re f\n".encode("ascii")


def _drawing(code: segno.QRCode, room: Box) -> bytes:
    """Content-stream operators: a white ground and a black rectangle for each run of modules."""
    matrix = [bytes(row) for row in code.matrix]
    module = room.width / (len(matrix) + 2 * _QUIET)
    out = [f"q 1 g {room.left:.3f} {room.bottom:.3f} {room.width:.3f} {room.height:.3f} re f 0 g"]
    top = room.bottom + room.height
    for row_number, row in enumerate(matrix):
        y = top - (row_number + _QUIET + 1) * module
        for start, end in _runs(row):
            x = room.left + (start + _QUIET) * module
            out.append(f"{x:.3f} {y:.3f} {(end - start) * module:.3f} {module:.3f} re")
    return "\n".join([*out, "f Q"]).encode("ascii")


def _runs(row: bytes) -> list[tuple[int, int]]:
    dark = np.flatnonzero(np.diff(np.array([0, *(b & 1 for b in row), 0], dtype=np.int8)))
    return [(int(a), int(b)) for a, b in zip(dark[::2], dark[1::2], strict=True)]
