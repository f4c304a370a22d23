"""One paper from the clerk's hand: laid in, scanned, gone on with after a jam, looked at."""

from pathlib import Path

from digitize.quality import reasons
from digitize.scanner import ScanSettings
from dossier.conversation import Guide, Move
from dossier.stack import (
    Stack,
    clear_sheets,
    read_stack,
    scan_stack,
    sheets_there,
    stack_in_words,
    stack_there,
)
from foundation.errors import ExitCode, SohoaError
from foundation.messages import _
from profiles import Paper, all_of


def fetch(here: Guide, paper: Paper, folder: Path) -> Stack | Move:
    """Sheets of one paper from the feeder, gone on with after a jam, or from files."""
    begun = _begun(here, paper, folder)
    if isinstance(begun, Move):
        return begun
    stack, start, complete = begun
    while not complete:
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
        stack = more if answer else stack.joined(more, start)
        complete = stack.fault is None
        if stack.fault:
            here.talk.tell(f"  ! {stack.fault}")
            start = int(stack.fault.facts.get("page", 1))
    return stack


def _begun(here: Guide, paper: Paper, folder: Path) -> tuple[Stack, int, bool] | Move:
    """What an earlier scan of this paper left, the sheet to go on from, and if that was all."""
    sheets = sheets_there(folder, here.desk.office.scan_source)
    if not sheets:
        return Stack(), 1, False
    answer = here.talk.choose(
        _("{count} sides of “{paper}” were scanned before.").format(
            count=len(sheets), paper=paper.title
        ),
        [_("Scan the sheets that are missing"), _("That was all of it"), _("Scan it all again")],
    )
    if isinstance(answer, Move):
        return answer
    if answer == 2:
        clear_sheets(folder)
        return Stack(), 1, False
    there = stack_there(sheets, folder, paper, jobs=here.desk.jobs)
    if there.fault:
        here.talk.tell(f"  ! {there.fault}")
        clear_sheets(folder)
        return Stack(), 1, False
    return there, len(sheets) + 1, answer == 1


def _bring(here: Guide, paper: Paper, folder: Path, start: int, files: str) -> Stack:
    if files:
        names = [Path(name.strip().strip("'\"")).expanduser() for name in files.split(";")]
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


def is_good(here: Guide, paper: Paper, stack: Stack, owner: str) -> bool:
    """Tell what is wrong with the pages, and which of them look like another paper or owner."""
    here.talk.tell("  " + stack_in_words(stack))
    faults = reasons([page.finding for page in stack.pages], paper.pages)
    faults += stack.out_of_place(paper, owner, list(all_of(Paper)))
    for fault in faults:
        here.talk.tell(f"  ! {fault}")
    return not faults
