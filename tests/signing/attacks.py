"""Files that must never be called valid: one builder a class, with the verdict and its cause.

Classes after Mladenov et al., "1 Trillion Dollar Refund" (CCS 2019): universal signature forgery,
signature wrapping, incremental saving; "Shadow Attacks" (NDSS 2021): hide, replace, hide and
replace; "Breaking the Specification: PDF Certification" (S&P 2021): evil annotation, sneaky
signature; and what else a careless or hostile hand does to a signed file.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore

from tests.signing.laboratory import DAY, Laboratory, append
from tests.signing.papers import form_paper, layered_paper, shadow_paper, text_paper

Build = Callable[[Laboratory], bytes]


@dataclass(frozen=True)
class Attack:
    """How to make the file; ``causes`` are those of the file or of its signatures."""

    build: Build
    verdict: str
    causes: tuple[str, ...]


ATTACKS: dict[str, Attack] = {}


def _attack(verdict: str, *causes: str) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        ATTACKS[build.__name__.strip("_").replace("_", "-")] = Attack(build, verdict, causes)
        return build

    return register


def _content(text: bytes) -> generic.StreamObject:
    return generic.StreamObject(stream_data=b"BT /F 20 Tf 40 200 Td (%s) Tj ET" % text)


def _page(writer: IncrementalPdfFileWriter, number: int = 0) -> generic.DictionaryObject:
    page: generic.DictionaryObject = writer.root["/Pages"]["/Kids"][number]
    return page


def _numbers(*values: int) -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.NumberObject, values))


# --- incremental saving attacks


@_attack("invalid", "content")
def _isa_content_replaced(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        page[pdf_name("/Contents")] = writer.add_object(_content(b"9 000 000 dong"))
        writer.update_container(page)

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content", "hidden-signature", "malformed")
def _isa_body_without_xref(lab: Laboratory) -> bytes:
    return lab.sign(text_paper()) + b"\n4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n"


@_attack("invalid", "content", "hidden-signature", "malformed", "partial", "appended")
def _isa_trailer_without_xref(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper())
    start = data[data.rindex(b"startxref") :]
    return data + b"\n4 0 obj\n<< >>\nendobj\ntrailer\n<< /Root 1 0 R /Size 30 >>\n" + start


@_attack("invalid", "appended")
def _isa_empty_xref(lab: Laboratory) -> bytes:
    return append(lab.sign(text_paper()), lambda _writer: None)


@_attack("invalid", "appended", "content", "malformed", "partial")
def _isa_xref_copied_with_no_entries(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper())
    place, size = int(data.split()[-2]), len(data)
    trailer = b"trailer\n<< /Root 1 0 R /Size 40 /Prev %d >>\n" % place
    return data + b"xref\n0 0\n" + trailer + b"startxref\n%d\n%%%%EOF\n" % size


@_attack("invalid", "content", "hidden-signature", "unknown-kind", "not-signed", "malformed")
def _shadow_document_under_a_new_root(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper())
    place, size = int(data.split()[-2]), len(data)
    objects = (
        b"<< /Type /Catalog /Pages 91 0 R >>",
        b"<< /Type /Pages /Kids [92 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 91 0 R /MediaBox [0 0 300 300] >>",
    )
    body, table = b"", b""
    for number, one in enumerate(objects, 90):
        table += b"%010d 00000 n\r\n" % (size + len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    trailer = b"trailer\n<< /Root 90 0 R /Size 93 /Prev %d >>\n" % place
    end = b"startxref\n%d\n%%%%EOF\n" % (size + len(body))
    return data + body + b"xref\n90 3\n" + table + trailer + end


@_attack("invalid", "content")
def _page_added(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        tree = writer.root["/Pages"]
        page = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Page"),
                pdf_name("/MediaBox"): _numbers(0, 0, 300, 300),
                pdf_name("/Parent"): writer.root.raw_get("/Pages"),
            }
        )
        tree["/Kids"].append(writer.add_object(page))
        tree[pdf_name("/Count")] = generic.NumberObject(3)
        writer.update_container(tree)

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _page_removed(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        tree = writer.root["/Pages"]
        del tree["/Kids"][1]
        tree[pdf_name("/Count")] = generic.NumberObject(1)
        writer.update_container(tree)

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _pages_swapped(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        tree = writer.root["/Pages"]
        tree["/Kids"].append(tree["/Kids"].raw_get(0))
        del tree["/Kids"][0]
        writer.update_container(tree)

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _page_cropped(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        page[pdf_name("/CropBox")] = _numbers(0, 0, 300, 100)
        writer.update_container(page)

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _object_freed(lab: Laboratory) -> bytes:
    """The content of page 1 is given up: the page turns white."""
    data = lab.sign(text_paper())
    place, size = int(data.split()[-2]), len(data)
    content = re.search(rb"/Contents (\d+) 0 R", data)
    assert content is not None
    number = int(content[1])
    table = b"xref\n%d 1\n%010d %05d f\r\n" % (number, 0, 1)
    root = re.findall(rb"/Root (\d+) 0 R", data)[-1]
    trailer = b"trailer\n<< /Root %s 0 R /Size 60 /Prev %d >>\n" % (root, place)
    return data + table + trailer + b"startxref\n%d\n%%%%EOF\n" % size


# --- shadow attacks


def _set_layers(lab: Laboratory, on: int, off: int) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        layers = writer.root["/OCProperties"]
        groups = layers["/OCGs"]
        layers["/D"][pdf_name("/ON")] = generic.ArrayObject([groups.raw_get(on)])
        layers["/D"][pdf_name("/OFF")] = generic.ArrayObject([groups.raw_get(off)])
        writer.update_container(layers)

    return append(lab.sign(layered_paper()), change)


@_attack("invalid", "content")
def _shadow_layers_switched(lab: Laboratory) -> bytes:
    return _set_layers(lab, 1, 0)


@_attack("invalid", "content")
def _shadow_all_layers_hidden(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        layers = writer.root["/OCProperties"]
        layers["/D"][pdf_name("/BaseState")] = pdf_name("/OFF")
        layers["/D"][pdf_name("/ON")] = generic.ArrayObject()
        writer.update_container(layers)

    return append(lab.sign(layered_paper()), change)


@_attack("invalid", "content")
def _shadow_layers_added(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name("/OCProperties")] = generic.DictionaryObject(
            {pdf_name("/OCGs"): generic.ArrayObject(), pdf_name("/D"): generic.DictionaryObject()}
        )
        writer.update_root()

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _shadow_hide_object_replaced(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        looks = page["/Resources"]["/XObject"]
        looks[pdf_name("/X")] = writer.root["/PieceInfo"]["/Prepared"].raw_get(1)
        writer.update_container(looks)

    return append(lab.sign(shadow_paper()), change)


@_attack("invalid", "content")
def _shadow_replace_font(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        font = _page(writer)["/Resources"]["/Font"]["/F"]
        font[pdf_name("/BaseFont")] = pdf_name("/Symbol")
        writer.update_container(font)

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _shadow_hide_and_replace_page_tree(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        prepared = writer.root["/PieceInfo"]["/Prepared"].raw_get(0)
        writer.root[pdf_name("/Pages")] = prepared
        writer.update_root()

    return append(lab.sign(shadow_paper()), change)


@_attack("invalid", "content")
def _shadow_content_stream_rewritten(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        stream = _page(writer)["/Contents"]
        stream._data = b"BT /F 20 Tf 40 200 Td (9 000 000 dong) Tj ET"
        stream._encoded_data = None
        writer.update_container(stream)

    return append(lab.sign(text_paper()), change)


# --- forms


def _filled(lab: Laboratory, data: bytes, name: str = "ho_ten") -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        for field in writer.root["/AcroForm"]["/Fields"]:
            if field.get_object().get("/T") == name:
                field.get_object()[pdf_name("/V")] = pdf_string("Lò Văn Bình")
                writer.update_container(field.get_object())

    return append(data, change)


@_attack("invalid", "forms")
def _form_field_changed(lab: Laboratory) -> bytes:
    return _filled(lab, lab.sign(form_paper()))


@_attack("invalid", "forms", "content")
def _form_field_look_changed(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        look = _content(b"9 000 000 dong")
        look[pdf_name("/Subtype")] = pdf_name("/Form")
        look[pdf_name("/BBox")] = _numbers(0, 0, 300, 300)
        field["/AP"][pdf_name("/N")] = writer.add_object(look)
        writer.update_container(field)

    return append(lab.sign(form_paper()), change)


@_attack("invalid", "content")
def _form_field_moved(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field[pdf_name("/Rect")] = _numbers(0, 0, 300, 300)
        writer.update_container(field)

    data = lab.sign(form_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return append(data, change)


@_attack("invalid", "content", "forms")
def _form_filled_though_certified_unchanging(lab: Laboratory) -> bytes:
    data = lab.sign(form_paper(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    return _filled(lab, data)


@_attack("invalid", "content")
def _locked_field_filled(lab: Laboratory) -> bytes:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["ho_ten"])
    spec = SigFieldSpec("Signature1", field_mdp_spec=lock)
    return _filled(lab, lab.sign(form_paper(), spec=spec))


@_attack("invalid", "content", "hidden-signature", "not-signed")
def _form_taken_away(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        del writer.root["/AcroForm"]
        writer.update_root()

    return append(lab.sign(text_paper()), change)


# --- certification attacks


def _annotate(data: bytes, subtype: str) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        note = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name(subtype),
                pdf_name("/Rect"): _numbers(0, 0, 300, 300),
                pdf_name("/Contents"): pdf_string("9 000 000 dong"),
                pdf_name("/F"): generic.NumberObject(4),
            }
        )
        page, _resources = writer.find_page_for_modification(0)
        writer.register_annotation(page, writer.add_object(note))

    return append(data, change)


@_attack("invalid", "content")
def _comment_added(lab: Laboratory) -> bytes:
    return _annotate(lab.sign(text_paper()), "/Text")


@_attack("invalid", "content")
def _evil_annotation_on_certified(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.ANNOTATE)
    return _annotate(data, "/FreeText")


@_attack("invalid", "content")
def _stamp_on_certified_for_forms(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return _annotate(data, "/Stamp")


@_attack("invalid", "content", "forms")
def _sneaky_empty_signature_field(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        spec = SigFieldSpec("che", box=(0, 0, 300, 300), empty_field_appearance=True)
        append_signature_field(writer, spec)

    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return append(data, change)


@_attack("invalid", "content")
def _sneaky_signature_of_a_stranger(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    spec = SigFieldSpec("che", box=(0, 0, 300, 300))
    return lab.sign(data, lab.stranger("Kẻ lạ"), field="che", spec=spec)


@_attack("invalid", "content")
def _signed_though_certified_unchanging(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    writer_may = data.replace(b"/P 1", b"/P 2", 1)  # as a program that does not care would
    return (
        lab.sign(writer_may, field="Signature2")[: len(data)].replace(b"/P 2", b"/P 1", 1)
        + lab.sign(writer_may, field="Signature2")[len(data) :]
    )


# --- universal signature forgery: the signature dictionary itself


def _in_place(lab: Laboratory, pattern: bytes, new: Callable[[re.Match[bytes]], bytes]) -> bytes:
    data = lab.sign(text_paper())
    match = re.search(pattern, data)
    assert match is not None, pattern
    replaced = new(match)
    assert len(replaced) <= len(match[0])
    return data[: match.start()] + replaced.ljust(len(match[0])) + data[match.end() :]


@_attack("invalid", "malformed", "unreadable", "hidden-signature")
def _usf_no_contents(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/Contents <", lambda _match: b"/Contentz <")


@_attack("invalid", "malformed", "unreadable", "container", "altered")
def _usf_contents_null(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/Contents <[0-9a-fA-F]+>", lambda _match: b"/Contents null")


@_attack("invalid", "malformed", "unreadable", "container", "altered")
def _usf_contents_empty(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/Contents <[0-9a-fA-F]+>", lambda _match: b"/Contents <>")


@_attack("invalid", "malformed", "unreadable", "container", "altered")
def _usf_contents_zeros(lab: Laboratory) -> bytes:
    return _in_place(
        lab, rb"<3082[0-9a-fA-F]+>", lambda match: b"<" + b"0" * (len(match[0]) - 2) + b">"
    )


@_attack("invalid", "malformed", "unreadable", "hidden-signature")
def _usf_no_byte_range(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ByteRange \[", lambda _match: b"/ByteRangs [")


@_attack("invalid", "malformed", "unreadable", "altered", "partial")
def _usf_byte_range_zeros(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ByteRange \[[^\]]*\]", lambda _match: b"/ByteRange [0 0 0 0]")


@_attack("invalid", "malformed", "unreadable", "altered", "partial")
def _usf_byte_range_negative(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ByteRange \[[^\]]*\]", lambda _match: b"/ByteRange [0 -1 10 -5]")


@_attack("invalid", "malformed", "unreadable", "altered")
def _usf_byte_range_short(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ByteRange \[[^\]]*\]", lambda _match: b"/ByteRange [0 10]")


@_attack("invalid", "malformed", "unreadable", "altered", "partial")
def _overlapping_ranges(lab: Laboratory) -> bytes:
    def overlap(match: re.Match[bytes]) -> bytes:
        _zero, first, second, last = map(int, match[1].split())
        return b"/ByteRange [0 %d %d %d]" % (first, second - 200, last + 200)

    return _in_place(lab, rb"/ByteRange \[([^\]]*)\]", overlap)


@_attack("invalid", "malformed", "unreadable", "altered", "partial")
def _range_not_from_the_start(lab: Laboratory) -> bytes:
    def later(match: re.Match[bytes]) -> bytes:
        _zero, first, second, last = map(int, match[1].split())
        return b"/ByteRange [9 %d %d %d]" % (first - 9, second, last)

    return _in_place(lab, rb"/ByteRange \[([^\]]*)\]", later)


@_attack("indeterminate", "unknown-kind")
def _unknown_sub_filter(lab: Laboratory) -> bytes:
    return _in_place(lab, rb"/ETSI.CAdES.detached", lambda _match: b"/ETSI.CAdES.detachet")


# --- signature wrapping


@_attack("invalid", "malformed", "altered", "unreadable", "partial", "container")
def _wrapping_object_in_the_gap(lab: Laboratory) -> bytes:
    """The gap of the signature grows; what is put there nobody signed."""
    data = lab.sign(text_paper())
    match = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", data)
    assert match is not None
    second = int(match[2])
    evil = b"\n/Evil (9 000 000 dong) "
    new = b"/ByteRange [0 %d %d %d]" % (int(match[1]), second + len(evil), int(match[3]))
    moved = data[: match.start()] + new.ljust(len(match[0])) + data[match.end() :]
    return moved[:second] + evil + moved[second:]


@_attack(
    "invalid", "malformed", "altered", "unreadable", "partial", "container", "hidden-signature"
)
def _wrapping_second_part_moved_behind(lab: Laboratory) -> bytes:
    """The second signed part is kept at the end, another stands where it was."""
    data = lab.sign(text_paper())
    match = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", data)
    assert match is not None
    second = int(match[2])
    part = data[second:]
    evil = part.replace(b"100", b"900")
    new = b"/ByteRange [0 %d %d %d]" % (int(match[1]), second + len(evil), len(part))
    moved = data[: match.start()] + new.ljust(len(match[0])) + data[match.end() : second]
    return moved + evil + part


@_attack("invalid", "altered", "wrong-value", "unreadable")
def _signature_of_another_paper(lab: Laboratory) -> bytes:
    other, data = lab.sign(text_paper(3)), lab.sign(text_paper())
    taken = re.search(rb"/Contents <([0-9a-fA-F]+)>", other)
    gap = re.search(rb"/Contents <([0-9a-fA-F]+)>", data)
    assert taken is not None
    assert gap is not None
    value = taken[1][: len(gap[1])].ljust(len(gap[1]), b"0")
    return data[: gap.start(1)] + value + data[gap.end(1) :]


@_attack("invalid", "hidden-signature")
def _signature_hidden_from_the_form(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        entries = {"/Type": pdf_name("/Sig"), "/ByteRange": _numbers(0, 1, 2, 3)}
        hidden = generic.DictionaryObject({pdf_name(k): v for k, v in entries.items()})
        writer.root[pdf_name("/PieceInfo")] = writer.add_object(hidden)
        writer.update_root()

    return lab.sign(append(text_paper(), change))


# --- the signed bytes


@_attack("invalid", "altered")
def _one_digit_changed(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper())
    return data.replace(b"/MediaBox [ 0 0 300 300 ]", b"/MediaBox [ 0 0 300 301 ]", 1)


@_attack("invalid", "hidden-signature", "partial", "malformed", "content")
def _rubbish_behind_the_end(lab: Laboratory) -> bytes:
    return lab.sign(text_paper()) + b"hello"


@_attack(
    "invalid", "altered", "malformed", "unreadable", "partial", "hidden-signature", "container"
)
def _rubbish_before_the_start(lab: Laboratory) -> bytes:
    return b"GIF89a\n" + lab.sign(text_paper())


@_attack("invalid", "altered", "malformed", "unreadable", "partial")
def _cut_off(lab: Laboratory) -> bytes:
    return lab.sign(text_paper())[:-120]


# --- what else a later revision may bring


@_attack("invalid", "content")
def _script_added(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(
            {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("app.alert(1)")}
        )
        writer.update_root()

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _file_attached(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        names = generic.DictionaryObject({pdf_name("/EmbeddedFiles"): generic.DictionaryObject()})
        writer.root[pdf_name("/Names")] = names
        writer.update_root()

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _title_changed(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        info = generic.DictionaryObject({pdf_name("/Title"): pdf_string("Bằng lái xe")})
        writer.set_info(writer.add_object(info))

    return append(lab.sign(text_paper()), change)


@_attack("invalid", "content")
def _content_changed_then_signed_again(lab: Laboratory) -> bytes:
    return lab.sign(_isa_content_replaced(lab), field="Signature2")


@_attack("invalid", "content")
def _content_changed_then_archived(lab: Laboratory) -> bytes:
    return lab.archive(_isa_content_replaced(lab))


def _with_evidence(lab: Laboratory) -> bytes:
    data = io.BytesIO(lab.sign(text_paper()))
    DocumentSecurityStore.add_dss(data, None, certs=[lab.issuing.asn1])
    return data.getvalue()


@_attack("invalid", "hidden-signature")
def _body_behind_the_evidence_under_the_old_xref(lab: Laboratory) -> bytes:
    data = _with_evidence(lab)
    return data + b"\n4 0 obj\n<< >>\nendobj\n" + data[data.rindex(b"startxref") :]


@_attack("invalid", "hidden-signature")
def _body_between_the_evidence_and_its_end(lab: Laboratory) -> bytes:
    data = _with_evidence(lab)
    end = data.rindex(b"startxref")
    return data[:end] + b"\n4 0 obj\n<< >>\nendobj\n" + data[end:]


# --- certificates, methods, times


@_attack("indeterminate", "untrusted", "stray-certificate")
def _signed_by_a_stranger(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.stranger("Lò Thị Hạnh"))


@_attack("indeterminate", "untrusted", "stray-certificate")
def _issued_by_who_is_no_issuer(lab: Laboratory) -> bytes:
    """Somebody with a certificate for signing papers issues another one."""
    return lab.sign(text_paper(), lab.holder("Kẻ mạo danh", issuer=lab.signer))


@_attack("indeterminate", "out-of-date")
def _certificate_expired(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Hết hạn", starts=-30 * DAY, ends=-DAY))


@_attack("indeterminate", "out-of-date")
def _certificate_not_yet_in_force(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Chưa đến hạn", starts=DAY))


@_attack("indeterminate", "not-for-signing")
def _key_not_for_signing(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Mã hóa", usage=("key_encipherment",)))


@_attack("invalid", "revoked")
def _revoked_before_it_was_signed(lab: Laboratory) -> bytes:
    who = lab.holder("Bị thu hồi", crl=lab.crl_url)
    lab.revoked_at[who.certificate.serial_number] = datetime.now(UTC) - DAY
    return lab.sign(text_paper(), who, stamped=True)


@_attack("indeterminate", "revoked-unproven")
def _revoked_and_no_proof_of_time(lab: Laboratory) -> bytes:
    who = lab.holder("Bị thu hồi", crl=lab.crl_url)
    data = lab.sign(text_paper(), who, at=datetime.now(UTC) - 2 * DAY)
    lab.revoked_at[who.certificate.serial_number] = datetime.now(UTC) - timedelta(seconds=2)
    return data


@_attack("indeterminate", "no-revocation-evidence")
def _nobody_tells_whether_revoked(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Không rõ", crl="http://127.0.0.1:9/none.crl"))


@_attack("invalid", "weak")
def _sha1(lab: Laboratory) -> bytes:
    return lab.sign(
        text_paper(), md_algorithm="sha1", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    )


@_attack("invalid", "weak")
def _md5(lab: Laboratory) -> bytes:
    return lab.sign(
        text_paper(), md_algorithm="md5", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    )


@_attack("invalid", "weak")
def _short_key(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Khóa ngắn", bits=1024))


@_attack("indeterminate", "out-of-date")
def _dated_before_its_certificate(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), at=datetime.now(UTC) - 4000 * DAY)


@_attack("indeterminate", "not-for-signing")
def _key_of_a_web_server(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("kho.example.vn", eku=ExtendedKeyUsageOID.SERVER_AUTH))


@_attack("indeterminate", "future")
def _signed_in_the_future(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), at=datetime.now(UTC) + 30 * DAY)


@_attack("indeterminate", "not-signed")
def _not_signed(_lab: Laboratory) -> bytes:
    return text_paper()


@_attack("indeterminate", "only-timestamps")
def _only_a_timestamp(lab: Laboratory) -> bytes:
    return lab.archive(text_paper())


# --- files that want to break the reader


@_attack("invalid", "malformed", "unreadable", "content", "hidden-signature", "partial")
def _revisions_in_a_ring(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper())
    end = b"xref\n0 0\ntrailer\n<< /Root 1 0 R /Size 40 /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return data + end % (len(data), len(data))


@_attack("invalid", "malformed", "unreadable", "content")
def _nested_beyond_measure(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name("/Deep")] = pdf_string("@@")
        writer.update_root()

    deep = b"[" * 20_000 + b"]" * 20_000
    return append(lab.sign(text_paper()), change).replace(b"(@@)", deep)


@_attack("invalid", "content", "malformed", "unreadable")
def _pages_in_a_ring(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        tree = writer.root["/Pages"]
        tree["/Kids"].append(writer.root.raw_get("/Pages"))
        writer.update_container(tree)

    return append(lab.sign(text_paper()), change)
