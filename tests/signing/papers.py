"""Unsigned papers to sign, attack and judge: with text, forms, layers, several pages."""

import io
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

#: A password to change the file, and none to open it.
NO_PRINTING = pikepdf.Encryption(
    owner="chủ", user="", R=6, allow=pikepdf.Permissions(print_lowres=False)
)


def _saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **how)
    return out.getvalue()


def text_paper(pages: int = 2, **how: Any) -> bytes:
    """Pages that each say which they are."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    )
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(300, 300))
        page.Resources = Dictionary(Font=Dictionary(F=font))
        page.Contents = Stream(pdf, b"BT /F 20 Tf 40 200 Td (Trang %d: 100 dong) Tj ET" % number)
    return _saved(pdf, **how)


def form_paper() -> bytes:
    """A page with two text fields."""
    pdf = pikepdf.Pdf.open(io.BytesIO(text_paper(1)))
    fields = []
    for number, name in enumerate(("ho_ten", "dia_chi")):
        box = [40, 40 + 40 * number, 200, 70 + 40 * number]
        look = Stream(pdf, b"/Tx BMC EMC")
        look.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 160, 30]))
        fields.append(
            pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=name, V="", Rect=box,
                    F=4, DA="/Helv 10 Tf", AP=Dictionary(N=pdf.make_indirect(look)),
                )
            )
        )  # fmt: skip
    pdf.pages[0].Annots = Array(fields)
    pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=Array(fields), DA="/Helv 10 Tf"))
    return _saved(pdf)


def drawn_form_paper() -> bytes:
    """A form whose first field says one thing and shows another, in a font of the form's."""
    pdf = pikepdf.Pdf.open(io.BytesIO(form_paper()))
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    )
    field = pdf.Root.AcroForm.Fields[0]
    field.V = "9 000 000 dong"
    field.AP.N.write(b"/Tx BMC q BT /Helv 10 Tf 2 2 Td (100 dong) Tj ET Q EMC")
    field.AP.N.Resources = Dictionary(Font=Dictionary(Helv=font))
    pdf.Root.AcroForm.DR = Dictionary(Font=Dictionary(Helv=font))
    return _saved(pdf)


def layered_paper() -> bytes:
    """A page with two layers, one shown and one hidden, as for a shadow attack."""
    pdf = pikepdf.Pdf.open(io.BytesIO(text_paper(1)))
    shown, hidden = (
        pdf.make_indirect(Dictionary(Type=Name.OCG, Name=name)) for name in ("dung", "sai")
    )
    pdf.Root.OCProperties = pdf.make_indirect(
        Dictionary(
            OCGs=Array([shown, hidden]), D=Dictionary(ON=Array([shown]), OFF=Array([hidden]))
        )
    )
    page = pdf.pages[0]
    page.Resources.Properties = Dictionary(A=shown, B=hidden)
    page.Contents = Stream(
        pdf,
        b"/OC /A BDC BT /F 20 Tf 40 200 Td (100 dong) Tj ET EMC "
        b"/OC /B BDC BT /F 20 Tf 40 200 Td (9 000 000 dong) Tj ET EMC",
    )
    return _saved(pdf)


def shadow_paper() -> bytes:
    """A page drawn from a form XObject; beside it, unused, another page tree and XObject."""
    pdf = pikepdf.Pdf.open(io.BytesIO(text_paper(1)))
    looks = []
    for text in (b"100 dong", b"9 000 000 dong"):
        look = Stream(pdf, b"BT /F 20 Tf 40 200 Td (%s) Tj ET" % text)
        look.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 300, 300]))
        looks.append(pdf.make_indirect(look))
    page = pdf.pages[0]
    page.Resources.XObject = Dictionary(X=looks[0])
    page.Contents = Stream(pdf, b"/X Do")
    other = pdf.make_indirect(
        Dictionary(
            Type=Name.Page, MediaBox=[0, 0, 300, 300],
            Resources=Dictionary(XObject=Dictionary(X=looks[1])), Contents=Stream(pdf, b"/X Do"),
        )
    )  # fmt: skip
    tree = pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([other]), Count=1))
    other.Parent = tree
    pdf.Root.PieceInfo = Dictionary(Prepared=Array([tree, looks[1]]))
    return _saved(pdf)


def hybrid_paper() -> bytes:
    """A file as Microsoft Office writes it: a second cross-reference for newer viewers."""
    body = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<<>>>>",
        4: b"<</Length 8>>\nstream\n0 0 m n \nendstream",
    }
    for number, content in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    places[6] = len(body)
    inner = b"5 0 <</Type/StructElem>>"
    body += b"6 0 obj\n<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        len(inner), inner,
    )  # fmt: skip
    places[7] = len(body)
    entries = b"\x02\x00\x06\x00" + b"\x01" + places[6].to_bytes(2, "big") + b"\x00"
    body += b"7 0 obj\n<</Type/XRef/Size 8/W[1 2 1]/Index[5 2]/Length %d>>\nstream\n" % len(entries)
    body += entries + b"\nendstream\nendobj\n"
    table = len(body)
    body += b"xref\n0 8\n0000000005 65535 f\r\n"
    for number in range(1, 8):
        if number in (5, 6):
            body += b"%010d 65535 f\r\n" % (6 if number == 5 else 0)
        else:
            body += b"%010d 00000 n\r\n" % places[number]
    trailer = b"trailer\n<</Size 8/Root 1 0 R/ID[<00><00>]"
    body += trailer + b">>\nstartxref\n%d\n%%%%EOF\n" % table
    second = len(body)
    body += b"xref\n0 0\n" + trailer + b"/Prev %d/XRefStm %d>>\n" % (table, places[7])
    body += b"startxref\n%d\n%%%%EOF\n" % second
    return bytes(body)
