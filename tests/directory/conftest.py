"""The cast of the Company Directory's tests."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from directory.access import access_for
from directory.models import Company, CompanyMember, Level, User
from tests.factories import CompanyFactory, CompanyMemberFactory, UserFactory


def permission(codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label="directory", codename=codename)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def company() -> Company:
    return CompanyFactory(name="Northwind Builders", slug="northwind")


@pytest.fixture
def member(company) -> CompanyMember:
    """Mia, who does not have the privilege."""
    mia = UserFactory(name="Mia Manager", email="mia@example.com")
    return CompanyMemberFactory(company=company, user=mia, erp_integrations_level=Level.STANDARD)


@pytest.fixture
def access(member):
    return access_for(member.user, member.company)


@pytest.fixture
def granter() -> User:
    """Staff who may grant the privilege, and keep the directory."""
    person = UserFactory(name="Gus Granter", email="gus@example.com", is_staff=True)
    names = ["grant_can_push_to_accounting"]
    names += [f"{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("companymember", "user")]
    names += [f"{verb}_projectmember" for verb in ("view", "add", "change", "delete")]
    person.user_permissions.set([permission(name) for name in names])
    return person


@pytest.fixture
def clerk() -> User:
    """Staff who keep the directory and see requests, but may not grant."""
    person = UserFactory(name="Cleo Clerk", email="cleo@example.com", is_staff=True)
    names = ["view_companymember", "change_companymember", "view_privilegerequest", "view_user", "change_user"]
    person.user_permissions.set([permission(name) for name in names])
    return person


@pytest.fixture
def superuser() -> User:
    return User.objects.create_superuser("root@example.com", "demo", name="Rita Root")


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def as_granter(granter) -> Client:
    return browser(granter)


@pytest.fixture
def as_clerk(clerk) -> Client:
    return browser(clerk)


@pytest.fixture
def as_superuser(superuser) -> Client:
    return browser(superuser)
