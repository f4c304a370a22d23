"""The verifier: what holds is called valid, and nothing else is."""

import io
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from foundation.errors import ExitCode
from foundation.messages import set_language
from signing import errors
from signing.pades import SigningRequest, SignJob, sign_file
from signing.rehearsal import Rehearsal, rehearsal_pki
from signing.validation_policy import default_policy
from signing.verify import FileVerdict, verify_file

MakePdf = Callable[..., Path]
RequestFor = Callable[..., SigningRequest]
Verify = Callable[[bytes], FileVerdict]


@pytest.fixture
def verify(tmp_path: Path, pki: Rehearsal) -> Verify:
    """Verify bytes with the rehearsal root."""

    def run(data: bytes) -> FileVerdict:
        file = tmp_path / "file.pdf"
        file.write_bytes(data)
        return verify_file(file, [pki.root_pem])

    return run


@pytest.fixture(scope="session")
def small(
    tmp_path_factory: pytest.TempPathFactory, pki: Rehearsal, request_for: RequestFor
) -> bytes:
    """The smallest signed file: one white page, one signature with timestamp."""
    folder = tmp_path_factory.mktemp("small")
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(folder / "in.pdf")
    job = SignJob(folder / "in.pdf", folder / "out.pdf")
    sign_file(job, request_for("clerk"), pki.pin_source("clerk"))
    return job.target.read_bytes()


def test_no_flipped_bit_is_ever_accepted(small: bytes, verify: Verify) -> None:
    assert verify(small).valid
    rng = random.Random(20260715)  # noqa: S311  a repeatable choice, not a secret
    digits = range(small.index(b"/Contents <") + 11, small.rindex(b">", 0, -500))
    places = [rng.randrange(len(small)) for _ in range(150)]
    places += [rng.choice(digits) for _ in range(150)]
    for place in places:
        altered = bytearray(small)
        altered[place] ^= 1 << rng.randrange(8)
        verdict = verify(bytes(altered))
        assert not verdict.valid, f"bit flipped at {place}"
        assert verdict.reason or any(one.reason for one in verdict.signatures)


def test_other_hexadecimal_digits_in_the_signature_are_never_accepted(
    small: bytes, verify: Verify
) -> None:
    rng = random.Random(7)  # noqa: S311
    start = small.index(b"/Contents <") + 11
    end = start + len(small[start:].split(b">")[0].rstrip(b"0"))
    for place in rng.sample(range(start, end), 100):
        altered = bytearray(small)
        altered[place] = rng.choice([x for x in b"0123456789ABCDEF" if x != small[place]])
        assert not verify(bytes(altered)).valid, f"digit changed at {place - start}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<3082", b"<30 82"),
        (b"<3082", b"<3082\n"),
        (b"A", b"a"),
        (b"00>", b" 0>"),
        (b"00>", b"01>"),
    ],
)
def test_the_written_form_of_a_signature_is_not_free(
    old: bytes, new: bytes, small: bytes, verify: Verify
) -> None:
    start = small.index(b"/Contents <")
    place = small.index(old, start)
    altered = small[:place] + new + small[place + len(old) :]
    assert not verify(altered[: len(small)]).valid
    assert not verify(altered).valid


def test_the_holes_that_an_exhaustive_search_found_stay_closed(
    small: bytes, verify: Verify
) -> None:
    """Letter case of the issuer's name beside the signature, and a tag nobody knows."""
    start = small.index(b"/Contents <")
    name = "CẤP CHỨNG THƯ".encode().hex().upper().encode()
    places = [match.start() for match in re.finditer(name, small[start:])]
    for place in (start + places[-1], start + places[2]):
        assert not verify(small[:place] + b"6" + small[place + 1 :]).valid
    unsigned = re.search(rb"A182[0-9A-F]{4}3082[0-9A-F]{4}060B2A864886F70D010910020E", small)
    assert unsigned is not None
    place = unsigned.start()
    assert not verify(small[:place] + b"D" + small[place + 1 :]).valid


@pytest.mark.parametrize("extra", [b"\n", b" ", b"\0", b"%", b"trailing", b"\n%%EOF\n"])
def test_bytes_behind_the_end_are_noticed(extra: bytes, small: bytes, verify: Verify) -> None:
    assert not verify(small + extra).valid


