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
from erpintegrations.selectors.stories import stories
from erpintegrations.services.answer_export import (
    REJECTABLE,
    accept_exports,
    reject_exports,
    retry_exports,
    why_not_answer,
)
from erpintegrations.web import flash
from erpintegrations.web.paging import newest_first
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail

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
    return export_page(request, load_export(request, export_id))


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def accept(request: CompanyRequest, export_id: int) -> HttpResponse:
    """What is wrong with the number is said beside it, on the export's page, with what was typed."""
    export = load_export(request, export_id)
    typed = request.POST.get("number", "")
    (outcome,) = accept_exports(exports=[export], access=request.access, numbers={export.pk: typed}, now=timezone.now())
    if isinstance(outcome.refusal, NumberNotPossible):
        return export_page(request, outcome.export, typed=typed, number_error=outcome.refusal)
    if outcome.refusal is not None:
        raise outcome.refusal
    flash.success(
        request, f"{export.number} accepted as {outcome.export.erp_number}. {_after_accepting(outcome.export)}"
    )
    return go_to(request, _back(request, "erp_ready"))


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
    flash.success(request, f"{export.number} is tried again. {_what_now(outcome.export)}")
    return go_to(request, _back(request, "erp_failed"))


def export_page(
    request: CompanyRequest, export: Export, *, typed: str | None = None, number_error: NumberNotPossible | None = None
) -> HttpResponse:
    """The export's own page; with an error beside the number, 422."""
    connection, wording = export.connection, export.connection.wording
    (row,) = selector.export_rows([export], access=request.access, connection=connection)
    page = newest_first(request, selector.export_history(export))
    state, icon, tone = selector.state_badge(export)
    context: dict[str, Any] = {
        "trail": commitment_trail(request.company),
        "wording": wording,
        "export": export,
        "row": row,
        "state": state,
        "badge_icon": icon,
        "badge_tone": tone,
        "next_step": selector.next_step(export, wording),
        "may_check": request.access.erp_integrations_level >= Level.STANDARD,
        "may_reject": export.state in REJECTABLE and row.may_answer,
        "approvers": [] if row.may_answer else selector.approvers_of(request.company),
        "number": row.number if typed is None else typed,
        "number_error": number_error,
        "facts": selector.header_facts(export),
        "names": selector.code_names(export),
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=False),
        "back": back_to(request, default=request.path),
    }
    return render(request, "erpintegrations/exports/detail.html", context, status=422 if number_error else 200)


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
        "trail": commitment_trail(request.company),
        "back": _back(request, "erp_ready"),
    }
    return render(request, "erpintegrations/exports/reject.html", context, status=422 if form.is_bound else 200)


def _after_accepting(export: Export) -> str:
    if export.connection.export_method == Export.Method.ENTRY_SHEET:
        return f"Key it into {export.connection.wording.short_label} from its entry sheet; it is linked once found."
    return _what_now(export)


def _what_now(export: Export) -> str:
    return f"It is linked once the next sync finds it in {export.connection.wording.short_label}."


def _back(request: CompanyRequest, route: str) -> str:
    return back_to(request, default=reverse(route, args=[request.company.slug]))
