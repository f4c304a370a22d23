"""A report as tables: the same ones on the page, in the workbook, as CSV and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dossier.figures import Figures, Made, Sum
from dossier.indicators import Indicator, Spread
from dossier.ledger_values import STATES
from dossier.reason_words import STATE_NAMES, word
from dossier.report_words import Cell, Kind, number
from foundation.messages import N_, _

#: More days than these are shown by the week; the exports have them all.
_DAYS_SHOWN = 31


@dataclass(frozen=True)
class Column:
    """A column: its heading, and what its cells are (``percent``: 0 to 1; ``seconds``)."""

    title: str
    kind: Kind = "count"


@dataclass(frozen=True)
class Table:
    """A table. ``shown``: on the page too, not only in the exports; ``note``: its formula."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    shown: bool = True


_INDICATORS = {
    "4.1": N_("Electronic results issued"),
    "4.2": N_("Dossiers digitised, with an electronic result"),
    "4.3": N_("Dossiers that reuse digitised data"),
    "4.4": N_("Dossiers through the personal store"),
}
_DECISIONS = {
    "drawn": N_("waits for its check"),
    "accepted": N_("accepted"),
    "rejected": N_("rejected"),
    "rework": N_("sent back for rework"),
}


def tables_of(figures: Figures) -> list[Table]:
    """All tables of a report, in the order they stand in it; empty ones are left out."""
    found = [
        _progress(figures),
        _forecast(figures),
        _indicators(figures.indicators),
        _reuse(figures),
        _savings(figures),
        _people("operators", _("By operator"), figures.by("operator"), figures),
        _people("stations", _("By station"), figures.by("station"), figures),
        _days(figures),
        _work(figures),
        _times(figures),
        _rescans(figures),
        _counts("errors", _("Errors by kind"), figures.errors),
        _counts("set-aside", _("Set aside for a person, by reason"), figures.set_aside),
        _withdrawn(figures),
        _lots(figures),
        _counts("found", _("Found wrong in samples"), figures.lots.by_field),
    ]
    return [table for table in found if table.rows]


def by_period(made: Sequence[Made]) -> tuple[str, list[Made]]:
    """What was made day by day, or week by week where there are many days, and which it is."""
    if len(made) <= _DAYS_SHOWN:
        return "day", list(made)
    weeks: dict[date, list[Made]] = {}
    for one in made:
        weeks.setdefault(one.day - timedelta(days=one.day.weekday()), []).append(one)
    return "week", [
        Made(
            monday,
            "",
            "",
            sum(one.documents for one in some),
            sum(one.pages for one in some),
            sum(one.dossiers for one in some),
        )
        for monday, some in weeks.items()
    ]


def _progress(figures: Figures) -> Table:
    total = sum(figures.states.values())
    rows = [
        (_(STATE_NAMES[state]), figures.states[state], figures.states[state] / total)
        for state in STATES
        if figures.states.get(state)
    ]
    columns = (
        Column(_("Stage of work"), "text"),
        Column(_("Documents")),
        Column(_("Share"), "percent"),
    )
    note = ""
    if figures.pages_done:
        note = _("Pages made until now: {part} of {whole} expected.").format(
            part=number(figures.pages_done.part, 0), whole=number(figures.pages_done.whole, 0)
        )
    return Table("progress", _("Progress"), columns, tuple(rows), note)


def _forecast(figures: Figures) -> Table:
    found = figures.forecast
    if found is None or not found.days:
        return Table("forecast", "", (), ())
    note = _(
        "Documents left / documents a day over the last {days} days worked, from Monday to Friday; "
        "the earliest and latest day at the pace of the better and the worse half of them."
    ).format(days=found.days)
    columns = (
        Column(_("Documents left")),
        Column(_("A day"), "number"),
        Column(_("Done on"), "date"),
        Column(_("Earliest"), "date"),
        Column(_("Latest"), "date"),
    )
    row = (found.left, found.pace, found.done_on, found.early, found.late)
    return Table("forecast", _("Forecast"), columns, (row,), note)


