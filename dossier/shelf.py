"""The store as the command uses it: deposit, find, plan, reuse, check."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier.grounds import agreement, asked_for, law_of, receipt_signer, wanted_by
from dossier.people import actor_at, owner_of
from dossier.secrecy import is_secret
from foundation.errors import ExitCode, SohoaError
from foundation.files import real, write_atomic
from foundation.messages import N_
from foundation.places import home
from foundation.times import utc_now
from profiles import Paper, UnknownProfile, load_office, load_paper, load_procedure
from warehouse import (
    CheckReport,
    Judgement,
    RebuildReport,
    Record,
    Release,
    RepairReport,
)
from warehouse.ground_errors import require_kept
from warehouse.grounds import Evidence, Planned, Why

if TYPE_CHECKING:
    from warehouse import Warehouse


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


def keep_out_of_store(*outputs: Path | None) -> None:
    """Refuse outputs inside the store, where they would destroy it. Raises StoreIsNoPlace."""
    store = real(store_folder())
    for output in filter(None, outputs):
        if real(output).is_relative_to(store):
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
        secret=is_secret(file),
        reason=next(filter(None, reasons), "") if broken else "",
    )


@contextmanager
def open_store() -> "Iterator[Warehouse]":
    """This office's store, open for the block; its seal key, if it has one, signs receipts."""
    from warehouse import open_warehouse

    with open_warehouse(store_folder(), signer=receipt_signer(load_office())) as store:
        yield store


def store_exists() -> bool:
    """Whether anything has been stored here yet."""
    folder = store_folder()
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))


def deposit_file(  # noqa: PLR0913  what the verb's options say
    file: Path,
    owner_number: str,
    paper_name: str,
    owner_name: str = "",
    *,
    number: str = "",
    dossier: str = "",
    co_owners: Sequence[str] = (),
    supersede: bool = False,
    agreed: bool = False,
    witness: str = "",
    operator: str = "",
    masters: Sequence[Path] = (),
) -> Record:
    """Put a PDF into its owner's store under a new official code.

    It is kept on the law its profile names; else on the owner's consent, which is on record
    already or is put there now.

    Args:
        dossier: code of the dossier it belongs to, or whose result it is.
        co_owners: numbers of further owners: the other spouse, a child's parents.
        agreed: the owner agreed, as the operator, or the ``witness`` named, heard.

    Raises:
        NotKept: it must not be stored.
        NoBasis: no law asks for it to be kept and nobody agreed.
        SohoaError: whatever the store refuses.
    """
    paper, office = load_paper(paper_name), load_office()
    require_kept(paper)
    owner = owner_of(owner_number, owner_name)
    others = [owner_of(number) for number in co_owners]
    actor = actor_at(office, operator)
    with open_store() as store:
        if agreed:
            heard = Evidence("witness", witness or actor.name)
            store.consents.grant(agreement(office, owner, (paper,), heard), actor)
        code = store.new_code(office.record_code, owner.identifier, paper.code, office.code)
        return store.deposit(
            file,
            owner=owner,
            paper_type=paper.name,
            type_code=paper.code,
            title=paper.title,
            code=code,
            actor=actor,
            number=number,
            dossier_code=" ".join(dossier.split()),
            co_owners=others,
            supersede=supersede,
            basis=None if agreed else law_of(paper),
            judgement=judge(file, paper),
            masters=masters,
        )


def find_records(
    owner_number: str, paper_name: str = "", *, everything: bool = False, operator: str = ""
) -> list[Record]:
    """An owner's records, of one paper or all; with ``everything`` those out of force too.

    That somebody looked is on record.
    """
    owner = owner_of(owner_number)
    paper_type = load_paper(paper_name).name if paper_name else None
    if not store_exists():
        return []
    with open_store() as store:
        found = store.find(owner.identifier, paper_type, status="any" if everything else "active")
        seen = {"found": str(len(found)), "type": paper_type or ""}
        store.account.note("look-up", owner.identifier, actor_at(load_office(), operator), seen)
        return found


def plan_reuse(
    owner_number: str, procedure_name: str, on: date | None = None, operator: str = ""
) -> list[Planned]:
    """For each component of a procedure: what is held and may be reused, or why not.

    That somebody looked is on record, where there is a store.
    """
    owner, procedure = owner_of(owner_number), load_procedure(procedure_name)
    if not store_exists():
        return [Planned(one, None, (Why("not-held"),)) for one in wanted_by(procedure)]
    with open_store() as store:
        planned = store.plan(owner.identifier, procedure.code, wanted_by(procedure), on=on)
        seen = {
            "procedure": procedure.code,
            "found": str(sum(one.record is not None for one in planned)),
        }
        store.account.note("look-up", owner.identifier, actor_at(load_office(), operator), seen)
        return planned


