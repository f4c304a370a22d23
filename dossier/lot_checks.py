"""The second look at a sample: identifiers typed in again, blind, by somebody else.

What a document is filed and found by (whose it is, its number, its date) is typed anew from the
picture by a second person who does not see what stands in the ledger. What they typed is compared
and forgotten; that it differed, and where, is on record.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from dossier.conversation import Move, Talk
from dossier.identity import among
from dossier.ledger import Ledger
from dossier.ledger_values import Document
from dossier.lot_errors import BadEntries, NotInSample, OtherFields, OwnLot
from dossier.lot_schema import lot_checks
from dossier.lot_values import Lot
from dossier.lots import waiting_lot
from foundation.messages import N_, _
from foundation.times import utc_now
from profiles import Office, load_paper
from warehouse import Actor
from warehouse.values import clean_identifier

#: What may be wrong with a document beside its identifiers.
FAULTS = {
    "missing-page": N_("A page is missing"),
    "unreadable": N_("Something cannot be read"),
    "wrong-paper": N_("It is another kind of paper"),
    "wrong-owner": N_("It is somebody else's"),
}
QUESTIONS = {
    "owner_identifier": N_("Owner's number"),
    "owner_name": N_("Owner's name"),
    "number": N_("Number of the paper"),
    "issued_on": N_("Date of issue (day/month/year)"),
}
_NOTHING = "-"
_READ = "read:"
#: Kinds of facts read off a paper that it is found by.
_NUMBERS = frozenset({"personal_number", "id_number", "number", "decision_number", "tax_code"})


@dataclass(frozen=True)
class Entry:
    """What a second person typed of a document. ``fields`` are personal data: never kept."""

    document: str
    fields: Mapping[str, str] = field(repr=False, hash=False)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What came of it: the fields that differ, and what else is wrong."""

    document: str
    differs: tuple[str, ...]
    faults: tuple[str, ...]


def unchecked(ledger: Ledger, lot: Lot) -> list[str]:
    """The documents of the sample nobody looked at yet, in the order they were drawn."""
    with ledger.reading() as tx:
        done = _done(tx, lot)
    return [one for one in lot.drawn if one not in done]


def require_second(office: Office, lot: Lot, name: str) -> None:
    """See that it is not one of those who made the lot. Raises OwnLot."""
    if among(name, lot.makers, office):
        raise OwnLot(name=name, lot=lot.name)


def enter_check(
    ledger: Ledger, office: Office, name: str, entry: Entry, actor: Actor, file: str = ""
) -> Checked:
    """Compare what was typed with the ledger and put what differs on record, once a document.

    Raises:
        NoSuchLot, NotDrawn: no sample waits.
        OwnLot: the first person is not the second.
        NotInSample: a document that was not drawn, or a fault that is none.
        OtherFields: not the fields that are asked for.
    """
    lot = waiting_lot(ledger, name)
    require_second(office, lot, actor.name)
    if entry.document not in lot.drawn or not set(entry.faults) <= set(FAULTS):
        raise NotInSample(file=file or name, document=entry.document)
    document = ledger.document(entry.document)
    asked = asked_of(office, document)
    if set(entry.fields) != set(asked):
        raise OtherFields(file=file or name, document=entry.document, fields=", ".join(asked))
    differs = differing(office, document, entry.fields)
    row = {
        "lot_id": lot.id,
        "document_id": entry.document,
        "checker": actor.name,
        "at": utc_now(),
        "differs": list(differs),
        "faults": list(entry.faults),
    }
    with ledger.writing() as tx:
        if entry.document not in _done(tx, lot):
            tx.execute(insert(lot_checks).values(row))
    return Checked(entry.document, differs, entry.faults)


def asked_of(office: Office, document: Document) -> dict[str, str]:
    """What a second person types of a document, with what the store will file it by.

    That is what the register says, and the numbers that were read off the paper; what is empty
    in both is not asked. Names of the latter are those of the paper's profile after ``read:``.
    """
    plan = document.plan
    filed: dict[str, str] = {
        "owner_identifier": plan.owner.identifier,
        "owner_name": plan.owner.name,
        "number": plan.number,
        "issued_on": plan.issued_on.strftime("%d/%m/%Y") if plan.issued_on else "",
    }
    asked: dict[str, str] = {
        name: filed[name] for name in office.quality.double_keyed if filed[name]
    }
    for rules in load_paper(plan.paper).fields:
        value = document.fields.get(rules.name, "")
        if rules.kind in _NUMBERS and value:
            asked[f"{_READ}{rules.name}"] = value
    return asked


