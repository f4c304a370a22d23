"""Questions to a clerk on a terminal: one at a time, with a way back and a way out."""

import shutil
import sys
import termios
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from dossier.conversation import Move
from foundation.messages import _
from terminal.pen import write_err
from terminal.progress import Screen

T = TypeVar("T")
#: Keys that move instead of answering: b(ack) or l(ùi), q(uit) or t(hôi).
_BACK, _QUIT = {"b", "l"}, {"q", "t"}


class TerminalTalk:
    """Asks on the error stream and reads from the standard input, so that results can be piped."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def tell(self, text: str) -> None:
        """Say something that needs no answer."""
        write_err(_wrapped(text) + "\n")

    def choose(self, question: str, options: Sequence[str]) -> int | Move:
        """The number of the option chosen, from 0, or a move. There is no default."""
        _forget_typed_ahead()
        self.tell("\n" + question)
        for number, option in enumerate(options, 1):
            self.tell(f"  {number}. {option}")
        numbers = {str(number): number - 1 for number in range(1, len(options) + 1)}
        return self._until(
            _("Number, b: back, q: stop"),
            numbers.get,
            _("Please type a number from 1 to {count}.").format(count=len(options))
            if len(options) > 1
            else _("Please type 1."),
        )

    def ask(self, question: str, read: Callable[[str], str | None], wrong: str) -> str | Move:
        """A line typed in, as ``read`` understands it; ``wrong`` is said when it does not."""
        _forget_typed_ahead()
        self.tell("")
        return self._until(question + " (" + _("b: back, q: stop") + ")", read, wrong)

    def wait(self, question: str, *, hidden: bool = False) -> Move | None:
        """Wait for Enter; None for Enter, else the move. ``hidden``: nothing typed is shown."""
        _forget_typed_ahead()
        answer = self._until(
            question + " (" + _("Enter: go on, b: back, q: stop") + ")",
            lambda text: "" if text == "" else None,
            _("Press Enter, or b or q."),
            hidden=hidden,
        )
        return answer if isinstance(answer, Move) else None

    def _until(
        self, prompt: str, read: Callable[[str], T | None], wrong: str, *, hidden: bool = False
    ) -> T | Move:
        while True:
            with _keyboard(hidden=hidden):
                write_err(f"{_wrapped(prompt)}: ")
                line = _read_line()
            if line == "":
                return Move.QUIT
            text = line.strip()
            if text.lower() in _BACK:
                return Move.BACK
            if text.lower() in _QUIT:
                return Move.QUIT
            answer = read(text)
            if answer is not None:
                return answer
            self.tell(wrong)


def _wrapped(text: str) -> str:
    """The text broken between words where the terminal ends; a list's items hang."""
    if not sys.stderr.isatty():
        return text
    width = max(20, shutil.get_terminal_size().columns - 1)
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()))
        hang = indent + ("   " if line.lstrip()[:1].isdigit() else "")
        lines += textwrap.wrap(
            line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines)


def _forget_typed_ahead() -> None:
    """What was typed before a question is not its answer."""
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@contextmanager
def _keyboard(*, hidden: bool) -> Iterator[None]:
    """The keyboard while a line is typed; ``hidden`` input does not show."""
    if not (hidden and sys.stdin.isatty()):
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, silent)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _read_line() -> str:
    """A line typed; empty at the end of the input. The next output begins on a new line."""
    line = ""
    try:
        line = sys.stdin.readline()
    finally:
        if not (line.endswith("\n") and sys.stdin.isatty()):
            write_err("\n")
    return line
