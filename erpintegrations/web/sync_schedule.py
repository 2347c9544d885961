"""Sync Schedule: what runs by itself, last and next, and whether somebody is there to run it; with a repair."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.schedules import interval_of
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.sync_schedule import sync_schedule_of
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.rejection_mail import next_digest_at
from erpintegrations.services.repair_schedules import repair_schedules
from erpintegrations.web import flash
from erpintegrations.web.synced import tool_trail


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def sync_schedule(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    now = timezone.now()
    context = {
        "trail": tool_trail(request.company),
        "connection": connection,
        "wording": connection.wording if connection else None,
        "interval": interval_of(connection) if connection else None,
        "freshness": freshness_of(connection) if connection else None,
        "schedule": sync_schedule_of(connection, now=now),
        "next_digest_at": next_digest_at(now),
        "now": now,
    }
    return render(request, "erpintegrations/settings/sync_schedule.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def repair(request: CompanyRequest) -> HttpResponse:
    done = repair_schedules(access=request.access, now=timezone.now())
    flash.success(request, " ".join(done) or "All schedules are as they should be.")
    return redirect("sync_schedule", company_slug=request.company.slug)
