"""Files that were signed without a network and wait to be lifted: a list that survives everything.

Each file has an entry of its own in one folder, flushed to the disk before the signed file gets
its name. A run killed at any instant leaves no signed file that nobody knows of; at worst it
leaves an entry whose file is not there, and that is told.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from foundation.errors import ExitCode, SohoaError
from foundation.files import sync_file, write_atomic
from foundation.messages import N_
from foundation.reasons import reason_of
from foundation.times import iso_utc
from signing.errors import NotWritable
from signing.jobs import Level


class EntryDamaged(SohoaError):
    """An entry of the list is not what was written."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file}, an entry of the list of files to be lifted, cannot be read. "
        "Lift the file it stood for by naming it, then delete the entry."
    )


@dataclass(frozen=True)
class Waiting:
    """One file that waits.

    Attributes:
        file: where it lies; absolute.
        level: PAdES level it shall reach.
        since: when it was signed, UTC.
        lift_before: the end of the first of its certificates, UTC; afterwards nothing can prove
            that it was signed while that was good.
    """

    file: Path
    level: Level
    since: datetime
    lift_before: datetime


def put(folder: Path, entry: Waiting) -> None:
    """Write an entry, in place of an earlier one for the same file.

    Raises:
        NotWritable: the list cannot be written.
    """
    data = {
        "file": str(entry.file),
        "level": entry.level,
        "since": iso_utc(entry.since),
        "lift_before": iso_utc(entry.lift_before),
    }
    place = _place(folder, entry.file)
    try:
        write_atomic(place, json.dumps(data).encode(), mode=0o600)
    except OSError as error:
        raise NotWritable(file=place, detail=reason_of(error)) from error


def find(folder: Path, file: Path) -> Waiting | None:
    """The entry of a file, if it has one. Raises :class:`EntryDamaged`."""
    return _read(_place(folder, file))


def waiting(folder: Path) -> list[Waiting]:
    """All entries, the most urgent first. Raises :class:`EntryDamaged`."""
    entries, damaged = sound_and_damaged(folder)
    if damaged:
        raise damaged[0]
    return entries


def sound_and_damaged(folder: Path) -> tuple[list[Waiting], list[EntryDamaged]]:
    """The entries, the most urgent first, and what is wrong with those that cannot be read."""
    entries, damaged = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            entries.append(_read(path))
        except EntryDamaged as error:
            damaged.append(error)
    found = filter(None, entries)
    return sorted(found, key=lambda entry: (entry.lift_before, entry.file)), damaged


def remove(folder: Path, file: Path) -> bool:
    """Take a file off the list; whether it was on it."""
    place = _place(folder, file)
    if not place.exists():
        return False
    place.unlink(missing_ok=True)
    sync_file(folder)
    return True


def _place(folder: Path, file: Path) -> Path:
    return folder / f"{hashlib.sha256(str(file).encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> Waiting | None:
    """An entry; None where there is none, or another run has just taken it off."""
    try:
        data = json.loads(path.read_bytes())
        since, before = (datetime.fromisoformat(data[key]) for key in ("since", "lift_before"))
        return Waiting(Path(data["file"]), cast(Level, data["level"]), since, before)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise EntryDamaged(file=path) from error
