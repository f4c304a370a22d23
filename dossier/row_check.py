"""Whether what was read on a paper speaks against the row of the register it goes by."""

from dataclasses import replace

from digitize.slips import Slip
from dossier.evidence import Evidence, number_keys, number_meant
from dossier.ledger import Ledger
from dossier.ledger_values import Document, Plan
from dossier.matching import match_documents
from dossier.register import RegisterRow
from dossier.register_report import LABELS
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from profiles import Paper, load_paper


class RowDiffers(SohoaError):
    """What was read on the paper is not what the register's row says."""

    exit_code = ExitCode.INPUT
    message = N_(
        "What was read on it does not fit line {line} of the register ({facts}). Are the right "
        "pages behind this separator, under this name?"
    )


def require_row(document: Document, paper: Paper, evidence: Evidence, ledger: Ledger) -> None:
    """See that nothing read on the paper speaks against its row of the register.

    A number that differs from the row's by what recognisers confuse (448/2025 for 44B/2025) is
    another paper's where the ledger has one with that number.

    Raises:
        RowDiffers: too much does.
    """
    plan = document.plan
    if not plan.register_row:
        return
    row = _row_of(plan, paper)
    confused = [
        read
        for read in evidence.numbers
        if plan.number
        and number_keys(read) == number_keys(plan.number)
        and number_meant(read) != number_meant(plan.number)
    ]
    others = list(ledger.plans_of(confused))  # hardly ever asked: the ledger has no index of them
    rows = [row, *(_row_of(one, load_paper(one.paper)) for one in others if one.register_row)]
    # The separator, or the file's name, says the row; what was read may contradict it.
    said = replace(evidence, slip=Slip(row.number, row.line), pages=document.pages)
    (match,) = match_documents([said], rows)
    if match.row is None and match.reason in ("separator-differs", "two-alike"):
        against = match.candidates[0].against if match.candidates else ()
        against = against or ("number",)
        names = {"id": "owner_id", "name": "owner_name", "name-like": "owner_name", "birth": "born"}
        labels = (LABELS.get(names.get(fact, fact), fact) for fact in against)
        raise RowDiffers(line=row.line, facts=", ".join(map(_, labels)))


def _row_of(plan: Plan, paper: Paper) -> RegisterRow:
    return RegisterRow(
        int(plan.register_row),
        plan.number,
        plan.issued_on,
        plan.owner.identifier,
        plan.owner.name,
        paper.title,
        plan.pages_expected,
    )
