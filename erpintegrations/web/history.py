"""The company's history: a list with filters, and the same as a file."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.selectors.history import HEADINGS, HistoryFilter, table_of
from erpintegrations.selectors.keyset import place_after
from erpintegrations.selectors.stories import stories
from erpintegrations.spreadsheets import MOST_ROWS_OF_EXCEL
from erpintegrations.web.downloads import EXCEL, Table, file_of, refuse_filter, refuse_many
from erpintegrations.web.paging import PLACE, newest_first
from erpintegrations.web.synced import tool_trail


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def history(request: CompanyRequest) -> HttpResponse:
    chosen = HistoryFilter(request.GET, company=request.company)
    page = newest_first(request, chosen.qs)
    query = request.GET.copy()
    query.pop(PLACE, None)
    context = {
        "trail": tool_trail(request.company),
        "filter": chosen,
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=True),
        "is_filtered": any(query.values()),
        "query": query.urlencode(),
    }
    return render(request, "erpintegrations/history.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def history_file(request: CompanyRequest, ending: str) -> HttpResponseBase:
    page = reverse("history", args=[request.company.slug])
    chosen = HistoryFilter(request.GET, company=request.company)
    if chosen.problem:
        return refuse_filter(request, chosen.problem, page)
    if ending == EXCEL and place_after(chosen.qs, "id", MOST_ROWS_OF_EXCEL, downwards=True):
        return refuse_many(request, page)
    return file_of(request, Table("history", HEADINGS, table_of(chosen.qs)), ending)
