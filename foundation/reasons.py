"""What the system and libraries say of a fault, in the user's words."""

import errno
import re
import zlib
from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile

from foundation.messages import N_, _, current_language

_SYSTEM = {
    errno.ENOENT: N_("there is no such file or folder"),
    errno.EACCES: N_("no permission"),
    errno.EPERM: N_("no permission"),
    errno.EISDIR: N_("it is a folder"),
    errno.ENOTDIR: N_("a file stands where a folder should be"),
    errno.ENOSPC: N_("the disk is full"),
    errno.EDQUOT: N_("the disk is full"),
    errno.EROFS: N_("the disk cannot be written to"),
    errno.ENAMETOOLONG: N_("the name is too long"),
    errno.ELOOP: N_("a link leads back to itself"),
    errno.EIO: N_("the disk or the network answers with an error"),
    errno.ECONNREFUSED: N_("nobody answers there"),
    errno.ETIMEDOUT: N_("no answer in time"),
}
#: What libraries say of broken files in many English words.
DAMAGED = N_("it is damaged, or not what its name says")
#: By the type of pydantic's error; facts of its context may be named.
_CHECKS = {
    "missing": N_("this entry is missing"),
    "extra_forbidden": N_(
        "there is no such entry here; entries of the whole file stand above its first [table]"
    ),
    "string_type": N_("text in quotes is expected"),
    "string_too_short": N_("it must not be empty"),
    "string_pattern_mismatch": N_("it does not have the form {pattern}"),
    "int_type": N_("a whole number is expected"),
    "int_parsing": N_("a whole number is expected"),
    "int_from_float": N_("a whole number is expected"),
    "float_type": N_("a number is expected"),
    "float_parsing": N_("a number is expected"),
    "bool_type": N_("true or false is expected"),
    "bool_parsing": N_("true or false is expected"),
    "greater_than_equal": N_("it must be at least {ge}"),
    "less_than_equal": N_("it must be at most {le}"),
    "literal_error": N_("one of these is expected: {expected}"),
    "enum": N_("one of these is expected: {expected}"),
    "date_type": N_("a date such as 2026-07-01 is expected"),
    "date_parsing": N_("a date such as 2026-07-01 is expected"),
    "date_from_datetime_parsing": N_("a date such as 2026-07-01 is expected"),
    "tuple_type": N_("a list in [ ] is expected"),
    "list_type": N_("a list in [ ] is expected"),
    "model_type": N_("a table is expected"),
    "dict_type": N_("a table is expected"),
    "too_short": N_("it must not be empty"),
    "json_invalid": N_("it is no JSON"),
    "string_too_long": N_("it may have {max_length} characters at most"),
    "string_unicode": N_("it is no UTF-8 text"),
    "too_long": N_("there may be {max_length} entries at most"),
    "model_attributes_type": N_("an object (name: value) is expected"),
    "int_parsing_size": N_("a whole number is expected"),
    "date_from_datetime_inexact": N_("a date such as 2026-07-01 is expected"),
}
#: What is said of everything else; in English the library's own words say more.
_UNFIT = N_("it does not have the form that is expected")


def reason_of(error: BaseException) -> str:
    """Why the system refused something; the error's own words where we have none."""
    if isinstance(error, BadZipFile | EOFError | zlib.error):
        return _(DAMAGED)
    if not isinstance(error, OSError):
        return str(error) or type(error).__name__
    known = _SYSTEM.get(error.errno or 0)
    return _(known) if known else error.strerror or str(error) or type(error).__name__


def reason_of_check(details: Mapping[str, Any]) -> str:
    """Why a value does not fit, from one of the errors a pydantic ``ValidationError`` lists."""
    if details["type"] == "value_error":
        return _(str(details["ctx"]["error"]))
    known = _CHECKS.get(details["type"])
    if known:
        return _(known).format(**details.get("ctx", {}))
    return str(details["msg"]) if current_language() == "en" else _(_UNFIT)


def reason_of_toml(error: ValueError) -> str:
    """Where a file stops being TOML, from the error of ``tomllib``, or that it is no text."""
    if isinstance(error, UnicodeDecodeError):
        return _("it is no UTF-8 text")
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    if place is None:
        return _("it is no TOML ({detail})").format(detail=error)
    text = _("line {line}, column {column} is no TOML")
    return text.format(line=place[1], column=place[2])
