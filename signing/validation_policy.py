"""The validation policy: what is demanded of a signature, as data.

The default lies beside this module in ``validation_policy.toml``; an office that wants
another writes a copy and names it with ``sohoa verify --policy FILE``.
"""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foundation.reasons import reason_of
from signing.errors import BadPolicyFile

_DEFAULT = Path(__file__).with_name("validation_policy.toml")


class ValidationPolicy(BaseModel):
    """What a verifier demands. Every key and its reason stands in ``validation_policy.toml``.

    ``timeout`` is in seconds, ``max_answer`` in bytes, ``clock_tolerance`` in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    revocation: Literal["required", "if-available"]
    network: bool
    timeout: float = Field(gt=0, le=60)
    max_answer: int = Field(gt=0)
    max_requests: int = Field(ge=0)
    form_filling: Literal["if-allowed", "never"]
    unused_freed: bool
    hybrid: bool
    lenient: bool
    clock_tolerance: int = Field(ge=0)

    @property
    def tolerance(self) -> timedelta:
        """How far a claimed time may lie ahead of the moment of judging."""
        return timedelta(seconds=self.clock_tolerance)

    def offline(self) -> "ValidationPolicy":
        """The same without a network: what the file does not prove stays unchecked."""
        name = f"{self.name}-offline"
        changes = {"name": name, "network": False, "revocation": "if-available"}
        return self.model_copy(update=changes)


@cache
def default_policy() -> ValidationPolicy:
    """The policy that holds unless another is named."""
    return load_policy(_DEFAULT)


def load_policy(file: Path) -> ValidationPolicy:
    """Read a policy.

    Raises:
        BadPolicyFile: it cannot be read, or a key is missing, unknown or out of range.
    """
    try:
        return ValidationPolicy.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise BadPolicyFile(file=file, detail=reason_of(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadPolicyFile(file=file, detail=f"{where}: {first['msg']}") from error
    except ValueError as error:
        raise BadPolicyFile(file=file, detail=str(error)) from error
