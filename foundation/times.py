"""UTC inside, Vietnam's time outside."""

from datetime import UTC, date, datetime, timedelta, timezone

#: Indochina Time, UTC+07:00 without daylight saving since 1975.
VIETNAM = timezone(timedelta(hours=7), "ICT")


def utc_now() -> datetime:
    """Now, in UTC, without fractions of a second."""
    return datetime.now(UTC).replace(microsecond=0)


def vietnam_time(moment: datetime) -> datetime:
    """The same moment on a clock in Vietnam."""
    return moment.astimezone(VIETNAM)


def today() -> date:
    """Today in Vietnam: the day on which papers expire and codes are dated."""
    return vietnam_time(utc_now()).date()


def iso_utc(moment: datetime) -> str:
    """ISO 8601 in UTC with a trailing ``Z``, as it is stored."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
