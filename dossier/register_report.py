"""What will not work with a register, in words, before the first sheet is scanned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dossier.register import Columns, Problem
from foundation.messages import N_, _

#: ``stops``: such a row cannot be finished without a person; ``weak``: it is matched or filed
#: with less certainty; ``note``: nothing to do.
Weight = Literal["stops", "weak", "note"]


@dataclass(frozen=True)
class Kind:
    """What a kind of problem means, and what to do about it."""

    weight: Weight
    text: str


KINDS: dict[str, Kind] = {
    "number-missing": Kind(
        "stops", N_("without a number: no separator can name them. Fill the number in.")
    ),
    "number-is-date": Kind(
        "stops",
        N_("with a number the spreadsheet took for a date. Type it again into a column of text."),
    ),
    "number-damaged": Kind(
        "stops", N_("with a number cut short by the spreadsheet (1.2E+11). Type it again as text.")
    ),
    "number-personal": Kind(
        "stops",
        N_("with somebody's 12-digit number for the paper's. Put in the number the paper bears."),
    ),
    "number-twice": Kind(
        "stops",
        N_("with a number that another row of that type and year has. Correct one of them."),
    ),
    "row-twice": Kind("stops", N_("that repeat an earlier row word for word. Remove them.")),
    "owner-missing": Kind("stops", N_("without an owner: they cannot go into anybody's store.")),
    "owner-id-damaged": Kind(
        "stops", N_("with an owner's number cut short by the spreadsheet (1.2E+11). Type it again.")
    ),
    "formula": Kind(
        "stops", N_("with a formula that has no result. Open the file, save it, or put in values.")
    ),
    "date-wrong": Kind("weak", N_("with a day that does not exist. The date stays empty.")),
    "date-missing": Kind("weak", N_("without a date.")),
    "date-part": Kind("weak", N_("with a month or a year only. The date stays empty.")),
    "date-future": Kind("weak", N_("with a day that is still to come.")),
    "born-wrong": Kind("weak", N_("with a day of birth that cannot be read. It stays empty.")),
    "owner-id-missing": Kind("weak", N_("without the owner's number; it can be filled in later.")),
    "owner-id-odd": Kind("weak", N_("with an owner's number that has no known form.")),
    "owner-id-zeros": Kind(
        "weak", N_("with an owner's number that lost zeros at its head; they were put back.")
    ),
    "pages-wrong": Kind("weak", N_("with a number of pages that is none.")),
    "encoding-mixed": Kind("weak", N_("written in another encoding than the rest of the column.")),
    "encoding-unsure": Kind("weak", N_("columns whose encoding (TCVN3, VNI …) is not certain.")),
    "column-twice": Kind("weak", N_("columns left out: another has the same heading.")),
    "no-date-column": Kind("weak", N_("column missing: date.")),
    "no-owner-name-column": Kind("stops", N_("column missing: the owner's name.")),
    "no-type-column": Kind("weak", N_("column missing: the type of paper.")),
    "totals": Kind("note", N_("rows of totals left out.")),
    "heading": Kind("note", N_("rows that repeat the headings left out.")),
    "title": Kind("note", N_("rows with a title only left out.")),
}
#: What the fields are called.
LABELS = {
    "number": N_("number"),
    "date": N_("date"),
    "owner_name": N_("owner"),
    "owner_id": N_("owner's number"),
    "born": N_("birth"),
    "type": N_("type"),
    "pages_expected": N_("pages"),
    "place": N_("place"),
    "file": N_("file"),
}
_WEIGHTS: tuple[tuple[Weight, str], ...] = (
    ("stops", N_("Will not work until it is put right:")),
    ("weak", N_("Works, but has to be looked at:")),
    ("note", N_("Left out:")),
)


def stops(problems: Sequence[Problem]) -> bool:
    """Whether there are rows that cannot be finished as they are."""
    return any(KINDS[one.kind].weight == "stops" for one in problems)


def report_lines(
    name: str, columns: Columns, rows: int, problems: Sequence[Problem]
) -> Iterator[str]:
    """How the register was understood and what is wrong with it, for people."""
    sheet = f" ({columns.sheet})" if columns.sheet else ""
    yield _("{file}: {count} papers").format(file=name + sheet, count=rows)
    places = columns.header.columns
    found = ", ".join(f"{_(LABELS[one])} ({places[one] + 1})" for one in LABELS if one in places)
    yield _("Columns: {columns}").format(columns=found)
    old = {
        guess.encoding.upper(): guess.confidence
        for guess in columns.written.values()
        if guess.encoding != "unicode"
    }
    for encoding, confidence in old.items():
        text = _("Written in {encoding} (certainty {share}), turned to Unicode")
        yield text.format(encoding=encoding, share=f"{confidence:.0%}")
    if columns.header.unused:
        yield _("Not used: {headings}").format(headings=", ".join(columns.header.unused))
    for weight, title in _WEIGHTS:
        chosen = [one for one in problems if KINDS[one.kind].weight == weight]
        if chosen:
            yield _(title)
        yield from map(in_words, chosen)
    if not problems:
        yield _("Nothing wrong was found.")


def in_words(problem: Problem) -> str:
    """One kind of problem, how often it was found, and where first."""
    return f"  {problem.count} {_(KINDS[problem.kind].text)}{_lines_in_words(problem)}"


def report_data(columns: Columns, rows: int, problems: Sequence[Problem]) -> dict[str, Any]:
    """The same for ``--json``; nothing personal in it."""
    return {
        "rows": rows,
        "sheet": columns.sheet,
        "encoding": columns.encoding,
        "columns": {name: place + 1 for name, place in columns.header.columns.items()},
        "written": {
            name: {"encoding": guess.encoding, "confidence": guess.confidence}
            for name, guess in columns.written.items()
        },
        "unused": list(columns.header.unused),
        "problems": [
            {
                "kind": one.kind,
                "weight": KINDS[one.kind].weight,
                "count": one.count,
                "lines": list(one.lines),
            }
            for one in problems
        ],
    }


def _lines_in_words(problem: Problem) -> str:
    if not problem.lines:
        return ""
    lines = ", ".join(map(str, problem.lines))
    more = ", …" if problem.count > len(problem.lines) else ""
    return " " + _("(line {lines})").format(lines=lines + more)
