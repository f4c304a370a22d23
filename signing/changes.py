"""What may be appended to a signed file: signatures, their evidence, and dates.

pyHanko compares the revisions object by object; the rules here are narrower than
its own where those let a title, an author or any other metadata be rewritten, and wider
where an object nobody used is given up, as iText does while it signs.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast
from xml.etree import ElementTree

from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.metadata_rules import DocInfoRule, MetadataUpdateRule
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule, ReferenceUpdate

from signing.document import value_of

#: Entries of /Info that a signing program may bring up to date.
_DATES = {"/ModDate", "/Producer"}
#: The same in XMP, by local name.
_XMP_DATES = {"ModifyDate", "MetadataDate", "Producer", "InstanceID", "History", "CreatorTool"}


class _DatesInInfo(DocInfoRule):
    """/Info may change in its dates only."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        """Raise when anything else changed; else approve."""
        before, after = (value_of(view.trailer_view, "/Info", {}) for view in (old, new))
        for key in {*before, *after} - _DATES:
            if after and value_of(before, key) != value_of(after, key):
                raise SuspiciousModification(f"/Info {key} was changed")
        yield from super().apply(old, new)


class _DatesInXmp(MetadataUpdateRule):
    """XMP may change in its dates only."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        """Raise when anything else changed; else approve."""
        yield from super().apply(old, new)  # well-formed, and really XMP
        before, after = (value_of(view.root, "/Metadata") for view in (old, new))
        if isinstance(before, StreamObject) and set(_facts(before)) != set(_facts(after)):
            raise SuspiciousModification("the metadata were changed")


class _Unused(QualifiedWhitelistRule):
    """Object numbers may be given up that nothing in the signed document led to."""

    def apply_qualified(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterable[tuple[ModificationLevel, ReferenceUpdate]]:
        """Raise when an object of the signed document was taken out; else approve."""
        given_up = freed_in(new, new.revision)
        if given_up & _in_use(old):
            raise SuspiciousModification("an object of the document was taken out")
        for reference in new.explicit_refs_in_revision():
            if reference.idnum in given_up:
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


class _TouchedFields(FormUpdatingRule):
    """Form fields count as changed only where the revision brings an object of theirs.

    pyHanko's own rule names fields it merely looked at, and then takes a lock for broken.
    """

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[Any]:
        """The updates of fields in this revision."""
        brought = new.explicit_refs_in_revision()
        for level, update in super().apply(old, new):
            if update.updated_ref in brought:
                yield level, update


def freed_in(view: HistoricalResolver, revision: int) -> set[int]:
    """The object numbers that a revision gives up, whatever generation it names."""
    section = view.reader.xrefs.get_xref_data(revision)
    return set(section.freed) - set(section.xrefs_in_objstm) - set(section.standard_xrefs)


def _in_use(view: HistoricalResolver) -> set[int]:
    """The numbers of all objects the document leads to, and of the streams they lie in."""
    used = {reference.idnum for reference in view.collect_dependencies(view.trailer_view)}
    for revision in range(view.revision + 1):
        used |= {one.idnum for one in view.reader.xrefs.object_streams_used_in(revision)}
    return used


def strict_policy(*, unused_freed: bool = True) -> StandardDiffPolicy:
    """pyHanko's policy with the rules above in place of its own.

    Args:
        unused_freed: accept that object numbers not in use are given up.
    """
    kept: list[QualifiedWhitelistRule] = [
        rule
        for rule in DEFAULT_DIFF_POLICY.global_rules
        if not isinstance(getattr(rule, "rule", rule), DocInfoRule | MetadataUpdateRule)
    ]
    kept += [
        _DatesInInfo().as_qualified(ModificationLevel.LTA_UPDATES),
        _DatesInXmp().as_qualified(  # type: ignore[no-untyped-call]
            ModificationLevel.LTA_UPDATES
        ),
    ]
    if unused_freed:
        kept.append(_Unused())
    form = cast(FormUpdatingRule, DEFAULT_DIFF_POLICY.form_rule)
    touched = _TouchedFields(form.field_rules, form.ignored_acroform_keys)
    return StandardDiffPolicy(kept, touched, reject_object_freeing=not unused_freed)


def _facts(stream: StreamObject) -> Iterator[tuple[str, str, str]]:
    """Every element and attribute with its text, dates left out."""
    for element in ElementTree.fromstring(stream.data).iter():  # noqa: S314  syntax-checked above
        name = str(element.tag)
        if _local(name) not in _XMP_DATES:
            yield name, "", (element.text or "").strip()
            for key, value in element.attrib.items():
                if _local(key) not in _XMP_DATES:
                    yield name, key, value


def _local(name: str) -> str:
    return name.rpartition("}")[2]
