"""Official codes, given out before a paper is sealed because the seal carries them."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection, select

from foundation.times import utc_now
from warehouse.engine import put_row
from warehouse.errors import CodeTemplateFaulty
from warehouse.journal import note
from warehouse.schema import codes, serials

#: Turns a text that holds an owner's number into a keyed hash of it.
Hide = Callable[[str], str]


def reserve(tx: Connection, hide: Hide, template: str, **parts: str | date) -> str:
    """The next code of a template, reserved for good once the transaction commits.

    Serials run from 1 in each scope, which is the template filled in but for the serial:
    one owner's papers of one type, or one office's dossiers of one day, as the profile's
    template has it. A code reserved and never used leaves a gap, never a second use.

    Raises:
        CodeTemplateFaulty: the template has no serial, or a placeholder nobody knows.
    """
    scope = _fill(template, 0, parts)
    hidden = hide(scope)
    last = tx.execute(select(serials.c.last).where(serials.c.scope == hidden)).scalar() or 0
    if _fill(template, last + 1, parts) == scope:
        raise CodeTemplateFaulty(template=template)
    while True:
        last += 1
        code = _fill(template, last, parts)
        if not is_known(tx, hide(code)):
            break
    claim(tx, hide(code))
    put_row(tx, serials, {"scope": hidden, "last": last})
    note(tx, "serials", scope=hidden, last=last)
    return code


def claim(tx: Connection, hidden: str) -> None:
    """Note that a code is taken; one from elsewhere too, so that it is never given out here."""
    if not is_known(tx, hidden):
        row = {"code": hidden, "reserved_at": utc_now()}
        put_row(tx, codes, row)
        note(tx, "codes", **row)


def is_known(tx: Connection, hidden: str) -> bool:
    """Whether a code was ever given out or taken in; it is asked about by its keyed hash."""
    return tx.execute(select(codes.c.code).where(codes.c.code == hidden)).scalar() is not None


def _fill(template: str, serial: int, parts: dict[str, str | date]) -> str:
    try:
        return template.format(serial=serial, **parts)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise CodeTemplateFaulty(template=template) from error
