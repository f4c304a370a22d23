"""The paper form of an electronic result (NĐ 45/2020/NĐ-CP Điều 18).

The file is verified first; then its pages are laid on new ones, each with a strip at its
foot that names the system, the look-up code, who turned it into paper and when, with a QR
code and room for the converter's hand (Điều 18.2). Nothing is drawn over the pages: where
the foot of a page is white it keeps its size, else it is made smaller by the strip's height.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pikepdf
import segno

from digitize.seal import PT, parse_seal, read_seals, taken_spots
from dossier.checking import Reliance, check_files
from dossier.drawn_codes import QUIET, draw_code
from dossier.lettering import lettered
from dossier.people import actor_at
from dossier.shelf import keep_out_of_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import atomic_path, real, scratch_folder
from foundation.messages import N_, _
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from foundation.times import utc_now, vietnam_time
from profiles import Office
from signing.credential import is_credential, read_claims
from signing.errors import PdfUnreadable

if TYPE_CHECKING:
    from fpdf import FPDF

#: Side of the QR code, quiet zone included, in millimetres: as large as the seal (TT 01/2023),
#: larger where its modules would come out too small for a 200 dpi scan (as digitize.seal has it).
_QR_MM, _MODULE_MM = 22.0, 0.3
#: White around the strip and between its parts; width of the converter's field (millimetres).
_MARGIN_MM, _GAP_MM, _HAND_MM = 6.0, 3.0, 42.0
#: Characters of a look-up code: the official ones have some 40.
_LONGEST_CODE = 100
#: Sizes of the strip's letters in points, the largest that fits is taken.
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0)
#: Smallest page that has room for the strip (A5 across); a smaller one is laid on A4, at 1:1.
_LEAST_MM, _A4_MM = (146.0, 140.0), (210.0, 297.0)
#: Sheets (ISO 216: A5, A4, A3), how near a side must come, and how much taller a seal's strip
#: may have made a page (digitize.seal: the largest code, text below it, three margins).
_SHEETS = ((148.0, 210.0), (210.0, 297.0), (297.0, 420.0))
_SAME_MM, _STRIP_MM = 2.0, 75.0
#: Resolution at which the white foot of a page is looked for, as digitize.seal looks.
_LOOK_DPI = 50


class NotToBePrinted(SohoaError):
    """The source does not hold, so no paper is made of it."""

    exit_code = ExitCode.SIGNATURE
    message = N_(
        "{file} is not valid ({reason}), so no paper copy was made. "
        "See what is wrong: sohoa verify {file}"
    )


class NoLookUpCode(SohoaError):
    """The paper would carry no code to look the original up by."""

    exit_code = ExitCode.USAGE
    message = N_("{file} has no QR seal with a record code. Give the look-up code with --code.")


class BadLookUpCode(SohoaError):
    """A code that nobody could type, or no QR code holds."""

    exit_code = ExitCode.USAGE
    message = N_("A look-up code has up to {most} letters, digits and signs in one line.")


class OverTheOriginal(SohoaError):
    """The copy would replace the signed file."""

    exit_code = ExitCode.USAGE
    message = N_("The paper copy would replace {file} itself. Name another file with -o.")


@dataclass(frozen=True)
class PaperCopy:
    """What was made."""

    source: Path
    copy: Path
    code: str
    pages: int
    converter: str
    at: str
    signers: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        shown = {"source": str(self.source), "copy": str(self.copy), "code": self.code_shown}
        return vars(self) | shown | {"signers": list(self.signers)}

    @property
    def code_shown(self) -> str:
        """The code without the personal number that may stand in it; the paper has it whole."""
        return mask_text(self.code)


@dataclass(frozen=True)
class _Strip:
    """What the strip says: lines of text, the QR code, whose hand signs."""

    lines: tuple[str, ...]
    qr: segno.QRCode
    converter: str

    @property
    def qr_mm(self) -> float:
        """Side of the code, quiet zone included."""
        return max(_QR_MM, float(self.qr.symbol_size(border=QUIET)[0]) * _MODULE_MM)

    @property
    def height_mm(self) -> float:
        """Height of the strip, the white below it included."""
        return self.qr_mm + _GAP_MM + _MARGIN_MM


def print_copy(
    source: Path, out: Path, office: Office, relied: Reliance, *, code: str = "", operator: str = ""
) -> PaperCopy:
    """Make the paper form of a signed file.

    Args:
        code: look-up code; without one the record code of the seal on page 1.
        operator: who turns it into paper; else the login name.

    Raises:
        NotToBePrinted: a signature or the seal does not hold.
        NoLookUpCode, BadLookUpCode, OverTheOriginal: what was asked for.
        PdfUnreadable: it is no PDF.
    """
    keep_out_of_store(out)
    if real(out) == real(source):
        raise OverTheOriginal(file=source.name)
    if not code.isprintable() or len(code) > _LONGEST_CODE:
        raise BadLookUpCode(most=_LONGEST_CODE)
    with scratch_folder() as folder:
        held = folder / "source.pdf"  # what is verified is what is printed
        try:
            held.write_bytes(source.read_bytes())
        except OSError as error:
            raise PdfUnreadable(file=source, detail=reason_of(error)) from error
        signers = _verified(source, held, relied)
        seal = next(iter(_seals(held)), ("", ""))
        code = code or seal[1]
        if not code:
            raise NoLookUpCode(file=source.name)
        converter, at = actor_at(office, operator).name, vietnam_time(utc_now())
        strip = _strip(office, code, seal[0] or code, converter, f"{at:%d/%m/%Y %H:%M:%S} +07:00")
        pages = _write(held, out, strip)
    return PaperCopy(source, out, code, pages, converter, at.isoformat(timespec="seconds"), signers)


def _verified(source: Path, held: Path, relied: Reliance) -> tuple[str, ...]:
    try:
        (verdict,) = check_files([held], relied)
    except PdfUnreadable as error:
        raise PdfUnreadable(file=source, detail=error.facts["detail"]) from error
    if verdict["verdict"] != "valid":
        reasons = [verdict.get("reason"), *(one["reason"] for one in verdict["signatures"])]
        reason = next(filter(None, reasons), "") or _("it is not signed")
        raise NotToBePrinted(file=source.name, reason=reason.rstrip("."))
    return tuple(one["signer"] for one in verdict["signatures"] if one["signer"])


def _seals(path: Path) -> Iterator[tuple[str, str]]:
    """The seals on page 1 with the record code each says."""
    for text in read_seals(path):
        if is_credential(text):
            claims = read_claims(text)
            yield text, claims.fields.get("record_code", "") if claims else ""
        elif fields := parse_seal(text):
            yield text, fields.get("record_code", "")
        elif text.startswith("https://"):
            yield text, ""


def _strip(office: Office, code: str, qr: str, converter: str, at: str) -> _Strip:
    lines = (
        _("PAPER COPY OF AN ELECTRONIC RESULT (Decree 45/2020/NĐ-CP, Article 18)"),
        _("System: {system} – {agency}").format(system=office.system, agency=office.agency),
        _("Look-up code: {code}").format(code=code),
        _("Converted by: {name}").format(name=converter),
        _("Converted at: {time}").format(time=at),
        _("Digital signatures: valid at this time"),
    )
    return _Strip(lines, segno.make_qr(qr, error="m", boost_error=False), converter)


def _write(held: Path, out: Path, strip: _Strip) -> int:
    with pikepdf.open(held) as pdf, pikepdf.new() as printed:
        # What stands in form fields and signatures becomes part of the page, as it looks.
        pdf.flatten_annotations("print")
        sizes = [_paper_of(page) for page in pdf.pages]
        strips = pikepdf.open(BytesIO(_draw(strip, sizes)))
        for number, (page, size, foot) in enumerate(
            zip(pdf.pages, sizes, strips.pages, strict=True)
        ):
            new = printed.add_blank_page(page_size=(size[0] * PT, size[1] * PT))
            form = printed.copy_foreign(page.as_form_xobject())
            _lay(new, form, _place_of(held, number, page, size, strip.height_mm))
            new.add_overlay(foot, None)
        with printed.open_metadata() as metadata:
            metadata["dc:title"] = _("Paper copy of an electronic result")
        with atomic_path(out) as part:
            printed.save(part)
        return len(printed.pages)


def _shown_mm(page: pikepdf.Page) -> tuple[float, float]:
    """Width and height in millimetres of the page as it is shown."""
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    unit = float(page.obj.get("/UserUnit", 1)) / PT
    sides = (abs(right - left) * unit, abs(top - bottom) * unit)
    return sides if int(page.rotation) % 180 == 0 else sides[::-1]


def _paper_of(page: pikepdf.Page) -> tuple[float, float]:
    """Size of the paper it is printed on, in millimetres.

    Its own; that of the sheet it was, where a seal's strip made it taller; A4 where it is too
    small.
    """
    width, height = _shown_mm(page)
    for short, long in _SHEETS:
        for sheet in ((short, long), (long, short)):
            grown = height - sheet[1]
            if abs(width - sheet[0]) < _SAME_MM < grown <= _STRIP_MM:
                return sheet
    fits = width >= _LEAST_MM[0] and height >= _LEAST_MM[1]
    return (width, height) if fits else _A4_MM


def _place_of(
    held: Path, number: int, page: pikepdf.Page, paper: tuple[float, float], strip: float
) -> tuple[float, float, float, float]:
    """Where the page's picture goes: left, bottom, width, height in millimetres."""
    width, height = _shown_mm(page)
    room = paper[1] - strip
    if (width, height) == paper:
        if _white_foot(held, number, height) >= strip:
            return (0.0, 0.0, width, height)
        scale = room / height
    else:
        scale = min(1.0, paper[0] / width, room / height)
    wide, high = width * scale, height * scale
    return ((paper[0] - wide) / 2, paper[1] - high, wide, high)


