"""What is shown of lots, reports and retention: data for ``--json``, text for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.messages import N_, _
from foundation.times import iso_utc
from terminal.answers import Answer

if TYPE_CHECKING:
    from dossier.figures import Figures
    from dossier.ledger_values import Document
    from dossier.lot_checks import Checked
    from dossier.lot_values import Lot
    from dossier.retention import Retention
    from dossier.supervising import LotLine

_STATES = {
    "drawn": N_("sample drawn, {checked} of {size} checked"),
    "accepted": N_("accepted"),
    "rejected": N_("rejected"),
    "rework": N_("sent back for rework"),
}


def lot_data(lot: "Lot") -> dict[str, Any]:
    """A lot for ``--json``; with ``id`` and ``digest`` anybody can draw the sample again."""
    plan = lot.plan
    return {
        "id": lot.id,
        "lot": lot.name,
        "state": lot.state,
        "makers": list(lot.makers),
        "stations": list(lot.stations),
        "documents": plan.lot_size,
        "digest": lot.digest,
        "seed": lot.seed,
        "plan": {
            "standard": "ISO 2859-1",
            "level": plan.level,
            "aql": plan.aql,
            "severity": plan.severity,
            "letter": plan.letter,
            "size": plan.size,
            "accept": plan.accept,
            "reject": plan.reject,
        },
        "again": lot.again,
        "closed_at": iso_utc(lot.closed_at),
        "closed_by": lot.closed_by,
        "drawn": list(lot.drawn),
        "checked": lot.checked,
        "wrong": lot.wrong,
    }


def lots_answer(lines: Sequence["LotLine"]) -> Answer:
    """All lots, a line each."""
    data = [
        {"lot": one.name, "counts": one.counts, "last": lot_data(one.last) if one.last else None}
        for one in lines
    ]
    return Answer(data, "\n".join(map(_line, lines)) or _("There is no lot yet."))


def _line(one: "LotLine") -> str:
    total = sum(one.counts.values())
    state = _state(one.last) if one.last else _("no sample drawn yet")
    waiting = one.counts.get("signed", 0)
    if one.last and one.last.state != "drawn" and waiting:
        state += "; " + _("{count} more wait for a sample").format(count=waiting)
    if out := one.counts.get("withdrawn", 0):
        state += "; " + _("{count} taken out for good").format(count=out)
    return f"{one.name}  " + _("{total} documents, {stored} in the store; {state}").format(
        total=total, stored=one.counts.get("deposited", 0), state=state
    )


def _state(lot: "Lot") -> str:
    return _(_STATES[lot.state]).format(checked=lot.checked, size=len(lot.drawn))


def sample_answer(lot: "Lot", drawn: Sequence[tuple["Document", Path]]) -> Answer:
    """The sample of a lot: what to look at and where it is."""
    plan = lot.plan
    head = _(
        "Lot {lot}: {size} documents; {drawn} drawn (ISO 2859-1, level {level}, AQL {aql}, "
        "{severity}, letter {letter}); accepted with at most {accept} wrong."
    ).format(
        lot=lot.name,
        size=plan.lot_size,
        drawn=len(drawn),
        level=plan.level,
        aql=plan.aql,
        severity=_(_SEVERITIES[plan.severity]),
        letter=plan.letter,
        accept=plan.accept,
    )
    lines = [f"  {document.id}  {file}" for document, file in drawn]
    files = {document.id: str(file) for document, file in drawn}
    return Answer(lot_data(lot) | {"files": files}, "\n".join([head, *lines]))


_SEVERITIES = {
    "normal": N_("normal inspection"),
    "tightened": N_("tightened inspection"),
    "reduced": N_("reduced inspection"),
}


def checked_answer(done: Sequence["Checked"], lot: "Lot") -> Answer:
    """What the second person found, without what anybody typed."""
    rows = [
        {"document": one.document, "differs": list(one.differs), "faults": list(one.faults)}
        for one in done
    ]
    text = _("{checked} of {size} checked, {wrong} wrong; at most {accept} may be.").format(
        checked=lot.checked, size=len(lot.drawn), wrong=lot.wrong, accept=lot.plan.accept
    )
    return Answer({"checked": rows, "lot": lot_data(lot)}, text)


def judged_answer(lot: "Lot") -> Answer:
    """What became of a lot."""
    texts = {
        "accepted": _("Lot {lot} is accepted: its documents may go into the store."),
        "rejected": _("Lot {lot} is rejected: all of it is made anew, from its sheets on."),
        "rework": _("Lot {lot} goes back: what was wrong is made anew, then it comes again."),
    }
    return Answer(lot_data(lot), texts[lot.state].format(lot=lot.name))


def figures_answer(figures: "Figures", outputs: Sequence[Path]) -> Answer:
    """A report in short; where files were written, which."""
    from dossier.report import as_data, in_short

    lines = [*in_short(figures), *(_("Written: {file}").format(file=one) for one in outputs)]
    return Answer(as_data(figures), "\n".join(lines))


def retention_answer(done: "Retention", *, dry_run: bool) -> Answer:
    """What scans went, or would, and why others stay."""
    from dossier.report_words import number
    from dossier.retention import WHY_KEPT

    kept = done.kept or {}
    would = _("{files} scans of {documents} documents would be dropped ({size} MB).")
    went = _("{files} scans of {documents} documents were dropped ({size} MB).")
    head = (would if dry_run else went).format(
        files=done.files, documents=done.documents, size=number(done.bytes / 1e6, 1)
    )
    lines = [
        _("{count} documents keep theirs: {why}").format(count=count, why=_(WHY_KEPT[why]))
        for why, count in sorted(kept.items())
    ]
    data = {
        "dry_run": dry_run,
        "documents": done.documents,
        "files": done.files,
        "bytes": done.bytes,
        "kept": kept,
        "statements": list(done.statements),
    }
    return Answer(data, "\n".join([head, *lines]))
