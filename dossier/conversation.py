"""What a conversation with a clerk is made of: moves, questions, how far it has come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from digitize.scanner import Device
from dossier.desk import Desk
from dossier.stack import Stack
from dossier.values import Dossier, Hold
from profiles import Paper, Procedure
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
    def wait(self, question: str, *, hidden: bool = False) -> Move | None: ...  # noqa: D102


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


@dataclass(frozen=True)
class Guide:
    """What the stations need: the desk, the clerk, and where sheets come from.

    Attributes:
        device: finds the scanner when the first sheet is to be scanned.
        lay: called when the clerk said that a paper lies in the feeder; in practice it is
            this that lays it there.
        hold: keeps the dossier in hand from other programs.
        card_folder: private folder for the pages of the card that names the owner.
    """

    desk: Desk
    talk: Talk
    device: Callable[[], Device]
    lay: Callable[[Paper], None] = lambda _paper: None
    hold: Hold = field(default_factory=Hold)
    card_folder: Path = Path()
