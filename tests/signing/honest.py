"""Files by honest signers, as different programs write them, that must be called valid."""

import io
import re
from collections.abc import Callable

import pikepdf
from asn1crypto import parser
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
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

from tests.signing.attacks import _filled
from tests.signing.laboratory import Laboratory, append
from tests.signing.papers import (
    NO_PRINTING,
    drawn_form_paper,
    form_paper,
    hybrid_paper,
    layered_paper,
    shadow_paper,
    text_paper,
)

Build = Callable[[Laboratory], bytes]
HONEST: dict[str, Build] = {}


def _honest(build: Build) -> Build:
    HONEST[build.__name__.strip("_").replace("_", "-")] = build
    return build


@_honest
def _pades(lab: Laboratory) -> bytes:
    return lab.sign(text_paper())


@_honest
def _pkcs7_detached(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)


@_honest
def _ecdsa(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Khóa elliptic", curve=ec.SECP256R1()))


@_honest
def _rsa_pss(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), pss=True)


@_honest
def _sha512(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), md_algorithm="sha512")


@_honest
def _timestamped(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), stamped=True)


@_honest
def _listed_as_not_revoked(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Có tra cứu", crl=lab.crl_url))


@_honest
def _two_signatures(lab: Laboratory) -> bytes:
    return lab.sign(lab.sign(text_paper()), field="Signature2")


@_honest
def _three_signatures_one_visible(lab: Laboratory) -> bytes:
    twice = lab.sign(lab.sign(text_paper(), stamped=True), field="Signature2", stamped=True)
    return lab.sign(twice, field="Signature3", spec=SigFieldSpec("Signature3", box=(9, 9, 90, 60)))


@_honest
def _empty_field_prepared(lab: Laboratory) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("Signature1"))
        append_signature_field(writer, SigFieldSpec("Signature2", box=(9, 9, 90, 60)))

    return lab.sign(lab.sign(append(text_paper(), change)), field="Signature2")


@_honest
def _archived_once(lab: Laboratory) -> bytes:
    return lab.archive(lab.sign(text_paper(), stamped=True))


@_honest
def _archived_three_times(lab: Laboratory) -> bytes:
    return lab.archive(lab.archive(_archived_once(lab)))


@_honest
def _evidence_added(lab: Laboratory) -> bytes:
    data = io.BytesIO(lab.sign(text_paper(), stamped=True))
    DocumentSecurityStore.add_dss(data, None, certs=[lab.issuing.asn1])
    DocumentSecurityStore.add_dss(data, None, certs=[lab.stamper.asn1])
    return data.getvalue()


@_honest
def _certified_then_approved(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return lab.sign(data, field="Signature2", stamped=True)


@_honest
def _certified_for_comments_then_approved(lab: Laboratory) -> bytes:
    data = lab.sign(text_paper(), certify=True, docmdp_permissions=MDPPerm.ANNOTATE)
    return lab.sign(data, field="Signature2")


@_honest
def _all_but_one_field_locked(lab: Laboratory) -> bytes:
    lock = FieldMDPSpec(FieldMDPAction.EXCLUDE, fields=["dia_chi"])
    data = lab.sign(form_paper(), spec=SigFieldSpec("Signature1", field_mdp_spec=lock))
    return _filled(lab, data, "dia_chi")


@_honest
def _certified_form_filled(lab: Laboratory) -> bytes:
    data = lab.sign(form_paper(), certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    return _filled(lab, data)


@_honest
def _certified_form_filled_and_signed(lab: Laboratory) -> bytes:
    return lab.sign(_certified_form_filled(lab), field="Signature2")


@_honest
def _certified_form_filled_for_the_viewer_to_draw(lab: Laboratory) -> bytes:
    """As programs do that do not draw the looks of fields themselves."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        form[pdf_name("/NeedAppearances")] = generic.BooleanObject(True)
        writer.update_container(form)

    return append(_certified_form_filled(lab), change)


@_honest
def _fonts_added_to_the_form(lab: Laboratory) -> bytes:
    """As Acrobat does when it signs."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        names = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/ZapfDingbats"}
        font = generic.DictionaryObject({pdf_name(k): pdf_name(v) for k, v in names.items()})
        form = writer.root["/AcroForm"]
        form["/DR"]["/Font"][pdf_name("/ZaDb")] = writer.add_object(font)
        writer.update_container(form)

    return lab.sign(append(lab.sign(drawn_form_paper()), change), field="Signature2")


@_honest
def _ed448(lab: Laboratory) -> bytes:
    return lab.sign(text_paper(), lab.holder("Khóa Edwards", edwards=True), md_algorithm="shake256")


@_honest
def _issuer_bound_to_names_it_kept_to(lab: Laboratory) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Người ký")])
    bound = x509.NameConstraints([x509.DirectoryName(name)], None)
    between = lab.holder("Cấp dưới", ca=True, below=0, bound=bound)
    return lab.sign(text_paper(), lab.holder("Người ký", issuer=between), also=(between,))


@_honest
def _only_printing_forbidden(lab: Laboratory) -> bytes:
    """Encrypted, and opened without a password (PDF 2.0, AES-256)."""
    return lab.sign(lab.sign(text_paper(encryption=NO_PRINTING)), field="Signature2")


@_honest
def _other_fields_locked(lab: Laboratory) -> bytes:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["ho_ten"])
    data = lab.sign(form_paper(), spec=SigFieldSpec("Signature1", field_mdp_spec=lock))
    return lab.sign(_filled(lab, data, "dia_chi"), field="Signature2")


