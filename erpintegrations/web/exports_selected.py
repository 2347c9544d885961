"""Accept, Reject or Retry selected: a preview of what will and will not be done, then the outcome of each row."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.access import CompanyRequest, company_page
from directory.models import Level
from directory.refusals import Refusal
from erpintegrations.models import ErpConnection, Export
from erpintegrations.selectors.exports import exports_of, prefilled_number
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.selectors.widths import widths_of
from erpintegrations.services.answer_export import (
    ACCEPTABLE,
    REJECTABLE,
    RETRYABLE,
    Outcome,
    accept_exports,
    reject_exports,
    retry_exports,
    why_not_answer,
)
from erpintegrations.web import flash
from erpintegrations.web.export_numbers import number_field, typed_numbers, with_typed_numbers
from erpintegrations.web.export_pages import RejectionForm, origin_of
from erpintegrations.web.exports import on_the_way_url
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail

MOST = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the three, in the words of its pages."""

    verb: str
    done: str
    route: str
    list_route: str
    states: Collection[str]
    icon: str
    danger: bool = False
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known before the click; whether a number is free in the ERP is asked only then."""

    will: list[tuple[Export, str]] = field(default_factory=list)
    will_not: list[tuple[Export, Refusal]] = field(default_factory=list)

    @property
    def ids(self) -> str:
        return ",".join(str(export.pk) for export, _ in self.will)

    @property
    def total(self) -> Decimal:
        return sum((export.amount for export, _ in self.will), Decimal(0))


ACCEPT = Answer(
    "Accept",
    "accepted",
    "exports_accept_selected",
    "erp_ready",
    ACCEPTABLE,
    "check",
    explanation="Each gets the number beside it in the ERP. Whether that is free is asked when you accept.",
)
REJECT = Answer(
    "Reject",
    "rejected",
    "exports_reject_selected",
    "erp_ready",
    tuple(REJECTABLE),
    "close",
    danger=True,
    explanation="They can be edited again, and who sent them is told by mail. One reason is kept for all.",
)
RETRY = Answer(
    "Retry",
    "tried again",
    "exports_retry_selected",
    "erp_failed",
    RETRYABLE,
    "sync",
    explanation="Each is looked for in the ERP before it is written, so that none gets there twice.",
)


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def accept_selected(request: CompanyRequest) -> HttpResponse:
    return _answer_selected(request, ACCEPT)


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def reject_selected(request: CompanyRequest) -> HttpResponse:
    return _answer_selected(request, REJECT)


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def retry_selected(request: CompanyRequest) -> HttpResponse:
    return _answer_selected(request, RETRY)


def _answer_selected(request: CompanyRequest, answer: Answer) -> HttpResponse:
    """First the preview; with `confirmed`, the doing. Sent twice, the second answer says what the first one did."""
    connection, ids = find_connection(request.company), selected_ids(request)
    list_url = back_to(request, default=reverse(answer.list_route, args=[request.company.slug]))
    back = with_typed_numbers(request, list_url, without=ids if "confirmed" in request.POST else ())
    if len(ids) > MOST:
        flash.error(request, f"More than {MOST} commitments are selected. Select fewer, then take the rest.")
        return go_to(request, back)
    exports = list(exports_of(request.company).filter(pk__in=ids).order_by("number", "id"))
    if not exports or connection is None:
        verb = answer.verb.lower()
        flash.error(
            request, f"Nothing is selected. Tick the commitments to {verb}, then choose {answer.verb} selected."
        )
        return go_to(request, back)
    if "confirmed" not in request.POST:
        return _preview_page(request, connection, answer, exports, back)
    form = RejectionForm(request.POST)
    if answer is REJECT and not form.is_valid():
        return _preview_page(request, connection, answer, exports, back, form)
    return _result_page(request, connection, answer, _do(request, answer, exports, form, timezone.now()), back)


def selected_ids(request: CompanyRequest) -> set[int]:
    """From the list's boxes, or all in one field. What is no id is none of ours either."""
    texts = [*request.POST.getlist("export"), *request.POST.get("exports", "").split(",")]
    return {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19}


def _do(
    request: CompanyRequest, answer: Answer, exports: list[Export], form: RejectionForm, now: datetime.datetime
) -> list[Outcome]:
    if answer is ACCEPT:
        numbers = {export.pk: request.POST.get(number_field(export.pk), "") for export in exports}
        return accept_exports(exports=exports, access=request.access, numbers=numbers, now=now)
    if answer is RETRY:
        return retry_exports(exports=exports, access=request.access, now=now)
    reason = form.cleaned_data["reason"]
    return reject_exports(exports=exports, access=request.access, reason=reason, now=now, origin=origin_of(request))


def _preview_page(
    request: CompanyRequest,
    connection: ErpConnection,
    answer: Answer,
    exports: list[Export],
    back: str,
    form: RejectionForm | None = None,
) -> HttpResponse:
    refusals = why_not_answer(exports=exports, access=request.access, states=answer.states, now=timezone.now())
    preview, typed = Preview(), typed_numbers(request.POST)
    for export in exports:
        if export.pk in refusals:
            preview.will_not.append((export, refusals[export.pk]))
        else:
            preview.will.append((export, typed.get(export.pk, prefilled_number(export, connection))))
    context = {
        "trail": commitment_trail(request.company),
        "wording": connection.wording,
        "answer": answer,
        "asks_number": answer is ACCEPT,
        "asks_reason": answer is REJECT,
        "action_url": reverse(answer.route, args=[request.company.slug]),
        "longest_number": widths_of(connection).number if answer is ACCEPT and connection.text_widths_read_at else 0,
        "preview": preview,
        "form": form or RejectionForm(),
        "back": back,
    }
    return render(request, "erpintegrations/exports/selected.html", context, status=422 if form else 200)


def _result_page(
    request: CompanyRequest, connection: ErpConnection, answer: Answer, outcomes: list[Outcome], back: str
) -> HttpResponse:
    done = [outcome for outcome in outcomes if outcome.done]
    is_on_its_way = answer is not REJECT
    context = {
        "trail": commitment_trail(request.company),
        "wording": connection.wording,
        "answer": answer,
        "done": done,
        "total": sum(outcome.export.amount for outcome in done),
        "on_the_way_url": on_the_way_url(request.company) if is_on_its_way else "",
        "by_entry_sheet": is_on_its_way and connection.export_method == Export.Method.ENTRY_SHEET,
        "refused": [outcome for outcome in outcomes if not outcome.done],
        "back": back,
    }
    return render(request, "erpintegrations/exports/selected_result.html", context)
