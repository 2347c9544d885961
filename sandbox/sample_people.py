"""The sample company's people and what each may do. Their password opens nothing outside the sandbox."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.contrib.auth.models import Permission

from directory.membership import add_company_member, add_project_member
from directory.models import Company, Level, User
from directory.privilege import grant_privilege
from directory.sample_accounts import SAMPLE_PASSWORD

WHY_GRANTED = "Approves commitments for accounting."


@dataclass(frozen=True, slots=True)
class Person:
    """`erp` and `commitments` are None for somebody who does not belong to the company."""

    email: str
    name: str
    erp: Level | None
    commitments: Level | None
    has_privilege: bool = False


PEOPLE = (
    Person("approver@example.com", "Alex Rivera", Level.STANDARD, Level.ADMIN, has_privilege=True),
    Person("manager@example.com", "Morgan Chen", Level.STANDARD, Level.ADMIN),
    Person("accountant@example.com", "Dana Whitfield", Level.STANDARD, Level.READ_ONLY, has_privilege=True),
    Person("viewer@example.com", "Sam Okafor", Level.READ_ONLY, Level.READ_ONLY),
    Person("staff@example.com", "Robin Castellano", None, None),
    Person("admin@example.com", "Jordan Pike", Level.ADMIN, Level.ADMIN, has_privilege=True),
)
STAFF, ADMIN = "staff@example.com", "admin@example.com"


def add_people(company: Company, *, now: datetime.datetime) -> User:
    """This function will add everybody and give the administrator. Their rights are granted by staff, and recorded."""
    accounts = {person.email: _account(person, now) for person in PEOPLE}
    staff = accounts[STAFF]
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="directory"))
    projects = list(company.projects.all())
    for person in PEOPLE:
        if person.erp is None or person.commitments is None:
            continue
        user = accounts[person.email]
        member = add_company_member(company=company, user=user, level=person.erp, by=staff, now=now)
        for project in projects:
            add_project_member(project=project, user=user, level=person.commitments, by=staff, now=now)
        if person.has_privilege:
            grant_privilege(member=member, by=staff, reason=WHY_GRANTED, now=now)
    return accounts[ADMIN]


def _account(person: Person, now: datetime.datetime) -> User:
    return User.objects.create_user(
        person.email,
        SAMPLE_PASSWORD,
        name=person.name,
        is_staff=person.email in (STAFF, ADMIN),
        is_superuser=person.email == ADMIN,
        created_at=now,
    )