@_honest
def _form_filled_before(lab: Laboratory) -> bytes:
    return lab.sign(_filled(lab, form_paper()))


@_honest
def _layers_untouched(lab: Laboratory) -> bytes:
    return lab.sign(layered_paper())


@_honest
def _unused_objects(lab: Laboratory) -> bytes:
    return lab.sign(lab.sign(shadow_paper()), field="Signature2")


@_honest
def _cross_reference_streams(lab: Laboratory) -> bytes:
    data = text_paper(object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return lab.archive(lab.sign(lab.sign(data), field="Signature2"))


@_honest
def _linearised(lab: Laboratory) -> bytes:
    return lab.archive(lab.sign(text_paper(linearize=True)))


@_honest
def _office_hybrid(lab: Laboratory) -> bytes:
    return lab.sign(hybrid_paper())


@_honest
def _office_hybrid_signed_twice(lab: Laboratory) -> bytes:
    return lab.sign(lab.sign(hybrid_paper()), field="Signature2")


@_honest
def _unused_slots_freed(lab: Laboratory) -> bytes:
    """As iText: the next revision lists numbers it reserved and never used as free."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        info = generic.DictionaryObject({pdf_name("/ModDate"): pdf_string("D:20261124120000Z")})
        writer.set_info(writer.add_object(info))

    before = lab.sign(text_paper())
    after = append(before, change)
    tail = after[len(before) :]
    table = tail.index(b"xref\n") + len(b"xref\n")
    freed = b"800 1\n0000000000 00001 f \n"
    widened = tail[:table] + freed + tail[table:].replace(b"/Size ", b"/Size 8", 1)
    return before + widened


@_honest
def _usage_rights_granted(lab: Laboratory) -> bytes:
    pdf = pikepdf.Pdf.open(io.BytesIO(form_paper()))
    grant = pikepdf.Dictionary(
        Type=pikepdf.Name.Sig, Filter=pikepdf.Name("/Adobe.PPKLite"),
        SubFilter=pikepdf.Name("/adbe.pkcs7.detached"), ByteRange=[0, 10, 20, 10],
        Contents=pikepdf.String(b"0" * 40),
    )  # fmt: skip
    pdf.Root.Perms = pikepdf.Dictionary(UR3=pdf.make_indirect(grant))
    out = io.BytesIO()
    pdf.save(out)
    return lab.sign(out.getvalue())


@_honest
def _comment_between_revisions(lab: Laboratory) -> bytes:
    return lab.sign(lab.sign(text_paper()) + b"%a comment\n\n", field="Signature2")


@_honest
def _rules_bent_and_all_signed(lab: Laboratory) -> bytes:
    """A table of objects that says it is shorter than it is, as some scanners write it."""
    return lab.sign(text_paper().replace(b"/Size 8", b"/Size 7", 1))


@_honest
def _indefinite_lengths(lab: Laboratory) -> bytes:
    """The container's outer parts in BER with their ends marked, as older programs write it."""
    data = lab.sign(text_paper())
    gap = re.search(rb"/Contents <([0-9a-fA-F]+)>", data)
    assert gap is not None
    contents = bytes.fromhex(gap[1].decode())
    _class, _method, _tag, _header, outer, _trailer = parser.parse(
        contents[: parser.peek(contents)]
    )
    kind = outer[: parser.peek(outer)]
    signed = parser.parse(parser.parse(outer[len(kind) :])[4])[4]
    inner = b"\x30\x80" + signed + b"\0\0"
    written = b"\x30\x80" + kind + b"\xa0\x80" + inner + b"\0\0" + b"\0\0"
    value = written.hex().encode().ljust(len(gap[1]), b"0")
    return data[: gap.start(1)] + value + data[gap.end(1) :]
