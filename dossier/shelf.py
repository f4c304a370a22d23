"""The store as the command uses it: deposit, find, reuse, check."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.people import actor_at, owner_of
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.places import home
from foundation.times import utc_now, vietnam_time
from profiles import UnknownProfile, load_office, load_paper, load_procedure
from warehouse import AuditReport, CheckReport, Record, Release

if TYPE_CHECKING:
    from warehouse import Warehouse


def store_folder() -> Path:
    """Where this office's store lies: ``SOHOA_WAREHOUSE``, else under sohoa's home."""
    named = os.environ.get("SOHOA_WAREHOUSE")
    return Path(named) if named else home() / "warehouse"


class NoStore(SohoaError):
    """There is no store where one was to be checked."""

    exit_code = ExitCode.WAREHOUSE
    message = N_(
        "There is no store in {folder} yet. It is made with the first deposit; if there should "
        "be one, check SOHOA_HOME and SOHOA_WAREHOUSE."
    )


@contextmanager
def _store() -> "Iterator[Warehouse]":
    from warehouse import open_warehouse

    with open_warehouse(store_folder()) as store:
        yield store


def store_exists() -> bool:
    """Whether anything has been stored here yet."""
    folder = store_folder()
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))


def deposit_file(
    file: Path,
    owner_number: str,
    paper_name: str,
    owner_name: str = "",
    *,
    number: str = "",
    supersede: bool = False,
    operator: str = "",
) -> Record:
    """Put a PDF into its owner's store under a new official code."""
    paper, office = load_paper(paper_name), load_office()
    owner, today = owner_of(owner_number, owner_name), vietnam_time(utc_now()).date()
    with _store() as store:
        code = store.new_code(
            office.record_code, owner.identifier, paper.code, office=office.code, date=today
        )
        return store.deposit(
            file,
            owner=owner,
            paper_type=paper.name,
            type_code=paper.code,
            title=paper.title,
            code=code,
            actor=actor_at(office, operator),
            number=number,
            supersede=supersede,
        )


def find_records(
    owner_number: str, paper_name: str = "", *, everything: bool = False
) -> list[Record]:
    """An owner's records, of one paper or all; with ``everything`` those out of force too."""
    owner = owner_of(owner_number)
    paper_type = load_paper(paper_name).name if paper_name else None
    if not store_exists():
        return []
    with _store() as store:
        return store.find(owner.identifier, paper_type, status="any" if everything else "active")


def reuse_record(
    record: str, procedure: str, out: Path, reason: str = "", operator: str = ""
) -> Release:
    """Hand a record out for a procedure; a procedure without a profile goes by its code."""
    code, title = _procedure(procedure)
    actor = actor_at(load_office(), operator)
    with _store() as store:
        return store.reuse(record, procedure=code, reason=reason or title, actor=actor, out=out)


def verify_audit() -> AuditReport:
    """Whether the audit's chain is whole. Raises :class:`NoStore`."""
    _require_store()
    with _store() as store:
        return store.audit_verify()


def check_store() -> CheckReport:
    """Whether every stored paper is there and unchanged, and the audit whole.

    Raises:
        NoStore: an empty place is not a sound store; the wrong folder may have been named.
    """
    _require_store()
    with _store() as store:
        return store.check()


def _require_store() -> None:
    if not store_exists():
        raise NoStore(folder=store_folder())


def _procedure(name: str) -> tuple[str, str]:
    try:
        procedure = load_procedure(name)
    except UnknownProfile:
        return name, name
    return procedure.code, procedure.title