def _white_foot(held: Path, number: int, height: float) -> float:
    """Millimetres at the foot of the page where nothing stands."""
    rows = np.flatnonzero(taken_spots(held, number).any(axis=1))
    return height if not rows.size else height - float(rows[-1] + 1) / _LOOK_DPI * 25.4


def _lay(new: pikepdf.Page, form: pikepdf.Object, place: tuple[float, float, float, float]) -> None:
    """Draw a page's form, turned as it is shown, into a place (millimetres)."""
    left, bottom, right, top = (float(edge) for edge in form.BBox)
    a, b, c, d, e, f = (float(one) for one in form.get("/Matrix", (1, 0, 0, 1, 0, 0)))
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    x0, y0 = min(x for x, _y in corners), min(y for _x, y in corners)
    shown = max(x for x, _y in corners) - x0
    scale = place[2] * PT / shown
    name = new.add_resource(form, pikepdf.Name.XObject)
    x, y = place[0] * PT - x0 * scale, place[1] * PT - y0 * scale
    drawing = f"q {scale:.6f} 0 0 {scale:.6f} {x:.4f} {y:.4f} cm {name} Do Q\n"
    new.contents_add(drawing.encode("ascii"))


def _draw(strip: _Strip, sizes: Sequence[tuple[float, float]]) -> bytes:
    """The strips, a page each."""
    from fpdf import FPDF

    pdf = FPDF(unit="mm")
    pdf.set_auto_page_break(False)
    with lettered(pdf):
        for number, size in enumerate(sizes, 1):
            pdf.add_page(orientation="portrait", format=size)
            top = size[1] - strip.height_mm + _GAP_MM / 2
            pdf.set_line_width(0.2)
            pdf.line(_MARGIN_MM, top, size[0] - _MARGIN_MM, top)
            draw_code(pdf, strip.qr, _MARGIN_MM, top + _GAP_MM / 2, strip.qr_mm)
            left = _MARGIN_MM + strip.qr_mm + _GAP_MM
            width = size[0] - _MARGIN_MM - _HAND_MM - _GAP_MM - left
            counted = _("Page {number} of {count}").format(number=number, count=len(sizes))
            _draw_text(pdf, (*strip.lines, counted), (left, top + 1.0, width, strip.qr_mm))
            _draw_hand(pdf, strip, (size[0] - _MARGIN_MM - _HAND_MM, top + 1.0))
        return bytes(pdf.output())