def _people(table_id: str, title: str, sums: Sequence[Sum], figures: Figures) -> Table:
    note = _(
        "Due: days worked × {target} dossiers a year / {days} working days. "
        "A year: dossiers / days worked × {days}."
    ).format(target=number(figures.targets.dossiers_a_year, 0), days=figures.targets.working_days)
    columns = (
        Column(_("Name"), "text"),
        Column(_("Days")),
        Column(_("Documents")),
        Column(_("Pages")),
        Column(_("Dossiers")),
        Column(_("Due"), "number"),
        Column(_("Of target"), "percent"),
        Column(_("A year")),
    )
    rows = tuple(
        (
            one.name or _("(not named)"),
            one.pace.days,
            one.documents,
            one.pages,
            one.pace.dossiers,
            one.pace.due,
            one.pace.share,
            round(one.pace.yearly),
        )
        for one in sums
    )
    return Table(table_id, title, columns, rows, note)


def _days(figures: Figures) -> Table:
    period, made = by_period(figures.by_day())
    title = _("By day") if period == "day" else _("By week (its Monday)")
    rows = tuple((one.day, one.documents, one.pages, one.dossiers) for one in made)
    columns = (
        Column(_("Day"), "date"),
        Column(_("Documents")),
        Column(_("Pages")),
        Column(_("Dossiers")),
    )
    return Table("days", title, columns, rows)


def _work(figures: Figures) -> Table:
    columns = (
        Column(_("Day"), "date"),
        Column(_("Operator"), "text"),
        Column(_("Station"), "text"),
        Column(_("Documents")),
        Column(_("Pages")),
        Column(_("Dossiers")),
    )
    rows = tuple(
        (one.day, one.operator, one.station, one.documents, one.pages, one.dossiers)
        for one in figures.made
    )
    return Table("work", _("By day, operator and station"), columns, rows, shown=False)


def _times(figures: Figures) -> Table:
    spreads: list[tuple[str, Spread]] = [
        (word(stage), spread) for stage, spread in figures.stages.items()
    ]
    if figures.dossier_time:
        backlog = figures.source == "backlog"
        whole = _("A dossier, all its steps together")
        name = whole if backlog else _("A dossier, from its beginning to its receipt")
        spreads.append((name, figures.dossier_time))
    columns = (
        Column(_("Stage"), "text"),
        Column(_("Times")),
        Column(_("Mean"), "seconds"),
        Column(_("Median"), "seconds"),
        Column(_("Nine in ten"), "seconds"),
        Column(_("Together"), "seconds"),
    )
    rows = tuple(
        (name, one.count, one.mean, one.median, one.ninth_tenth, one.total) for name, one in spreads
    )
    note = ""
    if figures.in_time and figures.in_time.share is not None:
        note = _("Done within {minutes} minutes: {part} of {whole} dossiers.").format(
            minutes=f"{figures.targets.waiting_minutes:g}",
            part=figures.in_time.part,
            whole=figures.in_time.whole,
        )
    return Table("times", _("Time by stage"), columns, rows, note)


def _rescans(figures: Figures) -> Table:
    note = _("Sheets laid in again when guided intake asked for it; other commands keep no count.")
    if figures.source == "backlog":
        note = _(
            "All sheets of a document whose paper was scanned anew: by sohoa batch retry "
            "--rescanned, put into a watched folder again, or found changed when taken over again."
        )
    title = _("Sheets scanned again, by reason")
    return replace(_counts("rescans", title, figures.rescans), note=note)


def _counts(table_id: str, title: str, counts: Mapping[str, int]) -> Table:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    columns = (Column(_("What"), "text"), Column(_("Number")))
    return Table(table_id, title, columns, tuple((word(name), count) for name, count in ordered))


