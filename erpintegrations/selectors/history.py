"""The company's history: filtered, in order, for the page and for the CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import DateInput
from django.utils import timezone

from directory.models import Activity, Company, Project, SubjectType, User, Verb
from erpintegrations.selectors.stories import changes_of, who_of

CSV_HEADINGS = [
    "Entry", "When (UTC)", "What", "Kind of thing", "Thing", "Project", "Who", "Why", "Before", "After", "Sync run",
]  # fmt: skip
BY_ITSELF = "ERP Integrations itself"
# Spreadsheets take a file without it for one of their own alphabet, and show ® as something else.
BYTE_ORDER_MARK = "\ufeff"
# Spreadsheets run a cell that begins with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


DAY = DateInput(attrs={"type": "date"})


class HistoryFilter(django_filters.FilterSet):
    """What the history can be narrowed down by; each filter has an index that ends in the entry's id."""

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
        super().__init__(data, queryset=entries)
        self.filters["actor"].queryset = people_of(company)
        self.filters["project"].queryset = Project.objects.filter(company=company)

    @property
    def problem(self) -> str:
        """Which filters of the address cannot be understood, by their labels; empty when all can."""
        return ", ".join(str(self.filters[name].label) for name in self.form.errors)


def people_of(company: Company) -> QuerySet[User]:
    """Everybody who has ever acted in the company, also who has left it since."""
    acted = Activity.objects.filter(company=company, actor=OuterRef("pk"))
    return User.objects.filter(Exists(acted)).order_by("name", "id")


def commitment_history(company: Company, commitment_id: int) -> QuerySet[Activity]:
    """All that ever happened to one commitment, newest first; it outlives the commitment."""
    return Activity.objects.filter(
        company=company, subject_type=SubjectType.COMMITMENT, subject_id=commitment_id
    ).order_by("-id")


def csv_lines(entries: QuerySet[Activity]) -> Iterator[str]:
    """The entries as CSV, a line at a time, in a memory that does not grow with their number."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow(CSV_HEADINGS)
    for entry in entries.order_by("-id").iterator(chunk_size=2000):
        yield writer.writerow([_safe(cell) for cell in _cells(entry)])


class _Line:
    """A file for `csv.writer` that hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _cells(entry: Activity) -> list[Any]:
    changes = changes_of(entry)
    return [
        entry.pk,
        timezone.localtime(entry.at, timezone.get_fixed_timezone(0)).strftime("%Y-%m-%d %H:%M:%S"),
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


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
