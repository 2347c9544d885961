"""The ERP Integrations tool: its first page, and Commitment's Views (Ready to Export, Failed to Export, Synced)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Company, Level
from erpintegrations.connectors import Wording
from erpintegrations.models import ErpConnection, SyncRun
from erpintegrations.selectors import synced_list
from erpintegrations.selectors.counting import count_in_words, count_up_to_limit
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.link_search import count_at_least
from erpintegrations.selectors.overrides import waiting_overrides
from erpintegrations.selectors.set_up import undecided_masters
from erpintegrations.selectors.views_menu import ViewCounts, view_counts
from erpintegrations.web import flash
from erpintegrations.web.filters import SyncedFilter
from erpintegrations.web.paging import PLACE, Page, address, list_page
from erpintegrations.web.sorting import ORDER, Sorting, sorting

TICK = "tick"
Trail = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ViewLink:
    """One tab of *Views*."""

    label: str
    url: str
    count: str
    is_current: bool


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def tool_home(request: CompanyRequest) -> HttpResponse:
    connection = synced_list.find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    context = _sync_header(request, connection) | {
        "trail": company_trail(request.company),
        "views": views_menu(request.company, view_counts(request.company)),
        "waiting": waiting_overrides(request.access),
        "undecided": undecided_masters(connection) if request.access.erp_integrations_level >= Level.ADMIN else 0,
    }
    return render(request, "erpintegrations/tool_home.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def commitment_home(request: CompanyRequest) -> HttpResponse:
    return redirect("erp_synced", company_slug=request.company.slug)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def synced(request: CompanyRequest) -> HttpResponse:
    connection = synced_list.find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    counts = view_counts(request.company)
    chosen = SyncedFilter(
        request.GET, synced_list.open_links(request.company), company=request.company, wording=connection.wording
    )
    if chosen.has_problem:
        flash.warning(request, chosen.problem())
    order = list_sorting(request, connection.wording)
    page = list_page(request, chosen.qs, column=order.column, descending=order.descending)
    header = _sync_header(request, connection)
    now = timezone.now()
    rows = synced_list.synced_rows(
        page.rows,
        access=request.access,
        freshness=header["freshness"],
        wording=connection.wording,
        now=now,
    )
    context = header | {
        "now": now,
        "trail": tool_trail(request.company),
        "views": views_menu(request.company, counts, current="erp_synced"),
        "form": chosen.form,
        "is_filtered": chosen.is_used,
        "keep": order.keep,
        "list_url": reverse("erp_synced", args=[request.company.slug]),
        "page": page,
        "position": _position(chosen, page, order, counts),
        "rows": rows,
        "headers": order.headers,
        "waiting": waiting_overrides(request.access),
        "may_unlink_any": any(row.may_unlink for row in rows),
        "tick": request.GET.get(TICK, ""),
        "tick_url": address(request, **{TICK: "gone"}),
        "back": address(request, **{TICK: ""}),
        "query": _query_without(request, PLACE, TICK),
    }
    return render(request, "erpintegrations/synced.html", context)


def _query_without(request: CompanyRequest, *names: str) -> str:
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query.urlencode()


def _position(chosen: SyncedFilter, page: Page, order: Sorting, counts: ViewCounts) -> str:
    """How many fit in all. A page without neighbors holds them itself; a search that reads all counts only so far."""
    shown = len(page.rows)
    if page.is_only_one:
        return position(shown, shown)
    if not chosen.is_used:
        return position(shown, counts.synced)
    if chosen.reads_all:
        least = count_at_least(chosen.qs, chosen.queryset, order.column, descending=order.descending)
        if least is not None:
            return f"{shown:,} of {max(least, shown):,}+ commitments"
    return position(shown, count_up_to_limit(chosen.qs))


def company_trail(company: Company) -> Trail:
    return [(company.name, reverse("company_home", args=[company.slug]))]


def tool_trail(company: Company) -> Trail:
    """The way to ERP Integrations ▸ Commitment."""
    return [*company_trail(company), ("ERP Integrations", reverse("erp_home", args=[company.slug]))]


def commitment_trail(company: Company) -> Trail:
    """The way to a page below it."""
    return [*tool_trail(company), ("Commitment", reverse("erp_synced", args=[company.slug]))]


def no_connection_page(request: CompanyRequest) -> HttpResponse:
    context = {
        "trail": company_trail(request.company),
        "admins": synced_list.admins_of(request.company),
        "may_configure": request.access.erp_integrations_level >= Level.ADMIN,
    }
    return render(request, "erpintegrations/no_connection.html", context)


def _sync_header(request: CompanyRequest, connection: ErpConnection) -> dict[str, Any]:
    """What `partials/sync_header.html` shows: when the last sync completed, what is wrong, when the next is due."""
    freshness = freshness_of(connection)
    may_sync = request.access.erp_integrations_level >= Level.ADMIN
    return {
        "wording": connection.wording,
        "freshness": freshness,
        "trouble": freshness.last_finished if freshness.last_sync_failed else None,
        "needs_confirmation": SyncRun.State.NEEDS_CONFIRMATION,
        "may_sync": may_sync,
        "admins": [] if may_sync else synced_list.admins_of(request.company),
        "back": request.get_full_path(),
    }


def views_menu(company: Company, counts: ViewCounts, *, current: str = "") -> list[ViewLink]:
    return [
        ViewLink(label, reverse(route, args=[company.slug]), count_in_words(count), route == current)
        for label, route, count in (
            ("Ready to Export", "erp_ready", counts.ready_to_export),
            ("Failed to Export", "erp_failed", counts.failed_to_export),
            ("Synced", "erp_synced", counts.synced),
        )
    ]


def list_sorting(request: CompanyRequest, wording: Wording) -> Sorting:
    """The order of the Synced list, also of its files."""
    columns = {
        "number": "Number",
        "title": "Title",
        "kind": "Type",
        "project_name": "Project",
        "vendor_name": "Vendor",
        "amount": "Amount",
        "erp_number": f"{wording.short_label} number",
        "presence": f"State in {wording.short_label}",
    }
    if request.GET.get(ORDER, "number").removeprefix("-") not in columns:
        flash.warning(request, "The order in the address is not one of this list: it is sorted by number.")
    return sorting(request, columns, default="number")


def position(shown: int, total: int) -> str:
    noun = "commitment" if total == 1 else "commitments"
    return f"{count_in_words(total)} {noun}" if shown >= total else f"{shown:,} of {count_in_words(total)} {noun}"
