"""The search and filters of the set-up's lists of jobs, vendors and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet

from erpintegrations.connectors import Wording
from erpintegrations.models import FoundMaster
from erpintegrations.web.filters import ListFilter

GONE, PROBLEM = "gone", "problem"


class FoundFilter(ListFilter):
    """Filters what the ERP has of one kind. `statuses` are those of jobs; other kinds have none."""

    searched = ("erp_id", "name", "short_name")
    placeholder = "Number, name"

    state = django_filters.ChoiceFilter(label="State", method="by_state", empty_label="Any state")
    likeness = django_filters.ChoiceFilter(
        label="Suggestion", method="by_likeness", choices=FoundMaster.Likeness.choices, empty_label="With or without"
    )
    status = django_filters.ChoiceFilter(empty_label="Any status")

    class Meta:
        model = FoundMaster
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any], queryset: QuerySet[FoundMaster], *, wording: Wording, statuses: list[str]
    ) -> None:
        super().__init__(data, queryset)
        erp = wording.short_label
        self.filters["state"].extra["choices"] = [
            *FoundMaster.State.choices,
            (PROBLEM, "Could not be brought in"),
            (GONE, f"No longer in {erp}"),
        ]
        if statuses:
            self.filters["status"].label = f"Status in {erp}"
            self.filters["status"].extra["choices"] = [(status, status) for status in statuses]
        else:
            del self.filters["status"]

    def by_likeness(self, rows: QuerySet[FoundMaster], name: str, value: str) -> QuerySet[FoundMaster]:
        """What is brought in has ours, and needs no suggestion."""
        return rows.filter(likeness=value).exclude(state=FoundMaster.State.BROUGHT_IN)

    def by_state(self, rows: QuerySet[FoundMaster], name: str, value: str) -> QuerySet[FoundMaster]:
        if value == GONE:
            return rows.exclude(gone_at=None)
        if value == PROBLEM:
            return rows.exclude(problem="")
        return rows.filter(state=value)