def _withdrawn(figures: Figures) -> Table:
    columns = (
        Column(_("Document"), "text"),
        Column(_("Lot"), "text"),
        Column(_("Had been set aside for"), "text"),
        Column(_("Why it was taken out"), "text"),
        Column(_("Taken out by"), "text"),
        Column(_("Taken out on"), "date"),
    )
    rows = tuple(
        (one.document, one.lot, word(one.was), one.reason, one.by, one.day)
        for one in figures.withdrawn
    )
    return Table("withdrawn", _("Taken out for good by a supervisor"), columns, rows)


def _lots(figures: Figures) -> Table:
    lots = figures.lots
    columns = (Column(_("Decision"), "text"), Column(_("Lots")))
    rows = tuple((_(_DECISIONS[name]), count) for name, count in lots.decided.items() if count)
    note = _("In samples: {checked} documents checked, {wrong} of them wrong.").format(
        checked=lots.checked, wrong=lots.nonconforming
    )
    return Table("lots", _("Lots"), columns, rows, note)


def _reuse(figures: Figures) -> Table:
    ratio = figures.reuse
    columns = (Column(_("What"), "text"), Column(_("Number")), Column(_("Share"), "percent"))
    rows: tuple[tuple[Cell, ...], ...] = ()
    if ratio.whole:
        rows = (
            (_("Papers procedures asked for"), ratio.whole, None),
            (_("of these not asked for again, taken from the store"), ratio.part, ratio.share),
        )
    if figures.savings.papers:
        rows += ((_("Papers handed out of the store in all"), figures.savings.papers, None),)
    return Table("reuse", _("Reuse"), columns, rows)


def _indicators(found: Sequence[Indicator]) -> Table:
    columns = (
        Column(_("Indicator"), "text"),
        Column(_("What"), "text"),
        Column(_("Dossiers")),
        Column(_("Of")),
        Column(_("Share"), "percent"),
        Column(_("Points"), "number"),
        Column(_("At most"), "number"),
    )
    rows = tuple(
        (
            one.number,
            _(_INDICATORS[one.number]),
            one.ratio.part,
            one.ratio.whole,
            one.ratio.share,
            one.points,
            one.cap.points if one.cap else None,
        )
        for one in found
        if one.ratio.whole
    )
    note = _(
        "QĐ 766/QĐ-TTg, group “Số hóa hồ sơ”. 4.1: electronic results / dossiers whose procedure "
        "gives a written result. 4.2: component attached and electronic result / all. 4.3: with a "
        "reused component / all. 4.4: file from the personal store, or result into it / all. "
        "Points: at most × share / share that gives all, from the office profile; empty: none set."
    )
    return Table("indicators", _("Indicators of QĐ 766"), columns, rows, note)


def _savings(figures: Figures) -> Table:
    saved, rates = figures.savings, figures.savings.rates
    columns = (Column(_("What"), "text"), Column(_("Amount"), "number"), Column(_("Unit"), "text"))
    rows: tuple[tuple[Cell, ...], ...] = ()
    if saved.papers:
        rows = (
            (_("Citizens' time"), saved.citizen_hours, _("hours")),
            (_("Clerks' time"), saved.clerk_hours, _("hours")),
            (_("Money"), round(saved.money), _("dong")),
        )
    note = _(
        "{papers} papers × ({copy} dong for copies + {citizen} min / 60 × {citizen_hour} dong + "
        "{clerk} min / 60 × {clerk_hour} dong); hours: papers × minutes / 60. The rates stand in "
        "the office profile under [targets]; they are assumptions."
    ).format(
        papers=number(saved.papers, 0),
        copy=number(rates.copy_cost, 0),
        citizen=number(rates.citizen_minutes, 0),
        citizen_hour=number(rates.citizen_hour, 0),
        clerk=number(rates.clerk_minutes, 0),
        clerk_hour=number(rates.clerk_hour, 0),
    )
    return Table("savings", _("Saved by what was not asked for again"), columns, rows, note)
