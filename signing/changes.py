"""What may be appended to a signed file: signatures, their evidence, and dates.

pyHanko compares the revisions object by object; the rules here are narrower than
its own where those let a title, an author or any other metadata be rewritten, and wider
where an object nobody used is given up, as iText does while it signs.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast
from xml.etree import ElementTree

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.form_rules_api import (
    FieldComparisonContext,
    FieldMDPRule,
    FormUpdate,
    FormUpdatingRule,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.diff_analysis.rules.metadata_rules import DocInfoRule, MetadataUpdateRule
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule, ReferenceUpdate

from signing.document import value_of

#: Entries of /Info that a signing program may bring up to date.
_DATES = {"/ModDate", "/Producer"}
#: The same in XMP, by local name.
_XMP_DATES = {"ModifyDate", "MetadataDate", "Producer", "InstanceID", "History", "CreatorTool"}

#: Whether viewers draw all fields themselves; and with what, beside the resources.
_DRAW_ALL = "/NeedAppearances"
_DRAWING = (_DRAW_ALL, "/DA", "/Q")


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
        if isinstance(before, generic.StreamObject) and set(_facts(before)) != set(_facts(after)):
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
            if update.updated_ref in brought or isinstance(update, _DrawnAnew):
                yield level, update


class _DrawnAnew(FormUpdate):
    """A field that was left alone and looks different all the same."""


class _DrawnByViewers(FieldMDPRule):
    """What the whole form says of fonts and looks changes the fields that viewers draw.

    That are all where /NeedAppearances says so, else those without a look of their own
    (ISO 32000-2, 12.7.3 and 12.7.4.3). pyHanko lets these entries be rewritten by anybody;
    here they may be added to, as Acrobat does, where no field is drawn with them.
    """

    def apply(self, context: FieldComparisonContext) -> Iterable[Any]:
        """The fields that are drawn anew."""
        before, after = (
            value_of(view.root, "/AcroForm", {}) for view in (context.old, context.new)
        )
        had, has = (_ways_of_drawing(form) for form in (before, after))
        if had == has:
            return
        replaced = any(has.get(name) != value for name, value in had.items())
        all_are = replaced or bool(has.get(_DRAW_ALL))
        for name, spec in context.field_specs.items():
            kept = spec.old_field is not None and spec.field_type != "/Sig"
            if kept and (all_are or _has_no_look(spec.old_field)):
                drawn = _DrawnAnew(updated_ref=context.new.root_ref, field_name=name)
                yield ModificationLevel.FORM_FILLING, drawn


class _TimestampsUnseen(FieldMDPRule):
    """A timestamp shows nothing (ISO 32000-2, 12.8.5): anybody can have one, and cover a page."""

    def apply(self, context: FieldComparisonContext) -> Iterable[Any]:
        """Raise when a timestamp came that is to be seen."""
        for name, spec in context.field_specs.items():
            field = spec.new_field
            signature = value_of(field, "/V", {}) if spec.field_type == "/Sig" and field else {}
            came = spec.old_field is None or "/V" not in spec.old_field
            if came and value_of(signature, "/Type") == "/DocTimeStamp" and is_field_visible(field):
                raise SuspiciousModification(f"the timestamp {name} shows something")
        return ()


def _ways_of_drawing(form: Any) -> dict[str, Any]:
    """What a form says of how viewers draw its fields: entries, and resources by kind and name."""
    found = {key: form.raw_get(key) for key in _DRAWING if key in form}
    if not found.get(_DRAW_ALL, True):
        del found[_DRAW_ALL]
    resources = value_of(form, "/DR", {})
    for kind in resources:
        if isinstance(named := resources[kind], generic.DictionaryObject):
            found |= {f"{kind} {name}": named.raw_get(name) for name in named}
    return found


def _has_no_look(field: Any) -> bool:
    """Whether a field, or a place where it stands, is left for the viewer to draw."""
    kids = [kid.get_object() for kid in value_of(field, "/Kids", ())]
    return any(_has_no_look(kid) for kid in kids) if kids else "/AP" not in field


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
    rules = [*form.field_rules, _DrawnByViewers(), _TimestampsUnseen()]
    touched = _TouchedFields(rules, form.ignored_acroform_keys)
    return StandardDiffPolicy(kept, touched, reject_object_freeing=not unused_freed)


def _facts(stream: generic.StreamObject) -> Iterator[tuple[str, str, str]]:
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
