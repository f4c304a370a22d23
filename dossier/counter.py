"""``sohoa intake``: the desk opened for one clerk, and a dossier by script or by questions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from digitize.quality import BelowQuality, below_bar, reasons
from digitize.scanner import FeederEmpty, ScannerError, ScanSettings, Source, choose_device
from dossier import intake
from dossier.desk import Desk
from dossier.guide import Guide, Progress, Talk, guide
from dossier.people import actor_at, owner_of
from dossier.signing_desk import pin_source
from dossier.stack import (
    Stack,
    clear_sheets,
    read_stack,
    scan_stack,
    sheets_there,
    stack_there,
)
from dossier.turns import counter_at_work
from dossier.values import Dossier, Hold
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files
from foundation.messages import N_, _
from foundation.times import today
from profiles import Paper, all_of, load_office, load_paper, load_procedure
from warehouse.grounds import Giver

if TYPE_CHECKING:
    from signing import Pin, PinSource, TokenInfo
    from signing.pins import SecretKind


class OrderIncomplete(SohoaError):
    """A scripted intake needs a procedure, an owner and something to take in."""

    exit_code = ExitCode.USAGE
    message = N_("{missing} is missing. Without any options “sohoa intake” asks for everything.")


class PapersMissing(SohoaError):
    """The stack lacks papers that the procedure needs."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Not found in the stack: {papers}. What was recognised is kept; run “sohoa intake” "
        "without options to go on."
    )


class NotInForce(SohoaError):
    """A dossier was to be begun for a procedure that does not hold today."""

    exit_code = ExitCode.USAGE
    message = N_(
        "The procedure “{procedure}” is not in force today. See those that are: sohoa profile list"
    )


class OutOfPlace(SohoaError):
    """A file is not the paper it was said to be, or not its owner's."""

    exit_code = ExitCode.INPUT
    message = N_("{paper}: {reasons}. Nothing was signed; give the right file and run again.")


class PaperTwice(SohoaError):
    """A stack holds two papers of one kind; putting them together would be a guess."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Page {page}: a second “{paper}” begins here. Take one of them out, or name the file of "
        "each paper with --sheets PAPER=FILE."
    )


class PagesBelow(BelowQuality):
    """Pages of a dossier are below the profile's bar, and there is nobody to ask."""

    message = N_("{reasons}. Nothing was made of these sheets; scan them again.")


class OnlyBlank(SohoaError):
    """A paper of which only blank sides came."""

    exit_code = ExitCode.QUALITY
    message = N_("{paper}: only blank sides came. Was it laid in face down? Scan it again.")


class PaperUnknown(SohoaError):
    """The first pages of a stack carry no heading any paper of the procedure has."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Page {page}: no paper of this procedure begins here. Take the sheet out, or name the "
        "file of each paper with --sheets PAPER=FILE."
    )


@dataclass(frozen=True)
class Order:
    """What a script asks of an intake.

    Attributes:
        sheets: PAPER=FILE pairs.
        giver: the guardian or delegate who agreed for the owner.
    """

    procedure: str
    owner: str
    owner_name: str
    scanner: str
    source: Source
    sheets: tuple[str, ...]
    agreed: bool
    giver: Giver | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for, so that a clerk is to be guided."""
        return not (self.procedure or self.owner or self.sheets)


@dataclass
class RememberedPins:
    """The PINs of one dossier: each asked for once, forgotten at its end or at any error."""

    source: "PinSource"
    _pins: "dict[str, Pin]" = field(default_factory=dict, repr=False)

    def pin_for(self, token: "TokenInfo") -> "Pin":
        """A copy of the token's PIN, asked for the first time."""
        from signing import Pin

        if token.serial not in self._pins:
            self._pins[token.serial] = self.source.pin_for(token)
        return Pin(self._pins[token.serial].reveal())

    def secret_for(self, kind: "SecretKind", service: str) -> "Pin":
        """A remote key's PIN or the office's access, asked for once; a code is good only once."""
        from signing import Pin

        if kind == "otp":
            return self.source.secret_for(kind, service)
        name = f"{kind} {service}"
        if name not in self._pins:
            self._pins[name] = self.source.secret_for(kind, service)
        return Pin(self._pins[name].reveal())

    def forget(self) -> None:
        """Overwrite all of them."""
        for pin in self._pins.values():
            pin.forget()
        self._pins.clear()


