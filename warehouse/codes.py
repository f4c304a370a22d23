"""Official codes, given out before a paper is sealed because the seal carries them."""

from datetime import date

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from foundation.times import utc_now
from warehouse.errors import CodeTemplateFaulty
from warehouse.schema import codes, serials


def reserve(tx: Connection, template: str, **parts: str | date) -> str:
    """The next code of a template, reserved for good once the transaction commits.

    Serials run from 1 in each scope, which is the template filled in but for the serial:
    one owner's papers of one type, or one office's dossiers of one day, as the profile's
    template has it. A code reserved and never used leaves a gap, never a second use.

    Raises:
        CodeTemplateFaulty: the template has no serial, or a placeholder nobody knows.
    """
    scope = _fill(template, 0, parts)
    last = tx.execute(select(serials.c.last).where(serials.c.scope == scope)).scalar() or 0
    if _fill(template, last + 1, parts) == scope:
        raise CodeTemplateFaulty(template=template)
    while True:
        last += 1
        code = _fill(template, last, parts)
        if tx.execute(select(codes.c.code).where(codes.c.code == code)).scalar() is None:
            break
    tx.execute(insert(codes).values(code=code, reserved_at=utc_now()))
    tx.execute(
        upsert(serials)
        .values(scope=scope, last=last)
        .on_conflict_do_update(index_elements=[serials.c.scope], set_={"last": last})
    )
    return code


def _fill(template: str, serial: int, parts: dict[str, str | date]) -> str:
    try:
        return template.format(serial=serial, **parts)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise CodeTemplateFaulty(template=template) from error
