"""What is being brought in: a page with live progress, and stopping it. The steps of the set-up lead here."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import BringIn
from erpintegrations.selectors.bring_ins import bring_ins_of
from erpintegrations.services.bring_in import stop_bring_in
from erpintegrations.web import flash
from erpintegrations.web.progress import progress_answer
from erpintegrations.web.set_up_trail import set_up_trail, step_url


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def bring_in_detail(request: CompanyRequest, bring_in_id: int) -> HttpResponse:
    bring_in = _load(request, bring_in_id)
    step = (bring_in.get_step_display(), step_url(request.company, bring_in.step))
    context = {
        "bring_in": bring_in,
        "trail": [*set_up_trail(request.company), step],
        "step_url": step[1],
    }
    return render(request, "erpintegrations/bring_in/detail.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def bring_in_progress(request: CompanyRequest, bring_in_id: int) -> HttpResponse:
    """How far it is, for the pages that show it live; once it has ended they are loaded anew, with the result."""
    bring_in = _load(request, bring_in_id)
    page = reverse("bring_in_detail", args=[request.company.slug, bring_in.pk])
    return progress_answer(request, "bring_in", bring_in, template="erpintegrations/bring_in/progress.html", page=page)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def bring_in_stop(request: CompanyRequest, bring_in_id: int) -> HttpResponse:
    stopped = stop_bring_in(bring_in=_load(request, bring_in_id), access=request.access, now=timezone.now())
    flash.success(
        request, f"{stopped} was stopped. What was brought in stays; starting it again goes on with the rest."
    )
    return redirect("bring_in_detail", request.company.slug, stopped.pk)


def _load(request: CompanyRequest, bring_in_id: int) -> BringIn:
    return get_object_or_404(bring_ins_of(request.company), pk=bring_in_id)
