"""The search and filters of the company's lists, in their addresses: of what is synced, and of exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet

from commitments.models import Commitment, Vendor
from directory.models import Company, Project, User
from erpintegrations.connectors import Wording
from erpintegrations.models import GONE, Export, Presence, SyncLink
from erpintegrations.selectors.link_search import with_words
from erpintegrations.selectors.spellings import anywhere
from erpintegrations.web.widgets import LongSelect

CAN_BE_UNLINKED = "can-be-unlinked"
CANNOT_BE_DELETED = "cannot-be-deleted"
DRIFTED = "drifted"
LISTED = 300
LONGEST_SEARCH = 100


class ListFilter(django_filters.FilterSet):
    """What all filtered lists share: a search. `has_problem` says that the address cannot be understood."""

    searched: ClassVar[tuple[str, ...]] = ()
    placeholder: ClassVar[str] = ""

    q = django_filters.CharFilter(label="Search", method="search", max_length=LONGEST_SEARCH)

    def __init__(self, data: Mapping[str, Any], queryset: QuerySet[Any]) -> None:
        super().__init__(data, queryset)
        self.filters["q"].extra["widget"] = forms.TextInput(
            attrs={"type": "search", "placeholder": f"{self.placeholder}, …"}
        )

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.filters)

    @property
    def has_problem(self) -> bool:
        return not self.form.is_valid()

    def problem(self) -> str:
        """Which filters of the address were left out, in a sentence."""
        return (
            f"This filter in the address cannot be understood and was left out: {self.problem_labels}. Choose it anew "
            "below."
        )

    @property
    def problem_labels(self) -> str:
        """Which filters of the address cannot be understood, by their labels; empty when all can."""
        return ", ".join(str(self.filters[name].label) for name in self.form.errors)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By what can be understood of the address; a list that is too long is better than none."""
        for name, value in self.form.cleaned_data.items():
            queryset = self.filters[name].filter(queryset, value)
        return queryset

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word must occur somewhere."""
        for word in value.split():
            rows = rows.filter(anywhere(word, self.searched))
        return rows


class CompanyListFilter(ListFilter):
    """What the lists of a company's commitments share."""

    searched = ("number", "title", "vendor_name", "project_name", "erp_number")
    placeholder = "Number, title"

    type = django_filters.ChoiceFilter(
        label="Type", field_name="kind", choices=Commitment.Kind.choices, empty_label="Any type"
    )
    project = django_filters.ChoiceFilter(label="Project", field_name="project_id", empty_label="Any project")

    def __init__(self, data: Mapping[str, Any], queryset: QuerySet[Any], *, company: Company) -> None:
        super().__init__(data, queryset)
        self._offer("project", Project.objects.filter(company=company))

    def _offer(self, name: str, options: QuerySet[Any]) -> None:
        """The first of them by name; one that the address asks for is always among them."""
        label = "name"
        offered = {str(pk): text for pk, text in options.order_by(label, "id").values_list("id", label)[:LISTED]}
        chosen = str(self.data.get(name, ""))
        if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19 and chosen not in offered:
            offered |= {str(pk): text for pk, text in options.filter(pk=chosen).values_list("id", label)}
        choices = list(offered.items())
        # By a function, since Django copies a list of hundreds, pair by pair, each time it copies the field.
        self.filters[name].extra |= {"choices": lambda: choices, "widget": LongSelect}
        if len(offered) >= LISTED:
            self.filters[name].extra["help_text"] = f"The first {LISTED} are listed. Search finds the others."


class SyncedFilter(CompanyListFilter):
    """Filters a company's open links."""

    state = django_filters.ChoiceFilter(label="State", method="by_state", empty_label="Any state")
    vendor = django_filters.ChoiceFilter(label="Vendor", field_name="vendor_id", empty_label="Any vendor")

    class Meta:
        model = SyncLink
        fields: tuple[str, ...] = ()

    def __init__(
        self, data: Mapping[str, Any], queryset: QuerySet[SyncLink], *, company: Company, wording: Wording
    ) -> None:
        self.reads_all = False
        super().__init__(data, queryset, company=company)
        for name in ("state", "type", "project", "vendor"):
            self.filters.move_to_end(name)
        self.filters["state"].label = f"State in {wording.short_label}"
        self.filters["state"].extra["choices"] = state_choices(wording)
        self._offer("vendor", Vendor.objects.filter(company=company))

    def search(self, rows: QuerySet[SyncLink], name: str, value: str) -> QuerySet[SyncLink]:
        """Every word must occur somewhere; an index finds it, or `reads_all` says that none did."""
        found = with_words(rows, value.split())
        self.reads_all = bool(value) and not found.by_index
        return found.links

    def by_state(self, rows: QuerySet[SyncLink], name: str, value: str) -> QuerySet[SyncLink]:
        # That they are not present says nothing new, but names the index that these few have.
        others = rows.exclude(presence=Presence.PRESENT)
        if value == CAN_BE_UNLINKED:
            return others.filter(presence__in=GONE)
        if value == CANNOT_BE_DELETED:
            return rows.filter(presence=Presence.PRESENT).exclude(invoiced_amount=0, changed_amount=0)
        if value == DRIFTED:
            return rows.filter(has_drifted=True)
        return (rows if value == Presence.PRESENT else others).filter(presence=value)


class ExportFilter(CompanyListFilter):
    """Filters a company's exports that are in one of a list's states."""

    sender = django_filters.ChoiceFilter(label="Sent by", field_name="sent_by_id", empty_label="Anybody")

    class Meta:
        model = Export
        fields: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, Any], queryset: QuerySet[Export], *, company: Company) -> None:
        super().__init__(data, queryset, company=company)
        self._offer("sender", User.objects.filter(company_memberships__company=company))


def state_choices(wording: Wording) -> list[tuple[str, str]]:
    erp = wording.short_label
    return [
        (CAN_BE_UNLINKED, "Can be unlinked"),
        (Presence.PRESENT, f"In {erp}"),
        (CANNOT_BE_DELETED, f"{erp} forbids deletion"),
        (DRIFTED, "Drifted"),
        (Presence.DELETED, "Deleted"),
        (Presence.VOIDED, "Voided"),
        (Presence.PURGED, "Purged with its job"),
        (Presence.UNKNOWN, "Not looked at yet"),
    ]
