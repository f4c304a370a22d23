"""A QR code drawn on a page of fpdf2, as black rectangles."""

from typing import TYPE_CHECKING

import segno

if TYPE_CHECKING:
    from fpdf import FPDF

#: ISO/IEC 18004: four modules of quiet zone all round.
QUIET = 4


def draw_code(pdf: "FPDF", code: segno.QRCode, left: float, top: float, side: float) -> None:
    """Draw a code, a rectangle for each run of dark modules.

    Args:
        left, top: of the quiet zone, in the page's units.
        side: of the whole, quiet zone included.
    """
    rows = [bytes(row) for row in code.matrix]
    module = side / (len(rows) + 2 * QUIET)
    pdf.set_fill_color(0)
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                place = (left + (x + QUIET) * module, top + (y + QUIET) * module)
                pdf.rect(*place, (end - x) * module, module, style="F")
            x = end + 1
