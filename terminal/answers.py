"""What every verb shares: ``--json``, ``--lang``, ``--quiet``, ``--debug``, and its way out.

A verb returns an :class:`Answer` and raises :class:`~foundation.errors.SohoaError`; the
printing, the exit code and the one line of error are made here, once.
"""

import errno
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from foundation.errors import ExitCode, SohoaError
from foundation.interrupts import STOPS, heed_between_imports
from foundation.messages import N_, Language, _, lend_catalogue, set_language
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from terminal.pen import write_err, write_json, write_out
from terminal.progress import Screen
from terminal.usage import misuse

# Typer keeps its copy of Click private, but its public BadParameter descends from both.
_UsageError: Any = typer.BadParameter.__mro__[1]
_Command: Any = TyperCommand.__mro__[1]

#: Words Typer asks gettext for; named here so that they are kept in our catalogue.
_TYPERS_WORDS = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("No such command {name!r}."),
    N_("[OPTIONS]"),
    N_("COMMAND [ARGS]..."),
    *(N_("<path>"), N_("<list[Path]>"), N_("<str>"), N_("<list[str]>")),
    *(N_("<int>"), N_("<int range>"), N_("<float range>")),
)


class _Translated(_Command):  # type: ignore[misc]  # Typer keeps its Click private
    """The words of a help page that Typer does not ask gettext for."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        pieces = " ".join(_(piece) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=_("Usage: "))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write = formatter.write_dl
        formatter.write_dl = lambda rows, *rest, **more: write(_with_kinds(rows), *rest, **more)
        try:
            super().format_options(ctx, formatter)
        finally:
            formatter.write_dl = write

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option:
            option.help = _("Show this message and exit.")
        return option


def _with_kinds(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rows of a help page with the kinds of values in the user's language."""
    return [(re.sub(r"<[^>]*>", lambda kind: _(kind[0]), name), text) for name, text in rows]


class Verb(_Translated, TyperCommand):
    """A verb with its help page in the user's language."""


class Verbs(_Translated, TyperGroup):
    """A group of verbs likewise; give it to Typer as ``cls``."""


#: How every group of verbs is made.
BARE: dict[str, Any] = {
    "cls": Verbs,
    "rich_markup_mode": None,
    "no_args_is_help": True,
    "pretty_exceptions_enable": False,
}


@dataclass(frozen=True)
class Answer:
    """What a verb has to say.

    Attributes:
        data: for ``--json``.
        text: for people.
        because: one sentence for the error stream: why ``code`` is not 0, and what to do.
    """

    data: Any
    text: str = ""
    code: ExitCode = ExitCode.DONE
    because: str = ""


class DiskFull(SohoaError):
    """A disk ran full while something was written."""

    exit_code = ExitCode.SETUP
    message = N_("The disk is full: {file}. Nothing was half-written; free some space and go on.")


