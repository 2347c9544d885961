"""The Synced list as a file: all rows of its search and filters, in its order."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.selectors import synced_list
from erpintegrations.selectors.keyset import place_after
from erpintegrations.selectors.synced_table import headings, table_of
from erpintegrations.spreadsheets import MOST_ROWS_OF_EXCEL
from erpintegrations.web.downloads import EXCEL, Table, file_of, refuse_filter, refuse_many
from erpintegrations.web.filters import SyncedFilter
from erpintegrations.web.synced import list_sorting


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def synced_file(request: CompanyRequest, ending: str) -> HttpResponseBase:
    page = reverse("erp_synced", args=[request.company.slug])
    connection = synced_list.find_connection(request.company)
    if connection is None:
        return redirect(page)
    wording = connection.wording
    chosen = SyncedFilter(
        request.GET, synced_list.open_links(request.company), company=request.company, wording=wording
    )
    if chosen.has_problem:
        return refuse_filter(request, chosen.problem_labels, page)
    order = list_sorting(request, wording)
    column, descending = order.column, order.descending
    if ending == EXCEL and place_after(chosen.qs, column, MOST_ROWS_OF_EXCEL, downwards=descending):
        return refuse_many(request, page)
    rows = table_of(chosen.qs, column, descending=descending)
    return file_of(request, Table("synced", headings(wording), rows), ending)
