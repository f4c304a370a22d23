"""Charts of a report as inline SVG: no script, no network; the numbers stand in tables too.

Drawn 400 units wide, so that their letters stay readable on a telephone. Colours are set by the
page's style sheet, by class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

_WIDE = 400
_ROW = 26
_PLOT_HIGH = 150
#: The broadest column.
_BROAD = 48
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 14, 22


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, how long it is, and what is written beside it."""

    label: str
    value: float
    text: str


def bars(title: str, rows: Sequence[Bar], target: float | None = None) -> str:
    """Horizontal bars, one below the other, with a line at the target."""
    most = max([*(row.value for row in rows), target or 0.0, 1e-9])
    high = _ROW * len(rows) + 6
    label_wide, text_wide = 176, 62
    room = _WIDE - label_wide - text_wide
    parts = []
    for number, row in enumerate(rows):
        y = number * _ROW + 4
        wide = room * row.value / most
        parts.append(
            f'<text class="label" x="{label_wide - 6}" y="{y + 14}" text-anchor="end">'
            f"{escape(_short(row.label, 26))}</text>"
            f'<rect class="bar" x="{label_wide}" y="{y + 2}" width="{wide:.1f}" height="16"/>'
            f'<text class="value" x="{label_wide + wide + 5:.1f}" y="{y + 14}">'
            f"{escape(row.text)}</text>"
        )
    if target:
        x = label_wide + room * target / most
        parts.append(f'<line class="target" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{high}"/>')
    said = "; ".join(f"{row.label}: {row.text}" for row in rows)
    return _svg(title, said, high, parts)


def columns(title: str, points: Sequence[tuple[date, float]], target: float | None = None) -> str:
    """Upright columns over time, with a line at the target."""
    top = _nice(max([*(value for _day, value in points), target or 0.0, 1.0]))
    step = (_WIDE - _LEFT - _RIGHT) / len(points)
    parts = _grid(top)
    for number, (day, value) in enumerate(points):
        x, y = _LEFT + number * step, _y(value, top)
        wide = min(0.76 * step, _BROAD)
        parts.append(
            f'<rect class="bar" x="{x + (step - wide) / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" '
            f'height="{_TOP + _PLOT_HIGH - y:.1f}"><title>{day:%d/%m/%Y}: {value:g}</title></rect>'
        )
        if number % max(1, len(points) // 6) == 0:
            parts.append(_under(x + step / 2, day))
    if target:
        y = _y(target, top)
        parts.append(
            f'<line class="target" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDE - _RIGHT}" y2="{y:.1f}"/>'
        )
    return _svg(title, _said(points), _TOP + _PLOT_HIGH + _BOTTOM, parts)


def climb(
    title: str,
    points: Sequence[tuple[date, float]],
    total: float,
    ends: tuple[date, date, date] | None = None,
) -> str:
    """What was done, added up over time, towards a total, and where that is reached.

    Args:
        ends: the day it will be done, the earliest and the latest.
    """
    first = points[0][0]
    last = max(points[-1][0], *(ends or (points[-1][0],)))
    span = max(1, (last - first).days)
    top = _nice(max(total, points[-1][1], 1.0))

    def at(day: date, value: float) -> str:
        x = _LEFT + (_WIDE - _LEFT - _RIGHT) * (day - first).days / span
        return f"{x:.1f},{_y(value, top):.1f}"

    now = at(*points[-1])
    parts = _grid(top)
    if ends:
        done, early, late = (at(day, total) for day in ends)
        parts += [
            f'<polygon class="likely" points="{now} {early} {late}"/>',
            f'<polyline class="forecast" points="{now} {done}"/>',
        ]
    line = " ".join(at(day, value) for day, value in points)
    parts.append(f'<polyline class="line" points="{line}"/>')
    y = _y(total, top)
    parts.append(
        f'<line class="target" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDE - _RIGHT}" y2="{y:.1f}"/>'
    )
    parts += [_under(_LEFT + 14, first), _under(_WIDE - _RIGHT - 14, last)]
    return _svg(title, _said(points), _TOP + _PLOT_HIGH + _BOTTOM, parts)


def _grid(top: float) -> list[str]:
    """Three lines across with what they stand for."""
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = _y(top * part, top)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDE - _RIGHT}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">'
            f"{top * part:g}</text>"
        )
    return parts


def _y(value: float, top: float) -> float:
    return _TOP + _PLOT_HIGH * (1 - value / top)


def _under(x: float, day: date) -> str:
    return (
        f'<text class="axis" x="{x:.1f}" y="{_TOP + _PLOT_HIGH + 16}" text-anchor="middle">'
        f"{day:%d/%m}</text>"
    )


def _nice(most: float) -> float:
    """A number not below ``most`` whose half is round too."""
    power = 1.0
    while power * 10 < most:
        power *= 10
    return next(power * times for times in (1, 2, 3, 4, 6, 8, 10) if power * times >= most)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _said(points: Sequence[tuple[date, float]]) -> str:
    return "; ".join(f"{day:%d/%m/%Y}: {value:g}" for day, value in points)


def _svg(title: str, said: str, high: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDE} {high:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>{''.join(parts)}</svg>"
    )