def test_bytes_before_the_start_are_noticed(small: bytes, verify: Verify) -> None:
    assert not verify(b"\n" + small).valid


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_not_valid(part: float, small: bytes, verify: Verify) -> None:
    assert not verify(small[: int(len(small) * part)]).valid


def _append(data: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The file with one more revision, as an attacker or a careless program adds it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer._update_meta = lambda: None  # type: ignore[method-assign]
    writer._force_write_when_empty = True
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    assert len(out.getvalue()) > len(data)
    return out.getvalue()


def _first_page(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    return writer.root["/Pages"]["/Kids"][0]


def _nothing(_writer: IncrementalPdfFileWriter) -> None:
    pass


def _new_content(writer: IncrementalPdfFileWriter) -> None:
    page = _first_page(writer)
    drawing = generic.StreamObject(stream_data=b"0 0 300 300 re f")
    page[generic.pdf_name("/Contents")] = writer.add_object(drawing)
    writer.update_container(page)


def _turned_page(writer: IncrementalPdfFileWriter) -> None:
    page = _first_page(writer)
    page[generic.pdf_name("/Rotate")] = generic.NumberObject(180)
    writer.update_container(page)


def _new_annotation(writer: IncrementalPdfFileWriter) -> None:
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(
                map(generic.NumberObject, (0, 0, 300, 300))
            ),
            generic.pdf_name("/Contents"): generic.pdf_string("đã duyệt"),
        }
    )
    page, _resources = writer.find_page_for_modification(0)
    writer.register_annotation(page, writer.add_object(note))


def _other_title(writer: IncrementalPdfFileWriter) -> None:
    info = generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string("Bằng lái xe")})
    writer.set_info(writer.add_object(info))


def _other_metadata(writer: IncrementalPdfFileWriter) -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="x"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    stream = generic.StreamObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Metadata"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/XML"),
        },
        stream_data=packet,
    )
    writer.root[generic.pdf_name("/Metadata")] = writer.add_object(stream)
    writer.update_root()


def _visible_empty_field(writer: IncrementalPdfFileWriter) -> None:
    spec = SigFieldSpec("cover", box=(0, 0, 300, 300), empty_field_appearance=True)
    append_signature_field(writer, spec)


