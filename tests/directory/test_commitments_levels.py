"""The levels on projects' Commitments: asked for when they are needed, and never one after another."""

from __future__ import annotations

import pytest

from directory.access import access_for
from directory.models import Level
from tests.factories import CompanyFactory, ProjectFactory, ProjectMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def projects(company, member):
    """Four of the company: Mia has Admin on the first two, Read Only on the third and nothing on the last."""
    made = [ProjectFactory(company=company) for _ in range(4)]
    for project, level in zip(made[:3], (Level.ADMIN, Level.ADMIN, Level.READ_ONLY), strict=True):
        ProjectMemberFactory(project=project, user=member.user, commitments_level=level)
    return made


def test_nothing_is_asked_until_a_level_is_needed(member, django_assert_num_queries):
    with django_assert_num_queries(1):
        access_for(member.user, member.company)


def test_those_of_a_page_are_loaded_together(access, projects, django_assert_num_queries):
    with django_assert_num_queries(1):
        access.commitments_levels.load(project.pk for project in projects)
        levels = [access.commitments_level(project.pk) for project in projects]
        access.commitments_levels.load([projects[0].pk])
    assert levels == [Level.ADMIN, Level.ADMIN, Level.READ_ONLY, Level.NONE]


def test_a_loop_asks_twice_however_many_there_are(access, projects, django_assert_num_queries):
    with django_assert_num_queries(2):
        levels = [access.commitments_level(project.pk) for project in projects]
    assert levels == [Level.ADMIN, Level.ADMIN, Level.READ_ONLY, Level.NONE]


def test_all_are_those_that_the_person_belongs_to(access, projects):
    access.commitments_levels.load([projects[3].pk])
    assert access.commitments_levels.all() == {
        projects[0].pk: Level.ADMIN,
        projects[1].pk: Level.ADMIN,
        projects[2].pk: Level.READ_ONLY,
    }


def test_a_project_of_another_company_counts_as_none(access, member):
    elsewhere = ProjectFactory(company=CompanyFactory())
    ProjectMemberFactory(project=elsewhere, user=member.user, commitments_level=Level.ADMIN)
    assert access.commitments_level(elsewhere.pk) == Level.NONE
    assert elsewhere.pk not in access.commitments_levels.all()
