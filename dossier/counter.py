"""``sohoa intake``: the desk opened for one clerk, and a dossier by script or by questions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.quality import BelowQuality, below_bar, reasons
from digitize.scanner import ScanSettings, Source, choose_device
from dossier import intake
from dossier.desk import Desk
from dossier.guide import Guide, Progress, Talk, guide
from dossier.people import actor_at, owner_of
from dossier.signing_desk import pin_source
from dossier.stack import Stack, read_stack, scan_stack
from dossier.values import Dossier
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from profiles import load_office, load_paper, load_procedure

if TYPE_CHECKING:
    from signing import Pin, PinSource, TokenInfo


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


class PaperUnknown(SohoaError):
    """The first pages of a stack carry no heading any paper of the procedure has."""

    exit_code = ExitCode.INPUT
    message = N_(
        "Page {page}: no paper of this procedure begins here. Take the sheet out, or name the "
        "file of each paper with --sheets PAPER=FILE."
    )


@dataclass(frozen=True)
class Order:
    """What a script asks of an intake; ``sheets`` are PAPER=FILE pairs."""

    procedure: str
    owner: str
    owner_name: str
    scanner: str
    source: Source
    sheets: tuple[str, ...]
    agreed: bool

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

    def forget(self) -> None:
        """Overwrite all of them."""
        for pin in self._pins.values():
            pin.forget()
        self._pins.clear()


@contextmanager
def open_counter(
    operator: str, pin_fd: int | None, level: str, jobs: int, say: Callable[[str], None]
) -> Iterator[Desk]:
    """The office's desk for one dossier; its PINs are forgotten when the block ends."""
    office = load_office()
    pins = RememberedPins(pin_source(pin_fd))

    def tell(step: str, detail: str = "") -> None:
        say(step + (f": {detail}" if detail else ""))

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


def run_intake(desk: Desk, order: Order, talk: Talk) -> tuple[dict[str, Any], str]:
    """A dossier from the reuse check to the receipt: its data, and its end in words.

    Raises:
        OrderIncomplete, PapersMissing, PaperUnknown: what a script must mend.
        BelowQuality: pages below the profile's bar; the clerk must look (guided) or rescan.
        SohoaError: whatever a step raises; the dossier can be gone on with.
    """
    if order.empty:
        name = order.scanner or desk.office.scanner
        return ended(guide(Guide(desk, talk, lambda: choose_device(name))))
    dossier = _by_script(desk, order)
    dossier, receipt = intake.finish(desk, dossier)
    return ended(Progress(dossier=dossier, receipt=receipt))


def _by_script(desk: Desk, order: Order) -> Dossier:
    for name, given in (("--profile", order.procedure), ("--owner", order.owner)):
        if not given:
            raise OrderIncomplete(missing=name)
    owner = owner_of(order.owner, order.owner_name)
    dossier = intake.start(desk, load_procedure(order.procedure), owner)
    dossier = intake.agree(dossier, order.agreed)
    if dossier.at("needed"):
        if not (order.scanner or order.sheets):
            raise OrderIncomplete(missing="--scanner")
        take = _from_files if order.sheets else _from_scanner
        dossier = take(desk, dossier, order)
    lacking = [load_paper(part.paper).title for part in dossier.at("needed")]
    if lacking:
        raise PapersMissing(papers=", ".join(lacking))
    dossier = intake.reuse_parts(desk, dossier)
    dossier = intake.sign_parts(desk, dossier)
    return intake.deposit_parts(desk, dossier)


def _from_scanner(desk: Desk, dossier: Dossier, order: Order) -> Dossier:
    """The whole stack at once, parted into papers by their headings."""
    paper = load_paper("giay-to")
    settings = ScanSettings(order.source, paper.pages.scan_dpi, paper.pages.scan_mode)
    folder = dossier.folder / "sheets"
    device = choose_device(order.scanner)
    stack = scan_stack(device, settings, folder, paper, jobs=desk.jobs)
    _refuse_faults(stack, folder)
    needed = [load_paper(part.paper) for part in dossier.at("needed")]
    for found in stack.sorted(needed):
        if found.paper is None:
            raise PaperUnknown(page=found.pages[0].sheet.index + 1)
        dossier = intake.make_part(desk, dossier, found.paper.name, found.pages)
    return dossier


def _from_files(desk: Desk, dossier: Dossier, order: Order) -> Dossier:
    """Each paper from the files named for it."""
    for name, files in _pairs(order.sheets).items():
        paper = load_paper(name)
        if paper.name not in {part.paper for part in dossier.at("needed")}:
            desk.tell(_("Not needed: {paper}").format(paper=paper.title))
            continue
        folder = dossier.folder / "sheets" / paper.name
        stack = read_stack(files, folder, paper, jobs=desk.jobs)
        _refuse_faults(stack, folder)
        dossier = intake.make_part(desk, dossier, paper.name, stack.pages)
    return dossier


def _pairs(sheets: tuple[str, ...]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for pair in sheets:
        name, equals, file = pair.partition("=")
        if not equals:
            raise OrderIncomplete(missing="--sheets PAPER=FILE")
        files.setdefault(name, []).append(Path(file))
    return files


def _refuse_faults(stack: Stack, folder: Path) -> None:
    """A script has nobody to ask: a fault or a bad page ends it, with what came kept."""
    if stack.fault:
        raise stack.fault
    findings = [page.finding for page in stack.pages]
    if below_bar(findings):
        said = reasons(findings, load_paper("giay-to").pages)
        raise BelowQuality(reasons="; ".join(said), file=folder)


def ended(done: Progress | None) -> tuple[dict[str, Any], str]:
    """How an intake ended: its data, and a word on it."""
    if done is None or done.dossier is None:
        return {"finished": False}, ""
    data = intake.summary(done.dossier) | {"receipt": str(done.receipt)}
    text = _("Done: {reused} reused, {deposited} deposited, {kept} kept with the dossier.").format(
        reused=len(done.dossier.at("reused")),
        deposited=len(done.dossier.at("deposited")),
        kept=len(done.dossier.at("kept")),
    )
    where = _("Receipt: {file}").format(file=done.receipt)
    return data, f"{text}\n{where}"
