"""The lists Ready to Export and Failed to Export: who sent what and when, with Accept, Reject and Retry in place."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Company, Level
from erpintegrations.models import Export
from erpintegrations.selectors import synced_list
from erpintegrations.selectors.counting import count_up_to_limit
from erpintegrations.selectors.exports import (
    ON_THEIR_WAY,
    export_rows,
    exports_in,
    is_worked_on,
    on_their_way_counts,
)
from erpintegrations.selectors.views_menu import view_counts
from erpintegrations.web import flash
from erpintegrations.web.export_numbers import typed_numbers
from erpintegrations.web.filters import ExportFilter
from erpintegrations.web.following import Following, follow, nothing_new
from erpintegrations.web.paging import address, list_page
from erpintegrations.web.sorting import ORDER, Sorting, sorting
from erpintegrations.web.synced import no_connection_page, position, tool_trail, views_menu

SHOW, TICK = "show", "tick"
ON_THE_WAY, REJECTED = "on-the-way", "rejected"
State = Export.State
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
    """With `show=on-the-way`, those that were accepted and are not linked yet; with `show=rejected`, the rejected."""
    shown = request.GET.get(SHOW)
    if shown == ON_THE_WAY:
        return _list(request, "erp_ready", ON_THEIR_WAY, "erpintegrations/exports/on_the_way.html", shown)
    if shown == REJECTED:
        return _list(request, "erp_ready", (State.REJECTED,), "erpintegrations/exports/rejected.html", shown)
    return _list(request, "erp_ready", (State.READY,), "erpintegrations/ready.html")


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def failed_to_export(request: CompanyRequest) -> HttpResponse:
    return _list(request, "erp_failed", (State.FAILED,), "erpintegrations/failed.html")


def on_the_way_url(company: Company) -> str:
    return reverse("erp_ready", args=[company.slug], query={SHOW: ON_THE_WAY})


def rejected_url(company: Company) -> str:
    return reverse("erp_ready", args=[company.slug], query={SHOW: REJECTED})


def list_url_of(export: Export) -> str:
    """The list that an export is on, as it stands now."""
    state, company = State(export.state), export.company
    if state in ON_THEIR_WAY:
        return on_the_way_url(company)
    if state == State.REJECTED:
        return rejected_url(company)
    route = {State.FAILED: "erp_failed", State.LINKED: "erp_synced"}.get(state, "erp_ready")
    return reverse(route, args=[company.slug])


def _list(request: CompanyRequest, route: str, states: tuple[str, ...], template: str, shown: str = "") -> HttpResponse:
    connection = synced_list.find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    chosen = ExportFilter(request.GET, exports_in(request.company, *states), company=request.company)
    if chosen.has_problem:
        flash.warning(request, chosen.problem())
    order = _sorting(request)
    page = list_page(request, chosen.qs, column=order.column, descending=order.descending)
    unchanged = nothing_new(request, page.rows)
    if unchanged is not None:
        return unchanged
    typed = typed_numbers(request.GET)
    rows = export_rows(page.rows, access=request.access, connection=connection, typed=typed)
    list_url = reverse(route, args=[request.company.slug])
    following = _following(request, page.rows)
    context = {
        "wording": connection.wording,
        "trail": tool_trail(request.company),
        "views": views_menu(request.company, view_counts(request.company), current=route),
        "form": chosen.form,
        "is_filtered": chosen.is_used,
        "keep": order.keep | ({SHOW: shown} if shown else {}),
        "list_url": list_url,
        "reset_url": reverse(route, args=[request.company.slug], query={SHOW: shown} if shown else None),
        "on_the_way_url": on_the_way_url(request.company),
        "rejected_url": rejected_url(request.company),
        "on_their_way": on_their_way_counts(request.company),
        "headers": order.headers,
        "page": page,
        "rows": rows,
        "total": sum(export.amount for export in page.rows),
        "tick": request.GET.get(TICK, ""),
        "tick_url": address(request, **{TICK: "all"}),
        "may_configure": request.access.erp_integrations_level >= Level.ADMIN,
        "admins": synced_list.admins_of(request.company) if states == (State.FAILED,) else [],
        "position": position(len(rows), count_up_to_limit(chosen.qs)),
        "is_answered": not shown,
        "not_allowed": request.access.why_not_accounting(),
        "back": address(request, **{TICK: ""}),
        "following": following,
    }
    answer = render(request, template, context)
    if following.is_update and not rows:
        # Where the rows that a page follows have all left the list, another page stands there.
        answer.headers["HX-Refresh"] = "true"
    return answer


def _following(request: CompanyRequest, exports: list[Export]) -> Following:
    now = timezone.now()
    count = sum(is_worked_on(export, now) for export in exports)
    return follow(
        request,
        exports,
        going_on=f"A task works on {count} of these, and the list follows by itself." if count else "",
        done="No task works on any of these now: the list is up to date.",
    )


def _sorting(request: CompanyRequest) -> Sorting:
    if request.GET.get(ORDER, "id").removeprefix("-") not in COLUMNS:
        flash.warning(request, "The order in the address is not one of this list: the oldest come first.")
    return sorting(request, COLUMNS, default="id")
