"""``sohoa sign --upgrade --warehouse``: the papers in the store are lifted and renewed there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.people import actor_at
from dossier.shelf import open_store, require_store
from dossier.signing_desk import is_signed
from dossier.waiting import lift_of
from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder
from foundation.messages import N_
from profiles import Office

if TYPE_CHECKING:
    from signing.jobs import Level
    from signing.lifting import Lift
    from warehouse import Actor, Record, Warehouse

Advance = Callable[[int, str], None]


class StoreAlone(SohoaError):
    """Files, or a place for them, were named together with the store."""

    exit_code = ExitCode.USAGE
    message = N_(
        "--warehouse lifts the papers in the store, where they lie: it goes with --upgrade, and "
        "with neither files nor -o."
    )


@dataclass(frozen=True)
class StoreLifted:
    """What became of the papers in the store.

    Attributes:
        looked: papers in force that were looked at, unsigned ones and those that were fine too.
        lifted: ids of the records whose paper was lifted or renewed.
        failed: those that could not be, with the error.
        stopped: what ended it before the last paper: a service that does not answer, a full disk.
    """

    looked: int
    lifted: tuple[str, ...]
    failed: tuple[tuple[str, SohoaError], ...]
    stopped: SohoaError | None = None


def lift_store(
    office: Office,
    files: Sequence[Path],
    out: Path | None,
    level: "Level | None" = None,
    advance: Advance | None = None,
) -> StoreLifted:
    """Lift every signed paper in force in the store, to B-LTA unless ``level`` says otherwise.

    What is cut short keeps what is done; the next run finds it fine and goes on.

    Raises:
        StoreAlone: files or a place for them were named.
        NoStore: there is none.
        NoTimestampService, BadTrustFile: what the office profile lacks.
        WarehouseUnreachable: it went away.
    """
    from signing.errors import (
        BadTrustFile,
        NoSpace,
        NoTimestampService,
        RevocationUnavailable,
        TimestampUnavailable,
    )
    from warehouse.errors import CannotWrite, WarehouseUnreachable

    if files or out:
        raise StoreAlone
    require_store()
    lift, actor = lift_of(office, level or "b-lta"), actor_at(office)
    if not lift.timestamp_urls:
        raise NoTimestampService(level=lift.level)
    # What every other paper would meet as well.
    stops = (TimestampUnavailable, RevocationUnavailable, NoSpace, CannotWrite)
    looked, lifted = 0, list[str]()
    failed = list[tuple[str, SohoaError]]()
    with open_store() as store, scratch_folder() as folder:
        for record in store.active():
            try:
                if _lift(store, record, folder / f"{record.id}.pdf", lift, actor):
                    lifted.append(record.id)
            except (NoTimestampService, BadTrustFile, WarehouseUnreachable):
                raise
            except SohoaError as error:
                failed.append((record.id, error))
                if isinstance(error, stops):
                    return StoreLifted(looked + 1, tuple(lifted), tuple(failed), error)
            looked += 1
            if advance:
                advance(looked, record.id)
    return StoreLifted(looked, tuple(lifted), tuple(failed))


def _lift(store: "Warehouse", record: "Record", file: Path, lift: "Lift", actor: "Actor") -> bool:
    """Whether there was anything to do for one paper; ``file`` is for the copy in the making."""
    from signing import SignJob
    from signing.lifting import lift_files
    from warehouse.errors import NotInForce, RecordErased

    try:
        store.copy_out(record, file)
        if not is_signed(file):
            return False
        (result,) = lift_files([SignJob(file, file)], lift)
        if result.error:
            if "file" in result.error.facts:
                result.error.facts["file"] = record.id  # the copy is gone when this is read
            raise result.error
        if result.outcome == "kept":
            return False
        store.renew(record, file, actor)
    except (NotInForce, RecordErased):
        return False  # withdrawn, replaced or erased meanwhile
    finally:
        file.unlink(missing_ok=True)
    return True
