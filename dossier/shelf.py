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
from profiles import Paper, UnknownProfile, load_office, load_paper, load_procedure
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


class StoreIsNoPlace(SohoaError):
    """An output was to be written into the store itself."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("{file} lies in the store, which only sohoa writes to. Choose another place.")


class NotKept(SohoaError):
    """A paper whose profile keeps it out of the store was to be deposited."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_("“{paper}” is only shown, never kept: its profile says keep = false.")


class BrokenSignature(SohoaError):
    """A paper whose signature does not hold was to be deposited."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file} is not stored: {reason} See what is wrong with: sohoa verify")


def keep_out_of_store(*outputs: Path | None) -> None:
    """Refuse outputs inside the store, where they would destroy it. Raises StoreIsNoPlace."""
    store = store_folder().resolve()
    for output in filter(None, outputs):
        if output.resolve().is_relative_to(store):
            raise StoreIsNoPlace(file=output)


def _refuse_unfit(file: Path, paper: Paper) -> None:
    """Raise where a paper must not be stored: not to be kept, or with a signature that is broken.

    Whether a sound signature is also trusted depends on roots this counter may not have, and
    is judged each time the paper is used.
    """
    from signing import verify_file

    if not paper.keep:
        raise NotKept(paper=paper.title)
    verdict = verify_file(file, [])
    if verdict.verdict == "invalid":
        reasons = [verdict.reason, *(one.reason for one in verdict.signatures)]
        raise BrokenSignature(file=file.name, reason=next(filter(None, reasons), ""))


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
    """Put a PDF into its owner's store under a new official code.

    Raises:
        NotKept, BrokenSignature: it must not be stored.
        SohoaError: whatever the store refuses.
    """
    paper, office = load_paper(paper_name), load_office()
    _refuse_unfit(file, paper)
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
    keep_out_of_store(out)
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
