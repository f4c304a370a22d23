"""More files that must never be called valid: what looks may come from, and go to, after signing.

Beside the classes in :mod:`tests.signing.attacks`: viewers that draw fields themselves, timestamps
that cover a page, objects that two places share, old revisions brought back.
"""

import io
import re

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pikepdf import Array, Dictionary, Name, Stream
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    append_signature_field,
)

from tests.signing.attacks import _attack, _content, _filled, _in_place, _numbers, _page
from tests.signing.laboratory import Change, Laboratory, append
from tests.signing.papers import (
    NO_PRINTING,
    drawn_form_paper,
    form_paper,
    layered_paper,
    text_paper,
)

PAGE = (0, 0, 300, 300)
SEEN = SigFieldSpec("Signature1", box=(9, 9, 200, 90))


def _look(text: bytes = b"9 000 000 dong") -> generic.StreamObject:
    look = _content(text)
    look[pdf_name("/Subtype")] = pdf_name("/Form")
    look[pdf_name("/BBox")] = _numbers(*PAGE)
    return look


def _field(writer: IncrementalPdfFileWriter, number: int = 0) -> generic.DictionaryObject:
    field: generic.DictionaryObject = writer.root["/AcroForm"]["/Fields"][number]
    return field


def _give_look(writer: IncrementalPdfFileWriter, field: generic.DictionaryObject) -> None:
    look = {pdf_name("/N"): writer.add_object(_look())}
    field[pdf_name("/AP")] = generic.DictionaryObject(look)
    writer.update_container(field)


def _form(**entries: object) -> Change:
    """Set entries of the form as a whole."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        for key, value in entries.items():
            form[pdf_name(f"/{key}")] = value
        writer.update_container(form)

    return change


def _other_font(writer: IncrementalPdfFileWriter) -> None:
    entries = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/ZapfDingbats"}
    font = generic.DictionaryObject({pdf_name(k): pdf_name(v) for k, v in entries.items()})
    fonts = generic.DictionaryObject({pdf_name("/Helv"): writer.add_object(font)})
    resources = generic.DictionaryObject({pdf_name("/Font"): fonts})
    _form(DR=resources)(writer)


_DRAW_ALL = _form(NeedAppearances=generic.BooleanObject(True))


# --- encrypted files


@_attack("invalid", "content")
def _content_replaced_in_an_encrypted_file(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        page[pdf_name("/Contents")] = writer.add_object(_content(b"9 000 000 dong"))
        writer.update_container(page)

    return append(lab.sign(text_paper(encryption=NO_PRINTING)), change)


@_attack("indeterminate", "encrypted")
def _password_wanted(_lab: Laboratory) -> bytes:
    return text_paper(encryption=pikepdf.Encryption(owner="a", user="b"))


# --- layers, further forms


@_attack("invalid", "content")
def _shadow_layer_hidden_by_its_own_usage(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        layer = writer.root["/OCProperties"]["/OCGs"][0]
        state = generic.DictionaryObject({pdf_name("/ViewState"): pdf_name("/OFF")})
        layer[pdf_name("/Usage")] = generic.DictionaryObject({pdf_name("/View"): state})
        writer.update_container(layer)

    return append(lab.sign(layered_paper()), change)


# --- fields that viewers draw


@_attack("invalid", "forms")
def _all_fields_left_to_the_viewer(lab: Laboratory) -> bytes:
    """A field's look says one thing and its value another: the switch shows the other."""
    return append(lab.sign(drawn_form_paper()), _DRAW_ALL)


@_attack("invalid", "content")
def _locked_fields_left_to_the_viewer(lab: Laboratory) -> bytes:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["ho_ten"])
    spec = SigFieldSpec("Signature1", field_mdp_spec=lock)
    return append(lab.sign(drawn_form_paper(), spec=spec), _DRAW_ALL)


@_attack("invalid", "forms")
def _font_of_the_form_replaced(lab: Laboratory) -> bytes:
    return append(lab.sign(drawn_form_paper()), _other_font)


