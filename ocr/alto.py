"""Words as ALTO 4.4 (Library of Congress): XML for archives and libraries.

Written page by page like :mod:`ocr.hocr`: :func:`begin`, :func:`page` for each, :func:`end`.
"""

from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from ocr.layout import Box, Line, TextPage, box_around, lines_of

_BEGIN = """\
<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# \
http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" SCHEMAVERSION="4.4">
<Description>
<MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation><fileName>{title}</fileName></sourceImageInformation>
<Processing ID="recognition">
<processingCategory>contentGeneration</processingCategory>
<processingSoftware><softwareName>{name}</softwareName>\
<softwareVersion>{version}</softwareVersion></processingSoftware>
</Processing>
</Description>
<Layout>
"""
_END = "</Layout>\n</alto>\n"


def begin(title: str, name: str, version: str) -> str:
    """What stands before the first page.

    Args:
        title: the document's file name.
        name, version: what recognised the words.
    """
    return _BEGIN.format(title=escape(title), name=escape(name), version=escape(version))


def page(page: TextPage) -> str:
    """One page: blocks, lines and words in reading order, in pixels of its picture.

    Blocks are those of the recogniser. A page without words has an empty print space.
    """
    head = (
        f'<Page ID="page_{page.number}" PHYSICAL_IMG_NR="{page.number}" '
        f'WIDTH="{page.width}" HEIGHT="{page.height}" PROCESSINGREFS="recognition">\n'
        f'<PrintSpace HPOS="0" VPOS="0" WIDTH="{page.width}" HEIGHT="{page.height}">\n'
    )
    lines = list(enumerate(lines_of(page), 1))
    parts = [head]
    for _block, group in groupby(lines, key=lambda numbered: numbered[1].key[:1]):
        block = list(group)
        box = box_around([line.box for _row, line in block])
        parts.append(f'<TextBlock ID="block_{page.number}_{block[0][0]}" {_place(box)}>\n')
        parts += [_line(page.number, row, line) for row, line in block]
        parts.append("</TextBlock>\n")
    return "".join([*parts, "</PrintSpace>\n</Page>\n"])


def end() -> str:
    """What stands after the last page."""
    return _END


def _line(number: int, row: int, line: Line) -> str:
    parts = [f'<TextLine ID="line_{number}_{row}" {_place(line.box)}>']
    for place, word in enumerate(line.words):
        if place:
            before = line.words[place - 1].box.right
            wide = max(0, word.box.left - before)
            parts.append(f'<SP HPOS="{before}" VPOS="{line.box.top}" WIDTH="{wide}"/>')
        parts.append(
            f'<String ID="word_{number}_{row}_{place + 1}" {_place(word.box)} '
            f'WC="{word.confidence / 100:.2f}" CONTENT={quoteattr(word.text)}/>'
        )
    return "".join([*parts, "</TextLine>\n"])


def _place(box: Box) -> str:
    width, height = box.right - box.left, box.bottom - box.top
    return f'HPOS="{box.left}" VPOS="{box.top}" WIDTH="{width}" HEIGHT="{height}"'
