"""The store as the command uses it: deposit, find, reuse, check."""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.people import actor_at, owner_of
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.places import home
from foundation.times import utc_now, vietnam_time
from profiles import Paper, UnknownProfile, load_office, load_paper, load_procedure
from warehouse import (
    AuditReport,
    CheckReport,
    Judgement,
    RebuildReport,
    Record,
    Release,
    RepairReport,
)

if TYPE_CHECKING:
    from warehouse import Warehouse


_SECRET_MARKS = {"MẬT", "TỐI MẬT", "TUYỆT MẬT"}


def store_folder() -> Path:
    """The folder of this office's store: ``SOHOA_WAREHOUSE``, else under sohoa's home."""
    named = os.environ.get("SOHOA_WAREHOUSE", "")
    # A URL says where the papers are; the keys stay here.
    return Path(named) if named and "://" not in named else home() / "warehouse"


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


def keep_out_of_store(*outputs: Path | None) -> None:
    """Refuse outputs inside the store, where they would destroy it. Raises StoreIsNoPlace."""
    store = store_folder().resolve()
    for output in filter(None, outputs):
        if output.resolve().is_relative_to(store):
            raise StoreIsNoPlace(file=output)


def judge(file: Path, paper: Paper) -> Judgement:
    """What is found out about a paper before it is stored; the store refuses what is unfit.

    Whether a sound signature is also trusted depends on roots this counter may not have, and
    is judged each time the paper is used. A signature is asked for where the paper's own
    profile names its signatures.
    """
    from signing import verify_file

    verdict = verify_file(file, [])
    broken = verdict.verdict == "invalid"
    reasons = [verdict.reason, *(one.reason for one in verdict.signatures)]
    return Judgement(
        signature="broken" if broken else "sound" if verdict.signatures else "none",
        signature_required=bool(paper.signatures),
        secret=_is_secret(file),
        reason=next(filter(None, reasons), "") if broken else "",
    )


def _is_secret(file: Path) -> bool:
    """Whether the first page bears a mark of state secrecy, alone on its line.

    The marks of Luật Bảo vệ bí mật nhà nước 2018 Điều 8: tuyệt mật, tối mật, mật.
    """
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(file) as pdf:
            text = pdf[0].get_textpage().get_text_range()
    except (pypdfium2.PdfiumError, OSError, IndexError):
        return False  # no PDF: the store says so
    lines = {" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines()}
    return bool(lines & _SECRET_MARKS)


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
    masters: Sequence[Path] = (),
) -> Record:
    """Put a PDF into its owner's store under a new official code.

    Raises:
        NotKept: it must not be stored.
        SohoaError: whatever the store refuses.
    """
    paper, office = load_paper(paper_name), load_office()
    if not paper.keep:
        raise NotKept(paper=paper.title)
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
            judgement=judge(file, paper),
            masters=masters,
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


def check_store(limit: int | None = None, days: int | None = None) -> CheckReport:
    """Whether every stored paper is there and unchanged, and the audit whole.

    Args:
        limit: records to look at; the next check goes on from there.
        days: do nothing where a whole check ended within so many days.

    Raises:
        NoStore: an empty place is not a sound store; the wrong folder may have been named.
    """
    _require_store()
    since = None if days is None else utc_now() - timedelta(days=days)
    with _store() as store:
        return store.check(limit, since)


def repair_store(replica: str, endpoint: str = "") -> RepairReport:
    """Mend the store from a copy of it. Raises :class:`NoStore`."""
    _require_store()
    with _store() as store:
        return store.repair(replica, endpoint)


def rebuild_store() -> RebuildReport:
    """Make the store's catalogue anew from its objects. Raises :class:`NoStore`."""
    from warehouse import rebuild_catalogue

    _require_store()
    return rebuild_catalogue(store_folder())


def recover_store() -> int:
    """Undo what dead processes left half done; how much. Raises :class:`NoStore`."""
    _require_store()
    with _store() as store:
        return store.recover()


def rotate_store_key(operator: str = "") -> int:
    """Replace the office's key; how many keys were wrapped anew. Raises :class:`NoStore`."""
    _require_store()
    actor = actor_at(load_office(), operator)
    with _store() as store:
        return store.rotate_key(actor)


def revoke_record(record: str, reason: str, operator: str = "") -> Record:
    """Withdraw a record, for good."""
    actor = actor_at(load_office(), operator)
    with _store() as store:
        return store.revoke(record, reason, actor)


def bind_record(record: str, owner_number: str, owner_name: str = "", operator: str = "") -> Record:
    """Say whose paper a record is, whose owner was unknown; it gets a code that names them."""
    office, owner = load_office(), owner_of(owner_number, owner_name)
    today = vietnam_time(utc_now()).date()
    with _store() as store:
        code = store.new_code(
            office.record_code,
            owner.identifier,
            store.get(record).type_code,
            office=office.code,
            date=today,
        )
        return store.bind_owner(record, owner, actor_at(office, operator), code=code)


def erase_record(record: str, reason: str, operator: str = "") -> Record:
    """Destroy a record's key for good; what is left of its last version."""
    actor = actor_at(load_office(), operator)
    with _store() as store:
        return store.erase(record, reason, actor)[-1]


def _require_store() -> None:
    if not store_exists():
        raise NoStore(folder=store_folder())


def _procedure(name: str) -> tuple[str, str]:
    try:
        procedure = load_procedure(name)
    except UnknownProfile:
        return name, name
    return procedure.code, procedure.title