@_attack("invalid", "forms")
def _font_given_to_fields_without_a_look(lab: Laboratory) -> bytes:
    pdf = pikepdf.Pdf.open(io.BytesIO(form_paper()))
    del pdf.Root.AcroForm.Fields[0].AP
    out = io.BytesIO()
    pdf.save(out)
    return append(lab.sign(out.getvalue()), _other_font)


@_attack("invalid", "forms")
def _writing_of_the_form_made_white(lab: Laboratory) -> bytes:
    return append(lab.sign(drawn_form_paper()), _form(DA=pdf_string("1 g /Helv 1 Tf")))


@_attack("invalid", "content")
def _look_shared_with_the_page(lab: Laboratory) -> bytes:
    """Filling a field that may be filled changes what the page draws, too."""
    pdf = pikepdf.Pdf.open(io.BytesIO(form_paper()))
    page = pdf.pages[0]
    page.Resources.XObject = Dictionary(X=pdf.Root.AcroForm.Fields[0].AP.N)
    page.Contents = Stream(pdf, b"/X Do")
    out = io.BytesIO()
    pdf.save(out)

    def change(writer: IncrementalPdfFileWriter) -> None:
        stream = _field(writer)["/AP"]["/N"]
        stream._data, stream._encoded_data = b"0 0 300 300 re f", None
        writer.update_container(stream)

    data = lab.sign(out.getvalue(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return append(data, change)


@_attack("invalid", "content")
def _font_shared_with_the_page(lab: Laboratory) -> bytes:
    pdf = pikepdf.Pdf.open(io.BytesIO(form_paper()))
    pdf.Root.AcroForm.DR = Dictionary(Font=Dictionary(F=pdf.pages[0].Resources.Font.F))
    out = io.BytesIO()
    pdf.save(out)

    def change(writer: IncrementalPdfFileWriter) -> None:
        font = _page(writer)["/Resources"]["/Font"]["/F"]
        font[pdf_name("/BaseFont")] = pdf_name("/ZapfDingbats")
        writer.update_container(font)

    return append(lab.sign(out.getvalue()), change)


@_attack("invalid", "content")
def _script_behind_a_field(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        script = {"/S": pdf_name("/JavaScript"), "/JS": pdf_string("event.value = 9")}
        action = generic.DictionaryObject({pdf_name(k): v for k, v in script.items()})
        _field(writer)[pdf_name("/AA")] = generic.DictionaryObject({pdf_name("/C"): action})
        writer.update_container(_field(writer))

    data = lab.sign(form_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return append(data, change)


# --- signatures and timestamps as pictures


@_attack("invalid", "content")
def _timestamp_over_the_page(lab: Laboratory) -> bytes:
    """Anybody can have a timestamp; this one shows another page."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("che", box=PAGE))
        _give_look(writer, _field(writer, 1))

    return lab.archive(lab.sign(text_paper()), field="che", change=change)


@_attack("invalid", "content")
def _timestamp_in_a_field_prepared_for_it(lab: Laboratory) -> bytes:
    def prepare(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("che", box=PAGE))

    def change(writer: IncrementalPdfFileWriter) -> None:
        _give_look(writer, _field(writer))

    data = lab.sign(append(text_paper(), prepare))
    return lab.archive(data, field="che", change=change)


@_attack("invalid", "content")
def _timestamp_with_seen_kids(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("che"))
        entries = {"/Type": pdf_name("/Annot"), "/Subtype": pdf_name("/Widget")}
        widget = generic.DictionaryObject({pdf_name(k): v for k, v in entries.items()})
        widget[pdf_name("/Rect")] = _numbers(*PAGE)
        reference = writer.add_object(widget)
        _give_look(writer, widget)
        _field(writer, 1)[pdf_name("/Kids")] = generic.ArrayObject([reference])
        page, _resources = writer.find_page_for_modification(0)
        writer.register_annotation(page, reference)
        writer.update_container(_field(writer, 1))

    return lab.archive(lab.sign(text_paper()), field="che", change=change)


@_attack("invalid", "content")
def _look_of_the_signature_replaced(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), spec=SEEN)
    return append(data, lambda writer: _give_look(writer, _field(writer)))


@_attack("invalid", "content")
def _signature_hidden_from_sight(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        _field(writer)[pdf_name("/F")] = generic.NumberObject(2)
        writer.update_container(_field(writer))

    return append(lab.sign(text_paper(), spec=SEEN), change)


@_attack("invalid", "forms")
def _empty_signature_field_over_the_page(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("che", box=PAGE))
        _give_look(writer, _field(writer, 1))

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _empty_signature_field_given_a_look(lab: Laboratory) -> bytes:
    def prepare(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("che", box=PAGE))

    data = lab.sign(append(text_paper(), prepare))
    return append(data, lambda writer: _give_look(writer, _field(writer)))


@_attack("indeterminate", "untrusted")
def _signature_of_a_stranger_over_the_page(lab: Laboratory) -> bytes:
    spec = SigFieldSpec("che", box=PAGE)
    return lab.sign(lab.sign(text_paper()), lab.stranger("Kẻ lạ"), field="che", spec=spec)


# --- signatures out of their place


@_attack("invalid", "content", "hidden-signature", "partial")
def _wrapping_signature_moved_to_another_object(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        value = generic.DictionaryObject(dict(_field(writer)["/V"]))
        _field(writer)[pdf_name("/V")] = writer.add_object(value)
        writer.update_container(_field(writer))

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _wrapping_one_signature_in_two_fields(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        twin = generic.DictionaryObject(dict(_field(writer)))
        twin[pdf_name("/T")] = pdf_string("Signature2")
        writer.root["/AcroForm"]["/Fields"].append(writer.add_object(twin))
        writer.update_container(writer.root["/AcroForm"])

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "hidden-signature")
def _signature_field_emptied(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        del _field(writer)["/V"]
        writer.update_container(_field(writer))

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _limits_of_the_certifier_taken_away(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        del writer.root["/Perms"]
        writer.update_root()

    data = lab.sign(form_paper(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    return append(data, change)


@_attack("invalid", "content")
def _certified_by_hindsight(lab: Laboratory) -> bytes:
    """An approval becomes a certification, which would let fields be filled."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        signature = _field(writer, 2).raw_get("/V")
        writer.root[pdf_name("/Perms")] = generic.DictionaryObject({pdf_name("/DocMDP"): signature})
        writer.update_root()

    return append(lab.sign(form_paper()), change)


# --- old and hidden objects


@_attack("invalid", "content")
def _shadow_hide_and_replace_by_a_table_alone(lab: Laboratory) -> bytes:
    """The other content was signed, unlisted; only a table that lists it is added."""
    plain = pikepdf.Pdf.open(io.BytesIO(text_paper(1)))
    out = io.BytesIO()
    plain.save(out, compress_streams=False)
    data, place = out.getvalue(), int(out.getvalue().split()[-2])
    content = re.search(rb"/Contents (\d+) 0 R", data)
    assert content is not None
    number, text = int(content[1]), b"BT /F 20 Tf 40 200 Td (9 000 000 dong) Tj ET"
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)
    hidden = b"%d 0 obj\n%s\nendobj\n" % (number, stream)
    data = data[:place] + hidden + data[place:]
    data = re.sub(rb"startxref\n\d+", b"startxref\n%d" % (place + len(hidden)), data)
    signed = lab.sign(data)
    table = b"xref\n%d 1\n%010d 00000 n\r\n" % (number, place)
    root, size = (re.findall(rb"/%s (\d+)" % key, signed)[-1] for key in (b"Root", b"Size"))
    trailer = b"trailer\n<< /Root %s 0 R /Size %s /Prev %d >>\n"
    end = b"startxref\n%d\n%%%%EOF\n" % len(signed)
    return signed + table + trailer % (root, size, int(signed.split()[-2])) + end


@_attack("invalid", "hidden-signature")
def _revision_before_the_fields_were_filled(lab: Laboratory) -> bytes:
    first = lab.sign(form_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return _filled(lab, first) + first[first.rindex(b"startxref") :]


@_attack("invalid", "hidden-signature")
def _revision_before_it_was_signed(lab: Laboratory) -> bytes:
    data = text_paper()
    return lab.sign(data) + data[data.rindex(b"startxref") :]


# --- universal signature forgery, further forms


@_attack("invalid", "unreadable")
def _usf_byte_range_null(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ByteRange \[[^\]]*\]", lambda _match: b"/ByteRange null")


@_attack("invalid", "unreadable")
def _usf_byte_range_of_nulls(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ByteRange \[[^\]]*\]", lambda _match: b"/ByteRange [null null]")


@_attack("invalid", "altered")
def _usf_byte_range_beyond_the_end(lab: Laboratory) -> bytes:
    def longer(match: re.Match[bytes]) -> bytes:
        zero, first, second, last = map(int, match[1].split())
        return b"/ByteRange [%d %d %d %d]" % (zero, first, second, last + 1)

    return _in_place(lab, rb"/ByteRange \[([^\]]*)\]", longer)


@_attack("invalid", "altered")
def _usf_byte_range_backwards(lab: Laboratory) -> bytes:
    def turned(match: re.Match[bytes]) -> bytes:
        zero, first, second, last = map(int, match[1].split())
        return b"/ByteRange [%d %d %d %d]" % (second, last, zero, first)

    return _in_place(lab, rb"/ByteRange \[([^\]]*)\]", turned)


@_attack("invalid", "unreadable")
def _usf_type_null(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/Type /Sig\b", lambda _match: b"/Type null")


@_attack("indeterminate", "unknown-kind")
def _usf_sub_filter_null(lab: Laboratory) -> bytes:
    wanted = rb"/SubFilter /ETSI.CAdES.detached"
    return _in_place(lab, wanted, lambda _match: b"/SubFilter null")


@_attack("indeterminate", "old-kind")
def _kind_that_rests_on_sha1(lab: Laboratory) -> bytes:
    wanted = rb"/SubFilter /ETSI.CAdES.detached"
    return _in_place(lab, wanted, lambda _match: b"/SubFilter /adbe.pkcs7.sha1")


# --- certificates beyond what their issuers may issue


def _issued_by(lab: Laboratory, **how: object) -> bytes:
    """Signed by somebody whose issuer is bound by ``how``."""
    between = lab.holder("Cấp dưới", ca=True, **how)
    who = lab.holder("Người ký", issuer=between)
    return lab.sign(text_paper(), who, also=(between,))


@_attack("indeterminate", "untrusted")
def _issuer_bound_to_other_names(lab: Laboratory) -> bytes:
    organisation = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "UBND")
    allowed = [x509.DirectoryName(x509.Name([organisation]))]
    return _issued_by(lab, bound=x509.NameConstraints(allowed, None))


@_attack("indeterminate", "untrusted")
def _issuer_below_one_that_may_have_none(lab: Laboratory) -> bytes:
    last = lab.holder("Cấp cuối", ca=True, below=0)
    further = lab.holder("Cấp dưới nữa", ca=True, issuer=last)
    return lab.sign(text_paper(), lab.holder("Người ký", issuer=further), also=(last, further))


@_attack("indeterminate", "untrusted")
def _demand_in_a_certificate_that_nobody_knows(lab: Laboratory) -> bytes:
    demand = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    return lab.sign(text_paper(), lab.holder("Người ký", bound=demand))


@_attack("invalid", "weak")
def _short_curve(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Khóa ngắn", curve=ec.SECP192R1()))


# --- pages of an empty form


@_attack("invalid", "content")
def _page_tree_in_an_array_of_its_own(lab: Laboratory) -> bytes:
    """The list of pages is an object of its own, shared and replaced."""
    pdf = pikepdf.Pdf.open(io.BytesIO(text_paper()))
    pdf.Root.Pages.Kids = pdf.make_indirect(Array(list(pdf.Root.Pages.Kids)))
    pdf.Root.PieceInfo = Dictionary(K=pdf.Root.Pages.Kids, Type=Name.X)
    out = io.BytesIO()
    pdf.save(out)

    def change(writer: IncrementalPdfFileWriter) -> None:
        kids = writer.root["/Pages"]["/Kids"]
        del kids[1]
        writer.update_container(kids)

    return append(lab.sign(out.getvalue()), change)
