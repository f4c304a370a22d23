"""The counter's list of files signed without a network, and lifting them when it is back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.places import home
from foundation.times import iso_utc, utc_now
from profiles import Office

if TYPE_CHECKING:
    from signing import SignJob, SignResult
    from signing.facts import SignatureFacts
    from signing.jobs import Level, Progress
    from signing.lifting import Lift
    from signing.waiting import Waiting


class NoLongerThere(SohoaError):
    """A file on the list was moved or deleted."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file} waits to be lifted and is not there. If it was moved, lift it where it is now; "
        "then take it off the list: sohoa queue --drop {file}"
    )


class NotOnTheList(SohoaError):
    """A file was to be taken off the list and is not on it."""

    exit_code = ExitCode.INPUT
    message = N_("{file} does not wait to be lifted. See what does with: sohoa queue")


@dataclass(frozen=True)
class Standing:
    """A waiting file and whether its time runs short."""

    entry: "Waiting"
    urgent: bool

    def as_dict(self) -> dict[str, Any]:
        """The file as it stands in ``queue --json``."""
        entry = self.entry
        return {
            "file": str(entry.file),
            "level": entry.level,
            "since": iso_utc(entry.since),
            "lift_before": iso_utc(entry.lift_before),
            "urgent": self.urgent,
        }


def lift_of(office: Office, level: "Level") -> "Lift":
    """How the office's files are lifted."""
    from signing.lifting import Lift

    trust, chain = (tuple(map(Path, paths)) for paths in (office.trust, office.chain))
    return Lift(level, office.timestamp_urls, trust, chain, office.services)


def put_on_list(level: "Level") -> "Callable[[SignJob, SignatureFacts], None]":
    """What is to be called for each file that is signed now and shall reach ``level`` later."""
    from signing.waiting import Waiting, find, put

    def note(job: "SignJob", facts: "SignatureFacts") -> None:
        folder, now, target = _folder(), utc_now(), job.target.absolute()
        # Signed by somebody else before, and waiting since: the first certificate to end counts.
        earlier = filter(None, (find(folder, file.absolute()) for file in (job.source, target)))
        ends = [facts.certificate_ends or now, *(entry.lift_before for entry in earlier)]
        put(folder, Waiting(target, level, now, min(ends)))

    return note


def standings(office: Office) -> list[Standing]:
    """What waits, the most urgent first."""
    from signing.waiting import waiting

    soon = utc_now() + timedelta(days=office.services.renew_days)
    return [Standing(entry, entry.lift_before < soon) for entry in waiting(_folder())]


def drop(files: Iterable[Path]) -> None:
    """Take files off the list. Raises :class:`NotOnTheList`."""
    from signing.waiting import remove

    for file in files:
        if not remove(_folder(), file.absolute()):
            raise NotOnTheList(file=file)


def lift_waiting(
    office: Office, level: "Level | None" = None, on_progress: "Progress | None" = None
) -> "list[SignResult]":
    """Lift everything on the list where it lies; what has reached its level leaves the list.

    An entry that cannot be read fails for itself.

    Args:
        level: for all of them, in place of the one each was to reach.

    Raises:
        NoTimestampService, BadTrustFile: what the office profile lacks.
    """
    from signing import SignJob, SignResult
    from signing.lifting import lift_files
    from signing.waiting import sound_and_damaged

    folder = _folder()
    entries, damaged = sound_and_damaged(folder)
    results = [SignResult(SignJob(folder, folder), "failed", error) for error in damaged]
    results += _missing([entry for entry in entries if not entry.file.is_file()])
    there = [entry for entry in entries if entry.file.is_file()]
    for wanted in dict.fromkeys(level or entry.level for entry in there):
        files = [entry.file for entry in there if (level or entry.level) == wanted]
        jobs = [SignJob(file, file) for file in files]
        results += settle(lift_files(jobs, lift_of(office, wanted), on_progress))
    return results


def settle(results: "list[SignResult]") -> "list[SignResult]":
    """Take what has reached its level off the list; the results as they are."""
    from signing.waiting import remove

    for result in results:
        if result.outcome in ("signed", "kept"):
            remove(_folder(), result.job.target.absolute())
    return results


def _missing(entries: "Sequence[Waiting]") -> "list[SignResult]":
    from signing import SignJob, SignResult

    return [
        SignResult(SignJob(one.file, one.file), "failed", NoLongerThere(file=one.file))
        for one in entries
    ]


def _folder() -> Path:
    return home() / "waiting"
