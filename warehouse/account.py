"""The account of one warehouse: what an owner may see of it, and take home as proof.

An excerpt is a JSON file with the entries about one owner and nobody else. Each entry comes
with its way up a Merkle tree whose root stands in a signed checkpoint; a signed statement
over all of them says how many there are. It is checked without the warehouse.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select

from foundation.times import iso_utc, utc_now
from warehouse import audit, checkpoints
from warehouse.catalog import Catalog
from warehouse.checkpoints import Keys, StampCheck, Stamper
from warehouse.consent import GIVEN, TAKEN_BACK
from warehouse.consent_schema import audit_owners, consents, releases
from warehouse.consent_schema import checkpoints as checkpoint_rows
from warehouse.merkle import leaf_hash, path_to, root_by
from warehouse.receipts import ReceiptInvalid, check, issue, known_keys
from warehouse.reuse import RELEASED
from warehouse.schema import audit as audit_rows
from warehouse.values import Actor, AuditReport, Event, Fault

FORMAT = "sohoa-audit-excerpt-1"
_KIND = "audit-excerpt"
#: What reading a file raises that :meth:`Account.excerpt` did not write.
_GARBLED = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class ExcerptReport:
    """What the check of an excerpt came to.

    Attributes:
        entries: as they stand in it, oldest first; not to be relied on where there are faults.
        issued_at: ISO 8601; ``key`` the thumbprint of the key that signed it.
        known: whether that key is one of those relied on.
    """

    entries: tuple[Event, ...]
    issued_at: str
    key: str
    known: bool
    faults: tuple[Fault, ...] = ()
    stamped_at: str = ""

    @property
    def ok(self) -> bool:
        """Whether all of it holds and comes from who it should."""
        return self.known and not self.faults


@dataclass(frozen=True)
class Account:
    """The audit of one warehouse, for those who may ask for it."""

    _catalog: Catalog

    def note(
        self, action: str, owner_identifier: str, actor: Actor, details: Mapping[str, str]
    ) -> Event:
        """Put on record that somebody looked at what is held for an owner."""
        owner = self._catalog.pseudonym(owner_identifier)
        with self._catalog.writing() as tx:
            return audit.append(tx, action, actor, owner=owner, details=details)

    def put(self, action: str, actor: Actor, details: Mapping[str, str]) -> Event:
        """Put on record what was done that is about no single owner."""
        with self._catalog.writing() as tx:
            return audit.append(tx, action, actor, details=details)

    def statement(self, kind: str, said: Mapping[str, Any]) -> str:
        """A statement signed with the office's key, anchored in the audit as it stands now."""
        with self._catalog.writing() as tx:  # only those that write have the key
            return issue(kind, dict(said) | {"audit": audit.anchor(tx)}, checkpoints.signer_of(tx))

    def entries(self, *actions: str) -> Iterator[Event]:
        """All entries of these kinds, the oldest first, for figures that name no owner.

        Raises:
            AuditAltered (exit code 10).
        """
        with self._catalog.reading() as tx:
            yield from audit.events_of_kinds(tx, actions)

    def of(self, owner_identifier: str, actor: Actor) -> list[Event]:
        """Everything on record about an owner, the oldest first; that it was shown, is too.

        Raises:
            AuditAltered (exit code 10).
        """
        self.note("account", owner_identifier, actor, {})
        with self._catalog.reading() as tx:
            return audit.events_about(tx, self._catalog.pseudonym(owner_identifier))

    def excerpt(self, owner_identifier: str, actor: Actor) -> dict[str, Any]:
        """The entries about an owner as a file that proves itself; see this module."""
        self.note("account", owner_identifier, actor, {"form": "excerpt"})
        owner = self._catalog.pseudonym(owner_identifier)
        with self._catalog.writing() as tx:  # nothing may be added between entries and proofs
            proven = list(_proven(tx, owner))
            points = {one["checkpoint"] for one in proven}
            said = {
                "owner": owner,
                "entries": len(proven),
                "sha256": _digest(proven),
                "at": iso_utc(utc_now()),
                "audit": audit.anchor(tx),
            }
            return {
                "format": FORMAT,
                "statement": issue(_KIND, said, checkpoints.signer_of(tx)),
                "entries": proven,
                "checkpoints": _points(tx, points),
            }

    def checkpoint(self, stamper: Stamper | None) -> str:
        """Close the growing checkpoint and, where there is a service, timestamp it.

        Returns:
            The statement, to be kept elsewhere; empty where nothing is on record yet.
        """
        with self._catalog.writing() as tx:
            last = checkpoints.close(tx)
        if last is None:
            return ""
        if stamper is not None and not last.timestamp:
            token = stamper(bytes.fromhex(checkpoints.digest_of(last.statement)))
            with self._catalog.writing() as tx:
                checkpoints.put_stamp(tx, last.number, token)
        return str(last.statement)

    def verify(
        self,
        keys: Keys | None = None,
        *,
        stamp_check: StampCheck | None = None,
        witnesses: tuple[str, ...] = (),
    ) -> AuditReport:
        """Whether chain, checkpoints, receipts and timestamps are whole and agree.

        Args:
            keys: those that may have signed; without them those this warehouse remembers.
            stamp_check: judges timestamps; without it they are not looked at.
            witnesses: checkpoints and receipts that were kept elsewhere: the audit must still
                hold what they name.
        """
        keys = keys or known_keys(self._catalog.folder)
        with self._catalog.reading() as tx:
            report = audit.verify(tx, keys)
            faults = [*report.faults, *_receipt_faults(tx, keys, witnesses)]
            stamped, at = 0, ""
            for point in checkpoints.stamps(tx) if stamp_check else ():
                found = stamp_check(*_stamp(point)) if stamp_check else ""
                if not found:
                    faults.append(Fault("checkpoint-unstamped", str(point.number)))
                else:
                    stamped, at = int(point.last), found
        return replace(report, faults=tuple(faults), stamped=stamped, stamped_at=at)


