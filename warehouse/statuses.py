"""What may become of a record after its deposit: withdrawn, given its owner, erased."""

from dataclasses import replace

from sqlalchemy import Connection

from foundation.privacy import mask_text
from foundation.times import utc_now, vietnam_time
from warehouse import audit, codes, objects, once, records
from warehouse.catalog import Catalog
from warehouse.claims import claimed
from warehouse.errors import (
    NotInForce,
    OwnerKnown,
    OwnerMissing,
    ReasonMissing,
    RecordConflict,
    RecordErased,
)
from warehouse.ocfl import Inventory
from warehouse.values import Actor, Owner, Record, clean_identifier


def revoke(catalog: Catalog, id_or_code: str, reason: str, actor: Actor) -> Record:
    """Withdraw what is in force; see :meth:`warehouse.store.Warehouse.revoke`."""
    with audit.refusals(catalog, "revoke", actor):
        if not reason.strip():
            raise ReasonMissing
        with claimed(catalog, _id_of(catalog, id_or_code)) as claim:
            with catalog.reading() as tx:
                record = records.get(tx, id_or_code, catalog.hidden)
            if record.status != "active":
                since = vietnam_time(record.status_at).date().isoformat()
                raise NotInForce(record=record.id, version=record.version, day=since)
            revoked = replace(
                record, status="revoked", status_at=utc_now(), status_reason=reason.strip()
            )
            made = _restate(catalog, revoked, "revoked")
            with catalog.writing() as tx:
                records.put(tx, revoked)
                objects.note_version(tx, record.id, made)
                why = {"reason": reason.strip()}
                audit.append_for(catalog, tx, "revoke", actor, record, why)
                claim.release(tx)
    return revoked


def bind_owner(
    catalog: Catalog,
    id_or_code: str,
    owner: Owner,
    actor: Actor,
    *,
    code: str = "",
    co_owners: tuple[Owner, ...] = (),
) -> Record:
    """Say whose paper it is; see :meth:`warehouse.store.Warehouse.bind_owner`."""
    owner, *others = (
        replace(one, identifier=clean_identifier(one.identifier)) for one in (owner, *co_owners)
    )
    pseudonym = catalog.pseudonym(owner.identifier)
    with audit.refusals(catalog, "bind", actor, owner=pseudonym):
        if not owner.identifier:
            raise OwnerMissing
        with claimed(catalog, _id_of(catalog, id_or_code)) as claim:
            with catalog.reading() as tx:
                record = records.get(tx, id_or_code, catalog.hidden)
            if record.status == "erased":
                raise RecordErased(record=record.id)
            if record.owner.identifier:
                raise OwnerKnown(record=record.id)
            bound = replace(record, owner=owner, co_owners=tuple(others), code=code or record.code)
            made = _restate(catalog, bound, "owner bound")
            with catalog.writing() as tx:
                _refuse_double(catalog, tx, record, bound)
                records.put(tx, bound)
                objects.note_version(tx, record.id, made)
                audit.append_for(catalog, tx, "bind", actor, bound, {})
                claim.release(tx)
    return bound


def erase(catalog: Catalog, id_or_code: str, reason: str, actor: Actor) -> list[Record]:
    """Destroy a record for good; see :meth:`warehouse.store.Warehouse.erase`."""
    with audit.refusals(catalog, "erase", actor):
        if not reason.strip():
            raise ReasonMissing
        record_id = _id_of(catalog, id_or_code)
        with claimed(catalog, record_id) as claim:
            with catalog.reading() as tx:
                held = records.versions(tx, record_id)
            if held[0].status == "erased":
                raise RecordErased(record=record_id)
            erased = [records.tombstone(one, utc_now(), reason.strip()) for one in held]
            with catalog.writing() as tx:
                once.forget(tx, record_id)
                for record, was in zip(erased, held, strict=True):
                    records.put(tx, record)
                    why = {"reason": reason.strip()}
                    audit.append_for(catalog, tx, "erase", actor, was, why)
            # Only now, when there is no way back, the key; a crash here is gone on from.
            objects.finish_erasing(catalog, record_id)
            with catalog.writing() as tx:
                claim.release(tx)
    return erased


def _id_of(catalog: Catalog, id_or_code: str) -> str:
    with catalog.reading() as tx:
        return records.get(tx, id_or_code, catalog.hidden).id


def _restate(catalog: Catalog, record: Record, message: str) -> Inventory:
    """Put what is now true of a version into its object."""
    return objects.add_version(
        catalog,
        catalog.keys.open(record.id),
        record.id,
        objects.trusted_inventory(catalog, record.id),
        {f"{record.version}/record.json": records.to_json(record)},
        message,
    )


def _refuse_double(catalog: Catalog, tx: Connection, was: Record, bound: Record) -> None:
    """The new owner may have this very paper, another of its number, or its code already."""
    same = records.same_content(tx, bound.owners, bound.paper_type, bound.sha256)
    rival = records.in_force(tx, bound.owners, bound.paper_type, bound.number)
    other = same or rival
    if other is not None and other.id != bound.id:
        raise RecordConflict(title=bound.title, number=mask_text(bound.number), record=other.id)
    if bound.code == was.code:
        return
    codes.require_free(tx, catalog.hidden, bound.code)
    codes.lead_to(tx, catalog.hidden(was.code), was)
