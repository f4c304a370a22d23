"""What the verbs of exchange say, in words and as data."""

from typing import TYPE_CHECKING, Any

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from foundation.privacy import mask_number, mask_text
from foundation.times import iso_utc, vietnam_time
from terminal.answers import Answer, masked

if TYPE_CHECKING:
    from dossier.announcing import Post
    from dossier.exporting import Exported
    from dossier.importing import Arrival, Imported
    from warehouse.events import Delivered, Standing

_OUTCOMES = {
    "stored": N_("stored"),
    "known": N_("here already"),
    "sound": N_("may be stored"),
    "refused": N_("REFUSED"),
}
#: Why a message did not arrive, by the outbox's stable words.
_PROBLEMS = {
    "timeout": N_("no answer in time"),
    "unreachable": N_("nobody answers there"),
    "broken-off": N_("the connection broke off"),
    "tls": N_("its certificate is not accepted"),
    "address-refused": N_("nothing is sent to this address"),
}


def exported_answer(done: "Exported") -> Answer:
    """What was packed; owners' numbers are masked."""
    package = done.package
    data = {
        "file": str(done.file),
        "form": done.form,
        "signed": done.signed,
        "package": package.id,
        "packed_at": iso_utc(package.packed_at),
        "procedure": package.procedure,
        "records": [
            {
                "record": one.record,
                "version": one.version,
                "type": one.type_code,
                "title": one.title,
                "owner": mask_number(one.owner.identifier),
                "sha256": one.document.sha256,
                "release": one.release,
                "basis": one.basis,
            }
            for one in package.components
        ],
    }
    text = _("{file}: {count} papers packed; on record as handed out")
    lines = [text.format(file=done.file, count=len(package.components))]
    if not done.signed:
        lines.append(_("Nobody signed it: sohoa import will refuse it."))
    lines += [f"  {one.record}  {one.title}" for one in package.components]
    return Answer(data, "\n".join(lines))


def imported_answer(done: "Imported") -> Answer:
    """What became of each paper; the exit code is the gravest cause's."""
    sender = done.package.packed_by
    data = {
        "file": str(done.file),
        "form": done.form,
        "package": done.package.id,
        "packed_at": iso_utc(done.package.packed_at),
        "packed_by": sender.model_dump(mode="json"),
        "signer": done.signer,
        "signed_at": done.signed_at or None,
        "components": [_arrival_data(one) for one in done.arrivals],
    }
    text = _("{file}: packed by {agency}, signed by {signer}")
    head = text.format(file=done.file, agency=sender.agency, signer=done.signer)
    lines = [head, *map(_arrival_text, done.arrivals)]
    code, because = _way_out(done.arrivals)
    return Answer(data, "\n".join(lines), code, because)


def _arrival_data(one: "Arrival") -> dict[str, Any]:
    data: dict[str, Any] = {
        "from": one.component.record,
        "type": one.component.type_code,
        "title": one.component.title,
        "outcome": one.outcome,
        "record": one.record.id if one.record else None,
    }
    return data | (masked(one.error).as_dict() if one.error else {})


def _arrival_text(one: "Arrival") -> str:
    here = one.record.id if one.record else one.component.record
    line = f"  {_(_OUTCOMES[one.outcome]):<14}  {here}  {one.component.title}"
    return f"{line}\n    {masked(one.error)}" if one.error else line


def _way_out(arrivals: "tuple[Arrival, ...]") -> tuple[ExitCode, str]:
    """A conflict needs a person, whatever else there is; of other causes a mixture is 12."""
    from warehouse import RecordConflict

    errors: list[SohoaError] = [one.error for one in arrivals if one.error]
    if not errors:
        return ExitCode.DONE, ""
    text = _("{bad} of {count} papers were refused; the others are as told above.")
    because = text.format(bad=len(errors), count=len(arrivals))
    if len(arrivals) == 1:
        because = str(masked(errors[0]))
    if any(isinstance(error, RecordConflict) for error in errors):
        return ExitCode.NOT_ALLOWED, because
    codes = {error.exit_code for error in errors}
    alike = len(errors) == len(arrivals) and len(codes) == 1
    return (codes.pop() if alike else ExitCode.PARTIAL), because


def delivered_answer(done: "Delivered") -> Answer:
    """How many events arrived, and why others did not."""
    why = ", ".join(_problem(one) for one in done.problems)
    data = {
        "arrived": done.arrived,
        "failed": done.failed,
        "dead": done.dead,
        "problems": list(done.problems),
    }
    text = _("{count} events told").format(count=done.arrived)
    if not done.failed and not done.dead:
        return Answer(data, text)
    because = _("{failed} will be tried again, {dead} will not: {why}. See: sohoa outbox status")
    code = ExitCode.PARTIAL if done.arrived else ExitCode.SERVICE
    return Answer(data, text, code, because.format(failed=done.failed, dead=done.dead, why=why))


def outbox_answer(post: "Post") -> Answer:
    """How everybody's deliveries stand; exit code 12 while there are dead letters."""
    data = {
        "subscribers": [_standing_data(one) for one in post.standings],
        "dead": list(post.dead),
        "strangers": list(post.strangers),
    }
    lines = [_standing_text(one) for one in post.standings]
    lines += [
        f"  {one['event']}  {one['type']}  {one['subscriber']}: {_problem(one['problem'])}"
        for one in post.dead
    ]
    told = _("{name} is no more in the office profile; events are kept for it: sohoa outbox forget")
    lines += [told.format(name=name) for name in post.strangers]
    if not post.dead:
        return Answer(data, "\n".join(lines))
    because = _("{count} events nobody took. When that is mended: sohoa outbox retry")
    return Answer(data, "\n".join(lines), ExitCode.PARTIAL, because.format(count=len(post.dead)))


def _standing_data(one: "Standing") -> dict[str, Any]:
    return vars(one) | {"oldest": iso_utc(one.oldest) if one.oldest else None}


def _standing_text(one: "Standing") -> str:
    text = _("{name}: {delivered} told, {pending} to be told, {dead} nobody took")
    line = text.format(
        name=one.subscriber, delivered=one.delivered, pending=one.pending, dead=one.dead
    )
    if one.oldest:
        line += " · " + _("since {time}").format(time=f"{vietnam_time(one.oldest):%d/%m/%Y %H:%M}")
    return f"{line} · {_problem(one.problem)}" if one.problem else line


def _problem(word: str) -> str:
    if word.startswith("http-"):
        return _("it answered {status}").format(status=word.removeprefix("http-"))
    return _(_PROBLEMS[word]) if word in _PROBLEMS else mask_text(word)
