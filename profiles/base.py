"""What all tables of all profiles have in common."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foundation.messages import N_

#: Name of a profile, which is that of its file too.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class Rules(BaseModel):
    """Base of all profile tables: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Rules):
    """A profile that holds from one day to another (both included)."""

    schema_version: Literal[1]
    name: Name
    title: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(N_("valid_to is before valid_from"))
        return self

    def holds_on(self, day: date) -> bool:
        """Whether the profile is in force on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
