"""The Views of ERP Integrations ▸ Commitment, with how many commitments each holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import IntegerField, QuerySet, Subquery

from directory.models import Company
from erpintegrations.models import Export, SyncLink

# Counting stops here, so that a page costs the same with a thousand and with a million links.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """How many commitments each View holds, never more than COUNT_LIMIT + 1. One query."""

    ready_to_export: int
    failed_to_export: int
    synced: int


class CountUpToLimit(Subquery):
    """How many rows there are, as a column of another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet) -> None:
        super().__init__(_up_to_limit(rows.values("pk")))


def view_counts(company: Company) -> ViewCounts:
    exports = Export.objects.filter(company=company)
    counts = (
        exports.filter(state=Export.State.READY),
        exports.filter(state=Export.State.FAILED),
        SyncLink.objects.filter(company=company, closed_at=None),
    )
    row = Company.objects.filter(pk=company.pk).values_list(*map(CountUpToLimit, counts))
    return ViewCounts(*row.get())


def count_up_to_limit(rows: QuerySet) -> int:
    return _up_to_limit(rows).count()


def _up_to_limit(rows: QuerySet) -> QuerySet:
    return rows.order_by()[: COUNT_LIMIT + 1]


def count_in_words(count: int) -> str:
    """Such as "1,250" or "10,000+"."""
    return f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}"
