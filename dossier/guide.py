"""The clerk's way through a dossier: one question at a time.

Going back and giving up are possible at every question and lose nothing: the dossier is
on disk after every step, and the next start offers to go on with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from digitize.pipeline import work_folder
from digitize.quality import below_bar
from dossier import intake
from dossier.asking import ask_to_keep, put_on_record
from dossier.closing import scanned_again
from dossier.conversation import Guide, Move, Progress, Talk
from dossier.feeding import fetch, is_good
from dossier.people import BadOwner, owner_of
from dossier.stack import Stack, clear_sheets
from dossier.values import Dossier, DossierUnreadable, load, unfinished
from foundation.errors import ExitCode, SohoaError
from foundation.messages import _
from foundation.privacy import mask_number
from foundation.times import today
from profiles import Paper, Procedure, UnknownProfile, all_of, load_paper, load_procedure
from warehouse import Owner
from warehouse.errors import SecretPaper

__all__ = ["Guide", "Move", "Progress", "Talk", "guide"]

#: A station asks its question; told whether the clerk came to it by going back.
Station = Callable[[Guide, Progress, bool], Progress | Move]


def guide(here: Guide) -> Progress:
    """Lead a clerk from the first question to the receipt.

    Returns:
        How far it came; without a receipt where the clerk stopped before it.
    """
    with work_folder() as folder:
        try:
            return _walk(replace(here, card_folder=folder / "card"))
        except KeyboardInterrupt:  # Ctrl+C is a stop like any other
            return _stopped(here, Progress())
        finally:
            here.hold.release()


def _walk(here: Guide) -> Progress:
    begun = _pick_up(here)
    if begun is None:
        return Progress()
    done, backwards = [begun], False
    station = first = _STATIONS.index(_scan_papers) if begun.dossier else 0
    while station < len(_STATIONS):
        outcome = _STATIONS[station](here, done[-1], backwards)
        if isinstance(outcome, Progress):
            done.append(outcome)
            station, backwards = station + 1, False
        elif outcome is Move.QUIT or station == first:
            return _stopped(here, done[-1])
        else:
            done.pop()
            done[-1] = _as_on_disk(done[-1])
            station, backwards = station - 1, True
    return done[-1]


def _stopped(here: Guide, so_far: Progress) -> Progress:
    """How far it came; a dossier in hand is part of it also where it was not asked about yet."""
    if so_far.dossier or not here.hold.dossier_id:
        return _as_on_disk(so_far)
    return replace(so_far, dossier=load(here.hold.dossier_id))


def _as_on_disk(progress: Progress) -> Progress:
    """What was scanned after this station is not forgotten by going back to it."""
    return replace(progress, dossier=progress.dossier and load(progress.dossier.id))


def _pick_up(here: Guide) -> Progress | None:
    """A dossier left unfinished, if the clerk wants to go on with one; None to stop."""
    for left in unfinished():
        if isinstance(left, DossierUnreadable):
            here.talk.tell(f"! {left}")
            continue
        if not here.hold.take(left):
            continue  # somebody works on it at this moment
        answer = _ask_about(here, left)
        if isinstance(answer, Move):
            return None
        if answer == 0:
            here.desk.require_signers(load_paper(part.paper) for part in left.parts)
            dossier = intake.look_up(here.desk, left)
            return Progress(load_procedure(left.procedure), left.owner, dossier)
        if answer == 2:
            intake.give_up(left)
            text = _("Given up. Its scanned sheets are deleted; its documents stay in {folder}.")
            here.talk.tell(text.format(folder=left.folder))
    here.hold.release()
    return Progress()


def _ask_about(here: Guide, left: Dossier) -> int | Move:
    try:
        title = load_procedure(left.procedure).title
    except UnknownProfile:
        title = left.procedure
    question = _("A dossier was left unfinished: {title}, {name}. Go on with it?").format(
        title=title, name=left.owner.name or mask_number(left.owner.identifier)
    )
    return here.talk.choose(question, [_("Go on with it"), _("Later"), _("Give it up")])


def _choose_procedure(here: Guide, so_far: Progress, _backwards: bool) -> Progress | Move:
    day = today()
    procedures = [one for one in all_of(Procedure) if one.holds_on(day)]
    answer = here.talk.choose(_("Which procedure?"), [one.title for one in procedures])
    if isinstance(answer, Move):
        return answer
    chosen = procedures[answer]
    here.desk.require_signers(load_paper(one.paper) for one in chosen.components)
    return replace(so_far, procedure=chosen)


def _name_owner(here: Guide, so_far: Progress, _backwards: bool) -> Progress | Move:
    while True:
        how = here.talk.choose(
            _("Whose dossier is it?"),
            [_("Scan the identity card"), _("Type the identification number")],
        )
        if isinstance(how, Move):
            return how
        named = _owner_by_card(here) if how == 0 else _owner_by_number(here)
        if named is Move.QUIT:
            return named
        if isinstance(named, Named):
            return replace(so_far, owner=named.owner, card=named.card)


@dataclass(frozen=True)
class Named:
    """The owner, and the pages of the card that named them."""

    owner: Owner
    card: Stack | None = None


def _owner_by_number(here: Guide) -> Named | Move:
    def read(text: str) -> str | None:
        try:
            return owner_of(text).identifier if text != "-" else None
        except BadOwner:
            return None

    wrong = _("That is not an identification number: 12 digits (old CMND: 9; organisation: 10).")
    while True:
        number = here.talk.ask(_("Identification number"), read, wrong)
        if isinstance(number, Move):
            return number
        name = here.talk.ask(
            _("Full name"),
            lambda text: text if any(c.isalpha() for c in text) else None,
            _("Please type the name as on the card."),
        )
        if name is Move.QUIT:
            return name
        if not isinstance(name, Move):
            return Named(owner_of(number, name))


def _owner_by_card(here: Guide) -> Named | Move:
    """The owner by the card's QR code, with the card's pages for the dossier that may need them."""
    paper = next(paper for paper in all_of(Paper) if paper.identifies_owner)
    while True:
        clear_sheets(here.card_folder)
        stack = fetch(here, paper, here.card_folder)
        if isinstance(stack, Move):
            return stack
        if card := next(stack.cards(), None):
            here.talk.tell(f"  {card.full_name}  {mask_number(card.number)}")
            return Named(Owner(card.number, card.full_name), stack)
        here.talk.tell(_("The card's QR code could not be read. Clean it and lay it flat."))
        ways = [_("Scan again"), _("Type the identification number")]
        if card := stack.card_in_print(paper):
            # In full, and on this screen alone: who compares digits must see them.
            read = _("The print on the card reads: {name}, {number}.")
            here.talk.tell(read.format(name=card.full_name, number=card.number))
            ways.append(_("Every letter and digit of it is on the card"))
        again = here.talk.choose(_("What now?"), ways)
        if isinstance(again, Move):
            return again
        if again == 1:
            return _owner_by_number(here)
        if again == 2 and card:
            return Named(Owner(card.number, card.full_name), stack)


def _agree(here: Guide, so_far: Progress, _backwards: bool) -> Progress | Move:
    """Open the dossier, or the one left unfinished for this owner, once the owner was asked."""
    if so_far.procedure is None or so_far.owner is None:
        return Move.BACK
    answer = ask_to_keep(here)
    if answer is Move.BACK:
        _put_aside(here)
    if isinstance(answer, Move):
        return answer
    dossier = intake.start_or_go_on(here.desk, so_far.procedure, so_far.owner, here.hold)
    said = put_on_record(here, dossier, answer == 0)
    if isinstance(said, Move):
        return said
    dossier = said
    _show_components(here, dossier)
    return replace(so_far, dossier=_take_card(here, dossier, so_far.card))


def _put_aside(here: Guide) -> None:
    """Leave the dossier for another owner or procedure; an empty one need not be gone back to."""
    if here.hold.dossier_id:
        dossier = load(here.hold.dossier_id)
        if len(dossier.at("needed", "held")) == len(dossier.parts):
            intake.give_up(dossier)
    here.hold.release()


def _show_components(here: Guide, dossier: Dossier) -> None:
    for part in dossier.parts:
        title = load_paper(part.paper).title
        if part.stage in {"held", "reused"}:
            line = _("  ✓ {paper}: held already, need not be handed in")
        elif part.stage == "needed":
            line = _("  • {paper}: to be scanned")
            title = "; ".join([title, *part.advice])
        else:
            line = _("  ✓ {paper}: scanned already")
        here.talk.tell(line.format(paper=title))


def _take_card(here: Guide, dossier: Dossier, card: Stack | None) -> Dossier:
    """The card that named the owner is not asked for again where the dossier needs it too."""
    for part in dossier.at("needed") if card else []:
        paper = load_paper(part.paper)
        good = card and not below_bar([page.finding for page in card.pages])
        if card and good and paper.identifies_owner:
            here.talk.tell(_("  {paper}: scanned a moment ago").format(paper=paper.title))
            dossier = intake.make_part(here.desk, dossier, paper.name, card.pages)
    return dossier


def _scan_papers(here: Guide, so_far: Progress, backwards: bool) -> Progress | Move:
    dossier = so_far.open_dossier
    papers = [part.paper for part in dossier.at("needed", "made")]
    number = len(papers) - 1 if backwards else _next_needed(dossier, papers, 0)
    if number < 0:
        return Move.BACK
    while number < len(papers):
        paper = load_paper(papers[number])
        here.talk.tell("")
        here.talk.tell(
            _("Paper {number} of {count}: {paper}").format(
                number=number + 1, count=len(papers), paper=paper.title
            )
        )
        outcome = _scan_paper(here, dossier, paper)
        if outcome is Move.QUIT or (outcome is Move.BACK and number == 0):
            return outcome
        if isinstance(outcome, Move):
            number -= 1
            continue
        dossier = outcome
        number = _next_needed(dossier, papers, number + 1)
    return replace(so_far, dossier=dossier)


def _next_needed(dossier: Dossier, papers: Sequence[str], start: int) -> int:
    """Place of the next paper that is not there yet; after the last one where all are."""
    needed = (n for n in range(start, len(papers)) if dossier.part(papers[n]).stage == "needed")
    return next(needed, len(papers))


def _scan_paper(here: Guide, dossier: Dossier, paper: Paper) -> Dossier | Move:
    """Fetch one paper until its pages are good, or the clerk takes them as they are."""
    folder = dossier.folder / intake.SHEETS / paper.name
    if dossier.part(paper.name).stage == "made":
        keep = here.talk.choose(
            _("“{paper}” is scanned already.").format(paper=paper.title),
            [_("Keep it"), _("Scan it again")],
        )
        if isinstance(keep, Move):
            return keep
        if keep == 0:
            return dossier
    while True:
        stack = fetch(here, paper, folder)
        if isinstance(stack, Move):
            return stack
        if stack.pages and is_good(here, paper, stack, dossier.owner.identifier):
            break
        if not stack.pages:
            here.talk.tell(_("Only blank sides came. Was it laid in face down?"))
            clear_sheets(folder)
            continue
        again = here.talk.choose(_("What now?"), [_("Scan it again"), _("Take it as it is")])
        if isinstance(again, Move):
            return again
        if again == 1:
            break
        dossier = scanned_again(dossier, stack.pages)
        clear_sheets(folder)
    return _make_part(here, dossier, paper, stack) or _scan_paper(here, dossier, paper)


def _make_part(here: Guide, dossier: Dossier, paper: Paper, stack: Stack) -> Dossier | None:
    """The dossier with the paper; None where it is secret: nothing stays of its sheets."""
    try:
        return intake.make_part(here.desk, dossier, paper.name, stack.pages)
    except SecretPaper as error:
        _tell_fault(here, error)
        return None
    finally:
        clear_sheets(dossier.folder / intake.SHEETS / paper.name)


def _sign(here: Guide, so_far: Progress, backwards: bool) -> Progress | Move:
    dossier = intake.reuse_parts(here.desk, so_far.open_dossier)
    if backwards and not dossier.at("made"):
        return Move.BACK
    while dossier.at("made"):
        made = [load_paper(part.paper).title for part in dossier.at("made")]
        here.talk.tell("")
        # Hidden, for after a wrong PIN a clerk may type the next one straight away.
        text = _("Now sign: {papers}").format(papers=", ".join(made))
        move = here.talk.wait(text, hidden=True)
        if move is not None:
            return move
        try:
            dossier = intake.sign_parts(here.desk, dossier)
        except SohoaError as error:
            _tell_fault(here, error)
    return replace(so_far, dossier=dossier)


def _deposit(here: Guide, so_far: Progress, _backwards: bool) -> Progress | Move:
    dossier = so_far.open_dossier
    while True:
        try:
            dossier = intake.deposit_parts(here.desk, dossier)
            dossier, receipt = intake.finish(here.desk, dossier)
        except SohoaError as error:
            _tell_fault(here, error)
            dossier = load(dossier.id)
        else:
            return replace(so_far, dossier=dossier, receipt=receipt)
        move = here.talk.wait(_("Try again"))
        if move is not None:
            return move


def _tell_fault(here: Guide, error: SohoaError) -> None:
    """Tell what the clerk can do something about here and now; the rest ends the conversation."""
    if error.exit_code is ExitCode.SETUP:
        raise error
    here.talk.tell(f"  ! {error}")


_STATIONS: tuple[Station, ...] = (
    _choose_procedure,
    _name_owner,
    _agree,
    _scan_papers,
    _sign,
    _deposit,
)
