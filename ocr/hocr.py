"""Words as hOCR 1.2: XHTML with the place and the confidence of every line and word.

The pages of a document are written one after the other::

    stream.write(hocr.begin("Giấy khai sinh"))
    for page in pages:
        stream.write(hocr.page(page))
    stream.write(hocr.end())
"""

from xml.sax.saxutils import escape, quoteattr

from ocr.layout import Box, TextPage, lines_of

_BEGIN = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{language}" lang="{language}">
<head>
<title>{title}</title>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<meta name="ocr-system" content={system}/>
<meta name="ocr-capabilities" content="ocr_page ocr_line ocrx_word ocrp_wconf"/>
</head>
<body>
"""
_END = "</body>\n</html>\n"


def begin(title: str, system: str, language: str = "vi") -> str:
    """What stands before the first page.

    Args:
        system: name and version of what recognised the words.
        language: of the text, as BCP 47 names it.
    """
    return _BEGIN.format(title=escape(title), system=quoteattr(system), language=language)


def page(page: TextPage) -> str:
    """One page: its lines in reading order, boxes in pixels of its picture."""
    name = f"page_{page.number}"
    about = (
        f"image {quoteattr(page.label)}; bbox 0 0 {page.width} {page.height}; "
        f"ppageno {page.number - 1}; scan_res {round(page.dpi)} {round(page.dpi)}"
    )
    parts = [f'<div class="ocr_page" id="{name}" title={quoteattr(about)}>\n']
    for row, line in enumerate(lines_of(page), 1):
        words = " ".join(
            f'<span class="ocrx_word" id="word_{page.number}_{row}_{place}" '
            f'title="{_bbox(word.box)}; x_wconf {round(word.confidence)}">'
            f"{escape(word.text)}</span>"
            for place, word in enumerate(line.words, 1)
        )
        parts.append(
            f'<span class="ocr_line" id="line_{page.number}_{row}" '
            f'title="{_bbox(line.box)}">{words}</span>\n'
        )
    return "".join([*parts, "</div>\n"])


def end() -> str:
    """What stands after the last page."""
    return _END


def _bbox(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"
