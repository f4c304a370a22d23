"""Asking the owner whether their papers may be kept: told first, then asked, then written down."""

from typing import Literal

from dossier import intake
from dossier.conversation import Guide, Move
from dossier.grounds import words_of
from dossier.values import Dossier
from foundation.messages import _, current_language
from profiles import load_notice
from warehouse.ground_errors import MinorNeedsGuardian, RepresentativeMissing
from warehouse.grounds import Giver

Role = Literal["guardian", "delegate"]


def ask_to_keep(here: Guide) -> int | Move:
    """Have the notice read out and the question asked; 0 is yes. There is no answer by default."""
    notice = load_notice(here.desk.office.notice)
    here.talk.tell(_("Read out to the owner:"))
    here.talk.tell(words_of(notice, current_language()))
    return here.talk.choose(
        _(
            "Ask: “May your papers be kept in your own electronic store, so that you need not "
            "hand them in again? You may withdraw this at any time.”"
        ),
        [_("Yes, keep them"), _("No, only for this dossier")],
    )


def put_on_record(here: Guide, dossier: Dossier, agreed: bool) -> Dossier | Move:
    """Put the answer on record; for an owner who is too young, that of who speaks for them."""
    try:
        return intake.agree(here.desk, dossier, agreed)
    except MinorNeedsGuardian:
        role: Role = "guardian"
        here.talk.tell(_("The owner is a minor: a parent or guardian answers for them."))
        question = _("Name of the parent or guardian")
    except RepresentativeMissing:
        role = "delegate"
        here.talk.tell(_("The owner is an organisation: a person answers for it."))
        question = _("Name of who speaks for it")
    name = here.talk.ask(
        question,
        lambda text: text if any(c.isalpha() for c in text) else None,
        _("Please type the name as on the card."),
    )
    if isinstance(name, Move):
        return name
    shown = here.talk.ask(
        _("Which paper shows it? Type its kind and number"),
        lambda text: text.strip() or None,
        _("Please type what the paper is, for example: birth certificate 12/2015."),
    )
    if isinstance(shown, Move):
        return shown
    return intake.agree(here.desk, dossier, agreed, Giver(role, name, shown))
