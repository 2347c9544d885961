"""The lists Ready to Export and Failed to Export: who sent what and when, with Accept, Reject and Retry in place."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import Export
from erpintegrations.selectors import synced_list
from erpintegrations.selectors.exports import ON_THEIR_WAY, export_rows, exports_in, on_their_way_counts
from erpintegrations.selectors.views_menu import count_up_to_limit, view_counts
from erpintegrations.web import flash
from erpintegrations.web.filters import ExportFilter
from erpintegrations.web.paging import address, list_page
from erpintegrations.web.sorting import ORDER, Sorting, sorting
from erpintegrations.web.synced import no_connection_page, position, tool_trail, views_menu

SHOW = "show"
ON_THE_WAY = "on-the-way"
COLUMNS = {
    "number": "Number",
    "project_name": "Project",
    "vendor_name": "Vendor",
    "amount": "Amount",
    "id": "Sent",
}


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def ready_to_export(request: CompanyRequest) -> HttpResponse:
    """With `show=on-the-way`, those that were accepted and are not linked yet."""
    if request.GET.get(SHOW) == ON_THE_WAY:
        return _list(request, "erp_ready", ON_THEIR_WAY, "erpintegrations/exports/on_the_way.html")
    return _list(request, "erp_ready", (Export.State.READY,), "erpintegrations/ready.html")


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def failed_to_export(request: CompanyRequest) -> HttpResponse:
    return _list(request, "erp_failed", (Export.State.FAILED,), "erpintegrations/failed.html")


def _list(request: CompanyRequest, route: str, states: tuple[str, ...], template: str) -> HttpResponse:
    connection = synced_list.connection_of(request.company)
    if connection is None:
        return no_connection_page(request)
    chosen = ExportFilter(request.GET, exports_in(request.company, *states), company=request.company)
    if chosen.has_problem:
        flash.warning(request, chosen.problem())
    order = _sorting(request)
    page = list_page(request, chosen.qs, column=order.column, descending=order.descending)
    rows = export_rows(page.rows, access=request.access, connection=connection)
    list_url = reverse(route, args=[request.company.slug])
    shown = {SHOW: ON_THE_WAY} if states == ON_THEIR_WAY else {}
    context = {
        "wording": connection.wording,
        "trail": tool_trail(request.company),
        "views": views_menu(request.company, view_counts(request.company), current=route),
        "form": chosen.form,
        "is_filtered": chosen.is_used,
        "keep": order.keep | shown,
        "list_url": list_url,
        "reset_url": f"{list_url}?{SHOW}={ON_THE_WAY}" if shown else list_url,
        "on_the_way_url": f"{list_url}?{SHOW}={ON_THE_WAY}",
        "on_their_way": on_their_way_counts(request.company),
        "headers": order.headers,
        "page": page,
        "rows": rows,
        "position": position(len(rows), count_up_to_limit(chosen.qs)),
        "is_answered": not shown,
        "not_allowed": request.access.why_not_accounting(),
        "back": address(request),
    }
    return render(request, template, context)


def _sorting(request: CompanyRequest) -> Sorting:
    if request.GET.get(ORDER, "id").removeprefix("-") not in COLUMNS:
        flash.warning(request, "The order in the address is not one of this list: the oldest come first.")
    return sorting(request, COLUMNS, default="id")
