"""The one way text takes to a terminal: strangers' words are shown and never obeyed."""

import json
import sys
from typing import Any, TextIO

from foundation.privacy import hidden, printable

#: What our own texts of several lines are made of.
_LINES = "\n\t"


def write_out(text: str) -> None:
    """Write to the standard output: results."""
    _write(sys.stdout, printable(text, _LINES))


def write_err(text: str) -> None:
    """Write to the error stream: what is said, asked and complained of."""
    _write(sys.stderr, printable(text, _LINES))


def write_json(data: Any) -> None:
    """Write data to the standard output as JSON with readable Vietnamese; nothing is left out."""
    text = json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n"
    if not text.isprintable():
        text = "".join(_escaped(c) if hidden(c) and c != "\n" else c for c in text)
    _write(sys.stdout, text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