@contextmanager
def open_counter(
    operator: str, pin_fd: int | None, level: str, jobs: int, say: Callable[[str], None]
) -> Iterator[Desk]:
    """The office's desk for one dossier; its PINs are forgotten when the block ends.

    The backlog of this machine waits meanwhile.
    """
    office = load_office()
    pins = RememberedPins(pin_source(pin_fd))

    def tell(step: str, detail: str = "") -> None:
        say(step + (f": {detail}" if detail else ""))

    with private_files(), counter_at_work():
        try:
            yield Desk(
                office,
                actor_at(office, operator),
                pins=lambda _role: pins,
                forget_pins=pins.forget,
                jobs=jobs,
                level=level,
                tell=tell,
            )
        finally:
            pins.forget()


def run_intake(desk: Desk, order: Order, talk: Talk) -> "Ended":
    """A dossier from the reuse check to the receipt.

    A dossier of the same procedure and owner that an earlier call left unfinished is gone
    on with: what was scanned, signed or deposited then is not done again.

    Raises:
        NoSigner, NoTimestampService, TokenNotFound: found before anything is scanned.
        OrderIncomplete, PapersMissing, PaperUnknown, PaperTwice: what a script must mend.
        PagesBelow, OnlyBlank: sheets that must be scanned again.
        SohoaError: whatever a step raises; the dossier can be gone on with.
    """
    if order.empty:
        name = order.scanner or desk.office.scanner
        return ended(guide(Guide(desk, talk, lambda: choose_device(name))))
    hold = Hold()
    try:
        dossier = _by_script(desk, order, hold)
        dossier, receipt = intake.finish(desk, dossier)
    finally:
        hold.release()
    return ended(Progress(dossier=dossier, receipt=receipt))


def _by_script(desk: Desk, order: Order, hold: Hold) -> Dossier:
    for name, given in (("--profile", order.procedure), ("--owner", order.owner)):
        if not given:
            raise OrderIncomplete(missing=name)
    owner, procedure = owner_of(order.owner, order.owner_name), load_procedure(order.procedure)
    files = _pairs(order.sheets)
    if not procedure.holds_on(today()):
        raise NotInForce(procedure=procedure.title)
    papers = [load_paper(one.paper) for one in procedure.components]
    desk.require_signers(papers)
    dossier = intake.start_or_go_on(desk, procedure, owner, hold)
    dossier = intake.agree(desk, dossier, order.agreed, order.giver)
    intake.tell_held(desk, dossier)
    desk.require_tokens(load_paper(part.paper) for part in dossier.at("needed", "made"))
    if dossier.at("needed"):
        if not (order.scanner or files):
            raise OrderIncomplete(missing="--scanner")
        dossier = (
            _from_files(desk, dossier, files) if files else _from_scanner(desk, dossier, order)
        )
    lacking = [load_paper(part.paper).title for part in dossier.at("needed")]
    if lacking:
        raise PapersMissing(papers=", ".join(lacking))
    dossier = intake.reuse_parts(desk, dossier)
    dossier = intake.sign_parts(desk, dossier)
    return intake.deposit_parts(desk, dossier)


def _from_scanner(desk: Desk, dossier: Dossier, order: Order) -> Dossier:
    """The whole stack at once, parted into papers by their headings.

    After a jam the sheets that came wait in the dossier's folder for the next call; a stack
    that went through leaves none there.
    """
    folder = dossier.folder / intake.SHEETS / "stack"
    stack = _whole_stack(desk, order, folder)
    if stack.fault:
        if not isinstance(stack.fault, ScannerError):
            clear_sheets(folder)  # a sheet that cannot be worked on has to be scanned anew
        raise stack.fault
    try:
        return _make_parts(desk, dossier, stack)
    finally:
        clear_sheets(folder)


def _whole_stack(desk: Desk, order: Order, folder: Path) -> Stack:
    paper = load_paper("giay-to")
    settings = ScanSettings(order.source, paper.pages.scan_dpi, paper.pages.scan_mode)
    device = choose_device(order.scanner)
    stack = Stack()
    if sheets := sheets_there(folder, order.source):
        told = _("{count} sides were scanned before").format(count=len(sheets))
        desk.tell(_("Going on with the unfinished stack"), told)
        stack = stack_there(sheets, folder, paper, jobs=desk.jobs)
        if stack.fault:
            return stack
    start = len(sheets) + 1
    more = scan_stack(device, settings, folder, paper, jobs=desk.jobs, start_number=start)
    if sheets and isinstance(more.fault, FeederEmpty):
        return stack  # all had come before
    return stack.joined(more, start)


