"""Sync runs: list, a page each with live progress, Sync now, and the decision about one that needs confirmation."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import SyncRun
from erpintegrations.refusals import SyncNotPossible
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.runs import changes_of, figures_of, note_of, nothing_to_list, run_of, runs_of
from erpintegrations.selectors.stories import changes_of as fields_of
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.decide_sync import confirm_sync, discard_sync
from erpintegrations.services.run_sync import request_sync
from erpintegrations.web import flash
from erpintegrations.web.paging import newest_first
from erpintegrations.web.progress import progress_answer
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import tool_trail


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def run_list(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    context = {
        "trail": tool_trail(request.company),
        "page": newest_first(request, runs_of(request.company)),
        "connection": connection,
        "freshness": freshness_of(connection) if connection else None,
        "may_sync": request.access.erp_integrations_level >= Level.ADMIN,
    }
    return render(request, "erpintegrations/runs/list.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def run_detail(request: CompanyRequest, run_id: int) -> HttpResponse:
    run = _load(request, run_id)
    page = newest_first(request, changes_of(run), ascending=True)
    for change in page.rows:
        change.fields = fields_of(change)
    context = {
        "run": run,
        "trail": _trail(request),
        "wording": run.connection.wording,
        "note": note_of(run),
        "figures": figures_of(run),
        "page": page,
        "nothing": "" if page.rows else nothing_to_list(run),
        "may_decide": request.access.erp_integrations_level >= Level.ADMIN,
        "needs_decision": run.state == SyncRun.State.NEEDS_CONFIRMATION,
    }
    return render(request, "erpintegrations/runs/detail.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def run_progress(request: CompanyRequest, run_id: int) -> HttpResponse:
    """How far a run is, for the pages that show it live; once it has ended they are loaded anew, with the result."""
    run = _load(request, run_id)
    page = reverse("run_detail", args=[request.company.slug, run.pk])
    return progress_answer(request, "run", run, template="erpintegrations/runs/progress.html", page=page)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def sync_now(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        raise SyncNotPossible(
            "There is nothing to sync with yet.",
            remedy=f"An administrator sets up the ERP connection of {request.company.name} first.",
        )
    now = timezone.now()
    run = request_sync(connection=connection, trigger=SyncRun.Trigger.PERSON, by=request.user, now=now)
    if run.queued_at == now:
        flash.success(request, "The sync was started. This page shows how far it is.")
    else:
        flash.warning(request, "A sync is under way already. This page shows how far it is.")
    return redirect(back_to(request, default=reverse("run_detail", args=[request.company.slug, run.pk])))


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def confirm(request: CompanyRequest, run_id: int) -> HttpResponse:
    run = confirm_sync(run=_load(request, run_id), access=request.access, reason=_reason(request), now=timezone.now())
    flash.success(request, "Confirmed. A new sync reads everything once more before it records what you confirmed.")
    return redirect("run_detail", company_slug=request.company.slug, run_id=run.pk)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def discard(request: CompanyRequest, run_id: int) -> HttpResponse:
    discard_sync(run=_load(request, run_id), access=request.access, reason=_reason(request), now=timezone.now())
    flash.success(request, "Discarded. Nothing was changed; the next sync compares again.")
    return redirect("run_detail", company_slug=request.company.slug, run_id=run_id)


def _trail(request: CompanyRequest) -> list[tuple[str, str]]:
    return [*tool_trail(request.company), ("Sync runs", reverse("run_list", args=[request.company.slug]))]


def _load(request: CompanyRequest, run_id: int) -> SyncRun:
    run = run_of(request.company, run_id)
    if run is None:
        raise Http404
    return run


def _reason(request: CompanyRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:500]
