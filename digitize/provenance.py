"""Who made a document, when, with what and from which sheets: written into it, read from it.

It stands in the XMP packet (ISO 16684-1) in properties that PDF/A knows beforehand: a schema
of our own would be allowed with an extension schema (ISO 19005-2, 6.6.2.3), but then
``pikepdf.pdfa``, which approves every document before it leaves, could not approve it.

=================  ==================================================================
dc:title           the paper's title
dc:creator         the operator
dc:publisher       the office
dc:type            the profile and its code
dc:identifier      the record code, where it is known
dc:source          everything, with the SHA-256 of each source sheet, as JSON
xmp:CreateDate     when, UTC
xmp:CreatorTool    sohoa and its version
=================  ==================================================================
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pikepdf

from digitize.sheet import Sheet
from foundation.times import iso_utc

#: Names the form of the JSON in dc:source; the number changes when old readers would fail.
SCHEMA = "sohoa-provenance/1"


@dataclass(frozen=True)
class Provenance:
    """Where a document comes from.

    Attributes:
        operator: who digitised it.
        office: where.
        at: when; any zone, stored in UTC.
        device: the scanner; empty for files.
        profile: name of the paper's profile.
        profile_code: the code the profile gives to this kind of paper.
        versions: of sohoa and all that worked on the pages, by name.
        title: the document's title.
        record_code: code of the record; empty while it is not known.
        language: of the text, as in BCP 47.
        station: the desk or machine it was done at.
    """

    operator: str
    office: str
    at: datetime
    device: str
    profile: str
    profile_code: str
    versions: Mapping[str, str]
    title: str
    record_code: str = ""
    language: str = "vi"
    station: str = ""

    def as_dict(self, sheets: Sequence[Sheet]) -> dict[str, Any]:
        """The provenance of a document made of these sheets, page by page, for JSON."""
        return {
            "schema": SCHEMA,
            "operator": self.operator,
            "office": self.office,
            "station": self.station,
            "at": iso_utc(self.at),
            "device": self.device,
            "profile": self.profile,
            "profile_code": self.profile_code,
            "record_code": self.record_code,
            "versions": dict(self.versions),
            "sheets": [
                {
                    "page": page,
                    "source": sheet.label,
                    "source_page": sheet.frame + 1,
                    "sha256": sheet.sha256,
                    "kind": sheet.kind,
                    "side": sheet.side,
                    "device": sheet.device,
                }
                for page, sheet in enumerate(sheets, start=1)
            ],
        }


def write_provenance(
    pdf: pikepdf.Pdf, provenance: Provenance, sheets: Sequence[Sheet], *, pdfa: bool
) -> None:
    """Replace a document's metadata; the information dictionary agrees with the XMP packet.

    Author, subject and keywords that a born-digital document brought along stay where the
    provenance says nothing of its own.

    Args:
        pdf: the document.
        provenance: what to write.
        sheets: the source of each page, in order.
        pdfa: whether to say that the document is PDF/A-2b.
    """
    if "/Metadata" in pdf.Root:
        del pdf.Root.Metadata
    at = iso_utc(provenance.at)
    facts = json.dumps(provenance.as_dict(sheets), ensure_ascii=False, separators=(",", ":"))
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=True) as xmp:
        xmp.load_from_docinfo(pdf.docinfo)
        if provenance.title:
            xmp["dc:title"] = provenance.title
        if provenance.operator:
            xmp["dc:creator"] = [provenance.operator]
        if provenance.office:
            xmp["dc:publisher"] = {provenance.office}
        if kind := " ".join(filter(None, (provenance.profile, provenance.profile_code))):
            xmp["dc:type"] = {kind}
        if provenance.record_code:
            xmp["dc:identifier"] = provenance.record_code
        xmp["dc:format"] = "application/pdf"
        xmp["dc:language"] = {provenance.language}
        xmp["dc:source"] = facts
        for date in ("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate"):
            xmp[date] = at
        tool = f"sohoa {provenance.versions.get('sohoa', '')}".strip()
        xmp["xmp:CreatorTool"] = tool
        xmp["pdf:Producer"] = f"{tool}, pikepdf {pikepdf.__version__}"
        if pdfa:
            xmp["pdfaid:part"] = "2"
            xmp["pdfaid:conformance"] = "B"


def read_provenance(path: Path) -> dict[str, Any] | None:
    """The provenance that stands in a document, as :meth:`Provenance.as_dict` gave it.

    Returns:
        None where there is none.

    Raises:
        pikepdf.PdfError: the file is not a PDF.
    """
    with pikepdf.open(path) as pdf, pdf.open_metadata() as xmp:
        source = xmp.get("dc:source")
    try:
        facts = json.loads(source or "")
    except ValueError:  # a source named by another program, in its own words
        return None
    return facts if isinstance(facts, dict) and facts.get("schema") == SCHEMA else None
