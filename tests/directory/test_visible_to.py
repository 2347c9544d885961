"""Lists restricted by person: a forgotten check shows nothing rather than everything."""

import pytest
from django.contrib.auth.models import AnonymousUser

from commitments.models import Commitment
from directory.models import Company, Level, Project
from tests.factories import CommitmentFactory, CompanyMemberFactory, ProjectFactory, ProjectMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_the_team(member):
    """Mia's project, with a commitment; beside it a project of the company where she is not on the team."""
    project = ProjectFactory(company=member.company)
    ProjectMemberFactory(project=project, user=member.user, commitments_level=Level.READ_ONLY)
    CommitmentFactory(project=project)
    CommitmentFactory(project=ProjectFactory(company=member.company))
    CommitmentFactory()
    return project


def seen_by(person):
    return [list(model.objects.visible_to(person)) for model in (Company, Project, Commitment)]


def test_shows_what_somebody_belongs_to(on_the_team, member):
    assert seen_by(member.user) == [[member.company], [on_the_team], [on_the_team.commitments.get()]]


def test_shows_nothing_of_a_company_that_somebody_left(on_the_team, member):
    member.delete()

    assert seen_by(member.user) == [[], [], []]


def test_shows_no_commitments_without_a_level(on_the_team, member):
    on_the_team.members.update(commitments_level=Level.NONE)

    assert seen_by(member.user)[2] == []


def test_shows_nothing_to_the_deactivated_the_unknown_and_the_staff_of_no_company(on_the_team, member, superuser):
    member.user.is_active = False

    assert [seen_by(person) for person in (member.user, AnonymousUser(), superuser)] == [[[], [], []]] * 3


def test_shows_each_company_once_to_its_own_people(member):
    colleague = CompanyMemberFactory(company=member.company)

    assert seen_by(colleague.user)[0] == [member.company]
