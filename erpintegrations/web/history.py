"""The company's history: a list with filters, and the same as CSV."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.selectors.history import HistoryFilter, csv_lines
from erpintegrations.selectors.stories import stories
from erpintegrations.web import flash
from erpintegrations.web.paging import newest_first


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def history(request: CompanyRequest) -> HttpResponse:
    chosen = HistoryFilter(request.GET, company=request.company)
    page = newest_first(request, chosen.qs)
    query = request.GET.copy()
    query.pop("at", None)
    context = {
        "trail": [("ERP Integrations", reverse("erp_home", args=[request.company.slug]))],
        "filter": chosen,
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=True),
        "is_filtered": any(query.values()),
        "csv_url": f"{reverse('history_csv', args=[request.company.slug])}?{query.urlencode()}",
    }
    return render(request, "erpintegrations/history.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def history_csv(request: CompanyRequest) -> HttpResponseBase:
    chosen = HistoryFilter(request.GET, company=request.company)
    if chosen.problem:
        flash.error(
            request,
            f"No CSV was made: this filter in its address cannot be understood: {chosen.problem}. Choose it anew "
            "below, then download again.",
        )
        return redirect(f"{reverse('history', args=[request.company.slug])}?{request.GET.urlencode()}")
    name = f"history-{request.company.slug}-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        csv_lines(chosen.qs),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
