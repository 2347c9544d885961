"""Companies, projects and levels in the administration."""

import re

import pytest
from django.urls import reverse

from directory.models import Activity, Company, CompanyMember, Project, ProjectMember, Verb
from tests.directory.admin_pages import address, errors_of, shown_inline
from tests.directory.conftest import permission
from tests.factories import CompanyFactory, CompanyMemberFactory, ProjectFactory, ProjectMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_keeper(as_granter, granter):
    """Staff who keep levels and teams, and see the projects."""
    granter.user_permissions.add(permission("view_project"))
    return as_granter


def add_to_teams(client, projects, query="", **posted):
    data = {"action": "add_to_teams", "_selected_action": [project.pk for project in projects], **posted}
    return client.post(address("project", "changelist") + query, data, follow=True)


class TestTheWayIn:
    def test_strangers_sign_in_on_the_products_own_page_and_come_back(self, client):
        response = client.get(reverse("admin:directory_user_changelist"), follow=True)

        last, _ = response.redirect_chain[-1]
        assert last == f"{reverse('sign_in')}?next={reverse('admin:directory_user_changelist')}"

    def test_the_administrations_own_form_takes_no_password(self, client, superuser):
        response = client.post(reverse("admin:login"), {"username": superuser.email, "password": "demo"})

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("sign_in"))
        assert "_auth_user_id" not in client.session

    def test_who_is_no_staff_is_told_so(self, client):
        client.force_login(UserFactory())

        response = client.get(reverse("admin:index"), follow=True)

        assert response.status_code == 403
        assert "The administration is for staff" in response.content.decode()
        assert response.content.decode().count("Ask an administrator") == 1

    @pytest.mark.parametrize(
        "place", ["https://evil.example/", "//evil.example", "/admin/login/", "javascript:alert(1)"]
    )
    def test_leads_nowhere_else(self, as_superuser, place):
        response = as_superuser.get(reverse("admin:login"), {"next": place})

        assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))

    def test_signing_out_leads_to_the_sign_in_page(self, as_superuser):
        response = as_superuser.post(reverse("admin:logout"))

        assert (response.status_code, response["Location"]) == (302, reverse("sign_in"))

    def test_pages_obey_the_content_security_policy(self, as_superuser):
        response = as_superuser.get(reverse("admin:index"))

        assert "default-src 'self'" in response["Content-Security-Policy"]
        page = response.content.decode()
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page

    def test_no_page_runs_arbitrary_code_or_shows_what_was_typed_as_a_password(self, as_superuser):
        page = as_superuser.get(reverse("admin:index")).content.decode()

        assert "django_q" not in page
        assert "accessfailurelog" not in page


