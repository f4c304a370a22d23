"""What a user sees while work goes on: one line on the error stream, or a bar on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from foundation.privacy import printable
from terminal.pen import write_err

Advance = Callable[[int, str], None]


@dataclass(frozen=True)
class Screen:
    """Where a verb may speak while it works; results go through its answer."""

    json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """A line for people, on the error stream so that results can be piped."""
        if not (self.quiet or self.json):
            write_err(text + "\n")

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Advance]:
        """A bar while the block runs; call what it gives with the count done and a word on it.

        Drawn only on a terminal. ``total`` is None where the end is not known.
        """
        if self.quiet or self.json or not sys.stderr.isatty():
            yield lambda _done, _word: None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total)

            def advance(done: int, word: str = "") -> None:
                bar.update(task, completed=done, description=printable(f"{label} {word}".strip()))

            yield advance
