"""Counts that cost the same with a thousand and with a million rows: they stop at COUNT_LIMIT."""

from __future__ import annotations

from django.db.models import IntegerField, QuerySet, Subquery

COUNT_LIMIT = 10_000


class CountUpToLimit(Subquery):
    """How many rows there are, never more than COUNT_LIMIT + 1, as a column of another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet) -> None:
        super().__init__(_up_to_limit(rows.values("pk")))


def count_up_to_limit(rows: QuerySet) -> int:
    """How many rows there are, never more than COUNT_LIMIT + 1."""
    return _up_to_limit(rows).count()


def count_in_words(count: int) -> str:
    """Such as "1,250" or "10,000+"."""
    return f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}"


def _up_to_limit(rows: QuerySet) -> QuerySet:
    return rows.order_by()[: COUNT_LIMIT + 1]
