"""The Views of ERP Integrations ▸ Commitment, with how many commitments each holds."""

from __future__ import annotations

from dataclasses import dataclass

from directory.models import Company
from erpintegrations.models import Export, SyncLink
from erpintegrations.selectors.counting import CountUpToLimit


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """How many commitments each View holds, never more than COUNT_LIMIT + 1. One query."""

    ready_to_export: int
    failed_to_export: int
    synced: int


def view_counts(company: Company) -> ViewCounts:
    exports = Export.objects.filter(company=company)
    counts = (
        exports.filter(state=Export.State.READY),
        exports.filter(state=Export.State.FAILED),
        SyncLink.objects.filter(company=company, closed_at=None),
    )
    row = Company.objects.filter(pk=company.pk).values_list(*map(CountUpToLimit, counts))
    return ViewCounts(*row.get())
