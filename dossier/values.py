"""A dossier and its parts, as they stand at any moment; kept on disk after every step."""

import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TextIO

from foundation.errors import ExitCode, SohoaError
from foundation.files import write_atomic
from foundation.messages import N_
from foundation.places import home
from warehouse import Actor, Owner

#: How far a component has come. ``held``: in the store already; ``made``: digitised and
#: sealed; ``kept``: signed, and handed in with the dossier without going to the store.
Stage = Literal["needed", "held", "reused", "made", "signed", "deposited", "kept"]
#: The action under which a finished dossier stands in the audit.
ON_RECORD = "dossier"
_STATE = "dossier.json"


class DossierUnreadable(SohoaError):
    """The saved state of a dossier cannot be read."""

    exit_code = ExitCode.INPUT
    message = N_("The saved dossier {dossier} cannot be read. Its scanned sheets are in {folder}.")


@dataclass(frozen=True)
class Part:
    """One component of a dossier.

    Attributes:
        paper: name of the paper's profile.
        file: name of its PDF in the dossier's folder.
        code: official code (TT 01/2023 Điều 10); holds the owner's identifier.
        record_id: id of its record in the store.
        advice: what to look at, in words for the clerk.
    """

    paper: str
    stage: Stage = "needed"
    file: str = ""
    code: str = ""
    record_id: str = ""
    pages: int = 0
    sha256: str = ""
    advice: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Dossier:
    """The documents of one procedure for one owner.

    Attributes:
        id: ULID; names its folder.
        code: the office's dossier code.
        agreed: whether the owner agreed that the papers are kept in their store. Silence is
            not consent (Luật 91/2025): False until they said so.
        consent_id: of the consent on record that says so.
        given_up: nobody will go on with it; ``finished``: its receipt was given.
    """

    id: str
    code: str
    procedure: str
    owner: Owner
    actor: Actor
    started_at: str
    agreed: bool = False
    consent_id: str = ""
    finished: bool = False
    given_up: bool = False
    #: Sheets that were scanned again, by what was wrong with them (flags of a finding).
    rescans: dict[str, int] = field(default_factory=dict, hash=False)
    parts: tuple[Part, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the dossier lies: sheets, documents, receipt, state."""
        return dossiers_folder() / self.id

    def part(self, paper: str) -> Part:
        """The component of that paper type."""
        return next(part for part in self.parts if part.paper == paper)

    def with_part(self, changed: Part) -> "Dossier":
        """The dossier with one component replaced."""
        parts = tuple(changed if part.paper == changed.paper else part for part in self.parts)
        return replace(self, parts=parts)

    def at(self, *stages: Stage) -> list[Part]:
        """The components that stand at one of the stages."""
        return [part for part in self.parts if part.stage in stages]


def dossiers_folder() -> Path:
    """Where dossiers in the making lie, private to the user who runs sohoa."""
    folder = home() / "dossiers"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def save(dossier: Dossier) -> Dossier:
    """Write the state to the disk, whole or not at all; gives the dossier back."""
    dossier.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(asdict(dossier), ensure_ascii=False, indent=1)
    write_atomic(dossier.folder / _STATE, text.encode(), mode=0o600)
    return dossier


def load(dossier_id: str) -> Dossier:
    """The dossier as last saved. Raises :class:`DossierUnreadable`."""
    folder = dossiers_folder() / dossier_id
    try:
        return _from_dict(json.loads((folder / _STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DossierUnreadable(dossier=dossier_id, folder=folder) from error


def unfinished() -> Iterator[Dossier | DossierUnreadable]:
    """Dossiers that were begun and neither finished nor given up, oldest first.

    One that cannot be read comes as its error, so that it does not hide the others.
    """
    for state in sorted(dossiers_folder().glob(f"*/{_STATE}")):
        try:
            dossier = load(state.parent.name)
        except DossierUnreadable as error:
            yield error
            continue
        if not (dossier.finished or dossier.given_up):
            yield dossier


class Hold:
    """The one dossier this program works on; another one on this machine cannot take it.

    Ends with :meth:`release`, or with the process however that ends (flock).
    """

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self.dossier_id = ""

    def take(self, dossier: Dossier) -> bool:
        """Hold this dossier and no other; False, and nothing held, where somebody else does."""
        self.release()
        stream = (dossier.folder / ".lock").open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            return False
        self._stream, self.dossier_id = stream, dossier.id
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._stream:
            self._stream.close()
        self._stream, self.dossier_id = None, ""


def _from_dict(data: dict[str, Any]) -> Dossier:
    parts = tuple(Part(**{**part, "advice": tuple(part["advice"])}) for part in data["parts"])
    owner, actor = Owner(**data["owner"]), Actor(**data["actor"])
    return Dossier(**{**data, "owner": owner, "actor": actor, "parts": parts})
