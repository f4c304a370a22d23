"""What a person decides about documents that were set aside: again, right as it is, another row.

retry(where, ["01M8…"], rescanned=True)
retry(where, ["01M8…"], as_is=True)
assign_row(where, "01M8…", OneRow(Path("so.xlsx"), line=9))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dossier.batch import Where
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_errors import (
    DecisionUnclear,
    NoSuchLine,
    NoSuchReason,
    NotByHand,
    NotSetAside,
    OtherReason,
    OwnerWanted,
    RowTaken,
)
from dossier.ledger_rows import row_of
from dossier.ledger_values import Document, Plan, State, Who, Work
from dossier.register import RegisterRow, open_register
from dossier.register_plan import paper_of
from dossier.row_plan import Papers, plan_of, require_fit
from foundation.privacy import mask_text
from profiles import load_office

#: What was read may be wrong, or worse than the bar and still the best there is: who looked at
#: the paper knows. Secrecy, a missing ground or the same sheets twice are nobody's to overlook.
_BY_HAND = ("below-bar", "pages-off", "other-paper", "row-differs")


@dataclass(frozen=True)
class OneRow:
    """A line of a register; ``wishes`` and ``sheet`` as for :func:`open_register`."""

    register: Path
    line: int
    wishes: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""


def retry(
    where: Where,
    ids: Sequence[str],
    reason: str = "",
    *,
    rescanned: bool = False,
    as_is: bool = False,
) -> tuple[Document, ...]:
    """Let documents that were set aside be tried again.

    Args:
        ids: which; none: all, or those with the ``reason``.
        rescanned: from the start: their sheets were scanned again into the same places.
        as_is: somebody looked at them and found them right: they are not checked again.

    Raises:
        NoSuchDocument, NotSetAside, NoSuchReason, OtherReason, DecisionUnclear, NotByHand,
            OwnerWanted, NoLedger: before anything is tried again.
    """
    if as_is and (rescanned or not ids):
        raise DecisionUnclear
    who = where.who(load_office())
    with open_ledger(where.place()) as ledger:
        wanted = _wanted(ledger, ids, reason)
        of_nobody = next(filter(_is_of_nobody, wanted), None)
        if ids and of_nobody:
            raise OwnerWanted(document=of_nobody.id, line=of_nobody.plan.register_row)
        if as_is:
            for one in wanted:
                if one.reason not in _BY_HAND:
                    raise NotByHand(document=one.id, detail=one.detail)
            return tuple(_pass_by_hand(ledger, one, who) for one in wanted)
        owned = [one for one in wanted if not _is_of_nobody(one)]
        return tuple(ledger.retry(one, who, rescanned=rescanned) for one in owned)


def _is_of_nobody(document: Document) -> bool:
    """Whether its row of the register names no owner, whatever else it was set aside for."""
    plan = document.plan
    return bool(plan.register_row) and not (plan.owner.identifier or plan.owner.name)


def _wanted(ledger: Ledger, ids: Sequence[str], reason: str) -> list[Document]:
    there = ledger.reasons()
    if reason and reason not in there:
        raise NoSuchReason(reason=mask_text(reason), reasons=", ".join(sorted(there)) or "–")
    named = [ledger.document(one) for one in ids]
    for one in named:
        if one.state != "set-aside":
            raise NotSetAside(document=one.id)
        if reason and one.reason != reason:
            raise OtherReason(document=one.id, why=one.reason, reason=reason)
    aside = named or ledger.documents("set-aside")
    return [one for one in aside if not reason or one.reason == reason]


def _pass_by_hand(ledger: Ledger, document: Document, who: Who) -> Document:
    """Past the check; who decided so is on record with it."""
    changes = {"reason": "", "detail": "", "resume": ""}
    work = Work(0.0, document.pages, document.sha256, reasons=("as-is", document.reason))
    return ledger.move(document, "checked", work, who, changes=changes)


def assign_row(where: Where, document_id: str, wanted: OneRow) -> Document:
    """Give a document that was set aside a row of a register, and have it read again.

    Raises:
        NoSuchDocument, NotSetAside, NoLedger: there is no such document to decide about.
        NotByHand: it was sealed with another row; its sheets must be made anew first.
        NoSuchLine, RowUnfit, RowTaken: that row cannot be its.
        RegisterUnreadable, ColumnsUnknown, ...: see :mod:`dossier.register`.
    """
    row = _row_at(wanted)
    with open_ledger(where.place()) as ledger:
        (document,) = _wanted(ledger, [document_id], "")
        if document.resume not in ("planned", "scanned", "recognised"):
            raise NotByHand(document=document.id, detail=document.detail)
        plan = document.plan
        paper = Papers(plan.paper).of(row.type)
        require_fit(row, paper)
        assert paper is not None  # noqa: S101  it was looked at
        new = plan_of(plan.source, row, paper, plan.lot)
        _require_free(ledger, document, new)
        changes = row_of(new) | {"reason": "", "detail": "", "resume": "", "code": "", "fields": {}}
        to: State = "scanned" if document.sheets_sha256 else "planned"
        work = Work(reasons=("row-assigned", document.reason))
        return ledger.move(document, to, work, where.who(load_office()), changes=changes)


def _row_at(wanted: OneRow) -> RegisterRow:
    with open_register(wanted.register, wanted.wishes, sheet=wanted.sheet) as opened:
        for row in opened:
            if row.line == wanted.line:
                return row
    raise NoSuchLine(file=wanted.register.name, line=wanted.line)


def _require_free(ledger: Ledger, document: Document, new: Plan) -> None:
    for other in ledger.plans_of([new.number]):
        if other.source != document.plan.source and paper_of(other) == paper_of(new):
            raise RowTaken(line=new.register_row, source=mask_text(other.source.name))
