"""The Views of ERP Integrations ▸ Commitment, with how many commitments each holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from directory.models import Company
from erpintegrations.models import Export, SyncLink

# Counting stops here, so that a page costs the same with a thousand and with a million links.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """How many commitments each View holds, never more than COUNT_LIMIT + 1. Three queries."""

    ready_to_export: int
    failed_to_export: int
    synced: int


def view_counts(company: Company) -> ViewCounts:
    exports = Export.objects.filter(company=company)
    return ViewCounts(
        ready_to_export=count_up_to_limit(exports.filter(state=Export.State.READY)),
        failed_to_export=count_up_to_limit(exports.filter(state=Export.State.FAILED)),
        synced=count_up_to_limit(SyncLink.objects.filter(company=company, closed_at=None)),
    )


def count_up_to_limit(rows: QuerySet) -> int:
    return rows.order_by()[: COUNT_LIMIT + 1].count()


def count_in_words(count: int) -> str:
    """Such as "1,250" or "10,000+"."""
    return f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}"
