"""The end of a backlog's documents, many at a time where the token is: signed, then deposited."""

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dossier.batch_steps import DOCUMENT, Bench
from dossier.desk import signed_by
from dossier.grounds import law_of
from dossier.ledger_errors import ClaimLost
from dossier.ledger_values import Document, Work
from dossier.signing_order import Made, sign_in_order
from foundation.errors import ExitCode, SohoaError
from foundation.files import sha256_file, sync_file
from foundation.messages import N_
from profiles import load_paper
from warehouse.ground_errors import require_kept
from warehouse.values import Judgement

if TYPE_CHECKING:
    from signing import SigningRequest, SignResult
    from warehouse import Warehouse

#: Told of each document that got on, as it stands now; and of each that failed, with the error.
Done = Callable[[Document], None]
Failed = Callable[[Document, SohoaError], None]


class NotAsSigned(SohoaError):
    """A document is not what was signed."""

    exit_code = ExitCode.SIGNATURE
    message = N_(
        "Document {document} was changed or lost after it was signed. It is made again from its "
        "sheets: sohoa batch retry {document} --rescanned"
    )


@dataclass
class _Signing:
    """What came of signing so far: the error of each document that failed."""

    errors: dict[str, SohoaError] = field(default_factory=dict)

    def told(self, one: Made, result: "SignResult") -> None:
        from signing.errors import TokenError

        if isinstance(result.error, TokenError):
            raise result.error  # PINs are forgotten; nothing is tried again without a person
        if result.error:
            self.errors[one[0].parent.name] = result.error


def sign_some(bench: Bench, documents: Sequence[Document], done: Done, failed: Failed) -> None:
    """Sign claimed documents, all with one PIN.

    Each signature says by whom and at which station the paper was scanned, be it elsewhere.

    Raises:
        TokenError, DriverFault, ...: what concerns all of them; they stay sealed.
    """
    scanned: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        scanned.setdefault(_scanned_by(bench, document), []).append(document)
    for (operator, station), some in scanned.items():
        _sign_alike(bench, some, operator, station, done, failed)


def _scanned_by(bench: Bench, document: Document) -> tuple[str, str]:
    """Who took over its sheets last, and at which station."""
    found = (bench.run.who.operator, bench.run.who.station)
    for step in bench.run.ledger.transitions(document.id):
        if step.to_state == "scanned":
            found = (step.operator, step.station)
    return found


def _sign_alike(
    bench: Bench,
    documents: Sequence[Document],
    operator: str,
    station: str,
    done: Done,
    failed: Failed,
) -> None:
    began = time.monotonic()
    made = [(bench.folder(one) / DOCUMENT, load_paper(one.plan.paper)) for one in documents]
    signing = _Signing()
    actor = replace(bench.desk.actor, name=operator)

    def adjust(request: "SigningRequest") -> "SigningRequest":
        # The backlog can wait for a service: nothing goes on the list of what is lifted later.
        return replace(signed_by(request, actor, station), on_waiting=None)

    sign_in_order(bench.desk, made, signing.told, adjust)
    share = (time.monotonic() - began) / len(documents)
    for document, (file, _paper) in zip(documents, made, strict=True):
        if error := signing.errors.get(document.id):
            failed(document, error)
            continue
        sync_file(file)
        digest = sha256_file(file)
        work = Work(share, document.pages, digest)
        with suppress(ClaimLost):
            done(
                bench.run.advance(document, "signed", work, changes={"sha256": digest}, keep=False)
            )


def deposit_some(bench: Bench, documents: Sequence[Document], done: Done, failed: Failed) -> None:
    """Put claimed, signed documents into the store.

    A document that was deposited and not noted so before a kill is the same record again.
    """
    with bench.desk.store() as store:
        for document in documents:
            try:
                done(_deposit(bench, store, document))
            except ClaimLost:
                continue  # another run has it
            except SohoaError as error:
                failed(document, error)


def _deposit(bench: Bench, store: "Warehouse", document: Document) -> Document:
    began = time.monotonic()
    plan, paper = document.plan, load_paper(document.plan.paper)
    require_kept(paper)
    file = bench.folder(document) / DOCUMENT
    if not file.exists() or sha256_file(file) != document.sha256:
        raise NotAsSigned(document=document.id)
    record = store.deposit(
        file,
        owner=plan.owner,
        owner_unknown=not plan.owner.identifier,
        paper_type=paper.name,
        type_code=paper.code,
        title=paper.title,
        code=document.code,
        actor=replace(bench.desk.actor, name=bench.run.who.operator),
        number=plan.number,
        fields=document.fields,
        dossier_code=plan.dossier,
        basis=law_of(paper),
        judgement=Judgement(signature="sound"),
    )
    work = Work(time.monotonic() - began, document.pages, document.sha256)
    # What the paper says is the store's from here on; the ledger needs it no more.
    changes = {"record_id": record.id, "fields": {}}
    deposited = bench.run.advance(document, "deposited", work, changes=changes, keep=False)
    shutil.rmtree(bench.folder(document), ignore_errors=True)
    return deposited
