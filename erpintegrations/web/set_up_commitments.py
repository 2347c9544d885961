"""The commitments step of the set-up: a preview by job and by reason, what is left and why, and bringing them in."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import BringIn, UnlinkedRecord
from erpintegrations.selectors.bring_ins import last_bring_in, open_bring_in
from erpintegrations.selectors.erp_names import VENDOR, erp_names
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.set_up_commitments import named_jobs, preview, records_of, remedy_for
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.bring_in import request_bring_in
from erpintegrations.web import flash
from erpintegrations.web.paging import list_page, page_of
from erpintegrations.web.search import SearchForm
from erpintegrations.web.set_up_trail import set_up_trail, step_url
from erpintegrations.web.synced import no_connection_page

STEP = BringIn.Step.COMMITMENT


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def set_up_commitments(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    found = preview(connection)
    form = SearchForm(request.GET)
    context = {
        "trail": set_up_trail(request.company),
        "wording": connection.wording,
        "freshness": freshness_of(connection),
        "preview": found,
        "page": page_of(request, named_jobs(connection, found.jobs, form.words)),
        "form": form,
        "is_filtered": bool(form.words),
        "reset_url": request.path,
        "bring_in": open_bring_in(connection),
        "last": last_bring_in(connection, STEP),
        "why_not": request.access.why_not_accounting(),
    }
    return render(request, "erpintegrations/set_up/commitments.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def set_up_commitments_left(request: CompanyRequest, why: str) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    if why not in UnlinkedRecord.Left.values:
        raise Http404
    left = UnlinkedRecord.Left(why)
    page = list_page(request, records_of(connection, why), column="number")
    names = erp_names(connection.pk, {VENDOR: [record.vendor_id for record in page.rows]})
    for record in page.rows:
        record.vendor_label = names.named(VENDOR, record.vendor_id) or "—"
    context = {
        "trail": [*set_up_trail(request.company), (STEP.label, step_url(request.company, STEP))],
        "wording": connection.wording,
        "label": left.label,
        "remedy": remedy_for(connection, left),
        "page": page,
        "step_url": step_url(request.company, STEP),
        "why_not": request.access.why_not_accounting(),
    }
    return render(request, "erpintegrations/set_up/commitments_left.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def set_up_commitments_start(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    started = request_bring_in(
        connection=connection,
        step=STEP,
        job_id=request.POST.get("job", "").replace("\0", "").strip()[:30],
        access=request.access,
        now=timezone.now(),
    )
    flash.success(request, "Bringing in was started. This page shows how far it is; you may leave it.")
    return redirect("bring_in_detail", request.company.slug, started.pk)