def differing(office: Office, document: Document, typed: Mapping[str, str]) -> tuple[str, ...]:
    """The fields that were typed otherwise than they stand in the ledger."""
    return tuple(
        name
        for name, first in asked_of(office, document).items()
        if _alike(name, first) != _alike(name, typed[name])
    )


def ask_entry(talk: Talk, office: Office, document: Document, picture: Path) -> Entry | Move:
    """Have a second person type the identifiers of a document; ``-``: it bears none.

    What differs is asked once more, without saying what stands in the ledger: people mistype.
    """
    talk.tell(
        _("Open {file} and type what stands on the paper; “-” where it has none.").format(
            file=picture
        )
    )
    fields: dict[str, str] = {}
    for name in asked_of(office, document):
        answer = _ask(talk, document, name)
        if isinstance(answer, Move):
            return answer
        fields[name] = answer
    for doubtful in differing(office, document, fields):
        talk.tell(_("Please look again."))
        answer = _ask(talk, document, doubtful)
        if isinstance(answer, Move):
            # What was typed stands: else one could try answers and leave no trace of it.
            return Entry(document.id, fields)
        fields[doubtful] = answer
    names = list(FAULTS)
    chosen = talk.choose(
        _("Is anything else wrong?"), [_("No"), *(_(FAULTS[one]) for one in names)]
    )
    if isinstance(chosen, Move):
        return chosen
    return Entry(document.id, fields, (names[chosen - 1],) if chosen else ())


def read_entries(text: str, file: str) -> list[Entry]:
    """Second entries from JSON, as a data-entry program gives them. Raises BadEntries."""
    try:
        return [_entry_of(one) for one in json.loads(text)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadEntries(file=file) from error


def _entry_of(one: dict[str, Any]) -> Entry:
    fields = {str(name): str(value) for name, value in one["fields"].items()}
    return Entry(str(one["document"]), fields, tuple(map(str, one.get("faults", ()))))


def _ask(talk: Talk, document: Document, name: str) -> str | Move:
    def read(text: str) -> str | None:
        return text if text.strip() == _NOTHING or _alike(name, text) else None

    return talk.ask(_label(document, name), read, _("Please type it as on the paper, or “-”."))


def _label(document: Document, name: str) -> str:
    if name in QUESTIONS:
        return _(QUESTIONS[name])
    fields = load_paper(document.plan.paper).fields
    return next(one.label for one in fields if f"{_READ}{one.name}" == name)


def _done(tx: Connection, lot: Lot) -> set[str]:
    query = select(lot_checks.c.document_id).where(lot_checks.c.lot_id == lot.id)
    return set(tx.execute(query).scalars())


def _number(text: str) -> str:
    """A personal number or tax code without what people put between the digits."""
    return re.sub(r"[.\-]", "", clean_identifier(text)).casefold()


def _words(text: str) -> str:
    """A name: case and spaces do not count, marks and letters do."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _paper_number(text: str) -> str:
    """A paper's number: spaces and the kind of dash do not count."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\u2010-\u2015\u2212]", "-", "".join(plain.split()))


def _day(text: str) -> str:
    """A date in any usual order of writing as ISO 8601; what is none stays as it is."""
    parts = re.findall(r"\d+", text)
    if len(parts) != 3:
        return text.strip()
    order = parts if len(parts[0]) == 4 else reversed(parts)
    year, month, day = map(int, order)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text.strip()


def _alike(name: str, text: str) -> str:
    """A field's value in the form in which it is compared; nothing where there is none."""
    if text.strip() == _NOTHING:
        return ""
    return _ALIKE.get(name, _paper_number)(text)


_ALIKE: dict[str, Callable[[str], str]] = {
    "owner_identifier": _number,
    "owner_name": _words,
    "number": _paper_number,
    "issued_on": _day,
}


def wrong_fields(rows: Sequence[Any]) -> dict[str, int]:
    """How often each field was typed otherwise, and each fault was found, over checks."""
    counts: dict[str, int] = {}
    for row in rows:
        for name in (*row.differs, *row.faults):
            counts[name] = counts.get(name, 0) + 1
    return counts
