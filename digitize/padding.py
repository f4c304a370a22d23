"""White that a driver added around a page, taken off again.

``sane-airscan`` fills a picture that came smaller than the area asked (a short sheet in a
feeder that measures it) with pure white up to that area. What is taken off here is only
that: paper is never pure white up to its last line and then pure white for ever, so a
page with white margins of its own is left at its true size.
"""

from PIL import Image, ImageOps

#: Paper beside the seam that must be seen before it counts as the edge of a sheet, inches.
SEEN = 2 / 25.4
#: Share of pixels there that are not pure white. Sensor noise and paper tone leave under 1 %
#: of a scanned line pure white; the densest line of text leaves over 60 % of a digital page.
TONED = 0.75


def without_padding(picture: Image.Image, dpi: float) -> Image.Image:
    """The picture without pure white beyond the bottom and right edges of the sheet.

    ``picture`` is RGB or L, 8 bits; ``dpi`` in dots per inch. Returned unchanged where the
    seam between paper and padding is not beyond doubt.
    """
    box = ImageOps.invert(picture).getbbox()
    if box is None:
        return picture
    seen = max(2, round(SEEN * dpi))
    right, bottom = box[2], box[3]
    if bottom < picture.height and not _toned(picture, (0, bottom - seen, right, bottom)):
        bottom = picture.height
    if right < picture.width and not _toned(picture, (right - seen, 0, right, min(bottom, box[3]))):
        right = picture.width
    if (right, bottom) == picture.size:
        return picture
    return picture.crop((0, 0, right, bottom))


def _toned(picture: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether every line of the strip along the seam looks like paper, not like padding."""
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), box[2], box[3]
    if right <= left or bottom <= top:
        return False
    white = picture.crop((left, top, right, bottom)).convert("L").histogram()[255]
    return 1 - white / ((right - left) * (bottom - top)) >= TONED
