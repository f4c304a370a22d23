"""What a finished dossier leaves on record: counts and times, for figures of the work."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from digitize.sheet import FinishedPage
from dossier.desk import Desk
from dossier.values import ON_RECORD, Dossier, save
from profiles import load_procedure


def put_on_record(desk: Desk, dossier: Dossier) -> None:
    """Tell the audit, under the owner's pseudonym, how the dossier was done; see ``Finished``."""
    made = dossier.at("deposited", "kept")
    details = {
        "dossier": dossier.id,
        "code": dossier.code,
        "procedure": load_procedure(dossier.procedure).code,
        "station": desk.station,
        "started": dossier.started_at,
        "papers": str(len(dossier.parts)),
        "reused": str(len(dossier.at("reused"))),
        "deposited": str(len(dossier.at("deposited"))),
        "kept": str(len(dossier.at("kept"))),
        "pages": str(sum(part.pages for part in made)),
        "rescans": ",".join(f"{flag}:{count}" for flag, count in sorted(dossier.rescans.items())),
    }
    with desk.store() as store:
        store.account.note(ON_RECORD, dossier.owner.identifier, dossier.actor, details)


def scanned_again(dossier: Dossier, pages: Sequence[FinishedPage]) -> Dossier:
    """The dossier with sheets sent back by the clerk counted, by what was wrong with them."""
    counts = Counter(dossier.rescans)
    for page in pages:
        counts.update(page.finding.flags[:1])
    counts.update({} if any(page.finding.flags for page in pages) else {"clerk": len(pages)})
    return save(replace(dossier, rescans=dict(counts)))
