"""Wrong usage of the command line, in the user's words."""

import re
from typing import Any

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from foundation.reasons import reason_of_check


class Misused(SohoaError):
    """The command line is not one of sohoa's."""

    exit_code = ExitCode.USAGE
    message = N_("{what}. Usage: {command} --help")


def misuse(error: Any) -> Misused:
    """One of Typer's usage errors as ours; Typer keeps the classes of these private."""
    command = error.ctx.command_path if error.ctx else "sohoa"
    what = " ".join(_in_words(error).split())
    return Misused(what=what.rstrip(".?"), command=command)


def _in_words(error: Any) -> str:
    hint = error.param.get_error_hint() if getattr(error, "param", None) else ""
    match type(error).__name__:
        case "MissingParameter":
            return _("{name} is missing").format(name=hint)
        case "NoSuchOption":
            return _("there is no option {name}").format(name=error.option_name)
        case "BadOptionUsage":
            return _("{name} needs a value").format(name=error.option_name)
        case "BadParameter":
            return _("{name} is not right: {detail}").format(name=hint, detail=_fault_of(error))
    text, _mark, names = str(error.format_message()).partition(". Did you mean ")
    return f"{text}; " + _("did you mean {names}").format(names=names) if names else text


def _fault_of(error: Any) -> str:
    """What is wrong with the value of an option."""
    text = str(error.message).removeprefix("Value error, ")
    if choices := re.fullmatch(r".* is not one of (.*?)\.?", text):
        return reason_of_check({"type": "enum", "ctx": {"expected": choices[1]}, "msg": text})
    checks = getattr(error.__cause__, "errors", None)
    return reason_of_check(checks()[0]) if checks else text