class Unwritable(SohoaError):
    """The system refused to read or write a file."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: {detail}. Check the name and the permissions.")

    def __str__(self) -> str:
        return _(_REFUSALS.get(self.facts.get("errno", 0), self.message)).format(**self.facts)


#: What the system says of a file, in words a clerk can act on.
_REFUSALS = {
    errno.ENOENT: N_("{file}: there is no such file or folder. Check the name."),
    errno.EACCES: N_("{file}: this user may not do that there. Ask for permission."),
    errno.EPERM: N_("{file}: this user may not do that there. Ask for permission."),
    errno.EROFS: N_("{file}: this disk cannot be written to. Choose another folder."),
    errno.EISDIR: N_("{file} is a folder. Name a file in it."),
    errno.ENOTDIR: N_("{file}: a file stands where a folder should be. Choose another folder."),
}


class Fault(SohoaError):
    """Something nobody foresaw: a defect in sohoa."""

    message = N_("A fault in sohoa ({detail}). Please report it; --debug shows where it happened.")


class Stopped(SohoaError):
    """The user stopped the command."""

    exit_code = ExitCode.STOPPED
    message = N_("Stopped. All finished work is kept.")


def _common() -> dict[str, Any]:
    """The options all verbs share, in the language set when a verb is registered."""
    return {
        "json_output": Annotated[
            bool, typer.Option("--json", help=_("Answer as JSON, for programs."))
        ],
        "lang": Annotated[
            Language | None, typer.Option(help=_("Language of the messages: vi or en."))
        ],
        "quiet": Annotated[bool, typer.Option("--quiet", "-q", help=_("Only errors and results."))],
        "debug": Annotated[
            bool, typer.Option("--debug", help=_("Show where in the program an error arose."))
        ],
    }


_DEFAULTS: dict[str, Any] = {"json_output": False, "lang": None, "quiet": False, "debug": False}


def verb(
    app: typer.Typer, name: str, help_text: str
) -> Callable[[Callable[..., Answer]], Callable[..., None]]:
    """Register a function as a verb of the command, with the options all verbs share.

    A parameter named ``screen`` is filled in here and is not an option.
    """

    def register(function: Callable[..., Answer]) -> Callable[..., None]:
        own, common_options = dict(inspect.signature(function).parameters), _common()
        wants_screen = own.pop("screen", None) is not None

        @wraps(function)
        def run(**arguments: Any) -> None:
            common = {key: arguments.pop(key) for key in _DEFAULTS}
            if common["lang"]:
                set_language(common["lang"])
            screen = Screen(json=common["json_output"], quiet=common["quiet"])
            if wants_screen:
                arguments["screen"] = screen
            _carry_out(lambda: function(**arguments), screen, common["debug"])

        shared = [
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[key], annotation=kind
            )
            for key, kind in common_options.items()
        ]
        run.__signature__ = inspect.Signature([*own.values(), *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {
            key: parameter.annotation for key, parameter in own.items()
        } | common_options
        app.command(name, cls=Verb, help=help_text)(run)
        return run

    return register


def _carry_out(action: Callable[[], Answer], screen: Screen, debug: bool) -> None:
    """Run a verb and leave with its exit code, having printed its answer or one line of error."""
    _log_to_screen(debug)
    try:
        answer = action()
        _print(answer, screen)
    except BaseException as error:
        if isinstance(error, SystemExit | typer.Exit | GeneratorExit | BrokenPipeError):
            raise
        if debug:
            write_err("".join(traceback.format_exception(error)))
        _leave_with(_as_ours(error), screen)
    else:
        raise typer.Exit(int(answer.code))


def _print(answer: Answer, screen: Screen) -> None:
    if screen.json:
        write_json(answer.data)
    elif answer.text:
        write_out(answer.text.rstrip("\n") + "\n")
    if answer.because:
        _complain(answer.because)


def _log_to_screen(debug: bool) -> None:
    """What libraries note down while they work is for ``--debug`` only."""
    import logging

    logging.basicConfig(
        level=logging.INFO if debug else logging.CRITICAL + 1, stream=sys.stderr, force=True
    )


def _as_ours(error: BaseException) -> SohoaError:
    """Any error as one with a message and an exit code; details are masked of personal numbers."""
    match error:
        case SohoaError():
            return error
        case KeyboardInterrupt() | typer.Abort() | EOFError():
            return Stopped()
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            _drop_output()
            return DiskFull(file=_name_of(error))
        case OSError(filename=str() | bytes()):
            return Unwritable(file=_name_of(error), detail=reason_of(error), errno=error.errno or 0)
        case _:
            return Fault(detail=mask_text(f"{type(error).__name__}: {error}"[:160]))


def _name_of(error: OSError) -> str:
    return str(error.filename or _("the output"))


def _leave_with(error: SohoaError, screen: Screen) -> None:
    shown = masked(error)
    if screen.json:
        write_json(shown.as_dict())
    _complain(str(shown))
    raise typer.Exit(int(error.exit_code))


def masked(error: SohoaError) -> SohoaError:
    """The error with long numbers in the names of files masked: scans are named after people."""
    facts = {
        name: mask_text(str(value)) if isinstance(value, Path) or name in _PLACES else value
        for name, value in error.facts.items()
    }
    return type(error)(**facts)


#: Facts of errors that name a file or a folder.
_PLACES = frozenset({"file", "folder"})


def _complain(text: str) -> None:
    write_err(f"sohoa: {_one_line(text)}\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def run_app(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run the command; wrong usage becomes one line in the user's language and exit code 2.

    Being asked to end (SIGTERM) or left alone (SIGHUP) is a stop as Ctrl+C is: half-written
    files go, finished work stays.
    """
    try:
        heed_between_imports(*STOPS)
        lend_catalogue()
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # text files
        code = app(args=list(arguments), prog_name="sohoa", standalone_mode=False)
    except _UsageError as error:
        return _misused(error, as_json="--json" in arguments)
    except (typer.Abort, KeyboardInterrupt):
        _complain(str(Stopped()))
        return int(ExitCode.STOPPED)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except BrokenPipeError:  # whoever read the answer has heard enough, as “| head” does
        _drop_output()
        return int(ExitCode.DONE)
    return int(code or 0)


def _drop_output() -> None:
    """Let what is still to be printed vanish, or Python would stumble over it while it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _misused(error: Any, *, as_json: bool) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        write_err(error.format_message() + "\n")
        return int(ExitCode.USAGE)
    misused = misuse(error)
    if as_json:
        write_json(misused.as_dict())
    _complain(str(misused))
    return int(ExitCode.USAGE)
