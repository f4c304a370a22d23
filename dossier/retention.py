"""Scans a backlog was made of, dropped by rule once they are no longer needed, with proof.

A paper's profile says whether its scans are kept or dropped, after how many days and by which
rule. They go only when the document's lot was accepted, the document is in the store, and what
the store holds was read back and is unchanged. Before the first file goes, a signed list of all
digests is in the ledger and its digest in the audit: who was killed in between goes on from it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dossier.ledger import Ledger
from dossier.ledger_values import Document
from dossier.lot_schema import dropped_documents, drops, lot_documents, lots
from foundation.errors import SohoaError
from foundation.files import sha256_file, sync_file
from foundation.messages import N_
from foundation.times import iso_utc, utc_now
from profiles import UnknownProfile, load_paper
from profiles.work import MasterRules
from warehouse import Actor
from warehouse.receipts import check
from warehouse.values import new_id

if TYPE_CHECKING:
    from warehouse import Warehouse

KIND = "masters-dropped"
#: Documents one signed list names.
_AT_ONCE = 500

#: Why scans stay, in words.
WHY_KEPT = {
    "profile-keeps": N_("their profile keeps them"),
    "too-early": N_("their time is not over yet"),
    "not-deposited": N_("the document is not in the store"),
    "not-accepted": N_("their lot was not accepted"),
    "not-intact": N_("the store does not hold the document intact"),
    "gone": N_("they are not where they were scanned from"),
}


@dataclass(frozen=True)
class Dropping:
    """What is dropped of one document; ``files``: SHA-256 and bytes by path."""

    document: Document
    rules: MasterRules
    files: Mapping[Path, tuple[str, int]]


@dataclass(frozen=True)
class Retention:
    """What was dropped, or would be.

    Attributes:
        kept: documents whose scans stay, by reason.
        statements: signed lists of what went, see :func:`warehouse.receipts.check`.
    """

    documents: int = 0
    files: int = 0
    bytes: int = 0
    kept: Mapping[str, int] | None = None
    statements: tuple[str, ...] = ()


def drop_masters(
    ledger: Ledger, store: "Warehouse", actor: Actor, *, dry_run: bool = False
) -> Retention:
    """Drop the scans whose time has come; first those an earlier run announced and did not drop.

    Args:
        dry_run: only say what would go.

    Raises:
        OSError: a file cannot be removed; run it again.
    """
    if not dry_run:
        _finish(ledger)
    due: list[Dropping] = []
    kept: dict[str, int] = {}
    for found in _survey(ledger, store):
        if isinstance(found, str):
            kept[found] = kept.get(found, 0) + 1
        else:
            due.append(found)
    statements: list[str] = []
    for start in range(0, 0 if dry_run else len(due), _AT_ONCE):
        statements.append(_announce(ledger, store, actor, due[start : start + _AT_ONCE]))
        _finish(ledger)
    sizes = [size for one in due for _digest, size in one.files.values()]
    return Retention(len(due), len(sizes), sum(sizes), kept, tuple(statements))


def _survey(ledger: Ledger, store: "Warehouse") -> Iterator[Dropping | str]:
    """Each document whose scans were not dropped yet: what may go, or why it stays."""
    with ledger.reading() as tx:
        dropped = set(tx.execute(select(dropped_documents.c.document_id)).scalars())
        query = (
            select(lot_documents.c.document_id, lot_documents.c.sha256)
            .join(lots, lots.c.id == lot_documents.c.lot_id)
            .where(lots.c.state == "accepted")
        )
        accepted = {(row.document_id, row.sha256) for row in tx.execute(query)}
    now = utc_now()
    for document in ledger.documents():
        if document.id in dropped:
            continue
        rules = _rules_of(document)
        if reason := _reason_to_keep(document, rules, accepted, now, store):
            yield reason
            continue
        files = {path: (sha256_file(path), path.stat().st_size) for path in _masters(document)}
        yield Dropping(document, rules, files) if files else "gone"


def _rules_of(document: Document) -> MasterRules:
    try:
        return load_paper(document.plan.paper).masters
    except UnknownProfile:
        return MasterRules()  # nobody can say any more, so they stay


def _reason_to_keep(
    document: Document,
    rules: MasterRules,
    accepted: set[tuple[str, str]],
    now: datetime,
    store: "Warehouse",
) -> str:
    """Why a document's scans stay; empty where they may go. The store is asked last."""
    if rules.after == "keep":
        return "profile-keeps"
    if document.state != "deposited":
        return "not-deposited"
    if (document.id, document.sha256) not in accepted:
        return "not-accepted"
    if now < document.changed_at + timedelta(days=rules.days):
        return "too-early"
    return "" if _is_intact(document, store) else "not-intact"


def _is_intact(document: Document, store: "Warehouse") -> bool:
    """Whether the store gives the document back, read through to its last byte."""
    try:
        record = store.get(document.record_id)
        return hashlib.sha256(store.read(record)).hexdigest() == record.sha256
    except SohoaError:
        return False


def _masters(document: Document) -> list[Path]:
    """The files a document was made of, as they lie there now."""
    source = document.plan.source
    if source.is_dir():
        return sorted(path for path in source.iterdir() if path.is_file())
    return [source] if source.is_file() else []


def _announce(ledger: Ledger, store: "Warehouse", actor: Actor, due: Iterable[Dropping]) -> str:
    """Sign the list of what is about to go, and put it on record."""
    due, drop_id = list(due), new_id()
    listed: list[dict[str, Any]] = [
        {
            "document": one.document.id,
            "record": one.document.record_id,
            "rule": one.rules.rule,
            "files": [{"sha256": digest, "bytes": size} for digest, size in one.files.values()],
        }
        for one in due
    ]
    said = {"id": drop_id, "at": iso_utc(utc_now()), "by": actor.name, "documents": listed}
    statement = store.account.statement(KIND, said)
    event = store.account.put(
        KIND,
        actor,
        {
            "sha256": hashlib.sha256(statement.encode()).hexdigest(),
            "documents": str(len(due)),
            "files": str(sum(len(one.files) for one in due)),
            "rule": "; ".join(sorted({one.rules.rule for one in due})),
        },
    )
    with ledger.writing() as tx:
        row = {"id": drop_id, "announced_at": utc_now(), "by": actor.name}
        tx.execute(insert(drops).values(row | {"statement": statement, "audit_id": event.id}))
        tx.execute(
            insert(dropped_documents),
            [{"document_id": one.document.id, "drop_id": drop_id} for one in due],
        )
    return statement


def _finish(ledger: Ledger) -> None:
    """Remove the files of every list that is on record; those that were changed since stay."""
    with ledger.reading() as tx:
        open_ = tx.execute(select(drops).where(drops.c.done_at.is_(None))).all()
    for row in open_:
        for listed in check(row.statement, {}, KIND).said["documents"]:
            digests = {one["sha256"] for one in listed["files"]}
            _remove(ledger.document(listed["document"]), digests)
        with ledger.writing() as tx:
            tx.execute(update(drops).where(drops.c.id == row.id).values(done_at=utc_now()))


def _remove(document: Document, digests: set[str]) -> None:
    for path in _masters(document):
        if sha256_file(path) in digests:
            path.unlink()
            sync_file(path.parent)
    source = document.plan.source
    if source.is_dir() and not any(source.iterdir()):
        source.rmdir()
