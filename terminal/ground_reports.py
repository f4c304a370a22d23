"""What the verbs about consent, reuse and the audit say, in words and as data."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.errors import ExitCode
from foundation.messages import N_, _
from foundation.times import iso_utc, vietnam_time
from terminal.answers import Answer

if TYPE_CHECKING:
    from dossier.accounting import Shown
    from warehouse import Event
    from warehouse.account import ExcerptReport
    from warehouse.grounds import Consent, Planned, Withdrawal

_STATES = {
    "in-force": N_("in force"),
    "withdrawn": N_("withdrawn"),
    "spent": N_("used up"),
    "expired": N_("expired"),
}
_ACTIONS = {
    "deposit": N_("put into the store"),
    "deposit-again": N_("handed in again"),
    "renew": N_("its signatures renewed"),
    "supersede": N_("replaced by a newer one"),
    "revoke": N_("revoked"),
    "erase": N_("erased"),
    "bind": N_("entered under its owner"),
    "release": N_("handed out"),
    "refusal": N_("refused"),
    "consent": N_("consent given"),
    "withdrawal": N_("consent withdrawn"),
    "kept-by-law": N_("kept on by law"),
    "kept-for-other": N_("kept on for another owner"),
    "keeping-ended": N_("no longer kept"),
    "look-up": N_("looked up"),
    "account": N_("this account shown"),
    "dossier": N_("a dossier finished"),
}


def consents_answer(consents: "Sequence[Consent]", check: bool, keys: Sequence[Path]) -> Answer:
    """Consents, a line each; with ``check`` their receipts are checked.

    Raises:
        ReceiptInvalid: one was altered.
    """
    from dossier.agreeing import check_receipt, consent_data
    from foundation.times import today

    data, lines, unknown = [], [], []
    for one in consents:
        told = consent_data(one)
        if check:
            checked = [check_receipt(text, keys) for text in (one.receipt, one.withdrawal) if text]
            told |= {"checked": checked}
            unknown += [one.id for found in checked if not found["known"]]
        data.append(told)
        given = vietnam_time(one.given_at)
        state = _(_STATES[one.state(today())])
        lines.append(f"{one.id}  {given:%d/%m/%Y}  {state}  {', '.join(one.papers)}")
    text = "\n".join(lines) or _("No consent is on record.")
    if not unknown:
        return Answer(data, text)
    why = _("Receipts signed with a key not known here: {names}. Name it with --key.").format(
        names=", ".join(dict.fromkeys(unknown))
    )
    return Answer(data, text, ExitCode.SIGNATURE, why)


def granted_answer(consent: "Consent") -> Answer:
    """A consent that was just put on record."""
    from dossier.agreeing import consent_data

    return Answer(
        consent_data(consent), _("Consent {consent} is on record.").format(consent=consent.id)
    )


def withdrawn_answer(done: "Withdrawal") -> Answer:
    """What came of a withdrawal."""
    from dossier.agreeing import consent_data

    text = _(
        "Consent {consent} is withdrawn: {ended} papers are erased, {kept} are kept by law, "
        "{shared} for another owner."
    ).format(
        consent=done.consent.id,
        ended=len(done.ended),
        kept=len(done.kept),
        shared=len(done.shared),
    )
    data = consent_data(done.consent) | {
        "kept": list(done.kept),
        "ended": list(done.ended),
        "shared": list(done.shared),
    }
    return Answer(data, text)


def planned_answer(planned: "Sequence[Planned]") -> Answer:
    """What need not be handed in, what must be scanned, and why."""
    from profiles import load_paper
    from terminal.store_reports import record_data

    data, lines = [], []
    for one in planned:
        title, why = load_paper(one.wanted.paper).title, "; ".join(map(str, one.why))
        data.append(
            {
                "paper": one.wanted.paper,
                "title": title,
                "required": one.wanted.required,
                "decision": "reuse" if one.record else "scan",
                "record": record_data(one.record) if one.record else None,
                "causes": [reason.cause for reason in one.why],
                "why": why,
            }
        )
        if one.record:
            line = _("  ✓ {paper}: reuse {record} ({why})")
            lines.append(line.format(paper=title, record=one.record.id, why=why))
        else:
            lines.append(_("  • {paper}: to be scanned ({why})").format(paper=title, why=why))
    return Answer(data, "\n".join(lines))


def account_answer(shown: "Sequence[Shown]") -> Answer:
    """Everything on record about an owner: when, who, what, which paper, what for."""
    from dossier.accounting import event_data

    lines = []
    for one in shown:
        event, details = one.event, one.event.details
        why = " · ".join(
            details[key] for key in ("procedure", "reason", "basis", "cause") if details.get(key)
        )
        what = _done(event)
        when = vietnam_time(event.at).strftime("%d/%m/%Y %H:%M")
        parts = (when, event.actor.name, event.actor.office, what, one.title, why)
        lines.append("  ".join(part for part in parts if part))
    return Answer(
        [event_data(one) for one in shown], "\n".join(lines) or _("Nothing is on record.")
    )


def _done(event: "Event") -> str:
    """What was done, in words; of a paper of several owners also what was done for another."""
    action = event.details.get("did", event.action)
    what = _(_ACTIONS[action]) if action in _ACTIONS else action
    return (
        _("{what} (a paper of several owners)").format(what=what)
        if "did" in event.details
        else what
    )


def excerpt_answer(report: "ExcerptReport") -> Answer:
    """Whether an excerpt of the audit holds by itself."""
    data = {
        "ok": report.ok,
        "entries": len(report.entries),
        "issued_at": report.issued_at,
        "key": report.key,
        "known": report.known,
        "stamped_at": report.stamped_at or None,
        "faults": [{"cause": one.cause, "where": one.where} for one in report.faults],
        "account": [
            {"at": iso_utc(e.at), "action": e.action, "by": e.actor.name, "details": e.details}
            for e in report.entries
        ],
    }
    if report.ok:
        text = _("The excerpt holds: {count} entries, signed {at}.").format(
            count=len(report.entries), at=report.issued_at
        )
        return Answer(data, text)
    if report.faults:
        why = _("The excerpt was altered: {fault} Ask the office for a new one.").format(
            fault=report.faults[0]
        )
    else:
        why = _(
            "The excerpt is whole, but signed with a key not known here ({key}). Get the office's "
            "key or certificate, and name it with --key."
        ).format(key=report.key)
    return Answer(data, "\n".join(map(str, report.faults)), ExitCode.SIGNATURE, why)


def checkpoint_answer(statement: str, stamped: bool) -> Answer:
    """The checkpoint that was made."""
    if not statement:
        return Answer({"statement": None, "stamped": False}, _("Nothing is on record yet."))
    text = (
        _("Signed and timestamped.") if stamped else _("Signed; no time-stamping service is set.")
    )
    return Answer({"statement": statement, "stamped": stamped}, text)
