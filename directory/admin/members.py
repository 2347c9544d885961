"""Directory entries and project teams: levels, and the privilege, which changes only through decisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from directory import membership, privilege
from directory.access import PRIVILEGE
from directory.admin.patterns import Decision, DecisionAdmin, FixedOnceSaved
from directory.models import CompanyMember, Level, ProjectMember

GRANT = Decision(
    name="grant",
    label=f"Grant {PRIVILEGE}",
    question=f"Who is listed below may then accept, reject and unlink in accounting ('{PRIVILEGE}').",
    done=f"{{row}} now has '{PRIVILEGE}'.",
    perform=lambda row, by, reason, now: privilege.grant_privilege(member=row, by=by, reason=reason, now=now),
    applies_to=lambda row: not row.can_push_to_accounting,
)
REVOKE = Decision(
    name="revoke",
    label=f"Revoke {PRIVILEGE}",
    question=f"Who is listed below can then no longer accept, reject or unlink in accounting ('{PRIVILEGE}').",
    done=f"{{row}} no longer has '{PRIVILEGE}'.",
    perform=lambda row, by, reason, now: privilege.revoke_privilege(member=row, by=by, reason=reason, now=now),
    applies_to=lambda row: row.can_push_to_accounting,
)


@admin.register(CompanyMember)
class CompanyMemberAdmin(FixedOnceSaved, DecisionAdmin):
    decisions = (GRANT, REVOKE)
    fixed_fields = ("company", "user")
    list_display = ["user", "company", "erp_integrations_level", "can_push_to_accounting", "created_at"]
    list_filter = ["company", "erp_integrations_level", "can_push_to_accounting", "user__is_active"]
    list_select_related = ["user", "company"]
    search_fields = ["user__name", "user__email", "company__name"]
    autocomplete_fields = ["company", "user"]
    fields = ["company", "user", "erp_integrations_level", "privilege"]
    readonly_fields = ["privilege"]

    @admin.display(description=PRIVILEGE)
    def privilege(self, member: CompanyMember) -> str:
        if not member.can_push_to_accounting:
            return f"No. Granted with the button 'Grant {PRIVILEGE}', by staff with the permission."
        return f"Yes. Revoke it with the button 'Revoke {PRIVILEGE}' before removing the entry."

    def save_model(self, request: HttpRequest, obj: CompanyMember, form: Any, change: bool) -> None:
        level, who = Level(obj.erp_integrations_level), _by(request)
        if change:
            membership.change_company_level(member=obj, level=level, **who)
            return
        saved = membership.add_company_member(company=obj.company, user=obj.user, level=level, **who)
        obj.pk = saved.pk

    def has_delete_permission(self, request: HttpRequest, obj: CompanyMember | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.can_push_to_accounting)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        teams = ProjectMember.objects.filter(user__in=[o.user_id for o in objs], project__company=objs[0].company_id)
        what = [str(entry) for entry in objs] + [f"Project team: {team.project}" for team in teams]
        return what, {"directory entries": len(objs), "project team members": len(teams)}, set(), []

    def delete_model(self, request: HttpRequest, obj: CompanyMember) -> None:
        membership.remove_company_member(member=obj, **_by(request))


class ProjectMemberForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        project, user = cleaned.get("project"), cleaned.get("user")
        if project and user and not CompanyMember.objects.filter(company=project.company_id, user=user).exists():
            raise ValidationError({"user": str(membership.not_in_company(user, project.company))})
        return cleaned


@admin.register(ProjectMember)
class ProjectMemberAdmin(FixedOnceSaved):
    form = ProjectMemberForm
    fixed_fields = ("project", "user")
    actions = None
    list_display = ["user", "project", "company", "commitments_level"]
    list_filter = ["project__company", "commitments_level"]
    list_select_related = ["user", "project__company"]
    search_fields = ["user__name", "user__email", "project__number", "project__name"]
    autocomplete_fields = ["project", "user"]
    fields = ["project", "user", "commitments_level"]

    @admin.display(ordering="project__company__name")
    def company(self, team_member: ProjectMember) -> str:
        return team_member.project.company.name

    def save_model(self, request: HttpRequest, obj: ProjectMember, form: Any, change: bool) -> None:
        level, who = Level(obj.commitments_level), _by(request)
        if change:
            membership.change_commitments_level(team_member=obj, level=level, **who)
            return
        obj.pk = membership.add_project_member(project=obj.project, user=obj.user, level=level, **who).pk

    def delete_model(self, request: HttpRequest, obj: ProjectMember) -> None:
        membership.remove_project_member(team_member=obj, **_by(request))


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"by": request.user, "now": timezone.now()}
