"""What has happened before somebody looks at the pages of the correction loop that come late in it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from django.urls import resolve, reverse
from django.utils import timezone

from commitments.editing import CommitmentInput, LineInput, update_commitment
from commitments.models import Commitment
from directory.access import access_for
from directory.models import Company, User
from erpintegrations.models import UnlinkedRecord
from erpintegrations.selectors.adoption import suggestions
from tests.browser import exports_stage, stage
from tests.browser.stage import MANAGER


def corrected_commitment(company: Company) -> str:
    """Unlinked, and corrected: another title, one line longer, one changed and in another order."""
    address = stage.unlinked_commitment(company)
    commitment = Commitment.objects.get(pk=resolve(address).kwargs["commitment_id"])
    access = access_for(User.objects.get(email=MANAGER), company)
    assert access is not None
    first, *others = [LineInput.of(line) for line in commitment.lines.order_by("position")]
    update_commitment(
        commitment=commitment,
        seen_revision=commitment.revision,
        header=replace(CommitmentInput.of(commitment), title="Concrete and masonry of the east wing"),
        lines=[
            *others,
            replace(first, description="Footings and slab of the east wing"),
            replace(first, id=None, description="Retaining wall", amount=Decimal(4200), unit_cost=Decimal(4200)),
        ],
        access=access,
        now=timezone.now(),
    )
    return address


def record_of_an_export(company: Company) -> str:
    """What was keyed in for another commitment's export, nearly as it was sent, next to one that has no link."""
    export = exports_stage.to_decide(company)
    stage.sync(company)
    record = UnlinkedRecord.objects.get(company=company, number=export.erp_number)
    (commitment, *_) = [
        suggestion.commitment
        for suggestion in suggestions(stage.connection_of(company))
        if suggestion.commitment.kind == record.kind
    ]
    return f"{reverse('adoption_compare', args=[company.slug, record.pk])}?commitment={commitment.pk}"
