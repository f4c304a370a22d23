"""Official codes, given out before a paper is sealed because the seal carries them."""

from collections.abc import Callable, Mapping
from datetime import date

from sqlalchemy import Connection, bindparam, select

from foundation.times import utc_now
from warehouse.catalog import Catalog
from warehouse.engine import put_row
from warehouse.errors import CodeTaken, CodeTemplateFaulty
from warehouse.journal import note
from warehouse.schema import codes, records, serials
from warehouse.values import Record

#: Turns a text that holds an owner's number into a keyed hash of it.
Hide = Callable[[str], str]
_KNOWN = select(codes.c.code).where(codes.c.code == bindparam("code"))
_LED_TO = select(codes.c.record_id, codes.c.version).where(
    codes.c.code == bindparam("code"), codes.c.record_id.is_not(None)
)
_HOLDER = select(records.c.id).where(records.c.code == bindparam("code"))
_LAST = select(serials.c.last).where(serials.c.scope == bindparam("scope"))


def reserve(catalog: Catalog, template: str, **parts: str | date) -> str:
    """The next code of a template, reserved for good.

    Serials run from 1 in each scope, which is the template filled in but for the serial:
    one owner's papers of one type, or one office's dossiers of one day, as the profile's
    template has it. A code reserved and never used leaves a gap, never a second use.

    Raises:
        CodeTemplateFaulty: the template has no serial, or a placeholder nobody knows.
    """
    with catalog.writing() as tx:
        return _next(tx, catalog.hidden, template, parts)


def _next(tx: Connection, hide: Hide, template: str, parts: Mapping[str, str | date]) -> str:
    scope = _fill(template, 0, parts)
    hidden = hide(scope)
    last = tx.execute(_LAST, {"scope": hidden}).scalar() or 0
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


def require_free(tx: Connection, hide: Hide, code: str) -> None:
    """Note that a record takes a code. Raises CodeTaken where one has it, or had it."""
    taken = tx.execute(_HOLDER, {"code": code}).scalar()
    if former := led_to(tx, hide(code)):
        taken = former[0]
    if taken is not None:
        raise CodeTaken(record=taken)
    claim(tx, hide(code))


def claim(tx: Connection, hidden: str) -> None:
    """Note that a code is taken; one from elsewhere too, so that it is never given out here."""
    row = {"code": hidden, "reserved_at": utc_now()}
    if put_row(tx, codes, row, replace=False):
        note(tx, "codes", **row)


def lead_to(tx: Connection, hidden: str, record: Record) -> None:
    """Note that a code stands for a version that has got another one."""
    row = {"code": hidden, "reserved_at": utc_now()}
    row |= {"record_id": record.id, "version": record.version}
    put_row(tx, codes, row)
    note(tx, "codes", **row)


def led_to(tx: Connection, hidden: str) -> tuple[str, int] | None:
    """Id and version a code stood for before they got another one."""
    row = tx.execute(_LED_TO, {"code": hidden}).one_or_none()
    return None if row is None else (row.record_id, row.version)


def is_known(tx: Connection, hidden: str) -> bool:
    """Whether a code was ever given out or taken in; it is asked about by its keyed hash."""
    return tx.execute(_KNOWN, {"code": hidden}).scalar() is not None


def _fill(template: str, serial: int, parts: Mapping[str, str | date]) -> str:
    try:
        return template.format(serial=serial, **parts)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise CodeTemplateFaulty(template=template) from error