def reuse_record(
    record: str,
    procedure: str,
    out: Path,
    reason: str = "",
    operator: str = "",
    *,
    receipt: Path | None = None,
    fields: Path | None = None,
    owner: str = "",
) -> Release:
    """Hand a record out for a procedure.

    Args:
        reason: why, in the operator's words: needed for a procedure without a profile, and for
            a paper the procedure does not ask for.
        receipt: where to write the signed receipt of it.
        owner: number of the owner for whose matter it is; needed where a paper kept on consent
            has several.
        fields: where to write what the paper says, to fill forms in with, as JSON.

    Raises:
        ProcedureUnknown, NotReusable, TooOften, ...: see :meth:`warehouse.Warehouse.reuse`.
    """
    keep_out_of_store(out, receipt, fields)
    office = load_office()
    code, why, terms = asked_for(procedure, reason, office)
    actor, whom = actor_at(office, operator), owner_of(owner).identifier if owner else ""
    with open_store() as store:
        release = store.reuse(
            record, procedure=code, reason=why, actor=actor, out=out, terms=terms, owner=whom
        )
    if receipt is not None:
        write_atomic(receipt, release.receipt.encode() + b"\n", mode=0o600)
    if fields is not None:
        text = json.dumps(prefill(release), ensure_ascii=False, indent=1)
        write_atomic(fields, text.encode() + b"\n", mode=0o600)
    return release


def prefill(release: Release) -> dict[str, Any]:
    """What a paper handed out says, by field: to fill a form in with instead of typing it."""
    record = release.record
    try:
        rules = {one.name: one for one in load_paper(record.paper_type).fields}
    except UnknownProfile:
        rules = {}
    return {
        "record": record.id,
        "version": record.version,
        "type": record.paper_type,
        "title": record.title,
        "sha256": record.sha256,
        "release": release.id,
        "fields": [
            {
                "name": name,
                "label": rules[name].label if name in rules else name,
                "kind": rules[name].kind if name in rules else "text",
                "value": value,
            }
            for name, value in record.fields.items()
        ],
    }


def check_store(limit: int | None = None, days: int | None = None) -> CheckReport:
    """Whether every stored paper is there and unchanged, and the audit whole.

    Args:
        limit: records to look at; the next check goes on from there.
        days: do nothing where a whole check ended within so many days.

    Raises:
        NoStore: an empty place is not a sound store; the wrong folder may have been named.
    """
    require_store()
    since = None if days is None else utc_now() - timedelta(days=days)
    with open_store() as store:
        return store.check(limit, since)


def repair_store(replica: str, endpoint: str = "") -> RepairReport:
    """Mend the store from a copy of it. Raises :class:`NoStore`."""
    require_store()
    with open_store() as store:
        return store.repair(replica, endpoint)


def rebuild_store() -> RebuildReport:
    """Make the store's catalogue anew from its objects. Raises :class:`NoStore`."""
    from warehouse import rebuild_catalogue

    require_store()
    return rebuild_catalogue(store_folder())


def recover_store() -> int:
    """Undo what dead processes left half done; how much. Raises :class:`NoStore`."""
    require_store()
    with open_store() as store:
        return store.recover()


def rotate_store_key(operator: str = "") -> int:
    """Replace the office's key; how many keys were wrapped anew. Raises :class:`NoStore`."""
    require_store()
    actor = actor_at(load_office(), operator)
    with open_store() as store:
        return store.rotate_key(actor)


def revoke_record(record: str, reason: str, operator: str = "") -> Record:
    """Withdraw a record, for good."""
    actor = actor_at(load_office(), operator)
    with open_store() as store:
        return store.revoke(record, reason, actor)


def bind_record(
    record: str,
    owner_number: str,
    owner_name: str = "",
    operator: str = "",
    co_owners: Sequence[str] = (),
) -> Record:
    """Say whose paper a record is, whose owner was unknown; it gets a code that names them.

    The code that stands on the paper leads to it still.
    """
    office, owner = load_office(), owner_of(owner_number, owner_name)
    others = [owner_of(number) for number in co_owners]
    with open_store() as store:
        code = store.new_code(
            office.record_code, owner.identifier, store.get(record).type_code, office.code
        )
        actor = actor_at(office, operator)
        return store.bind_owner(record, owner, actor, code=code, co_owners=others)


def erase_record(record: str, reason: str, operator: str = "") -> Record:
    """Destroy a record's key for good; what is left of its last version."""
    actor = actor_at(load_office(), operator)
    with open_store() as store:
        return store.erase(record, reason, actor)[-1]


def require_store() -> None:
    """Refuse to go on where there is no store. Raises :class:`NoStore`."""
    if not store_exists():
        raise NoStore(folder=store_folder())