@pytest.mark.parametrize(
    "name",
    [
        "directory_company", "directory_project", "directory_user", "directory_companymember",
        "directory_projectmember", "directory_privilegerequest", "directory_activity", "commitments_vendor",
        "commitments_costcode", "commitments_costtype", "commitments_commitment", "erpintegrations_erpconnection",
        "axes_accessattempt", "auth_group",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "query", ["", "?q=oak", "?q=%00", "?o=99.-1.x", "?p=999999", "?state=%00&company__id__exact=x"]
)
def test_every_list_opens_whatever_the_address_says(as_superuser, name, query):
    response = as_superuser.get(reverse(f"admin:{name}_changelist") + query, follow=True)

    assert response.status_code == 200


class TestLevels:
    def test_a_directory_entry_is_added_and_recorded(self, as_granter, granter, company):
        person = UserFactory(name="Nora New")
        data = {"company": company.pk, "user": person.pk, "erp_integrations_level": 2}

        response = as_granter.post(address("companymember", "add"), data)

        assert response.status_code == 302
        member = CompanyMember.objects.get(user=person)
        entry = Activity.objects.get(verb=Verb.LEVEL_CHANGED)
        assert (member.erp_integrations_level, entry.actor, entry.subject_id) == (2, granter, member.pk)
        assert entry.before == {"erp_integrations_level": "Not a member"}
        assert entry.after == {"erp_integrations_level": "Standard"}

    def test_a_person_is_in_a_company_once(self, as_granter, member):
        data = {"company": member.company_id, "user": member.user_id, "erp_integrations_level": 2}

        response = as_granter.post(address("companymember", "add"), data)

        assert "already exists" in errors_of(response)

    def test_a_changed_level_is_recorded_with_before_and_after(self, as_granter, member):
        as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": 3})

        member.refresh_from_db()
        entry = Activity.objects.get(verb=Verb.LEVEL_CHANGED)
        assert member.erp_integrations_level == 3
        assert entry.before == {"erp_integrations_level": "Standard"}
        assert entry.after == {"erp_integrations_level": "Admin"}

    def test_the_same_level_again_is_no_history(self, as_granter, member):
        as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": 2})

        assert not Activity.objects.exists()

    @pytest.mark.parametrize("level", ["4", "-1", "x", ""])
    def test_there_are_no_other_levels(self, as_granter, member, level):
        response = as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": level})

        member.refresh_from_db()
        assert errors_of(response)
        assert member.erp_integrations_level == 2

    def test_an_entry_cannot_be_moved_to_another_company_or_person(self, as_granter, member):
        other = CompanyMemberFactory()
        data = {"company": other.company_id, "user": other.user_id, "erp_integrations_level": 3}

        as_granter.post(address("companymember", "change", member.pk), data)

        moved = CompanyMember.objects.get(pk=member.pk)
        assert (moved.company_id, moved.user_id) == (member.company_id, member.user_id)

    def test_removing_an_entry_takes_the_person_off_the_companys_teams_and_no_others(self, as_granter, member):
        team = ProjectMemberFactory(project__company=member.company, user=member.user, commitments_level=3)
        elsewhere = ProjectMemberFactory(user=member.user)

        page = as_granter.get(address("companymember", "delete", member.pk)).content.decode()
        as_granter.post(address("companymember", "delete", member.pk), {"post": "yes"})

        assert str(team.project) in page
        assert not CompanyMember.objects.filter(pk=member.pk).exists()
        assert list(ProjectMember.objects.filter(user=member.user)) == [elsewhere]
        assert [entry.before for entry in Activity.objects.order_by("id")] == [
            {"commitments_level": "Admin"},
            {"erp_integrations_level": "Standard"},
        ]

    def test_an_entry_with_the_privilege_is_not_removed_before_it_is_revoked(self, as_superuser, member):
        CompanyMember.objects.update(can_push_to_accounting=True)

        response = as_superuser.post(address("companymember", "delete", member.pk), {"post": "yes"})

        assert response.status_code == 403
        assert CompanyMember.objects.filter(pk=member.pk).exists()


class TestProjects:
    def test_a_team_member_is_added_and_recorded(self, as_granter, member):
        project = ProjectFactory(company=member.company)
        data = {"project": project.pk, "user": member.user_id, "commitments_level": 3}

        as_granter.post(address("projectmember", "add"), data)

        assert ProjectMember.objects.get(user=member.user).commitments_level == 3
        entry = Activity.objects.get(verb=Verb.LEVEL_CHANGED)
        assert (entry.project, entry.after) == (project, {"commitments_level": "Admin"})

    def test_who_is_in_another_company_cannot_be_on_the_team(self, as_granter, member):
        project = ProjectFactory(company__name="Southwind")
        data = {"project": project.pk, "user": member.user_id, "commitments_level": 3}

        response = as_granter.post(address("projectmember", "add"), data)

        assert errors_of(response) == (
            "Mia Manager is not in the directory of Southwind. "
            "Add a directory entry for them first, then add them to the project."
        )
        assert not ProjectMember.objects.exists()

    def test_a_changed_level_is_recorded(self, as_granter, member):
        team = ProjectMemberFactory(project__company=member.company, user=member.user)

        as_granter.post(address("projectmember", "change", team.pk), {"commitments_level": 3})

        entry = Activity.objects.get()
        assert (entry.before, entry.after) == ({"commitments_level": "Read Only"}, {"commitments_level": "Admin"})

    def test_leaving_a_team_is_recorded(self, as_granter, member):
        team = ProjectMemberFactory(project__company=member.company, user=member.user)

        as_granter.post(address("projectmember", "delete", team.pk), {"post": "yes"})

        assert not ProjectMember.objects.exists()
        assert Activity.objects.get().after == {"commitments_level": "Not a member"}

    def test_a_person_is_added_to_many_teams_at_once(self, as_keeper, granter, member):
        on_it = ProjectMemberFactory(project__company=member.company, user=member.user, commitments_level=1)
        projects = [on_it.project, *ProjectFactory.create_batch(2, company=member.company)]

        page = add_to_teams(as_keeper, projects).content.decode()
        response = add_to_teams(as_keeper, projects, add="yes", member=member.pk, level=2)

        assert "comes on the team of 3 projects" in page
        assert "Mia Manager was added to 2 project teams. On 1 they were already; their level there stays." in (
            response.content.decode()
        )
        teams = ProjectMember.objects.filter(user=member.user)
        assert sorted(teams.values_list("commitments_level", flat=True)) == [1, 2, 2]
        told = Activity.objects.filter(verb=Verb.LEVEL_CHANGED)
        assert {(entry.actor, entry.after["commitments_level"]) for entry in told} == {(granter, "Standard")}
        assert {entry.project_id for entry in told} == {project.pk for project in projects[1:]}

    def test_a_person_is_added_to_the_teams_of_all_that_the_list_shows(self, as_keeper, member):
        projects = ProjectFactory.create_batch(3, company=member.company)
        ProjectFactory(company__name="Southwind")
        listed = f"?company__id__exact={member.company_id}"

        add_to_teams(as_keeper, projects[:1], listed, select_across="1", add="yes", member=member.pk, level=3)

        assert ProjectMember.objects.filter(user=member.user, commitments_level=3).count() == 3

    def test_teams_of_two_companies_are_not_changed_at_once(self, as_keeper, member):
        projects = [ProjectFactory(company=member.company), ProjectFactory()]

        response = add_to_teams(as_keeper, projects, add="yes", member=member.pk, level=2)

        assert "Select projects of one company at a time. Nothing was changed." in response.content.decode()
        assert not ProjectMember.objects.exists()

    @pytest.mark.parametrize("level", ["0", "4", "x", ""])
    def test_who_is_of_another_company_or_at_no_level_is_not_added(self, as_keeper, member, level):
        project, stranger = ProjectFactory(company=member.company), CompanyMemberFactory()

        add_to_teams(as_keeper, [project], add="yes", member=stranger.pk, level=2)
        add_to_teams(as_keeper, [project], add="yes", member=member.pk, level=level)

        assert not ProjectMember.objects.exists()

    def test_adding_to_teams_is_offered_to_who_may_add_team_members(self, as_keeper, granter, member):
        projects = [ProjectFactory(company=member.company)]
        offered = "Add a person to the project teams"
        assert offered in as_keeper.get(address("project", "changelist")).content.decode()
        granter.user_permissions.remove(permission("add_projectmember"))
        assert offered not in as_keeper.get(address("project", "changelist")).content.decode()

        add_to_teams(as_keeper, projects, add="yes", member=member.pk, level=2)

        assert not ProjectMember.objects.exists()

    def test_a_project_stays_in_its_company(self, as_superuser, company):
        project, other = ProjectFactory(), CompanyFactory()
        data = {"company": other.pk, "number": "P-1", "name": "Renamed"} | shown_inline("members")

        as_superuser.post(address("project", "change", project.pk), data)

        saved = Project.objects.get(pk=project.pk)
        assert (saved.name, saved.company) == ("Renamed", project.company)

    def test_a_number_that_the_company_has_already_is_refused_in_words(self, as_superuser, company):
        ProjectFactory(company=company, number="P-1")
        second = ProjectFactory(company=company, number="P-2")

        response = as_superuser.post(address("project", "change", second.pk), {"number": "P-1", "name": "Second"})

        assert "already exists" in errors_of(response)

    def test_companies_and_projects_are_never_deleted(self, as_superuser, company):
        project = ProjectFactory(company=company)

        for model, row in (("company", company), ("project", project)):
            assert as_superuser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403

    def test_a_company_is_added(self, as_superuser):
        as_superuser.post(address("company", "add"), {"name": "Eastwind", "slug": "eastwind"} | shown_inline("members"))

        assert Company.objects.get(slug="eastwind").name == "Eastwind"


class TestHistory:
    def test_is_shown_and_never_written(self, as_superuser, as_granter, member):
        as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": 3})
        entry = Activity.objects.get()

        page = as_superuser.get(address("activity", "change", entry.pk))

        assert "Mia Manager at Northwind Builders" in page.content.decode()
        for verb, arguments in (("add", []), ("change", [entry.pk]), ("delete", [entry.pk])):
            answer = as_superuser.post(address("activity", verb, *arguments), {"reason": "forged", "post": "yes"})
            assert answer.status_code == 403
        assert Activity.objects.get() == entry


def test_a_page_posted_as_the_browser_got_it_is_saved(as_superuser, member):
    """The tables that only show are sent along with the rows in them, and refuse nothing."""
    project = ProjectFactory(company=member.company)
    ProjectMemberFactory(project=project, user=member.user)
    for model, row in (("user", member.user), ("company", member.company), ("project", project)):
        page = as_superuser.get(address(model, "change", row.pk)).content.decode()
        sent = dict(re.findall(r'<input type="(?:hidden|text|email)" name="([^"]+)" value="([^"]*)"', page))

        response = as_superuser.post(address(model, "change", row.pk), sent | {"is_active": "on"})

        assert response.status_code == 302, errors_of(response)
