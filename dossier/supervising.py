"""What the verbs about lots, reports and retention do: open what they need, and call it."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dossier.backlog_figures import backlog_figures
from dossier.conversation import Move, Talk
from dossier.counter_figures import counter_figures
from dossier.figures import Figures
from dossier.ledger import open_ledger
from dossier.ledger_place import ledger_place
from dossier.ledger_values import Document, State
from dossier.lot_checks import (
    Checked,
    ask_entry,
    enter_check,
    read_entries,
    require_second,
    unchecked,
)
from dossier.lot_values import Decision, Lot
from dossier.lots import all_lots, close_lot, decide, waiting_lot
from dossier.people import actor_at
from dossier.report import check_outputs, write_report
from dossier.retention import Retention, drop_masters
from dossier.shelf import open_store, require_store, store_exists
from foundation.errors import ExitCode, SohoaError
from foundation.files import private_files, write_atomic
from foundation.messages import N_, _
from profiles import load_office

_SUPERVISOR = "supervisor"


class DaysReversed(SohoaError):
    """The first day of a report lies after its last."""

    exit_code = ExitCode.USAGE
    message = N_("--since {first} is later than --until {last}. Turn them round.")


@dataclass(frozen=True)
class LotLine:
    """A lot of the plan: where its documents stand, and how it was presented last, if ever."""

    name: str
    counts: dict[State, int]
    last: Lot | None


def list_lots(batch: Path | None) -> list[LotLine]:
    """All lots of a backlog. Raises NoLedger."""
    with open_ledger(ledger_place(batch)) as ledger:
        last = {lot.name: lot for lot in all_lots(ledger)}
        return [LotLine(name, ledger.counts(name), last.get(name)) for name in ledger.lots()]


def sample_lot(
    batch: Path | None, name: str, operator: str = "", resume: str = ""
) -> tuple[Lot, list[tuple[Document, Path]]]:
    """Close a lot and draw its sample: the lot, and its drawn documents with their files.

    Raises:
        NoLedger, and what :func:`dossier.lots.close_lot` does.
    """
    office = load_office()
    actor = actor_at(office, operator, _SUPERVISOR)
    place = ledger_place(batch)
    with open_ledger(place) as ledger, open_store() as store:
        lot = close_lot(ledger, office, store.account, name, actor, resume=resume)
        drawn = [ledger.document(one) for one in lot.drawn]
        return lot, [(one, _file_of(place.work_of(one.id))) for one in drawn]


def check_lot(
    batch: Path | None,
    name: str,
    operator: str = "",
    talk: Talk | None = None,
    entries: Path | None = None,
) -> tuple[list[Checked], Lot]:
    """Have the drawn documents typed in again, by questions or from a file (``-``: the input).

    Raises:
        NoLedger, BadEntries, and what :func:`dossier.lot_checks.enter_check` does.
    """
    office = load_office()
    actor = actor_at(office, operator)
    place = ledger_place(batch)
    done: list[Checked] = []
    with open_ledger(place) as ledger:
        lot = waiting_lot(ledger, name)
        require_second(office, lot, actor.name)
        if entries is not None:
            text = sys.stdin.read() if str(entries) == "-" else entries.read_text("utf-8")
            for entry in read_entries(text, str(entries)):
                done.append(enter_check(ledger, office, name, entry, actor, str(entries)))
            return done, waiting_lot(ledger, name)
        left = unchecked(ledger, lot)
        for number, document_id in enumerate(left, 1):
            if talk is None:
                break
            talk.tell(_("Document {number} of {count}").format(number=number, count=len(left)))
            document = ledger.document(document_id)
            typed = ask_entry(talk, office, document, _file_of(place.work_of(document_id)))
            if isinstance(typed, Move):
                break
            done.append(enter_check(ledger, office, name, typed, actor))
        return done, waiting_lot(ledger, name)


def judge_lot(batch: Path | None, name: str, decision: Decision, operator: str = "") -> Lot:
    """Accept a lot or send it back.

    Raises:
        NoLedger, and what :func:`dossier.lots.decide` does.
    """
    office = load_office()
    actor = actor_at(office, operator, _SUPERVISOR)
    with open_ledger(ledger_place(batch)) as ledger, open_store() as store:
        return decide(ledger, office, store.account, name, decision, actor)


def report_backlog(
    batch: Path | None, outputs: Sequence[Path], first: date | None, last: date | None
) -> Figures:
    """Draw the figures of a backlog and write them.

    Raises:
        NoLedger, UnknownForm, DaysReversed.
    """
    _require_order(first, last)
    check_outputs(outputs)
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(ledger_place(batch)))
        store = stack.enter_context(open_store()) if store_exists() else None
        figures = backlog_figures(ledger, load_office(), store, first, last)
    write_report(figures, outputs)
    return figures


def report_counter(outputs: Sequence[Path], first: date | None, last: date | None) -> Figures:
    """Draw the figures of the counter's work and write them.

    Raises:
        NoStore, UnknownForm, DaysReversed.
    """
    _require_order(first, last)
    check_outputs(outputs)
    require_store()
    with open_store() as store:
        figures = counter_figures(store, load_office(), first, last)
    write_report(figures, outputs)
    return figures


def drop_scans(
    batch: Path | None, operator: str = "", out: Path | None = None, *, dry_run: bool = False
) -> Retention:
    """Drop the scans whose time has come, and write the signed lists of them to ``out``.

    Raises:
        NoLedger, NoStore, OSError.
    """
    actor = actor_at(load_office(), operator, _SUPERVISOR)
    with private_files(), open_ledger(ledger_place(batch)) as ledger:
        if not store_exists() and not ledger.counts().get("deposited"):
            return Retention(kept={"not-deposited": sum(ledger.counts().values())})
        require_store()
        with open_store() as store:
            done = drop_masters(ledger, store, actor, dry_run=dry_run)
    if out is not None and done.statements:
        write_atomic(out, "\n".join(done.statements).encode() + b"\n", mode=0o600)
    return done


def _require_order(first: date | None, last: date | None) -> None:
    if first and last and first > last:
        raise DaysReversed(first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}")


def _file_of(folder: Path) -> Path:
    """A document's PDF in its working folder."""
    return folder / "document.pdf"
