"""Test connection: the button, a page each with live progress, and the list that prints for who runs the database."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.connectors.checks import Outcome
from erpintegrations.models import ConnectionCheck
from erpintegrations.refusals import SettingsNotPossible
from erpintegrations.selectors.connection_checks import check_of, lines_of
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.check_connection import request_check
from erpintegrations.web import flash
from erpintegrations.web.progress import progress_answer


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def check_start(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        raise SettingsNotPossible("There is no connection to test yet.", remedy="Set it up first.")
    check, is_new = request_check(connection=connection, access=request.access, now=timezone.now())
    if not is_new:
        flash.warning(request, "A test is under way already. This page shows how far it is.")
    return redirect("connection_check", company_slug=request.company.slug, check_id=check.pk)


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def check_detail(request: CompanyRequest, check_id: int) -> HttpResponse:
    check = _load(request, check_id)
    slug = request.company.slug
    context = {
        "check": check,
        "lines": () if check.is_open else lines_of(check),
        "wording": check.connection.wording,
        "attention": [each for each in check.results if each["outcome"] in (Outcome.FAILED, Outcome.WARNED)],
        "trail": [
            ("ERP Integrations", reverse("erp_home", args=[slug])),
            ("Configure Settings", reverse("erp_settings", args=[slug])),
        ],
    }
    return render(request, "erpintegrations/settings/check.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def check_progress(request: CompanyRequest, check_id: int) -> HttpResponse:
    """How far a test is, for its page; once it has ended that is loaded anew, with the list."""
    check = _load(request, check_id)
    page = reverse("connection_check", args=[request.company.slug, check.pk])
    return progress_answer(request, "check", check, template="erpintegrations/settings/check_progress.html", page=page)


def _load(request: CompanyRequest, check_id: int) -> ConnectionCheck:
    check = check_of(request.company, check_id)
    if check is None:
        raise Http404
    return check
