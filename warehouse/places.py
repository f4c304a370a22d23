"""Where a warehouse keeps what: its folder here, its objects, its catalogue.

The folder is always on this machine: it holds the keys. Objects lie beside them, or in an
S3 bucket; the catalogue is an SQLite file beside them, or a PostgreSQL database. Both are
named in ``warehouse.toml`` in the folder::

    objects = "s3://kho-xa/h99"                       # endpoint = "https://s3.example.vn"
    catalogue = "postgresql+psycopg://sohoa@db/kho"   # password: ~/.pgpass or PGPASSWORD

or, for the office's own store, in ``SOHOA_WAREHOUSE`` and ``SOHOA_CATALOGUE``. Credentials
of S3 come from the usual ``AWS_`` variables.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from foundation.places import home
from foundation.reasons import reason_of_toml
from warehouse.errors import BadSettings

SETTINGS = "warehouse.toml"
_KNOWN = {"objects", "endpoint", "catalogue"}


@dataclass(frozen=True)
class Place:
    """One warehouse's places.

    Attributes:
        folder: absolute; keys, locks, and by default everything else.
        objects: URL of the object store; empty for the folder.
        endpoint: URL of an S3 server that is not Amazon's.
        catalogue: URL of a database; empty for SQLite in the folder.
    """

    folder: Path
    objects: str = ""
    endpoint: str = ""
    catalogue: str = ""

    @property
    def shown(self) -> str:
        """What to call it in messages; never holds a password."""
        return self.objects or str(self.folder)


def place_of(folder: Path) -> Place:
    """The places of the warehouse in ``folder``.

    Raises:
        BadSettings: ``warehouse.toml`` is not right.
    """
    folder = folder.absolute()
    place = Place(folder, **_settings(folder / SETTINGS))
    # The environment speaks of the office's own store, not of a rehearsal's beside it.
    if folder != (home() / "warehouse").absolute():
        return place
    named = os.environ.get("SOHOA_WAREHOUSE", "")
    return Place(
        folder,
        objects=named if "://" in named else place.objects,
        endpoint=place.endpoint,
        catalogue=os.environ.get("SOHOA_CATALOGUE") or place.catalogue,
    )


def _settings(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as stream:
            settings = tomllib.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise BadSettings(file=file, detail=reason_of_toml(error)) from error
    unknown = sorted(set(settings) - _KNOWN) + sorted(
        key for key, value in settings.items() if not isinstance(value, str)
    )
    if unknown:
        raise BadSettings(file=file, detail=", ".join(unknown))
    return settings
