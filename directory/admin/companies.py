"""Companies and their projects. Neither is ever deleted: commitments and the history hang on them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from directory.admin.patterns import FixedOnceSaved, ShownOnly
from directory.models import Company, CompanyMember, Project, ProjectMember


class CompanyMemberInline(ShownOnly, admin.TabularInline):
    model = CompanyMember
    fields = ["user", "erp_integrations_level", "can_push_to_accounting"]
    readonly_fields = ["can_push_to_accounting"]
    show_change_link = True
    extra = 0
    verbose_name_plural = "directory entries (added and changed under Directory entries)"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "company")


class ProjectMemberInline(ShownOnly, admin.TabularInline):
    model = ProjectMember
    fields = ["user", "commitments_level"]
    show_change_link = True
    extra = 0
    verbose_name_plural = "project team (added and changed under Project team members)"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "project")


@admin.register(Company)
class CompanyAdmin(FixedOnceSaved):
    fixed_fields = ("slug",)
    actions = None
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug"]
    inlines = [CompanyMemberInline]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ["name"]}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Project)
class ProjectAdmin(FixedOnceSaved):
    actions = None
    list_display = ["number", "name", "company", "created_at"]
    list_display_links = ["number", "name"]
    list_filter = ["company"]
    list_select_related = ["company"]
    search_fields = ["number", "name"]
    autocomplete_fields = ["company"]
    fields = ["company", "number", "name"]
    inlines = [ProjectMemberInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
