"""A project's Commitments tool: the list, and a page for each commitment."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.access import ProjectRequest, project_page
from directory.models import Level
from erpintegrations.selectors.commitments import (
    ORDERS,
    CommitmentFilter,
    commitment_of,
    lines_of,
    link_panel,
)
from erpintegrations.selectors.history import commitment_history
from erpintegrations.selectors.stories import stories
from erpintegrations.services.undo_unlink import can_undo
from erpintegrations.web.pages import list_page, newest_first
from erpintegrations.web.sorting import sorting


@project_page(commitments=Level.READ_ONLY)
@require_safe
def commitment_list(request: ProjectRequest) -> HttpResponse:
    chosen = CommitmentFilter(request.GET, project=request.project)
    order = sorting(request, ORDERS, default="number")
    context = {
        "project": request.project,
        "trail": _trail(request)[:1],
        "filter": chosen,
        "is_filtered": any(request.GET.get(name) for name in chosen.filters),
        "headers": order.headers,
        "page": list_page(request, chosen.qs, column=order.column, descending=order.descending),
        "keep": order.keep,
    }
    return render(request, "erpintegrations/commitments/list.html", context)


@project_page(commitments=Level.READ_ONLY)
@require_safe
def commitment_detail(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    commitment = commitment_of(request.project, commitment_id)
    if commitment is None:
        raise Http404
    page = newest_first(request, commitment_history(request.company, commitment.pk))
    panel = link_panel(commitment, request.access, timezone.now())
    context = {
        "project": request.project,
        "trail": _trail(request),
        "commitment": commitment,
        "lines": lines_of(commitment),
        "panel": panel,
        "may_undo": panel is not None and panel.not_allowed is None and can_undo(panel.link),
        "page": page,
        "stories": stories(page.rows, request.company, with_subject=False),
    }
    return render(request, "erpintegrations/commitments/detail.html", context)


def _trail(request: ProjectRequest) -> list[tuple[str, str]]:
    company, project = request.company, request.project
    return [
        (company.name, reverse("company_home", args=[company.slug])),
        (f"Commitments of {project}", reverse("commitment_list", args=[company.slug, project.pk])),
    ]