def verify_excerpt(text: str, keys: Keys, stamp_check: StampCheck | None = None) -> ExcerptReport:
    """Check an excerpt by itself.

    Args:
        keys: those relied on.

    Raises:
        ReceiptInvalid: it is none, or its own statement does not hold.
    """
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ReceiptInvalid(detail=FORMAT)
        receipt = check(data["statement"], keys, _KIND)
        events = tuple(audit.event_of(one["entry"]) for one in data["entries"])
        faults = [
            *_entry_faults(data, events, receipt.said),
            *_point_faults(data, keys, receipt.key),
        ]
        return ExcerptReport(
            events,
            str(receipt.said["at"]),
            receipt.key,
            receipt.known,
            tuple(faults),
            _latest_stamp(data, stamp_check),
        )
    except _GARBLED as error:
        raise ReceiptInvalid(detail=FORMAT) from error


def _proven(tx: Connection, owner: str) -> Iterator[dict[str, Any]]:
    """The owner's entries, each with its checkpoint and its way up that checkpoint's tree."""
    query = select(audit_owners.c.seq).where(audit_owners.c.owner == owner)
    leaves: list[str] = []
    point: Row[Any] | None = None
    entries: list[str] = []
    for seq in tx.execute(query.order_by(audit_owners.c.seq)).scalars().all():
        if point is None or seq > point.last:
            point = checkpoints.covering(tx, seq)
            if point is None:
                raise AssertionError("an entry without a checkpoint")
            run = select(audit_rows.c.entry).where(
                audit_rows.c.seq.between(point.first, point.last)
            )
            entries = list(tx.execute(run.order_by(audit_rows.c.seq)).scalars())
            leaves = [leaf_hash(entry) for entry in entries]
        place = seq - point.first
        path = path_to(place, leaves)
        yield {"entry": entries[place], "checkpoint": str(point.number), "path": path}


