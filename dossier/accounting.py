"""``sohoa audit``: who did what with the papers, shown to their owner, signed, and checked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dossier.agreeing import relied_keys
from dossier.people import actor_at, owner_of
from dossier.shelf import keep_out_of_store, open_store, require_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import write_atomic
from foundation.messages import N_
from foundation.times import iso_utc
from profiles import Office, load_office
from warehouse import AuditReport, Event

if TYPE_CHECKING:
    from warehouse.account import ExcerptReport
    from warehouse.checkpoints import StampCheck, Stamper

#: Bytes of an excerpt that is read: some hundred thousand entries.
_MOST_BYTES = 200_000_000


class ExcerptTooLong(SohoaError):
    """A file given as an excerpt is larger than any."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is too large to be an excerpt of the audit.")


@dataclass(frozen=True)
class Shown:
    """An entry of the audit with the title of the paper it is about."""

    event: Event
    title: str = ""


def verify_audit(
    witnesses: Sequence[Path] = (), trust: Sequence[Path] = (), keys: Sequence[Path] = ()
) -> AuditReport:
    """Whether the audit here is whole, signed, and holds what the witnesses name.

    Args:
        witnesses: checkpoints or receipts kept elsewhere.
        trust: roots of the time-stamping service; with those of the office.
        keys: that may have signed; without any, those the store remembers.

    Raises:
        NoStore, KeyUnusable.
    """
    require_store()
    texts = tuple(
        line for path in witnesses for line in path.read_text(encoding="utf-8").split() if line
    )
    check = stamp_check_of(load_office(), trust)
    with open_store() as store:
        return store.account.verify(
            relied_keys(keys) if keys else None, stamp_check=check, witnesses=texts
        )


def verify_excerpt(
    file: Path, trust: Sequence[Path] = (), keys: Sequence[Path] = ()
) -> "ExcerptReport":
    """Check an excerpt given to a citizen, without the store it comes from.

    Raises:
        ReceiptInvalid: it is none, or was altered.
        ExcerptTooLong, KeyUnusable.
    """
    from warehouse.account import verify_excerpt as check

    if file.stat().st_size > _MOST_BYTES:
        raise ExcerptTooLong(file=file)
    text = file.read_bytes().decode("utf-8", errors="replace")
    return check(text, relied_keys(keys), stamp_check_of(load_office(), trust))


def show_account(owner_number: str, operator: str = "") -> list[Shown]:
    """Everything on record about an owner, the oldest first; that it was shown is on record too.

    Raises:
        NoStore, AuditAltered.
    """
    require_store()
    owner = owner_of(owner_number)
    with open_store() as store:
        events = store.account.of(owner.identifier, actor_at(load_office(), operator))
        titles = {one.id: one.title for one in store.find(owner.identifier, status="any")}
    return [Shown(event, titles.get(event.record_id, "")) for event in events]


def write_excerpt(owner_number: str, out: Path, operator: str = "") -> int:
    """Write the entries about an owner as a file that proves itself; how many they are.

    Raises:
        NoStore.
    """
    keep_out_of_store(out)
    require_store()
    with open_store() as store:
        excerpt = store.account.excerpt(
            owner_of(owner_number).identifier, actor_at(load_office(), operator)
        )
    text = json.dumps(excerpt, ensure_ascii=False, indent=1)
    write_atomic(out, text.encode() + b"\n", mode=0o600)
    return len(excerpt["entries"])


def make_checkpoint(out: Path | None = None) -> tuple[str, bool]:
    """Close the growing checkpoint, timestamp it where the office has a service, write it out.

    Returns:
        The statement, and whether it is timestamped.

    Raises:
        NoStore.
        TimestampUnavailable: it is signed and not stamped; run it again.
    """
    keep_out_of_store(out)
    require_store()
    stamper = stamper_of(load_office())
    with open_store() as store:
        statement = store.account.checkpoint(stamper)
    if out is not None:
        write_atomic(out, statement.encode() + b"\n", mode=0o600)
    return statement, bool(stamper and statement)


def event_data(shown: Shown) -> dict[str, Any]:
    """An entry for ``--json``."""
    event = shown.event
    return {
        "number": event.owner_number,
        "at": iso_utc(event.at),
        "action": event.action,
        "by": event.actor.name,
        "role": event.actor.role,
        "office": event.actor.office,
        "record": event.record_id,
        "title": shown.title,
        "details": event.details,
    }


def stamper_of(office: Office) -> "Stamper | None":
    """Asks the office's time-stamping services; None where it has none."""
    if not office.timestamp_urls:
        return None

    def stamper(digest: bytes) -> bytes:
        from signing.stamps import stamp

        return stamp(digest, office.timestamp_urls, office.services)

    return stamper


def stamp_check_of(office: Office, trust: Sequence[Path]) -> "StampCheck | None":
    """Judges timestamps by the roots named and those of the office; None where there are none."""
    roots = [*trust, *map(Path, office.trust)]
    if not roots:
        return None

    def check(token: bytes, digest: bytes) -> str:
        from signing.stamps import stamped_at

        moment = stamped_at(token, digest, roots, [Path(path) for path in office.chain])
        return iso_utc(moment) if moment else ""

    return check
