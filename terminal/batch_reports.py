"""What is shown of a backlog: data for ``--json``, text for people."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from foundation.errors import ExitCode
from foundation.messages import N_, _
from foundation.privacy import mask_text
from terminal.answers import Answer
from terminal.progress import Advance, Screen

if TYPE_CHECKING:
    from dossier.batch import Planned, Status
    from dossier.batch_run import Ran
    from dossier.ledger_values import Document
    from dossier.practice import PracticeOffice

_STATES = {
    "planned": N_("planned"),
    "scanned": N_("sheets taken over"),
    "recognised": N_("read"),
    "checked": N_("checked"),
    "sealed": N_("sealed, to be signed"),
    "signed": N_("signed, to be deposited"),
    "deposited": N_("deposited"),
    "set-aside": N_("set aside"),
    "withdrawn": N_("taken out for good"),
}
#: Troubles named one by one.
_NAMED = 20


def planned_answer(planned: "Planned") -> Answer:
    """What was planned; 12 where some of it will not work."""
    data = {
        "entered": planned.entered,
        "known": planned.known,
        "set_aside": planned.set_aside,
        "lot": planned.lot,
        "troubles": [one.as_dict() for one in planned.troubles],
    }
    text = _("{entered} documents entered in lot {lot}; {known} were there already.")
    lines = [text.format(entered=planned.entered, lot=planned.lot, known=planned.known)]
    lines += [f"! {one.error}" for one in planned.troubles[:_NAMED]]
    if (more := len(planned.troubles) - _NAMED) > 0:
        lines.append(_("and {count} more; --json names them all").format(count=more))
    because = []
    if planned.troubles:
        left = _("{count} will not work and were left out; see above.")
        because.append(left.format(count=len(planned.troubles)))
    if planned.set_aside:
        aside = _("{count} documents were set aside. See why: sohoa batch status")
        because.append(aside.format(count=planned.set_aside))
    code = ExitCode.PARTIAL if because else ExitCode.DONE
    return Answer(data, "\n".join(lines), code, " ".join(because))


def teller(screen: Screen, advance: Advance) -> "Callable[[Document], None]":
    """Tells of each document that is done or set aside, as it comes."""
    done = 0

    def told(document: "Document") -> None:
        nonlocal done
        if document.state == "deposited":
            done += 1
            advance(done, "")
        elif document.state == "set-aside":
            name = mask_text(document.plan.source.name)
            text = _("Set aside: {name}: {detail}")
            screen.say(text.format(name=name, detail=mask_text(document.detail)))

    return told


def taken_teller(screen: Screen) -> "Callable[[Document], None]":
    """Tells of each document taken over from a watched folder, or set aside."""

    def told(document: "Document") -> None:
        name = mask_text(document.plan.source.name)
        if document.state == "set-aside":
            text = _("Set aside: {name}: {detail}")
            screen.say(text.format(name=name, detail=mask_text(document.detail)))
        else:
            screen.say(_("Taken over: {name}").format(name=name))

    return told


def practice_data(office: "PracticeOffice") -> dict[str, str]:
    """Where the parts of a practice office lie, for ``--json``."""
    return {name: str(path) for name, path in asdict(office).items()}


def practice_lines(office: "PracticeOffice") -> Iterator[str]:
    """How to practise in it."""
    yield _("The training office is open until Ctrl+C. In another terminal:")
    yield f"  . {shlex.quote(str(office.settings))}"
    plan = f"{shlex.quote(str(office.register))} --scans {shlex.quote(str(office.scans))}"
    yield f"  sohoa batch plan {plan}"
    yield f"  sohoa batch run --pin-fd 3 3<{shlex.quote(str(office.pins))}"


def ran_answer(ran: "Ran") -> Answer:
    """What a run did; 12 where something was set aside."""
    data = {
        "deposited": ran.deposited,
        "set_aside": ran.set_aside,
        "waiting": ran.waiting,
        "seconds": round(ran.seconds, 1),
    }
    text = _("{deposited} documents deposited, {waiting} wait until their lot is accepted.")
    shown = text.format(deposited=ran.deposited, waiting=ran.waiting)
    if not ran.set_aside:
        return Answer(data, shown)
    because = _("{count} documents were set aside. See why: sohoa batch status")
    return Answer(data, shown, ExitCode.PARTIAL, because.format(count=ran.set_aside))


def _choices() -> Iterator[str]:
    """What a person may do with a document that was set aside."""
    yield _("A person decides on what is set aside:")
    for command, meaning in (
        ("retry ID", _("what was wrong is put right: go on")),
        ("retry ID --rescanned", _("its sheets were scanned anew into the same place")),
        ("retry ID --as-is", _("looked at and right as it is")),
        ("assign ID SO.xlsx --line N", _("it is the paper on that line of the register")),
        ("withdraw ID --reason …", _("a supervisor takes it out for good")),
    ):
        yield f"  sohoa batch {command:28}  {meaning}"


def status_answer(status: "Status") -> Answer:
    """How a backlog stands; reasons with the word that ``batch retry --reason`` takes."""
    from dossier.reason_words import word

    lines = [
        f"{count:8}  {_(_STATES[state])}"
        for state in _STATES
        if (count := status.counts.get(state, 0))  # type: ignore[call-overload]
    ]
    lines += [
        f"{count:12}  {reason}: {word(reason)}" for reason, count in sorted(status.reasons.items())
    ]
    if status.runs:
        lines.append(
            _("At work, or broken off: {stations}").format(stations=", ".join(status.runs))
        )
    if status.counter_waits:
        lines.append(_("A dossier is being taken in: the backlog of this machine waits."))
    for one in status.documents:
        lines.append(f"{one.id}  {_(_STATES[one.state])}  {mask_text(str(one.plan.source))}")
        lines += [f"    {mask_text(one.detail)}"] if one.detail else []
    if status.reasons:
        lines += _choices()
    return Answer(status.as_dict(), "\n".join(lines) or _("Nothing is planned."))
