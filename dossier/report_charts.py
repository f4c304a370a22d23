"""Which chart stands beside which table of a report."""

from dossier import charts
from dossier.figures import Figures
from dossier.report_tables import Table, by_period
from dossier.report_words import Kind, shown
from foundation.messages import _

#: Most bars of one chart.
_BARS = 25
#: Tables drawn as bars: the column that is drawn, what it is, and where the target lies.
_DRAWN: dict[str, tuple[int, Kind, float | None]] = {
    "progress": (1, "count", None),
    "operators": (6, "percent", 1.0),
    "stations": (6, "percent", 1.0),
    "times": (3, "seconds", None),
    "rescans": (1, "count", None),
    "errors": (1, "count", None),
    "set-aside": (1, "count", None),
    "found": (1, "count", None),
    "indicators": (4, "percent", 1.0),
}


def chart_of(figures: Figures, table: Table) -> str:
    """The chart beside a table as SVG; empty for tables that need none."""
    if table.id == "forecast":
        return _climb(figures, table.title)
    if table.id == "days":
        return _columns(figures, table.title)
    if table.id not in _DRAWN:
        return ""
    place, kind, target = _DRAWN[table.id]
    rows = table.rows[: len(figures.stages)] if table.id == "times" else table.rows[:_BARS]
    drawn = [
        charts.Bar(str(row[0]), value, shown(value, kind))
        for row in rows
        if isinstance(value := row[place], int | float)
    ]
    return charts.bars(table.title, drawn, target) if drawn else ""


def _columns(figures: Figures, title: str) -> str:
    period, made = by_period(figures.by_day())
    a_day = figures.targets.dossiers_a_year / figures.targets.working_days
    target = a_day * len(figures.by("operator")) * (1 if period == "day" else 5)
    return charts.columns(title, [(one.day, float(one.dossiers)) for one in made], target)


def _climb(figures: Figures, title: str) -> str:
    done, points = 0, []
    for one in figures.by_day():
        done += one.documents
        points.append((one.day, float(done)))
    found, total = figures.forecast, sum(figures.states.values())
    if not points or found is None:
        return ""
    if found.done_on is None or found.early is None or found.late is None:
        return charts.climb(title, points, total)
    return charts.climb(title, points, total, (found.done_on, found.early, found.late))


def caption_of(table: Table) -> str:
    """What the chart beside a table shows; empty where its heading says it."""
    target = _("Dashed: the target.")
    captions = {
        "forecast": _("Documents made, added up; dashed: all of them, and the forecast."),
        "operators": target,
        "stations": target,
        "days": _("Dossiers. Dashed: the target of all operators together."),
        "times": _("Median of each stage."),
        "indicators": _("Dashed: all dossiers."),
    }
    return captions.get(table.id, "")
