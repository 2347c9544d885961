"""Guided correction: the whole case of one commitment on one page."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from commitments.models import Commitment
from directory.access import ProjectRequest, project_page
from directory.models import Level
from erpintegrations.selectors.commitments import commitment_of
from erpintegrations.selectors.correction import NOW, Step, correction_of
from erpintegrations.web.commitments import project_trail
from erpintegrations.web.returning import NEXT


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step with the address that leads to it; empty for those to whom it is closed."""

    step: Step
    url: str


@project_page(commitments=Level.READ_ONLY)
@require_safe
def correction(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    commitment = commitment_of(request.project, commitment_id)
    if commitment is None:
        raise Http404
    now = timezone.now()
    found = correction_of(commitment, request.access, now)
    detail = reverse("commitment_detail", args=[request.company.slug, request.project.pk, commitment.pk])
    context = {
        "now": now,
        "project": request.project,
        "commitment": commitment,
        "trail": [*project_trail(request), (commitment.number, detail)],
        "correction": found,
        "steps": [ShownStep(step, _url(request, commitment, step)) for step in found.steps],
        "may_edit": request.access.commitments_level(request.project.pk) >= Level.ADMIN,
    }
    return render(request, "erpintegrations/commitments/correction.html", context)


def _url(request: ProjectRequest, commitment: Commitment, step: Step) -> str:
    """Where the step that comes now is done, for those who may go there."""
    route = step.route if step.state == NOW else ""
    if not route:
        return ""
    if route.startswith("erp_"):
        if request.access.erp_integrations_level < Level.READ_ONLY:
            return ""
        return reverse(route, query={"q": commitment.number}, args=[request.company.slug])
    arguments = [request.company.slug, request.project.pk, commitment.pk]
    if route == "commitment_edit":
        is_editor = request.access.commitments_level(request.project.pk) >= Level.ADMIN
        return reverse(route, args=arguments, query={NEXT: request.path}) if is_editor else ""
    return reverse(route, args=arguments)
