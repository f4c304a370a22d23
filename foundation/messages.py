"""Vietnamese and English messages from one catalogue (GNU gettext).

The msgid in the code is the English text; ``translations/vi/*.po`` hold the
Vietnamese, one file a room, compiled into one catalogue by ``scripts/messages``.
"""

import gettext
import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Literal, cast, get_args

from foundation.privacy import printable

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_LOCALES = Path(__file__).resolve().parent.parent / "translations"
_language: ContextVar[Language] = ContextVar("sohoa_language", default="vi")


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("sohoa", _LOCALES, languages=[language])


class Message(str):
    """A message; what is filled in is shown and never obeyed.

    Names of files, tokens and people are strangers' words: a line break in one would write a
    line of its own.
    """

    __slots__ = ()

    def format(self, *values: object, **facts: object) -> str:
        """The message with its facts, those that are text or paths made printable."""
        shown = {name: _shown(fact) for name, fact in facts.items()}
        return super().format(*map(_shown, values), **shown)


def _shown(fact: object) -> object:
    if isinstance(fact, BaseException):
        return printable(" ".join(str(fact).split()))
    return printable(str(fact)) if isinstance(fact, str | PurePath) else fact


def _(message: str) -> str:
    """The message in the language now set; the English text if it has no translation."""
    return Message(_catalogue(_language.get()).gettext(message))


def said_in(language: Language, message: str) -> str:
    """The message in one language, whichever is set."""
    return _catalogue(language).gettext(message)


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "mark, translate later"
    """Mark a message for the catalogue where it is only translated later."""
    return message


def set_language(language: Language) -> None:
    """Set the language of messages for this context (thread or task)."""
    _language.set(language)


def current_language() -> Language:
    """The language messages are given in now."""
    return _language.get()


def choose_language(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Language:
    """The user's language: ``--lang``, then ``SOHOA_LANG``, then the locale; else Vietnamese.

    Read before the command line is parsed, so that ``--help`` speaks it too.
    """
    asked = [b for a, b in pairwise(argv) if a == "--lang"]
    asked += [a.partition("=")[2] for a in argv if a.startswith("--lang=")]
    names = ("SOHOA_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    for value in [*asked, *(environ.get(name, "") for name in names)]:
        if value[:2].lower() in LANGUAGES:
            return cast(Language, value[:2].lower())
    return "vi"


def lend_catalogue() -> None:
    """Let libraries that ask gettext's default domain find their words in our catalogue.

    Typer does so for its help pages. Python's gettext knows no other way to be told the
    language than the environment.
    """
    gettext.bindtextdomain("sohoa", str(_LOCALES))
    gettext.textdomain("sohoa")
    os.environ["LANGUAGE"] = current_language()
