"""Exports that are on their way: the entry sheet and its CSV, Check now, and the decision about a near match."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import Export
from erpintegrations.selectors import exports as selector
from erpintegrations.selectors.candidates import candidate_of
from erpintegrations.selectors.entry_sheets import entry_sheet_csv, entry_sheets_of, sheets_of, waiting_sheets
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.read_back import check_export
from erpintegrations.web import flash
from erpintegrations.web.export_pages import LONGEST_REASON, export_trail, load_export, origin_of
from erpintegrations.web.exports import on_the_way_url
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail, no_connection_page

LINK, REJECT = "link", "reject"
MOST_SHEETS = 50


class DecisionForm(forms.Form):
    """What a person says of a record that is nearly what was exported. `seen_version` is the export's, as shown."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=[(LINK, "Link it"), (REJECT, "Reject")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the history with your name; when you reject, the sender reads it in a mail.",
        error_messages={"required": "Enter a reason: it is kept in the history."},
    )
    is_anothers = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict | None, *, export: Export) -> None:
        super().__init__(data, initial={"seen_version": export.version})
        self.erp = export.connection.wording.short_label
        self.number = export.candidate.get("number", export.erp_number)
        self.fields["is_anothers"].label = f"To reject: {self.number} in {self.erp} is another one's, and stays there"

    def clean_is_anothers(self) -> bool:
        is_anothers = bool(self.cleaned_data["is_anothers"])
        if self.cleaned_data.get("decision") == REJECT and not is_anothers:
            raise forms.ValidationError(
                f"Tick this to reject. If {self.number} was made for this commitment, delete it in {self.erp} instead, "
                "then use Check now."
            )
        if self.cleaned_data.get("decision") == LINK and is_anothers:
            raise forms.ValidationError("Untick this to link it: it cannot be another one's then.")
        return is_anothers


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def entry_sheet(request: CompanyRequest, export_id: int) -> HttpResponse:
    """To be printed, or read from another window, while it is keyed in."""
    export = _load_sheet(request, export_id)
    (sheet,) = entry_sheets_of([export])
    context = {
        "export": export,
        "sheet": sheet,
        "wording": export.connection.wording,
        "trail": [*export_trail(export), (f"Export of {export.number}", _page_of(request, export))],
        "is_open": export.is_open,
        "may_check": request.access.erp_integrations_level >= Level.STANDARD,
    }
    return render(request, "erpintegrations/exports/entry_sheet.html", context)


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def entry_sheet_csv_file(request: CompanyRequest, export_id: int) -> HttpResponse:
    export = _load_sheet(request, export_id)
    (sheet,) = entry_sheets_of([export])
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in export.erp_number)
    return HttpResponse(
        entry_sheet_csv(sheet),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="entry-sheet-{name}.csv"'},
    )


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def entry_sheets(request: CompanyRequest) -> HttpResponse:
    """All that wait to be keyed in, to be printed at once."""
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    exports = list(waiting_sheets(request.company)[: MOST_SHEETS + 1])
    shown = exports[:MOST_SHEETS]
    context = {
        "sheets": entry_sheets_of(shown),
        "total": sum(export.amount for export in shown),
        "is_shortened": len(exports) > MOST_SHEETS,
        "list_url": on_the_way_url(request.company),
        "wording": connection.wording,
        "trail": [*commitment_trail(request.company), ("On the way", on_the_way_url(request.company))],
    }
    return render(request, "erpintegrations/exports/entry_sheets.html", context)


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
        flash.warning(request, f"{export.erp_number} was found, but differs. Compare both sides, and decide.")
        return go_to(request, reverse("export_decide", args=[request.company.slug, export.pk]))
    if export.state == Export.State.ACCEPTED:
        flash.warning(request, f"The bridge is asked first what it wrote as {export.erp_number}, in some seconds.")
        return go_to(request, _page_of(request, export))
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
    form = DecisionForm(request.POST if request.method == "POST" else None, export=export)
    if not form.is_valid():
        return _decision_page(request, export, form)
    link_it = form.cleaned_data["decision"] == LINK
    decided = decide_candidate(
        export=export,
        access=request.access,
        link_it=link_it,
        is_anothers=form.cleaned_data["is_anothers"],
        reason=form.cleaned_data["reason"],
        seen_version=form.cleaned_data["seen_version"] or 0,
        now=timezone.now(),
        origin=origin_of(request),
    )
    erp = decided.connection.wording.short_label
    if link_it:
        flash.success(
            request, f"{decided.number} is linked to {decided.erp_number} in {erp}. What differs is shown as drift."
        )
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
        "trail": [*export_trail(export), (f"Export of {export.number}", _page_of(request, export))],
    }
    return render(request, "erpintegrations/exports/decide.html", context, status=422 if form.is_bound else 200)


def _load_sheet(request: CompanyRequest, export_id: int) -> Export:
    return get_object_or_404(sheets_of(request.company), pk=export_id)


def _page_of(request: CompanyRequest, export: Export) -> str:
    return reverse("export_detail", args=[request.company.slug, export.pk])
