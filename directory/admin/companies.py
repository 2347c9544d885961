"""Companies and their projects. Neither is ever deleted: commitments and the history hang on them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from directory.admin.patterns import FixedOnceSaved, ShownOnly
from directory.membership import join_projects
from directory.models import Company, CompanyMember, Level, Project, ProjectMember, User


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


class TeamForm(forms.Form):
    """Who is added to the teams of a company's projects, at which level."""

    member = forms.ModelChoiceField(CompanyMember.objects.none(), label="Person")
    level = forms.TypedChoiceField(
        label="Commitments", choices=[each for each in Level.choices if each[0] != Level.NONE], coerce=int
    )

    def __init__(self, *args: Any, company_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = CompanyMember.objects.filter(company=company_id).select_related("user", "company")
        self.fields["member"].queryset = members.order_by("user__name")  # type: ignore[attr-defined]


@admin.register(Project)
class ProjectAdmin(FixedOnceSaved):
    actions = ["add_to_teams"]
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

    def has_add_to_teams_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("directory.add_projectmember"))

    @admin.action(description="Add a person to the project teams", permissions=["add_to_teams"])
    def add_to_teams(self, request: HttpRequest, queryset: QuerySet[Project]) -> HttpResponse | None:
        """Asks for whom, and adds them; all the projects of a company at once if need be."""
        companies = list(queryset.order_by().values_list("company", flat=True).distinct())
        if len(companies) != 1:
            messages.error(request, "Select projects of one company at a time. Nothing was changed.")
            return None
        form = TeamForm(request.POST if "add" in request.POST else None, company_id=companies[0])
        if form.is_valid():
            member, level = form.cleaned_data["member"], Level(form.cleaned_data["level"])
            projects, by = list(queryset), cast(User, request.user)
            added = join_projects(projects=projects, member=member, level=level, by=by, now=timezone.now())
            already = f" On {len(projects) - added} they were already; their level there stays." * (
                added < len(projects)
            )
            messages.success(request, f"{member.user.name} was added to {added} project teams.{already}")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Add a person to the project teams",
            "opts": self.opts,
            "form": form,
            "count": queryset.count(),
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/directory/add_to_teams.html", context)