def _no_form(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


def _other_pages(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"].append(pages.raw_get("/Kids")[0])
    pages[generic.pdf_name("/Count")] = generic.NumberObject(2)
    writer.update_container(pages)


@pytest.mark.parametrize(
    "attack",
    [
        _nothing,
        _new_content,
        _turned_page,
        _new_annotation,
        _other_title,
        _other_metadata,
        _visible_empty_field,
        _no_form,
        _other_pages,
    ],
)
@pytest.mark.parametrize("signatures", [1, 2])
def test_a_revision_that_changes_anything_is_not_accepted(
    attack: Callable[[IncrementalPdfFileWriter], None],
    signatures: int,
    signed: Path,
    verify: Verify,
) -> None:
    file = signed if signatures == 2 else signed.with_name("once.pdf")
    verdict = verify(_append(file.read_bytes(), attack))
    assert verdict.verdict in ("invalid", "indeterminate"), attack
    assert verdict.reason or any(one.reason for one in verdict.signatures)


def test_a_form_field_filled_in_after_signing_is_not_accepted(
    tmp_path: Path, make_pdf: MakePdf, pki: Rehearsal, request_for: RequestFor, verify: Verify
) -> None:
    source = make_pdf(tmp_path / "form.pdf")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T="ho_ten",
                V="Lò Văn An",
                Rect=[50, 50, 200, 80],
            )
        )
        pdf.pages[0].Annots = pikepdf.Array([field])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[field], DA="/Helv 10 Tf")
        pdf.save(source)
    job = SignJob(source, tmp_path / "signed.pdf")
    sign_file(job, request_for("clerk", "b-b"), pki.pin_source("clerk"))
    assert verify(job.target.read_bytes()).valid

    def fill_in(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field[generic.pdf_name("/V")] = generic.pdf_string("Lò Văn Bình")
        writer.update_container(field)

    (signature,) = verify(_append(job.target.read_bytes(), fill_in)).signatures
    assert (signature.verdict, signature.changes) == ("invalid", "forms")
    assert signature.reason == "A form field was filled in or changed after signing."


def test_a_signature_cannot_be_moved_to_another_document(
    small: bytes, signed: Path, verify: Verify
) -> None:
    target = signed.with_name("once.pdf").read_bytes()
    start, end = target.index(b"/Contents <") + 11, target.index(b">", target.index(b"/Contents <"))
    taken = small[small.index(b"/Contents <") + 11 :].split(b">")[0]
    moved = target[:start] + taken.ljust(end - start, b"0")[: end - start] + target[end:]
    (signature,) = verify(moved).signatures
    assert signature.verdict == "invalid"


def test_the_trust_root_decides(signed: Path, pki: Rehearsal, tmp_path: Path) -> None:
    without = verify_file(signed, [])
    assert without.verdict == "indeterminate"
    assert "No trusted root" in without.signatures[0].reason
    with rehearsal_pki(tmp_path / "other") as other:
        foreign = verify_file(signed, [other.root_pem])
        assert foreign.verdict == "indeterminate"
        assert not any(one.trusted for one in foreign.signatures)
        assert verify_file(signed, [other.root_pem, pki.root_pem]).valid


def test_a_timestamp_keeps_a_signature_valid_only_while_its_own_certificate_holds(
    signed: Path, pki: Rehearsal
) -> None:
    policy = default_policy().offline()  # nobody can tell today what is revoked in 2046
    in_2046 = datetime(2046, 1, 1, tzinfo=UTC)  # the signers' certificates ended in 2045
    assert verify_file(signed, [pki.root_pem], at=in_2046, policy=policy).valid
    in_2052 = datetime(2052, 1, 1, tzinfo=UTC)  # the timestamp service's ended in 2050
    later = verify_file(signed, [pki.root_pem], at=in_2052, policy=policy)
    assert later.verdict == "indeterminate"


def test_without_a_timestamp_an_expired_certificate_is_not_enough(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    job = SignJob(page, tmp_path / "out.pdf")
    sign_file(job, request_for("clerk", "b-b"), pki.pin_source("clerk"))
    verdict = verify_file(job.target, [pki.root_pem], at=datetime(2046, 1, 1, tzinfo=UTC))
    assert verdict.verdict == "indeterminate"
    assert "not in force" in verdict.signatures[0].reason


def test_a_signature_from_the_future_is_doubted(signed: Path, pki: Rehearsal) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert verify_file(signed, [pki.root_pem], at=yesterday).verdict == "indeterminate"


def test_an_unsigned_file_is_never_valid(page: Path, pki: Rehearsal) -> None:
    verdict = verify_file(page, [pki.root_pem])
    assert (verdict.verdict, verdict.reason) == ("indeterminate", "The file is not signed.")
    assert verdict.as_dict()["reason"] == verdict.reason


def test_a_locked_file_cannot_be_judged(tmp_path: Path, make_pdf: MakePdf, pki: Rehearsal) -> None:
    lock = pikepdf.Encryption(owner="owner", user="user")
    locked = make_pdf(tmp_path / "locked.pdf", save={"encryption": lock})
    assert "password" in verify_file(locked, [pki.root_pem]).reason


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\x89PNG\r\n"])
def test_what_never_was_a_pdf_is_an_input_error(
    content: bytes | None, tmp_path: Path, pki: Rehearsal
) -> None:
    file = tmp_path / "file.pdf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(errors.PdfUnreadable) as unreadable:
        verify_file(file, [pki.root_pem])
    assert unreadable.value.exit_code == ExitCode.INPUT


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", b"%PDF-1.4\n1 0 obj\n<< >>\nstartxref\n0\n%%EOF"]
)
def test_a_ruined_pdf_gets_a_verdict(content: bytes, verify: Verify) -> None:
    assert verify(content).verdict == "invalid"


def test_the_reasons_are_vietnamese_for_a_vietnamese_user(page: Path, pki: Rehearsal) -> None:
    set_language("vi")
    assert verify_file(page, [pki.root_pem]).reason == "Tệp chưa được ký số."
