"""A report as a workbook (Office Open XML): one sheet a table."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dossier.report_tables import Table
from foundation.files import atomic_path
from foundation.messages import _
from foundation.privacy import mask_text


def write_workbook(title: str, tables: Sequence[Table], output: Path) -> None:
    """One sheet a table; text stays text whatever it begins with."""
    import xlsxwriter

    with atomic_path(output) as part:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "in_memory": True,
        }
        with xlsxwriter.Workbook(str(part), options) as book:
            book.set_properties({"title": title, "author": "sohoa"})
            book.set_size(1600, 1200)
            forms = {
                "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
                "date": book.add_format({"num_format": "dd/mm/yyyy"}),
                "percent": book.add_format({"num_format": "0.0%"}),
                "number": book.add_format({"num_format": "#,##0.0"}),
                "count": book.add_format({"num_format": "#,##0"}),
                "seconds": book.add_format({"num_format": "#,##0.0"}),
                "text": book.add_format(),
                "note": book.add_format({"italic": True}),
            }
            for table in tables:
                _write_sheet(book.add_worksheet(table.id), table, forms)


def _write_sheet(sheet: Any, table: Table, forms: dict[str, Any]) -> None:
    for place, column in enumerate(table.columns):
        unit = f" ({_('seconds')})" if column.kind == "seconds" else ""
        sheet.write_string(0, place, column.title + unit, forms["head"])
        texts = [str(row[place]) for row in table.rows if isinstance(row[place], str)]
        sheet.set_column(place, place, min(60, max([12, len(column.title), *map(len, texts)])))
    for number, row in enumerate(table.rows, 1):
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            form = forms[column.kind]
            if isinstance(cell, str):
                sheet.write_string(number, place, mask_text(cell), form)
            elif isinstance(cell, date):
                moment = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  a day has no zone
                sheet.write_datetime(number, place, moment, form)
            elif cell is not None:
                sheet.write_number(number, place, cell, form)
    if table.note:
        sheet.write_string(len(table.rows) + 2, 0, table.note, forms["note"])
    sheet.freeze_panes(1, 0)
