"""The whole walk, on a training scanner, software tokens, a local PKI and a local store.

Real parts in small: SANE, Tesseract, PKCS#11, RFC 3161, SQLite. Only the paper, the
people and the office are invented.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.scanner import ScanSettings, choose_device
from digitize.training import TrainingScanner, sane_config, serve_training_scanner
from dossier import intake
from dossier.checking import Reliance, check_files
from dossier.desk import Desk, Tell
from dossier.guide import Guide, Progress, Talk, guide
from dossier.samples import write_sample_dossier
from dossier.stack import Stack, scan_stack, stack_in_words
from dossier.values import Dossier
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files
from foundation.messages import N_, _
from profiles import Credential, Paper, Procedure, load_office, load_paper, load_procedure
from warehouse import Actor, Owner

if TYPE_CHECKING:
    from signing import Rehearsal

PROCEDURE = "thuong-tru-cho-con"
#: The leaf of the sample stack that is the ID card: its two sides, counted from the end.
_CARD_SIDES = 2


class DemoFailed(SohoaError):
    """A step of the demo did not do what it should."""

    exit_code = ExitCode.FAULT
    message = N_("The demo did not come out as it should: {detail}")


@dataclass
class Story:
    """Prints each step with the seconds it took, and remembers them."""

    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, step: str, detail: str = "") -> None:
        """A step is done: print it and what it came to, with the seconds since the last one."""
        now = time.monotonic()
        self.steps.append({"step": step, "detail": detail, "seconds": round(now - self.last, 2)})
        self.say(f"{now - self.last:6.1f} s  {step}" + (f": {detail}" if detail else ""))
        self.last = now

    def chapter(self, title: str) -> None:
        """A heading between steps."""
        self.say(f"\n{title}")


@dataclass(frozen=True)
class DemoResult:
    """What the demo leaves behind."""

    folder: Path
    dossiers: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    trust: Path
    seconds: float


def run_demo(folder: Path, say: Callable[[str], None], jobs: int = 0) -> DemoResult:
    """Walk the sample dossier through, twice; everything is left in ``folder``.

    Raises:
        DemoFailed: a document does not verify, or the second run scanned what was held.
        SohoaError: whatever a step raises.
    """
    from signing import rehearsal_pki

    story, folder = Story(say), folder.absolute()
    story.chapter(_("Getting ready"))
    feeder = folder / "feeder"
    sheets = write_sample_dossier(feeder)
    story(_("Drew a fictional dossier"), _("{count} sides").format(count=len(sheets)))
    with _home(folder), private_files(), rehearsal_pki(folder / "rehearsal") as pki:
        story(_("Software tokens and a time-stamping service stand ready"))
        with serve_training_scanner([sheet.path for sheet in sheets]) as scanner:
            desk = _desk(pki, story, jobs)
            stage = _Stage(desk, scanner, sane_config(folder / "sane", [scanner]), story)
            first = _first_visit(stage)
            scanner.load([sheet.path for sheet in sheets[-_CARD_SIDES:]])
            second = _second_visit(stage, first.owner)
        verdicts = _verify(story, (first, second), pki.certificates)
        told = [intake.summary(dossier) for dossier in (first, second)]
    seconds = time.monotonic() - story.began
    return DemoResult(folder, told, verdicts, pki.certificates, seconds)


def practise(folder: Path, talk: Talk, say: Callable[[str], None], jobs: int = 0) -> Progress:
    """The guided counter on the same training parts: the clerk answers, the papers lay themselves.

    The tokens' PINs are known to the program, so nobody has to type them.
    """
    from signing import rehearsal_pki

    sheets = write_sample_dossier(folder / "feeder")
    with (
        _home(folder),
        private_files(),
        rehearsal_pki(folder / "rehearsal") as pki,
        serve_training_scanner([sheets[-1].path]) as scanner,
    ):
        sane = sane_config(folder / "sane", [scanner])

        def lay(paper: Paper) -> None:
            scanner.load([sheet.path for sheet in sheets if sheet.paper == paper.name])

        say(_("Training scanner: {url}").format(url=scanner.url))
        desk = _desk(pki, lambda step, detail="": say(f"  {step}: {detail}"), jobs)
        return guide(Guide(desk, talk, lambda: choose_device("", sane), lay))


@dataclass(frozen=True)
class _Stage:
    desk: Desk
    scanner: TrainingScanner
    sane: Path
    story: Story

    @property
    def procedure(self) -> Procedure:
        return load_procedure(PROCEDURE)

    def scan(self, folder: Path) -> Stack:
        device = choose_device(self.scanner.device_name, self.sane)
        settings = ScanSettings(source="adf-duplex", dpi=300)
        stack = scan_stack(device, settings, folder, load_paper("giay-to"), jobs=self.desk.jobs)
        if stack.fault:
            raise stack.fault
        self.story(_("Scanned, straightened and read"), stack_in_words(stack))
        return stack


def _first_visit(stage: _Stage) -> Dossier:
    stage.story.chapter(_("First visit: nothing is in the store yet"))
    work = stage.sane.parent / "sheets-1"
    stack = stage.scan(work)
    card = next(stack.cards(), None)
    if card is None:
        raise DemoFailed(detail=_("the identity card could not be read"))
    owner = Owner(card.number, card.full_name)
    stage.story(_("Owner named by the identity card"), card.full_name)
    dossier = intake.start(stage.desk, stage.procedure, owner)
    dossier = intake.agree(stage.desk, dossier, True)
    return _walk(stage, dossier, stack)


def _second_visit(stage: _Stage, owner: Owner) -> Dossier:
    stage.story.chapter(_("Second visit, the same procedure: what is held is not asked for again"))
    dossier = intake.start(stage.desk, stage.procedure, owner)
    dossier = intake.agree(stage.desk, dossier, True)
    stack = stage.scan(stage.sane.parent / "sheets-2")
    dossier = _walk(stage, dossier, stack)
    reused = len(dossier.at("reused"))
    if reused != 2:
        raise DemoFailed(detail=_("{count} papers reused instead of 2").format(count=reused))
    return dossier


def _walk(stage: _Stage, dossier: Dossier, stack: Stack) -> Dossier:
    intake.tell_held(stage.desk, dossier)
    needed = [load_paper(part.paper) for part in dossier.at("needed")]
    dossier = intake.reuse_parts(stage.desk, dossier)
    for found in stack.sorted(needed):
        if found.paper is None:
            raise DemoFailed(detail=_("a paper in the stack was not recognised"))
        dossier = intake.make_part(stage.desk, dossier, found.paper.name, found.pages)
    dossier = intake.sign_parts(stage.desk, dossier)
    dossier = intake.deposit_parts(stage.desk, dossier)
    dossier, _path = intake.finish(stage.desk, dossier)
    return dossier


def _verify(story: Story, dossiers: tuple[Dossier, ...], trust: Path) -> list[dict[str, Any]]:
    story.chapter(_("Proof"))
    files = [
        dossier.folder / name
        for dossier in dossiers
        for name in [*(part.file for part in dossier.parts), "receipt.pdf"]
    ]
    verdicts = check_files(files, Reliance((trust,)))
    bad = [Path(verdict["file"]).name for verdict in verdicts if verdict["verdict"] != "valid"]
    if bad:
        raise DemoFailed(detail=", ".join(bad))
    story("sohoa verify", _("{count} documents, all valid").format(count=len(verdicts)))
    return verdicts


def _desk(pki: "Rehearsal", tell: Tell, jobs: int) -> Desk:
    office = load_office("office")
    office = office.model_copy(
        update={
            "signers": dict(pki.signers),
            "timestamp_urls": (pki.timestamp_url,),
            "trust": (str(pki.root_pem),),
            "chain": (str(pki.certificates),),
            "credential": Credential(key=str(pki.seal_key), certificate=str(pki.seal_pem)),
            "seal": office.seal.model_copy(update={"form": "signed"}),
        }
    )
    actor = Actor("Lò Thị Hạnh", "clerk", office.title)
    # With evidence in them, so that they still verify when the services are gone with the demo.
    return Desk(office, actor, pins=pki.pin_source, jobs=jobs, tell=tell, level="b-lt")


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Let sohoa's own data lie in the demo's folder for the block."""
    before = os.environ.get("SOHOA_HOME")
    os.environ["SOHOA_HOME"] = str(folder.absolute())
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOHOA_HOME"]
        else:
            os.environ["SOHOA_HOME"] = before
