"""Documents taken out of a backlog for good, by somebody who had no hand in them.

withdraw(where, ["01M8…"], "A second copy of 15/2005")

What was set aside and will never be made (the same sheets twice, a paper of another office) would
else stand among what is left for ever. It stays in the ledger with who took it out and why, and
it is in the store's audit before it counts. The scans themselves stay where they are.
"""

import shutil
from collections.abc import Sequence

from dossier.batch import Where
from dossier.identity import among, is_supervisor
from dossier.ledger import Ledger, open_ledger
from dossier.ledger_errors import NotSetAside
from dossier.ledger_values import Document, Work
from dossier.lot_errors import NoSupervisor
from dossier.people import actor_at
from dossier.shelf import open_store
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.privacy import mask_text
from profiles import Office, load_office


class OwnDocument(SohoaError):
    """Somebody wanted to take out what they worked on themselves."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{name} worked on document {document} and may not take it out. Somebody else must: "
        "--operator NAME."
    )


class NoReasonGiven(SohoaError):
    """A document was to be taken out without saying why."""

    exit_code = ExitCode.USAGE
    message = N_("Say why it is taken out for good, with --reason.")


def withdraw(where: Where, ids: Sequence[str], reason: str) -> tuple[Document, ...]:
    """Take documents that were set aside out of the backlog, for good.

    Their sheets may come again as another document, and another may go by their row.

    Args:
        reason: why, for people; it stands in the report, long numbers masked.

    Raises:
        NoReasonGiven, NoLedger, NoSuchDocument, NotSetAside.
        NoSupervisor, OwnDocument: who may not. All before anything is taken out.
        ClaimLost: somebody decided otherwise meanwhile.
    """
    reason = mask_text(reason.strip())
    if not reason:
        raise NoReasonGiven
    office = load_office()
    actor, who = actor_at(office, where.operator, "supervisor"), where.who(office)
    place = where.place()
    taken: list[Document] = []
    with open_ledger(place) as ledger:
        wanted = [ledger.document(one) for one in dict.fromkeys(ids)]
        for one in wanted:
            _require_allowed(ledger, one, who.operator, office)
        with open_store() as store:
            for one in wanted:
                said = {"document": one.id, "lot": one.lot, "was": one.reason, "reason": reason}
                store.account.put("document-withdrawn", actor, said)
                changes = {"detail": reason, "resume": "", "sheets_sha256": "", "fields": {}}
                work = Work(sha256=one.sheets_sha256, reasons=("withdrawn", one.reason))
                taken.append(ledger.move(one, "withdrawn", work, who, changes=changes))
                shutil.rmtree(place.work_of(one.id), ignore_errors=True)
    return tuple(taken)


def _require_allowed(ledger: Ledger, document: Document, name: str, office: Office) -> None:
    if document.state != "set-aside":
        raise NotSetAside(document=document.id)
    if not is_supervisor(name, office):
        raise NoSupervisor(name=name)
    hands = {step.operator for step in ledger.transitions(document.id) if step.from_state}
    if among(name, hands, office):
        raise OwnDocument(name=name, document=document.id)
