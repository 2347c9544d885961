"""Lists as files: the same rows in the same order as the page, as CSV or for Excel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from directory.access import CompanyRequest
from erpintegrations.spreadsheets import MOST_ROWS_OF_EXCEL, Cell, csv_lines, write_excel
from erpintegrations.web import flash

CSV, EXCEL = "csv", "xlsx"
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds. `name` is what it is of, for the file's own name."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def file_of(request: CompanyRequest, table: Table, ending: str) -> HttpResponseBase:
    name = f"{table.name}-{request.company.slug}-{timezone.localdate():%Y-%m-%d}.{ending}"
    if ending == EXCEL:
        file = write_excel(table.headings, table.rows)
        return FileResponse(file, as_attachment=True, filename=name, content_type=EXCEL_TYPE)
    return StreamingHttpResponse(
        csv_lines(table.headings, table.rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def refuse_filter(request: CompanyRequest, labels: str, page: str) -> HttpResponse:
    """Back to the page: all rows in place of some would be taken for what was asked for."""
    flash.error(
        request,
        f"No file was made: this filter in its address cannot be understood: {labels}. Choose it anew below, then "
        "download again.",
    )
    return redirect(f"{page}?{request.GET.urlencode()}")


def refuse_many(request: CompanyRequest, page: str) -> HttpResponse:
    flash.error(
        request,
        f"No Excel file was made: it would have more than {MOST_ROWS_OF_EXCEL:,} rows. Narrow the list down by its "
        "filters, or download CSV, which takes any number.",
    )
    return redirect(f"{page}?{request.GET.urlencode()}")
