"""What a finding means, in words a citizen understands: one headline, what to do, the facts."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from foundation.messages import N_, _
from foundation.times import vietnam_time
from warehouse.values import Status
from warehouse.web.findings import Finding, Outcome, Signed

#: ``good``: rely on it; ``care``: do not rely on it yet; ``bad``: do not rely on it.
Tone = Literal["good", "care", "bad"]


@dataclass(frozen=True)
class Said:
    """A headline, what it means, and what to do."""

    tone: Tone
    title: str
    text: str
    advice: str = ""


@dataclass(frozen=True)
class Fact:
    """A label and its value; ``language`` of the value where it is not the page's."""

    label: str
    value: str
    language: str = ""


@dataclass(frozen=True)
class Answer(Said):
    """A finding as the page shows it; ``ask_again``: with a picture or file more can be said."""

    facts: tuple[Fact, ...] = ()
    ask_again: bool = False


_ASK_OFFICE = N_("Ask the office that issued the paper.")
_WHOLE_PAGE = N_("Photograph the whole first page, flat, in good light, and try again.")
_ORIGINAL = N_("Ask for the original file, as the office sent it.")

_OUTCOMES: dict[Outcome, Said] = {
    "known": Said(
        "good",
        N_("The code belongs to a paper in force"),
        N_("This does not yet show that the paper in your hand is that one: a code can be copied."),
        N_("Compare it with the facts below, or photograph the whole page and send it."),
    ),
    "unknown": Said(
        "bad",
        N_("No paper has this code"),
        N_("This office has never given out such a code."),
        N_("Check the code letter by letter, or photograph the QR code on the paper."),
    ),
    "gone": Said(
        "bad",
        N_("The paper is no longer kept here"),
        N_(
            "This office gave out the code, but keeps no paper under it: it was erased, or never "
            "handed in. Nothing can be confirmed about it."
        ),
        _ASK_OFFICE,
    ),
    "withheld": Said(
        "care",
        N_("This code alone is not enough"),
        N_(
            "It holds a personal number. So that nobody can find out what papers another person "
            "has, this page answers only to who has the paper."
        ),
        N_("Photograph the QR code on the paper, or send the PDF file."),
    ),
    "same": Said(
        "good",
        N_("Genuine and in force"),
        N_("This file is byte for byte the one that was deposited."),
    ),
    "copy": Said(
        "good",
        N_("Genuine and in force"),
        N_(
            "This is a genuine signed copy. The office's file differs only in proof that was "
            "added after signing; nothing in the paper was changed."
        ),
    ),
    "genuine": Said(
        "care",
        N_("Signed and unchanged, but not kept here"),
        N_(
            "Its signatures hold and nothing was changed after signing. This office does not keep "
            "the file, so whether it is still in force is not known here."
        ),
        _ASK_OFFICE,
    ),
    "changed": Said(
        "bad",
        N_("This file was changed"),
        N_("It is not what was signed. Do not rely on it."),
        _ORIGINAL,
    ),
    "not-valid": Said(
        "bad",
        N_("The signature does not hold"),
        N_("Do not rely on this file."),
        _ORIGINAL,
    ),
    "unproven": Said(
        "care",
        N_("Not proven"),
        N_("The file is signed, but it could not be shown that the signature is to be trusted."),
        _ASK_OFFICE,
    ),
    "unsigned": Said(
        "care",
        N_("Unknown file"),
        N_("It is not signed and not kept here, so nothing proves that it is genuine."),
        _ORIGINAL,
    ),
    "unreadable": Said(
        "care",
        N_("The file could not be read"),
        N_("It is damaged, protected with a password, or takes too long to judge."),
        _ORIGINAL,
    ),
    "paper-matches": Said(
        "good",
        N_("Genuine and in force"),
        N_("The QR seal is genuine, and this paper says what was sealed."),
    ),
    "seal-genuine": Said(
        "good",
        N_("The QR seal is genuine, and the paper is in force"),
        N_("What is printed on your paper was not compared: a QR code can be copied."),
        N_("Compare it with the facts below, or photograph the whole page and send it."),
    ),
    "paper-doubtful": Said(
        "care",
        N_("Look closely at this paper"),
        N_("The QR seal is genuine, but some figures on the paper are not those that were sealed."),
        _WHOLE_PAGE,
    ),
    "paper-differs": Said(
        "bad",
        N_("The QR seal belongs to another paper"),
        N_("The seal is genuine, but this paper does not say what was sealed."),
        N_("If only a part of the page was in the picture, photograph the whole page."),
    ),
    "seal-false": Said(
        "bad",
        N_("The QR seal is false"),
        N_("It is damaged, forged, or was moved from another paper. Do not rely on it."),
        _ASK_OFFICE,
    ),
    "seal-unproven": Said(
        "care",
        N_("The QR code proves nothing"),
        N_("No trusted office signed it, or it is not of a paper kept here. Anyone can make one."),
        N_("Send the signed PDF file if you have it, or ask the office that issued the paper."),
    ),
    "no-seal": Said(
        "care",
        N_("No QR seal could be read"),
        N_("There is none in the picture, or it is too small, blurred or cut off."),
        _WHOLE_PAGE,
    ),
}  # fmt: skip

