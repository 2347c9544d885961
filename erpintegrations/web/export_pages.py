"""One export: its page with the story and the document, and accounting's answers to it: Accept, Reject and Retry."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import Export
from erpintegrations.refusals import NumberNotPossible
from erpintegrations.selectors import exports as selector
from erpintegrations.selectors.before_export import before_export
from erpintegrations.selectors.sent_documents import header_facts, names_of, sent_lines
from erpintegrations.selectors.stories import stories
from erpintegrations.services.answer_export import (
    REJECTABLE,
    RETRYABLE,
    accept_exports,
    reject_exports,
    retry_exports,
    why_not_answer,
)
from erpintegrations.web import flash
from erpintegrations.web.export_numbers import number_field, with_typed_numbers
from erpintegrations.web.exports import list_url_of
from erpintegrations.web.following import Following, follow, nothing_new
from erpintegrations.web.paging import newest_first
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import tool_trail

LONGEST_REASON = 500


class RejectionForm(forms.Form):
    """Why accounting does not take a commitment: the sender reads it, and the history keeps it."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The sender reads it in a mail, and the history keeps it.",
        error_messages={"required": "Enter a reason: the sender has to know what to correct."},
    )


@company_page(erp_integrations=Level.READ_ONLY)
@require_safe
def export_detail(request: CompanyRequest, export_id: int) -> HttpResponse:
    """Follows by itself while a task works on the export."""
    export = load_export(request, export_id)
    return nothing_new(request, [export]) or export_page(request, export)


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def accept(request: CompanyRequest, export_id: int) -> HttpResponse:
    """What is wrong with the number is said beside it, on the export's page, with what was typed."""
    export = load_export(request, export_id)
    typed = request.POST.get(number_field(export.pk), "")
    (outcome,) = accept_exports(exports=[export], access=request.access, numbers={export.pk: typed}, now=timezone.now())
    if isinstance(outcome.refusal, NumberNotPossible):
        return export_page(request, outcome.export, typed=typed, number_error=outcome.refusal)
    if outcome.refusal is not None:
        raise outcome.refusal
    flash.success(
        request,
        f"{export.number} accepted as {outcome.export.erp_number}. {_what_now(outcome.export)}",
        action=_lead_on(outcome.export),
    )
    return go_to(request, with_typed_numbers(request, _back(request, "erp_ready"), without=[export.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@company_page(erp_integrations=Level.READ_ONLY)
def reject(request: CompanyRequest, export_id: int) -> HttpResponse:
    """GET asks for the reason."""
    export, now = load_export(request, export_id), timezone.now()
    form = RejectionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        refusals = why_not_answer(exports=[export], access=request.access, states=REJECTABLE, now=now)
        if refusals:
            raise refusals[export.pk]
        return _reason_page(request, export, form)
    (outcome,) = reject_exports(
        exports=[export],
        access=request.access,
        reason=form.cleaned_data["reason"],
        now=now,
        origin=origin_of(request),
    )
    if outcome.refusal is not None:
        raise outcome.refusal
    flash.success(request, f"{export.number} rejected. {export.sent_by.name} is told by mail.")
    return go_to(request, _back(request, "erp_ready"))


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def retry(request: CompanyRequest, export_id: int) -> HttpResponse:
    export = load_export(request, export_id)
    (outcome,) = retry_exports(exports=[export], access=request.access, now=timezone.now())
    if outcome.refusal is not None:
        raise outcome.refusal
    flash.success(
        request, f"{export.number} is tried again. {_what_now(outcome.export)}", action=_lead_on(outcome.export)
    )
    return go_to(request, _back(request, "erp_failed"))


def export_page(
    request: CompanyRequest, export: Export, *, typed: str | None = None, number_error: NumberNotPossible | None = None
) -> HttpResponse:
    """The export's own page; with an error beside the number, 422."""
    connection, wording, names = export.connection, export.connection.wording, names_of([export])
    (row,) = selector.export_rows([export], access=request.access, connection=connection)
    page = newest_first(request, selector.export_history(export))
    state, icon, tone = selector.state_badge(export)
    context: dict[str, Any] = {
        "trail": export_trail(export),
        "wording": wording,
        "export": export,
        "row": row,
        "state": state,
        "badge_icon": icon,
        "badge_tone": tone,
        "next_step": selector.next_step(export, wording),
        "may_check": request.access.erp_integrations_level >= Level.STANDARD,
        "may_reject": export.state in REJECTABLE and row.may_answer,
        "may_retry": export.state in RETRYABLE and row.may_answer and bool(export.problem),
        "before": before_export(export),
        "approvers": [] if row.may_answer else selector.approvers_of(request.company),
        "number": row.number if typed is None else typed,
        "number_error": number_error,
        "facts": header_facts(export, names),
        "lines": sent_lines(export, names),
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=False),
        "back": with_typed_numbers(request, back_to(request, default=""), without=[export.pk]),
        "following": _following(request, export, state),
    }
    return render(request, "erpintegrations/exports/detail.html", context, status=422 if number_error else 200)


def _following(request: CompanyRequest, export: Export, state: str) -> Following:
    going_on = "A task works on it, and this page follows by itself."
    is_worked_on = selector.is_worked_on(export, timezone.now())
    return follow(
        request,
        [export],
        going_on=f"“{state}”: {going_on}" if is_worked_on else "",
        done=f"{export.number} is “{state}” now.",
    )


def export_trail(export: Export) -> list[tuple[str, str]]:
    """The way to an export's page, by the list that it is on."""
    return [*tool_trail(export.company), ("Commitment", list_url_of(export))]


def load_export(request: CompanyRequest, export_id: int) -> Export:
    return get_object_or_404(selector.exports_of(request.company), pk=export_id)


def origin_of(request: CompanyRequest) -> str:
    """The site's own address, for links in mails."""
    return request.build_absolute_uri("/").rstrip("/")


def _reason_page(request: CompanyRequest, export: Export, form: RejectionForm) -> HttpResponse:
    form.fields["reason"].widget.attrs["autofocus"] = True
    context = {
        "export": export,
        "wording": export.connection.wording,
        "form": form,
        "trail": export_trail(export),
        "back": _back(request, "erp_ready"),
    }
    return render(request, "erpintegrations/exports/reject.html", context, status=422 if form.is_bound else 200)


def _what_now(export: Export) -> str:
    erp = export.connection.wording.short_label
    if export.connection.export_method == Export.Method.ENTRY_SHEET:
        return f"Key it into {erp} from its entry sheet; it is linked once found."
    return f"The bridge writes it within seconds, and it is linked as soon as it is found in {erp}."


def _lead_on(export: Export) -> flash.FlashAction:
    route = "entry_sheet" if export.connection.export_method == Export.Method.ENTRY_SHEET else "export_detail"
    label = "Entry sheet" if route == "entry_sheet" else "Follow it"
    url = reverse(route, args=[export.company.slug, export.pk])
    return flash.FlashAction(link_url=url, link_label=f"{label} of {export.number}")


def _back(request: CompanyRequest, route: str) -> str:
    return back_to(request, default=reverse(route, args=[request.company.slug]))
