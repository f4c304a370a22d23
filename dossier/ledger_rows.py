"""The ledger's rows as values."""

from pathlib import Path
from typing import Any

from sqlalchemy import Row

from dossier.ledger_values import Document, Plan, Run, Transition, Work
from warehouse import Owner


def document_of(row: Row[Any]) -> Document:
    """A row of ``documents``."""
    has = row._mapping
    plan = Plan(
        source=Path(has["source"]),
        paper=has["paper"],
        lot=has["lot"],
        owner=Owner(has["owner_identifier"], has["owner_name"], has["owner_kind"]),
        number=has["number"],
        issued_on=has["issued_on"],
        register_row=has["register_row"],
        dossier=has["dossier"],
        pages_expected=has["pages_expected"],
    )
    same = {name: has[name] for name in Document.__dataclass_fields__ if name != "plan"}
    return Document(plan=plan, **same)


def row_of(plan: Plan) -> dict[str, Any]:
    """What of a row of ``documents`` the plan says."""
    return {
        "lot": plan.lot,
        "source": str(plan.source),
        "paper": plan.paper,
        "owner_identifier": plan.owner.identifier,
        "owner_name": plan.owner.name,
        "owner_kind": plan.owner.kind,
        "number": plan.number,
        "issued_on": plan.issued_on,
        "register_row": plan.register_row,
        "dossier": plan.dossier,
        "pages_expected": plan.pages_expected,
    }


def transition_of(row: Row[Any]) -> Transition:
    """A row of ``transitions``."""
    has = dict(row._mapping)
    names = Work.__dataclass_fields__
    work = Work(**{name: has.pop(name) for name in names} | {"reasons": tuple(row.reasons)})
    return Transition(**has, work=work)


def run_of(row: Row[Any]) -> Run:
    """A row of ``runs``."""
    return Run(**row._mapping)
