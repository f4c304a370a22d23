"""Whether two names are one person's: nobody accepts, or checks, what they made themselves.

Names are compared without marks, case, spaces, punctuation and order of words, so that ``Lò Thị
Hạnh``, ``LO THI HANH`` and ``hanh.lo-thi`` are one. What a name cannot show (a login name, a
maiden name) the office profile says under ``[staff]``.
"""

import re
import unicodedata
from collections.abc import Iterable

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from profiles import Office


class OddName(SohoaError):
    """A name with letters that are not Latin, which look like others and compare as none."""

    exit_code = ExitCode.USAGE
    message = N_("“{name}” holds letters that are not Latin. Type the name anew with --operator.")


def same_person(one: str, other: str, office: Office) -> bool:
    """Whether two names may be one person's. Raises OddName."""
    return bool(_keys(one, office) & _keys(other, office))


def among(name: str, others: Iterable[str], office: Office) -> bool:
    """Whether a person is one of others. Raises OddName."""
    return any(same_person(name, other, office) for other in others)


def is_supervisor(name: str, office: Office) -> bool:
    """Whether they may decide on lots: anybody while the profile names no supervisor."""
    named = [one for one in office.staff.values() if one.supervisor]
    if not named:
        return True
    ids = [key for key, one in office.staff.items() if one.supervisor]
    return any(f"staff {key}" in _keys(name, office) for key in ids)


def _keys(name: str, office: Office) -> set[str]:
    """Forms of a name; two names with one in common are one person's."""
    words = _words(name)
    keys = {"".join(words), "".join(sorted(words))}
    for staff_id, person in office.staff.items():
        known = [_words(one) for one in (staff_id, *person.names)]
        forms = {form for some in known for form in ("".join(some), "".join(sorted(some)))}
        if keys & forms:
            keys |= forms | {f"staff {staff_id}"}
    return keys


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).casefold().replace("đ", "d")
    letters = [c for c in plain if c.isalpha()]
    if not letters or any(not unicodedata.name(c, "").startswith("LATIN") for c in letters):
        raise OddName(name=name)
    kept = "".join(c for c in plain if not unicodedata.category(c).startswith(("M", "C")))
    return re.findall(r"[a-z0-9]+", kept)
