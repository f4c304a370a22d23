"""The base of all tables of a profile."""

from pydantic import BaseModel, ConfigDict


class Rules(BaseModel):
    """Base of all profile tables: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
