"""Unlink selected: a preview of what will and will not go, then the outcome of each row."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.synced_list import SyncedRow, find_connection, links_of, synced_rows
from erpintegrations.services.unlink_commitment import Outcome
from erpintegrations.services.unlink_commitment import unlink_selected as unlink_links
from erpintegrations.web import flash
from erpintegrations.web.links import ReasonForm, undo_action
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail

MOST = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """What Unlink will do with each selected row, as recorded: the ERP is asked only when they are unlinked."""

    will_go: list[SyncedRow]
    will_not_go: list[SyncedRow]
    unlinked_before: list[SyncLink]

    @property
    def needs_reason(self) -> bool:
        return any(row.verdict.needs_reason for row in self.will_go)

    @property
    def total_to_go(self) -> Decimal:
        return _total(row.link for row in self.will_go)

    @property
    def total_to_stay(self) -> Decimal:
        return _total(row.link for row in self.will_not_go)

    @property
    def ids(self) -> str:
        return ",".join(str(row.link.pk) for row in self.will_go)


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def unlink_selected(request: CompanyRequest) -> HttpResponse:
    """First the preview; with `confirmed`, the unlinking. Sent twice, the second answer says what the first one did."""
    connection = find_connection(request.company)
    ids = selected_ids(request)
    if len(ids) > MOST:
        flash.error(request, f"More than {MOST:,} commitments are selected. Select fewer, then unlink the rest.")
        return go_to(request, _back(request))
    links = list(links_of(request.company).filter(pk__in=ids).order_by("number", "id"))
    if not links or connection is None:
        flash.error(request, "Nothing is selected. Tick the commitments to unlink, then choose Unlink selected.")
        return go_to(request, _back(request))
    if "confirmed" not in request.POST:
        return _preview_page(request, connection, links)
    return _unlink(request, connection, links)


def selected_ids(request: CompanyRequest) -> set[int]:
    """From the list's boxes, or all in one field. What is no id is none of ours either."""
    texts = [*request.POST.getlist("link"), *request.POST.get("links", "").split(",")]
    return {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19}


def _unlink(request: CompanyRequest, connection: ErpConnection, links: list[SyncLink]) -> HttpResponse:
    now = timezone.now()
    form = ReasonForm(request.POST)
    preview = _preview(request, connection, links, now)
    wrote_too_much = not form.is_valid() and bool(request.POST.get("reason", "").strip())
    if (preview.needs_reason and not form.is_valid()) or wrote_too_much:
        return _preview_page(request, connection, links, form)
    reason = form.cleaned_data.get("reason", "")
    outcomes = unlink_links(links=links, access=request.access, reason=reason, now=now)
    return _result_page(request, connection, outcomes)


def _preview_page(
    request: CompanyRequest, connection: ErpConnection, links: list[SyncLink], form: ReasonForm | None = None
) -> HttpResponse:
    context = {
        "trail": commitment_trail(request.company),
        "wording": connection.wording,
        "preview": _preview(request, connection, links, timezone.now()),
        "form": form or ReasonForm(),
        "back": _back(request),
    }
    return render(request, "erpintegrations/unlink_selected.html", context, status=422 if form else 200)


def _result_page(request: CompanyRequest, connection: ErpConnection, outcomes: list[Outcome]) -> HttpResponse:
    unlinked = [outcome for outcome in outcomes if outcome.unlinked]
    kept = [outcome for outcome in outcomes if not outcome.unlinked]
    context = {
        "trail": commitment_trail(request.company),
        "wording": connection.wording,
        "unlinked": [(outcome, undo_action(request, outcome.link)) for outcome in unlinked],
        "unlinked_total": _total(outcome.link for outcome in unlinked),
        "kept": kept,
        "kept_total": _total(outcome.link for outcome in kept),
        "back": _back(request),
    }
    return render(request, "erpintegrations/unlink_selected_result.html", context)


def _preview(
    request: CompanyRequest, connection: ErpConnection, links: list[SyncLink], now: datetime.datetime
) -> Preview:
    rows = synced_rows(
        [link for link in links if link.is_open],
        access=request.access,
        freshness=freshness_of(connection),
        wording=connection.wording,
        now=now,
    )
    return Preview(
        will_go=[row for row in rows if row.will_unlink],
        will_not_go=[row for row in rows if not row.will_unlink],
        unlinked_before=[link for link in links if not link.is_open],
    )


def _total(links: Iterable[SyncLink]) -> Decimal:
    return sum((link.amount for link in links), Decimal("0.00"))


def _back(request: CompanyRequest) -> str:
    return back_to(request, default=reverse("erp_synced", args=[request.company.slug]))
