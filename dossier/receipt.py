"""The receipt: a signed page that says what was handed in, reused and kept, and where.

A5, for the person to take home or to get by message. The owner's number is masked: the
receipt may lie about.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from dossier.desk import Desk
from dossier.lettering import lettered
from dossier.values import Dossier, Part
from foundation.files import write_atomic
from foundation.messages import N_, _
from foundation.privacy import mask_number
from foundation.times import utc_now, vietnam_time
from profiles import load_paper, load_procedure

if TYPE_CHECKING:
    from fpdf import FPDF

_STAGES = {
    "reused": N_("reused from the store, not asked for again"),
    "deposited": N_("digitised, signed and deposited in the store"),
    "kept": N_("digitised and signed, handed in with the dossier only"),
    "needed": N_("not handed in yet"),
}


def write_receipt(desk: Desk, dossier: Dossier) -> Path:
    """Write ``receipt.pdf`` into the dossier's folder, signed by the clerk's key.

    Raises:
        TokenError, ...: see :func:`signing.sign_file`; no receipt is left then.
    """
    from signing import SignJob, sign_file

    path, draft = dossier.folder / "receipt.pdf", dossier.folder / ".receipt.unsigned.pdf"
    rules = desk.receipt_rules()
    try:
        write_atomic(draft, _pages(desk, dossier))
        with desk.one_try():
            sign_file(SignJob(draft, path), desk.request(rules, "SAO Y"), desk.pins(rules.role))
    finally:
        draft.unlink(missing_ok=True)
    return path


def _pages(desk: Desk, dossier: Dossier) -> bytes:
    from fpdf import FPDF

    pdf = FPDF(format=(148, 210), enforce_compliance="PDF/A-2B")  # ISO 216 A5, millimetres
    pdf.set_creation_date(utc_now())
    with lettered(pdf):
        pdf.set_title(_("Receipt"))
        pdf.set_margin(15)
        pdf.add_page()
        _line(pdf, desk.office.agency, bold=True)
        _line(pdf, desk.office.title)
        pdf.ln(4)
        _line(pdf, _("RECEIPT OF PAPERS"), bold=True, size=14, align="C")
        pdf.ln(2)
        procedure = load_procedure(dossier.procedure)
        now = vietnam_time(utc_now()).strftime("%H:%M:%S %d/%m/%Y +07:00")
        for label, value in (
            (_("Dossier"), dossier.code),
            (_("Procedure"), f"{procedure.title} ({procedure.code})"),
            (_("Owner"), f"{dossier.owner.name} {mask_number(dossier.owner.identifier)}".strip()),
            (_("Received by"), desk.actor.name),
            (_("Time"), now),
            (_("Consent"), dossier.consent_id or _("none")),
        ):
            _line(pdf, f"{label}: {value}")
        pdf.ln(3)
        for number, one in enumerate(dossier.parts, 1):
            _describe(pdf, number, one)
        return bytes(pdf.output())


def _describe(pdf: "FPDF", number: int, part: Part) -> None:
    _line(pdf, f"{number}. {load_paper(part.paper).title}", bold=True)
    _line(pdf, _(_STAGES.get(part.stage, _STAGES["needed"])))
    if part.record_id:
        _line(pdf, _("Record: {record}").format(record=part.record_id))
    if part.sha256:
        _line(pdf, f"SHA-256: {part.sha256[:32]} {part.sha256[32:]}", size=8)
    pdf.ln(1)


def _line(
    pdf: "FPDF", text: str, *, bold: bool = False, size: float = 11, align: str = "L"
) -> None:
    pdf.set_font("Tinos", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.5, text, align=align, new_x="LMARGIN", new_y="NEXT")
