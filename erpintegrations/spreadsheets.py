"""Tables as files for a spreadsheet: CSV, and Excel's own, both in a memory that does not grow with the rows."""

from __future__ import annotations

import csv
import datetime
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO

import xlsxwriter

Cell = str | int | Decimal | datetime.datetime | None
"""A moment is told in UTC, without its fractions of a second; None is an empty cell."""

# Spreadsheets take a file without it for one of their own alphabet, and show ® as something else.
BYTE_ORDER_MARK = "\ufeff"
# A cell of a CSV that begins with one of these is run as a formula; and a spreadsheet may take what other countries
# separate cells by, or the end of a line within a cell, for the end of the cell.
_FORMULA = re.compile(r"(^|[;|\t\r\n])(?=[=+\-@\t\r])")
# Excel takes a million, but nobody waits for that many to be packed.
MOST_ROWS_OF_EXCEL = 100_000
LONGEST_TEXT_OF_EXCEL = 32_767
WIDTH = 18


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The table as CSV. Nothing in it is a formula."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow(headings)
    for row in rows:
        yield writer.writerow([_in_csv(cell) for cell in row])


def write_excel(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """The table as an Excel workbook with one sheet, in a temporary file that stands at its beginning.

    Amounts and moments are what Excel calculates with. Whoever asks sees to it that the rows are not too many.
    """
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  whoever asks closes it
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        heading = book.add_format({"bold": True})
        amount = book.add_format({"num_format": "#,##0.00"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headings) - 1, WIDTH)
        sheet.write_row(0, 0, headings, heading)
        for place, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    if cell:
                        sheet.write_string(place, column, cell[:LONGEST_TEXT_OF_EXCEL])
                elif isinstance(cell, datetime.datetime):
                    sheet.write_datetime(place, column, _plain(cell), moment)
                elif cell is not None:
                    sheet.write_number(place, column, cell, amount if isinstance(cell, Decimal) else None)
    file.seek(0)
    return file


def without_formulas(text: str) -> str:
    """The text of a cell of a CSV, with an apostrophe wherever a spreadsheet could take it for a formula."""
    return _FORMULA.sub(r"\1'", text)


class _Line:
    """A file for `csv.writer` that hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _in_csv(cell: Cell) -> Cell:
    if isinstance(cell, datetime.datetime):
        return _plain(cell).isoformat(" ")
    return without_formulas(cell) if isinstance(cell, str) else cell


def _plain(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(microsecond=0, tzinfo=None)
