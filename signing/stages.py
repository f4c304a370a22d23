"""pyHanko's stages, one after the other, on one file opened for writing.

Field, appearance, digest, signature, timestamp, evidence: each with a value in
between. What goes wrong comes out as an error of this room.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from asn1crypto import x509
from pyhanko.pdf_utils.layout import LayoutError
from pyhanko.pdf_utils.misc import PdfError, PdfReadError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

from foundation.errors import SohoaError
from foundation.messages import _
from foundation.reasons import DAMAGED, reason_of
from foundation.times import utc_now, vietnam_time
from signing import errors
from signing.appearance import TextStyle, lay_out, place, text_of
from signing.certificates import display_name
from signing.cms_signer import CmsSigner
from signing.document import (
    MALFORMED,
    AppendingWriter,
    check_pages,
    field_names,
    frame_of_first_page,
    open_writer,
    signature_boxes,
)
from signing.frames import Box
from signing.jobs import Level, SigningRequest
from signing.longterm import DIGEST, Means, append_evidence
from signing.placing import find_place
from signing.remote import RemoteSession
from signing.timestamps import TimestampService
from signing.tokens import TokenSession


@dataclass(frozen=True)
class Tools:
    """What a batch opens once.

    ``means``: services and roots, None where signing goes without. ``container_size``: see
    :func:`container_size`.
    """

    request: SigningRequest
    session: TokenSession | RemoteSession
    chain: tuple[x509.Certificate, ...]
    means: Means | None
    container_size: int = 0

    @property
    def level(self) -> Level:
        """The level signed at now: without services B-B, whatever was asked for."""
        return self.request.level if self.means else "b-b"

    @property
    def waiting(self) -> bool:
        """Whether what is signed now has to be lifted later."""
        return self.level != self.request.level

    @property
    def timestamps(self) -> TimestampService | None:
        """The time-stamping services; None where signing goes without."""
        return self.means.timestamps if self.means else None

    @property
    def name(self) -> str:
        """The signer as people call them: the profile's name, else the certificate's."""
        return self.request.signer.display_name or display_name(self.session.certificate)


async def container_size(tools: Tools) -> int:
    """Hexadecimal digits to keep free for a signature: as many as one made for show has.

    Half as many again where timestamps are asked for, whose size is their service's to choose.
    The same for every document of a batch, so it is found once: pyHanko's own estimate, made
    anew for each, takes a fifth of the time of signing.

    Raises:
        TimestampUnavailable: no service gave a timestamp to measure.
    """
    made = await CmsSigner(tools.session, tools.chain).async_sign(
        bytes(32),
        DIGEST,
        use_pades=True,
        dry_run=True,
        timestamper=tools.timestamps,
        signed_attr_settings=PdfCMSSignedAttributes(signing_time=utc_now()),
    )
    digits = 2 * len(made.dump())
    return digits + 2 * (digits // 4) if tools.timestamps else digits


async def detached_signature(data: bytes, tools: Tools) -> bytes:
    """A CAdES signature of ``data``, DER, to stand beside it: baseline B, or T with services.

    Raises:
        TokenError, TimestampUnavailable: what signing needs.
    """
    made = await CmsSigner(tools.session, tools.chain).async_sign_general_data(
        data,
        DIGEST,
        use_cades=True,
        timestamper=tools.timestamps,
        signed_attr_settings=PdfCMSSignedAttributes(signing_time=utc_now()),
    )
    return bytes(made.dump())


async def append_signature(source: Path, part: Path, tools: Tools) -> None:
    """Append a signature to ``part``, a copy of ``source``, and what its level asks for.

    Raises:
        PdfUnreadable, PdfEncrypted, ChangesForbidden: the file.
        TokenError, TimestampUnavailable, RevocationUnavailable: what signing needs.
    """
    try:
        with part.open("r+b") as stream:
            await _run_stages(source, open_writer(source, stream), tools)
    except SigningError as error:
        raise _translated(source, error) from error
    except (PdfError, LayoutError) as error:
        raise unreadable(source, error) from error
    if tools.means and tools.level in ("b-lt", "b-lta"):
        archive = tools.level == "b-lta"
        await append_evidence(source, part, tools.means, archive=archive)


async def _run_stages(source: Path, writer: AppendingWriter, tools: Tools) -> None:
    check_pages(source, writer.prev)
    moment = vietnam_time(utc_now())
    shown = _appearance(source, writer, tools, moment) if tools.request.rules.visible else None
    signer = _pdf_signer(writer, tools, shown)
    session = signer.init_signing_session(writer)
    session.system_time = moment
    checked = await session.perform_presign_validation(writer)
    prepared = session.prepare_tbs_document(checked, bytes_reserved=tools.container_size)
    digest, _output = prepared.digest_tbs_document(in_place=True)
    # PAdES keeps the claimed time in /M, not among the signed attributes (EN 319 142-1, 6.3).
    await prepared.perform_signature(
        document_digest=digest.document_digest,
        pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=moment),
    )


def _pdf_signer(
    writer: AppendingWriter, tools: Tools, shown: tuple[TextStyle, Box] | None
) -> PdfSigner:
    request = tools.request
    name = _free_name(f"sohoa-{request.rules.role}", field_names(writer.prev))
    style, box = shown or (None, None)
    metadata = PdfSignatureMetadata(
        field_name=name,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        reason=request.reason,
        location=request.location or None,
        contact_info=request.contact or None,
        name=tools.name,
        signer_key_usage=set(),  # checked when the token was opened
    )
    return PdfSigner(
        metadata,
        CmsSigner(tools.session, tools.chain),
        timestamper=tools.timestamps,
        stamp_style=style,
        new_field_spec=SigFieldSpec(
            name,
            on_page=0,
            box=cast("tuple[int, int, int, int] | None", box),  # pyHanko takes real numbers too
            readable_field_name=tools.name,
        ),
    )


def _appearance(
    source: Path, writer: AppendingWriter, tools: Tools, moment: datetime
) -> tuple[TextStyle, Box]:
    request = tools.request
    try:
        frame, taken = frame_of_first_page(writer.prev), signature_boxes(writer.prev)
    except MALFORMED as error:
        raise PdfReadError("page 1") from error
    facts = {
        "kind": request.kind,
        "agency": request.agency,
        "signer": tools.name,
        "time": moment.isoformat(timespec="seconds"),
    }
    text = text_of(request.rules, facts)
    spots = request.look(source) if request.look else None
    if spots is None:
        block = lay_out(text, request.rules, frame)
        box = place(block, request.rules, frame, taken)
    elif found := find_place(text, request.rules, frame, taken, spots):
        block, box = found
    else:
        raise errors.NoRoomForText(file=source)
    return TextStyle(block=block, rotation=frame.rotation), box


def _free_name(wanted: str, taken: Iterable[str]) -> str:
    used, number, name = set(taken), 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _translated(source: Path, error: SigningError) -> SohoaError:
    """pyHanko's one class of signing errors, by cause."""
    if "forbids" in str(error):
        return errors.ChangesForbidden(file=source)
    return errors.PdfUnreadable(file=source, detail=error)


def unreadable(source: Path, error: BaseException) -> SohoaError:
    """The error for a file that cannot be read, in the system's words where there are any."""
    if isinstance(error, OSError):
        return errors.PdfUnreadable(file=source, detail=reason_of(error))
    if "decrypt" in str(error):  # pyHanko has no class of its own for it
        return errors.PdfEncrypted(file=source)
    return errors.PdfUnreadable(file=source, detail=_(DAMAGED))
