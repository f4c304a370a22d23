"""The clerk's way through a dossier: one question at a time.

Going back and giving up are possible at every question and lose nothing: the dossier is
on disk after every step, and the next start offers to go on with it.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Protocol

from digitize.quality import reasons
from digitize.scanner import Device, ScanSettings
from dossier import intake
from dossier.desk import Desk
from dossier.people import owner_of
from dossier.stack import Stack, read_stack, scan_stack, stack_in_words
from dossier.values import Dossier, dossiers_folder, load, save, unfinished
from foundation.errors import ExitCode, SohoaError
from foundation.messages import _
from foundation.privacy import mask_number
from profiles import Paper, Procedure, all_of, load_paper, load_procedure
from warehouse import Owner


class Move(Enum):
    """What a clerk may answer to any question instead of answering it."""

    BACK = "back"
    QUIT = "quit"


class Talk(Protocol):
    """How questions reach the clerk; the terminal has one, a window may have another."""

    def tell(self, text: str) -> None: ...  # noqa: D102
    def choose(self, question: str, options: Sequence[str]) -> int | Move: ...  # noqa: D102
    def ask(  # noqa: D102
        self, question: str, read: Callable[[str], str | None], wrong: str
    ) -> str | Move: ...
    def wait(self, question: str) -> Move | None: ...  # noqa: D102


@dataclass(frozen=True)
class Progress:
    """How far the conversation has come."""

    procedure: Procedure | None = None
    owner: Owner | None = None
    dossier: Dossier | None = None
    card: Stack | None = None
    receipt: Path | None = None

    @property
    def open_dossier(self) -> Dossier:
        """The dossier, once it was opened."""
        if self.dossier is None:
            raise AssertionError("asked for a dossier before one was opened")
        return self.dossier


Station = Callable[["Guide", Progress], "Progress | Move"]


@dataclass(frozen=True)
class Guide:
    """What the stations need: the desk, the clerk, and where sheets come from.

    Attributes:
        device: finds the scanner when the first sheet is to be scanned.
        lay: called when the clerk said that a paper lies in the feeder; in practice it is
            this that lays it there.
    """

    desk: Desk
    talk: Talk
    device: Callable[[], Device]
    lay: Callable[[Paper], None] = lambda _paper: None


def guide(here: Guide) -> Progress | None:
    """Lead a clerk from the first question to the receipt; None when they stopped before it."""
    talk = here.talk
    done: list[Progress] = [_pick_up(here)]
    station = 3 if done[0].dossier else 0
    first = station
    while station < len(_STATIONS):
        outcome = _STATIONS[station](here, done[-1])
        if outcome is Move.QUIT or (outcome is Move.BACK and station == first):
            talk.tell(_("Stopped. Everything so far is kept; “sohoa intake” goes on with it."))
            return None
        if outcome is Move.BACK:
            _leave(done.pop(), done[-1])
            done[-1] = _as_on_disk(done[-1])
            station -= 1
        elif isinstance(outcome, Progress):
            done.append(outcome)
            station += 1
    return done[-1]


def _leave(left: Progress, before: Progress) -> None:
    """Close a dossier that was opened at the station the clerk goes back over."""
    if left.dossier and not before.dossier:
        save(replace(load(left.dossier.id), finished=True))


def _as_on_disk(progress: Progress) -> Progress:
    """What was scanned after this station is not forgotten by going back to it."""
    return replace(progress, dossier=progress.dossier and load(progress.dossier.id))


def _pick_up(here: Guide) -> Progress:
    """A dossier left unfinished, if the clerk wants to go on with one."""
    for dossier in unfinished():
        procedure = load_procedure(dossier.procedure)
        question = _("A dossier was left unfinished: {title}, {name}. Go on with it?").format(
            title=procedure.title, name=dossier.owner.name or mask_number(dossier.owner.identifier)
        )
        answer = here.talk.choose(question, [_("Go on with it"), _("Later"), _("Give it up")])
        if answer == 0:
            return Progress(procedure, dossier.owner, dossier)
        if answer == 2:
            save(replace(dossier, finished=True))
            here.talk.tell(
                _("Given up. Its scanned papers stay in {folder}.").format(folder=dossier.folder)
            )
    return Progress()


def _choose_procedure(here: Guide, so_far: Progress) -> Progress | Move:
    procedures = list(all_of(Procedure))
    answer = here.talk.choose(_("Which procedure?"), [one.title for one in procedures])
    if isinstance(answer, Move):
        return answer
    return replace(so_far, procedure=procedures[answer])


def _name_owner(here: Guide, so_far: Progress) -> Progress | Move:
    how = here.talk.choose(
        _("Whose dossier is it?"),
        [_("Scan the identity card"), _("Type the identification number")],
    )
    if isinstance(how, Move):
        return how
    named = _owner_by_card(here) if how == 0 else _owner_by_number(here)
    if isinstance(named, Move):
        return named if named is Move.QUIT else _name_owner(here, so_far)
    owner, card = named if isinstance(named, tuple) else (named, None)
    return replace(so_far, owner=owner, card=card)


def _owner_by_number(here: Guide) -> Owner | Move:
    def read(text: str) -> str | None:
        return text if re.fullmatch(r"\d{9}|\d{12}|\d{10}(-?\d{3})?", text) else None

    wrong = _("That is not an identification number: 12 digits (old CMND: 9; organisation: 10).")
    number = here.talk.ask(_("Identification number"), read, wrong)
    if isinstance(number, Move):
        return number
    name = here.talk.ask(
        _("Full name"), lambda text: text or None, _("Please type the name as on the card.")
    )
    return name if isinstance(name, Move) else owner_of(number, name)


def _owner_by_card(here: Guide) -> tuple[Owner, Stack] | Owner | Move:
    """The owner by the card's QR code, with the card's pages for the dossier that may need them."""
    while True:
        stack = _fetch(here, load_paper("can-cuoc"), dossiers_folder().parent / "card")
        if isinstance(stack, Move):
            return stack
        if card := next(stack.cards(), None):
            here.talk.tell(f"  {card.full_name}  {mask_number(card.number)}")
            return Owner(card.number, card.full_name), stack
        here.talk.tell(_("The card's QR code could not be read. Clean it and lay it flat."))
        again = here.talk.choose(
            _("What now?"), [_("Scan again"), _("Type the identification number")]
        )
        if isinstance(again, Move):
            return again
        if again == 1:
            return _owner_by_number(here)


def _open(here: Guide, so_far: Progress) -> Progress | Move:
    if so_far.procedure is None or so_far.owner is None:
        return Move.BACK
    dossier = intake.start(here.desk, so_far.procedure, so_far.owner)
    for part in dossier.parts:
        title = load_paper(part.paper).title
        if part.stage == "held":
            here.talk.tell(
                _("  ✓ {paper}: held already, need not be handed in").format(paper=title)
            )
        else:
            here.talk.tell(_("  • {paper}: to be scanned").format(paper=title))
    return replace(so_far, dossier=dossier)


def _ask_agreement(here: Guide, so_far: Progress) -> Progress | Move:
    answer = here.talk.choose(
        _(
            "Ask: “May your papers be kept in your own electronic store, so that you need not "
            "hand them in again? You may withdraw this at any time.”"
        ),
        [_("Yes, keep them"), _("No, only for this dossier")],
    )
    if isinstance(answer, Move):
        return answer
    return replace(so_far, dossier=intake.agree(so_far.open_dossier, answer == 0))


def _scan_papers(here: Guide, so_far: Progress) -> Progress | Move:
    dossier = so_far.open_dossier
    papers = [part.paper for part in dossier.parts if part.stage in {"needed", "made"}]
    number = next(
        (n for n, name in enumerate(papers) if dossier.part(name).stage == "needed"), None
    )
    while number is not None and number < len(papers):
        paper = load_paper(papers[number])
        here.talk.tell("")
        here.talk.tell(
            _("Paper {number} of {count}: {paper}").format(
                number=number + 1, count=len(papers), paper=paper.title
            )
        )
        card = so_far.card if paper.identifies_owner else None
        outcome = _scan_paper(here, dossier, paper, card)
        if outcome is Move.QUIT or (outcome is Move.BACK and number == 0):
            return outcome
        if isinstance(outcome, Move):
            number -= 1
            continue
        dossier = outcome
        number += 1
    return replace(so_far, dossier=dossier)


def _scan_paper(here: Guide, dossier: Dossier, paper: Paper, card: Stack | None) -> Dossier | Move:
    """Fetch one paper until its pages are good, or the clerk takes them as they are."""
    if card and dossier.part(paper.name).stage == "needed":
        here.talk.tell(_("  scanned a moment ago to name the owner"))
        return intake.make_part(here.desk, dossier, paper.name, card.pages)
    while True:
        stack = _fetch(here, paper, dossier.folder / "sheets" / paper.name)
        if isinstance(stack, Move):
            return stack
        if not stack.pages:
            here.talk.tell(_("Only blank sides came. Was it laid in face down?"))
            continue
        if _is_good(here, paper, stack):
            return intake.make_part(here.desk, dossier, paper.name, stack.pages)
        again = here.talk.choose(_("What now?"), [_("Scan it again"), _("Take it as it is")])
        if isinstance(again, Move):
            return again
        if again == 1:
            return intake.make_part(here.desk, dossier, paper.name, stack.pages)


def _is_good(here: Guide, paper: Paper, stack: Stack) -> bool:
    """Tell what is wrong with the pages, and whether it looks like the paper asked for."""
    here.talk.tell("  " + stack_in_words(stack))
    faults = reasons([page.finding for page in stack.pages], paper.pages)
    found = [one.paper for one in stack.sorted(list(all_of(Paper))) if one.paper]
    if found and paper.name not in {one.name for one in found}:
        text = _("this looks like “{other}”, not “{paper}”")
        faults.append(text.format(other=found[0].title, paper=paper.title))
    for fault in faults:
        here.talk.tell(f"  ! {fault}")
    return not faults


def _fetch(here: Guide, paper: Paper, folder: Path) -> Stack | Move:
    """Sheets of one paper from the feeder, gone on with after a jam, or from files."""
    stack, start = Stack(), 1
    while True:
        question = _("Lay “{paper}” in the feeder").format(paper=paper.title)
        answer = here.talk.ask(
            question + " – " + _("Enter: scan, or type a file's name"),
            lambda text: text,
            "",
        )
        if isinstance(answer, Move):
            return answer
        try:
            more = _bring(here, paper, folder, start, answer)
        except SohoaError as fault:
            if fault.exit_code is ExitCode.SETUP:
                raise
            here.talk.tell(f"  ! {fault}")
            continue
        stack = stack.joined(more, start)
        if stack.fault is None:
            return stack
        here.talk.tell(f"  ! {stack.fault}")
        start = int(stack.fault.facts.get("page", 1))


def _bring(here: Guide, paper: Paper, folder: Path, start: int, files: str) -> Stack:
    if files:
        names = [Path(name) for name in files.split(";")]
        return read_stack(names, folder, paper, jobs=here.desk.jobs)
    here.lay(paper)
    device = here.device()
    rules = paper.pages
    settings = ScanSettings(here.desk.office.scan_source, rules.scan_dpi, rules.scan_mode)
    return scan_stack(
        device,
        settings,
        folder,
        paper,
        jobs=here.desk.jobs,
        start_number=start,
        on_sheet=lambda sheet: here.talk.tell(
            _("  page {number} came").format(number=sheet.index + 1)
        ),
    )


def _sign(here: Guide, so_far: Progress) -> Progress | Move:
    dossier = intake.reuse_parts(here.desk, so_far.open_dossier)
    while dossier.at("made"):
        made = [load_paper(part.paper).title for part in dossier.at("made")]
        here.talk.tell("")
        move = here.talk.wait(_("Now sign: {papers}").format(papers=", ".join(made)))
        if move is not None:
            return move
        try:
            dossier = intake.sign_parts(here.desk, dossier)
        except SohoaError as error:
            if error.exit_code not in {ExitCode.TOKEN, ExitCode.SERVICE}:
                raise
            here.talk.tell(f"  ! {error}")
    return replace(so_far, dossier=dossier)


def _deposit(here: Guide, so_far: Progress) -> Progress | Move:
    dossier = intake.deposit_parts(here.desk, so_far.open_dossier)
    dossier, receipt = intake.finish(here.desk, dossier)
    shutil.rmtree(dossiers_folder().parent / "card", ignore_errors=True)
    return replace(so_far, dossier=dossier, receipt=receipt)


_STATIONS: tuple[Station, ...] = (
    _choose_procedure,
    _name_owner,
    _open,
    _ask_agreement,
    _scan_papers,
    _sign,
    _deposit,
)
