"""Exports that are on their way: the entry sheet and its CSV, Check now, and the decision about a near match."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import Export
from erpintegrations.selectors import exports as selector
from erpintegrations.selectors.candidates import candidate_of
from erpintegrations.selectors.entry_sheets import entry_sheet_csv, entry_sheet_of, sheets_of
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.read_back import check_export
from erpintegrations.web import flash
from erpintegrations.web.export_pages import LONGEST_REASON, load_export, origin_of
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail

LINK, REJECT = "link", "reject"


class DecisionForm(forms.Form):
    """What a person says of a record that is nearly what was exported."""

    decision = forms.ChoiceField(choices=[(LINK, "Link it"), (REJECT, "Reject")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the history with your name; when you reject, the sender reads it in a mail.",
        error_messages={"required": "Enter a reason: it is kept in the history."},
    )


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def entry_sheet(request: CompanyRequest, export_id: int) -> HttpResponse:
    """To be printed, or read from another window, while it is keyed in."""
    export = _load_sheet(request, export_id)
    context = {
        "export": export,
        "sheet": entry_sheet_of(export),
        "wording": export.connection.wording,
        "trail": [*commitment_trail(request.company), (f"Export of {export.number}", _page_of(request, export))],
        "is_open": export.is_open,
        "may_check": request.access.erp_integrations_level >= Level.STANDARD,
    }
    return render(request, "erpintegrations/exports/entry_sheet.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def entry_sheet_csv_file(request: CompanyRequest, export_id: int) -> HttpResponse:
    export = _load_sheet(request, export_id)
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in export.erp_number)
    return HttpResponse(
        entry_sheet_csv(entry_sheet_of(export)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="entry-sheet-{name}.csv"'},
    )


@require_POST
@company_page(erp_integrations=Level.STANDARD)
def export_check(request: CompanyRequest, export_id: int) -> HttpResponse:
    """Looks for it in the ERP at once."""
    export = check_export(export=load_export(request, export_id), access=request.access, now=timezone.now())
    erp = export.connection.wording.short_label
    if export.state == Export.State.LINKED:
        flash.success(request, f"{export.number} was found in {erp} as {export.erp_number}, and is linked now.")
        return go_to(request, back_to(request, default=_page_of(request, export)))
    if export.state == Export.State.NEEDS_DECISION:
        flash.warning(request, f"{export.problem} Compare both sides, and decide.")
        return go_to(request, reverse("export_decide", args=[request.company.slug, export.pk]))
    flash.warning(
        request,
        f"{export.erp_number} is not in {erp} yet. Once it is keyed in and saved there, Check now finds it, and so "
        "does the next sync.",
    )
    return go_to(request, back_to(request, default=_page_of(request, export)))


@require_http_methods(["GET", "HEAD", "POST"])
@company_page(erp_integrations=Level.READ_ONLY)
def export_decide(request: CompanyRequest, export_id: int) -> HttpResponse:
    """Both sides next to each other; POST links the record or rejects the export."""
    export = load_export(request, export_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _decision_page(request, export, form)
    link_it = form.cleaned_data["decision"] == LINK
    decided = decide_candidate(
        export=export,
        access=request.access,
        link_it=link_it,
        reason=form.cleaned_data["reason"],
        now=timezone.now(),
        origin=origin_of(request),
    )
    erp = decided.connection.wording.short_label
    if link_it:
        flash.success(request, f"{decided.number} is linked to {decided.erp_number} in {erp}.")
    else:
        flash.success(request, f"{decided.number} rejected. {decided.sent_by.name} is told by mail.")
    return go_to(request, _page_of(request, decided))


def _decision_page(request: CompanyRequest, export: Export, form: DecisionForm) -> HttpResponse:
    refusal = request.access.why_not_accounting()
    if form.is_bound and refusal is not None:
        raise refusal
    candidate = candidate_of(export)
    if candidate is None:
        return redirect(_page_of(request, export))
    context = {
        "export": export,
        "candidate": candidate,
        "wording": export.connection.wording,
        "form": form,
        "not_allowed": refusal,
        "approvers": selector.approvers_of(request.company) if refusal else [],
        "may_check": request.access.erp_integrations_level >= Level.STANDARD,
        "trail": [*commitment_trail(request.company), (f"Export of {export.number}", _page_of(request, export))],
    }
    return render(request, "erpintegrations/exports/decide.html", context, status=422 if form.is_bound else 200)


def _load_sheet(request: CompanyRequest, export_id: int) -> Export:
    return get_object_or_404(sheets_of(request.company), pk=export_id)


def _page_of(request: CompanyRequest, export: Export) -> str:
    return reverse("export_detail", args=[request.company.slug, export.pk])
