"""The cast and the stage that every test shares. Fixtures for one subject live in that subject's own conftest."""

from __future__ import annotations

import os
import shutil
import threading

import pytest
from django.contrib.auth.models import Permission
from django.db import close_old_connections
from django.db import connection as database

from directory.access import CompanyAccess, access_for
from directory.models import Company, Level, Project, User
from erpintegrations.models import ErpConnection
from tests.connectors.builder import SageCompany
from tests.factories import (
    CompanyFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ProjectFactory,
    ProjectMemberFactory,
    UserFactory,
)

# Playwright's synchronous interface runs an event loop in the thread that also uses the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_NAMES = [os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no database file behind."""
    from tests.settings import TEST_DIRECTORY

    shutil.rmtree(TEST_DIRECTORY, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests where there is no Chromium; with CI=true they run, and fail, instead."""
    if os.environ.get("CI") == "true" or any(map(shutil.which, CHROMIUM_NAMES)):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="Chromium is missing; CHROMIUM can name one"))


# ---- The database ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """On SQLite a transactional test is cleaned up with DELETE, which the history refuses: lift that for the tests.

    `tests/services/test_history_is_append_only.py` proves the trigger. PostgreSQL cleans up with TRUNCATE.
    """
    with django_db_blocker.unblock():
        if database.vendor == "sqlite":
            with database.cursor() as cursor:
                cursor.execute("DROP TRIGGER IF EXISTS activity_refuses_delete")


@pytest.fixture
def at_once():
    """Does several things at the same moment, each on a database connection of its own: their results or errors."""

    def run(*actions):
        results = [None] * len(actions)
        barrier = threading.Barrier(len(actions))

        def work(place, action):
            try:
                barrier.wait(10)
                results[place] = action()
            except Exception as error:
                results[place] = error
            finally:
                close_old_connections()
                database.close()

        threads = [threading.Thread(target=work, args=item) for item in enumerate(actions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    return run


# ---- The cast, with the rights of the sample sign-ins ----------------------------------------------------------------


@pytest.fixture
def company(db) -> Company:
    return CompanyFactory(name="Harbor Point Builders", slug="harbor-point")


@pytest.fixture
def project(company) -> Project:
    """The project that the cast works on."""
    return ProjectFactory(company=company, number="2401", name="Riverside Clinic")


def _person(project: Project, name: str, *, commitments: Level, erp: Level, privilege: bool = False, **user) -> User:
    person = UserFactory(name=name, **user)
    CompanyMemberFactory(
        company=project.company, user=person, erp_integrations_level=erp, can_push_to_accounting=privilege
    )
    ProjectMemberFactory(project=project, user=person, commitments_level=commitments)
    return person


@pytest.fixture
def approver(project) -> User:
    """May unlink: Admin on Commitments, Standard on ERP Integrations, and the privilege."""
    return _person(
        project,
        "Ada Approver",
        email="approver@example.com",
        commitments=Level.ADMIN,
        erp=Level.STANDARD,
        privilege=True,
    )


@pytest.fixture
def manager(project) -> User:
    """Lacks nothing but the privilege."""
    return _person(project, "Max Manager", email="manager@example.com", commitments=Level.ADMIN, erp=Level.STANDARD)


@pytest.fixture
def accountant(project) -> User:
    """Has the privilege and Standard, but Read Only on Commitments."""
    return _person(
        project,
        "Anna Accountant",
        email="accountant@example.com",
        commitments=Level.READ_ONLY,
        erp=Level.STANDARD,
        privilege=True,
    )


@pytest.fixture
def viewer(project) -> User:
    return _person(project, "Vic Viewer", email="viewer@example.com", commitments=Level.READ_ONLY, erp=Level.READ_ONLY)


@pytest.fixture
def staff(db) -> User:
    """Belongs to no company: works in the admin alone, and may grant the privilege there."""
    person = UserFactory(name="Stan Staff", email="staff@example.com", is_staff=True)
    person.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="directory",
            codename__in=[
                "grant_can_push_to_accounting",
                "view_companymember",
                "change_companymember",
                "view_privilegerequest",
                "change_privilegerequest",
            ],
        )
    )
    return person


@pytest.fixture
def admin(project) -> User:
    """May everything, here and in the admin."""
    return _person(
        project,
        "Alma Admin",
        email="admin@example.com",
        commitments=Level.ADMIN,
        erp=Level.ADMIN,
        privilege=True,
        is_staff=True,
        is_superuser=True,
    )


@pytest.fixture
def access_of(company):
    """What somebody may do in the company, freshly read: `access_of(approver)`."""

    def read(person: User) -> CompanyAccess:
        access = access_for(person, company)
        assert access is not None, f"{person.name} does not belong to {company.name}"
        return access

    return read


# ---- The ERP: a real company file, read by the real connector --------------------------------------------------------


@pytest.fixture
def sage_company(tmp_path) -> SageCompany:
    """A Sage company; `sage_company.path` is its file. It has a record of its own: an empty one proves nothing."""
    sage = SageCompany(tmp_path / "harbor-point.sqlite3")
    sage.add_subcontract("OTHER", sage.add_job("Another job"))
    return sage


@pytest.fixture
def connection(company, sage_company) -> ErpConnection:
    """The company's connection to `sage_company`, which has answered it before."""
    made = ErpConnectionFactory(company=company, database_url=sage_company.database_url)
    identity = made.connector().identity()
    made.server, made.database, made.erp_company = identity.server, identity.database, identity.company
    made.save()
    return made