#: What a record out of force makes of an answer that would else be good, and what is added.
_OUT_OF_FORCE: dict[Status, Said] = {
    "superseded": Said(
        "care",
        N_("Genuine, but not the latest version"),
        N_("A newer version has taken its place."),
        N_("Ask for the latest version."),
    ),
    "revoked": Said(
        "bad",
        N_("This paper has been revoked"),
        N_("The office has withdrawn it. Do not rely on it."),
        _ASK_OFFICE,
    ),
    "expired": Said(
        "bad",
        N_("This paper has expired"),
        N_("Its last day of validity is past."),
        N_("Ask for a new one."),
    ),
    "erased": Said(
        "care",
        N_("The paper is no longer kept here"),
        N_("It was erased, or never handed in; whether it is in force is not known here."),
        _ASK_OFFICE,
    ),
}
#: A genuine seal of a paper that is not kept here.
_NOT_HELD = Said(
    "care",
    N_("The QR seal is genuine; the paper is not kept here"),
    N_("Whether the paper is still in force is not known here."),
    _ASK_OFFICE,
)
#: The office keeps it, and its signature is not to be relied on.
_SIGNATURE_UNPROVEN = Said(
    "care",
    N_("In force, but its signature is not proven"),
    N_("The office keeps this paper."),
    _ASK_OFFICE,
)
_STATUS: dict[Status, str] = {
    "active": N_("in force"),
    "superseded": N_("replaced by a newer version"),
    "revoked": N_("revoked"),
    "expired": N_("expired"),
    "erased": N_("no longer kept here"),
}
#: Answers that are good unless the store adds something.
_PROVEN: tuple[Outcome, ...] = ("known", "same", "copy", "paper-matches", "seal-genuine")
#: Answers after which a picture of the paper, or its file, says more.
_ASK_AGAIN: tuple[Outcome, ...] = (
    "known", "unknown", "withheld", "seal-genuine", "paper-doubtful", "paper-differs",
    "seal-unproven", "no-seal", "unreadable",
)  # fmt: skip


def answer(finding: Finding) -> Answer:
    """The page's answer, in the language now set."""
    said, text = _OUTCOMES[finding.outcome], [_(_OUTCOMES[finding.outcome].text)]
    if more := _what_the_store_adds(finding):
        if finding.outcome in _PROVEN or (said.tone, more.tone) == ("care", "bad"):
            said = more
        text = [_(more.text)] if finding.outcome == "known" else [*text, _(more.text)]
    if finding.strange:
        figures = ", ".join(finding.strange)
        text.append(_("Figures that were not sealed: {figures}").format(figures=figures))
    if finding.reason:
        text.append(finding.reason)
    return Answer(
        said.tone,
        _(said.title),
        " ".join(text),
        _(said.advice) if said.advice else "",
        _facts(finding),
        finding.outcome in _ASK_AGAIN and finding.status in ("active", None),
    )


def _what_the_store_adds(finding: Finding) -> Said | None:
    """What a record out of force, none, or an unproven signature makes of the answer."""
    if finding.status and finding.status != "active":
        return _OUT_OF_FORCE[finding.status]
    if finding.outcome not in _PROVEN:
        return None
    if finding.status is None:
        return _NOT_HELD
    return _SIGNATURE_UNPROVEN if finding.reason else None


def _facts(finding: Finding) -> tuple[Fact, ...]:
    facts = [Fact(_("Paper"), finding.paper, "vi")]
    if finding.status:
        state = _(_STATUS[finding.status])
        if finding.since and finding.status != "active":
            state = _("{state} since {day}").format(state=state, day=_day(finding.since))
        facts.append(Fact(_("State"), state))
    facts += [Fact(_("Signed by"), signature(one)) for one in finding.signed]
    if finding.seal:
        facts.append(Fact(_("QR seal by"), signature(finding.seal)))
    if finding.valid_until:
        facts.append(Fact(_("Valid until"), _day(finding.valid_until)))
    facts.append(Fact(_("Owner’s number"), finding.owner_hint))
    return tuple(fact for fact in facts if fact.value)


def signature(one: Signed) -> str:
    """Who, and on a second line when on Vietnam's clock."""
    if one.at is None:
        return one.signer
    when = vietnam_time(one.at).strftime("%d/%m/%Y %H:%M:%S +07:00")
    if one.stamped:
        when = _("{time} (timestamped)").format(time=when)
    return f"{one.signer}\n{when}"


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
