"""Who works here and whose papers these are, as the command was told."""

import getpass
import os
import platform
import re
import sys

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_number
from profiles import Office
from warehouse import Actor, Owner

#: 12 digits: personal number. 9: old CMND. 10 or 13: tax and business code.
_PERSON = re.compile(r"\d{9}|\d{12}", re.ASCII)
_ORGANISATION = re.compile(r"\d{10}(-?\d{3})?", re.ASCII)


class BadOwner(SohoaError):
    """What was given as the owner is no identification number."""

    exit_code = ExitCode.USAGE
    message = N_(
        "“{number}” is not an identification number: a person has 12 digits (old CMND: 9), "
        "an organisation 10 or 13."
    )


def actor_at(office: Office, operator: str = "", role: str = "clerk") -> Actor:
    """Who does it: the operator named, else the login name, at this office."""
    return Actor(operator or getpass.getuser(), role, office.title)


def station(named: str = "") -> str:
    """Which desk or scanner it is done at: as named, else ``SOHOA_STATION``, else the machine."""
    return named or os.environ.get("SOHOA_STATION", "") or platform.node()


def owner_of(number: str, name: str = "") -> Owner:
    """The owner with that number; ``-`` reads it from the standard input.

    A number given as an argument can be seen by other users of the machine; the input cannot.

    Raises:
        BadOwner: it has not the form of an identification number.
    """
    if number == "-":
        number = sys.stdin.readline()
    plain = re.sub(r"[\s.]", "", number)
    if _PERSON.fullmatch(plain):
        return Owner(plain, name)
    if _ORGANISATION.fullmatch(plain):
        return Owner(plain.replace("-", ""), name, "organisation")
    raise BadOwner(number=mask_number(plain))
