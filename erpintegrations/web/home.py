"""The way in: which companies, which projects and tools; and the health of the installation."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Company
from erpintegrations.ops.health import health as look_at_health
from erpintegrations.selectors.company_home import erp_summary, readable_projects, with_counts
from erpintegrations.web.paging import list_page
from erpintegrations.web.search import SearchForm


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A person of one company goes straight to it."""
    user: Any = request.user
    companies = list(Company.objects.visible_to(user))
    if len(companies) == 1:
        return redirect("company_home", company_slug=companies[0].slug)
    return render(request, "erpintegrations/home.html", {"memberships": companies})


@company_page()
@require_safe
def company_home(request: CompanyRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    page = list_page(request, readable_projects(request.access, form.words), column="number")
    context = {
        "company": request.company,
        "projects": with_counts(page.rows),
        "page": page,
        "form": form,
        "is_filtered": bool(request.GET.get("q")),
        "erp": erp_summary(request.access),
    }
    return render(request, "erpintegrations/company_home.html", context)


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer: 200 while this process can serve pages, else 503. The tasks are told, and do not count."""
    can_serve, details = look_at_health()
    return JsonResponse({"healthy": can_serve, **details}, status=200 if can_serve else 503)


@login_not_required
@require_safe
def health_of_tasks(request: HttpRequest) -> HttpResponse:
    """For a monitor: 200 while tasks are being done and everything is scheduled, else 503."""
    can_serve, details = look_at_health()
    is_healthy = can_serve and details["tasks"] == details["schedules"] == "ok"
    return JsonResponse({"healthy": is_healthy, **details}, status=200 if is_healthy else 503)
