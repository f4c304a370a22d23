"""Where honest programs bend the rules of PDF, and when that harms nobody.

Reading leniently lets two programs see two documents in one file. What was let pass is told
(:class:`~signing.facts.Oddity`).
"""

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.document import value_of
from signing.facts import Oddity
from signing.validation_policy import ValidationPolicy


def allow_hybrid(embedded: EmbeddedPdfSignature, policy: ValidationPolicy) -> tuple[Oddity, ...]:
    """Let a file with a second cross-reference be judged where both tell the same.

    Microsoft Office writes files in which old viewers find some objects free that newer ones
    find in a stream (ISO 32000-2, 7.5.8.4). All of it must be signed, and no object may be
    there twice.
    """
    xrefs = embedded.reader.xrefs
    if not xrefs.hybrid_xrefs_present or not policy.hybrid:
        return ()
    for number in range(xrefs.total_revisions):
        section = xrefs.get_xref_data(number)
        if section.hybrid is None:
            continue
        second = section.hybrid.xref_data
        twice = set(section.standard_xrefs) & {*second.standard_xrefs, *second.xrefs_in_objstm}
        if twice or number > embedded.signed_revision:
            return ()
    embedded._enforce_hybrid_xref_policy = lambda: None  # type: ignore[method-assign]
    return (Oddity.HYBRID,)


def usage_rights(reader: PdfFileReader) -> int:
    """How many signatures grant usage rights only (ISO 32000-2, 12.8.2.3); nobody signs those."""
    grants = value_of(reader.root, "/Perms", {})
    found = (value_of(grants, key) for key in ("/UR3", "/UR"))
    return sum(isinstance(one, generic.DictionaryObject) for one in found)
