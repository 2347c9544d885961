"""A project's Commitments tool: the list, and a page for each commitment."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from commitments.editing import FIELD_LABELS, fields_of_kind, locked_fields, why_all_locked, why_not_delete
from commitments.editing.inputs import DATES, LONG_TEXTS
from commitments.models import Commitment
from directory.access import ProjectRequest, project_page
from directory.models import Level, Verb
from erpintegrations.refusals import CannotSend
from erpintegrations.selectors.commitments import (
    ORDERS,
    CommitmentFilter,
    commitment_of,
    lines_of,
    link_panel,
)
from erpintegrations.selectors.history import commitment_history
from erpintegrations.selectors.sending import send_panel
from erpintegrations.selectors.stories import stories
from erpintegrations.services.undo_unlink import can_undo
from erpintegrations.web.paging import list_page, newest_first
from erpintegrations.web.sorting import sorting


@project_page(commitments=Level.READ_ONLY)
@require_safe
def commitment_list(request: ProjectRequest) -> HttpResponse:
    chosen = CommitmentFilter(request.GET, project=request.project)
    order = sorting(request, ORDERS, default="number")
    context = {
        "project": request.project,
        "trail": project_trail(request)[:1],
        "filter": chosen,
        "is_filtered": any(request.GET.get(name) for name in chosen.filters),
        "headers": order.headers,
        "page": list_page(request, chosen.qs, column=order.column, descending=order.descending),
        "keep": order.keep,
        "may_edit": request.access.commitments_level(request.project.pk) >= Level.ADMIN,
    }
    return render(request, "erpintegrations/commitments/list.html", context)


@project_page(commitments=Level.READ_ONLY)
@require_safe
def commitment_detail(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    commitment = commitment_of(request.project, commitment_id)
    if commitment is None:
        return _deleted_page(request, commitment_id)
    return detail_page(request, commitment)


def detail_page(request: ProjectRequest, commitment: Commitment, *, refusal: CannotSend | None = None) -> HttpResponse:
    """A commitment's own page; with all that kept it from being sent, if that was just tried."""
    page = newest_first(request, commitment_history(request.company, commitment.pk))
    now = timezone.now()
    panel = link_panel(commitment, request.access, now)
    context = {
        "now": now,
        "project": request.project,
        "trail": project_trail(request),
        "commitment": commitment,
        "lines": lines_of(commitment),
        "facts": _facts(commitment),
        "may_edit": request.access.commitments_level(request.project.pk) >= Level.ADMIN,
        "locked": locked_words(commitment),
        "why_all_locked": why_all_locked(commitment),
        "why_not_delete": why_not_delete(commitment),
        "panel": panel,
        "sending": send_panel(commitment, request.access),
        "refusal": refusal,
        "may_undo": panel is not None and panel.not_allowed is None and can_undo(panel.link),
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=False),
    }
    return render(request, "erpintegrations/commitments/detail.html", context, status=422 if refusal else 200)


def _deleted_page(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    """The history of a commitment outlives it: its address still tells it, to those who could see the commitment."""
    history = commitment_history(request.company, commitment_id).filter(project=request.project)
    deleted = history.filter(verb=Verb.COMMITMENT_DELETED).first()
    if deleted is None:
        raise Http404
    page = newest_first(request, history)
    context = {
        "project": request.project,
        "trail": project_trail(request),
        "deleted": deleted,
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=False),
    }
    return render(request, "erpintegrations/commitments/deleted.html", context, status=410)


def _facts(commitment: Commitment) -> list[tuple[str, Any]]:
    """(label, value) of the dates and texts that a commitment of this kind has; the texts only where there are any."""
    names = fields_of_kind(commitment.kind)
    dates = [(FIELD_LABELS[name], getattr(commitment, name)) for name in DATES if name in names]
    texts = [(FIELD_LABELS[name], getattr(commitment, name)) for name in LONG_TEXTS if getattr(commitment, name)]
    return [
        *((label, date_format(value, "M j, Y") if value else "") for label, value in dates),
        ("Accounting method", commitment.get_accounting_method_display()),
        *texts,
    ]


def locked_words(commitment: Commitment) -> str:
    """The locked fields by name: "Number, Title …"; empty when everything can be changed, or nothing."""
    return "" if why_all_locked(commitment) else ", ".join(FIELD_LABELS[name] for name in locked_fields(commitment))


def project_trail(request: ProjectRequest) -> list[tuple[str, str]]:
    company, project = request.company, request.project
    return [
        (company.name, reverse("company_home", args=[company.slug])),
        (f"Commitments of {project}", reverse("commitment_list", args=[company.slug, project.pk])),
    ]
