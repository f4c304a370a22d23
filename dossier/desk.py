"""The counter where the walk happens: office, store, signers, and how papers are made there."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from digitize.assemble import Provenance
from dossier.shelf import store_folder
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.times import utc_now
from ocr.engine import version as tesseract_version
from profiles import Office, Paper, SignatureRules, Signer
from warehouse import Actor

if TYPE_CHECKING:
    from signing import PinSource, SigningRequest
    from warehouse import Warehouse


Role = Literal["clerk", "agency"]


class NoSigner(SohoaError):
    """The office profile names no key for a role."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The office profile names no signing key for “{role}”. See the tokens with: sohoa devices, "
        "then write [signers.{role}] into the office profile."
    )


class Tell(Protocol):
    """Hears of each step: its name and what came of it."""

    def __call__(self, step: str, detail: str = "") -> None: ...  # noqa: D102


def _nothing() -> None:
    """There are no PINs to forget."""


def _silent(step: str, detail: str = "") -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Desk:
    """Everything the walk needs that is not the dossier itself.

    Attributes:
        pins: where the PIN of a role's token comes from.
        forget_pins: called when a token or PIN failed, so that no PIN is tried twice.
        tell: hears of each step as it is done.
    """

    office: Office
    actor: Actor
    pins: Callable[[Role], "PinSource"]
    forget_pins: Callable[[], None] = _nothing
    store_folder: Path = field(default_factory=store_folder)
    jobs: int = 0
    level: str = ""
    tell: Tell = _silent

    @contextmanager
    def store(self) -> "Iterator[Warehouse]":
        """The personal store, open for the block."""
        from warehouse import open_warehouse

        with open_warehouse(self.store_folder) as warehouse:
            yield warehouse

    def signatures(self, paper: Paper) -> tuple[SignatureRules, ...]:
        """The signatures a paper gets, in order: its own profile's, else the office's."""
        return self.office.signatures if paper.signatures is None else paper.signatures

    def signer(self, role: str) -> Signer:
        """The office's key for a role. Raises :class:`NoSigner`."""
        for signer in self.office.signers.values():
            if signer.role == role:
                return signer
        raise NoSigner(role=role)

    def request(self, rules: SignatureRules, copy_kind: str) -> "SigningRequest":
        """How files are signed under one of the profile's signature rules."""
        return signing_request(self.office, self.signer(rules.role), rules, copy_kind, self.level)


def signing_request(
    office: Office, signer: Signer, rules: SignatureRules, copy_kind: str, level: str = ""
) -> "SigningRequest":
    """A signing request out of what the office's profile says."""
    from signing import SigningRequest

    return SigningRequest(
        signer=signer,
        rules=rules,
        kind=copy_kind,
        agency=office.agency,
        level=level or rules.level,  # type: ignore[arg-type]  # checked where it comes from
        timestamp_urls=office.timestamp_urls,
        trust=tuple(Path(path) for path in office.trust),
        chain=tuple(Path(path) for path in office.chain),
    )


@cache
def versions() -> Mapping[str, str]:
    """Versions of sohoa and of what reads and writes the pages."""
    names = ("sohoa", "pikepdf", "opencv-python-headless")
    return {name: version(name) for name in names} | {"tesseract": tesseract_version()}


def provenance(
    paper: Paper, actor: Actor, *, device: str = "", record_code: str = "", title: str = ""
) -> Provenance:
    """Who made a document now, where, on which device, with which profile and versions."""
    return Provenance(
        operator=actor.name,
        office=actor.office,
        at=utc_now(),
        device=device,
        profile=paper.name,
        profile_code=paper.code,
        versions=versions(),
        title=title or paper.title,
        record_code=record_code,
    )
