"""Handing a paper out again, with the reason on record before it leaves."""

from datetime import date
from pathlib import Path

from foundation.files import atomic_path
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from warehouse import audit, objects
from warehouse.catalog import Catalog
from warehouse.errors import CannotWrite, ReasonMissing
from warehouse.records import get, require_reusable
from warehouse.values import Actor, Record, Release


def reuse(
    catalog: Catalog,
    id_or_code: str,
    *,
    procedure: str,
    reason: str,
    actor: Actor,
    out: Path,
    day: date,
) -> Release:
    """Release a record; see :meth:`warehouse.store.Warehouse.reuse`.

    The order matters. The paper is read through first, so that a damaged one is never on
    record as released; then the release is committed; only then does the file appear. A
    crash in between leaves a release on record that nobody received, never the reverse.
    """
    procedure, reason = procedure.strip(), reason.strip()
    with audit.refusals(catalog, "reuse", actor, procedure=procedure):
        if not (procedure and reason):
            raise ReasonMissing
        with catalog.reading() as tx:
            record = get(tx, id_or_code)
        require_reusable(record, day)
        objects.verify(catalog, record)
        with catalog.writing() as tx:
            # Once more, now that nobody else can write: it may just have been revoked.
            require_reusable(get(tx, record.code), day)
            event = audit.append(
                tx,
                "release",
                actor,
                record=record.id,
                version=record.version,
                owner=catalog.pseudonym(record.owner.identifier),
                details={"procedure": procedure, "reason": reason, "sha256": record.sha256},
            )
        copy_out(catalog, record, out)
    return Release(event.id, record.id, reason, procedure, actor, event.at, record.sha256)


def copy_out(catalog: Catalog, record: Record, target: Path) -> None:
    """Write a record's PDF to ``target``, whole and verified or not at all, private (0600).

    Raises:
        DamagedObject: the stored paper is not as deposited; nothing is written.
        CannotWrite: ``target`` cannot be written.
    """
    try:
        with atomic_path(target, mode=0o600) as part, part.open("wb") as stream:
            for chunk in objects.verified_chunks(catalog, record):
                stream.write(chunk)
    except OSError as error:
        shown = mask_text(str(target))
        raise CannotWrite(file=shown, detail=reason_of(error), record=record.id) from error