def _make_parts(desk: Desk, dossier: Dossier, stack: Stack) -> Dossier:
    _require_quality(stack, load_paper("giay-to"))
    needed = [load_paper(part.paper) for part in dossier.at("needed")]
    sorted_papers = stack.sorted(needed)
    seen = set()
    for found in sorted_papers:  # the whole stack is judged before anything is made of it
        page = found.pages[0].sheet.index + 1
        if found.paper is None:
            raise PaperUnknown(page=page)
        if found.paper.name in seen:
            raise PaperTwice(page=page, paper=found.paper.title)
        seen.add(found.paper.name)
        if found.paper.identifies_owner:
            for fault in stack.card_of_another(dossier.owner.identifier):
                raise OutOfPlace(paper=found.paper.title, reasons=fault)
    for found in sorted_papers:
        if found.paper:
            dossier = intake.make_part(desk, dossier, found.paper.name, found.pages)
    return dossier


def _from_files(desk: Desk, dossier: Dossier, named: dict[str, list[Path]]) -> Dossier:
    """Each paper from the files named for it."""
    for name, files in named.items():
        paper = load_paper(name)
        if paper.name not in {part.paper for part in dossier.at("needed")}:
            desk.tell(_("Not needed: {paper}").format(paper=paper.title))
            continue
        folder = dossier.folder / intake.SHEETS / paper.name
        try:
            stack = read_stack(files, folder, paper, jobs=desk.jobs)
            if stack.fault:
                raise stack.fault
            if not stack.pages:
                raise OnlyBlank(paper=paper.title)
            _require_quality(stack, paper)
            _require_in_place(stack, paper, dossier)
            dossier = intake.make_part(desk, dossier, paper.name, stack.pages)
        finally:
            clear_sheets(folder)
    return dossier


def _pairs(sheets: tuple[str, ...]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for pair in sheets:
        name, equals, file = pair.partition("=")
        if not equals:
            raise OrderIncomplete(missing="--sheets PAPER=FILE")
        files.setdefault(name, []).append(Path(file))
    return files


def _require_quality(stack: Stack, paper: Paper) -> None:
    """A script has nobody to ask, so a bad page ends it."""
    findings = [page.finding for page in stack.pages]
    if below_bar(findings):
        raise PagesBelow(reasons="; ".join(reasons(findings, paper.pages)))


def _require_in_place(stack: Stack, paper: Paper, dossier: Dossier) -> None:
    """Nothing is signed that is another paper than was said, or somebody else's card."""
    faults = list(stack.out_of_place(paper, dossier.owner.identifier, list(all_of(Paper))))
    if faults:
        raise OutOfPlace(paper=paper.title, reasons="; ".join(faults))


class Ended(NamedTuple):
    """How an intake ended, in the order an answer of the command is made of."""

    data: dict[str, Any]
    text: str
    code: ExitCode
    because: str


def ended(done: Progress, *, practice: bool = False) -> Ended:
    """An intake's data, a word on it, and 130 with a reason where the clerk stopped it."""
    if done.dossier is None:
        why = _("Stopped. No dossier was begun yet.")
        return Ended({"finished": False}, "", ExitCode.STOPPED, why)
    if done.receipt is None:
        why = _("Stopped. Everything so far is kept; “sohoa intake” goes on with it.")
        if practice:
            why = _("Practice stopped. Begin again whenever you like.")
        return Ended(intake.summary(done.dossier), "", ExitCode.STOPPED, why)
    data = intake.summary(done.dossier) | {"receipt": str(done.receipt)}
    text = _("Done: {reused} reused, {deposited} deposited, {kept} kept with the dossier.").format(
        reused=len(done.dossier.at("reused")),
        deposited=len(done.dossier.at("deposited")),
        kept=len(done.dossier.at("kept")),
    )
    where = _("Receipt: {file}").format(file=done.receipt)
    return Ended(data, f"{text}\n{where}", ExitCode.DONE, "")
