"""The company's history: filtered, in order, for the page and for the CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.forms import DateInput
from django.utils import timezone

from directory.models import Activity, Company, Project, SubjectType, User, Verb

CSV_HEADINGS = [
    "Entry", "When (UTC)", "What", "Kind of thing", "Thing", "Project", "Who", "Why", "Before", "After", "Sync run",
]  # fmt: skip
# Spreadsheets run a cell that begins with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


DAY = DateInput(attrs={"type": "date"})


class HistoryFilter(django_filters.FilterSet):
    """What the history can be narrowed down by; each filter has an index that ends in the entry's id."""

    verb = django_filters.ChoiceFilter(label="What happened", choices=Verb.choices, empty_label="Anything")
    actor = django_filters.ModelChoiceFilter(label="Who", queryset=User.objects.none(), empty_label="Anybody")
    project = django_filters.ModelChoiceFilter(label="Project", queryset=Project.objects.none(), empty_label="Any")
    since = django_filters.DateFilter(label="From", field_name="at", lookup_expr="date__gte", widget=DAY)
    until = django_filters.DateFilter(label="To", field_name="at", lookup_expr="date__lte", widget=DAY)

    class Meta:
        model = Activity
        fields: list[str] = []

    def __init__(self, data: Any, *, company: Company) -> None:
        entries = Activity.objects.filter(company=company).select_related("project")
        super().__init__(data, queryset=entries)
        self.filters["actor"].queryset = User.objects.filter(company_memberships__company=company)
        self.filters["project"].queryset = Project.objects.filter(company=company)


def commitment_history(company: Company, commitment_id: int) -> QuerySet[Activity]:
    """All that ever happened to one commitment, newest first; it outlives the commitment."""
    return Activity.objects.filter(
        company=company, subject_type=SubjectType.COMMITMENT, subject_id=commitment_id
    ).order_by("-id")


def csv_lines(entries: QuerySet[Activity]) -> Iterator[str]:
    """The entries as CSV, a line at a time, in a memory that does not grow with their number."""
    writer = csv.writer(_Line())
    yield writer.writerow(CSV_HEADINGS)
    for entry in entries.order_by("-id").iterator(chunk_size=2000):
        yield writer.writerow([_safe(cell) for cell in _cells(entry)])


class _Line:
    """A file for `csv.writer` that hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _cells(entry: Activity) -> list[Any]:
    return [
        entry.pk,
        timezone.localtime(entry.at, timezone.get_fixed_timezone(0)).strftime("%Y-%m-%d %H:%M:%S"),
        entry.get_verb_label(),
        SubjectType(entry.subject_type).label if entry.subject_type in SubjectType.values else entry.subject_type,
        entry.subject_label,
        str(entry.project or ""),
        entry.actor_label,
        entry.reason,
        _json(entry.before),
        _json(entry.after),
        entry.sync_run_id or "",
    ]


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