def _draw_text(pdf: "FPDF", lines: Sequence[str], box: tuple[float, float, float, float]) -> None:
    """The lines, wrapped, in the largest letters with which they fit the box."""
    left, top, width, height = box
    for size in _SIZES:
        pdf.set_font("Tinos", "B", size)  # bold is wider: what fits in it fits
        line = size * 0.41  # millimetres: 1.16 times the size
        text = "\n".join(lines)
        high = pdf.multi_cell(width, line, text, dry_run=True, output="HEIGHT", align="L")
        if cast(float, high) <= height:
            break
    pdf.set_xy(left, top)
    for number, words in enumerate(lines):
        pdf.set_font("Tinos", "B" if number in (0, 2) else "", size)
        pdf.set_x(left)
        pdf.multi_cell(width, line, words, align="L", new_x="LMARGIN", new_y="NEXT")


def _draw_hand(pdf: "FPDF", strip: _Strip, corner: tuple[float, float]) -> None:
    """Where the converter signs by hand, with the name below."""
    pdf.set_xy(*corner)
    pdf.set_font("Tinos", "B", 8)
    pdf.cell(_HAND_MM, 3.4, _("CONVERTED BY"), align="C", new_x="LEFT", new_y="NEXT")
    pdf.set_font("Tinos", "", 6.5)
    pdf.cell(_HAND_MM, 2.8, _("(signature, full name)"), align="C")
    size = 8.0
    pdf.set_font("Tinos", "", size)
    while size > 5 and pdf.get_string_width(strip.converter) > _HAND_MM - 2:
        size -= 0.5
        pdf.set_font("Tinos", "", size)
    pdf.set_xy(corner[0], corner[1] + strip.qr_mm - 4.0)
    pdf.cell(_HAND_MM, 3.4, strip.converter, align="C")
