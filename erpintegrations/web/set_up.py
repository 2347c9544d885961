"""The set-up: how far each step is, and what comes next. Resumable at any step."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.selectors.bring_ins import open_bring_in
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.set_up import commitment_figures, master_figures, standing_decisions
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.decide_sync import accept_gone_masters
from erpintegrations.services.live_erp import connection_of
from erpintegrations.web import flash
from erpintegrations.web.set_up_steps import new_ones, set_up_steps
from erpintegrations.web.synced import no_connection_page, tool_trail


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def set_up(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    masters = master_figures(connection)
    context = {
        "trail": tool_trail(request.company),
        "wording": connection.wording,
        "connection": connection,
        "freshness": freshness_of(connection),
        "bring_in": open_bring_in(connection),
        "steps": set_up_steps(request.company, masters, commitment_figures(connection)),
        "new_ones": new_ones(request.company, masters, standing_decisions(connection)),
    }
    return render(request, "erpintegrations/set_up/overview.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def accept_gone(request: CompanyRequest) -> HttpResponse:
    connection = connection_of(request.company)
    run = accept_gone_masters(connection=connection, access=request.access, now=timezone.now())
    flash.success(request, "A sync was started that marks what is missing as gone. This page shows how far it is.")
    return redirect("run_detail", company_slug=request.company.slug, run_id=run.pk)
