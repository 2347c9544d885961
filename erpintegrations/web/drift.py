"""A linked commitment and its record next to each other, with what has drifted apart."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.selectors.synced_list import links_of
from erpintegrations.services.compare_link import compare_link
from erpintegrations.web import flash
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def link_compare(request: CompanyRequest, link_id: int) -> HttpResponse:
    rows = links_of(request.company).select_related("commitment__vendor", "commitment__project")
    link = get_object_or_404(rows, pk=link_id)
    if not link.is_open:
        flash.warning(
            request, f"{link.get_kind_display()} {link.number} is no longer linked: there is nothing to compare."
        )
        return redirect("erp_synced", request.company.slug)
    context = {
        "link": link,
        "wording": link.connection.wording,
        "comparison": compare_link(link=link, now=timezone.now()),
        "drift": in_words(drift_of(link)),
        "may_check": request.access.erp_integrations_level >= Level.STANDARD,
        "shows_commitment": request.access.commitments_level(link.project_id) >= Level.READ_ONLY,
        "trail": commitment_trail(request.company),
        "back": back_to(request, default=""),
    }
    return render(request, "erpintegrations/drift.html", context)
