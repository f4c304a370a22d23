"""White that a driver added around a page, taken off again.

``sane-airscan`` fills a picture that came smaller than the area asked (a short sheet in a
feeder that measures it) with pure white at the right and below. What is taken off here is
only that: paper under a lamp has tone everywhere, up to a sharp edge, and then pure white
to the end. A page with white margins of its own is left at its true size.
"""

from PIL import Image, ImageOps

#: Paper beside the edge that is looked at, inches.
SEEN = 2 / 25.4
#: Smallest side of a sheet, inches: an identity card is 54 mm high (ISO/IEC 7810 ID-1).
SMALLEST = 50 / 25.4
#: Share of pixels that must not be pure white, on the sheet and along its edge. Paper seen by a
#: sensor has tone and noise; a line of print on a born-digital page is mostly white.
TONED = 0.75

Box = tuple[int, int, int, int]


def without_padding(picture: Image.Image, dpi: float) -> Image.Image:
    """The picture without pure white beyond the right and bottom edges of the sheet.

    ``picture`` is RGB or L, 8 bits; ``dpi`` in dots per inch. Returned unchanged where the
    edge between paper and padding is not beyond doubt.
    """
    box = ImageOps.invert(picture).getbbox()
    if box is None:
        return picture
    right, bottom = box[2], box[3]
    if (right, bottom) == picture.size or min(right, bottom) < SMALLEST * dpi:
        return picture
    seen = round(SEEN * dpi)
    strips: list[Box] = [(0, 0, right, bottom)]
    if bottom < picture.height:
        strips.append((0, bottom - seen, right, bottom))
    if right < picture.width:
        strips.append((right - seen, 0, right, bottom))
    if not all(_toned(picture.crop(strip)) for strip in strips):
        return picture
    return picture.crop((0, 0, right, bottom))


def _toned(part: Image.Image) -> bool:
    """Whether the part looks like paper, not like the pure white of padding or of a file."""
    white = part.convert("L").histogram()[255]
    return 1 - white / (part.width * part.height) >= TONED
