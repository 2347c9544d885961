"""The history, to be looked at. The database itself refuses to change it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from directory.admin.patterns import ShownOnly
from directory.models import Activity, Verb


class VerbFilter(admin.SimpleListFilter):
    title = "what happened"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Verb.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() in Verb.values else queryset


@admin.register(Activity)
class ActivityAdmin(ShownOnly, admin.ModelAdmin):
    actions = None
    list_display = ["at", "company", "what", "subject_label", "actor_label", "reason"]
    list_display_links = ["at", "what"]
    list_filter = ["company", VerbFilter]
    list_select_related = ["company"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["subject_label", "actor_label"]
    fields = [
        "at", "company", "project", "what", "subject_label", "actor_label", "reason", "before", "after", "sync_run_id",
        "request_id",
    ]  # fmt: skip

    @admin.display(description="What happened")
    def what(self, entry: Activity) -> str:
        return entry.get_verb_label()
