"""Adopt: records of the ERP without a link, next to a commitment here without one, and linking the two."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from commitments.models import Commitment
from directory.access import CompanyRequest, company_page
from directory.models import Company, Level
from erpintegrations.models import ErpConnection, UnlinkedRecord
from erpintegrations.selectors import adoption as selectors
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.side_by_side import compare_with_record
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.adopt_record import (
    adopt_record,
    comparison_token,
    read_for_adoption,
    refuse_commitment,
)
from erpintegrations.web import flash
from erpintegrations.web.paging import list_page
from erpintegrations.web.search import SearchForm
from erpintegrations.web.sorting import sorting
from erpintegrations.web.synced import commitment_trail, no_connection_page


class ListForm(SearchForm):
    """The list's search and filter."""

    type = forms.ChoiceField(label="Type", required=False, choices=[("", "Any type"), *Commitment.Kind.choices])


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def adoption_list(request: CompanyRequest) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    form = ListForm(request.GET)
    form.is_valid()
    search, kind = (form.cleaned_data.get(name, "").strip() for name in ("q", "type"))
    order = sorting(request, selectors.ORDERS, default="number")
    rows = selectors.unlinked_records(request.company, search, kind)
    page = list_page(request, rows, column=order.column, descending=order.descending)
    is_filtered = bool(search or kind)
    is_plain = not is_filtered and not page.previous_url
    suggested = selectors.suggestions(connection) if is_plain else []
    context = {
        "trail": commitment_trail(request.company),
        "wording": connection.wording,
        "freshness": freshness_of(connection),
        "suggestions": suggested,
        "page": page,
        "rows": selectors.listed_records(connection, page.rows),
        "headers": order.headers,
        "keep": order.keep,
        "form": form,
        "is_filtered": is_filtered,
        "list_url": _list_url(request.company),
        "why_not": request.access.why_not_accounting(),
        "may_bring_in": request.access.erp_integrations_level >= Level.ADMIN,
        "readable_project_ids": _readable(request),
    }
    return render(request, "erpintegrations/adoption/list.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def adoption_compare(request: CompanyRequest, record_id: int) -> HttpResponse:
    """Without a commitment in the address, the choice of one; with it, both sides, read at this moment."""
    record, connection = _record(request, record_id)
    wanted = request.GET.get("commitment", "")
    commitment = _commitment(request, wanted) if wanted else None
    if commitment is None:
        if wanted:
            flash.warning(request, "The commitment in the address is not one of this company. Choose one below.")
        return _choice_page(request, record, connection)
    refuse_commitment(commitment)
    found = read_for_adoption(record=record, commitment=commitment, access=request.access)
    context = {
        "trail": [*commitment_trail(request.company), (_title(connection), _list_url(request.company))],
        "wording": connection.wording,
        "record": record,
        "commitment": commitment,
        "sides": compare_with_record(commitment, connection, found.detail),
        "compared": comparison_token(commitment, found.detail),
        "refusal": found.refusal,
        "export": found.export,
        "was_unlinked": commitment.links.filter(erp_id=record.erp_id, closed_at__isnull=False).exists(),
        "is_readable": commitment.project_id in _readable(request),
    }
    return render(request, "erpintegrations/adoption/compare.html", context)


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def adoption_adopt(request: CompanyRequest, record_id: int) -> HttpResponse:
    record, connection = _record(request, record_id)
    commitment = _commitment(request, request.POST.get("commitment", ""))
    if commitment is None:
        flash.error(request, "The commitment was deleted, or none was chosen. Choose one below.")
        return redirect("adoption_compare", request.company.slug, record.pk)
    link = adopt_record(
        record=record,
        commitment=commitment,
        access=request.access,
        compared=request.POST.get("compared", ""),
        now=timezone.now(),
    )
    flash.success(
        request,
        f"{link.get_kind_display()} {link.number} is linked to {connection.wording.label} number {link.erp_number}.",
    )
    return redirect(_list_url(request.company))


def _choice_page(request: CompanyRequest, record: UnlinkedRecord, connection: ErpConnection) -> HttpResponse:
    form = SearchForm(request.GET)
    context = {
        "trail": [*commitment_trail(request.company), (_title(connection), _list_url(request.company))],
        "wording": connection.wording,
        "listed": selectors.listed_records(connection, [record])[0],
        "record": record,
        "choices": selectors.suggestions_for(record, connection, form.words),
        "most": selectors.CHOICES,
        "form": form,
        "is_filtered": bool(form.words),
        "reset_url": request.path,
    }
    return render(request, "erpintegrations/adoption/choose.html", context)


def _record(request: CompanyRequest, record_id: int) -> tuple[UnlinkedRecord, ErpConnection]:
    """Raises NotAllowed before anybody compares in vain."""
    rows = UnlinkedRecord.objects.filter(company=request.company).select_related("connection__company")
    record = get_object_or_404(rows, pk=record_id)
    not_allowed = request.access.why_not_accounting()
    if not_allowed is not None:
        raise not_allowed
    return record, record.connection


def _commitment(request: CompanyRequest, wanted: str) -> Commitment | None:
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
        return None
    rows = Commitment.objects.filter(company=request.company).select_related("project", "vendor")
    return rows.filter(pk=wanted).first()


def _readable(request: CompanyRequest) -> set[int]:
    return {pk for pk, level in request.access.commitments_levels.all().items() if level >= Level.READ_ONLY}


def _list_url(company: Company) -> str:
    return reverse("adoption_list", args=[company.slug])


def _title(connection: ErpConnection) -> str:
    return f"Only in {connection.wording.short_label}"
