"""A commitment's buttons towards accounting: Send to ERP (Re-send to ERP) and Retrieve from ERP."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from commitments.models import Commitment
from directory.access import ProjectRequest, project_page
from directory.models import Level
from erpintegrations.refusals import CannotSend
from erpintegrations.selectors.commitments import commitment_of
from erpintegrations.services.send_to_erp import retrieve_from_erp, send_to_erp
from erpintegrations.web import flash
from erpintegrations.web.commitments import detail_page
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to


@require_POST
@project_page(commitments=Level.ADMIN)
def commitment_send(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    """All that is wrong is said at once, on the commitment's page."""
    commitment = _load(request, commitment_id)
    try:
        send_to_erp(commitment=commitment, access=request.access, now=timezone.now())
    except CannotSend as refusal:
        flash.error(request, refusal.message)
        return detail_page(request, _load(request, commitment_id), refusal=refusal)
    flash.success(request, f"{commitment.number} was sent to the ERP. It is locked until accounting answers.")
    return go_to(request, _back(request, commitment))


@require_POST
@project_page(commitments=Level.ADMIN)
def commitment_retrieve(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    commitment = _load(request, commitment_id)
    retrieve_from_erp(commitment=commitment, access=request.access, now=timezone.now())
    flash.success(request, f"{commitment.number} was retrieved from the ERP. It can be edited again.")
    return go_to(request, _back(request, commitment))


def _load(request: ProjectRequest, commitment_id: int) -> Commitment:
    commitment = commitment_of(request.project, commitment_id)
    if commitment is None:
        raise Http404
    return commitment


def _back(request: ProjectRequest, commitment: Commitment) -> str:
    arguments = [request.company.slug, request.project.pk, commitment.pk]
    return back_to(request, default=reverse("commitment_detail", args=arguments))
