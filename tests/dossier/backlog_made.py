"""Backlogs for tests: documents walked through a real ledger in one transaction."""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from dossier.ledger import Ledger
from dossier.ledger_steps import move
from dossier.ledger_values import WALK, Document, Plan, State, Who, Work
from warehouse.values import Owner

HANH = Who("Lò Thị Hạnh", "UBND xã Hòa An", "trạm 1")
DUNG = Who("Trần Dũng", "UBND xã Hòa An", "trạm 2")


def planned(ledger: Ledger, lot: str, count: int, who: Who = HANH) -> list[Document]:
    """Documents of a lot, each its own dossier; the register knows owner, number and day."""
    plans = [
        Plan(
            Path(f"/scans/{lot}/{n}.tif"), "quyet-dinh", lot,
            Owner(f"00108700{n:04}", "Nguyễn Hải"), f"{n}/QĐ-UBND", date(2015, 3, 1 + n % 28),
            dossier=f"{lot}-{n}",
        )
        for n in range(count)
    ]  # fmt: skip
    ledger.plan(plans, who)
    return list(ledger.documents("planned", lot=lot))


def walk(
    ledger: Ledger, documents: Sequence[Document], to: State = "signed", who: Who = HANH,
    *, pages: int = 2, seconds: float = 3.0,
) -> list[Document]:  # fmt: skip
    """The documents after each step up to ``to``, as if a run had done it."""
    done = []
    with ledger.writing() as tx:
        for document in documents:
            while document.state != to:
                after = WALK[WALK.index(document.state) + 1]
                sha256 = hashlib.sha256(f"{document.id}{after}".encode()).hexdigest()
                changes = {"sha256": sha256, "pages": pages}
                if after == "scanned":
                    changes["sheets_sha256"] = sha256
                work = Work(seconds=seconds, pages=pages, sha256=sha256)
                document = move(tx, document, after, work, who, changes, keep=False)  # noqa: PLW2901
            done.append(document)
    return done


def typed(document: Document) -> dict[str, str]:
    """What a careful second person types of a document."""
    plan = document.plan
    assert plan.issued_on is not None
    return {
        "owner_identifier": plan.owner.identifier,
        "owner_name": plan.owner.name,
        "number": plan.number,
        "issued_on": plan.issued_on.strftime("%d/%m/%Y"),
    }