def _points(tx: Connection, numbers: set[str]) -> dict[str, dict[str, str]]:
    table = checkpoint_rows
    rows = tx.execute(select(table).where(table.c.number.in_([int(one) for one in numbers])))
    return {
        str(row.number): {"statement": row.statement, "timestamp": row.timestamp} for row in rows
    }


def _digest(proven: list[dict[str, Any]]) -> str:
    return sha256("\n".join(one["entry"] for one in proven).encode()).hexdigest()


def _entry_faults(
    data: dict[str, Any], events: tuple[Event, ...], said: dict[str, Any]
) -> Iterator[Fault]:
    if said["entries"] != len(events) or said["sha256"] != _digest(data["entries"]):
        yield Fault("audit-altered", "1")
    for number, (one, event) in enumerate(zip(data["entries"], events, strict=True), 1):
        if event.owner != said["owner"] or event.owner_number not in (0, number):
            yield Fault("audit-missing", str(event.seq))
        if not _is_proven(one, event, data["checkpoints"][one["checkpoint"]]["statement"]):
            yield Fault("audit-altered", str(event.seq))


def _is_proven(one: dict[str, Any], event: Event, statement: str) -> bool:
    said = check(statement, {}, checkpoints.KIND).said
    place, count = event.seq - said["first"], said["last"] - said["first"] + 1
    try:
        return bool(root_by(place, count, leaf_hash(one["entry"]), one["path"]) == said["root"])
    except ValueError:
        return False


def _point_faults(data: dict[str, Any], keys: Keys, own: str) -> Iterator[Fault]:
    """Checkpoints that neither a known key signed nor the ``own`` one of the excerpt."""
    for number, point in data["checkpoints"].items():
        receipt = check(point["statement"], keys, checkpoints.KIND)
        if not receipt.known and receipt.key != own:
            yield Fault("checkpoint-foreign", number)


def _latest_stamp(data: dict[str, Any], stamp_check: StampCheck | None) -> str:
    if stamp_check is None:
        return ""
    stamped = (point for point in data["checkpoints"].values() if point["timestamp"])
    return max((stamp_check(*_stamp_of(point)) for point in stamped), default="")


def _receipt_faults(tx: Connection, keys: Keys, witnesses: tuple[str, ...]) -> Iterator[Fault]:
    """Receipts given out, here or shown by somebody, whose entry the audit does not hold."""
    given = select(releases.c.id, releases.c.receipt)
    agreed = select(consents.c.id, consents.c.receipt)
    taken = select(consents.c.id, consents.c.withdrawal).where(consents.c.withdrawal != "")
    for query, kind in ((given, RELEASED), (agreed, GIVEN), (taken, TAKEN_BACK)):
        for name, text in tx.execute(query).all():
            yield from _untold(tx, keys, name, text, kind)
    for number, text in enumerate(witnesses, 1):
        yield from _untold(tx, keys, f"#{number}", text, "")


def _untold(tx: Connection, keys: Keys, name: str, text: str, kind: str) -> Iterator[Fault]:
    try:
        receipt = check(text, keys, kind)
    except ReceiptInvalid:
        yield Fault("receipt-altered", name)
        return
    if not receipt.known:
        yield Fault("receipt-altered", name)
        return
    said = receipt.said
    end = said.get("audit") or {"seq": said.get("last"), "hash": said.get("head")}
    query = select(audit_rows.c.hash).where(audit_rows.c.seq == end["seq"])
    if tx.execute(query).scalar() != end["hash"]:
        yield Fault("receipt-untold", name)


def _stamp(point: Row[Any]) -> tuple[bytes, bytes]:
    return _stamp_of({"statement": point.statement, "timestamp": point.timestamp})


def _stamp_of(point: Mapping[str, str]) -> tuple[bytes, bytes]:
    """A token (DER) and the digest it should be over."""
    token = checkpoints.token_of(point["timestamp"])
    return token, bytes.fromhex(checkpoints.digest_of(point["statement"]))
