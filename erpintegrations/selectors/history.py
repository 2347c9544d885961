"""The company's history: filtered, in order, for the page and for its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import DateInput

from commitments.models import Commitment
from directory.models import Activity, Company, Project, SubjectType, User, Verb
from erpintegrations.models import Export, SyncLink
from erpintegrations.selectors.keyset import every_row
from erpintegrations.selectors.stories import changes_of, who_of
from erpintegrations.spreadsheets import Cell

HEADINGS = [
    "Entry", "When (UTC)", "What", "Kind of thing", "Thing", "Project", "Who", "Why", "Before", "After", "Sync run",
]  # fmt: skip
BY_ITSELF = "ERP Integrations itself"
DAY = DateInput(attrs={"type": "date"})


class HistoryFilter(django_filters.FilterSet):
    """What the history can be narrowed down by; each filter ends in an index of the entries by id."""

    number = django_filters.CharFilter(label="Commitment's number", method="about_number", max_length=100)
    verb = django_filters.ChoiceFilter(label="What happened", choices=Verb.choices, empty_label="Anything")
    actor = django_filters.ModelChoiceFilter(
        label="Who", queryset=User.objects.none(), empty_label="Anybody", null_label=BY_ITSELF
    )
    project = django_filters.ModelChoiceFilter(label="Project", queryset=Project.objects.none(), empty_label="Any")
    since = django_filters.DateFilter(label="From", field_name="at", lookup_expr="date__gte", widget=DAY)
    until = django_filters.DateFilter(label="To", field_name="at", lookup_expr="date__lte", widget=DAY)

    class Meta:
        model = Activity
        fields: list[str] = []

    def __init__(self, data: Any, *, company: Company) -> None:
        entries = Activity.objects.filter(company=company).select_related("project")
        self.company = company
        super().__init__(data, queryset=entries)
        self.filters["actor"].queryset = people_of(company)
        self.filters["project"].queryset = Project.objects.filter(company=company)

    def about_number(self, entries: QuerySet[Activity], name: str, number: str) -> QuerySet[Activity]:
        """All entries of commitments that have, or had, this number, here or in the ERP; also of deleted ones."""
        ids = commitments_numbered(self.company, number.strip())
        return entries.filter(subject_type=SubjectType.COMMITMENT, subject_id__in=ids)

    @property
    def problem(self) -> str:
        """Which filters of the address cannot be understood, by their labels; empty when all can."""
        return ", ".join(str(self.filters[name].label) for name in self.form.errors)


def commitments_numbered(company: Company, number: str) -> set[int]:
    """The ids of commitments that have this number, had it when they were deleted, or were linked or exported under it.

    Four queries.
    """
    ours, theirs = Q(number__iexact=number), Q(erp_number__iexact=number)
    labels = (Q(subject_label__istartswith=f"{kind} {number} ") for kind in Commitment.Kind.labels)
    deleted = Activity.objects.filter(reduce(or_, labels), company=company, verb=Verb.COMMITMENT_DELETED)
    found = [
        Commitment.objects.filter(ours, company=company).values_list("pk", flat=True),
        SyncLink.objects.filter(ours | theirs, company=company).values_list("commitment_id", flat=True),
        Export.objects.filter(ours | theirs, company=company).values_list("commitment_id", flat=True),
        deleted.values_list("subject_id", flat=True),
    ]
    return {pk for pks in found for pk in pks if pk is not None}


def people_of(company: Company) -> QuerySet[User]:
    """Everybody who has ever acted in the company, also who has left it since."""
    acted = Activity.objects.filter(company=company, actor=OuterRef("pk"))
    return User.objects.filter(Exists(acted)).order_by("name", "id")


def commitment_history(company: Company, commitment_id: int) -> QuerySet[Activity]:
    """All that ever happened to one commitment, newest first; it outlives the commitment."""
    return Activity.objects.filter(
        company=company, subject_type=SubjectType.COMMITMENT, subject_id=commitment_id
    ).order_by("-id")


def table_of(entries: QuerySet[Activity]) -> Iterator[list[Cell]]:
    """The entries as rows under HEADINGS, newest first."""
    return (_cells(entry) for entry in every_row(entries, descending=True))


def _cells(entry: Activity) -> list[Cell]:
    changes = changes_of(entry)
    return [
        entry.pk,
        entry.at,
        entry.get_verb_label(),
        SubjectType(entry.subject_type).label if entry.subject_type in SubjectType.values else entry.subject_type,
        entry.subject_label,
        str(entry.project or ""),
        who_of(entry),
        entry.reason,
        _side((label, before) for label, before, _ in changes),
        _side((label, after) for label, _, after in changes),
        entry.sync_run_id or "",
    ]


def _side(values: Iterable[tuple[str, str | None]]) -> str:
    """Such as "State in the ERP: Deleted; ERP status: Synced"."""
    return "; ".join(f"{label}: {value}" for label, value in values if value is not None)
