"""Tool levels, and who leaves a company: each change recorded. Django admin and the set-up call these."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from directory.access import PRIVILEGE
from directory.activity import BATCH_SIZE, Entry, record, record_many
from directory.models import Company, CompanyMember, Level, Project, ProjectMember, SubjectType, User, Verb
from directory.refusals import Refusal

NO_MEMBER = "Not a member"


class NotInCompany(Refusal):
    """Only people of the company can be on its projects' teams."""

    code = "not_in_company"


class StillHasPrivilege(Refusal):
    """The privilege is revoked, with a reason, before a person leaves the company."""

    code = "still_has_privilege"


def not_in_company(user: User, company: Company) -> NotInCompany:
    """The refusal in words, for the form and the service alike."""
    return NotInCompany(
        f"{user.name} is not in the directory of {company.name}.",
        remedy="Add a directory entry for them first, then add them to the project.",
    )


@transaction.atomic
def add_company_member(
    *, company: Company, user: User, level: Level, by: User, now: datetime.datetime
) -> CompanyMember:
    """This function will enter a person in a company's directory. Raises IntegrityError when they are in it already."""
    member = CompanyMember.objects.create(company=company, user=user, erp_integrations_level=level, created_at=now)
    _record_level(member, "erp_integrations_level", NO_MEMBER, level, by, now)
    return member


@transaction.atomic
def change_company_level(*, member: CompanyMember, level: Level, by: User, now: datetime.datetime) -> CompanyMember:
    """This function will set a person's level on ERP Integrations; the same level changes nothing."""
    member = CompanyMember.objects.select_for_update(of=("self",)).select_related("user", "company").get(pk=member.pk)
    before = Level(member.erp_integrations_level)
    if before != level:
        CompanyMember.objects.filter(pk=member.pk).update(erp_integrations_level=level)
        member.erp_integrations_level = level
        _record_level(member, "erp_integrations_level", before, level, by, now)
    return member


@transaction.atomic
def remove_company_member(*, member: CompanyMember, by: User, now: datetime.datetime) -> None:
    """This function will take a person out of a company's directory and off its projects' teams.

    Raises StillHasPrivilege.
    """
    member = CompanyMember.objects.select_for_update(of=("self",)).select_related("user", "company").get(pk=member.pk)
    if member.can_push_to_accounting:
        raise StillHasPrivilege(
            f"{member} still has the privilege '{PRIVILEGE}'.", remedy="Revoke it first, then remove the entry."
        )
    for team_member in ProjectMember.objects.filter(user=member.user, project__company=member.company):
        remove_project_member(team_member=team_member, by=by, now=now)
    _record_level(member, "erp_integrations_level", Level(member.erp_integrations_level), NO_MEMBER, by, now)
    member.delete()


@transaction.atomic
def add_project_member(
    *, project: Project, user: User, level: Level, by: User, now: datetime.datetime
) -> ProjectMember:
    """This function will add a person to a project's team. Raises NotInCompany, IntegrityError when they are on it."""
    entries = CompanyMember.objects.select_related("user", "company")
    member = entries.filter(company=project.company_id, user=user).first()
    if member is None:
        raise not_in_company(user, project.company)
    team_member = ProjectMember.objects.create(project=project, user=user, commitments_level=level)
    _record_level(member, "commitments_level", NO_MEMBER, level, by, now, project)
    return team_member


@transaction.atomic
def join_projects(
    *, projects: Sequence[Project], member: CompanyMember, level: Level, by: User, now: datetime.datetime
) -> int:
    """This function will put a person on the teams of their company's projects, in few statements, and say of how many.

    Where they are on it already, they keep the level that they have.
    """
    member = CompanyMember.objects.select_for_update(of=("self",)).select_related("user", "company").get(pk=member.pk)
    theirs = ProjectMember.objects.filter(user=member.user, project__company=member.company)
    already = set(theirs.values_list("project_id", flat=True))
    new = [project for project in projects if project.company_id == member.company_id and project.pk not in already]
    ProjectMember.objects.bulk_create(
        (ProjectMember(project=project, user=member.user, commitments_level=level) for project in new),
        batch_size=BATCH_SIZE,
    )
    record_many(_level_entry(member, "commitments_level", NO_MEMBER, level, by, now, project) for project in new)
    return len(new)


@transaction.atomic
def change_commitments_level(
    *, team_member: ProjectMember, level: Level, by: User, now: datetime.datetime
) -> ProjectMember:
    """This function will set a person's level on a project's Commitments tool; the same level changes nothing."""
    team_member = _locked_team_member(team_member)
    before = Level(team_member.commitments_level)
    if before != level:
        ProjectMember.objects.filter(pk=team_member.pk).update(commitments_level=level)
        team_member.commitments_level = level
        _record_level(_entry_of(team_member), "commitments_level", before, level, by, now, team_member.project)
    return team_member


@transaction.atomic
def remove_project_member(*, team_member: ProjectMember, by: User, now: datetime.datetime) -> None:
    """This function will take a person off a project's team."""
    team_member = _locked_team_member(team_member)
    before = Level(team_member.commitments_level)
    _record_level(_entry_of(team_member), "commitments_level", before, NO_MEMBER, by, now, team_member.project)
    team_member.delete()


def _locked_team_member(team_member: ProjectMember) -> ProjectMember:
    locked = ProjectMember.objects.select_for_update(of=("self",))
    return locked.select_related("user", "project__company").get(pk=team_member.pk)


def _entry_of(team_member: ProjectMember) -> CompanyMember:
    """Their directory entry; a team member without one, which nobody can make here, is refused in words."""
    company = team_member.project.company
    entries = CompanyMember.objects.select_related("user", "company")
    member = entries.filter(company=company, user=team_member.user).first()
    if member is None:
        raise not_in_company(team_member.user, company)
    return member


def _record_level(
    member: CompanyMember,
    field: str,
    before: Level | str,
    after: Level | str,
    by: User,
    now: datetime.datetime,
    project: Project | None = None,
) -> None:
    record(_level_entry(member, field, before, after, by, now, project))


def _level_entry(
    member: CompanyMember,
    field: str,
    before: Level | str,
    after: Level | str,
    by: User,
    now: datetime.datetime,
    project: Project | None,
) -> Entry:
    return Entry(
        company_id=member.company_id,
        project_id=project.pk if project else None,
        verb=Verb.LEVEL_CHANGED,
        subject_type=SubjectType.MEMBER,
        subject_id=member.pk,
        subject_label=f"{member}, {project}" if project else str(member),
        at=now,
        actor=by,
        before={field: _words(before)},
        after={field: _words(after)},
    )


def _words(level: Level | str) -> Any:
    return str(level.label) if isinstance(level, Level) else level
